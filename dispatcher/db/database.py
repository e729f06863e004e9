"""The two ways to a connection: `begin` to write, `read` to read. Nothing else touches the engine.

A write is IMMEDIATE and FULL (synchronous_commit=on). It refuses to commit a change of contacts,
broadcasts, people, areas or gateways without a note for the trail. Facts of wards are read through
`visible_…` names, which take the actor's scope: see scope.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from threading import Lock
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from dispatcher.db import trail
from dispatcher.db.checking import check, watch
from dispatcher.db.compiling import Among, Kinds, compiled, given_list, spoken
from dispatcher.db.database_problems import as_problem, database_locked, is_passing
from dispatcher.db.engines import BUSY_SECONDS, ask_driver, engine_for, let_driver
from dispatcher.db.results import Ran, Rows, plain
from dispatcher.db.results import Row as Row
from dispatcher.db.schema import NOTED, micros
from dispatcher.db.scope import Scope, with_walls
from dispatcher.db.seal import Sealer
from dispatcher.db.versions import HEAD, version_of
from dispatcher.domain.failpoints import failpoint
from dispatcher.domain.machine import here
from dispatcher.domain.model import SYSTEM, Actor, Role
from dispatcher.domain.problems import Bug, refused, settings
from dispatcher.domain.storable import odd_words
from dispatcher.i18n import Say

NOTIFY_CHANNEL = "dispatcher"  # PostgreSQL's channel: see `notify`
RUNG = frozenset({"broadcasts", "receipts"})  # tables whose changes wake the workers


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

    @property
    def scope(self) -> Scope:
        """What the actor may see: for statements about facts of wards."""
        return Scope(self.actor.wards, self.actor.person_id)

    def run(
        self,
        sql: str | sa.Executable,
        parameters: Mapping[str, Any] | Rows | None = None,
        *,
        scope: Scope | None = None,
        kinds: Kinds = (),
        once: frozenset[int] = frozenset(),
    ) -> sa.CursorResult[Any] | Ran:
        """Execute one statement; `parameters` as a list runs it once per row.

        `scope`: what `visible_…` in it mean. `kinds`, `once`: of its rows, see `on_rows`.
        Text goes to the driver as it is, translated to its placeholders once: compiling a
        statement each time costs more than running it.
        """
        if isinstance(sql, str):
            words, bound = self._placed(sql, parameters, scope, kinds, once)
            if not self.is_sqlite or isinstance(bound, list):
                return self.connection.exec_driver_sql(words, bound)
            for look in self.connection.dispatch.before_cursor_execute:  # as SQLAlchemy would
                look(self.connection, None, words, bound, None, False)
            return Ran(*let_driver(self.connection, words, bound or ()))
        result = self.connection.execute(sql, parameters)
        assert isinstance(result, sa.CursorResult)
        return result

    def _placed(
        self,
        sql: str,
        parameters: Mapping[str, Any] | Rows | None,
        scope: Scope | None = None,
        kinds: Kinds = (),
        once: frozenset[int] = frozenset(),
    ) -> tuple[str, Any]:
        """(what the driver takes, its parameters) for a statement."""
        walls: dict[str, Any] = {}
        if scope is not None:
            sql, walls = with_walls(sql, scope.wards is None), scope.parameters()
        lists: tuple[tuple[str, str], ...] = ()
        if isinstance(parameters, Mapping):
            parameters = {**parameters, **walls} if walls else parameters
            lists = tuple((n, v.kind) for n, v in parameters.items() if type(v) is Among)
            if lists:
                given = {n: given_list(parameters[n], self.is_sqlite) for n, _ in lists}
                parameters = {**parameters, **given}
        elif walls:
            return self._placed_each(sql, parameters, walls)
        words, names = compiled(sql, spoken(self.is_sqlite), lists, kinds, once)
        return words, _bound(names, parameters)

    def _placed_each(self, sql: str, rows: Rows | None, walls: dict[str, Any]) -> tuple[str, Any]:
        """`_placed` for a statement that runs once per row, each with the same scope."""
        lists = tuple((n, v.kind) for n, v in walls.items() if type(v) is Among)
        walls |= {n: given_list(walls[n], self.is_sqlite) for n, _ in lists}
        words, names = compiled(sql, spoken(self.is_sqlite), lists)
        return words, _bound(names, [{**row, **walls} for row in rows] if rows else walls)

    def rows(self, sql: str, *, scope: Scope | None = None, **parameters: Any) -> list[Row]:
        """All rows of a query as mappings. A change that returns none has changed nothing."""
        return cast(list[Row], self._all(sql, parameters, scope, named=True))

    def taken(self, sql: str, *, scope: Scope | None = None, **parameters: Any) -> Sequence[Any]:
        """`rows` as plain tuples: for the send loop."""
        return self._all(sql, parameters, scope, named=False)

    def _all(
        self, sql: str, parameters: Mapping[str, Any], scope: Scope | None, *, named: bool
    ) -> Sequence[Any]:
        touched = self.connection.info["touched"]
        before = set(touched)
        found = self._fetched(sql, parameters, scope, named=named)
        if not found and len(touched) > len(before):
            touched &= before
        return found

    def one(self, sql: str, *, scope: Scope | None = None, **parameters: Any) -> Row | None:
        """The first row or None."""
        found = self._fetched(sql, parameters, scope, named=True, first=True)
        return found[0] if found else None

    def value(self, sql: str, *, scope: Scope | None = None, **parameters: Any) -> Any:
        """The first column of the first row, or None."""
        found = self._fetched(sql, parameters, scope, named=False, first=True)
        return found[0][0] if found else None

    def _fetched(
        self,
        sql: str,
        parameters: Mapping[str, Any],
        scope: Scope | None,
        *,
        named: bool,
        first: bool = False,
    ) -> Sequence[Any]:
        """What a statement returns; `first`: at most its first row."""
        if not self.is_sqlite:
            result = self.run(sql, parameters, scope=scope)
            assert not isinstance(result, Ran)
            if first:
                row = result.mappings().first() if named else result.first()
                return [] if row is None else [row]
            return list(result.mappings()) if named else plain(result)
        words, bound = self._placed(sql, parameters, scope)
        check(self.connection.info, words)
        columns, found = ask_driver(self.connection, words, bound or (), first=first)
        return [dict(zip(columns, row, strict=True)) for row in found] if named else found

    def insert(self, table: sa.Table, **values: Any) -> int:
        """One new row; its id."""
        key = self.connection.execute(table.insert().values(values)).inserted_primary_key
        return int(key[0]) if key and isinstance(key[0], int) else 0

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


def _bound(names: tuple[str, ...] | None, given: Mapping[str, Any] | Rows | None) -> Any:
    """Parameters as the driver takes them: by position for SQLite, by name for PostgreSQL."""
    if not given:
        return None
    if names is None:
        return given
    if isinstance(given, Mapping):
        return tuple(given[name] for name in names)
    return [tuple(row[name] for name in names) for row in given]


class Store:
    """A database and the site's key."""

    def __init__(self, engine: sa.Engine, sealer: Sealer) -> None:
        self._engine, self._sealer = engine, sealer
        self._turn = Lock()
        self._kept: list[sa.Connection] = []  # to a file, in nobody's hands
        self.dry = False  # a dry run: every writing transaction is thrown away at its end
        event.listen(engine, "before_cursor_execute", watch)

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
                    tx.run(f"SELECT pg_notify('{NOTIFY_CHANNEL}', :table)", {"table": table})
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
            raise database_locked()

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
            with self._connected() as connection:
                if self.is_sqlite:
                    _wait_at_most(connection, patience)
                if connection.get_execution_options().get("writes") is not writes:
                    connection = connection.execution_options(writes=writes)
                connection.info.update(touched=set(), scoped=not actor.is_system, writes=writes)
                with connection.begin():
                    yield Tx(connection, actor, now, self._sealer)
        except DBAPIError as error:
            raise as_problem(error) from error
        except UnicodeEncodeError as error:
            if "surrogates" not in error.reason:
                raise
            raise odd_words() from error  # half a character, on its way to the database

    @contextmanager
    def _connected(self) -> Iterator[sa.Connection]:
        """A connection for one transaction. One to a file is kept for the next: to take it from the
        pool and give it back takes longer than most questions."""
        if not self.is_sqlite:
            with self._engine.connect() as connection:
                yield connection
            return
        try:
            connection = self._kept.pop()
        except IndexError:
            connection = self._engine.connect()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self._kept.append(connection)

    def close(self) -> None:
        while self._kept:
            self._kept.pop().close()
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
            raise as_problem(error) from error
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


def at(moment: datetime) -> int:
    """A moment as text SQL binds it."""
    return micros(moment)
