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
from dispatcher.simulators.gateway_plans import (
    SECRETS,
    GatewayPlan,
    Prices,
    StepPlan,
    draw_gateways,
    draw_route,
    settings_of,
    vendor_of,
)
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
[zns]
template_id = "100001"
params = { don_vi = "UBND phường {{ ward.name }}", ma = "{{ code }}" }
+++
{% block sms %}UBND phuong {{ ward.name | khong_dau }}: thu nghiem {{ code }}.{% endblock %}
{% block zalo %}UBND phường {{ ward.name }}: thử nghiệm {{ code }}.{% endblock %}
"""


@dataclass(frozen=True)
class SitePlan:
    """What a seed says of a site."""

    gateways: tuple[GatewayPlan, ...]
    people: int
    route: tuple[StepPlan, ...]
    window: str = "07:00-22:00"
    shares: float = 0.15  # people with the phone of the one before
    second: float = 0.1  # people with a second number
    extra: str = field(default="")
    live: bool = False  # rates, quotas and secrets are those of real accounts
    prices: Prices = field(default_factory=Prices)


def draw_plan(draw: random.Random) -> SitePlan:
    """A random site."""
    exact = draw.choice((0, 0, 0, 350, 900))
    prices = Prices(
        draw.choice((300, 500, 800)), draw.choice((0, 200, 300)),
        (("Vietnamobile", exact),) if exact else (),
    )  # fmt: skip
    gateways = draw_gateways(draw, prices)
    route = draw_route(gateways, draw)
    people = draw.choice((3, 8, 20, 60))
    if any(g.kind == "ads" for g in gateways):
        people = max(people, 60)
    return SitePlan(gateways, people, route, live=draw.random() < 0.5, prices=prices)


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
    mode = "live" if plan.live else "drill"
    lines = ["[site]", 'name = "Sim"', f'mode = "{mode}"', 'undo = "0s"',
             'database = "data/site.db"']  # fmt: skip
    lines += settings_of(plan.gateways, plan.route, plan.prices, plan.live)
    lines += ["[phones]", 'sample_heads = ["095"]']
    (root / "dispatcher.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    shutil.copy(empty, root / "data" / "site.db")
    keys = root / "data" / "keys"
    keys.mkdir(exist_ok=True)
    (keys / "site.key").write_text(random.Random(world.seed).randbytes(32).hex() + "\n")
    (root / "keys").mkdir(exist_ok=True)
    for key in SECRETS:
        (root / "keys" / key).write_text(f"drill-{key}\n")
    for g in plan.gateways:
        world.vendors[g.name] = vendor_of(world, g)


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
