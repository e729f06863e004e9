"""The console of a site as an ASGI application: pages, static files, the receipt door beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from dispatcher.i18n import Say
from dispatcher.usecases.context import App
from dispatcher.web import (
    areas,
    broadcasts,
    calendar,
    contacts,
    groups,
    home,
    lists,
    phones,
    providers,
    records,
    schedules,
    setup,
    signing,
    single_sign_on,
    staff,
    suppressions,
    urgent,
    writing,
)
from dispatcher.web.ask import Ask
from dispatcher.web.guard import HEADERS, Guard, Page, pages_of, told
from dispatcher.web.pages import render

STATIC = Path(__file__).parent / "static"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def table(guard: Guard) -> list[Page]:
    """Every page; tests walk it."""
    return pages_of(
        signing.table(guard),
        single_sign_on.table(guard),
        phones.table(guard),
        home.PAGES,
        writing.PAGES,
        broadcasts.PAGES,
        schedules.PAGES,
        urgent.PAGES,
        contacts.PAGES,
        lists.PAGES,
        suppressions.PAGES,
        groups.PAGES,
        areas.PAGES,
        staff.PAGES,
        providers.PAGES,
        calendar.PAGES,
        records.PAGES,
        setup.PAGES,
    )


def hosts_of(app: App) -> set[str]:
    """Names under which the console may be asked for."""
    listen = app.site.listen.rpartition(":")[0]
    public = app.site.public_url.partition("://")[2].partition("/")[0].partition(":")[0]
    return {*LOOPBACK, listen, public} - {""}


def console(
    app: App, receipts: Any, programs: Sequence[BaseRoute], code: str = "", twins: str = ""
) -> Starlette:
    """Pages under /, vendors' `receipts` under /hooks (an ASGI application), `programs` beside.

    `programs`: the routes of the API; `code`: what the very first person types; `twins`: where
    those of a drill answer.
    """
    guard = Guard(app, hosts_of(app), code, twins=twins)
    routes: list[BaseRoute] = [
        Route(page.path, guard.endpoint(page), methods=[page.method])  # type: ignore[arg-type]
        for page in table(guard)
    ]

    def nothing(request: Request, _error: Exception) -> Response:
        from dispatcher.web.ask import nothing_here

        ask = Ask(app, app.site.language)
        found = told(ask, nothing_here())
        page = render(ask, found.page, found.values)
        return Response(page, 404, dict(HEADERS), "text/html")

    def wrong_way(request: Request, _error: Exception) -> Response:
        return PlainTextResponse("405", 405, dict(HEADERS))

    def broken(request: Request, _error: Exception) -> Response:
        said = Say(
            "A mistake of ours; nothing was done.",
        )
        return PlainTextResponse(f"{said.vi} · {said.en}", 500, dict(HEADERS))

    routes += [
        Mount("/static", StaticFiles(directory=STATIC), name="static"),
        *programs,
        Mount("/hooks", receipts),
        Route("/health", receipts),
    ]
    return Starlette(
        routes=routes, exception_handlers={404: nothing, 405: wrong_way, Exception: broken}
    )
