"""chaos: kill the worker again and again in front of a misbehaving gateway, then compare ledgers.

The verdict never asks us whether we did well: it compares our log with what the twin accepted.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import click

from dispatcher import app as joined
from dispatcher import planning, templating
from dispatcher.app import App, open_app
from dispatcher.cli.spoken import command, option
from dispatcher.cli.surface import Surface
from dispatcher.cli.warm import start_worker
from dispatcher.clock import start_site_clock
from dispatcher.config import parse
from dispatcher.model import SYSTEM, Actor, Audience, BroadcastState, Role
from dispatcher.problems import PARTLY, Problem
from dispatcher.store import broadcasts, people
from dispatcher.twins.server import Child, start

IN_FLIGHT = 16
CLOCK = "2026-12-01T09:00:00+07:00"

_TOML = """[site]
name = "Chaos"
mode = "drill"
undo = "0s"
database = "{database}"
[gateways.gate]
adapter = "{adapter}"
in_flight = {in_flight}
timeout = "2s"
{capability}
[routes.only]
steps = [ {{ gateway = "gate" }} ]
[phones]
sample_heads = ["095"]
"""
_TEMPLATE = """+++
title = "Chaos"
kind = "warning"
+++
{% block sms %}UBND phuong {{ ward.name | khong_dau }}: thu nghiem.{% endblock %}
"""


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

    @property
    def kept(self) -> bool:
        """The promise: nobody twice, nobody lost, nothing claimed falsely."""
        return not (self.twice or self.lost or self.false_accepted)


def make_site(root: Path, count: int, gateway: str, database: str) -> App:
    """A site with `count` invented people and one broadcast, approved and due now."""
    from dispatcher.importing.entries import read_listing
    from dispatcher.importing.listing import Context
    from dispatcher.importing.merge import merge, store
    from dispatcher.importing.sheets import read_sheets
    from dispatcher.store import areas
    from dispatcher.twins.residents import WARDS, invent, number, write

    for folder in ("templates", "schedules"):
        (root / folder).mkdir()
    capability = "" if gateway == "dedup" else f'capability = "{gateway}"'
    (root / "dispatcher.toml").write_text(
        _TOML.format(
            database=database,
            adapter="esms" if gateway == "dedup" else "lab",
            in_flight=IN_FLIGHT,
            capability=capability,
        ),
        encoding="utf-8",
    )
    (root / "templates" / "chaos.j2").write_text(_TEMPLATE, encoding="utf-8")
    start_site_clock(CLOCK)
    app = open_app(parse(root))
    crowd = [replace(p, phone=number(i)) for i, p in enumerate(invent(count))]
    lists = write(root / "contacts", crowd, all_csv=True, as_typed=False)
    with app.begin(SYSTEM)() as tx:
        known = {a.key: a.name for a in areas.listed(tx)}
        sheets = (s for path in lists for s in read_sheets(path))
        listing = read_listing(sheets, Context(known, None, None, app.site.sample_heads))
        store(tx, merge(tx, listing.entries), [], app.site.sample_heads)
        people.add(tx, "author", "Author", Role.OFFICER, [])
        people.add(tx, "leader", "Leader", Role.LEADER, [])
    author, leader = app.actor("author"), app.actor("leader")
    template = templating.load(app.templates, "chaos")
    with app.begin(author)() as tx:
        made = joined.draft(
            app, tx, template=template, audience=Audience(wards=WARDS), route_name="only", fields={}
        )
    broadcast = _get(app, made)
    found = joined.preview(app, author, broadcast)
    _act(app, author, lambda tx: planning.submit(tx, broadcasts.get(tx, made), found))
    _act(app, leader, lambda tx: planning.approve(tx, broadcasts.get(tx, made)))
    _act(app, author, lambda tx: planning.schedule(tx, broadcasts.get(tx, made), app.clock()))
    joined.release(app, _get(app, made))
    return app


def _get(app: App, broadcast_id: int) -> broadcasts.Broadcast:
    with app.store.read(SYSTEM) as tx:
        return broadcasts.get(tx, broadcast_id)


def _act(app: App, actor: Actor, act: Callable[[Any], object]) -> None:
    with app.begin(actor)() as tx:
        act(tx)


def harass(
    spawn: Callable[[], BaseProcess],
    over: Callable[[], bool],
    twin: Child,
    kills: int,
    seed: int,
    limit: float,
    told: Callable[[int], None],
) -> int:
    """Run workers one after another, killing each while it has calls open; how many were killed.

    After `kills` the last one is left alone until `over`. Raises when `limit` seconds pass.
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
                        f"Quá {limit:.0f} giây mà chưa xong.",
                        f"Not finished after {limit:.0f} seconds.",
                        exit_code=1,
                    )
                if killed < kills and twin.ask("/ledger")["calls"] > calls:
                    time.sleep(draw.uniform(0.0, 0.35))
                    if over():
                        break
                    worker.kill()
                    worker.join()
                    killed += 1
                    told(killed)
                    break
                time.sleep(0.02 if killed < kills else 0.2)
        finally:
            if worker.is_alive():
                worker.terminate()
                worker.join(35)
                worker.kill()
                worker.join()
        if over():
            return killed


