"""Who must know or do what: kept once per person and event, told by mail and text, read or not.

The list of what waits is the truth; a mail or a text about it goes out at most once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from dispatcher.db.compiling import Among
from dispatcher.db.database import Row, Tx, at
from dispatcher.db.words import APPROVED, EXPIRED, SENDING, SUBMITTED
from dispatcher.i18n import Spoken

AGAIN = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
STALE = timedelta(minutes=5)  # a mail that a worker was sending when it died


@dataclass(frozen=True)
class NoticeEvent:
    """Something to be told. `wards`: whose; None: the whole site's. `people`: these themselves."""

    code: str
    noun: str
    noun_id: str
    say: Spoken
    roles: tuple[str, ...] = ()
    wards: frozenset[int] | None = None
    people: tuple[int, ...] = ()
    but: tuple[int, ...] = ()  # not these: whose own work it is
    by_text: bool = False


def put(tx: Tx, events: Sequence[NoticeEvent]) -> int:
    """Keep what is new for everybody it concerns; how many notices that were."""
    if not events:
        return 0
    staff = tx.rows("SELECT * FROM people WHERE disabled_at IS NULL")
    wards: dict[int, set[int]] = {}
    for row in tx.rows("SELECT person_id, ward_id FROM people_wards"):
        wards.setdefault(row["person_id"], set()).add(row["ward_id"])
    told = 0
    for event in events:
        for person in staff:
            if not _concerns(event, person, wards.get(person["id"], set())):
                continue
            told += tx.run(
                "INSERT INTO notices (person_id, at, code, noun, noun_id, vi, en, mail, text, "
                "again_at) VALUES (:p, :now, :code, :noun, :id, :vi, :en, :mail, :text, :now) "
                "ON CONFLICT (person_id, code, noun, noun_id) DO NOTHING",
                {
                    "p": person["id"],
                    "now": at(tx.now),
                    "code": event.code,
                    "noun": event.noun,
                    "id": event.noun_id,
                    "vi": event.say.vi,
                    "en": event.say.en,
                    "mail": "waiting" if person["email_sealed"] is not None else "none",
                    "text": "waiting" if event.by_text and person["address_id"] else "none",
                },
            ).rowcount
    return told


def _concerns(event: NoticeEvent, person: Row, wards: Collection[int]) -> bool:
    if person["id"] in event.but:
        return False
    if person["id"] in event.people:
        return True
    if person["role"] not in event.roles:
        return False
    if person["whole_site"]:
        return True
    return event.wards is not None and event.wards <= set(wards)


def unsent(tx: Tx, since: datetime) -> list[Row]:
    """What was told lately of broadcasts that expired with people left: (noun_id, vi, en)."""
    return tx.rows(
        f"SELECT DISTINCT noun_id, vi, en FROM notices WHERE code = {EXPIRED} AND at >= :since "
        "ORDER BY noun_id",
        since=at(since),
    )


def unread(tx: Tx, person_id: int) -> list[dict[str, Any]]:
    """What a person has not ticked off, the newest first."""
    return [
        dict(row)
        for row in tx.rows(
            "SELECT id, at, code, noun, noun_id, vi, en FROM notices WHERE person_id = :p "
            "AND read_at IS NULL ORDER BY id DESC",
            p=person_id,
        )
    ]


def read(tx: Tx, person_id: int, ids: Collection[int] | None = None) -> int:
    """Tick off some, or all; how many that were."""
    which = "" if ids is None else " AND id IN (:ids)"
    done = tx.run(
        f"UPDATE notices SET read_at = :now WHERE person_id = :p AND read_at IS NULL{which}",
        {"now": at(tx.now), "p": person_id, "ids": Among(list(ids or ()))},
    ).rowcount
    tx.note("read", "notices", person_id, notices=done)
    return done


def withdraw(tx: Tx) -> int:
    """Chore: nobody is asked to approve what is decided already, or to look at what was."""
    tx.run(
        "UPDATE notices SET read_at = :now WHERE code = 'reply' AND read_at IS NULL AND NOT EXISTS "
        "(SELECT 1 FROM replies r WHERE r.look = 'waiting' "
        "AND notices.noun_id = CAST(r.id AS VARCHAR))",
        {"now": at(tx.now)},
    )
    return tx.run(
        "UPDATE notices SET read_at = :now, "
        "mail = CASE WHEN mail = 'waiting' THEN 'none' ELSE mail END, "
        "text = CASE WHEN text = 'waiting' THEN 'none' ELSE text END "
        "WHERE code = 'approve' AND read_at IS NULL AND NOT EXISTS "
        "(SELECT 1 FROM visible_broadcasts b WHERE notices.noun = 'broadcast' "
        f"AND b.state = {SUBMITTED} AND notices.noun_id LIKE CAST(b.id AS VARCHAR) || '@%') "
        "AND notices.noun = 'broadcast'",
        {"now": at(tx.now)},
        scope=tx.scope,
    ).rowcount


# --- by mail and by text ------------------------------------------------------------------------


