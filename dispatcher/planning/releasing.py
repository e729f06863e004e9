"""A plan becomes rows that wait, in resumable chunks; a preview is the same, thrown away."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from dispatcher import lifecycle
from dispatcher.model import (
    URGENT,
    Audience,
    BroadcastState,
    Channel,
    HeldReason,
    Mode,
    Text,
)
from dispatcher.planning.drafting import Words, digest
from dispatcher.planning.forecast import Forecast, Speed, forecast
from dispatcher.store import areas, broadcasts, contacts, gateways, reachability, releases, texts
from dispatcher.store.broadcasts import Broadcast
from dispatcher.store.database import Tx
from dispatcher.store.releases import Reach
from dispatcher.store.schema import micros

CHUNK = 20_000
STRETCH = 100_000  # addresses looked at at once for what is known of them
Resolve = Callable[[Tx, Audience], Reach]


def steps_of_release(
    broadcast: Broadcast,
    words: Words,
    resolve: Resolve,
    start: datetime,
    remembered: Counter[str] | None = None,
) -> Iterator[Callable[[Tx], None]]:
    """A release as a series of small transactions, each safe to run again.

    `remembered` is told, per channel, how many addresses were left out for what is known of them.
    """
    state: dict[str, Any] = {}

    def prepare(tx: Tx) -> None:
        releases.take_stock(tx)
        state["reach"] = resolve(tx, broadcast.audience)
        state["last"] = releases.last_contact(tx)
        state["shares"] = _shares(tx, broadcast)
        state["unreachable"] = releases.last_address(tx) if _anything_known(tx, broadcast) else 0
        _render_shared(tx, broadcast, words, state["reach"])

    yield prepare
    reach: Reach = state["reach"]
    usable = [i for i, scope in enumerate(words.scopes) if scope]
    due = micros(start)
    position = usable[0] * releases.TARGETS_PER_STEP + releases.BY_PHONE
    shares: list[releases.Shares] = state["shares"]
    start_at = (position, shares[usable[0]])
    channels = sorted({s.channel.value for s in broadcast.route})

    for low in range(broadcast.planned_upto or 0, state["last"], CHUNK):
        high = min(low + CHUNK, state["last"])

        def chunk(tx: Tx, low: int = low, high: int = high) -> None:
            low = max(low, releases.planned_upto(tx, broadcast.id))
            if low >= high:  # another worker has planned it
                return
            _render_people(tx, broadcast, words, reach, low, high)
            base = releases.add_messages(tx, broadcast, reach, start_at, due, low, high)
            given = [
                releases.add_first_targets(
                    tx, broadcast.id, i, broadcast.route[i], shares[i], words.scopes[i] or "", base
                )
                for i in usable
            ]
            if given[0] != releases.wanted(tx):
                releases.settle_targets(tx, broadcast.id, channels, position, base)
            for i in usable:
                step = broadcast.route[i]
                if step.channel is Channel.ZALO and any(
                    releases.any_user_ids(tx, g) for g in step.gateways
                ):
                    releases.add_user_ids(tx, broadcast.id, i, step, base)
                    releases.start_by_id(
                        tx, i * releases.TARGETS_PER_STEP + releases.BY_PHONE, base
                    )
            releases.planned(tx, broadcast.id, high)

        yield chunk
    for low in range(0, state["last"], CHUNK):

        def more(tx: Tx, low: int = low, high: int = min(low + CHUNK, state["last"])) -> None:
            if not releases.any_further(tx, low, high):
                return
            releases.take_stock(tx)  # of messages and targets
            for i in usable:
                releases.add_more_targets(
                    tx, broadcast.id, i, broadcast.route[i], shares[i], words.scopes[i] or "",
                    low, high,
                )  # fmt: skip

        yield more
    for low in range(0, state["unreachable"], STRETCH):

        def without(tx: Tx, low: int = low) -> None:
            left_out = releases.leave_out_unreachable(tx, broadcast.id, low, low + STRETCH)
            if remembered is not None:
                remembered.update(left_out)

        yield without


def _shares(tx: Tx, broadcast: Broadcast) -> list[releases.Shares]:
    """Per step, how its gateways share it now."""
    states = gateways.states(tx)
    health = {name: row["share"] for name, row in states.items()}
    shut = {name for name, row in states.items() if row["paused_at"] is not None}
    found: list[releases.Shares] = []
    for step in broadcast.route:
        weights = step.weights or ((step.gateway, 1),)
        now = lifecycle.shares(weights, health, shut)
        found.append(now if any(now.values()) else lifecycle.shares(weights, {}))
    return found


def _anything_known(tx: Tx, broadcast: Broadcast) -> bool:
    return any(reachability.any_remembered(tx, s.channel.value) for s in broadcast.route)


def _render_shared(tx: Tx, broadcast: Broadcast, words: Words, reach: Reach) -> None:
    """Texts that depend on ward or residential group only: one rendering each, not one a person."""
    names = areas.names(tx)
    parents = {a.id: a.parent_id for a in areas.listed(tx)}
    for index, scope in enumerate(words.scopes):
        if scope in (None, "contact"):
            continue
        column = "residential_group_id" if scope == "group" else "ward_id"
        ids = [0] if scope == "site" else releases.scope_ids(tx, reach, column)
        rendered: dict[int, Text] = {}
        for scope_id in ids:
            ward = scope_id if scope == "ward" else parents.get(scope_id)
            group = scope_id if scope == "group" else None
            text = words.render(index, _values(broadcast, names, ward, group))
            if text is not None:
                rendered[scope_id] = text
        if rendered:
            bodies = texts.store_bodies(tx, rendered, personal=False)
            releases.put_bodies(tx, broadcast.id, index, bodies)


def _render_people(
    tx: Tx, broadcast: Broadcast, words: Words, reach: Reach, low: int, high: int
) -> None:
    """Texts that name a person: sealed, one per person."""
    steps = [i for i, scope in enumerate(words.scopes) if scope == "contact"]
    if not steps:
        return
    names = areas.names(tx)
    rows = releases.people(tx, reach, low, high)
    for index in steps:
        rendered = {}
        for row in rows:
            values = _values(broadcast, names, row["ward_id"], row["residential_group_id"])
            title = row["title"] or "ông/bà"
            values["contact"] = {"name": tx.sealer.open(row["name_sealed"]), "title": title}
            values["row"] = Kept(contacts.opened_row(tx, row["row_sealed"]) or {})
            text = words.render(index, values)
            if text is not None:
                rendered[row["id"]] = text
        if rendered:
            bodies = texts.store_bodies(tx, rendered, personal=True)
            releases.put_bodies(tx, broadcast.id, index, bodies)


class Kept(dict[str, str]):
    """The columns kept for a person; one that their list did not have is empty."""

    def __missing__(self, column: str) -> str:
        return ""


def _values(
    broadcast: Broadcast, names: Mapping[int, str], ward: int | None, group: int | None
) -> dict[str, Any]:
    values: dict[str, Any] = {**broadcast.fields, "document": {"number": broadcast.document}}
    if ward:
        sender = broadcast.senders.get(ward)
        values["ward"] = {"name": names[ward]}
        values["sender"] = {"name": sender.name if sender else f"UBND phường {names[ward]}"}
    if group:
        values["residential_group"] = {"name": names[group]}
    return values


@dataclass(frozen=True)
class Preview:
    """What a release would do. Money in whole đồng, parts are billed SMS units."""

    people: int
    queued: int
    skipped: Mapping[str, int]
    parts: Mapping[str, int]  # by channel
    most_parts: Mapping[str, int]
    cost: Mapping[str, int]  # by channel
    households: int = 0
    samples: tuple[Mapping[str, Any], ...] = ()
    longest: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # template → value → NFC
    remembered: Mapping[str, int] = field(default_factory=dict)  # channel → lately not reached
    forecast: Forecast | None = None

    @property
    def total(self) -> int:
        """The most it can cost: every step for everybody."""
        return sum(self.cost.values())

    def as_json(self) -> dict[str, Any]:
        return {
            "people": self.people,
            "queued": self.queued,
            "skipped": dict(self.skipped),
            "households": self.households,
            "parts": dict(self.parts),
            "parts_per_person": dict(self.most_parts),
            "cost": {
                **self.cost,
                "total": self.total,
                "per_phone": round(self.total / self.queued) if self.queued else 0,
                "per_household": round(self.total / self.households) if self.households else 0,
            },
            "samples": [dict(s) for s in self.samples],
            "remembered": dict(self.remembered),
            "forecast": self.forecast.as_json() if self.forecast else None,
        }


class _RollBack(Exception):
    pass


def preview(
    begin: Callable[[], AbstractContextManager[Tx]],
    broadcast: Broadcast,
    words: Words,
    resolve: Resolve,
    speeds: Mapping[str, Speed],
) -> Preview:
    """Release inside a transaction that is thrown away."""
    found: list[Preview] = []
    longest: dict[str, dict[str, int]] = {}
    render = words.render

    def measured(step: int, values: Mapping[str, Any]) -> Text | None:
        text = render(step, values)
        for name, value in (text.params if text else {}).items():
            lengths = longest.setdefault((text and text.template_id) or "", {})
            length = len(unicodedata.normalize("NFC", value))
            lengths[name] = max(lengths.get(name, 0), length)
        return text

    words = replace(words, render=measured)
    remembered: Counter[str] = Counter()
    try:
        with begin() as tx:
            for step in steps_of_release(broadcast, words, resolve, tx.now, remembered):
                step(tx)
            sums = _summed(tx, broadcast)
            start = max(tx.now, broadcast.at or tx.now)
            expires = start + broadcast.expires_after
            found.append(
                replace(
                    sums,
                    forecast=forecast(tx, broadcast, speeds, start, expires, sums.total),
                    households=releases.households(tx, broadcast.id),
                    samples=_samples(tx, broadcast),
                    longest=longest,
                    remembered=remembered,
                )
            )
            raise _RollBack
    except _RollBack:
        pass
    return found[0]


def _summed(tx: Tx, broadcast: Broadcast) -> Preview:
    releases.take_stock(tx)
    summary = releases.sums(tx, broadcast.id)
    prices = texts.price_list(tx)
    queued, skipped = summary["queued"], summary["skipped"]
    parts: dict[str, int] = {}
    most: dict[str, int] = {}
    cost: dict[str, int] = {}
    for row in summary["parts"]:
        channel = row["channel"]
        units = row["messages"] if channel == "zalo" else row["parts"]
        each = texts.price(prices, channel, row["carrier"], broadcast.kind)
        parts[channel] = parts.get(channel, 0) + int(units)
        cost[channel] = cost.get(channel, 0) + int(units) * each
        per_person = 1 if channel == "zalo" else int(row["most_parts"])
        most[channel] = max(most.get(channel, 0), per_person)
    return Preview(queued + sum(skipped.values()), queued, skipped, parts, most, cost)


def _samples(tx: Tx, broadcast: Broadcast) -> tuple[Mapping[str, Any], ...]:
    return tuple(
        {
            "channel": row["channel"],
            "to": row["tail"],
            "carrier": row["carrier"],
            "body": texts.opened(tx, row).body,
            "encoding": row["encoding"],
            "parts": 1 if row["channel"] == "zalo" else row["parts"],
        }
        for row in releases.samples(tx, broadcast.id)
    )


def release(
    begin: Callable[[], AbstractContextManager[Tx]],
    broadcast: Broadcast,
    words: Words,
    resolve: Resolve,
    undo: timedelta,
    mode: Mode,
    speeds: Mapping[str, Speed],
) -> BroadcastState:
    """Turn an approved broadcast into messages that wait. Resumable; the state it ended in."""
    with begin() as tx:
        now = tx.now
        if broadcast.approved_digest != digest(tx, broadcast):
            broadcasts.move(tx, broadcast, BroadcastState.HELD, reason=HeldReason.CHANGED.value)
            return BroadcastState.HELD
        if broadcast.mode is not mode:
            broadcasts.move(tx, broadcast, BroadcastState.HELD, reason=HeldReason.OTHER_MODE.value)
            return BroadcastState.HELD
        due = broadcast.at or now
        expires = due + broadcast.expires_after
        if expires <= now:
            broadcasts.move(tx, broadcast, BroadcastState.MISSED, reason="too_late")
            return BroadcastState.MISSED
    start = now if broadcast.priority == URGENT else now + undo
    for step in steps_of_release(broadcast, words, resolve, start):
        with begin() as tx:
            state = broadcasts.locked_state(tx, broadcast.id)
            if state is not BroadcastState.SCHEDULED:  # stopped, or another worker was faster
                return state
            tx.act = "rendered"
            step(tx)
    with begin() as tx:  # apart, so that the first message need not wait for it
        releases.take_stock(tx)
        ahead = forecast(tx, broadcast, speeds, start, expires, 0)
    with begin() as tx:
        state = broadcasts.locked_state(tx, broadcast.id)
        if state is not BroadcastState.SCHEDULED:
            return state
        broadcast = broadcasts.get(tx, broadcast.id)
        found = _summed(tx, broadcast)
        releases.clean_up(tx, broadcast.id)
        over = (
            broadcast.ceiling_people is not None and found.people > broadcast.ceiling_people
        ) or (broadcast.ceiling_dong is not None and found.total > broadcast.ceiling_dong)
        to = BroadcastState.HELD if over else BroadcastState.RUNNING
        ahead = replace(ahead, high=max(ahead.low, found.total))
        broadcasts.move(
            tx,
            broadcast,
            to,
            reason=HeldReason.OVER_CEILING.value if over else None,
            released_at=now,
            starts_at=start,
            expires_at=expires,
            forecast=json.dumps(ahead.as_json()),
        )
        tx.note(
            "released",
            "broadcast",
            broadcast.id,
            people=found.people,
            queued=found.queued,
            skipped=dict(found.skipped),
        )
    return to
