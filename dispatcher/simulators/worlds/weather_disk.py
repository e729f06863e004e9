"""What befalls the database: it is held, full, read-only, failing, gone or started again, for a
while each.

Comes from: a script.   Goes to: the disk of a world.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import sqlalchemy as sa

from dispatcher.broadcasts.application import database_file
from dispatcher.config import parse
from dispatcher.db.engines import engine_for
from dispatcher.simulators.worlds.disks import DiskPragmas
from dispatcher.simulators.worlds.events import happens
from dispatcher.simulators.worlds.world import World

WHILES = (0.3, 5.0, 60.0, 600.0)


@happens("the database is held", weight=1)
def the_database_is_held(world: World, draw: random.Random) -> str | None:
    """Another program writes to the file for a while."""
    path = database_file(parse(world.root))
    if path is None:
        return None
    seconds = draw.choice(WHILES)
    if not world.disk.hold(str(path)):
        return None
    world.after(seconds, world.disk.let_go)
    return f"for {seconds} s"


@happens("the disk is full", weight=1)
def the_disk_is_full(world: World, draw: random.Random) -> str | None:
    """Whatever makes the database grow, fails."""
    return _kept(world, draw, full=True)


@happens("the disk is read-only", weight=0.5)
def the_disk_is_read_only(world: World, draw: random.Random) -> str | None:
    """Nothing can be written."""
    return _kept(world, draw, read_only=True)


def _kept(world: World, draw: random.Random, **how: bool) -> str:
    seconds = draw.choice(WHILES)
    world.disk.kept = DiskPragmas(**how)

    def over() -> None:
        world.disk.kept = DiskPragmas()

    world.after(seconds, over)
    return f"for {seconds} s"


@happens("the disk fails", weight=1)
def the_disk_fails(world: World, draw: random.Random) -> str | None:
    """Some statements and commits fail for a while."""
    seconds, share = draw.choice(WHILES), draw.choice((0.02, 0.2, 1.0))

    def over() -> None:
        world.disk.fails = 0.0

    world.disk.fails = share
    world.after(seconds, over)
    return f"{share:.0%} for {seconds} s"


@happens("commits are not answered", weight=1)
def commits_are_not_answered(world: World, draw: random.Random) -> str | None:
    """What was written is there, and whoever wrote it hears that it failed."""
    seconds, share = draw.choice(WHILES[:3]), draw.choice((0.1, 0.5, 1.0))

    def over() -> None:
        world.disk.loses = 0.0

    world.disk.loses = share
    world.after(seconds, over)
    return f"{share:.0%} for {seconds} s"


@happens("the database is gone", weight=1)
def the_database_is_gone(world: World, draw: random.Random) -> str | None:
    """It cannot be opened, and what is open answers no more; on a server all connections end."""
    seconds = draw.choice(WHILES)
    world.disk.gone = True
    _cut(world)

    def over() -> None:
        world.disk.gone = False

    world.after(seconds, over)
    return f"for {seconds} s"


@happens("the database starts again", weight=1)
def the_database_starts_again(world: World, draw: random.Random) -> str | None:
    """A server ends all connections, and is there again at once; several times in a row."""
    if database_file(parse(world.root)) is not None:
        return None
    times = draw.randint(1, 4)
    for n in range(times):
        world.after(n * draw.choice((0.05, 1.0)), _cutting(world))
    return f"{times} times"


def _cutting(world: World) -> Callable[[], None]:
    return lambda: _cut(world)


def _cut(world: World) -> None:
    """The server ends all connections to this world's database."""
    site = parse(world.root)
    if database_file(site) is not None:
        return
    world.database_changed()
    engine = engine_for(site.database)
    try:
        with engine.connect() as connection:
            connection.execute(
                sa.text(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
    finally:
        engine.dispose()


def clear_up(world: World) -> None:
    """The disk is well again."""
    world.disk.lift()
