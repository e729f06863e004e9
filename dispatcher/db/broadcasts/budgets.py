"""What wards may spend: set aside at release, replaced by what it really cost at the end.

A drill has a purse of its own: it spends nothing that is real.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatcher.db.broadcasts import texts
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.broadcasts.release_sums import STRETCH
from dispatcher.db.broadcasts.targets import BY_PHONE, TARGETS_PER_STEP
from dispatcher.db.compiling import Among
from dispatcher.db.database import Tx, at
from dispatcher.db.queue import allowances
from dispatcher.db.queue.allowances import Allowance
from dispatcher.db.rows import has_key
from dispatcher.db.words import DRAFT, MISSED, REFUSED, REJECTED, SENDING, STOPPED, one_of
from dispatcher.domain.model import HANOI, BroadcastState, Mode

OVER = (BroadcastState.DONE, BroadcastState.STOPPED, BroadcastState.EXPIRED, BroadcastState.MISSED)


@dataclass(frozen=True)
class Budget:
    """đồng that the wards with these ids may spend together."""

    name: str
    wards: frozenset[int]
    month: int | None = None
    contract: int | None = None
    contract_number: str = ""

    def limits(self, mode: Mode, now: datetime) -> list[Allowance]:
        """The month of `now`, and the contract as a whole."""
        name = f"budget {mode.value} {self.name}"
        found = []
        if self.month is not None:
            period = f"{now.astimezone(HANOI):%Y-%m}"
            found.append(Allowance(name, period, self.month, True))
        if self.contract is not None:
            period = f"contract {self.contract_number}".strip()
            found.append(Allowance(name, period, self.contract, True))
        return found


@dataclass(frozen=True)
class BudgetUse:
    """One limit of a budget now: set aside and spent so far, of the most."""

    budget: str
    period: str
    used: int
    most: int

    @property
    def left(self) -> int:
        return self.most - self.used


def budget_use(
    tx: Tx, budgets: Sequence[Budget], mode: Mode, now: datetime
) -> dict[tuple[str, str], BudgetUse]:
    """Every limit of these budgets by (budget, period)."""
    limits = [(b, limit) for b in budgets for limit in b.limits(mode, now)]
    used = allowances.used(tx, [limit for _, limit in limits])
    return {
        (b.name, limit.period): BudgetUse(
            b.name, limit.period, used.get((limit.name, limit.period), 0), limit.most
        )
        for b, limit in limits
    }


def planned(tx: Tx, broadcast: Broadcast, now: datetime) -> dict[int, int]:
    """The most a planned broadcast can cost, by ward."""
    start = max(now, broadcast.at or now)
    prices = texts.price_list(tx, start.astimezone(HANOI).date())
    ends = tx.one(
        "SELECT MIN(id) AS low, MAX(id) AS high FROM visible_messages WHERE broadcast_id = :b",
        b=broadcast.id,
        scope=tx.scope,
    )
    cost: Counter[int] = Counter()
    if ends is None or ends["low"] is None:
        return {}
    for low in range(ends["low"], ends["high"] + 1, STRETCH):
        for row in tx.rows(
            "SELECT m.ward_id, t.channel, a.carrier, b.parts, "
            "count(*) AS n FROM visible_messages m JOIN targets t ON t.message_id = m.id "
            "JOIN bodies b ON b.id = t.body_id JOIN addresses a ON a.id = t.address_id "
            "WHERE m.id >= :low AND m.id < :high AND m.broadcast_id = :b "
            f"AND t.position = t.step * {TARGETS_PER_STEP} + {BY_PHONE} "
            "GROUP BY m.ward_id, t.channel, a.carrier, b.parts",
            low=low,
            high=low + STRETCH,
            b=broadcast.id,
            scope=tx.scope,
        ):
            each = 1 if row["channel"] == "zalo" else row["parts"]
            price = texts.price(prices, row["channel"], row["carrier"], broadcast.kind)
            cost[row["ward_id"]] += row["n"] * each * price
    return dict(cost)


def actual(tx: Tx, broadcast_id: int) -> dict[int, int]:
    """What a broadcast has cost, by ward; what is in doubt counts as spent."""
    rows = tx.rows(
        "SELECT m.ward_id, SUM(a.cost) AS dong FROM attempts a "
        "JOIN visible_messages m ON m.id = a.message_id WHERE a.broadcast_id = :b "
        f"AND a.state <> {REFUSED} GROUP BY m.ward_id",
        b=broadcast_id,
        scope=tx.scope,
    )
    return {row["ward_id"]: int(row["dong"] or 0) for row in rows}


def _share(cost: Mapping[int, int], wards: Collection[int]) -> int:
    return sum(dong for ward, dong in cost.items() if ward in wards)


def reserve(
    tx: Tx,
    broadcast: Broadcast,
    budgets: Sequence[Budget],
    now: datetime,
    cost: Mapping[int, int] | None = None,
) -> BudgetUse | None:
    """Set aside what a release may cost; the limit that does not allow it, or None.

    What is not allowed is written down but not taken: whoever resumes the broadcast takes it.
    """
    if not budgets:
        return None
    allowances.one_at_a_time(tx)
    cost = planned(tx, broadcast, now) if cost is None else cost
    wanted = [
        (budget, limit, dong)
        for budget in budgets
        if (dong := _share(cost, budget.wards))
        for limit in budget.limits(broadcast.mode, now)
    ]
    used = allowances.used(tx, [limit for _, limit, _ in wanted])
    over = next(
        (
            BudgetUse(budget.name, limit.period, spent, limit.most)
            for budget, limit, dong in wanted
            if (spent := used.get((limit.name, limit.period), 0)) + dong > limit.most
        ),
        None,
    )
    for budget, limit, dong in wanted:
        tx.run(
            "INSERT INTO reservations (broadcast_id, budget, period, wards, dong, taken) "
            "VALUES (:b, :n, :p, :w, :d, :t) ON CONFLICT DO NOTHING",
            {
                "b": broadcast.id,
                "n": limit.name,
                "p": limit.period,
                "w": json.dumps(sorted(budget.wards)),
                "d": dong,
                "t": over is None,
            },
        )
    if over is None:
        allowances.take(tx, {(limit.name, limit.period): dong for _, limit, dong in wanted})
    return over


def take_anyway(tx: Tx, broadcast_id: int) -> int:
    """Somebody in charge lets a broadcast go on over its budget; the đồng that were granted."""
    allowances.one_at_a_time(tx)
    rows = tx.rows(
        "SELECT * FROM reservations WHERE broadcast_id = :b AND NOT taken", b=broadcast_id
    )
    allowances.take(tx, {(r["budget"], r["period"]): r["dong"] for r in rows})
    tx.run("UPDATE reservations SET taken = true WHERE broadcast_id = :b", {"b": broadcast_id})
    return max((r["dong"] for r in rows), default=0)


def give_back_unspent(tx: Tx) -> list[int]:
    """Chore: what is over gives back what it did not spend; the ids of those broadcasts."""
    rows = tx.rows(
        "SELECT r.* "
        "FROM reservations r JOIN visible_broadcasts b ON b.id = r.broadcast_id "
        f"WHERE b.state IN ({one_of(OVER)}) AND (r.settled_at IS NULL OR r.settled_at < b.done_at) "
        "AND NOT EXISTS (SELECT 1 FROM visible_messages m WHERE m.broadcast_id = b.id "
        f"AND m.state = {SENDING})",
        scope=tx.scope,
    )
    if not rows:
        return []
    allowances.one_at_a_time(tx)
    for row in rows:
        spent = _share(actual(tx, row["broadcast_id"]), json.loads(row["wards"]))
        held = row["dong"] if row["taken"] else 0
        allowances.take(tx, {(row["budget"], row["period"]): spent - held})
        tx.run(
            "UPDATE reservations SET dong = :d, taken = true, settled_at = :now "
            "WHERE broadcast_id = :b AND budget = :n AND period = :p",
            {
                "d": spent,
                "now": at(tx.now),
                "b": row["broadcast_id"],
                "n": row["budget"],
                "p": row["period"],
            },
        )
    ids = sorted({row["broadcast_id"] for row in rows})
    for number in ids:
        tx.note("settled", "broadcast", number)
    return ids


def released_that_day(tx: Tx, broadcast: Broadcast, starts: datetime) -> dict[int, int]:
    """Other broadcasts to each ward of this one on the day it starts; tests, corrections and
    urgent ones do not count."""
    local = starts.astimezone(HANOI).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = tx.rows(
        "SELECT w.ward_id, count(*) AS n "
        "FROM visible_broadcasts b JOIN broadcast_wards w ON w.broadcast_id = b.id "
        "WHERE w.ward_id IN (:wards) AND b.id <> :b AND b.mode = :mode AND b.priority <> 0 "
        f"AND b.correction_of IS NULL AND NOT ({has_key(tx, 'b.audience', 'contacts')}) "
        "AND b.at >= :low AND b.at < :high "
        f"AND b.state NOT IN ({DRAFT}, {MISSED}, {STOPPED}, {REJECTED}) GROUP BY w.ward_id",
        b=broadcast.id,
        wards=Among([int(w) for w in broadcast.senders]),
        mode=broadcast.mode.value,
        low=at(local),
        high=at(local) + 86_400_000_000,
        scope=tx.scope,
    )
    return {row["ward_id"]: row["n"] for row in rows}
