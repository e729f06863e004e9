"""simulate: live many seeds, and tell which broke a promise, how, and with which few events."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from dispatcher.cli.click_i18n import command, option
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.domain.problems import PARTLY, Problem
from dispatcher.i18n import Say
from dispatcher.simulators.worlds.lives import Life, live, workshop
from dispatcher.simulators.worlds.mistakes import MUTANTS
from dispatcher.simulators.worlds.mutants import Mutant
from dispatcher.simulators.worlds.shrinking import shrink

TOGETHER = 10  # seeds a process lives before it says so
FOR_A_MUTANT = 200  # seeds within which each is found


@command(
    Say(
        "Simulate: the whole path of a message on a simulated clock, network "
        "and vendors, with faults planted by seed; every promise is looked at "
        "after every step."
    ),
    "dispatcher simulate --seeds 100",
)
@option("--seeds", "count", default=100, say=Say("how many seeds"))
@option("--from", "first", default=1, say=Say("the first seed"))
@option("--jobs", default=1, say=Say("how many processes"))
@option("--database", default="", say=Say("URL of a PostgreSQL database"))
@option("--mutant", default="", say=Say("plant this mistake, or all"))
@option("--events", default="", say=Say("only these, like 0,3"))
@option("--trace", is_flag=True, say=Say("tell all that happened"))
def simulate(
    terminal: TerminalContext,
    count: int,
    first: int,
    jobs: int,
    database: str,
    mutant: str,
    events: str,
    trace: bool,
) -> int:
    if count < 1 or jobs < 1:
        raise Problem("usage", Say("--seeds and --jobs from 1."))
    if mutant:
        return _mutants(terminal, mutant, first, count, database)
    with workshop(database) as shop, terminal.progress(Say("Simulating"), count) as update:
        lives: list[Life] = []
        if jobs > 1 and not events:
            for some in live_beside(range(first, first + count), jobs, database):
                lives += some
                update(len(lives))
        else:
            for seed in range(first, first + count):
                lives.append(live(seed, shop, script=_chosen(seed, events), database=database))
                update(len(lives))
        failed = [found for found in lives if found.failed is not None]
        if not terminal.json:
            for found in failed:
                _tell(terminal, found, [] if events else shrink(found, shop), trace)
            if trace and not failed:
                _tell_trace(terminal, lives[-1])
    steps = sum(found.steps for found in lives)
    if terminal.json:
        told: list[dict[str, Any]] = [
            {"seed": f.seed, "invariant": f.failed[0], "step": f.steps} for f in failed if f.failed
        ]
        kind = "postgresql" if database else "sqlite"
        terminal.emit({"seeds": count, "steps": steps, "failed": told, "database": kind})
    terminal.say(
        Say(
            "{count} seeds from {first}, {steps} steps: {count2} broke a promise.",
            count=count,
            first=first,
            steps=steps,
            count2=len(failed),
        ),
    )
    terminal.hint(
        Say(
            "try others: dispatcher simulate --seeds {count} --from {first}",
            count=count,
            first=first + count,
        ),
    )
    return PARTLY if failed else 0


def live_beside(seeds: Sequence[int], jobs: int, database: str = "") -> Iterator[list[Life]]:
    """Lives of many seeds in several processes, a few at a time, in the order of the seeds."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        some = [seeds[n : n + TOGETHER] for n in range(0, len(seeds), TOGETHER)]
        yield from pool.map(live_some, some, [database] * len(some))


def live_some(seeds: Sequence[int], database: str) -> list[Life]:
    """Lives of some seeds, one after another."""
    with workshop(database) as shop:
        return [live(seed, shop, database=database) for seed in seeds]


def _chosen(seed: int, events: str) -> Sequence[Any] | None:
    """The events of a seed's own script that are asked for; None: all."""
    from dispatcher.simulators.worlds.lives import plan_of

    if not events:
        return None
    try:
        places = [int(word) for word in events.split(",")]
        script = plan_of(seed)[1]
        return [script[place] for place in places]
    except (ValueError, IndexError):
        raise Problem("usage", Say("--events looks like 0,3,5.")) from None


def _tell(terminal: TerminalContext, found: Life, kept: Sequence[int], whole: bool) -> None:
    assert found.failed is not None
    name, how = found.failed
    terminal.say(
        Say(
            "Seed {seed} breaks “{name}” at step {steps}: {how}",
            seed=found.seed,
            name=name,
            steps=found.steps,
            how=how,
        ),
    )
    if kept:
        for place in kept:
            event = found.script[place]
            terminal.say(f"   {event.at:9.1f} s  {event.name}")
        again = f"dispatcher simulate --seeds 1 --from {found.seed} --trace"
        again += f" --events {','.join(map(str, kept))}" if len(kept) < len(found.script) else ""
        again += f" --database {found.database}" if found.database else ""
        terminal.say(Say("   Again: {again}", again=again))
    if whole:
        _tell_trace(terminal, found)


def _tell_trace(terminal: TerminalContext, found: Life) -> None:
    """What happened, in words, with the time of the world."""
    for at, words in found.trace:
        terminal.say(f"   {at:9.2f} s  {words}")


def _mutants(terminal: TerminalContext, wanted: str, first: int, count: int, database: str) -> int:
    """Which planted mistakes are found within `count` seeds (at most FOR_A_MUTANT)."""
    names = [m for m in MUTANTS if wanted in ("all", m)]
    if not names:
        known = ", ".join(sorted(MUTANTS))
        raise Problem("usage", Say("No {wanted}. Known: {known}", known=known, wanted=wanted))
    said: dict[str, str] = {}
    with workshop(database) as shop, terminal.progress(Say("Planting"), len(names)) as update:
        for n, name in enumerate(names, 1):
            seeds = range(first, first + min(count, FOR_A_MUTANT))
            at = found_at(MUTANTS[name], seeds, shop, database)
            said[name] = "missed" if at is None else "found"
            where = "—" if at is None else f"{at.seed}: {at.failed and at.failed[0]}"
            terminal.say(f"{name}: {said[name]} ({where})")
            update(n)
    if terminal.json:
        terminal.emit(said)
    return PARTLY if "missed" in said.values() else 0


def found_at(mutant: Mutant, seeds: Sequence[int], shop: Any, database: str = "") -> Life | None:
    """The first life in which a planted mistake breaks a promise; None: in no one."""
    with mutant.planted():
        for seed in seeds:
            found = live(seed, shop, database=database)
            if found.failed is not None:
                return found
    return None