def verdict(app: App, broadcast_id: int, twin: Child, kills: int) -> Verdict:
    """Our log against the twin's ledger. *twice*: more than once on one channel."""
    ledger = twin.ask("/ledger?people=1")
    by_channel = Counter(
        (channel, to.removeprefix("+")) for channel, to, _ in ledger["acceptances"]
    )
    accepted = {to for _, to in by_channel}
    lost = false = unconfirmed = reachable = 0
    with app.store.read(SYSTEM) as tx:
        rows = tx.rows(
            "SELECT m.state, a.kind, a.cipher FROM messages m LEFT JOIN targets t "
            "ON t.message_id = m.id AND t.position = m.position "
            "LEFT JOIN addresses a ON a.id = t.address_id WHERE m.broadcast_id = :b",
            b=broadcast_id,
        )
        for row in rows:
            if row["cipher"] is None:
                continue
            reachable += 1
            number = tx.sealer.open_address(row["kind"], row["cipher"]).removeprefix("+")
            took = number in accepted
            claims = row["state"] in ("accepted", "delivered", "read")
            false += claims and not took
            lost += row["state"] in ("queued", "sending") and not took
            unconfirmed += row["state"] == "unconfirmed"
    return Verdict(
        reachable,
        kills,
        sum(1 for n in by_channel.values() if n > 1),
        lost,
        false,
        unconfirmed,
        IN_FLIGHT,
        ledger["misbehaved"],
    )


def worker_command(root: Path) -> Sequence[str]:
    return [sys.executable, "-m", "dispatcher", "--site", str(root), "-q", "run"]


@command(
    "Thử sức: giết bộ gửi tin K lần trước một nhà cung cấp hay lỗi rồi đối chiếu sổ.",
    "Kill the worker K times in front of a misbehaving gateway, then compare the ledgers.",
    "dispatcher chaos --people 3000 --kills 30 --gateway dedup",
)
@option("--people", "count", default=1000, vi="số người", en="people")
@option("--kills", default=10, vi="số lần giết", en="kills")
@option(
    "--gateway",
    type=click.Choice(["dedup", "lookup", "neither"]),
    default="dedup",
    vi="khả năng của nhà cung cấp",
    en="what the gateway can do",
)
@option("--database", default="data/site.db", vi="cơ sở dữ liệu", en="database URL")
@option("--seed", default=1, vi="hạt ngẫu nhiên", en="random seed")
@option("--limit", default=1800.0, vi="nhiều nhất bao nhiêu giây", en="at most so many seconds")
@option(
    "--long",
    "overnight",
    is_flag=True,
    vi="cỡ chạy đêm: 100.000 người, 1.000 lần giết, tới bốn giờ",
    en="the size for a night: 100,000 people, 1,000 kills, up to four hours",
)
def chaos(
    surface: Surface,
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
        raise Problem(
            "usage", "--people phải từ 1, --kills từ 0.", "--people from 1, --kills from 0."
        )
    root = Path(tempfile.mkdtemp(prefix="dispatcher-chaos-"))
    os.environ["DISPATCHER_STATE"] = str(root / "state")
    latency = max(0.01, 8 * (kills + 10) / count) if kills else 0.0  # room for every kill
    vendor = "esms" if gateway == "dedup" else "lab"
    twin = start(
        [vendor],
        "--misbehave",
        "all=1",
        "--latency",
        f"{latency:.3f}",
        "--capability",
        gateway,
        "--no-receipts",
        "--seed",
        str(seed),
    )
    try:
        app = make_site(root, count, gateway, database)
        with app.store.read(SYSTEM) as tx:
            broadcast_id = broadcasts.listed(tx)[0].id
        os.environ["DISPATCHER_TWINS"] = json.dumps({"gate": twin.base(vendor)})
        with surface.progress("Đang giết", "Killing", max(kills, 1)) as update:
            killed = harass(
                lambda: start_worker(root),
                lambda: _get(app, broadcast_id).state is not BroadcastState.RUNNING,
                twin,
                kills,
                seed,
                limit,
                update,
            )
        found = verdict(app, broadcast_id, twin, killed)
        app.store.close()
    finally:
        twin.stop()
        shutil.rmtree(root, ignore_errors=True)
    if surface.json:
        surface.emit(found.__dict__)
    surface.say(
        f"{found.people} người, {found.kills} lần bị giết, {found.misbehaved} cuộc gọi không "
        "có trả lời "
        f"đọc được: {found.lost} người mất, {found.twice} người nhận hai lần, "
        f"{found.false_accepted} báo nhận sai, {found.unconfirmed} chưa rõ.",
        f"{found.people} people, {found.kills} kills, {found.misbehaved} calls without a readable "
        f"answer: {found.lost} lost, {found.twice} twice, {found.false_accepted} falsely accepted, "
        f"{found.unconfirmed} in doubt.",
    )
    return 0 if found.kept else PARTLY
