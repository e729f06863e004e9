"""The site of a world, drawn from its seed: gateways, routes, hours, budgets, people.

Comes from: a seed.   Goes to: a folder of its own, and a database that was migrated once.
"""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from dispatcher.app import App
from dispatcher.simulators import residents
from dispatcher.simulators.residents import ADMIN, AUTHOR, LEADER, WARDS, Residents, draw_residents
from dispatcher.simulators.rules import Rules, draw_rules, texts
from dispatcher.simulators.speech import Esms, Lab
from dispatcher.simulators.vendors import Habits, Vendor
from dispatcher.simulators.world import World
from dispatcher.store import fresh
from dispatcher.store.engines import engine_for, sqlite_url
from dispatcher.store.migrate import upgrade

__all__ = ["ADMIN", "AUTHOR", "LEADER", "WARDS"]


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
    rules: Rules = field(default_factory=Rules)
    residents: Residents = field(default_factory=Residents)
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
    count = 300 if draw.random() < 0.02 else draw.choice((3, 8, 20, 60))
    return SitePlan(tuple(gateways), count, route, draw_rules(draw, count), draw_residents(draw))


def migrated(folder: Path) -> Path:
    """A database with all tables and nothing in it, made once for many worlds."""
    import sqlalchemy as sa

    path = folder / "migrated.db"
    if not path.exists():
        engine = sa.create_engine(sqlite_url(path))
        upgrade(engine)
        engine.dispose()
    return path


def beside(shop: Path, server: str) -> str:
    """The URL of a new database on a server, with all tables and nothing in it."""
    kept = shop / "migrated.url"
    if not kept.exists():
        made = fresh.make_beside(server, "worlds")
        kept.write_text(made, "utf-8")
        engine = engine_for(made)
        upgrade(engine)
        engine.dispose()
    return fresh.make_beside(server, "world", kept.read_text("utf-8"))


def forget_server(shop: Path, server: str) -> None:
    """Drop what new databases on a server were copies of."""
    kept = shop / "migrated.url"
    if kept.exists():
        fresh.drop(kept.read_text("utf-8"), server)
        kept.unlink()


def write_site(world: World, plan: SitePlan, empty: Path, database: str = "") -> None:
    """The folder of a site: settings, template, database: a copy of the file `empty`, or an empty
    one on a server, by URL."""
    root = world.root
    for name in ("templates", "schedules", "data"):
        (root / name).mkdir(parents=True, exist_ok=True)
    for name, source in texts():
        (root / "templates" / f"{name}.j2").write_text(source, encoding="utf-8")
    lines = ["[site]", 'name = "Sim"', 'mode = "drill"', f'undo = "{plan.rules.undo}"',
             f'database = "{database or "data/site.db"}"', *plan.rules.lines()]  # fmt: skip
    plan.rules.remember(world.facts)
    for g in plan.gateways:
        lines += [f"[gateways.{g.name}]", f'adapter = "{g.adapter}"', f"in_flight = {g.in_flight}",
                  'timeout = "10s"']  # fmt: skip
        if g.adapter == "lab":
            lines.append(f'capability = "{g.capability}"')
    last = len(plan.route) - 1
    first = "" if plan.rules.step is None else f", budget = {plan.rules.step}"
    steps = ", ".join(
        f'{{ gateway = "{name}"'
        + ("" if i == last else f', deadline = "{after}"')
        + ("" if i else first)
        + " }"
        for i, (name, after) in enumerate(plan.route)
    )
    lines += ["[routes.only]", f"steps = [ {steps} ]", "[phones]", 'sample_heads = ["095"]']
    (root / "dispatcher.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if not database:
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


def fill(world: World, app: App, plan: SitePlan, draw: random.Random) -> None:
    """The people of the site, and those who write and approve."""
    residents.fill(app, plan.people, plan.residents, draw, world.facts)
