"""What waits for the acting person: to approve, to look at, held broadcasts, gateways, budgets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dispatcher.db.schema import moment
from dispatcher.db.staff import notices
from dispatcher.domain import rights
from dispatcher.domain.model import Role
from dispatcher.i18n import Say
from dispatcher.usecases.context import Context


def unread(context: Context) -> Sequence[dict[str, Any]]:
    """What was not ticked off; `at` is a moment."""
    person = _person(context)
    with context.read() as tx:
        return [{**n, "at": moment(n["at"])} for n in notices.unread(tx, person)]


def tick_off(context: Context, ids: Sequence[int] | None = None) -> None:
    """These were seen, or all. An auditor changes nothing but this list of their own."""
    person = _person(context)
    with context.own() as tx:
        notices.read(tx, person, ids)


def _person(context: Context) -> int:
    rights.need(context.actor, list(Role), Say("see their notices"))
    assert context.actor.person_id is not None
    return context.actor.person_id
