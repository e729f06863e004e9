"""What takes the place of a database: a backup, a copy on another file or server; and a leader who
lets it go on.

Comes from: a script.   Goes to: the product's own backup, restore, copy and release.
"""

from __future__ import annotations

import random
from pathlib import Path

from dispatcher.broadcasts.application import MACHINE, App, database_file, second_place_of
from dispatcher.config import FILE, parse
from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.engines import sqlite_url
from dispatcher.db.ops import fresh, identity, second_place
from dispatcher.db.ops.copying import copy_site
from dispatcher.db.ops.restored import MOVED_AWAY
from dispatcher.domain.model import SYSTEM
from dispatcher.domain.problems import Problem
from dispatcher.simulators.worlds.acts_after import goes_on
from dispatcher.simulators.worlds.books import held_before
from dispatcher.simulators.worlds.doing import of_ids
from dispatcher.simulators.worlds.events import happens
from dispatcher.simulators.worlds.residents import ADMIN, held
from dispatcher.simulators.worlds.weather import living, start_another
from dispatcher.simulators.worlds.world import World, seconds_of
from dispatcher.usecases import restoring
from dispatcher.usecases.context import Context, site_key
from dispatcher.usecases.site import back_up as make_backup


@happens("a backup is made", weight=1)
def a_backup_is_made(world: World, draw: random.Random) -> str | None:
    """Of the living database, whatever the workers do meanwhile."""
    return back_up(world)


def back_up(world: World) -> str | None:
    """One more backup of the database; None where it could not be made."""
    if database_file(parse(world.root)) is None:
        return None
    file = world.root / f"backup-{len(_backups(world)) + 1}.db"
    begun = world.seconds
    if world.as_person(lambda app: make_backup(Context(app, MACHINE), file)) is None:
        return None
    world.facts.backups[file.stem] = begun
    return file.stem


@happens("a backup is restored", weight=1)
def a_backup_is_restored(world: World, draw: random.Random) -> str | None:
    """Nobody works; one of the backups takes the place of the database, and an admin lets it go
    on. Now and then what it replaces cannot be read any more."""
    found = _backups(world)
    file = draw.choice(found) if found else None
    if file is None or not _nobody_works(world):
        return None
    is_lost = draw.random() < 0.3
    database = database_file(parse(world.root))
    if database is None or world.disk.gone or world.disk.kept.full or world.disk.kept.read_only:
        return None
    _turned_out(world)

    def act(app: App) -> bool:
        app.store.close()
        if is_lost:
            for end in ("", "-wal", "-shm"):
                database.with_name(database.name + end).unlink(missing_ok=True)
        restoring.restore(app.site, database, site_key(app.site), file, app.clock())
        return True

    kept_until = _kept_until(world)
    done = world.as_person(act)
    if is_lost:
        world.facts.lost.append(world.seconds)
        known = max(kept_until, world.facts.backups.get(file.stem, 0.0))
        world.facts.forget_noes(world.seconds, known)
    _replaced(world, draw)
    if done is None:
        return None
    return f"{file.stem}{', what it replaces is lost' if is_lost else ''}"


@happens("the site is copied", weight=0.7)
def the_site_is_copied(world: World, draw: random.Random) -> str | None:
    """Nobody works; the site moves to a fresh database, and an admin lets that one go on."""
    if not _nobody_works(world) or world.disk.gone or world.disk.kept.read_only:
        return None
    _turned_out(world)
    site = parse(world.root)
    target = _another_place(world)

    def act(app: App) -> bool:
        with app.store.read(SYSTEM) as tx:
            identity.stand(tx, database_file(app.site))

        def hold() -> None:
            with app.begin(SYSTEM)() as tx:
                identity.hold(tx, MOVED_AWAY)

        copy_site(app.site.database, target, lambda done, total: None, hold)
        return True

    if world.as_person(act) is None:
        start_another(world)
        return None
    settings = world.root / FILE
    lines = settings.read_text("utf-8").splitlines(keepends=True)
    moved = [f'database = "{target}"\n' if s.startswith("database =") else s for s in lines]
    settings.write_text("".join(moved), "utf-8")
    _replaced(world, draw)
    return f"from {_kind(site.database)} to {_kind(target)}"


