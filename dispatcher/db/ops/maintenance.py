"""Looking after the database: checked, backed up, restored."""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from dispatcher.db import trail
from dispatcher.db.database import Tx
from dispatcher.db.engines import engine_for, sqlite_module
from dispatcher.db.words import DELIVERED, QUEUED, READ, SENDING, SKIPPED
from dispatcher.domain.model import HANOI, ReceiptFlags
from dispatcher.domain.problems import Problem, settings
from dispatcher.i18n import Say, Spoken

PAGES = 2_000  # copied at once, so that the sender is never held up for long
Finding = tuple[str, bool, Spoken]


def check(tx: Tx) -> list[Finding]:
    """The file, its links, the sums, the reports and the trail: (what, sound, sentence)."""
    return [_file(tx), _links(tx), _sums(tx), _reports(tx), _leases(tx), _trail(tx)]


def _file(tx: Tx) -> Finding:
    if not tx.is_sqlite:
        return "file", True, Say("PostgreSQL looks after its files")
    found = tx.rows("PRAGMA integrity_check(5)")
    words = "; ".join(str(next(iter(row.values()))) for row in found)
    good = words == "ok"
    return (
        "file",
        good,
        Say("The file is sound") if good else Say("The file is damaged: {words}", words=words),
    )


def _links(tx: Tx) -> Finding:
    if tx.is_sqlite:
        broken = len(tx.rows("PRAGMA foreign_key_check"))
    else:  # it looks after all links but those in columns.written_with
        broken = sum(
            int(
                tx.value(
                    f"SELECT count(*) FROM {rows} WHERE "
                    f"NOT EXISTS (SELECT 1 FROM {table} o WHERE o.id = {rows}.{column})",
                    scope=tx.scope,
                )
            )
            for rows, column, table in (
                ("targets", "message_id", "visible_messages"),
                ("targets", "body_id", "bodies"),
                ("shared_targets", "message_id", "visible_messages"),
                ("shared_targets", "body_id", "bodies"),
                ("attempts", "message_id", "visible_messages"),
            )
        )
    return (
        "links",
        broken == 0,
        Say("{broken} broken links", broken=broken),
    )


def _sums(tx: Tx) -> Finding:
    """Everybody planned is in exactly one state, and everyone to write to has a target."""
    rows = tx.rows(
        "SELECT count(*) AS n FROM visible_messages m "
        f"WHERE m.state <> {SKIPPED} AND NOT EXISTS (SELECT 1 FROM targets t "
        "WHERE t.message_id = m.id AND t.position = m.position) AND NOT EXISTS "
        "(SELECT 1 FROM shared_targets s WHERE s.message_id = m.id AND m.state NOT IN "
        f"({QUEUED}, {SENDING}))",
        scope=tx.scope,
    )
    lost = int(rows[0]["n"])
    return (
        "messages",
        lost == 0,
        Say("{lost} messages without a target", lost=lost),
    )


def _reports(tx: Tx) -> Finding:
    """Whoever a network says was reached is reached in our books too."""
    forgotten = int(
        tx.value(
            "SELECT count(*) FROM visible_messages m "
            f"WHERE m.state NOT IN ({DELIVERED}, {READ}) AND (m.state <> {SENDING} "
            "OR m.lease_owner IS NULL) AND EXISTS (SELECT 1 FROM attempts a "
            f"WHERE a.message_id = m.id AND a.heard >= {ReceiptFlags.DELIVERED.value})",
            scope=tx.scope,
        )
    )
    return (
        "reports",
        forgotten == 0,
        Say(
            "{forgotten} messages reached people and are not recorded as such",
            forgotten=forgotten,
        ),
    )


def _leases(tx: Tx) -> Finding:
    stuck = int(
        tx.value(
            "SELECT count(*) FROM visible_messages m "
            "WHERE m.lease_owner IS NOT NULL AND NOT EXISTS "
            "(SELECT 1 FROM workers w WHERE w.name = m.lease_owner)",
            scope=tx.scope,
        )
    )
    return (
        "leases",
        True,
        Say("{stuck} messages wait to be taken back", stuck=stuck),
    )


def _trail(tx: Tx, most: int = 50_000) -> Finding:
    """The chain of heads, recomputed from every entry; nothing of it may have been edited."""
    head, seq, wrong = b"\x00" * 32, 0, 0
    heads = {r["seq"]: bytes(r["head"]) for r in tx.rows("SELECT seq, head FROM checkpoints")}
    while True:
        rows = tx.rows(
            "SELECT seq, entry, salt, leaf FROM trail WHERE seq > :after ORDER BY seq LIMIT :n",
            after=seq,
            n=most,
        )
        for row in rows:
            told = trail.leaf(bytes(row["salt"]), row["entry"])
            wrong += told != bytes(row["leaf"]) or row["seq"] != seq + 1
            seq = row["seq"]
            head = hashlib.sha256(b"\x01" + head + told).digest()
            if seq in heads:
                wrong += heads[seq] != head
        if len(rows) < most:
            break
    return (
        "trail",
        wrong == 0,
        Say("The trail's {seq} entries fit together", seq=seq)
        if not wrong
        else Say(
            "The trail was edited: {wrong} places do not fit",
            wrong=wrong,
        ),
    )


