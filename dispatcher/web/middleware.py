"""What stands before every page: who asks, from where, by what right; what every answer says.

Sessions are on the server; the cookie is a random word (`__Host-`, HttpOnly, Secure, SameSite).
Every change needs the token of its session and must come from our own page. Nothing inline runs.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from dispatcher.domain.model import Role
from dispatcher.domain.problems import REFUSED, Problem, next_step, refused
from dispatcher.domain.storable import check_typed
from dispatcher.i18n import NOTHING, Say
from dispatcher.usecases import signing_in_console
from dispatcher.usecases.context import App
from dispatcher.web.forms import NO_NAMES, FormReader, Upload
from dispatcher.web.pages import render
from dispatcher.web.request import Answer, Download, Page, PageRequest, Redirect
from dispatcher.web.steps import STEPS

T = TypeVar("T")
SESSION, BEFORE, LANGUAGE = "__Host-session", "__Host-before", "lang"
MOST_BYTES = 25 * 1024 * 1024
MOST_OF_STRANGERS = 64 * 1024
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
EVERYONE = frozenset(Role)
ELSEWHERE = ("not-your-ward", "not-their-ward", "no-delegation")  # looks as if it were not there


@dataclass(frozen=True)
class PageRoute:
    """One address: `method`, who may come, what answers. `open_`: also to nobody in particular.

    Whether somebody may do an act is the act's own business: a page of one lets everybody through.
    """

    path: str
    handler: Callable[..., Answer]
    method: str = "GET"
    roles: Collection[Role] = EVERYONE
    open_: bool = False
    form: FormReader[Any] | None = None

    def answer(self, page_request: PageRequest) -> Answer:
        """What its function says, given the form as it is typed, where there is one."""
        if self.form is None:
            return self.handler(page_request)
        return self.handler(page_request, self.form.read(page_request.form, page_request.files))


def reads(
    path: str, handler: Callable[[PageRequest], Answer], roles: Collection[Role] = EVERYONE
) -> PageRoute:
    return PageRoute(path, handler, "GET", roles)


def button(
    path: str, handler: Callable[[PageRequest], Answer], roles: Collection[Role] = EVERYONE
) -> PageRoute:
    """A form in which nothing is typed."""
    return PageRoute(path, handler, "POST", roles)


def changes(
    path: str,
    handler: Callable[[PageRequest, T], Answer],
    form: type[T],
    names: Mapping[str, str] = NO_NAMES,
) -> PageRoute:
    """A form, read as `form`; `names`: what its fields are called where that is another word."""
    return PageRoute(path, handler, "POST", form=FormReader(form, names))


def asks(
    path: str,
    handler: Callable[[PageRequest, T], Answer],
    form: type[T],
    roles: Collection[Role] = EVERYONE,
) -> PageRoute:
    """A form that only asks, or keeps what is half typed: like a page, it is for these roles."""
    return PageRoute(path, handler, "POST", roles, form=FormReader(form))


def open_form(path: str, handler: Callable[[PageRequest, T], Answer], form: type[T]) -> PageRoute:
    """A form for nobody in particular."""
    return PageRoute(path, handler, "POST", open_=True, form=FormReader(form))


@dataclass
class Rates:
    """How often one peer may try something: `most` within `seconds`."""

    most: int = 30
    seconds: float = 600
    seen: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def allows(self, peer: str) -> bool:
        now, tries = time.monotonic(), self.seen[peer]
        while tries and tries[0] < now - self.seconds:
            tries.popleft()
        if len(tries) >= self.most:
            return False
        tries.append(now)
        if len(self.seen) > 10_000:
            self.seen.clear()
        return True


@dataclass
class Middleware:
    """Stands before the pages of one site."""

    app: App
    hosts: Collection[str]  # names under which the console may be asked for
    first_code: str = ""  # while nobody is on the site
    twins: str = ""  # in a drill: where the twins answer
    rates: Rates = field(default_factory=Rates)

    def endpoint(self, page: PageRoute) -> object:
        """The page as Starlette calls it."""

        async def answer(request: Request) -> Response:
            page_request = await self._asked(request, page)
            try:
                found = await run_in_threadpool(self._answered, page_request, page, request)
            except Problem as problem:
                found = problem_page(page_request, problem)
            return self._response(page_request, found)

        return answer

    async def _asked(self, request: Request, page: PageRoute) -> PageRequest:
        language = request.cookies.get(LANGUAGE, "")
        if language not in ("vi", "en"):
            language = self.app.site.language
        page_request = PageRequest(
            self.app,
            language,
            path=dict(request.path_params),
            query=dict(request.query_params),
            cookies=dict(request.cookies),
            where=request.url.path,
            label=_browser(request.headers.get("user-agent", "")),
            peer=request.client.host if request.client else "",
            fragment=request.headers.get("hx-request") == "true",
        )
        if page.method == "POST":
            await _read_form(page_request, request)
        return page_request

    def _answered(self, page_request: PageRequest, page: PageRoute, request: Request) -> Answer:
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
        if host not in self.hosts:
            raise refused("wrong-host", Say("The host is not ours."))
        for given in (page_request.path, page_request.query, page_request.form):
            check_typed(given)
        self._who(page_request)
        if page.method == "POST":
            _own_page(page_request, request)
        if page.open_:
            return page.answer(page_request)
        if page_request.actor is None:
            return Redirect("/sign-in")
        if page_request.actor.role not in page.roles:
            with page_request.context.remembering("opened", "page", page.path):
                raise refused(
                    "role",
                    Say("Your role does not use this page."),
                )
        return page.answer(page_request)

    def _who(self, page_request: PageRequest) -> None:
        token = page_request.cookies.get(SESSION, "")
        if token:
            found = signing_in_console.session(self.app, token, seen=not page_request.fragment)
            if found is not None:
                page_request.actor, page_request.session = found.person, found
                page_request.token = token
                page_request.csrf = self._csrf(token)
                return
        before = page_request.cookies.get(BEFORE, "")
        page_request.csrf = self._csrf(before) if before else ""

    def _csrf(self, token: str) -> str:
        return self.app.store.sealer.digest("csrf", token).hex()

    def _response(self, page_request: PageRequest, found: Answer) -> Response:
        response: Response
        if (
            isinstance(found, Redirect) and page_request.fragment
        ):  # a part of a page: the whole page goes on
            response = Response(headers={"HX-Redirect": found.to})
        elif isinstance(found, Redirect):
            response = RedirectResponse(found.to, status_code=303)
            for name, (value, seconds) in found.cookies.items():
                if value:
                    response.set_cookie(
                        name,
                        value,
                        max_age=seconds,
                        path="/",
                        secure=True,
                        httponly=name != LANGUAGE,
                        samesite="lax",
                    )
                else:
                    response.delete_cookie(name, path="/", secure=True, httponly=True)
        elif isinstance(found, Download):
            response = Response(found.content, media_type=found.kind, status_code=found.status)
            if found.name:
                response.headers["Content-Disposition"] = f'attachment; filename="{found.name}"'
        else:
            fresh = ""
            if (
                page_request.actor is None and not page_request.csrf
            ):  # a form for nobody yet needs a token too
                fresh = secrets.token_urlsafe(32)
                page_request.csrf = self._csrf(fresh)
            page = render(page_request, found.page, found.values)
            response = HTMLResponse(page, status_code=found.status)
            if fresh:
                response.set_cookie(
                    BEFORE, fresh, path="/", secure=True, httponly=True, samesite="lax"
                )
        response.headers.update(HEADERS)
        return response


def problem_page(page_request: PageRequest, problem: Problem) -> Page:
    """A problem as a page: what, and what to do next. Unknown and foreign things look alike."""
    status = 409 if problem.exit_code == REFUSED else 400
    if problem.code.startswith("unknown") or problem.code in ELSEWHERE:
        status = 404
    if problem.code in ("role", "read-only", "wrong-host", "not-our-page", "whole-site"):
        status = 403
    if problem.code == "rights-changed":
        status = 401
    say, then = problem.say, next_step(problem, STEPS)
    if status == 404 and problem.code == "not-your-ward":
        say, then = Say("No such thing, or it is not yours."), NOTHING
    told = {"say_": say, "then": then, "code": problem.code, "status": status}
    return Page("problem.html", told, status)


def _own_page(page_request: PageRequest, request: Request) -> None:
    """A change comes from a form of ours, shown in this session."""
    origin = request.headers.get("origin", "")
    site = request.headers.get("sec-fetch-site", "same-origin")
    elsewhere = bool(origin) and urlsplit(origin).netloc != request.headers.get("host", "")
    given = page_request.one("csrf")
    right = bool(page_request.csrf) and hmac.compare_digest(
        given.encode(), page_request.csrf.encode()
    )
    if elsewhere or site not in ("same-origin", "none") or not right:
        raise refused(
            "not-our-page",
            Say("The form is old or not from this site. Open the page again; nothing was done."),
        )


async def _read_form(page_request: PageRequest, request: Request) -> None:
    """The form, where its size is said and fits; else none, and so no token: refused."""
    length = request.headers.get("content-length", "")
    most = MOST_BYTES if request.cookies.get(SESSION) else MOST_OF_STRANGERS
    if not length.isdigit() or int(length) > most:
        return
    values: dict[str, list[str]] = defaultdict(list)
    files: dict[str, Upload] = {}
    async with request.form(max_files=5, max_fields=3000, max_part_size=MOST_BYTES) as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                content = await value.read()
                if value.filename:
                    files[name] = Upload(_plain_name(value.filename), content)
            else:
                values[name].append(value)
    page_request.form, page_request.files = values, files


def _plain_name(name: str) -> str:
    """The last part of a file's name, without what could mean a place."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in last if c.isprintable() and c not in '<>:"|?*')[:120] or "tep"


def _browser(agent: str) -> str:
    """The browser in a word, for the list of sessions."""
    for name in ("Edg", "Coc_Coc", "Firefox", "Chrome", "Safari"):
        if name in agent:
            return {"Edg": "Edge", "Coc_Coc": "Cốc Cốc"}.get(name, name)
    return "?"


def pages_of(*tables: Sequence[PageRoute]) -> list[PageRoute]:
    """All of them; an address in so many words goes before one that takes anything there."""
    pages = [page for table in tables for page in table]
    return sorted(pages, key=lambda page: [part.startswith("{") for part in page.path.split("/")])


Cookies = Mapping[str, tuple[str, int | None]]
