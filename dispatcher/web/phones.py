"""A drill seen from the other end: the phone of an invented resident, beside the live page."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Sequence
from typing import Any

from dispatcher.domain.model import Mode
from dispatcher.usecases import broadcasts, broadcasts_views
from dispatcher.usecases.broadcasts_views import ALIVE
from dispatcher.web.ask import Answer, Ask, Shown, nothing_here
from dispatcher.web.guard import Guard, Page, reads

MOST = 3  # texts on the phone
LOOKED_AT = 200  # acceptances of the twin, newest first


def table(guard: Guard) -> list[Page]:
    """Its one page: the newest texts the twin's ledger says it took."""

    def phone(ask: Ask) -> Answer:
        if ask.app.site.mode is not Mode.DRILL:
            raise nothing_here()
        taken = _taken(guard.twins)
        broadcast = broadcasts.seen(ask.context, ask.number())
        references = [t[2] for t in taken]
        shown = broadcasts_views.texts_of(ask.context, broadcast.id, references, MOST)
        return Shown(
            "phone.html",
            {
                "b": broadcast,
                "shown": shown,
                "twins": bool(guard.twins),
                "alive": broadcast.state in ALIVE,
            },
        )

    return [reads("/broadcasts/{number}/phone", phone)]


def _taken(base: str) -> Sequence[Any]:
    """(channel, number, reference) of the newest acceptances; nothing where no twin answers."""
    if not base:
        return []
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{base}/ledger?last={LOOKED_AT}", timeout=3) as answer:
            found: list[Any] = json.load(answer)["acceptances"]
    except (OSError, ValueError, KeyError):
        return []
    return found[::-1]
