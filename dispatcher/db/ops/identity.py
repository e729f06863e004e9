"""Which database this is, and whether it is still the one that was here: a copy must not send.

SQLite: a small file outside the site, bound to machine and path, remembers the database's identity
and how far its trail had come. A copied, moved or restored database does not match it and wakes up
held, until `db release --i-am-the-only-one`. PostgreSQL: the cluster's own identifier does that,
and every host that sends remembers how far the trail had come, so that a backup restored in its
place is seen too. A snapshot of a whole virtual machine takes this file along: only an outside
checkpoint sees that.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import uuid
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from dispatcher.db.database import Tx
from dispatcher.db.ops import restored, settings
from dispatcher.db.ops.restored import COPIED, MOVED_AWAY, RESTORED
from dispatcher.db.queue.references import MOST_EPOCHS
from dispatcher.domain.failpoints import failpoint
from dispatcher.domain.machine import random_bytes, random_word
from dispatcher.domain.problems import refused, shortage
from dispatcher.i18n import Say


def state_folder() -> Path:
    """Where this machine keeps what must not travel with a site."""
    given = os.environ.get("DISPATCHER_STATE")
    if given:
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home()))) / "dispatcher"
    home = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(home) / "dispatcher"


@cache
def _machine() -> str:
    try:
        own = Path("/etc/machine-id").read_text("ascii").strip()
    except OSError:
        own = f"{uuid.getnode():x}"
    return hashlib.sha256(f"dispatcher {own}".encode()).hexdigest()[:24]


def _file(database: Path) -> Path:
    place = hashlib.sha256(str(database.resolve()).encode()).hexdigest()[:24]
    return kept_in(database) / f"{place}.json"


def kept_in(database: Path) -> Path:
    """The state folder; beside the database where this account may write nowhere else."""
    folder = state_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return database.parent / "state"
    return folder if os.access(folder, os.W_OK) else database.parent / "state"


def place_beside(database: Path | None) -> Path:
    """Where this machine keeps what a dead disk would take along, unless the settings say."""
    return state_folder() if database is None else kept_in(database)


def _place(tx: Tx, database: Path | None) -> Path:
    """The file that remembers this database on this machine."""
    if database is not None:
        return _file(database)
    name = hashlib.sha256(f"postgresql {_cluster(tx)}".encode()).hexdigest()[:24]
    return state_folder() / f"{name}.json"


def _remembered(path: Path) -> Mapping[str, Any] | None:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        if shortage(error) is not None:  # it could not be opened now: that says nothing about it
            raise
        return None
    return found if isinstance(found, dict) else None


def _remember(tx: Tx, database: Path | None, identity: str, mark: int) -> None:
    """Write down how far the trail has come. Beside a server this is one of two looks: where the
    state folder may not be written, only the cluster tells."""
    path = _place(tx, database)
    _update(path, _remembered(path), database, identity, mark)


def _update(
    path: Path, known: Mapping[str, Any] | None, database: Path | None, identity: str, mark: int
) -> None:
    told = {"identity": identity, "machine": _machine(), "mark": mark, "path": str(database or "")}
    if known == told:  # nothing new since the last look, a second ago
        return
    try:
        _write(path, json.dumps(told))
    except OSError:
        if database is not None:
            raise


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    failpoint("before file epoch")
    draft.write_text(text, encoding="utf-8")
    failpoint("before rename epoch")
    draft.replace(path)
    failpoint("after file epoch")


def _mark(tx: Tx) -> int:
    return int(tx.value("SELECT MAX(id) FROM trail") or 0)


def _cluster(tx: Tx) -> str:
    """The PostgreSQL cluster and database this is: a dump restored elsewhere is another one."""
    oid = tx.value("SELECT oid FROM pg_database WHERE datname = current_database()")
    try:
        with tx.connection.begin_nested():
            system = tx.value("SELECT system_identifier FROM pg_control_system()")
    except sa.exc.ProgrammingError:  # we may not ask; any other trouble says nothing about it
        system = "?"
    return f"{system}:{oid}"


def settle_in(tx: Tx, database: Path | None) -> None:
    """A new database is ours: say so, once. `database`: its file, None for PostgreSQL."""
    if settings.get(tx, "identity") is not None:
        return
    begin_epoch(tx)  # first: a simulated machine draws the same for either database
    identity = random_word() if database else _cluster(tx)
    settings.put(tx, "identity", identity)
    _remember(tx, database, identity, 0)


def begin_epoch(tx: Tx) -> None:
    """From here on references are others than this database, or a copy of it, ever made."""
    before = settings.get(tx, "epoch")
    new = before
    while new == before:
        new = str(1 + int.from_bytes(random_bytes(8)) % (MOST_EPOCHS - 1))
    settings.put(tx, "epoch", str(new))


def why_held(tx: Tx, database: Path | None) -> str | None:
    """None when this database may send; else a word.

    restored, copied, moved_away; or where it was found: moved, older, other_server.
    """
    return settings.get(tx, "held") or _strange(tx, database)


def _strange(tx: Tx, database: Path | None) -> str | None:
    """How this database differs from the one that was here; None when it is the same."""
    identity = settings.get(tx, "identity")
    if database is None and identity != _cluster(tx):
        return "other_server"
    return _differs(_remembered(_place(tx, database)), database, identity, _mark(tx))


def _differs(
    known: Mapping[str, Any] | None, database: Path | None, identity: str | None, mark: int
) -> str | None:
    """How a database differs from the one this machine has `known`."""
    if known is None:  # another host of a server has not been here yet
        return None if database is None else "moved"
    if database is not None and (known["machine"] != _machine() or known["identity"] != identity):
        return "moved"
    return "older" if known["mark"] > mark else None


def stand(tx: Tx, database: Path | None) -> None:
    """Refuse to send from a database that is not the one that was here; else remember its mark.

    Every worker asks each second: each thing it goes by is read once.
    """
    identity, path = settings.get(tx, "identity"), _place(tx, database)
    known, mark = _remembered(path), _mark(tx)
    elsewhere = database is None and identity != _cluster(tx)
    strange = "other_server" if elsewhere else _differs(known, database, identity, mark)
    if settings.get(tx, "held") or strange is not None:
        raise refused(
            "database-held",
            Say("This database was copied, moved or restored, so it is held and sends nothing."),
        )
    _update(path, known, database, str(identity), mark)


def release(tx: Tx, database: Path | None, second: Path | None = None) -> None:
    """A person says that this is the only copy that sends.

    What was open in a database that is not the one that was here stays held, each broadcast until
    somebody looked at it. `second`: where refusals are kept beside the database; None: where this
    machine keeps its state.
    """
    why = why_held(tx, database)
    rouse(tx, database, second)
    settings.put(tx, "held", "")
    tx.note("released", "database", begin_anew(tx, database), was=why)


def rouse(tx: Tx, database: Path | None, second: Path | None = None) -> None:
    """Hold what is open in a database that is not the one that was here, unless that was done."""
    why, strange = settings.get(tx, "held"), _strange(tx, database)
    if why == COPIED:
        restored.wake_copied(tx)
    elif strange or why == MOVED_AWAY or (why == RESTORED and not restored.is_awake(tx)):
        restored.wake(tx, strange or why or "", second or place_beside(database))


def is_at_home(tx: Tx, database: Path) -> bool:
    """True for the database that belongs here, and not a copy of it that nobody has released."""
    return _strange(tx, database) is None and settings.get(tx, "held") not in (COPIED, MOVED_AWAY)


def begin_anew(tx: Tx, database: Path | None) -> str:
    """This database is another one from now on, and the one that belongs here; its identity."""
    identity = random_word() if database else _cluster(tx)
    settings.put(tx, "identity", identity)
    begin_epoch(tx)
    _remember(tx, database, identity, _mark(tx))
    return identity


def hold(tx: Tx, why: str) -> None:
    """Let nothing leave until a person releases it."""
    settings.put(tx, "held", why)
    tx.note("held", "database", why)
