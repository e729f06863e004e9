"""Signing in at the console, out again, the very first person, one's own password and codes.

Comes from: a form.   Goes to: a session, whose word only its browser has.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatcher.broadcasts.application import App
from dispatcher.db.schema import moment
from dispatcher.db.staff import people, sessions
from dispatcher.domain.model import SYSTEM, Actor, Mode, Role
from dispatcher.domain.problems import refused
from dispatcher.i18n import Say
from dispatcher.usecases import signing_in
from dispatcher.usecases.context import Context

A_WHILE = timedelta(minutes=1)  # no write for every page


@dataclass(frozen=True)
class Browser:
    """Who is at the other end: `label` names the program, `device` is the word of a device that
    gave a one-time code before."""

    label: str = ""
    device: str = ""


@dataclass(frozen=True)
class Session:
    """A person who is signed in. `word`: what the cookie holds; `device`: a new word for this
    device, where it is to be remembered; `needs_secret`: they should make one-time codes first."""

    person: Actor
    word: str
    proved_at: datetime | None = None
    device: str = ""
    needs_secret: bool = False


def nobody_yet(app: App) -> bool:
    """True while nobody is on the site."""
    with app.store.read(SYSTEM) as tx:
        return people.count(tx) == 0


def sign_in(
    app: App, name: str, password: str, code: str, browser: Browser, *, remember: bool = False
) -> Session | None:
    """A session by password and, where the person has them, a one-time code; None where the code
    is missing or wrong."""
    person = signing_in.check_password(app.begin(SYSTEM), name, password)
    assert person.person_id is not None
    with app.begin(SYSTEM)() as tx:
        has = signing_in.has_totp(tx, person)
        known = bool(browser.device) and sessions.remembered(
            tx, signing_in.secret_digest(browser.device), person.person_id, tx.now
        )
        if has and not known and (not code or not signing_in.check_totp(tx, person, code)):
            return None
        word = signing_in.start_session(tx, person, browser.label, proved=has)
        device = ""
        if has and not known and remember:
            device = secrets.token_urlsafe(32)
            digest = signing_in.secret_digest(device)
            sessions.remember(tx, digest, person.person_id, browser.label)
    needs = signing_in.needs_code(person) and not has
    return Session(person, word, device=device, needs_secret=needs)


def make_first(
    app: App, code: tuple[str, str], name: str, full_name: str, password: str, label: str
) -> Session:
    """The first person of a site, an admin. `code`: what was typed, and what was shown where the
    console was started."""
    typed, shown = code
    if not shown or not hmac.compare_digest(typed.encode(), shown.encode()):
        raise refused(
            "first-code",
            Say("Wrong code. It is shown where the console was started."),
        )
    with app.begin(SYSTEM)() as tx:
        if people.count(tx):
            raise refused("not-first", Say("Somebody was first."))
        made = people.add(tx, name, full_name, Role.ADMIN, [])
        person = Actor(name, Role.ADMIN, made)
        signing_in.set_password(tx, person, password)
        return Session(person, signing_in.start_session(tx, person, label), needs_secret=True)


def sign_out(app: App, word: str) -> None:
    """End a session."""
    with app.begin(SYSTEM)() as tx:
        sessions.end(tx, signing_in.secret_digest(word))


def session(app: App, word: str, *, seen: bool = True) -> Session | None:
    """Whose session this is; None where it is over. `seen`: it lasts longer for that."""
    with app.store.read(SYSTEM) as tx:
        found = signing_in.who(tx, word, app.clock())
    if found is None:
        return None
    person, row = found
    if seen and app.clock() - moment(row["seen_at"]) > A_WHILE:
        with app.begin(SYSTEM)() as tx:
            sessions.keep_alive(tx, signing_in.secret_digest(word))
    return Session(person, word, row["proved_at"] and moment(row["proved_at"]))


# --- one's own account --------------------------------------------------------------------------


@dataclass(frozen=True)
class AccountPage:
    """One's own account: has one-time codes, should have them."""

    has_codes: bool
    needs_codes: bool


def account(context: Context) -> AccountPage:
    with context.read() as tx:
        has = signing_in.has_totp(tx, context.actor)
    return AccountPage(has, signing_in.needs_code(context.actor))


def change_password(context: Context, old: str, new: str, label: str) -> str:
    """Another password, by whoever knows the old one; the word of the session that goes on."""
    with context.remembering("password", "person", context.actor.person_id):
        signing_in.check_password(context.app.begin(SYSTEM), context.actor.name, old)
        with context.own() as tx:
            signing_in.set_password(tx, context.actor, new)
            return signing_in.start_session(tx, context.actor, label)


def new_codes(context: Context, old: str) -> str:
    """A new secret for one-time codes, as the address of its QR code. Shown once."""
    with context.remembering("totp", "person", context.actor.person_id):
        signing_in.check_password(context.app.begin(SYSTEM), context.actor.name, old)
        with context.own() as tx:
            return signing_in.new_totp(tx, context.actor, context.app.site.name)


def prove(app: App, signed_in: Session, code: str, device: str) -> None:
    """Before an approval or an admin's act: a code given lately or now, or a remembered device.

    Live, whoever has no secret makes one first; in a drill they are let through and told.
    """
    person, now = signed_in.person, app.clock()
    assert person.person_id is not None
    if signed_in.proved_at is not None and signed_in.proved_at > now - signing_in.PROOF_LASTS:
        return
    with app.begin(SYSTEM)() as tx:
        if not signing_in.has_totp(tx, person):
            if app.site.mode is Mode.LIVE:
                raise refused(
                    "needs-secret",
                    Say(
                        "First make a one-time secret on the page of your account (your name "
                        "above); nothing was done."
                    ),
                )
            return
        known = bool(device) and sessions.remembered(
            tx, signing_in.secret_digest(device), person.person_id, now
        )
        if known:
            return
        right = bool(code) and signing_in.check_totp(tx, person, code)
        if right:
            sessions.prove(tx, signing_in.secret_digest(signed_in.word))
    if not right:
        raise refused(
            "needs-code",
            Say("A one-time code from the phone is needed. Go back and type it; nothing was done."),
        )