def backup(url: str, target: Path, told: Callable[[int, int], None]) -> int:
    """Copy a living database into `target` (a new file); bytes written. The key is not in it."""
    draft = target.with_name(target.name + ".part")
    if not target.parent.is_dir():
        raise settings(
            "cannot-write",
            Say(
                "{target} cannot be written: there is no folder {parent}.",
                target=target,
                parent=target.parent,
            ),
        )
    try:
        if url.startswith("postgresql"):
            _dump(url, draft)
        else:
            _copy(Path(url.removeprefix("sqlite:///")), draft, told)
        os.chmod(draft, 0o600)
        draft.replace(target)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise settings(
            "cannot-write",
            Say("{target} cannot be written: {strerror}.", target=target, strerror=error.strerror),
        ) from None
    return target.stat().st_size


def copy_file(source: Path, target: Path) -> None:
    """An SQLite database as it is now, in a new file."""
    _copy(source, target, lambda done, total: None)


def _copy(source: Path, draft: Path, told: Callable[[int, int], None]) -> None:
    module: Any = sqlite_module()
    draft.unlink(missing_ok=True)
    reader, writer = module.connect(source), module.connect(draft)
    try:
        reader.backup(
            writer, pages=PAGES, progress=lambda _, left, total: told(total - left, total)
        )
        writer.execute("PRAGMA journal_mode=DELETE")
        if writer.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise settings(
                "backup-broken",
                Say("The copy just made is damaged; check the disk and try again."),
            )
    finally:
        writer.close()
        reader.close()


def _dump(url: str, draft: Path) -> None:
    tool = shutil.which("pg_dump")
    if tool is None:
        raise settings(
            "no-pg-dump",
            Say("pg_dump (package postgresql-client) is needed to back up PostgreSQL."),
        )
    place = sa.make_url(url)
    password = {"PGPASSWORD": str(place.password)} if place.password else {}
    plain = place.set(drivername="postgresql", password=None)
    done = subprocess.run(
        [tool, "--format=custom", f"--file={draft}", plain.render_as_string()],
        env={**os.environ, **password},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["?"]
        raise settings("pg-dump", Say("pg_dump failed: {last}", last=last[0]))


def verify(path: Path) -> tuple[str, bytes | None]:
    """A backup that can be restored: its version, and a sealed name to try the key on."""
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise Problem(
            "no-backup",
            Say("{path} cannot be read: {strerror}.", path=path, strerror=error.strerror),
        ) from None
    if head != b"SQLite format 3\x00":
        raise Problem(
            "no-backup",
            Say("{path} is no backup of dispatcher.", path=path),
        )
    engine = engine_for(f"sqlite:///{path}")
    try:
        with engine.connect() as connection:
            sound = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar() == "ok"
            version = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
            sealed = connection.exec_driver_sql(
                "SELECT name_sealed FROM contacts ORDER BY id DESC LIMIT 1"
            ).scalar()
    except sa.exc.DBAPIError:
        sound, version, sealed = False, None, None
    finally:
        engine.dispose()
    if not sound or version is None:
        raise Problem(
            "broken-backup",
            Say("{path} is damaged or no backup of dispatcher.", path=path),
        )
    return str(version), None if sealed is None else bytes(sealed)


def draft_of(backup_file: Path, database: Path) -> Path:
    """A copy of a verified backup beside the database, to be prepared before it takes its place."""
    draft = database.with_name(f"{database.name}.part")
    for end in ("", "-wal", "-shm"):
        draft.with_name(draft.name + end).unlink(missing_ok=True)
    draft.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copyfile(backup_file, draft)
    os.chmod(draft, 0o600)
    return draft


def swap(draft: Path, database: Path, now: datetime) -> Path | None:
    """Put a prepared backup in the place of the database; where the old one was set aside."""
    aside = None
    if database.exists():
        name = f"{database.name}.before-restore-{now.astimezone(HANOI):%Y%m%d-%H%M%S}"
        aside = database.with_name(name)
        for again in itertools.count(2):
            if not aside.exists():
                break
            aside = database.with_name(f"{name}-{again}")
        try:  # there is a database at every moment: a missing one would be made anew, empty
            os.link(database, aside)
        except OSError:  # a disk without links
            database.replace(aside)
        for end in ("-wal", "-shm"):
            leftover = database.with_name(database.name + end)
            if leftover.exists():
                leftover.replace(aside.with_name(aside.name + end))
    draft.replace(database)
    return aside
