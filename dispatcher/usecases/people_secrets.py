"""Passwords, one-time codes and keys of people, set by themselves or by an admin."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from dispatcher.db.database import Tx
from dispatcher.db.staff import api_keys
from dispatcher.db.staff import people as people_rows
from dispatcher.domain.model import Actor, Role
from dispatcher.domain.problems import Problem, refused
from dispatcher.i18n import Say
from dispatcher.usecases import people, signing_in
from dispatcher.usecases.context import Context
from dispatcher.usecases.people import Who

MAY = ("read", "write")


def check_password_of(context: Context, who: Who) -> Actor:
    """Whose password may be set, asked before anybody types one."""
    with context.remembering("password", "person", people.number_of(context, who)):
        with context.read() as tx:
            return people.somebody_or_oneself(tx, who)


def set_own_password(context: Context, password: str) -> Actor:
    """One's own password, where no old one is asked for: on this machine."""
    with context.remembering("password", "person", context.actor.person_id):
        with context.own() as tx:
            signing_in.set_password(tx, context.actor, password)
            return context.actor


def set_password(context: Context, who: Who, password: str) -> Actor:
    """Somebody else's password; their sessions end."""
    with context.act(
        "password",
        "person",
        people.number_of(context, who),
        proved=lambda tx: people.somebody(tx, who),
    ) as tx:
        person = people.somebody(tx, who)
        if person.person_id == tx.actor.person_id:
            raise refused("yourself", Say("Not to yourself."))
        signing_in.set_password(tx, person, password)
        return person


def new_codes(context: Context, who: Who) -> tuple[Actor, str]:
    """A new secret for somebody's one-time codes, or one's own; (who, its address)."""
    with context.remembering("totp", "person", people.number_of(context, who)):
        with context.read() as tx:
            person = people.somebody_or_oneself(tx, who)
        mine = person.person_id == context.actor.person_id
        with context.own() if mine else context.begin() as tx:
            return person, signing_in.new_totp(tx, person, context.app.site.name)


# --- keys for programs --------------------------------------------------------------------------


def new_key(context: Context, who: Who, name: str, may: str, days: int) -> tuple[Actor, str]:
    """A key for a program that acts for somebody, or oneself; (who, the key). Shown once."""
    with context.remembering("key-add", "person", people.number_of(context, who)):
        with context.begin() as tx:
            person = people.somebody_or_oneself(tx, who)
            if may not in MAY:
                raise Problem("bad-key", Say("A key may read, or write."))
            return person, signing_in.new_key(tx, person, name, may, timedelta(days=days))


def keys(context: Context) -> Sequence[dict[str, Any]]:
    """One's own keys; an admin those of the people they see."""
    with context.read() as tx:
        return api_keys.list_keys(tx, _whose(tx))


def revoke_key(context: Context, name: str) -> None:
    """End a key at once: one's own, an admin any of the people they see."""
    with context.act("key-revoke", "api_key", name) as tx:
        api_keys.revoke(tx, name, _whose(tx))


def _whose(tx: Tx) -> set[int]:
    if tx.actor.role is Role.ADMIN:
        return {p["id"] for p in people_rows.visible_people(tx)}
    return {tx.actor.person_id or 0}
