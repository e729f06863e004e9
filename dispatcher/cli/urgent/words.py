"""A prepared urgent text for people and for programs."""

from __future__ import annotations

from typing import Any

from dispatcher.i18n import Say, pgettext

STATES = {
    "draft": Say("draft"),
    "submitted": Say("submitted"),
    "returned": Say("returned"),
    "approved": Say("approved"),
    "ended": pgettext("urgent text", "ended"),
}


def as_json(e: Any) -> dict[str, Any]:
    """A prepared text as programs read it."""
    return {
        "name": e.name,
        "title": e.title,
        "state": e.state,
        "fields": dict(e.fields),
        "audience": e.audience.as_json(),
        "route": e.route,
        "people": e.people,
        "dong": e.dong,
        "until": e.until.isoformat(),
        "rather_twice": e.rather_twice,
        "all_clear": e.all_clear_version_id is not None,
        "reason": e.reason,
    }
