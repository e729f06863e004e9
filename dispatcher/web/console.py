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
from dispatcher.web.middleware import HEADERS, Middleware, PageRoute, pages_of, problem_page
from dispatcher.web.pages import render
from dispatcher.web.request import PageRequest

STATIC = Path(__file__).parent / "static"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def all_pages(middleware: Middleware) -> list[PageRoute]:
    """Every page; tests walk it."""
    return pages_of(
        signing.pages(middleware),
        single_sign_on.pages(middleware),
        phones.pages(middleware),
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
    middleware = Middleware(app, hosts_of(app), code, twins=twins)
    routes: list[BaseRoute] = [
        Route(page.path, middleware.endpoint(page), methods=[page.method])  # type: ignore[arg-type]
        for page in all_pages(middleware)
    ]

    def nothing(request: Request, _error: Exception) -> Response:
        from dispatcher.web.request import nothing_here

        page_request = PageRequest(app, app.site.language)
        found = problem_page(page_request, nothing_here())
        page = render(page_request, found.page, found.values)
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
