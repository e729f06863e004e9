"""What programs may ask and do: each operation, what it takes and gives, the use case behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from msgspec import UNSET, Struct, convert

from dispatcher.api.answers import (
    BroadcastAnswer,
    BroadcastsAnswer,
    BroadcastStatesAnswer,
    ContactAddedAnswer,
    ContactAnswer,
    ContactsAnswer,
    MessagesAnswer,
    PreviewAnswer,
    ReportAnswer,
)
from dispatcher.api.bodies import (
    ApiInput,
    BroadcastBody,
    BroadcastsQuery,
    ContactBody,
    ContactsQuery,
    MessagesQuery,
    SubmitBody,
)
from dispatcher.domain.model import HANOI, Audience
from dispatcher.domain.problems import refused
from dispatcher.i18n import Say
from dispatcher.usecases import broadcasts as usecases
from dispatcher.usecases import (
    broadcasts_progress,
    broadcasts_views,
    contacts,
    contacts_views,
    log,
    reports,
)
from dispatcher.usecases.broadcasts import Broadcast, NewBroadcast, Once, Submit
from dispatcher.usecases.contacts import Narrowed, NewContact
from dispatcher.usecases.context import Context

S = TypeVar("S", bound=ApiInput)


@dataclass(frozen=True)
class ApiCall(Generic[S]):
    """One call: who asks, the number in the address (0: none), the body or query that was sent.
    `once`: of an operation that makes something, so that it is made once."""

    context: Context
    number: int
    sent: S
    once: Once | None = None


@dataclass(frozen=True)
class Operation(Generic[S]):
    """One operation, as it is served and as OpenAPI tells it. `takes`: a body where it is a POST,
    else a query; `keyed`: it wants an Idempotency-Key."""

    method: str
    path: str
    name: str
    act: Callable[[ApiCall[S]], Struct]
    says: str
    takes: type[S]
    gives: type[Struct]
    made: int = 200
    keyed: bool = False


# --- contacts -----------------------------------------------------------------------------------


def _contact(found: Mapping[str, Any]) -> ContactAnswer:
    return convert({k: found[k] for k in ContactAnswer.__struct_fields__}, ContactAnswer)


def list_contacts(call: ApiCall[ContactsQuery]) -> ContactsAnswer:
    asked = call.sent
    within = Narrowed(None if asked.ward is UNSET else asked.ward)
    found = contacts_views.list_contacts(call.context, within, search=asked.q, most=asked.limit)
    return ContactsAnswer(contacts=tuple(map(_contact, found)))


def get_contact(call: ApiCall[ApiInput]) -> ContactAnswer:
    return _contact(contacts_views.one(call.context, call.number))


def add_contact(call: ApiCall[ContactBody]) -> ContactAddedAnswer:
    new = convert(call.sent, NewContact, from_attributes=True)
    added = contacts.add(call.context, replace(new, source="API"))
    return ContactAddedAnswer(import_=added.import_id, created=added.is_new)


# --- broadcasts ---------------------------------------------------------------------------------


def _broadcast(b: Broadcast, call: ApiCall[Any]) -> BroadcastAnswer:
    return convert(_facts(b, call), BroadcastAnswer)


def _facts(b: Broadcast, call: ApiCall[Any]) -> dict[str, Any]:
    times = broadcasts_views.period(call.context, b)
    return {
        "id": b.id,
        "title": b.title,
        "state": b.state,
        "reason": b.reason,
        "mode": b.mode,
        "kind": b.kind,
        "audience": b.audience.as_json(),
        "document": {"number": b.document, **b.paper},
        "window": str(b.window),
        "at": _iso(b.at),
        "starts_at": _iso(b.starts_at),
        "expires_at": _iso(b.expires_at),
        "again": b.again,
        "sending": times.as_json() if times else None,
    }


def _iso(at: datetime | None) -> str | None:
    return at.astimezone(HANOI).isoformat() if at else None


def list_broadcasts(call: ApiCall[BroadcastsQuery]) -> BroadcastsAnswer:
    found = broadcasts_views.list_broadcasts(call.context, call.sent.limit, counted=0)
    return BroadcastsAnswer(broadcasts=tuple(_broadcast(b, call) for b, _ in found))


def get_broadcast(call: ApiCall[ApiInput]) -> BroadcastStatesAnswer:
    found = broadcasts_progress.watch(call.context, call.number)
    facts = {**_facts(found.broadcast, call), "states": found.counts}
    return convert(facts, BroadcastStatesAnswer)


def create_broadcast(call: ApiCall[BroadcastBody]) -> BroadcastAnswer:
    """A draft; the same Idempotency-Key with the same body makes one and answers it again, for a
    week."""
    body = call.sent
    life, window = usecases.read_times(body.expires_after, body.window)
    new = NewBroadcast(
        body.template,
        convert(body, Audience, from_attributes=True),
        None if body.route is UNSET else body.route,
        body.fields,
        title=body.title,
        document=body.document,
        expires_after=life,
        window=window,
    )
    return _broadcast(usecases.create(call.context, new, once=call.once), call)


def preview_broadcast(call: ApiCall[ApiInput]) -> PreviewAnswer:
    if usecases.get_broadcast(call.context, call.number).released_at is not None:
        raise refused("released", Say("The broadcast is released."))
    return convert(broadcasts_views.preview(call.context, call.number).as_json("vi"), PreviewAnswer)


def submit_broadcast(call: ApiCall[SubmitBody]) -> BroadcastAnswer:
    how = convert(call.sent, Submit, from_attributes=True)
    done = usecases.submit(call.context, call.number, how)
    return _broadcast(done.broadcast, call)


def get_report(call: ApiCall[ApiInput]) -> ReportAnswer:
    found = reports.report(call.context, call.number)
    facts = {"broadcast": found.broadcast.id, "mode": found.broadcast.mode}
    return convert({**facts, **found.found.as_json()}, ReportAnswer)


# --- the delivery log ---------------------------------------------------------------------------


def list_messages(call: ApiCall[MessagesQuery]) -> MessagesAnswer:
    """Messages as the log has them, newest first; `before` goes on after one."""
    asked = call.sent
    filters = log.LogFilters(
        None if asked.broadcast is UNSET else asked.broadcast,
        state=None if asked.state is UNSET else asked.state.value,
        before=None if asked.before is UNSET else str(asked.before),
    )
    with log.rows(call.context, "messages", filters, limit=asked.limit) as found:
        columns = log.KINDS["messages"]
        messages = [dict(zip(columns, row, strict=True)) for row in found]
    return convert({"messages": messages}, MessagesAnswer)


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        "GET",
        "/contacts",
        "listContacts",
        list_contacts,
        "Contacts, numbers masked.",
        ContactsQuery,
        ContactsAnswer,
    ),
    Operation(
        "POST",
        "/contacts",
        "addContact",
        add_contact,
        "Add one person, or change one.",
        ContactBody,
        ContactAddedAnswer,
        made=201,
    ),
    Operation(
        "GET",
        "/contacts/{number}",
        "getContact",
        get_contact,
        "One contact.",
        ApiInput,
        ContactAnswer,
    ),
    Operation(
        "GET",
        "/broadcasts",
        "listBroadcasts",
        list_broadcasts,
        "Newest first.",
        BroadcastsQuery,
        BroadcastsAnswer,
    ),
    Operation(
        "POST",
        "/broadcasts",
        "createBroadcast",
        create_broadcast,
        "A draft.",
        BroadcastBody,
        BroadcastAnswer,
        made=201,
        keyed=True,
    ),
    Operation(
        "GET",
        "/broadcasts/{number}",
        "getBroadcast",
        get_broadcast,
        "One, with states.",
        ApiInput,
        BroadcastStatesAnswer,
    ),
    Operation(
        "GET",
        "/broadcasts/{number}/preview",
        "previewBroadcast",
        preview_broadcast,
        "What a release would do.",
        ApiInput,
        PreviewAnswer,
    ),
    Operation(
        "POST",
        "/broadcasts/{number}/submit",
        "submitBroadcast",
        submit_broadcast,
        "Hand in for approval; a person approves it.",
        SubmitBody,
        BroadcastAnswer,
    ),
    Operation(
        "GET",
        "/broadcasts/{number}/report",
        "getReport",
        get_report,
        "What became of it.",
        ApiInput,
        ReportAnswer,
    ),
    Operation(
        "GET",
        "/log/messages",
        "listMessages",
        list_messages,
        "The delivery log.",
        MessagesQuery,
        MessagesAnswer,
    ),
)
