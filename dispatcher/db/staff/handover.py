"""What a person still has in hand, and how it goes to somebody else."""

from __future__ import annotations

import json
from dataclasses import dataclass

from dispatcher.db.broadcasts import schedules
from dispatcher.db.compiling import Among
from dispatcher.db.database import Tx, at
from dispatcher.db.ops import settings
from dispatcher.db.words import (
    APPROVED,
    DRAFT,
    HELD,
    PAUSED,
    RETURNED,
    RUNNING,
    SCHEDULED,
    SUBMITTED,
)
from dispatcher.domain.model import Actor

OPEN = f"({DRAFT}, {RETURNED}, {SUBMITTED})"
WAITING = f"({APPROVED}, {SCHEDULED}, {RUNNING}, {PAUSED}, {HELD})"


@dataclass(frozen=True)
class InHand:
    """Ids and names of open work."""

    broadcasts: tuple[int, ...] = ()  # drafts, returned or submitted ones
    waiting: tuple[int, ...] = ()  # theirs too, approved or on their way
    schedules: tuple[str, ...] = ()  # submitted by them
    approved_schedules: tuple[str, ...] = ()  # that run under their approval
    lists: tuple[int, ...] = ()  # wards whose list they answer for
    duties: int = 0

    def __bool__(self) -> bool:
        return any(self.__dict__.values())


def in_hand(tx: Tx, person: Actor) -> InHand:
    """What waits for this person now."""

    duties = tx.value(
        "SELECT count(*) FROM duties WHERE person_id = :p AND removed_at IS NULL "
        "AND ends_at > :now",
        p=person.person_id,
        now=at(tx.now),
    )
    return InHand(
        _broadcasts(tx, person, OPEN),
        _broadcasts(tx, person, WAITING),
        _schedules(tx, person, "submitted_by", f"({SUBMITTED}, {APPROVED}, {PAUSED})"),
        _schedules(tx, person, "approved_by", f"({APPROVED}, {PAUSED})"),
        tuple(_lists(tx, person.name)),
        int(duties),
    )


def _broadcasts(tx: Tx, person: Actor, states: str) -> tuple[int, ...]:
    rows = tx.rows(
        "SELECT id FROM visible_broadcasts "
        f"WHERE created_by = :p AND state IN {states} ORDER BY id",
        p=person.person_id,
        scope=tx.scope,
    )
    return tuple(row["id"] for row in rows)


def _schedules(tx: Tx, person: Actor, column: str, states: str) -> tuple[str, ...]:
    rows = tx.rows(
        f"SELECT name FROM schedules WHERE {column} = :p AND state IN {states} ORDER BY name",
        p=person.person_id,
    )
    return tuple(row["name"] for row in rows)


def _lists(tx: Tx, name: str) -> dict[int, dict[str, str]]:
    """Wards whose remembered basis names this person as the responsible officer."""
    said = {int(w): json.loads(text) for w, text in settings.starting(tx, "basis:").items()}
    return {ward: basis for ward, basis in said.items() if basis.get("officer") == name}


def out_of_reach(tx: Tx, old: Actor, new: Actor) -> list[str]:
    """Wards of somebody's open work that another is not in charge of."""
    if new.wards is None:
        return []
    rows = tx.rows(
        "SELECT DISTINCT a.name FROM visible_broadcasts b "
        "JOIN broadcast_wards w ON w.broadcast_id = b.id JOIN areas a ON a.id = w.ward_id "
        f"WHERE b.created_by = :p AND b.state IN {OPEN} AND NOT w.ward_id IN (:theirs) "
        "ORDER BY a.name",
        theirs=Among(sorted(new.wards)),
        p=old.person_id,
        scope=tx.scope,
    )
    return [row["name"] for row in rows]


def hand_over(tx: Tx, old: Actor, new: Actor) -> InHand:
    """Give everything open to somebody else; what that was.

    Schedules that run under the old person's approval end: the next leader approves them anew.
    """
    found = in_hand(tx, old)
    both = {"old": old.person_id, "new": new.person_id}
    tx.run(
        "UPDATE broadcasts SET created_by = :new "
        f"WHERE created_by = :old AND state IN {OPEN} "
        "AND id IN (SELECT id FROM visible_broadcasts)",
        both,
        scope=tx.scope,
    )
    for number in found.broadcasts:
        tx.run(
            "INSERT INTO broadcast_hands (broadcast_id, person_id, act, at) "
            "VALUES (:b, :p, 'wrote', :now) ON CONFLICT DO NOTHING",
            {"b": number, "p": new.person_id, "now": at(tx.now)},
        )
    tx.run("UPDATE schedules SET submitted_by = :new WHERE submitted_by = :old", both)
    assert old.person_id is not None
    schedules.end_of(tx, old.person_id)
    for ward, basis in _lists(tx, old.name).items():
        told = json.dumps({**basis, "officer": new.name}, ensure_ascii=False)
        settings.put(tx, f"basis:{ward}", told)
    tx.note(
        "handed_over",
        "person",
        old.person_id,
        to=new.person_id,
        broadcasts=list(found.broadcasts),
        schedules=list(found.schedules),
        ended=list(found.approved_schedules),
    )
    return found
