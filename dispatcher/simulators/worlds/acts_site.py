"""What people change at the site itself: settings while workers run, gateways, days off."""

from __future__ import annotations

import random
import re
from datetime import timedelta

from dispatcher.broadcasts.application import App
from dispatcher.config import FILE, read_text
from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.ops import days_off
from dispatcher.db.queue import gateways as gateway_rows
from dispatcher.domain import rights
from dispatcher.domain.model import HANOI, SYSTEM, URGENT
from dispatcher.i18n import Say
from dispatcher.simulators.worlds.doing import death, period, signed, states, watched
from dispatcher.simulators.worlds.events import happens
from dispatcher.simulators.worlds.facts import Setting
from dispatcher.simulators.worlds.residents import ADMIN
from dispatcher.simulators.worlds.rules import WINDOWS
from dispatcher.simulators.worlds.world import World, seconds_of
from dispatcher.usecases import gateways
from dispatcher.usecases.context import Context
from dispatcher.usecases.site import change_settings, foresee

CHOICES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("windows.default", WINDOWS),
    ("courtesy.lunch", ("", "11:30-13:00", "09:05-09:10")),
    ("site.undo", ("0s", "5s", "60s", "10m")),
    ("law.urgent_despite_refusal", ("yes", "no")),
    ("limits.per_person", ("", "1", "3")),
    ("prices.sms", ("350", "900")),
)


@happens("settings", weight=2)
def settings(world: World, draw: random.Random) -> str | None:
    """A form of the settings is sent off; workers that run go on with the old ones."""
    name, values = draw.choice((*CHOICES, ("budgets", ("",))))
    given = {name: draw.choice(values)}
    if name == "budgets":
        given = {"budgets.all.wards": "all", "budgets.all.month": draw.choice(("2000", "1000000"))}
    restarts = draw.random() < 0.5

    def act(app: App) -> bool:
        admin = Context(app, app.actor(ADMIN))
        wanted = {tuple(k.split(".")): v for k, v in given.items()}
        change = foresee(admin, wanted, ())
        change_settings(admin, change, change.digest)
        return True

    # no death here: what is put back by a handler would stay as it is where a process is killed
    if not world.as_person(act):
        return None
    remember(world, given)
    if restarts:
        restart_workers(world)
    said = ", ".join(f"{k} = {v}" for k, v in given.items())
    return f"{said}{', workers start again' if restarts else ''}"


def remember(world: World, given: dict[str, str]) -> None:
    """These stand in the file now; what waits for its time may get a longer undo time."""
    world.facts.settings += [Setting(world.seconds, k, v) for k, v in given.items()]
    world.database_changed()  # whoever looks reads the file anew
    if "site.undo" not in given:
        return
    states(world)
    app = world.look()
    for told in world.facts.told.values():
        if told.due is None or told.expires is None or not told.id:
            continue
        with app.store.read(SYSTEM) as tx:
            found = broadcasts.get(tx, told.id)
        if found.at is not None and found.released_at is None and found.priority != URGENT:
            told.expires = max(told.expires, seconds_of(period(world, app, found).until))


def restart_workers(world: World) -> None:
    """As `systemctl restart`: those that run settle what is on the wire and end; one starts."""
    for process, worker in list(world.workers.values()):
        if process.lives and worker.engine is not None:
            process.run(worker.engine.stop)
    world.start_worker()


@happens("restart", weight=0.5)
def restart(world: World, draw: random.Random) -> str | None:
    """The workers are started anew, in good order."""
    restart_workers(world)
    return ""


@happens("account", weight=0.7)
def account(world: World, draw: random.Random) -> str | None:
    """The file says something else of a gateway; then the workers are started again."""
    app = world.look()
    gateway = draw.choice(sorted(app.site.gateways))
    calls = draw.choice((1, 2, 8, 32))
    place = world.root / FILE
    head, section, rest = read_text(place).partition(f"[gateways.{gateway}]")
    new = re.sub(r"in_flight = \d+", f"in_flight = {calls}", rest, count=1)
    place.write_text(head + section + new, "utf-8")
    remember(world, {f"gateways.{gateway}.in_flight": str(calls)})
    restart_workers(world)
    return f"{gateway}: {calls} in flight"


@happens("pause a gateway", weight=1)
def pause(world: World, draw: random.Random) -> str | None:
    """Nothing goes there until somebody lets it go on, here a while later."""
    gateway = draw.choice(sorted(world.look().site.gateways))
    after = draw.choice((5.0, 60.0, 1800.0, None, None))
    shut = world.facts.shut.setdefault(gateway, [])

    def remember_it() -> None:
        if not shut or shut[-1][1] is not None:
            shut.append((world.seconds, None))

    def act(app: App) -> bool:
        with watched(world, remember_it):
            gateways.pause(Context(app, app.actor(ADMIN)), gateway)
        return True

    if not world.as_person(act, death(draw)):
        return None
    if after is not None:
        world.after(after, lambda: _let_go(world, gateway))
    return f"{gateway}{'' if after is None else f' for {after:.0f} s'}"


@happens("resume a gateway", weight=1)
def resume(world: World, draw: random.Random) -> str | None:
    """Messages go there again, whatever it was paused for."""
    with world.look().store.read(SYSTEM) as tx:
        found = sorted(
            n for n, row in gateway_rows.states(tx).items() if row["paused_at"] is not None
        )
    if not found:
        return None
    gateway = draw.choice(found)
    return gateway if _resume(world, gateway, death(draw)) else None


def _let_go(world: World, gateway: str) -> None:
    _resume(world, gateway, None)


def _resume(world: World, gateway: str, dies_at: int | None) -> bool:
    shut = world.facts.shut.setdefault(gateway, [])

    def remember_it() -> None:
        if shut and shut[-1][1] is None:
            shut[-1] = (shut[-1][0], world.seconds)

    def act(app: App) -> bool:
        with watched(world, remember_it):
            gateways.resume(Context(app, app.actor(ADMIN)), gateway)
        return True

    return bool(world.as_person(act, dies_at))


@happens("holiday", weight=0.3)
def holiday(world: World, draw: random.Random) -> str | None:
    """A day is off, worked, or Tết: it concerns what is not yet on its way."""
    kind, ahead = draw.choice(("off", "work", "tet")), draw.randrange(3)
    day = (world.moment() + timedelta(days=ahead)).astimezone(HANOI).date()

    def act(app: App) -> bool:
        rights.need_site(app.actor(ADMIN), Say("change the table of days off"))
        with signed(world, app, ADMIN) as tx:
            days_off.put(tx, day, kind, "theo thông báo")
        return True

    return f"{day} {kind}" if world.as_person(act, death(draw)) else None
