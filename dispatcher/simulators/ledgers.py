"""Our log against a twin's ledger: what `chaos` and `demo` conclude.

The verdict never asks us whether we did well: it compares our log with what the twin accepted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any

from dispatcher.broadcasts.application import App
from dispatcher.db.database import Tx
from dispatcher.db.ops.restored import RESTORED
from dispatcher.db.words import ACCEPTED, DELIVERED, QUEUED, READ, SENDING, UNCONFIRMED
from dispatcher.domain.model import SYSTEM
from dispatcher.simulators.vendors.server import Child

IN_FLIGHT = 16
CLAIMED = ("accepted", "delivered", "read")
OPEN = ("queued", "sending")


@dataclass(frozen=True)
class RefusedNumber:
    """A number that must not be accepted any more, kept outside the database.

    `taken`: how many acceptances the twin had before. `removed`: its owner was taken off the lists,
    and others who share it stay; else the number itself was refused. `whole`: the owner wants
    nothing at any number.
    """

    contact: int
    number: str
    taken: int
    removed: bool
    whole: bool


@dataclass(frozen=True)
class Verdict:
    """The words of DESIGN section 9."""

    people: int
    kills: int
    twice: int
    lost: int
    false_accepted: int
    unconfirmed: int
    in_flight: int
    misbehaved: int
    after_no: int
    opted_out: int
    restores: int
    odd_bytes: int

    @property
    def kept(self) -> bool:
        """The promise: nobody twice, nobody lost, nothing claimed falsely, nobody after a no."""
        return not (self.twice or self.lost or self.false_accepted or self.after_no)


def verdict(
    app: App,
    broadcast_id: int,
    twin: Child,
    kills: int,
    refusals: Sequence[RefusedNumber] = (),
    restores: int = 0,
) -> Verdict:
    """Our log against the twin's ledger. *twice*: more than once on one channel."""
    ledger = twin.ask("/ledger?people=1")
    taken = [(channel, to.removeprefix("+")) for channel, to, _ in ledger["acceptances"]]
    accepted = {to for _, to in taken}
    lost = false = unconfirmed = people = 0
    with app.store.read(SYSTEM) as tx:
        rows = tx.rows(
            "SELECT m.state, m.reason, a.kind, a.cipher FROM messages m LEFT JOIN targets t "
            "ON t.message_id = m.id AND t.position = m.position "
            "LEFT JOIN addresses a ON a.id = t.address_id WHERE m.broadcast_id = :b",
            b=broadcast_id,
        )
        for row in rows:
            people += 1
            unconfirmed += row["state"] == "unconfirmed" and row["reason"] != RESTORED
            if row["cipher"] is None:
                continue
            took = _number(tx, row) in accepted
            false += row["state"] in CLAIMED and not took
            lost += row["state"] in OPEN and not took
        lost += len(left_out(tx, broadcast_id, accepted, refusals))
        after_no = len(accepted_after_no(tx, [to for _, to in taken], refusals))
    return Verdict(
        people,
        kills,
        sum(1 for n in Counter(taken).values() if n > 1),
        lost,
        false,
        unconfirmed,
        IN_FLIGHT,
        ledger["misbehaved"],
        after_no,
        len({r.contact for r in refusals}),
        restores,
        ledger["odd_bytes"],
    )


def _number(tx: Tx, row: Any) -> str:
    return tx.sealer.open_address(row["kind"], row["cipher"]).removeprefix("+")


def accepted_after_no(tx: Tx, taken: Sequence[str], refusals: Sequence[RefusedNumber]) -> set[str]:
    """Numbers the twin accepted after the no to them was stored. A removed person's number that
    somebody else on the lists has may still be written to, for that other person."""
    late = {
        r.number: r.removed
        for r in sorted(refusals, key=lambda r: not r.removed)
        if r.number in taken[r.taken :]
    }
    if not any(late.values()):
        return set(late)
    rows = tx.rows(
        "SELECT a.kind, a.cipher FROM contact_addresses ca JOIN contacts c ON c.id = ca.contact_id "
        "AND c.removed_at IS NULL JOIN addresses a ON a.id = ca.address_id "
        "WHERE a.cipher IS NOT NULL"
    )
    listed = {_number(tx, row) for row in rows}
    return {number for number, removed in late.items() if not removed or number not in listed}


def left_out(
    tx: Tx, broadcast_id: int, accepted: Set[str], refusals: Sequence[RefusedNumber]
) -> list[int]:
    """Messages that ended although one of their numbers was neither accepted nor refused.

    A number in doubt is named, and so is one that was tried and turned down for a failed message.
    """
    refused = {r.number for r in refusals if not r.removed}
    gone = {r.contact for r in refusals if r.removed or r.whole}
    whole = {r.number for r in refusals if r.whole and not r.removed}
    phones: dict[int, dict[int, str]] = defaultdict(dict)
    for table in ("targets", "shared_targets"):
        for row in tx.rows(
            f"SELECT t.message_id, t.address_id, a.kind, a.cipher FROM {table} t "
            "JOIN addresses a ON a.id = t.address_id JOIN messages m ON m.id = t.message_id "
            "WHERE t.broadcast_id = :b AND a.cipher IS NOT NULL AND m.state NOT IN "
            f"({QUEUED}, {SENDING}, {UNCONFIRMED}, {ACCEPTED}, {DELIVERED}, {READ})",
            b=broadcast_id,
        ):
            phones[row["message_id"]][row["address_id"]] = _number(tx, row)
    tried: dict[int, set[str]] = defaultdict(set)
    for row in tx.rows(
        "SELECT DISTINCT t.address_id, a.state FROM attempts a JOIN targets t "
        "ON t.message_id = a.message_id AND t.position = a.position WHERE t.broadcast_id = :b",
        b=broadcast_id,
    ):
        tried[row["address_id"]].add(row["state"])
    found = []
    for row in tx.rows(
        "SELECT id, state, contact_id FROM messages WHERE broadcast_id = :b", b=broadcast_id
    ):
        mine = phones.get(row["id"], {})
        numbers = set(mine.values())
        if row["contact_id"] in gone or numbers & accepted or numbers & whole:
            continue
        states = [tried[a] for a, number in mine.items() if number not in refused]
        named = any(s - {"refused"} for s in states)
        if states and not named and not (row["state"] == "failed" and all(states)):
            found.append(row["id"])
    return found
