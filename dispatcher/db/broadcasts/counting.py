"""Counting an audience without writing it: what a release would do where nothing is special.

The numbers are chosen by the very statement of a release; only the rows are not made.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from dispatcher.db.broadcasts import releases, targets, texts
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.broadcasts.samples import SampleChoice
from dispatcher.db.compiling import Among
from dispatcher.db.contacts.audience_filter import AudienceFilter
from dispatcher.db.contacts.suppression_rules import SuppressionRules
from dispatcher.db.database import Tx


class Kin(NamedTuple):
    """People who get the same text over the same network."""

    ward: int
    group: int | None
    carrier: str | None


@dataclass
class Counted:
    """Adds up chunk by chunk."""

    kin: Counter[Kin] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    alone: int = 0  # people without a household
    homes: int = 0
    seen: dict[int, list[Mapping[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    @property
    def queued(self) -> int:
        return sum(self.kin.values())

    @property
    def households(self) -> int:
        return self.homes + self.alone


def ready(tx: Tx) -> None:
    """Empty tables for who has claimed which phone, and which households were met."""
    rowid = " WITHOUT ROWID" if tx.is_sqlite else ""
    tx.run(
        "CREATE TEMPORARY TABLE IF NOT EXISTS plan_taken "
        f"(address_id BIGINT PRIMARY KEY, contact_id BIGINT){rowid}"
    )
    tx.run(
        f"CREATE TEMPORARY TABLE IF NOT EXISTS plan_homes (household_id BIGINT PRIMARY KEY){rowid}"
    )
    tx.run("DELETE FROM plan_taken")
    tx.run("DELETE FROM plan_homes")


def add(
    tx: Tx,
    found: Counted,
    reach: AudienceFilter,
    may: SuppressionRules,
    *,
    by_household: bool,
    scope: str,
    low: int,
    high: int,
) -> None:
    """Count contacts with id in (low, high]; the first to claim a shared phone keeps it."""
    releases.choose_numbers(tx, reach, may, by_household, low, high)
    group = "p.residential_group_id" if scope == "group" else "NULL"
    wanted = 0
    for reason, ward, group_id, carrier, n, alone in tx.taken(
        f"SELECT p.reason, p.ward_id, {group}, p.carrier, count(*), "
        "SUM(CASE WHEN p.household_id IS NULL THEN 1 ELSE 0 END) FROM plan_rows p "
        f"GROUP BY p.reason, p.ward_id, {group if scope == 'group' else 'p.ward_id'}, p.carrier"
    ):
        found.alone += int(alone)
        if reason is not None:
            found.skipped[reason] += n
            continue
        found.kin[Kin(ward, group_id, carrier)] += n
        wanted += n
    claimed = tx.run(
        "INSERT INTO plan_taken (address_id, contact_id) SELECT p.address_id, p.contact_id "
        "FROM plan_rows p WHERE p.reason IS NULL ORDER BY p.n ON CONFLICT DO NOTHING"
    ).rowcount
    found.homes += tx.run(
        "INSERT INTO plan_homes (household_id) SELECT DISTINCT p.household_id FROM plan_rows p "
        "WHERE p.household_id IS NOT NULL ON CONFLICT DO NOTHING"
    ).rowcount
    if claimed == wanted:
        return
    for ward, group_id, carrier, n in tx.taken(
        f"SELECT p.ward_id, {group}, p.carrier, count(*) FROM plan_rows p JOIN plan_taken t "
        "ON t.address_id = p.address_id WHERE p.reason IS NULL AND t.contact_id <> p.contact_id "
        f"GROUP BY p.ward_id, {group if scope == 'group' else 'p.ward_id'}, p.carrier"
    ):
        found.kin[Kin(ward, group_id, carrier)] -= n
        found.skipped["shared_phone"] += n


def parts_of(
    tx: Tx, broadcast: Broadcast, found: Counted, scopes: Sequence[str | None]
) -> list[dict[str, Any]]:
    """By step, carrier and parts of each text: messages, as `release_sums.sums` has them."""
    bodies = {
        (row["step"], row["scope_id"]): row["parts"]
        for row in tx.rows(
            "SELECT pb.step, pb.scope_id, b.parts FROM plan_bodies pb "
            "JOIN bodies b ON b.id = pb.body_id WHERE pb.broadcast_id = :b",
            b=broadcast.id,
        )
    }
    sums: Counter[tuple[int, str | None, int]] = Counter()
    for step, scope in enumerate(scopes):
        if scope is None:
            continue
        for kin, n in found.kin.items():
            if n:
                sums[step, kin.carrier, bodies[step, _scope_id(kin, scope)]] += n
    rows = [
        {
            "step": step,
            "channel": broadcast.route[step].channel.value,
            "carrier": carrier,
            "parts": parts,
            "messages": n,
        }
        for (step, carrier, parts), n in sums.items()
    ]
    return sorted(rows, key=lambda r: (r["step"], r["carrier"] or "", r["parts"]))


def cost_by_ward(
    tx: Tx,
    broadcast: Broadcast,
    found: Counted,
    scopes: Sequence[str | None],
    prices: texts.Prices,
) -> dict[int, int]:
    """The most it can cost, by ward."""
    cost: Counter[int] = Counter()
    for ward in {kin.ward for kin in found.kin}:
        mine = Counted(Counter({k: n for k, n in found.kin.items() if k.ward == ward}))
        for row in parts_of(tx, broadcast, mine, scopes):
            each = 1 if row["channel"] == "zalo" else row["parts"]
            price = texts.price(prices, row["channel"], row["carrier"], broadcast.kind)
            cost[ward] += row["messages"] * each * price
    return dict(cost)


def _scope_id(kin: Kin, scope: str) -> int:
    if scope == "site":
        return 0
    if scope == "ward":
        return kin.ward
    return kin.group if kin.group is not None else -kin.ward


def lacks_a_text(tx: Tx, broadcast_id: int, scopes: Mapping[int, Sequence[int]]) -> bool:
    """True when some ward or group has no text on a step. `scopes`: by step, who needs one."""
    for step, ids in scopes.items():
        have = {
            row["scope_id"]
            for row in tx.rows(
                "SELECT scope_id FROM plan_bodies WHERE broadcast_id = :b AND step = :s",
                b=broadcast_id,
                s=step,
            )
        }
        if not set(ids) <= have:
            return True
    return False


def keep_samples(
    tx: Tx, broadcast: Broadcast, found: Counted, step: int, scope: str, want: SampleChoice
) -> None:
    """Keep the first messages of each price of the chunk just counted, until there are enough."""
    enough = want.skip + want.most
    known = {parts: rows for parts, rows in found.seen.items() if len(rows) >= enough}
    rows = tx.rows(
        "SELECT p.contact_id, a.tail, p.carrier, b.text, b.sealed, b.params, b.template_id, "
        "b.encoding, b.parts FROM plan_rows p JOIN plan_taken t ON t.address_id = p.address_id "
        "AND t.contact_id = p.contact_id JOIN plan_bodies pb ON pb.broadcast_id = :b "
        f"AND pb.step = :s AND pb.scope_id = {targets.scope_id(scope, 'p')} "
        "JOIN bodies b ON b.id = pb.body_id JOIN addresses a ON a.id = p.address_id "
        "WHERE p.reason IS NULL AND NOT b.parts IN (:full) ORDER BY b.parts DESC, p.n LIMIT :n",
        b=broadcast.id,
        s=step,
        full=Among(list(known)),
        n=enough,
    )
    for row in rows:
        if len(found.seen[row["parts"]]) < enough:
            found.seen[row["parts"]].append({**row, "channel": broadcast.route[step].channel.value})


def samples(found: Counted, want: SampleChoice) -> list[Mapping[str, Any]]:
    """The dearest messages, as `store.samples` gives them."""
    rows = [row for parts in sorted(found.seen, reverse=True) for row in found.seen[parts]]
    return rows[want.skip : want.skip + want.most]


def is_special(tx: Tx, broadcast: Broadcast, reach: AudienceFilter, may: SuppressionRules) -> bool:
    """True when something makes people of this audience unlike one another, beyond where they
    live and which network they use."""
    if reach.of is not None or reach.contacts or may.lately:
        return True
    return any(targets.any_user_ids(tx, g) for s in broadcast.route for g in s.gateways)
