"""/api/v1: for programs. A key acts for a person, with that person's wards and never more rights.

Problems are problem+json (RFC 9457). What is made has an Idempotency-Key, so that a program may ask
again without making it twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from dispatcher.domain.model import HANOI, Actor, Audience, MessageState
from dispatcher.domain.problems import REFUSED, Problem, refused
from dispatcher.usecases import broadcasts as usecases
from dispatcher.usecases import (
    broadcasts_progress,
    broadcasts_views,
    contacts,
    contacts_views,
    log,
    reports,
    signing_in,
)
from dispatcher.usecases.broadcasts import Broadcast, NewBroadcast, Once
from dispatcher.usecases.contacts import Narrowed, NewContact
from dispatcher.usecases.context import App, Context

ROOT = "/api/v1"
MOST_BYTES = 256 * 1024
BIG = 2**53
STRING = {"type": "string", "maxLength": 1000}
STRINGS = {"type": "array", "items": {"type": "string", "maxLength": 200}, "maxItems": 500}
NUMBER = {"type": "integer", "minimum": 1, "maximum": BIG}
LIMIT = {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}


@dataclass(frozen=True)
class Call:
    """One call: who, and what was sent."""

    app: App
    actor: Actor
    path: Mapping[str, int]
    query: Mapping[str, Any]
    body: Mapping[str, Any]
    idempotency: str

    @property
    def context(self) -> Context:
        """Who asks, as use cases want it."""
        return Context(self.app, self.actor)


@dataclass(frozen=True)
class Operation:
    """One operation, as it is served and as OpenAPI tells it."""

    method: str
    path: str
    name: str
    act: Callable[[Call], Any]
    says: str
    query: Mapping[str, Any] | None = None
    body: Mapping[str, Any] | None = None
    required: tuple[str, ...] = ()
    made: int = 200
    keyed: bool = False


def _wrong(detail: str) -> Problem:
    return Problem("wrong-request", detail, detail)


# --- what it does -------------------------------------------------------------------------------


def _contact(c: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("id", "name", "title", "ward", "residential_group", "phones", "source", "row")
    return {k: c[k] for k in keys}


def list_contacts(call: Call) -> Any:
    found = contacts_views.listed(
        call.context,
        Narrowed(call.query.get("ward")),
        search=call.query.get("q", ""),
        most=call.query.get("limit", 100),
    )
    return {"contacts": [_contact(c) for c in found]}


def get_contact(call: Call) -> Any:
    return _contact(contacts_views.one(call.context, call.path["number"]))


def add_contact(call: Call) -> Any:
    body = call.body
    new = NewContact(
        body["name"], body["ward"], tuple(body.get("phones", ())),
        body.get("residential_group", ""), body.get("household", ""), body.get("title", ""),
        source="API",
    )  # fmt: skip
    added = contacts.add(call.context, new)
    return {"import": added.import_id, "created": added.is_new}


def _broadcast(b: Broadcast, call: Call) -> dict[str, Any]:
    times = broadcasts_views.period(call.context, b)

    def iso(value: Any) -> str | None:
        return value.astimezone(HANOI).isoformat() if value else None

    return {
        "id": b.id,
        "title": b.title,
        "state": b.state.value,
        "reason": b.reason,
        "mode": b.mode.value,
        "kind": b.kind.value,
        "audience": b.audience.as_json(),
        "document": {"number": b.document, **b.paper},
        "window": str(b.window),
        "at": iso(b.at),
        "starts_at": iso(b.starts_at),
        "expires_at": iso(b.expires_at),
        "again": b.again,
        "sending": times.as_json() if times else None,
    }


def list_broadcasts(call: Call) -> Any:
    found = broadcasts_views.listed(call.context, call.query.get("limit", 100), counted=0)
    return {"broadcasts": [_broadcast(b, call) for b, _ in found]}


def get_broadcast(call: Call) -> Any:
    found = broadcasts_progress.watch(call.context, call.path["number"])
    return {**_broadcast(found.broadcast, call), "states": found.counts}


def create_broadcast(call: Call) -> Any:
    """A draft; the same Idempotency-Key with the same body makes one and answers it again, for a
    week."""
    body = call.body
    asked = hashlib.sha256(json.dumps(dict(body), sort_keys=True).encode()).hexdigest()
    name = f"{call.actor.person_id}:{hashlib.sha256(call.idempotency.encode()).hexdigest()}"
    life, window = usecases.read_times(body.get("expires_after", "6h"), body.get("window", ""))
    new = NewBroadcast(
        body["template"],
        Audience(
            tuple(body.get("wards", ())),
            tuple(body.get("residential_groups", ())),
            tuple(body.get("groups", ())),
            tuple(body.get("exclude_groups", ())),
            body.get("one_per", "phone"),
        ),
        body.get("route"),
        body.get("fields", {}),
        title=body.get("title", ""),
        document=body.get("document", ""),
        expires_after=life,
        window=window,
    )
    return _broadcast(usecases.create(call.context, new, once=Once(name, asked)), call)


def preview_broadcast(call: Call) -> Any:
    if usecases.seen(call.context, call.path["number"]).released_at is not None:
        raise refused("released", "Đợt gửi đã phát hành.", "The broadcast is released.")
    return broadcasts_views.preview(call.context, call.path["number"]).as_json("vi")


def submit_broadcast(call: Call) -> Any:
    done = usecases.submit(
        call.context, call.path["number"], leave_out=call.body.get("leave_out", False),
        again=call.body.get("again", ""),
    )  # fmt: skip
    return _broadcast(done.broadcast, call)


def get_report(call: Call) -> Any:
    found = reports.report(call.context, call.path["number"])
    return {
        "broadcast": found.broadcast.id,
        "mode": found.broadcast.mode.value,
        **found.found.as_json(),
    }


def list_messages(call: Call) -> Any:
    """Messages as the log has them, newest first; `before` goes on after one."""
    query = call.query
    before = str(query["before"]) if query.get("before") else None
    filters = log.LogFilters(query.get("broadcast"), state=query.get("state"), before=before)
    limit = query.get("limit", 100)
    with log.rows(call.context, "messages", filters, limit=limit) as found:
        columns = log.KINDS["messages"]
        return {"messages": [dict(zip(columns, row, strict=True)) for row in found]}


OPERATIONS = (
    Operation("GET", "/contacts", "listContacts", list_contacts, "Contacts, numbers masked.",
              {"ward": STRING, "q": STRING, "limit": LIMIT}),
    Operation("POST", "/contacts", "addContact", add_contact, "Add one person, or change one.",
              body={"name": {**STRING, "minLength": 1}, "ward": {**STRING, "minLength": 1},
                    "phones": STRINGS, "residential_group": STRING, "household": STRING,
                    "title": STRING}, required=("name", "ward"), made=201),
    Operation("GET", "/contacts/{number}", "getContact", get_contact, "One contact."),
    Operation("GET", "/broadcasts", "listBroadcasts", list_broadcasts, "Newest first.",
              {"limit": LIMIT}),
    Operation("POST", "/broadcasts", "createBroadcast", create_broadcast, "A draft.",
              body={"template": {**STRING, "minLength": 1}, "wards": STRINGS,
                    "residential_groups": STRINGS, "groups": STRINGS, "exclude_groups": STRINGS,
                    "one_per": {"type": "string", "enum": ["phone", "household"]},
                    "route": STRING, "title": STRING, "document": STRING,
                    "expires_after": STRING, "window": STRING,
                    "fields": {"type": "object", "additionalProperties": STRING}},
              required=("template",), made=201, keyed=True),
    Operation("GET", "/broadcasts/{number}", "getBroadcast", get_broadcast, "One, with states."),
    Operation("GET", "/broadcasts/{number}/preview", "previewBroadcast", preview_broadcast,
              "What a release would do."),
    Operation("POST", "/broadcasts/{number}/submit", "submitBroadcast", submit_broadcast,
              "Hand in for approval; a person approves it.",
              body={"leave_out": {"type": "boolean"}, "again": STRING}),
    Operation("GET", "/broadcasts/{number}/report", "getReport", get_report, "What became of it."),
    Operation("GET", "/log/messages", "listMessages", list_messages, "The delivery log.",
              {"broadcast": NUMBER, "state": {"type": "string",
                                              "enum": [s.value for s in MessageState]},
               "before": NUMBER, "limit": LIMIT}),
)  # fmt: skip


# --- how it is asked ----------------------------------------------------------------------------


def _checked(value: Any, schema: Mapping[str, Any], where: str) -> Any:
    """A value of this schema; anything else is a problem that names the place."""
    kind = schema["type"]
    right = {
        "string": isinstance(value, str),
        "boolean": isinstance(value, bool),
        "integer": isinstance(value, int) and not isinstance(value, bool),
        "array": isinstance(value, list),
        "object": isinstance(value, dict),
    }[kind]
    if not right:
        raise _wrong(f"{where}: {kind}")
    if kind == "string" and (
        len(value) > schema.get("maxLength", BIG)
        or len(value) < schema.get("minLength", 0)
        or "\x00" in value
        or any(0xD800 <= ord(c) <= 0xDFFF for c in value)
        or value not in schema.get("enum", [value])
    ):
        raise _wrong(f"{where}: string")
    if kind == "integer" and not schema["minimum"] <= value <= schema["maximum"]:
        raise _wrong(f"{where}: {schema['minimum']}..{schema['maximum']}")
    if kind == "array":
        if len(value) > schema["maxItems"]:
            raise _wrong(f"{where}: too many")
        return [_checked(v, schema["items"], f"{where}[{i}]") for i, v in enumerate(value)]
    if kind == "object":
        return {
            _checked(k, {"type": "string", "maxLength": 100}, where): _checked(
                v, schema["additionalProperties"], f"{where}.{k}"
            )
            for k, v in value.items()
        }
    return value


def _query(operation: Operation, request: Request) -> dict[str, Any]:
    known, found = operation.query or {}, {}
    for name, text in request.query_params.items():
        if name not in known:
            raise _wrong(f"{name}: unknown")
        value: Any = text
        if known[name]["type"] == "integer":
            if not text.isascii() or not text.isdigit() or len(text) > 18:
                raise _wrong(f"{name}: integer")
            value = int(text)
        found[name] = _checked(value, known[name], name)
    return found


async def _body(operation: Operation, request: Request) -> dict[str, Any]:
    if operation.body is None:
        return {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MOST_BYTES:
            raise Problem("too-large", "Quá lớn.", "Too large.")
    if not raw and not operation.required:
        return {}
    if kind != "application/json":
        raise Problem("not-json", "Cần application/json.", "application/json is wanted.")
    try:
        value = json.loads(raw.decode())
    except (ValueError, RecursionError):
        raise _wrong("not JSON") from None
    if not isinstance(value, dict):
        raise _wrong("an object is wanted")
    missing = [n for n in operation.required if n not in value]
    if missing:
        raise _wrong(f"{', '.join(missing)}: missing")
    unknown = [n for n in value if n not in operation.body]
    if unknown:
        raise _wrong(f"{unknown[0][:50]!r}: unknown")
    return {n: _checked(v, operation.body[n], n) for n, v in value.items()}


def _problem(problem: Problem) -> Response:
    status = 422
    if problem.exit_code == REFUSED:
        status = 409
    if problem.code.startswith("unknown") or problem.code == "not-your-ward":
        status = 404
    status = {
        "no-key": 401, "role": 403, "read-only": 403, "whole-site": 403, "rights-changed": 401,
        "too-large": 413, "not-json": 415, "wrong-request": 400,
    }.get(problem.code, status)  # fmt: skip
    body = {
        "type": "about:blank",
        "title": problem.code,
        "status": status,
        "detail": problem.to("en"),
        "detail_vi": problem.to("vi"),
    }
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body, status, headers, "application/problem+json")


def routes(app: App) -> list[BaseRoute]:
    """The operations, and their description."""

    def who(request: Request) -> Actor:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token:
            found = signing_in.with_key(app, token.strip())
            if found is not None:
                return found
        raise Problem("no-key", "Cần khóa API còn hạn.", "A living API key is wanted.")

    def served(operation: Operation) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            try:
                actor = await run_in_threadpool(who, request)
                path = {}
                for name, text in request.path_params.items():
                    if not text.isascii() or not text.isdigit() or len(text) > 16:
                        raise Problem("unknown-number", "Không có.", "No such number.")
                    path[name] = int(text)
                key = request.headers.get("idempotency-key", "")
                if operation.keyed and not 0 < len(key) <= 200:
                    raise _wrong("Idempotency-Key: missing")
                call = Call(app, actor, path, _query(operation, request),
                            await _body(operation, request), key)  # fmt: skip
                found = await run_in_threadpool(operation.act, call)
            except Problem as problem:
                return _problem(problem)
            return JSONResponse(found, operation.made, {"Cache-Control": "no-store"})

        return answer

    def described(_request: Request) -> Response:
        return JSONResponse(openapi(app))

    return [
        Route(f"{ROOT}/openapi.json", described),
        *(Route(ROOT + o.path, served(o), methods=[o.method], name=o.name) for o in OPERATIONS),
    ]


def openapi(app: App) -> dict[str, Any]:
    """OpenAPI 3.1 of every operation."""
    paths: dict[str, dict[str, Any]] = {}
    problem = {
        "description": "problem",
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }
    for o in OPERATIONS:
        parameters: list[dict[str, Any]] = [
            {"name": name, "in": "query", "schema": dict(schema)}
            for name, schema in (o.query or {}).items()
        ]
        if "{number}" in o.path:
            parameters.append({"name": "number", "in": "path", "required": True, "schema": NUMBER})
        if o.keyed:
            key = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"}
            parameters.append(
                {"name": "Idempotency-Key", "in": "header", "required": True, "schema": key}
            )
        answers = {str(s): problem for s in (400, 401, 403, 404, 409, 413, 415, 422)}
        answers[str(o.made)] = {
            "description": "ok",
            "content": {"application/json": {"schema": {"type": "object"}}},
        }
        told: dict[str, Any] = {
            "operationId": o.name,
            "summary": o.says,
            "parameters": parameters,
            "responses": answers,
        }
        if o.body is not None:
            schema = {
                "type": "object",
                "properties": {k: dict(v) for k, v in o.body.items()},
                "required": list(o.required),
                "additionalProperties": False,
            }
            told["requestBody"] = {
                "required": bool(o.required),
                "content": {"application/json": {"schema": schema}},
            }
        paths.setdefault(ROOT + o.path, {})[o.method.lower()] = told
    return {
        "openapi": "3.1.0",
        "info": {"title": f"dispatcher: {app.site.name}", "version": "1"},
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Problem": {
                    "type": "object",
                    "required": ["title", "status", "detail"],
                    "properties": {
                        "type": {"type": "string"},
                        "title": {"type": "string"},
                        "status": {"type": "integer"},
                        "detail": {"type": "string"},
                        "detail_vi": {"type": "string"},
                    },
                }
            },
        },
    }
