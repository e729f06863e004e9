"""What programs may ask and do: each operation, what it takes, and the use case behind it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dispatcher.domain.model import HANOI, Actor, Audience, MessageState
from dispatcher.domain.problems import Problem, refused
from dispatcher.i18n import Both, Say
from dispatcher.usecases import broadcasts as usecases
from dispatcher.usecases import (
    broadcasts_progress,
    broadcasts_views,
    contacts,
    contacts_views,
    log,
    reports,
)
from dispatcher.usecases.broadcasts import Broadcast, NewBroadcast, Once
from dispatcher.usecases.contacts import Narrowed, NewContact
from dispatcher.usecases.context import App, Context

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


def wrong(detail: str) -> Problem:
    return Problem("wrong-request", Both(detail, detail))


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
        body["name"],
        body["ward"],
        tuple(body.get("phones", ())),
        body.get("residential_group", ""),
        body.get("household", ""),
        body.get("title", ""),
        source="API",
    )
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
        raise refused("released", Say("The broadcast is released."))
    return broadcasts_views.preview(call.context, call.path["number"]).as_json("vi")


def submit_broadcast(call: Call) -> Any:
    done = usecases.submit(
        call.context,
        call.path["number"],
        leave_out=call.body.get("leave_out", False),
        again=call.body.get("again", ""),
    )
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
    Operation(
        "GET",
        "/contacts",
        "listContacts",
        list_contacts,
        "Contacts, numbers masked.",
        {"ward": STRING, "q": STRING, "limit": LIMIT},
    ),
    Operation(
        "POST",
        "/contacts",
        "addContact",
        add_contact,
        "Add one person, or change one.",
        body={
            "name": {**STRING, "minLength": 1},
            "ward": {**STRING, "minLength": 1},
            "phones": STRINGS,
            "residential_group": STRING,
            "household": STRING,
            "title": STRING,
        },
        required=("name", "ward"),
        made=201,
    ),
    Operation("GET", "/contacts/{number}", "getContact", get_contact, "One contact."),
    Operation(
        "GET", "/broadcasts", "listBroadcasts", list_broadcasts, "Newest first.", {"limit": LIMIT}
    ),
    Operation(
        "POST",
        "/broadcasts",
        "createBroadcast",
        create_broadcast,
        "A draft.",
        body={
            "template": {**STRING, "minLength": 1},
            "wards": STRINGS,
            "residential_groups": STRINGS,
            "groups": STRINGS,
            "exclude_groups": STRINGS,
            "one_per": {"type": "string", "enum": ["phone", "household"]},
            "route": STRING,
            "title": STRING,
            "document": STRING,
            "expires_after": STRING,
            "window": STRING,
            "fields": {"type": "object", "additionalProperties": STRING},
        },
        required=("template",),
        made=201,
        keyed=True,
    ),
    Operation("GET", "/broadcasts/{number}", "getBroadcast", get_broadcast, "One, with states."),
    Operation(
        "GET",
        "/broadcasts/{number}/preview",
        "previewBroadcast",
        preview_broadcast,
        "What a release would do.",
    ),
    Operation(
        "POST",
        "/broadcasts/{number}/submit",
        "submitBroadcast",
        submit_broadcast,
        "Hand in for approval; a person approves it.",
        body={"leave_out": {"type": "boolean"}, "again": STRING},
    ),
    Operation("GET", "/broadcasts/{number}/report", "getReport", get_report, "What became of it."),
    Operation(
        "GET",
        "/log/messages",
        "listMessages",
        list_messages,
        "The delivery log.",
        {
            "broadcast": NUMBER,
            "state": {"type": "string", "enum": [s.value for s in MessageState]},
            "before": NUMBER,
            "limit": LIMIT,
        },
    ),
)
