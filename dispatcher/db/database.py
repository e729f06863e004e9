"""The two ways to a connection: `begin` to write, `read` to read. Nothing else touches the engine.

A write is IMMEDIATE and FULL (synchronous_commit=on). It refuses to commit a change of contacts,
broadcasts, people, areas or gateways without a note for the trail. Tables that belong to wards are
read through `visible`, which adds the actor's wards; the statement itself is checked on its way to
the driver, so no text SQL gets around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from threading import Lock
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from dispatcher.db import trail
from dispatcher.db.engines import BUSY_SECONDS, ask_driver, engine_for
from dispatcher.db.schema import NOTED, SCOPED, micros
from dispatcher.db.seal import Sealer
from dispatcher.db.troubles import is_passing, locked, told
from dispatcher.domain.failpoints import failpoint
from dispatcher.domain.machine import here
from dispatcher.domain.model import SYSTEM, Actor, Role
from dispatcher.domain.problems import Bug, refused, settings
from dispatcher.domain.storable import odd_words
from dispatcher.i18n import Say

BELL = "dispatcher"  # PostgreSQL's channel: see `bell`
RUNG = frozenset({"broadcasts", "receipts"})  # tables whose changes wake the workers
HEAD = "0016"  # the newest migration; a test compares it with alembic's
Row = Mapping[str, Any]
Rows = Sequence[Row]


class Tx:
    """One open transaction: who acts, when, and what was changed."""

    def __init__(
        self, connection: sa.Connection, actor: Actor, now: datetime | None, sealer: Sealer
    ) -> None:
        self.connection, self.actor, self.sealer = connection, actor, sealer
        self._now = now
        self._notes: list[trail.Note] = []
        self.by = ""  # whose acts it notes, where they are not those of `actor`
        self.act = "unnamed"  # what this transaction is for: its first note, where it has one

    @property
    def now(self) -> datetime:
        """The moment this transaction was opened with; reading transactions have none."""
        if self._now is None:
            raise Bug("a reading transaction has no time")
        return self._now

    @property
    def is_sqlite(self) -> bool:
        return self.connection.dialect.name == "sqlite"

    def run(
        self,
        sql: str | sa.Executable,
        parameters: Mapping[str, Any] | Rows | None = None,
    ) -> sa.CursorResult[Any]:
        """Execute one statement; `parameters` as a list runs it once per row.

        Text goes to the driver as it is, translated to its placeholders once: compiling a
        statement each time costs more than running it.
        """
        if isinstance(sql, str):
            words, names = _placed(sql, self.connection.dialect)
            return self.connection.exec_driver_sql(words, _bound(names, parameters))
        result = self.connection.execute(sql, parameters)
        assert isinstance(result, sa.CursorResult)
        return result

    def rows(self, sql: str, **parameters: Any) -> list[Row]:
        """All rows of a query as mappings. A change that returns none has changed nothing."""
        return cast(list[Row], self._all(sql, parameters, named=True))

    def taken(self, sql: str, **parameters: Any) -> Sequence[Any]:
        """`rows` as plain tuples: for the send loop."""
        return self._all(sql, parameters, named=False)

    def _all(self, sql: str, parameters: Mapping[str, Any], *, named: bool) -> Sequence[Any]:
        touched = self.connection.info["touched"]
        before = set(touched)
        found = self._fetched(sql, parameters, named=named)
        if not found and len(touched) > len(before):
            touched &= before
        return found

    def one(self, sql: str, **parameters: Any) -> Row | None:
        """The first row or None."""
        found = self._fetched(sql, parameters, named=True, first=True)
        return found[0] if found else None

    def value(self, sql: str, **parameters: Any) -> Any:
        """The first column of the first row, or None."""
        found = self._fetched(sql, parameters, named=False, first=True)
        return found[0][0] if found else None

    def _fetched(
        self, sql: str, parameters: Mapping[str, Any], *, named: bool, first: bool = False
    ) -> Sequence[Any]:
        """What a statement returns; `first`: at most its first row."""
        if not self.is_sqlite:
            result = self.run(sql, parameters)
            if first:
                row = result.mappings().first() if named else result.first()
                return [] if row is None else [row]
            return list(result.mappings()) if named else plain(result)
        words, names = _placed(sql, self.connection.dialect)
        check(self.connection.info, words)
        bound = _bound(names, parameters) or ()
        columns, found = ask_driver(self.connection, words, bound, first=first)
        return [dict(zip(columns, row, strict=True)) for row in found] if named else found

    def insert(self, table: sa.Table, **values: Any) -> int:
        """One new row; its id."""
        key = self.run(table.insert().values(values)).inserted_primary_key
        return int(key[0]) if key and isinstance(key[0], int) else 0

    def visible(self, name: str) -> str:
        """`visible_<name> AS (…)` for a WITH clause: the rows of a scoped table this actor sees."""
        if name not in SCOPED:
            raise Bug(f"{name} is not scoped")
        condition = "1 = 1"
        if self.actor.wards is not None:
            wards = ", ".join(str(int(w)) for w in sorted(self.actor.wards)) or "-1"
            condition = f"ward_id IN ({wards})"
            if name == "broadcasts":
                mine = int(self.actor.person_id or -1)
                condition = (
                    f"id IN (SELECT broadcast_id FROM broadcast_wards WHERE ward_id IN ({wards}))"
                    f" OR created_by = {mine}"
                )
        return f"visible_{name} AS (SELECT * FROM {name} WHERE {condition})"

    def note(self, act: str, noun: str, noun_id: object, **facts: Any) -> None:
        """Say for the trail what this transaction does. Facts never hold numbers or names."""
        if not self._notes:
            self.act = act
        self._notes.append(trail.Note(act, noun, str(noun_id), facts, self.by))

    @contextmanager
    def part(self) -> Iterator[None]:
        """A part of this transaction that may fail alone: then what it wrote and noted is taken
        back, and the transaction goes on."""
        noted = len(self._notes)
        self.run("SAVEPOINT part")
        try:
            yield
        except Exception as error:
            if not is_passing(error):  # else all of it ends, and there may be nothing to go back to
                self.run("ROLLBACK TO SAVEPOINT part")
                self.run("RELEASE SAVEPOINT part")
                del self._notes[noted:]
            raise
        self.run("RELEASE SAVEPOINT part")

    def note_refusal(self, who: Actor, noun: str, noun_id: object, tried: str, rule: str) -> None:
        """Say under a person's name what they tried and which rule said no."""
        if not self._notes:
            self.act = "refused"
        facts = {"tried": tried, "rule": rule, "person": who.person_id}
        self._notes.append(trail.Note("refused", noun, str(noun_id), facts, who.name))

    def finish(self, touched: set[str]) -> None:
        """Write the notes; refuse a change that has none."""
        silent = touched & NOTED
        if silent and not self._notes:
            raise Bug(f"{', '.join(sorted(silent))} changed without a note for the trail")
        if self._notes:
            trail.write(self, self._notes)


