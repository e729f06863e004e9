"""The database as one thing: brought to this version, checked, copied to another place.

Comes from: whoever runs this machine.   Goes to: the database of a site.
Never: changes what a living worker writes into.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dispatcher.broadcasts.application import App, database_file
from dispatcher.config import Site
from dispatcher.db.contacts import contact_lists
from dispatcher.db.engines import engine_for
from dispatcher.db.ops import identity, maintenance
from dispatcher.db.queue import workers
from dispatcher.db.queue.workers import WorkerLock
from dispatcher.db.versions import HEAD, version_of
from dispatcher.domain import rights
from dispatcher.domain.model import SYSTEM
from dispatcher.domain.problems import refused
from dispatcher.i18n import Say, Spoken
from dispatcher.usecases.context import Context, open_app

Told = Callable[[int, int], None]  # (steps done, of how many)


def nobody_works(site: Site) -> None:
    """Refuse while a worker lives: it would write into what is being replaced."""
    folder = site.data / "workers"
    names = {path.stem for path in folder.glob("*.lock")} if folder.is_dir() else set()
    if database_file(site) is None and version_of(engine_for(site.database)) == HEAD:
        app = open_app(site)
        with app.store.read(SYSTEM) as tx:
            names |= set(workers.others(tx, ""))
        app.store.close()
    for name in sorted(names):
        lock = WorkerLock(name, folder, site.database)
        if not lock.take():
            raise refused(
                "worker-running",
                Say("The worker is running. Stop it (Ctrl-C) and try again."),
            )
        lock.drop()


@dataclass(frozen=True)
class Upgraded:
    """`found`: the version before, None where there was no database; `saved`: the backup that was
    made first, None where nothing was to be done."""

    found: str | None
    saved: Path | None
    head: str = HEAD


def upgrade(site: Site, *, dry: bool = False) -> Upgraded:
    """Bring the database to this version, backed up before; `dry`: only look."""
    from dispatcher.db import migrate

    engine = engine_for(site.database)
    found, path = version_of(engine), database_file(site)
    saved = None
    behind = found not in (None, HEAD) and not dry
    if behind:
        nobody_works(site)
        if path is not None:
            saved = path.with_name(f"{path.name}.before-{HEAD}")
            maintenance.backup(site.database, saved, lambda done, total: None)
        migrate.upgrade(engine)
    engine.dispose()
    if behind:
        app = open_app(site)
        with app.begin(SYSTEM)() as tx:
            contact_lists.learn_names(tx)
        app.store.close()
    return Upgraded(found, saved)


def check(app: App) -> list[tuple[str, bool, Spoken]]:
    """The file, its links, the sums and the trail: (what, is it right, in words)."""
    with app.store.read(SYSTEM) as tx:
        return maintenance.check(tx)


@dataclass(frozen=True)
class Target:
    """A database that a site may be copied to."""

    url: str


def copy_target(context: Context, typed: str, *, shown: bool) -> Target:
    """The database at an address, where the site may be copied there now; nothing is changed.

    `shown`: the address stood on the command line, where others can read it.
    """
    from dispatcher.db.ops.copying import target_url

    with context.remembering("copy", "database"):
        rights.need_site(context.actor, Say("copy the site"))
        url = target_url(typed, shown=shown)
        nobody_works(context.app.site)
        with context.app.store.read(SYSTEM) as tx:
            identity.stand(tx, database_file(context.app.site))
    return Target(url)


def copy(context: Context, target: Target, told: Told) -> Mapping[str, int]:
    """Copy the whole site, row by row compared; the present database sends nothing afterwards.

    Table → rows; empty on a dry run.
    """
    from dispatcher.db.ops.copying import copy_site
    from dispatcher.db.ops.restored import MOVED_AWAY

    app = context.app
    if app.store.dry:
        return {}

    def hold() -> None:
        with context.begin() as tx:
            identity.hold(tx, MOVED_AWAY)

    with context.remembering("copy", "database"):
        return copy_site(app.site.database, target.url, told, hold)