def take(tx: Tx, way: str, limit: int = 50) -> list[dict[str, Any]]:
    """What is to be told by `mail` or `text` now, marked as being sent, with where to.

    What a dead worker was sending may have arrived: it is never sent again.
    """
    tx.run(
        f"UPDATE notices SET {way} = 'unsure' WHERE {way} = {SENDING} AND again_at < :stale",
        {"stale": at(tx.now - STALE)},
    )
    lock = "" if tx.is_sqlite else " FOR UPDATE OF n SKIP LOCKED"
    rows = tx.rows(
        "SELECT n.id, n.person_id, n.code, n.vi, n.en, n.tries, p.full_name, p.email_sealed, "
        "a.cipher, a.kind, a.carrier FROM notices n JOIN people p ON p.id = n.person_id "
        f"LEFT JOIN addresses a ON a.id = p.address_id WHERE n.{way} = 'waiting' "
        f"AND n.again_at <= :now AND p.disabled_at IS NULL ORDER BY n.id LIMIT {int(limit)}{lock}",
        now=at(tx.now),
    )
    for row in rows:
        tx.run(
            f"UPDATE notices SET {way} = {SENDING}, again_at = :now WHERE id = :id",
            {"now": at(tx.now), "id": row["id"]},
        )
    found = []
    for row in rows:
        to = ""
        if way == "mail" and row["email_sealed"] is not None:
            to = tx.sealer.open(row["email_sealed"])
        elif way == "text" and row["cipher"] is not None:
            to = tx.sealer.open_address(row["kind"], row["cipher"])
        found.append({**row, "to": to})
    return found


def done(tx: Tx, way: str, ids: Collection[int], outcome: str) -> None:
    """How telling them ended: sent, failed, unsure, or kept (a drill lets nothing out)."""
    some = {"o": outcome, "ids": Among(list(ids))}
    tx.run(f"UPDATE notices SET {way} = :o WHERE id IN (:ids)", some)


def later(tx: Tx, way: str, rows: Sequence[Row]) -> None:
    """Nothing was taken: again after a while, four times, then it failed."""
    for row in rows:
        over = row["tries"] >= len(AGAIN)
        wait = AGAIN[min(row["tries"], len(AGAIN) - 1)]
        tx.run(
            f"UPDATE notices SET {way} = :o, tries = tries + 1, again_at = :again WHERE id = :id",
            {
                "o": "failed" if over else "waiting",
                "again": at(tx.now + wait),
                "id": row["id"],
            },
        )


# --- what there is to tell ----------------------------------------------------------------------


def broadcasts_in(tx: Tx, states: Sequence[str], since: datetime) -> list[dict[str, Any]]:
    """Broadcasts in these states that changed hands lately, with their wards and hands."""
    rows = tx.rows(
        "SELECT id, title, state, reason, created_by, "
        "submitted_at, released_at, at, emergency_id, schedule_id, drafted_by_system, "
        "ceiling_people, created_at FROM visible_broadcasts "
        "WHERE state IN (:states) AND COALESCE(released_at, submitted_at, created_at) >= :since "
        "ORDER BY id DESC LIMIT 200",
        since=at(since),
        states=Among(states, "text"),
        scope=tx.scope,
    )
    found = []
    for row in rows:
        wards = tx.rows("SELECT ward_id FROM broadcast_wards WHERE broadcast_id = :b", b=row["id"])
        hands = tx.rows(
            "SELECT DISTINCT person_id FROM broadcast_hands WHERE broadcast_id = :b", b=row["id"]
        )
        found.append(
            {
                **row,
                "wards": frozenset(w["ward_id"] for w in wards),
                "hands": tuple(h["person_id"] for h in hands),
            }
        )
    return found


def deputies(tx: Tx, day: date) -> list[Row]:
    """Who may approve for whom today: (deputy_id, principal_id)."""
    return tx.rows(
        "SELECT deputy_id, principal_id FROM delegations WHERE ended_at IS NULL "
        "AND valid_from <= :d AND valid_to >= :d",
        d=day.isoformat() if tx.is_sqlite else day,
    )


def last_troubles(tx: Tx) -> list[str]:
    """For each gateway the last trouble staff were told of, where nobody was told of its end."""
    last: dict[str, str] = {}
    for row in tx.rows(
        "SELECT code, noun_id FROM notices WHERE code IN ('gateway', 'gateway-well') "
        "AND id > (SELECT MAX(id) FROM notices) - 5000 ORDER BY id"
    ):
        name = row["noun_id"].partition("@")[0]
        if row["code"] == "gateway":
            last[name] = row["noun_id"]
        elif last.get(name) == row["noun_id"]:
            del last[name]
    return list(last.values())


def schedules_ended(tx: Tx, soon: datetime) -> list[Row]:
    """Schedules whose approval ran out, or runs out before `soon`; those that wait for one."""
    return tx.rows(
        "SELECT id, name, state, reason, submitted_by, approved_by, ends_at, digest FROM schedules "
        f"WHERE state = {SUBMITTED} OR (state = 'ended' AND reason IS NOT NULL) "
        f"OR (state = {APPROVED} AND ends_at <= :soon)",
        soon=at(soon),
    )
