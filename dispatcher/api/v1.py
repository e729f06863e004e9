"""/api/v1: for programs. A key acts for a person, with that person's wards and never more rights.

Problems are problem+json (RFC 9457). What is made has an Idempotency-Key, so that a program may ask
again without making it twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from dispatcher.api.operations import BIG, NUMBER, OPERATIONS, Call, Operation, wrong
from dispatcher.api.steps import STEPS
from dispatcher.domain.model import Actor
from dispatcher.domain.problems import REFUSED, Problem, with_step
from dispatcher.i18n import Say
from dispatcher.usecases import (
    signing_in,
)
from dispatcher.usecases.context import App

ROOT = "/api/v1"
MOST_BYTES = 256 * 1024


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
        raise wrong(f"{where}: {kind}")
    if kind == "string" and (
        len(value) > schema.get("maxLength", BIG)
        or len(value) < schema.get("minLength", 0)
        or "\x00" in value
        or any(0xD800 <= ord(c) <= 0xDFFF for c in value)
        or value not in schema.get("enum", [value])
    ):
        raise wrong(f"{where}: string")
    if kind == "integer" and not schema["minimum"] <= value <= schema["maximum"]:
        raise wrong(f"{where}: {schema['minimum']}..{schema['maximum']}")
    if kind == "array":
        if len(value) > schema["maxItems"]:
            raise wrong(f"{where}: too many")
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
            raise wrong(f"{name}: unknown")
        value: Any = text
        if known[name]["type"] == "integer":
            if not text.isascii() or not text.isdigit() or len(text) > 18:
                raise wrong(f"{name}: integer")
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
            raise Problem("too-large", Say("Too large."))
    if not raw and not operation.required:
        return {}
    if kind != "application/json":
        raise Problem("not-json", Say("application/json is wanted."))
    try:
        value = json.loads(raw.decode())
    except (ValueError, RecursionError):
        raise wrong("not JSON") from None
    if not isinstance(value, dict):
        raise wrong("an object is wanted")
    missing = [n for n in operation.required if n not in value]
    if missing:
        raise wrong(f"{', '.join(missing)}: missing")
    unknown = [n for n in value if n not in operation.body]
    if unknown:
        raise wrong(f"{unknown[0][:50]!r}: unknown")
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
    told = with_step(problem, STEPS)
    body = {
        "type": "about:blank",
        "title": problem.code,
        "status": status,
        "detail": told.to("en"),
        "detail_vi": told.to("vi"),
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
        raise Problem("no-key", Say("A living API key is wanted."))

    def served(operation: Operation) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            try:
                actor = await run_in_threadpool(who, request)
                path = {}
                for name, text in request.path_params.items():
                    if not text.isascii() or not text.isdigit() or len(text) > 16:
                        raise Problem("unknown-number", Say("No such number."))
                    path[name] = int(text)
                key = request.headers.get("idempotency-key", "")
                if operation.keyed and not 0 < len(key) <= 200:
                    raise wrong("Idempotency-Key: missing")
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
