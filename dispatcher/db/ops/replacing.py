"""A backup gets ready to take the place of the database, and learns from it what came after it.

Comes from: a verified backup, the database that is there.   Goes to: the file of the database.
Never: leaves neither of the two whole.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from dispatcher.db import migrate
from dispatcher.db.database import Store, Tx
from dispatcher.db.engines import engine_for, sqlite_url
from dispatcher.db.ops import carried_refusals, carrying, identity, maintenance, restored
from dispatcher.db.seal import Sealer
from dispatcher.db.versions import HEAD, version_of
from dispatcher.domain.model import SYSTEM
from dispatcher.domain.problems import Problem


def replace(database: Path, file: Path, key: bytes, place: Path, now: datetime) -> Path | None:
    """Put a verified backup in the place of a database, held; where the old one was set aside.

    Everything is prepared in a copy beside it first. `place`: where refusals are kept.
    """
    draft = maintenance.draft_of(file, database)
    with _replaced(database, key) as source:
        try:
            _prepare(draft, key, now, place, source)
        except sa.exc.DBAPIError:
            if source is None:
                raise
            maintenance.draft_of(file, database)  # it broke while it was read
            _prepare(draft, key, now, place, None)
    aside = maintenance.swap(draft, database, now)
    store = Store(engine_for(sqlite_url(database)), Sealer(key))
    try:
        with store.begin(SYSTEM, now) as tx:
            identity.begin_anew(tx, database)
            tx.note("restored", "database", "", aside=aside is not None)
    finally:
        store.close()
    return aside


def _prepare(draft: Path, key: bytes, now: datetime, place: Path, source: Tx | None) -> None:
    """Hold what is open in a backup, and bring over what came after it."""
    engine = engine_for(sqlite_url(draft))
    migrate.upgrade(engine)
    store = Store(engine, Sealer(key))
    try:
        with store.begin(SYSTEM, now) as tx:
            tx.act = "restored"
            goes_on = source is not None and carrying.continues(tx, source.connection)
            identity.hold(tx, restored.RESTORED)
            if source is None:
                restored.wake(tx, restored.RESTORED, place)
            elif goes_on:
                came: dict[str, int] = carrying.carry(tx, source.connection)
                came |= carried_refusals.carry_refusals(tx, source.connection)
                came["entries"] = carrying.carry_trail(tx, source.connection)
                restored.wake_beside(tx, came)
            else:
                came = carried_refusals.carry_refusals(tx, source.connection)
                restored.wake(tx, restored.RESTORED, place, came)
    finally:
        store.close()


@contextmanager
def _replaced(database: Path, key: bytes) -> Iterator[Tx | None]:
    """The database that is there now, to be read; None where it is not the one that sent, or
    cannot be read."""
    with tempfile.TemporaryDirectory(prefix="dispatcher-") as folder:
        store = _readable(database, key, Path(folder)) if database.exists() else None
        try:
            if store is None:
                yield None
                return
            with store.read(SYSTEM) as tx:
                yield tx if identity.is_at_home(tx, database) else None
        finally:
            if store is not None:
                store.close()


def _readable(database: Path, key: bytes, folder: Path) -> Store | None:
    """The store of a sound database; one of another version is brought to ours in a copy."""
    engine = engine_for(sqlite_url(database))
    try:
        with engine.connect() as connection:
            sound = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar() == "ok"
        version = version_of(engine) if sound else None
        if version is None:
            engine.dispose()
            return None
        if version != HEAD:
            engine.dispose()
            copied = folder / "replaced.db"
            maintenance.copy_file(database, copied)
            engine = engine_for(sqlite_url(copied))
            migrate.upgrade(engine)
        return Store(engine, Sealer(key))
    except (sa.exc.DBAPIError, Problem, OSError):
        engine.dispose()
        return None
