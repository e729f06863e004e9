"""A plan becomes rows that wait, in resumable chunks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from dispatcher.broadcasts.authority import still_counts, tell_that_it_left
from dispatcher.broadcasts.drafting import BroadcastWords, digest
from dispatcher.broadcasts.forecast import Speed, forecast
from dispatcher.broadcasts.one_text import RepeatFilter
from dispatcher.broadcasts.sums import summed
from dispatcher.broadcasts.writing import TextObserver, write_people, write_shared
from dispatcher.db.broadcasts import (
    broadcasts,
    budgets,
    corrections,
    ending,
    releases,
    repeats,
    targets,
)
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.broadcasts.budgets import Budget
from dispatcher.db.contacts import households, reachability, shared_phones
from dispatcher.db.contacts.audience_filter import AudienceFilter
from dispatcher.db.contacts.suppression_rules import SuppressionRules, suppression_rules
from dispatcher.db.database import Tx
from dispatcher.db.ops import restored
from dispatcher.db.queue import gateways
from dispatcher.db.schema import micros
from dispatcher.domain import lifecycle, periods
from dispatcher.domain.model import (
    URGENT,
    Audience,
    BroadcastState,
    Channel,
    HeldReason,
    MessageState,
    Mode,
    Window,
)

CHUNK = 20_000
STRETCH = 100_000  # addresses looked at at once for what is known of them
Resolve = Callable[[Tx, Audience], AudienceFilter]


def steps_of_release(
    broadcast: Broadcast,
    words: BroadcastWords,
    resolve: Resolve,
    start: datetime,
    watch: TextObserver | None = None,
) -> Iterator[Callable[[Tx], None]]:
    """A release as a series of small transactions, each safe to run again.

    `watch` is told of every text, of whoever cannot be given one, and of who is left out.
    """
    state: dict[str, Any] = {}
    watch = watch or TextObserver()

    def prepare(tx: Tx) -> None:
        releases.take_stock(tx)
        if not releases.planned_upto(tx, broadcast.id):  # of a release that somebody died over:
            releases.clean_up(tx, broadcast.id)  # its words may have been edited since
        state["reach"] = resolve(tx, broadcast.audience)
        state["last"] = releases.last_contact(tx)
        state["may"] = suppression_rules(tx, broadcast, state["reach"])
        state["shares"] = weights_of(tx, broadcast)
        state["unreachable"] = targets.last_address(tx) if anything_known(tx, broadcast) else 0
        write_shared(tx, broadcast, words, state["reach"], watch)

    yield prepare
    reach: AudienceFilter = state["reach"]
    may: SuppressionRules = state["may"]
    usable = [i for i, scope in enumerate(words.scopes) if scope]
    due = micros(start)
    position = usable[0] * targets.TARGETS_PER_STEP + targets.BY_PHONE
    shares: list[targets.Shares] = state["shares"]
    start_at = (position, shares[usable[0]])
    channels = sorted({s.channel.value for s in broadcast.route})
    shared = [(i, words.scopes[i] or "") for i in usable if words.scopes[i] != "contact"]
    written = [(i, broadcast.route[i], shares[i], words.scopes[i] or "") for i in usable]

    for low in range(broadcast.planned_upto or 0, state["last"], CHUNK):
        high = min(low + CHUNK, state["last"])

        def chunk(tx: Tx, low: int = low, high: int = high) -> None:
            low = max(low, releases.planned_upto(tx, broadcast.id))
            if low >= high:  # another worker has planned it
                return
            lacking = write_people(tx, broadcast, words, reach, low, high, watch)
            base = releases.add_messages(tx, broadcast, reach, may, start_at, due, low, high)
            given = [
                targets.add_first_targets(
                    tx, broadcast.id, i, broadcast.route[i], shares[i], words.scopes[i] or "", base
                )
                for i in usable
            ]
            if given[0] != releases.wanted(tx):
                targets.settle_targets(tx, broadcast.id, channels, position, base)
                releases.name_those_without_text(tx, broadcast.id, low, high, lacking, shared)
                shared_phones.keep_sharers_of_phone(tx, broadcast.id, may, written, base)
            if broadcast.audience.one_per == "household":
                households.keep_sharers_of_household(tx, broadcast.id, may, written, base)
            for i in usable:
                step = broadcast.route[i]
                if step.channel is Channel.ZALO and any(
                    targets.any_user_ids(tx, g) for g in step.gateways
                ):
                    targets.add_user_ids(tx, broadcast.id, may, i, step, base)
                    targets.start_by_id(tx, i * targets.TARGETS_PER_STEP + targets.BY_PHONE, base)
            releases.planned(tx, broadcast.id, high)

        yield chunk
    for low in range(0, state["last"], CHUNK):

        def more(tx: Tx, low: int = low, high: int = min(low + CHUNK, state["last"])) -> None:
            if not releases.any_further(tx, low, high):
                return
            releases.take_stock(tx)  # of messages and targets
            for i in usable:
                targets.add_more_targets(
                    tx,
                    broadcast.id,
                    may,
                    i,
                    broadcast.route[i],
                    shares[i],
                    words.scopes[i] or "",
                    low,
                    high,
                )

        yield more
    if broadcast.correction_of is not None:
        for low in range(0, state["last"], CHUNK):

            def by_what_reached(
                tx: Tx, low: int = low, high: int = min(low + CHUNK, state["last"])
            ) -> None:
                assert broadcast.correction_of is not None
                corrections.start_where_reached(
                    tx, broadcast.id, broadcast.correction_of, low, high
                )

            yield by_what_reached
    for low in range(0, state["unreachable"], STRETCH):

        def without(tx: Tx, low: int = low) -> None:
            left_out = targets.leave_out_unreachable(tx, broadcast.id, low, low + STRETCH)
            for channel, addresses in left_out.items():
                watch.left_out(channel, addresses)

        yield without


def first_step(words: BroadcastWords) -> int:
    """The first step of the route that has a text."""
    return next((i for i, scope in enumerate(words.scopes) if scope), 0)


def weights_of(tx: Tx, broadcast: Broadcast) -> list[targets.Shares]:
    """Per step, how its gateways share it now."""
    states = gateways.states(tx)
    health = {name: row["share"] for name, row in states.items()}
    shut = {name for name, row in states.items() if row["paused_at"] is not None}
    found: list[targets.Shares] = []
    for step in broadcast.route:
        weights = step.weights or ((step.gateway, 1),)
        now = lifecycle.weights_now(weights, health, shut)
        found.append(now if any(now.values()) else lifecycle.weights_now(weights, {}))
    return found


def anything_known(tx: Tx, broadcast: Broadcast) -> bool:
    """True when some address was lately not reached on a channel of the route."""
    return any(reachability.any_remembered(tx, s.channel.value) for s in broadcast.route)


def _may_leave(tx: Tx, broadcast: Broadcast) -> bool:
    """False where whoever approved it may approve no longer; an urgent text leaves all the same."""
    return broadcast.priority == URGENT or still_counts(tx, broadcast)


def release(
    begin: Callable[[], AbstractContextManager[Tx]],
    broadcast: Broadcast,
    words: BroadcastWords,
    resolve: Resolve,
    undo: timedelta,
    mode: Mode,
    speeds: Mapping[str, Speed],
    budgets_: Sequence[Budget] = (),
    vendor_hours: Mapping[str, Window] | None = None,
) -> BroadcastState:
    """Turn an approved broadcast into messages that wait. Resumable; the state it ended in.

    One that a lost database may have released gets its rows as doubts, and nothing leaves.
    `budgets_`: what its wards may spend; the most it can cost is set aside, or it is held.
    It starts when its hours open, and expires counted from then.
    """
    with begin() as tx:
        now = tx.now
        if broadcast.approved_digest != digest(tx, broadcast):
            broadcasts.move(tx, broadcast, BroadcastState.HELD, reason=HeldReason.CHANGED.value)
            return BroadcastState.HELD
        if broadcast.mode is not mode:
            broadcasts.move(tx, broadcast, BroadcastState.HELD, reason=HeldReason.OTHER_MODE.value)
            return BroadcastState.HELD
        if restored.waits_for_refusals(tx, broadcast):
            broadcasts.move(tx, broadcast, BroadcastState.HELD, reason=HeldReason.RESTORED.value)
            return BroadcastState.HELD
        wait = timedelta() if broadcast.priority == URGENT else undo
        first, route = first_step(words), broadcast.route
        due = (broadcast.at or now) + wait
        ahead = periods.of_route(
            due, broadcast.expires_after, broadcast.window, route, first, vendor_hours
        )
        expires = ahead.until
        # the release itself may be late: hours that closed meanwhile open again, or too late
        hours = [w for w in (broadcast.window, route[first].window) if w is not None]
        start = periods.opening(hours, max(now + wait, ahead.start))
        may_have_left = restored.may_have_left(tx, broadcast.id)
        if may_have_left:
            start, expires = now, now
        elif start is None or start >= expires:
            # a worker that died over it may have written some of its people already
            ending.end_queued(tx, broadcast.id, MessageState.EXPIRED)
            broadcasts.move(tx, broadcast, BroadcastState.MISSED, reason="too_late")
            return BroadcastState.MISSED
        if not _may_leave(tx, broadcast):
            left = HeldReason.APPROVER_LEFT.value
            broadcasts.move(tx, broadcast, BroadcastState.HELD, reason=left)
            return BroadcastState.HELD
    leaving = RepeatFilter(broadcast, words)
    for step in chain(steps_of_release(broadcast, words, resolve, start), leaving.steps()):
        with begin() as tx:
            state = broadcasts.locked_state(tx, broadcast.id)
            if state is not BroadcastState.SCHEDULED:  # stopped, or another worker was faster
                return state
            if not broadcasts.is_as_approved(tx, broadcast):  # edited: the next tick reads it anew
                return state
            tx.act = "rendered"
            step(tx)
    with begin() as tx:  # apart, so that the first message need not wait for it
        releases.take_stock(tx)
        foreseen = forecast(tx, broadcast, speeds, start, expires, 0, now=now)
    with begin() as tx:
        repeats.one_at_a_time(tx)
        state = broadcasts.locked_state(tx, broadcast.id)
        if state is not BroadcastState.SCHEDULED:
            return state
        leaving.finish(tx)
        broadcast = broadcasts.get(tx, broadcast.id)
        found = summed(tx, broadcast)
        releases.clean_up(tx, broadcast.id)
        over = (
            broadcast.ceiling_people is not None and found.people > broadcast.ceiling_people
        ) or (broadcast.ceiling_dong is not None and found.total > broadcast.ceiling_dong)
        over = over and not may_have_left  # nothing of it will cost anything
        broke = None if may_have_left else budgets.reserve(tx, broadcast, budgets_, now)
        held = next(
            (
                reason
                for reason, true in (
                    (HeldReason.WARD_BUDGET, bool(broke)),
                    (HeldReason.OVER_CEILING, over),
                    (HeldReason.APPROVER_LEFT, not _may_leave(tx, broadcast)),
                )
                if true
            ),
            None,
        )
        to = BroadcastState.RUNNING if held is None else BroadcastState.HELD
        if broadcast.priority == URGENT and not still_counts(tx, broadcast):
            tell_that_it_left(tx, broadcast)
        foreseen = replace(foreseen, high=max(foreseen.low, found.total))
        broadcasts.move(
            tx,
            broadcast,
            to,
            reason=None if held is None else held.value,
            released_at=now,
            starts_at=start,
            expires_at=expires,
            forecast=json.dumps(foreseen.as_json()),
        )
        tx.note(
            "released",
            "broadcast",
            broadcast.id,
            people=found.people,
            queued=found.queued,
            skipped=dict(found.skipped),
        )
        if may_have_left:  # from the database that was lost: whoever it concerns is named
            restored.name_doubts(tx, broadcast.id)
    return to
