"""What a release adds up to: people, parts and đồng."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dispatcher.db.broadcasts import release_sums, releases, texts
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.database import Tx
from dispatcher.domain.model import HANOI


@dataclass(frozen=True)
class Sums:
    """Money in whole đồng, parts are billed SMS units. `dearest`: per channel, messages of most
    parts and what one part of each of them costs together."""

    people: int
    queued: int
    skipped: Mapping[str, int]
    parts: Mapping[str, int]  # by channel
    most_parts: Mapping[str, int]
    cost: Mapping[str, int]  # by channel
    dearest: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    by_network: Mapping[tuple[str, str], int] = field(default_factory=dict)  # channel, network

    @property
    def total(self) -> int:
        """The most it can cost: every step for everybody."""
        return sum(self.cost.values())


def summed(tx: Tx, broadcast: Broadcast) -> Sums:
    """What is planned so far, by the prices of the day it starts."""
    releases.take_stock(tx)
    start = max(tx.now, broadcast.at or tx.now)
    prices = texts.price_list(tx, start.astimezone(HANOI).date())
    return sums_of(broadcast, release_sums.sums(tx, broadcast.id), prices)


def sums_of(broadcast: Broadcast, summary: Mapping[str, Any], prices: texts.Prices) -> Sums:
    """Money from people and parts; `summary` as `release_sums.sums` has it."""
    queued, skipped = summary["queued"], summary["skipped"]
    parts: dict[str, int] = {}
    most: dict[str, int] = {}
    cost: dict[str, int] = {}
    dearest: dict[str, tuple[int, int]] = {}
    by_network: dict[tuple[str, str], int] = {}
    for row in summary["parts"]:
        channel, messages = row["channel"], int(row["messages"])
        each = 1 if channel == "zalo" else int(row["parts"])
        price = texts.price(prices, channel, row["carrier"], broadcast.kind)
        parts[channel] = parts.get(channel, 0) + messages * each
        cost[channel] = cost.get(channel, 0) + messages * each * price
        network = channel, row["carrier"] or ""
        by_network[network] = by_network.get(network, 0) + messages
        if each > most.get(channel, 0):
            most[channel], dearest[channel] = each, (0, 0)
        if each == most[channel]:
            many, dong = dearest[channel]
            dearest[channel] = many + messages, dong + messages * price
    people = queued + sum(skipped.values())
    return Sums(people, queued, skipped, parts, most, cost, dearest, by_network)
