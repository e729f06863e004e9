"""Signing in at the organisation's provider: going there, and coming back."""

from __future__ import annotations

from dispatcher.domain.problems import refused
from dispatcher.i18n import Say
from dispatcher.usecases import signing_in_elsewhere
from dispatcher.usecases.signing_in_elsewhere import MINUTES
from dispatcher.web.ask import Answer, Ask, Go
from dispatcher.web.guard import BEFORE, SESSION, Guard, Page

UNDER_WAY = "__Host-oidc"
BACK = "/sign-in/back"


def table(guard: Guard) -> list[Page]:
    """Going there, and coming back."""

    def leave(ask: Ask) -> Answer:
        if not guard.rates.allows(ask.peer):
            raise refused("too-often", Say("Too many tries."))
        url, kept = signing_in_elsewhere.leave(ask.app, BACK)
        return Go(url, {UNDER_WAY: (kept, MINUTES * 60)})

    def come_back(ask: Ask) -> Answer:
        kept = ask.cookies.get(UNDER_WAY, "")
        found = signing_in_elsewhere.come_back(ask.app, BACK, kept, ask.query, ask.label)
        return Go("/", {SESSION: (found.word, None), BEFORE: ("", None), UNDER_WAY: ("", None)})

    return [
        Page("/sign-in/elsewhere", leave, open_=True),
        Page(BACK, come_back, open_=True),
    ]
