"""What vendors' ledgers and the wire must show: judged by what people did, row by row.

Comes from: what left a worker and what a vendor took.   Goes to: the verdict.
Our own database says one thing only: when the intent of a call was written (books.Intent), for
what was on the wire by then may arrive.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from dispatcher.config import Site
from dispatcher.config.pace import pace_of
from dispatcher.domain.model import HANOI, Window
from dispatcher.simulators.worlds.books import holder, intent
from dispatcher.simulators.worlds.facts import BroadcastFacts, No
from dispatcher.simulators.worlds.invariants import (
    always,
    each_left,
    each_taken,
    last_entry_by,
    notes_of,
)
from dispatcher.simulators.worlds.world import START
from dispatcher.worker.sending.dispatch import LEAVE_WITHIN

if TYPE_CHECKING:
    from dispatcher.simulators.worlds.vendors import Left, TakenMessage
    from dispatcher.simulators.worlds.world import World

LAG = LEAVE_WITHIN + 5.0  # seconds from an intent until its bytes have left, at most
Used = tuple[float, float, frozenset[str]]  # when, how much of its pace was used up, by whom
APART = 60.0  # seconds clocks of hosts may be apart: a lease bears no more
MIDNIGHT = 60.0  # seconds around it in which a message may count for either day


def _who(row: Left | TakenMessage, told: BroadcastFacts | None) -> str:
    return f"{told.code if told else 'a text of nobody'} to …{row.to[-3:]} by {row.vendor}"


def _is_test(world: World, row: Left | TakenMessage) -> bool:
    return row.to in world.facts.testers


def _site(world: World) -> Site:
    return world.look().site


# --- what left ----------------------------------------------------------------------------------


@always("drill stays in drill")
def drill_stays_in_drill(world: World) -> str | None:
    """No call goes to another machine. Judged by the network: which hosts it was asked for."""
    return f"asked for {world.strangers[0]}" if world.strangers else None


@each_left("nothing unapproved")
def nothing_unapproved(world: World, left: Left) -> str | None:
    """Only words leave that a second person has approved, and that nobody has edited since. Judged
    by what people did; the one text nobody approves tells a person that their no was heard."""
    told = world.facts.of(left.body)
    if told is None:
        heard = any(no.number == left.to for no in world.facts.noes)
        return None if heard or _is_test(world, left) else _who(left, told)
    if _is_test(world, left):
        return None
    if not told.approved and told.void is None:
        return f"{_who(left, told)}: nobody approved it"
    if told.void is not None and _came_after(world, left, told.void):
        return f"{_who(left, told)}: edited at {told.void:.2f}"
    return None


def _came_after(world: World, left: Left, at: float, until: float | None = None) -> bool:
    """True when the intent of a call was written after something people did, and not after they
    took it back. By the order of the trail, for clocks may be wrong."""
    if left.at < at or (until is not None and left.at > until + LAG):
        return False
    found = intent(world, left)
    if found is None:  # gone with a restore: it left as an intent of before it, or too late
        return left.at > at + LAG
    if found.entry <= last_entry_by(world, at):
        return False
    return until is None or found.entry <= last_entry_by(world, until)


@each_left("nothing to nobody")
def nothing_to_nobody(world: World, left: Left) -> str | None:
    """No call leaves without the number of somebody. Judged by the wire."""
    return None if left.to else _who(left, world.facts.of(left.body))


@each_left("nobody after their no")
def nobody_after_their_no(world: World, left: Left) -> str | None:
    """Whoever said no gets nothing whose intent is written later: a no to advertising stops that,
    one to all stops what is not urgent (unless the law setting says otherwise), one to everything
    and a removal stop all. Judged by what people did and the number on the wire."""
    noes = [no for no in world.facts.noes if no.number == left.to]
    if not noes or _is_test(world, left):
        return None
    told = world.facts.of(left.body)
    for no in noes:
        if (
            told is not None
            and _stops(world, no, told)
            and (_came_after(world, left, no.at, no.until))
        ):
            return f"{_who(left, told)}: no ({no.scope}) at {no.at:.2f}, left at {left.at:.2f}"
    return None


def _stops(world: World, no: No, told: BroadcastFacts) -> bool:
    if no.before is not None and (told.due is None or told.due >= no.before):
        return False
    match no.scope:
        case "promotion":
            return told.kind == "promotion"
        case "all":
            return not told.urgent or not _site(world).urgent_despite_refusal
    return True


@each_left("nothing outside its hours")
def nothing_outside_its_hours(world: World, left: Left) -> str | None:
    """No intent is written before a broadcast's time, outside its hours or after its expiry; an
    urgent text keeps no hours. Judged by what people decided, and by the clock of the machine the
    intent was written on: it may have been wrong."""
    told = world.facts.of(left.body)
    if told is None or _is_test(world, left):
        return None
    window = Window.read(told.window) if told.window else _site(world).window
    hours = [window, *_fired_in(world, told)]

    def wrong(at: float) -> str | None:
        if told.due is not None and at < told.due:
            return f"before its time ({told.due:.2f})"
        if told.expires is not None and at >= told.expires and not told.repeats:
            return f"after its expiry ({told.expires:.2f})"
        moment = START + timedelta(seconds=at)
        if not told.urgent and not any(w.is_open(moment) for w in hours):
            return f"outside {window}: {moment.astimezone(HANOI):%H:%M:%S}"
        return None

    if wrong(left.at) is None:
        return None
    found = intent(world, left)
    why = wrong(left.at if found is None else found.seconds)
    if why is None or (found is None and world.facts.restores):
        return None
    return f"{_who(left, told)}: {why}"


def _fired_in(world: World, told: BroadcastFacts) -> list[Window]:
    """What else a schedule may have for its hours: a worker that fires it reads the settings when
    it starts, and a person may have approved it under newer ones."""
    return [w.app.site.window for _, w in world.workers.values()] if told.schedule else []


@each_left("nothing after pause or stop")
def nothing_after_pause_or_stop(world: World, left: Left) -> str | None:
    """No intent is written while a broadcast is paused, or after it was stopped; what is on the
    wire arrives. Judged by what people did."""
    told = world.facts.of(left.body)
    if told is None or _is_test(world, left):
        return None
    if told.stopped is not None and _came_after(world, left, told.stopped):
        return f"{_who(left, told)}: stopped at {told.stopped:.2f}, left at {left.at:.2f}"
    for since, until in told.paused:
        if _came_after(world, left, since, until):
            return f"{_who(left, told)}: paused at {since:.2f}, left at {left.at:.2f}"
    return None


@each_left("nothing above its pace")
def nothing_above_its_pace(world: World, left: Left) -> str | None:
    """In any stretch of time no more leaves than a gateway's pace allows, and a fair burst: one
    call for each worker, with as many messages as a call must have, and what it may hold of turns
    that are given out. Judged by the wire. Pace is one of real accounts: in a drill there is none.
    """
    pace = pace_of(_site(world), left.vendor)
    if pace.per_second is None or pace.in_parts:
        return None
    seen: dict[str, Used] = notes_of(world).keep("pace", dict)
    at, level, who = seen.get(left.vendor, (left.at, 0.0, frozenset()))
    who |= {left.process}
    level = max(0.0, level - (left.at - at) * pace.per_second) + 1.0
    seen[left.vendor] = (left.at, level, who)
    worker = world.workers.get(left.process)
    call = worker[1].gateways[left.vendor].limits.at_least if worker is not None else 1
    burst = max(float(call), pace.per_second) + len(who) * (call + 0.1 * pace.per_second)
    if level > burst + 1e-6:
        return f"{left.vendor}: {level:.1f} messages at once at {pace.per_second} a second"
    return None


@each_left("only whoever holds it")
def only_whoever_holds_it(world: World, left: Left) -> str | None:
    """A message leaves only from the worker that holds it, with its intent on disk. Judged by the
    lease in the database at the moment it leaves."""
    worker = world.workers.get(left.process)
    if worker is None or _is_test(world, left) or world.facts.of(left.body) is None:
        return None
    if not left.reference:  # to a user id: such a call has no word of ours
        return None
    if any(abs(off) > APART for _, off in world.facts.clocks):
        return None  # whoever takes it over thinks that its lease is over
    if any(at <= left.at <= at + LAG for at in world.facts.restores):
        return None  # a worker that has not noticed yet
    found = holder(world, left)
    if found is None:
        return f"{_who(left, world.facts.of(left.body))}: no intent of it is on disk"
    if found and worker[1].name not in found:
        return f"{_who(left, world.facts.of(left.body))}: {left.process} does not hold it"
    return None


# --- what was taken -----------------------------------------------------------------------------


@each_taken("nobody twice")
def nobody_twice(world: World, taken: TakenMessage) -> str | None:
    """On one channel a text reaches a number once, by the vendors' own ledgers; once more for each
    time that people approved the same words again. A correction has a code of its own."""
    told = world.facts.of(taken.body)
    if told is None or told.rather_twice:
        return None
    seen: Counter[tuple[str, str, str]] = notes_of(world).keep("twice", Counter)
    key = (taken.channel, taken.to, told.code)
    seen[key] += 1
    if seen[key] > 1 + told.again:
        return f"{_who(taken, told)}: taken {seen[key]} times on {taken.channel}"
    return None


@each_taken("nothing out of nowhere")
def nothing_out_of_nowhere(world: World, taken: TakenMessage) -> str | None:
    """A vendor takes nothing that no worker of ours has sent. Judged by ledger and wire: it keeps
    the simulation itself honest."""
    sent = world.vendors[taken.vendor].sent
    if any(left.reference == taken.reference and left.to == taken.to for left in reversed(sent)):
        return None
    return _who(taken, world.facts.of(taken.body))


@each_taken("nothing above a quota")
def nothing_above_a_quota(world: World, taken: TakenMessage) -> str | None:
    """A vendor takes no more messages, and no more đồng, in a day or month than the settings allow.
    Judged by its ledger; a message counts for the day in which it left first. After a restore
    nobody knows what was taken before."""
    most = pace_of(_site(world), taken.vendor).most
    if not most:
        return None
    sent = world.vendors[taken.vendor].sent
    first = next((s.at for s in sent if s.reference == taken.reference), taken.at)
    local = (START + timedelta(seconds=first)).astimezone(HANOI)
    since = local.hour * 3600 + local.minute * 60 + local.second
    if min(since, 86_400 - since) < MIDNIGHT:
        return None
    used: Counter[tuple[str, str, str, int]] = notes_of(world).keep("quota", Counter)
    price = getattr(world.vendors[taken.vendor], "price", 0)
    for name, limit in most.items():
        period = f"{local:%Y-%m-%d}" if name.endswith("day") else f"{local:%Y-%m}"
        key = (taken.vendor, name, period, len(world.facts.restores))
        used[key] += price if name.startswith("dong") else 1
        if used[key] > limit:
            return f"{taken.vendor}: {used[key]} in {period}, {name} is {limit}"
    return None


@each_taken("nothing above its ceiling")
def nothing_above_its_ceiling(world: World, taken: TakenMessage) -> str | None:
    """A broadcast costs no more than whoever approved it has seen. Judged by the ledgers, at the
    vendors' prices, and by what was approved."""
    told = world.facts.of(taken.body)
    if told is None or told.ceiling is None:
        return None
    spent: Counter[str] = notes_of(world).keep("ceiling", Counter)
    spent[told.code] += getattr(world.vendors[taken.vendor], "price", 0)
    if spent[told.code] > told.ceiling * (1 + told.again):
        return f"{told.code}: {spent[told.code]} đồng, {told.ceiling} were approved"
    return None
