"""Signing in at the organisation's provider: going there, and coming back."""

from __future__ import annotations

from dispatcher.domain.problems import refused
from dispatcher.i18n import Say
from dispatcher.usecases import signing_in_elsewhere
from dispatcher.usecases.signing_in_elsewhere import MINUTES
from dispatcher.web.middleware import BEFORE, SESSION, Middleware, PageRoute
from dispatcher.web.request import Answer, PageRequest, Redirect

UNDER_WAY = "__Host-oidc"
BACK = "/sign-in/back"


def pages(middleware: Middleware) -> list[PageRoute]:
    """Going there, and coming back."""

    def leave(request: PageRequest) -> Answer:
        if not middleware.rates.allows(request.peer):
            raise refused("too-often", Say("Too many tries."))
        url, kept = signing_in_elsewhere.go_to_provider(request.app, BACK)
        return Redirect(url, {UNDER_WAY: (kept, MINUTES * 60)})

    def come_back(request: PageRequest) -> Answer:
        kept = request.cookies.get(UNDER_WAY, "")
        found = signing_in_elsewhere.come_back(
            request.app, BACK, kept, request.query, request.label
        )
        return Redirect(
            "/", {SESSION: (found.word, None), BEFORE: ("", None), UNDER_WAY: ("", None)}
        )

    return [
        PageRoute("/sign-in/elsewhere", leave, open_=True),
        PageRoute(BACK, come_back, open_=True),
    ]