def plain(result: sa.CursorResult[Any]) -> Sequence[Any]:
    """The driver's own tuples, not wrapped one by one."""
    assert result.cursor is not None
    found: Sequence[Any] = result.cursor.fetchall()
    result.close()
    return found


@lru_cache(maxsize=4000)
def _placed(sql: str, dialect: sa.Dialect) -> tuple[str, tuple[str, ...] | None]:
    """`sql` in the driver's own placeholders, and their names where they go by position."""
    compiled = sa.text(sql).compile(dialect=dialect)
    order = compiled.positiontup
    return str(compiled), tuple(order) if order is not None else None


def _bound(names: tuple[str, ...] | None, given: Mapping[str, Any] | Rows | None) -> Any:
    """Parameters as the driver takes them: by position for SQLite, by name for PostgreSQL."""
    if not given:
        return None
    if names is None:
        return given
    if isinstance(given, Mapping):
        return tuple(given[name] for name in names)
    return [tuple(row[name] for name in names) for row in given]


_CHANGES = re.compile(
    r"\b(?:insert\s+(?:or\s+\w+\s+)?into|update|delete\s+from)\s+\"?(\w+)", re.IGNORECASE
)
_DELETES = re.compile(r"\bdelete\s+from\s+(\w+)", re.IGNORECASE)
_READS = {
    name: re.compile(
        rf"\b(?:from|join)\s+\"?{name}\b|,\s*{name}\s+(?:as\b|where\b|$)", re.IGNORECASE
    )
    for name in SCOPED
}


@lru_cache(maxsize=4000)
def _changed(sql: str) -> frozenset[str]:
    return frozenset(name.lower() for name in _CHANGES.findall(sql))


@lru_cache(maxsize=4000)
def _unscoped(sql: str) -> str | None:
    """A scoped table that this statement reaches without `visible`, or None."""
    reads = _DELETES.sub(r"delete \1", sql)
    for name in SCOPED:
        through = len(re.findall(rf"\bvisible_{name} AS \(", sql))
        if len(_READS[name].findall(reads)) > through:
            return name
        if re.search(rf"\b(?:update|delete)\s+{name}\b", reads, re.IGNORECASE) and not through:
            return name
    return None


