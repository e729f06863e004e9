"""/api/v1: for programs. A key acts for a person, with that person's wards and never more rights.

Problems are problem+json (RFC 9457). What is made has an Idempotency-Key, so that a program may ask
again without making it twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, Struct, inspect
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from dispatcher.api.answers import FieldAnswer, ProblemAnswer
from dispatcher.api.bodies import ApiInput
from dispatcher.api.openapi import described
from dispatcher.api.operations import OPERATIONS, ApiCall, Operation
from dispatcher.api.steps import STEPS
from dispatcher.domain.model import Actor
from dispatcher.domain.problems import REFUSED, Problem, with_step
from dispatcher.i18n import Say, Spoken
from dispatcher.usecases import signing_in
from dispatcher.usecases.broadcasts import Once
from dispatcher.usecases.context import App, Context
from dispatcher.usecases.inputs import (
    MISSING,
    WrongField,
    WrongFields,
    of_values,
    typed_fields,
    whole,
)

ROOT = "/api/v1"
MOST_BYTES = 256 * 1024
WRONG = "wrong-request"
STATUSES = {
    "no-key": 401,
    "rights-changed": 401,
    "role": 403,
    "read-only": 403,
    "whole-site": 403,
    "too-large": 413,
    "not-json": 415,
    WRONG: 400,
}


def routes(app: App) -> list[BaseRoute]:
    """The operations, and their description."""

    def description(_request: Request) -> Response:
        return _answer(described(OPERATIONS, f"dispatcher: {app.site.name}", ROOT))

    return [
        Route(f"{ROOT}/openapi.json", description),
        *(
            Route(ROOT + o.path, _served(app, o), methods=[o.method], name=o.name)
            for o in OPERATIONS
        ),
    ]


def _served(app: App, operation: Operation[Any]) -> Callable[[Request], Awaitable[Response]]:
    """One operation as Starlette calls it."""

    async def answer(request: Request) -> Response:
        try:
            actor = await run_in_threadpool(_who, app, request)
            number = _number(request)
            key = _key(operation, request)
            sent, digest = _query(operation, request), ""
            if operation.method == "POST":
                sent, digest = await _body(operation, request)
            once = Once(_name(actor, key), digest) if operation.keyed else None
            call = ApiCall(Context(app, actor), number, sent, once)
            found = await run_in_threadpool(operation.act, call)
        except Problem as problem:
            return _told(problem)
        return _answer(found, operation.made, {"Cache-Control": "no-store"})

    return answer


def _answer(
    found: object,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    media: str = "application/json",
) -> Response:
    return Response(msgspec.json.encode(found), status, headers, media)


# --- what was sent ------------------------------------------------------------------------------


def _who(app: App, request: Request) -> Actor:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        found = signing_in.with_key(app, token.strip())
        if found is not None:
            return found
    raise Problem("no-key", Say("A living API key is wanted."))


def _number(request: Request) -> int:
    """The number in the address; 0 where there is none."""
    text = request.path_params.get("number", "0")
    if not text.isascii() or not text.isdigit() or len(text) > 16:
        raise Problem("unknown-number", Say("No such number."))
    return int(text)


def _key(operation: Operation[Any], request: Request) -> str:
    key = request.headers.get("idempotency-key", "")
    if operation.keyed and not 0 < len(key) <= 200:
        raise _wrong("Idempotency-Key", MISSING)
    return key


def _name(actor: Actor, key: str) -> str:
    """What is remembered of a key: whose it is, and a digest."""
    return f"{actor.person_id}:{hashlib.sha256(key.encode()).hexdigest()}"


def _query(operation: Operation[Any], request: Request) -> ApiInput:
    """What stands behind the question mark; numbers come as text there."""
    kind: type[ApiInput] = ApiInput if operation.method == "POST" else operation.takes
    numbers = {f.key for f in typed_fields(kind) if isinstance(f.type, inspect.IntType)}
    given: dict[str, object] = dict(request.query_params.items())
    for name in numbers & set(given):
        text = str(given[name])
        found = whole(text)
        given[name] = text if found is None else found
    return of_values(kind, given, WRONG)


class _Body(NamedTuple):
    """What was sent, and a digest of it."""

    sent: ApiInput
    digest: str


async def _body(operation: Operation[Any], request: Request) -> _Body:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MOST_BYTES:
            raise Problem("too-large", Say("Too large."))
    if not raw and not any(f.required for f in typed_fields(operation.takes)):
        return _Body(operation.takes(), "")
    if kind != "application/json":
        raise Problem("not-json", Say("application/json is wanted."))
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        raise _wrong("$", Say("not JSON")) from None
    sent = of_values(operation.takes, value, WRONG)
    # the same digest as in releases before, for a key lives a week
    return _Body(sent, hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest())


# --- what is wrong ------------------------------------------------------------------------------


def _wrong(path: str, say: Spoken) -> WrongFields:
    return WrongFields([WrongField(path, WRONG, say)])


def _told(problem: Problem) -> Response:
    """A problem as problem+json, every field that does not fit named."""
    status = STATUSES.get(problem.code, 409 if problem.exit_code == REFUSED else 422)
    if problem.code.startswith("unknown") or problem.code == "not-your-ward":
        status = 404
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    fields = problem.wrong if isinstance(problem, WrongFields) else ()
    said = with_step(problem, STEPS)
    told: Struct = ProblemAnswer(
        title=problem.code,
        status=status,
        detail=said.to("en"),
        detail_vi=said.to("vi"),
        errors=tuple(FieldAnswer(field=f.path, detail=f.say.en, detail_vi=f.say.vi) for f in fields)
        or UNSET,
    )
    return _answer(told, status, headers, "application/problem+json")
