"""The site of a world, drawn from its seed: gateways, routes, hours, budgets, people.

Comes from: a seed.   Goes to: a folder of its own, and a database that was migrated once.
"""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

from dispatcher.broadcasts.application import App
from dispatcher.db.engines import engine_for, sqlite_url
from dispatcher.db.migrate import upgrade
from dispatcher.db.ops import fresh
from dispatcher.simulators.worlds import residents
from dispatcher.simulators.worlds.gateway_plans import (
    SECRETS,
    GatewayPlan,
    Prices,
    StepPlan,
    draw_gateways,
    draw_route,
    settings_of,
    vendor_of,
)
from dispatcher.simulators.worlds.residents import (
    ADMIN,
    AUTHOR,
    LEADER,
    WARDS,
    Residents,
    draw_residents,
)
from dispatcher.simulators.worlds.rules import Rules, draw_rules, texts
from dispatcher.simulators.worlds.world import World

__all__ = ["ADMIN", "AUTHOR", "LEADER", "WARDS"]


@dataclass(frozen=True)
class SitePlan:
    """What a seed says of a site."""

    gateways: tuple[GatewayPlan, ...]
    people: int
    route: tuple[StepPlan, ...]
    rules: Rules = field(default_factory=Rules)
    residents: Residents = field(default_factory=Residents)
    extra: str = field(default="")
    live: bool = False  # rates, quotas and secrets are those of real accounts
    prices: Prices = field(default_factory=Prices)
    theme: str = ""  # of themes.THEMES; empty: about nothing in particular


def draw_plan(draw: random.Random) -> SitePlan:
    """A random site."""
    exact = draw.choice((0, 0, 0, 350, 900))
    prices = Prices(
        draw.choice((300, 500, 800)),
        draw.choice((0, 200, 300)),
        (("Vietnamobile", exact),) if exact else (),
    )
    gateways = draw_gateways(draw, prices)
    route = draw_route(gateways, draw)
    people = draw.choices((3, 5, 8, 12, 20, 60, 300), (20, 20, 20, 20, 15, 4, 1))[0]
    if any(g.kind == "ads" for g in gateways):
        people = max(people, 60)
    rules = draw_rules(draw, people)
    if rules.step is not None and route[0].budget is None:
        route = (replace(route[0], budget=rules.step), *route[1:])
    return SitePlan(
        gateways,
        people,
        route,
        rules,
        draw_residents(draw),
        live=draw.random() < 0.5,
        prices=prices,
    )


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
    mode = "live" if plan.live else "drill"
    lines = [
        "[site]",
        'name = "Sim"',
        f'mode = "{mode}"',
        f'undo = "{plan.rules.undo}"',
        f'database = "{database or "data/site.db"}"',
        *plan.rules.lines(),
    ]
    plan.rules.remember(world.facts)
    lines += settings_of(plan.gateways, plan.route, plan.prices, plan.live)
    lines += ["[phones]", 'sample_heads = ["095"]']
    (root / "dispatcher.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if not database:
        shutil.copy(empty, root / "data" / "site.db")
    keys = root / "data" / "keys"
    keys.mkdir(exist_ok=True)
    (keys / "site.key").write_text(random.Random(world.seed).randbytes(32).hex() + "\n")
    (root / "keys").mkdir(exist_ok=True)
    for key in SECRETS:
        (root / "keys" / key).write_text(f"drill-{key}\n")
    for g in plan.gateways:
        world.vendors[g.name] = vendor_of(world, g)


def fill(world: World, app: App, plan: SitePlan, draw: random.Random) -> None:
    """The people of the site, and those who write and approve."""
    residents.fill(app, plan.people, plan.residents, draw, world.facts)
