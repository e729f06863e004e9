"""A broadcast as commands are given it and tell it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.domain.model import HANOI
from dispatcher.domain.problems import Problem
from dispatcher.domain.state_words import STATE
from dispatcher.i18n import Say, Spoken
from dispatcher.usecases.broadcasts import Broadcast


def broadcast_id(text: str) -> int:
    """A broadcast's number as typed: 12 or #12 or b12."""
    digits = text.strip().lstrip("#b")
    if not digits.isdigit() or len(digits) > 18:
        raise Problem(
            "unknown-broadcast",
            Say("“{text}” is no broadcast number.", text=text),
        )
    return int(digits)


def tell_state(terminal: TerminalContext, broadcast: Broadcast, hint: Spoken | None = None) -> None:
    """The state of a broadcast after an act."""
    if terminal.json:
        terminal.emit(as_json(broadcast))
    terminal.say(
        Say("Broadcast {id}: {state}.", id=broadcast.id, state=STATE[broadcast.state]),
    )
    if hint:
        terminal.hint(hint)


def as_json(b: Broadcast) -> dict[str, Any]:
    """A broadcast for programs; times are Hanoi's, with their offset."""
    return {
        "id": b.id,
        "title": b.title,
        "state": b.state.value,
        "reason": b.reason,
        "mode": b.mode.value,
        "kind": b.kind.value,
        "document": {"number": b.document, **b.paper},
        "fields": dict(b.fields),
        "audience": b.audience.as_json(),
        "route": [
            {
                "gateway": s.gateway,
                "channel": s.channel.value,
                "deadline_s": s.deadline.total_seconds() if s.deadline else None,
                "accented": s.accented,
            }
            for s in b.route
        ],
        "window": str(b.window),
        "at": _iso(b.at),
        "starts_at": _iso(b.starts_at),
        "expires_at": _iso(b.expires_at),
        "created_by": b.created_by,
        "approved_by": b.approved_by,
        "ceiling_people": b.ceiling_people,
        "ceiling_dong": b.ceiling_dong,
        "again": b.again,
    }


def _iso(at: datetime | None) -> str | None:
    return at.astimezone(HANOI).isoformat(timespec="seconds") if at else None
