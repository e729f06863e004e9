"""The description of the API (OpenAPI 3.1), made of the structs it takes and gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.json import schema_components

from dispatcher.api.answers import ProblemAnswer
from dispatcher.api.bodies import BIG, ApiInput
from dispatcher.api.operations import Operation

PROBLEMS = (400, 401, 403, 404, 409, 413, 415, 422)
NUMBER = {"type": "integer", "minimum": 1, "maximum": BIG}
KEY = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"}


def described(operations: Sequence[Operation[Any]], title: str, root: str) -> dict[str, Any]:
    """The document of these operations, which lie under `root`."""
    kinds = {kind for o in operations for kind in (o.takes, o.gives)} - {ApiInput}
    ordered = sorted([*kinds, ProblemAnswer], key=lambda kind: kind.__name__)
    _, schemas = schema_components(ordered, ref_template="#/components/schemas/{name}")
    paths: dict[str, dict[str, Any]] = {}
    for o in operations:
        paths.setdefault(root + o.path, {})[o.method.lower()] = _operation(o, schemas)
    queries = {o.takes.__name__ for o in operations if o.method == "GET"}
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1"},
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": {name: s for name, s in schemas.items() if name not in queries},
        },
    }


def _operation(o: Operation[Any], schemas: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": o.name,
        "summary": o.says,
        "parameters": _parameters(o, schemas),
        "responses": {
            str(o.made): {"description": "ok", "content": _json(o.gives)},
            **{str(status): _PROBLEM for status in PROBLEMS},
        },
    }
    if o.method == "POST":
        needed = schemas[o.takes.__name__].get("required", [])
        told["requestBody"] = {"required": bool(needed), "content": _json(o.takes)}
    return told


def _parameters(o: Operation[Any], schemas: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if o.method == "GET" and o.takes is not ApiInput:
        for name, schema in schemas[o.takes.__name__]["properties"].items():
            found.append({"name": name, "in": "query", "schema": schema})
    if "{number}" in o.path:
        found.append({"name": "number", "in": "path", "required": True, "schema": NUMBER})
    if o.keyed:
        found.append({"name": "Idempotency-Key", "in": "header", "required": True, "schema": KEY})
    return found


def _json(kind: type, media: str = "application/json") -> dict[str, Any]:
    return {media: {"schema": {"$ref": f"#/components/schemas/{kind.__name__}"}}}


_PROBLEM = {"description": "problem", "content": _json(ProblemAnswer, "application/problem+json")}
