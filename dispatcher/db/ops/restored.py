"""What a database does that is not the one that was here: nothing leaves that may have left.

Comes from: `db restore`, `db release`.   Goes to: broadcasts held, messages named as doubts.
Never: takes a text for unsent of which the replaced database may know that it left.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.contacts import refusals
from dispatcher.db.database import Tx, at
from dispatcher.db.ops import second_place, settings
from dispatcher.db.queue import references
from dispatcher.db.rows import on_rows
from dispatcher.db.schema import moment
from dispatcher.db.words import ACCEPTED, DONE, DOUBTFUL, HELD, MISSED, QUEUED, SENDING, UNCONFIRMED
from dispatcher.domain.model import URGENT, BroadcastState, HeldReason
from dispatcher.domain.problems import refused
from dispatcher.i18n import Say

# Why a database is held; and the reason of whatever a restore held or named as a doubt.
RESTORED, COPIED, MOVED_AWAY = HeldReason.RESTORED.value, "copied", "moved_away"
OPEN = tuple(
    BroadcastState(s) for s in ("scheduled", "running", "paused", "held")
)  # what would go on by itself, or by one click


def is_awake(tx: Tx) -> bool:
    """True when what was open in a restored database has been held already."""
    return settings.get(tx, "restored") is not None


def facts(tx: Tx) -> Mapping[str, Any]:
    """What is known of the last restore: why, since when, what came along; or nothing."""
    found: dict[str, Any] = json.loads(settings.get(tx, "restored") or "{}")
    return found


def wake_copied(tx: Tx) -> None:
    """A whole copy, whose original was held meanwhile: nothing left since, and a person looks."""
    hold_open(tx)
    _remember(tx, COPIED, last_entry(tx), tx.now, {})


def wake_beside(tx: Tx, brought: Mapping[str, Any]) -> None:
    """A backup to which the replaced database told all that came after it."""
    hold_open(tx)
    _remember(tx, RESTORED, None, tx.now, brought)


def wake(tx: Tx, why: str, place: Path, came: Mapping[str, Any] | None = None) -> None:
    """A database that cannot know what another one sent since.

    Whatever may have left is named as a doubt; refusals and erasures come from `place`, where they
    were kept. Where they were not, only urgent texts leave until a person confirms. `came`: what
    came along already, from a database that is not what went on from this one.
    """
    since = last_entry(tx)
    for broadcast in hold_open(tx):
        if not _could_leave(broadcast, since, tx.now):
            continue
        if broadcast.released_at is None:
            settings.put(tx, _mark(broadcast.id), "1")
        else:
            name_doubts(tx, broadcast.id)
    _let_nothing_follow(tx)
    mine = second_place.root(tx)
    kept = [one for one in second_place.read(tx.sealer, place) if one.root == mine]
    brought = _bring(tx, kept)
    _pass_over_schedules(tx, since)
    known = kept[0].at if kept and kept[0].at >= since else None
    if known is None:
        told = {"from": since.isoformat(), "to": tx.now.isoformat()}
        settings.put(tx, "refusals_missing", json.dumps(told))
        tx.note("refusals_missing", "database", why, **told)
    _remember(
        tx,
        why,
        since,
        known,
        {
            **brought,
            **{name: number + brought.get(name, 0) for name, number in (came or {}).items()},
        },
    )


def last_entry(tx: Tx) -> datetime:
    """When this database last knew anything."""
    found = tx.value("SELECT at FROM trail ORDER BY id DESC LIMIT 1")
    return tx.now if found is None else moment(found)


def _remember(
    tx: Tx, why: str, since: datetime | None, known: datetime | None, brought: Mapping[str, Any]
) -> None:
    found = {
        "why": why,
        "at": tx.now.isoformat(),
        "since": since and since.isoformat(),
        "refusals_known_until": known and known.isoformat(),
        "last_message": int(tx.value("SELECT MAX(id) FROM visible_messages", scope=tx.scope) or 0),
        **brought,
    }
    settings.put(tx, "restored", json.dumps(found))
    gone = [release["id"] for release in brought.get("released", ())]
    tx.note("woke_up", "database", why, **{**brought, "released": gone})


# --- what is held -------------------------------------------------------------------------------


def hold_open(tx: Tx) -> list[Broadcast]:
    """Hold every broadcast that would go on; they come back as they were."""
    found = [
        b
        for b in broadcasts.list_broadcasts(tx, OPEN, limit=1_000_000)
        if (b.state, b.reason) != (BroadcastState.HELD, RESTORED)
    ]
    before = settings.starting(tx, "held_before:")  # of restores that are over
    for broadcast in found:
        reason = (broadcast.reason or "") if broadcast.state is BroadcastState.HELD else ""
        if reason != before.get(str(broadcast.id), ""):
            settings.put(tx, f"held_before:{broadcast.id}", reason)
        tx.run(
            f"UPDATE broadcasts SET state = {HELD}, reason = :r "
            "WHERE id = :b AND id IN (SELECT id FROM visible_broadcasts)",
            {"b": broadcast.id, "r": RESTORED},
            scope=tx.scope,
        )
        tx.note("held", "broadcast", broadcast.id, was=broadcast.state.value, reason=RESTORED)
    return found


def reason_before(tx: Tx, broadcast: Broadcast) -> str | None:
    """Why a broadcast is held: what held it before a restore did counts as well."""
    if broadcast.reason != RESTORED:
        return broadcast.reason
    return settings.get(tx, f"held_before:{broadcast.id}") or None


def _could_leave(broadcast: Broadcast, since: datetime, now: datetime) -> bool:
    """True unless no hour between these two was one in which the broadcast sends."""
    if now <= since:  # one of the clocks is wrong
        return True
    if broadcast.expires_at is not None and broadcast.expires_at <= since:
        return False
    start = max(since, broadcast.starts_at or broadcast.at or since)
    return broadcast.window.next_opening(start) < now


# --- what may have left -------------------------------------------------------------------------


def name_doubts(tx: Tx, broadcast_id: int) -> int:
    """Whoever waited or was on the wire may have got it: nobody is written to again by itself.

    Neither does a next step follow for those who were accepted: it may have been taken too.
    """
    tx.run(
        f"UPDATE attempts SET state = {UNCONFIRMED} WHERE broadcast_id = :b "
        f"AND state IN ({SENDING}, {DOUBTFUL})",
        {"b": broadcast_id},
    )
    found = tx.run(
        "UPDATE messages SET state = CASE WHEN EXISTS (SELECT 1 FROM attempts a "
        f"WHERE a.message_id = messages.id AND a.state = {ACCEPTED}) THEN {ACCEPTED} "
        f"ELSE {UNCONFIRMED} END, reason = CASE WHEN EXISTS (SELECT 1 FROM attempts a "
        f"WHERE a.message_id = messages.id AND a.state = {ACCEPTED}) THEN NULL ELSE :r END, "
        "code = NULL, deadline_at = NULL, "
        "lease_owner = NULL, lease_until = NULL, changed_at = :now WHERE broadcast_id = :b "
        f"AND state IN ({QUEUED}, {SENDING}) AND id IN (SELECT id FROM visible_messages)",
        {"b": broadcast_id, "r": RESTORED, "now": at(tx.now)},
        scope=tx.scope,
    ).rowcount
    tx.run(
        "UPDATE messages SET deadline_at = NULL WHERE broadcast_id = :b "
        "AND deadline_at IS NOT NULL AND id IN (SELECT id FROM visible_messages)",
        {"b": broadcast_id},
        scope=tx.scope,
    )
    tx.run(
        "UPDATE broadcasts SET expires_at = :now WHERE id = :b "
        "AND expires_at > :now AND id IN (SELECT id FROM visible_broadcasts)",
        {"b": broadcast_id, "now": at(tx.now)},
        scope=tx.scope,
    )
    tx.note("doubts_named", "broadcast", broadcast_id, messages=found)
    return found


def _let_nothing_follow(tx: Tx) -> None:
    """A late no for what was done at the backup starts no next step: it may have been taken."""
    tx.run(
        "UPDATE broadcasts SET expires_at = :now "
        f"WHERE state = {DONE} AND expires_at > :now AND id IN (SELECT id FROM visible_broadcasts)",
        {"now": at(tx.now)},
        scope=tx.scope,
    )


def _mark(broadcast_id: int) -> str:
    return f"may_have_left:{broadcast_id}"


def may_have_left(tx: Tx, broadcast_id: int) -> bool:
    """True when a broadcast that was never released here may have been in the lost database."""
    return settings.get(tx, _mark(broadcast_id)) is not None


def recall(tx: Tx, reported: Sequence[tuple[str, str]]) -> int:
    """Reports came by (gateway, reference) that no attempt here has: how many are known now.

    A reference that the lost database made says which message it names, and its check proves it:
    where that message is a doubt which the restore named, its attempt is written down after all.
    """
    named = [(g, ref, references.decode(tx.sealer, ref)) for g, ref in reported]
    last = facts(tx).get("last_message", 0) if any(n for _, _, n in named) else 0
    rows = [(n.message, g, ref) for g, ref, n in named if n is not None and n.message <= last]
    found = on_rows(
        tx,
        "INSERT INTO attempts (message_id, broadcast_id, position, gateway, channel, reference, "
        "call_ref, state, asked_at) SELECT m.id, m.broadcast_id, t.position, r.g, t.channel, "
        f"r.ref, r.ref, {UNCONFIRMED}, :now FROM "
        ":rows r "
        f"JOIN messages m ON m.id = r.m AND m.state = {UNCONFIRMED} AND m.reason = :why "
        "JOIN targets t ON t.message_id = m.id AND t.position = COALESCE((SELECT MIN(x.position) "
        "FROM targets x WHERE x.message_id = m.id AND x.gateway = r.g), m.position) "
        "WHERE 1 = 1 ON CONFLICT (reference) DO NOTHING RETURNING id",
        {"m": "bigint", "g": "text", "ref": "text"},
        rows,
        now=at(tx.now),
        why=RESTORED,
    )
    return len(found)


# --- what comes along ---------------------------------------------------------------------------


def _bring(tx: Tx, kept: Sequence[second_place.SecondPlaceContent]) -> dict[str, Any]:
    """Refusals, erasures, releases and firings that were kept at a second place."""
    refused_, erased = 0, 0
    for one in kept:
        refused_ += refusals.bring(tx, one.refusals)
        erased += refusals.erase(tx, one.erased)
    releases = {(r.id, r.created_at): r for one in kept for r in one.releases}
    here = (
        {(b.id, at(b.created_at)): b for b in broadcasts.list_broadcasts(tx, limit=1_000_000)}
        if releases
        else {}
    )
    elsewhere = []
    for key, release in releases.items():
        found = here.get(key)
        if found is None:
            released = moment(release.released_at).isoformat()
            elsewhere.append({"id": release.id, "title": release.title, "released_at": released})
        elif found.released_at is None:
            settings.put(tx, _mark(found.id), "1")
    for fired in {f for one in kept for f in one.fired}:
        tx.run(
            "INSERT INTO occurrences (schedule_id, fire_at, state) SELECT id, :at, :s "
            "FROM schedules WHERE name = :n ON CONFLICT (schedule_id, fire_at) DO NOTHING",
            {"n": fired.schedule, "at": fired.fire_at, "s": fired.state},
        )
    return {"refusals": refused_, "erased": erased, "released": elsewhere}


def _pass_over_schedules(tx: Tx, since: datetime) -> None:
    """What was due since may have been fired by the lost database: it is not fired again."""
    until = at(max(since, tx.now))
    tx.run(
        f"INSERT INTO occurrences (schedule_id, fire_at, state) SELECT id, next_fire_at, {MISSED} "
        "FROM schedules WHERE next_fire_at <= :until "
        "ON CONFLICT (schedule_id, fire_at) DO NOTHING",
        {"until": until},
    )
    tx.run(
        "UPDATE schedules SET next_fire_at = NULL WHERE next_fire_at <= :until", {"until": until}
    )


# --- refusals that are not known ----------------------------------------------------------------


def missing(tx: Tx) -> dict[str, str] | None:
    """From when to when nobody knows who refused (ISO moments); None: all are known."""
    told = settings.get(tx, "refusals_missing")
    return json.loads(told) if told else None


def waits_for_refusals(tx: Tx, broadcast: Broadcast) -> bool:
    """True while this broadcast may not leave, since somebody may have refused it unheard."""
    ours = bool(broadcast.audience.contacts)  # a test on our own phone
    return broadcast.priority != URGENT and not ours and missing(tx) is not None


def need_refusals(tx: Tx, broadcast: Broadcast) -> None:
    """Refuse to let a broadcast go that waits for them."""
    if waits_for_refusals(tx, broadcast):
        span = missing(tx) or {}
        raise refused(
            "refusals-missing",
            Say(
                "Nobody knows who refused between {value} and {value2} (the replaced "
                "database cannot be read). Only urgent texts go.",
                value=span.get("from"),
                value2=span.get("to"),
            ),
        )


def go_without(tx: Tx) -> bool:
    """A person takes it upon themselves that refusals are missing; False when none are."""
    span = missing(tx)
    if span is None:
        return False
    settings.put(tx, "refusals_missing", "")
    tx.note("without_refusals", "database", "", **span)
    return True
