"""chaos: kill the worker again and again in front of a misbehaving gateway, then compare ledgers.

Beside that people refuse or are removed, phones are shared, the database is restored, answers hold
odd bytes and look-ups cannot be read.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType

import click

from dispatcher.cli.click_i18n import command, option
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.db.broadcasts import broadcasts
from dispatcher.domain.model import SYSTEM
from dispatcher.domain.problems import PARTLY, Problem
from dispatcher.i18n import Say, pgettext
from dispatcher.simulators.chaos_site import make_site
from dispatcher.simulators.ledgers import Verdict, verdict
from dispatcher.simulators.upsets import Upsets
from dispatcher.simulators.vendors.server import Child, start
from dispatcher.simulators.warm import start_worker

ODD_BYTES, UNREADABLE = 0.01, 0.3  # shares of the answers to sends, of the look-ups
SLOWEST = 1.0  # seconds until the twin answers: a worker waits for two


def harass(
    spawn: Callable[[], BaseProcess],
    over: Callable[[], bool],
    twin: Child,
    kills: int,
    seed: int,
    limit: float,
    told: Callable[[int], None],
    meanwhile: Callable[[int], None] = lambda killed: None,
) -> int:
    """Run workers one after another, killing each while it has calls open; how many were killed.

    After `kills` the last one is left alone until `over`. `meanwhile` acts while a worker that will
    be killed sends, `told` while none lives. Raises when `limit` seconds pass.
    """
    draw, killed, started = random.Random(seed), 0, time.monotonic()
    while True:
        worker = spawn()
        try:
            calls = twin.ask("/ledger")["calls"]
            while worker.is_alive() and not over():
                if time.monotonic() - started > limit:
                    raise Problem(
                        "chaos-time",
                        Say("Not finished after {limit:.0f} seconds.", limit=limit),
                        exit_code=1,
                    )
                if killed < kills and twin.ask("/ledger")["calls"] > calls:
                    meanwhile(killed)
                    time.sleep(draw.uniform(0.0, 0.35))
                    if over():
                        break
                    worker.kill()
                    worker.join()
                    killed += 1
                    told(killed)
                    break
                time.sleep(0.02 if killed < kills else 0.2)
        except BaseException:
            worker.kill()
            raise
        finally:
            if worker.is_alive():
                worker.terminate()
                worker.join(35)
                worker.kill()
                worker.join()
        if over():
            return killed


@contextmanager
def _ended_like_ctrl_c() -> Iterator[None]:
    """A plain request to end goes the way of Ctrl-C: nothing that was started is left behind."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@command(
    Say(
        "Kill the worker K times in front of a misbehaving gateway, while "
        "people refuse, are removed and share phones and the database is "
        "restored; then compare the ledgers."
    ),
    "dispatcher chaos --people 3000 --kills 30 --gateway dedup",
)
@option("--people", "count", default=1000, say=pgettext("how many", "people"))
@option("--kills", default=10, say=Say("kills"))
@option(
    "--gateway",
    type=click.Choice(["dedup", "lookup", "neither"]),
    default="dedup",
    say=Say("what the gateway can do"),
)
@option("--database", default="data/site.db", say=Say("database URL"))
@option("--seed", default=1, say=Say("random seed"))
@option("--limit", default=1800.0, say=Say("at most so many seconds"))
@option(
    "--long",
    "overnight",
    is_flag=True,
    say=Say("the size for a night: 100,000 people, 1,000 kills, up to four hours"),
)
def chaos(
    terminal: TerminalContext,
    count: int,
    kills: int,
    gateway: str,
    database: str,
    seed: int,
    limit: float,
    overnight: bool,
) -> int:
    if overnight:
        count, kills, limit = 100_000, 1_000, 4 * 3600.0
    if count < 1 or kills < 0:
        raise Problem("usage", Say("--people from 1, --kills from 0."))
    with _ended_like_ctrl_c():
        found = _run(terminal, count, kills, gateway, database, seed, limit)
    if terminal.json:
        terminal.emit(asdict(found))
    terminal.say(
        Say(
            "{people} people, {kills} kills, {restores} restores, {opted_out} "
            "refused or removed, {misbehaved} calls without a readable answer, "
            "{odd_bytes} answers with odd bytes: {lost} lost, {twice} twice, "
            "{after_no} after their no, {false_accepted} falsely accepted, "
            "{unconfirmed} in doubt.",
            people=found.people,
            kills=found.kills,
            restores=found.restores,
            opted_out=found.opted_out,
            misbehaved=found.misbehaved,
            odd_bytes=found.odd_bytes,
            lost=found.lost,
            twice=found.twice,
            after_no=found.after_no,
            false_accepted=found.false_accepted,
            unconfirmed=found.unconfirmed,
        ),
    )
    return 0 if found.kept else PARTLY


def _run(
    terminal: TerminalContext,
    count: int,
    kills: int,
    gateway: str,
    database: str,
    seed: int,
    limit: float,
) -> Verdict:
    """One run in a folder of its own, which goes away with all that was started."""
    root = Path(tempfile.mkdtemp(prefix="dispatcher-chaos-"))
    os.environ["DISPATCHER_STATE"] = str(root / "state")
    # room for every kill
    latency = min(SLOWEST, max(0.01, 12 * (kills + 10) / count)) if kills else 0.0
    vendor = "esms" if gateway == "dedup" else "lab"
    rates = ["all=1", f"odd_bytes={ODD_BYTES}"]
    if gateway == "lookup":
        rates.append(f"look_up_unreadable={UNREADABLE}")
    twin = start(
        [vendor],
        *(word for rate in rates for word in ("--misbehave", rate)),
        "--latency",
        f"{latency:.3f}",
        "--capability",
        gateway,
        "--no-receipts",
        "--seed",
        str(seed),
    )
    upsets: Upsets | None = None
    try:
        app = make_site(root, count, gateway, database, sharing=True)
        with app.store.read(SYSTEM) as tx:
            broadcast_id = broadcasts.list_broadcasts(tx)[0].id
        upsets = Upsets(
            root, app, broadcast_id, twin, kills, count, random.Random(seed), terminal.warn
        )
        os.environ["DISPATCHER_TWINS"] = json.dumps({"gate": twin.base(vendor)})
        with terminal.progress(Say("Killing"), max(kills, 1)) as update:

            def told(killed: int) -> None:
                upsets.after_kill(killed)
                update(killed)

            killed = harass(
                lambda: start_worker(root),
                upsets.over,
                twin,
                kills,
                seed,
                limit,
                told,
                upsets.meanwhile,
            )
        return verdict(upsets.app, broadcast_id, twin, killed, upsets.refusals, upsets.restores)
    finally:
        twin.stop()
        if upsets is not None:
            upsets.close()
        shutil.rmtree(root, ignore_errors=True)
