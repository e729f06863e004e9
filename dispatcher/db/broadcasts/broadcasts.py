"""Broadcasts: what people approve, and every move they make."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dispatcher.db.broadcasts.stored_routes import read_route, route_json
from dispatcher.db.compiling import Among
from dispatcher.db.database import Tx, at
from dispatcher.db.rows import has_key
from dispatcher.db.schema import broadcasts as broadcasts_table
from dispatcher.db.schema import moment
from dispatcher.db.words import RUNNING, SCHEDULED, one_of
from dispatcher.domain.lifecycle import BROADCAST_MOVES
from dispatcher.domain.model import (
    ORDINARY,
    Audience,
    BroadcastState,
    Kind,
    MessageState,
    Mode,
    Sender,
    Step,
    Window,
)
from dispatcher.domain.problems import Problem, refused
from dispatcher.domain.state_words import STATE
from dispatcher.i18n import Say


@dataclass(frozen=True)
class Broadcast:
    id: int
    title: str
    state: BroadcastState
    reason: str | None
    mode: Mode
    kind: Kind
    template_version_id: int
    fields: Mapping[str, str]
    audience: Audience
    route: tuple[Step, ...]
    senders: Mapping[int, Sender]  # ward id → who signs there, frozen
    document: str
    paper: Mapping[str, str]  # the document's day, subject, agency and signer
    window: Window
    priority: int
    rather_twice: bool
    at: datetime | None
    expires_after: timedelta
    ceiling_people: int | None
    ceiling_dong: int | None
    created_by: int | None
    created_at: datetime
    submitted_at: datetime | None
    approved_by: int | None
    approved_at: datetime | None
    approved_digest: str | None
    schedule_id: int | None
    correction_of: int | None
    emergency_id: int | None
    planned_upto: int | None
    released_at: datetime | None
    starts_at: datetime | None
    expires_at: datetime | None
    done_at: datetime | None
    again: str = ""  # why the same words go to the same people within a day
    again_of: tuple[int, ...] = ()  # the broadcasts that reason was given for

    def deadline_of(self, step: int, now: datetime) -> datetime | None:
        """Until when a step waits for word of what it had accepted now; None: it is the last."""
        wait = self.route[step].deadline
        return now + wait if wait is not None and step + 1 < len(self.route) else None


@dataclass(frozen=True)
class Draft:
    """What somebody chose, checked and resolved: a broadcast before it has a number."""

    title: str
    mode: Mode
    kind: Kind
    template_version_id: int
    fields: Mapping[str, str]
    audience: Audience
    route: tuple[Step, ...]
    senders: Mapping[int, Sender]  # its wards are theirs
    window: Window
    expires_after: timedelta
    document: str = ""
    priority: int = ORDINARY
    rather_twice: bool = False
    schedule_id: int | None = None
    paper: Mapping[str, str] = field(default_factory=dict)


def create(tx: Tx, draft: Draft) -> int:
    """Store a new draft; its id."""
    made = tx.insert(
        broadcasts_table,
        title=draft.title,
        state=BroadcastState.DRAFT.value,
        mode=draft.mode.value,
        kind=draft.kind.value,
        template_version_id=draft.template_version_id,
        fields=json.dumps(dict(draft.fields)),
        audience=json.dumps(draft.audience.as_json()),
        route=route_json(draft.route),
        senders=senders_json(draft.senders),
        document=draft.document,
        paper=json.dumps(dict(draft.paper), ensure_ascii=False),
        window=str(draft.window),
        priority=draft.priority,
        rather_twice=draft.rather_twice,
        expires_after=int(draft.expires_after.total_seconds()),
        created_by=tx.actor.person_id,
        created_at=tx.now,
        schedule_id=draft.schedule_id,
        drafted_by_system=tx.actor.is_system,
    )
    add_wards(tx, made, draft.senders)
    touch(tx, made, "wrote")
    tx.note("created", "broadcast", made, kind=draft.kind.value, mode=draft.mode.value)
    return made


def senders_json(senders: Mapping[int, Sender]) -> str:
    return json.dumps({w: [s.name, s.brandname] for w, s in senders.items()})


def add_wards(tx: Tx, broadcast_id: int, wards: Iterable[int]) -> None:
    tx.run(
        "INSERT INTO broadcast_wards (broadcast_id, ward_id) VALUES (:b, :w)",
        [{"b": broadcast_id, "w": w} for w in wards],
    )


def mark_correction(tx: Tx, broadcast_id: int, original: int) -> None:
    """Remember which broadcast another one corrects."""
    tx.run(
        "UPDATE broadcasts SET correction_of = :of "
        "WHERE id = :b AND id IN (SELECT id FROM visible_broadcasts)",
        {"of": original, "b": broadcast_id},
        scope=tx.scope,
    )


def tests_since(tx: Tx, broadcast_id: int, moment: datetime) -> int:
    """How often a broadcast was tested since a moment."""
    return int(
        tx.value(
            "SELECT count(*) FROM trail WHERE act = 'tested' AND noun = 'broadcast' "
            "AND noun_id = :b AND at >= :since",
            b=str(broadcast_id),
            since=at(moment),
        )
    )


def touch(tx: Tx, broadcast_id: int, act: str) -> None:
    """Remember whose hands were on a broadcast: none of them may approve it."""
    if tx.actor.person_id is not None:
        tx.run(
            "INSERT INTO broadcast_hands (broadcast_id, person_id, act, at) "
            "VALUES (:b, :p, :a, :now) ON CONFLICT DO NOTHING",
            {"b": broadcast_id, "p": tx.actor.person_id, "a": act, "now": at(tx.now)},
        )


def hands(tx: Tx, broadcast_id: int) -> set[int]:
    return {
        row["person_id"]
        for row in tx.rows(
            "SELECT person_id FROM broadcast_hands WHERE broadcast_id = :b", b=broadcast_id
        )
    }


def get(tx: Tx, broadcast_id: int) -> Broadcast:
    """One broadcast the actor may see; else a problem."""
    row = tx.one("SELECT * FROM visible_broadcasts WHERE id = :id", id=broadcast_id, scope=tx.scope)
    if row is None:
        raise Problem(
            "unknown-broadcast",
            Say("There is no broadcast {broadcast_id}.", broadcast_id=broadcast_id),
        )
    return _broadcast(row)


def list_broadcasts(
    tx: Tx, states: Collection[BroadcastState] = (), limit: int = 100
) -> list[Broadcast]:
    """Newest first."""
    sql = "SELECT * FROM visible_broadcasts"
    if states:
        sql += f" WHERE state IN ({one_of(states)})"
    return [
        _broadcast(r) for r in tx.rows(sql + " ORDER BY id DESC LIMIT :n", n=limit, scope=tx.scope)
    ]


def _broadcast(row: Mapping[str, Any]) -> Broadcast:
    chosen: dict[str, Any] = json.loads(row["audience"])
    times: dict[str, Any] = {
        k: None if row[k] is None else moment(row[k])
        for k in (
            "at",
            "submitted_at",
            "approved_at",
            "released_at",
            "starts_at",
            "expires_at",
            "done_at",
        )
    }
    same: dict[str, Any] = {
        k: row[k]
        for k in (
            "id",
            "title",
            "reason",
            "template_version_id",
            "document",
            "priority",
            "ceiling_people",
            "ceiling_dong",
            "created_by",
            "approved_by",
            "approved_digest",
            "schedule_id",
            "correction_of",
            "emergency_id",
            "planned_upto",
            "again",
        )
    }
    return Broadcast(
        **same,
        **times,
        state=BroadcastState(row["state"]),
        mode=Mode(row["mode"]),
        kind=Kind(row["kind"]),
        fields=json.loads(row["fields"]),
        paper=json.loads(row["paper"]),
        audience=_audience(chosen),
        route=read_route(row["route"]),
        senders={int(w): Sender(*s) for w, s in json.loads(row["senders"]).items()},
        window=Window.read(row["window"]),
        rather_twice=bool(row["rather_twice"]),
        expires_after=timedelta(seconds=row["expires_after"]),
        created_at=moment(row["created_at"]),
        again_of=tuple(json.loads(row["again_of"])),
    )


def _audience(chosen: Mapping[str, Any]) -> Audience:
    lists = {k: tuple(v) for k, v in chosen.items() if isinstance(v, list)}
    return Audience(**lists, one_per=chosen["one_per"], of=chosen.get("of"))


def move(
    tx: Tx, broadcast: Broadcast, to: BroadcastState, *, reason: str | None = None, **values: Any
) -> None:
    """Change the state along an allowed arrow; exactly one of two racing commands wins."""
    if to not in BROADCAST_MOVES[broadcast.state]:
        raise refused(
            "wrong-state",
            Say(
                "Broadcast {id} is “{state}” and cannot become “{state2}”.",
                id=broadcast.id,
                state=STATE[broadcast.state.value],
                state2=STATE[to.value],
            ),
        )
    sets = ", ".join(f'"{name}" = :{name}' for name in values)
    changed = tx.run(
        "UPDATE broadcasts SET state = :to, reason = :reason"
        f"{', ' + sets if sets else ''} WHERE id = :id AND state = :old "
        "AND id IN (SELECT id FROM visible_broadcasts)",
        {
            "to": to.value,
            "reason": reason,
            "id": broadcast.id,
            "old": broadcast.state.value,
            **{k: at(v) if isinstance(v, datetime) else v for k, v in values.items()},
        },
        scope=tx.scope,
    ).rowcount
    if not changed:
        raise refused(
            "changed-meanwhile",
            Say("Somebody else has just changed broadcast {id}.", id=broadcast.id),
        )
    tx.note(to.value, "broadcast", broadcast.id, was=broadcast.state.value, reason=reason)


def approve_anew(tx: Tx, broadcast_id: int, person_id: int, covered: str) -> None:
    """Somebody else stands for the approval from now on. `covered`: digest of what it covers."""
    tx.run(
        "UPDATE broadcasts SET approved_by = :p, "
        "approved_at = :now, approved_digest = :d WHERE id = :id "
        "AND id IN (SELECT id FROM visible_broadcasts)",
        {"p": person_id, "now": at(tx.now), "d": covered, "id": broadcast_id},
        scope=tx.scope,
    )


def due_ids(tx: Tx, now: datetime) -> list[int]:
    """Scheduled broadcasts whose time has come, urgent ones first."""
    return [
        row["id"]
        for row in tx.rows(
            "SELECT id FROM visible_broadcasts "
            f"WHERE state = {SCHEDULED} AND at <= :now ORDER BY priority, at, id",
            now=at(now),
            scope=tx.scope,
        )
    ]


def any_released(tx: Tx, mode: Mode) -> bool:
    """True when the site has sent something in this mode; tests to one number do not count."""
    return bool(
        tx.value(
            "SELECT count(*) FROM visible_broadcasts "
            "WHERE mode = :m AND released_at IS NOT NULL "
            f"AND NOT ({has_key(tx, 'audience', 'contacts')})",
            m=mode.value,
            scope=tx.scope,
        )
    )


def states(tx: Tx, ids: Collection[int]) -> dict[int, BroadcastState]:
    """The states of some broadcasts now."""
    rows = tx.rows(
        "SELECT id, state FROM visible_broadcasts WHERE id IN (:ids)",
        ids=Among(list(ids)),
        scope=tx.scope,
    )
    return {row["id"]: BroadcastState(row["state"]) for row in rows}


def locked_state(tx: Tx, broadcast_id: int) -> BroadcastState:
    """The state now, held still until this transaction ends."""
    lock = "" if tx.is_sqlite else " FOR UPDATE"
    assert tx.actor.is_system
    return BroadcastState(
        tx.value(f"SELECT state FROM broadcasts WHERE id = :id{lock}", id=broadcast_id)
    )


def is_as_approved(tx: Tx, broadcast: Broadcast) -> bool:
    """False where it was edited since it was read, and perhaps approved anew."""
    row = tx.one(
        "SELECT approved_digest, approved_at FROM visible_broadcasts WHERE id = :b",
        b=broadcast.id,
        scope=tx.scope,
    )
    when = None if broadcast.approved_at is None else at(broadcast.approved_at)
    return row is not None and tuple(row.values()) == (broadcast.approved_digest, when)


def running(tx: Tx) -> list[Broadcast]:
    """Broadcasts whose messages may leave now, urgent ones first."""
    return [
        _broadcast(r)
        for r in tx.rows(
            f"SELECT * FROM visible_broadcasts WHERE state = {RUNNING} ORDER BY priority, id",
            scope=tx.scope,
        )
    ]


def counts(tx: Tx, broadcast_id: int) -> dict[str, int]:
    """Messages by state; only states that occur."""
    rows = tx.rows(
        "SELECT state, count(*) AS n FROM visible_messages WHERE broadcast_id = :b GROUP BY state",
        b=broadcast_id,
        scope=tx.scope,
    )
    return {s.value: row["n"] for s in MessageState for row in rows if row["state"] == s.value}