class Store:
    """A database and the site's key."""

    def __init__(self, engine: sa.Engine, sealer: Sealer) -> None:
        self._engine, self._sealer = engine, sealer
        self._turn = Lock()
        self.dry = False  # a dry run: every writing transaction is thrown away at its end
        event.listen(engine, "before_cursor_execute", _watch)

    @property
    def is_sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    @property
    def sealer(self) -> Sealer:
        return self._sealer

    @contextmanager
    def begin(self, actor: Actor, now: datetime, *, patience: float = BUSY_SECONDS) -> Iterator[Tx]:
        """A writing transaction: commits at the end, rolls back on any exception.

        `patience`: seconds to wait while another program writes to the same SQLite file.
        """
        with (
            self._in_turn(patience),
            self._open(actor, now, writes=True, patience=patience) as tx,
        ):
            touched: set[str] = tx.connection.info["touched"]
            _still_may(tx)
            yield tx
            if touched and (actor.role is Role.AUDITOR or actor.only_reads):
                raise refused(
                    "read-only",
                    Say("{name} is an auditor: may look, not change anything.", name=actor.name),
                )
            tx.finish(touched)
            if not self.is_sqlite:
                for table in sorted(touched & RUNG):
                    tx.run(f"SELECT pg_notify('{BELL}', :table)", {"table": table})
            if self.dry:
                tx.connection.rollback()
            if touched:
                failpoint(f"before commit {tx.act}")
        if touched:
            failpoint(f"after commit {tx.act}")

    @contextmanager
    def _in_turn(self, patience: float) -> Iterator[None]:
        """SQLite has one writer. It makes the others sleep, up to 100 ms at a time, however soon
        the file is free again; threads of one process hand over at once."""
        if not self.is_sqlite:
            yield
        elif self._turn.acquire(timeout=patience):
            try:
                yield
            finally:
                self._turn.release()
        else:
            raise locked()

    def server_time(self) -> datetime:
        """What the database server's clock says: the same for every host."""
        with self.read(SYSTEM) as tx:
            found: datetime = tx.value("SELECT clock_timestamp()")
        return found

    @contextmanager
    def read(self, actor: Actor) -> Iterator[Tx]:
        """A reading transaction: one consistent view."""
        with self._open(actor, None, writes=False) as tx:
            yield tx

    @contextmanager
    def _open(
        self, actor: Actor, now: datetime | None, *, writes: bool, patience: float = BUSY_SECONDS
    ) -> Iterator[Tx]:
        try:
            with self._engine.connect() as connection:
                if self.is_sqlite:
                    _wait_at_most(connection, patience)
                connection = connection.execution_options(writes=writes)
                connection.info.update(touched=set(), scoped=not actor.is_system, writes=writes)
                with connection.begin():
                    yield Tx(connection, actor, now, self._sealer)
        except DBAPIError as error:
            raise told(error) from error
        except UnicodeEncodeError as error:
            if "surrogates" not in error.reason:
                raise
            raise odd_words() from error  # half a character, on its way to the database

    def close(self) -> None:
        self._engine.dispose()


def _still_may(tx: Tx) -> None:
    """Refuse a person who was disabled, or given another role or wards, since they were looked up.

    The row is held until the end: a role cannot be taken away in the middle.
    """
    actor = tx.actor
    if actor.person_id is None:
        return
    hold = "" if tx.is_sqlite else " FOR SHARE"
    row = tx.one(f"SELECT * FROM people WHERE id = :id{hold}", id=actor.person_id)
    same = row is not None and row["disabled_at"] is None and row["role"] == actor.role
    if same and row is not None and row["whole_site"] == (actor.wards is None):
        wards = "SELECT ward_id FROM people_wards WHERE person_id = :id"
        if {w for (w,) in tx.taken(wards, id=actor.person_id)} == set(actor.wards or ()):
            return
    raise refused(
        "rights-changed",
        Say(
            "The rights of {name} have just changed; nothing was done. Sign in again.",
            name=actor.name,
        ),
    )


def _watch(
    connection: sa.Connection,
    cursor: Any,
    statement: str,
    parameters: Any,
    context: Any,
    many: bool,
) -> None:
    check(connection.info, statement)


def check(notes: dict[Any, Any], statement: str) -> None:
    """Keep in mind what a statement changes, on its way to the driver; refuse what may not be."""
    if notes.get("writes"):
        notes["touched"] |= _changed(statement)
    elif _changed(statement) and "touched" in notes:
        raise Bug("a reading transaction may not change anything")
    if notes.get("scoped") and (name := _unscoped(statement)):
        raise Bug(f"{name} reached without visible()")


def _wait_at_most(connection: sa.Connection, seconds: float) -> None:
    if connection.info.get("patience", BUSY_SECONDS) != seconds:
        raw: Any = connection.connection.dbapi_connection
        raw.execute(f"PRAGMA busy_timeout={int(here().waits(seconds) * 1000)}")
        connection.info["patience"] = seconds


def open_store(url: str, sealer: Sealer) -> Store:
    """Open a database; a new one is made, an older one is a problem that names the next step."""
    engine = engine_for(url)
    found = version_of(engine)
    if found is None:
        from dispatcher.db.migrate import upgrade

        try:
            upgrade(engine)
        except DBAPIError as error:
            raise told(error) from error
    elif found != HEAD:
        raise settings(
            "database-version",
            Say(
                "The database is at version {found}, this program needs {head}.",
                found=found,
                head=HEAD,
            ),
        )
    return Store(engine, sealer)


def version_of(engine: sa.Engine) -> str | None:
    """The migration a database is at; None for an empty one. Trouble is a problem."""
    try:
        with engine.connect() as connection:
            return _version(connection)
    except DBAPIError as error:
        raise told(error) from error


_HAS_VERSION = {
    True: "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'",
    False: "SELECT to_regclass('alembic_version')",
}


def _version(connection: sa.Connection) -> str | None:
    is_sqlite = connection.dialect.name == "sqlite"
    if connection.exec_driver_sql(_HAS_VERSION[is_sqlite]).scalar() is None:
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def at(moment: datetime) -> int:
    """A moment as text SQL binds it."""
    return micros(moment)
