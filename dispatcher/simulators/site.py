"""The site of a world, drawn from its seed: gateways, routes, hours, budgets, people.

Comes from: a seed.   Goes to: a folder of its own, and a database that was migrated once.
"""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from dispatcher.app import App
from dispatcher.importing.listing import Entry
from dispatcher.importing.merge import merge, store
from dispatcher.model import SYSTEM, Role
from dispatcher.simulators.speech import Esms, Lab
from dispatcher.simulators.vendors import Habits, Vendor
from dispatcher.simulators.world import World
from dispatcher.store import people
from dispatcher.store.engines import sqlite_url
from dispatcher.store.migrate import upgrade

WARDS = ("Máy Tơ", "Lạc Viên")
AUTHOR, LEADER = "author", "leader"
TEMPLATE = """+++
title = "Sim"
kind = "warning"
[fields.code]
label = "Mã"
+++
{% block sms %}UBND phuong {{ ward.name | khong_dau }}: thu nghiem {{ code }}.{% endblock %}
"""


@dataclass(frozen=True)
class GatewayPlan:
    """One gateway as a world has it."""

    name: str
    adapter: str  # lab | esms
    capability: str  # dedup | lookup | neither
    in_flight: int
    habits: Habits
    per_second: int | None = None


@dataclass(frozen=True)
class SitePlan:
    """What a seed says of a site."""

    gateways: tuple[GatewayPlan, ...]
    people: int
    route: tuple[tuple[str, str], ...]  # (gateway, deadline or "")
    window: str = "07:00-22:00"
    shares: float = 0.15  # people with the phone of the one before
    second: float = 0.1  # people with a second number
    extra: str = field(default="")


def draw_plan(draw: random.Random) -> SitePlan:
    """A random site."""
    calm = draw.random() < 0.2
    gateways = []
    for n in range(draw.choice((1, 1, 2, 2, 3))):
        adapter = draw.choice(("lab", "lab", "esms"))
        capability = "dedup" if adapter == "esms" else draw.choice(("dedup", "lookup", "neither"))
        worst = 0.0 if calm else draw.choice((0.0, 0.03, 0.1, 0.3))
        habits = Habits(
            never_left=worst * draw.random(), lost_out=worst * draw.random(),
            lost_back=worst * draw.random(), broken=draw.random(), odd=worst * draw.random(),
            refuses=worst * draw.random(), slow=worst * draw.random() / 2,
            latency=draw.choice((0.01, 0.1, 1.0)), reports=draw.choice((0.0, 0.5, 0.95)),
        )  # fmt: skip
        gateways.append(GatewayPlan(f"g{n}", adapter, capability, draw.choice((1, 4, 16)), habits))
    route = tuple((g.name, draw.choice(("30s", "5m", "1h"))) for g in gateways)
    return SitePlan(tuple(gateways), draw.choice((3, 8, 20, 60)), route)


def migrated(folder: Path) -> Path:
    """A database with all tables and nothing in it, made once for many worlds."""
    import sqlalchemy as sa

    path = folder / "migrated.db"
    if not path.exists():
        engine = sa.create_engine(sqlite_url(path))
        upgrade(engine)
        engine.dispose()
    return path


def write_site(world: World, plan: SitePlan, empty: Path) -> None:
    """The folder of a site: settings, template, database."""
    root = world.root
    for name in ("templates", "schedules", "data"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "templates" / "sim.j2").write_text(TEMPLATE, encoding="utf-8")
    lines = ["[site]", 'name = "Sim"', 'mode = "drill"', 'undo = "0s"', 'database = "data/site.db"']
    for g in plan.gateways:
        lines += [f"[gateways.{g.name}]", f'adapter = "{g.adapter}"', f"in_flight = {g.in_flight}",
                  'timeout = "10s"']  # fmt: skip
        if g.adapter == "lab":
            lines.append(f'capability = "{g.capability}"')
    last = len(plan.route) - 1
    steps = ", ".join(
        f'{{ gateway = "{name}" }}'
        if i == last
        else f'{{ gateway = "{name}", deadline = "{after}" }}'
        for i, (name, after) in enumerate(plan.route)
    )
    lines += ["[routes.only]", f"steps = [ {steps} ]", "[phones]", 'sample_heads = ["095"]']
    (root / "dispatcher.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    shutil.copy(empty, root / "data" / "site.db")
    keys = root / "data" / "keys"
    keys.mkdir(exist_ok=True)
    (keys / "site.key").write_text(random.Random(world.seed).randbytes(32).hex() + "\n")
    for g in plan.gateways:
        speech = Lab() if g.adapter == "lab" else Esms()
        world.vendors[g.name] = Vendor(
            world, g.name, speech, g.capability == "dedup", g.habits,
            random.Random(f"{world.seed} {g.name}"),
        )  # fmt: skip


def number(serial: int) -> str:
    return f"+8495{serial:07d}"


def fill(app: App, plan: SitePlan, draw: random.Random) -> None:
    """The people of the site, and the two who write and approve."""
    entries, last = [], ""
    for i in range(plan.people):
        own = number(i)
        first = last if last and draw.random() < plan.shares else own
        phones = (first, number(5000 + i)) if draw.random() < plan.second else (first,)
        last = first
        entries.append(Entry("sim.csv", "", i + 2, f"Người Mẫu {i}", phones, (),
                             draw.choice(WARDS), None))  # fmt: skip
    with app.begin(SYSTEM)() as tx:
        store(tx, merge(tx, entries), [], app.site.sample_heads)
        people.add(tx, AUTHOR, "Author", Role.OFFICER, [])
        people.add(tx, LEADER, "Leader", Role.LEADER, [])