def _another_place(world: World) -> str:
    """The URL of a database that is not there yet, of the same kind as the present one."""
    site = parse(world.root)
    path = database_file(site)
    if path is not None:
        target = sqlite_url(path.with_name(f"copy-{len(world.places) + 1}.db"))
    else:
        target = fresh.make_beside(site.database, "world")
    world.places.append(target)
    return target


def _kind(url: str) -> str:
    return url.partition(":")[0]


# --- in common ----------------------------------------------------------------------------------


def _backups(world: World) -> list[Path]:
    return sorted(world.root.glob("backup-*.db"))


def _kept_until(world: World) -> float:
    """Until when the second place knows what people said, if some clock was not wrong."""
    app = world.look()
    kept = second_place.last_written(app.store.sealer, second_place_of(app.site))
    wrong = max((abs(off) for _, off in world.facts.clocks), default=0.0)
    return seconds_of(kept) - wrong if kept is not None else -1.0


def _nobody_works(world: World) -> bool:
    """Workers are stopped before a database is replaced: the product refuses otherwise."""
    for process in living(world):
        process.kill()
    return True


def _turned_out(world: World) -> None:
    """The door is closed meanwhile."""
    if world.door is not None:
        world.door[0].kill()


def _replaced(world: World, draw: random.Random) -> None:
    """The database is another one: what is where is looked for anew, and an admin lets it go on."""
    world.facts.restores.append(world.seconds)
    world.database_changed()
    world.open_door()
    find_again(world)
    later = draw.choice((0.0, 0.0, 30.0))
    world.after(later, lambda: let_go_on(world))
    world.after(later + draw.choice((0.0, 5.0)), lambda: start_another(world))


def find_again(world: World) -> None:
    """Broadcasts have the numbers they have now; 0: this database knows nothing of one."""
    with world.look().store.read(SYSTEM) as tx:
        there = [
            (b.id, str(b.fields.get("code", "")))
            for b in broadcasts.list_broadcasts(tx, limit=10_000)
        ]
        world.facts.listed_again(world.seconds, {n for some in held(tx).values() for n in some})
    for code, told in world.facts.told.items():
        ids = sorted(number for number, its in there if its == code)
        if told.id not in ids:
            told.id = ids[-1] if ids else 0
        told.also = [number for number in ids if number != told.id]


def let_go_on(world: World) -> None:
    """An admin looks what waits, and lets the database and what was open in it go on."""

    def act(app: App) -> int:
        with app.store.read(SYSTEM) as tx:
            held = identity.why_held(tx, database_file(app.site)) is not None
        waiting = [b.id for b in restoring.outlook(app).broadcasts]
        admin = Context(app, app.actor(ADMIN))
        if held:
            restoring.release(admin, alone=True, without_refusals=True)
        for number in waiting:
            reason = held_before(app, number)
            try:
                restoring.release(admin, [number], alone=True)
            except Problem as problem:
                world.tell(f"{number} is not resumed: {problem.code}")
                continue
            for told in of_ids(world, app, [number]):
                goes_on(world, told, reason)
                if world.facts.lost:  # a stop and an edit stood in what is lost
                    told.approved, told.stopped, told.void = True, None, None
        return len(waiting)

    world.as_person(act)


def clear_up(world: World) -> None:
    """Nothing is held any more because the database is another one."""

    def is_held(app: App) -> bool:
        with app.store.read(SYSTEM) as tx:
            return identity.why_held(tx, database_file(app.site)) is not None

    if world.facts.restores and world.as_person(is_held) is True:
        let_go_on(world)
