"""A drill seen from the other end: the phone of an invented resident, beside the live page."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Sequence
from typing import Any

from dispatcher.domain.model import Mode
from dispatcher.usecases import broadcasts, broadcasts_views
from dispatcher.usecases.broadcasts_views import ALIVE
from dispatcher.web.middleware import Middleware, PageRoute, reads
from dispatcher.web.request import Answer, Page, PageRequest, nothing_here

MOST = 3  # texts on the phone
LOOKED_AT = 200  # acceptances of the twin, newest first


def pages(middleware: Middleware) -> list[PageRoute]:
    """Its one page: the newest texts the twin's ledger says it took."""

    def phone(request: PageRequest) -> Answer:
        if request.app.site.mode is not Mode.DRILL:
            raise nothing_here()
        taken = _taken(middleware.twins)
        broadcast = broadcasts.get_broadcast(request.context, request.number())
        references = [t[2] for t in taken]
        shown = broadcasts_views.texts_of(request.context, broadcast.id, references, MOST)
        return Page(
            "phone.html",
            {
                "b": broadcast,
                "shown": shown,
                "twins": bool(middleware.twins),
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
