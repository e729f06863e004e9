"""What must not be lost with the disk, kept in a small file at a second place.

Comes from: the worker within the hour, and every backup.   Goes to: a folder on another disk.
Never: a number, a name or a text that can be read without the site's key.

It holds who must not be written to, who was forgotten, which broadcasts were released and which
schedules fired: what a backup cannot know of the time after it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from dispatcher.db.compiling import Among
from dispatcher.db.contacts.refusals import ALL, Erased, Refusal, forgotten
from dispatcher.db.database import Tx, at
from dispatcher.db.ops import settings as site_facts
from dispatcher.db.schema import moment
from dispatcher.db.seal import Sealer
from dispatcher.domain.problems import Problem, settings
from dispatcher.i18n import Say

REFUSALS_FOR = timedelta(days=400)  # what is older stands in every backup anybody would restore
RELEASES_FOR = timedelta(days=90)
AT_LEAST = timedelta(minutes=20)  # written anew although nothing changed: it says so
MOST_FILES = 8  # of one site: one for each time its database became another one
ACTS = (
    "suppressed",
    "unsuppressed",
    "do_not_call",
    "forgotten",
    "released",
    "draft",
    "brought_over",
)


class Release(NamedTuple):
    """A broadcast that was released; times in microseconds."""

    id: int
    created_at: int
    released_at: int
    title: str


class Fired(NamedTuple):
    """A firing of a schedule."""

    schedule: str
    fire_at: int
    state: str


@dataclass(frozen=True)
class SecondPlaceContent:
    """The content of one file. `at`: when it was written; `root`: of which database, see `root`."""

    at: datetime
    root: str
    refusals: Sequence[Refusal] = ()
    erased: Sequence[Erased] = ()
    releases: Sequence[Release] = ()
    fired: Sequence[Fired] = ()


class Keeper:
    """Writes the file when something changed, and now and then when nothing did."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._mark: int | None = None
        self._written: datetime | None = None

    def look(self, tx: Tx, now: datetime) -> bool:
        """Write what is known in `tx` if need be; True when it was. Raises Problem second-place."""
        mark = int(tx.value("SELECT MAX(id) FROM trail") or 0)
        stale = self._written is None or abs(now - self._written) >= AT_LEAST
        if not stale and not self._changed(tx):
            self._mark = mark
            return False
        write(tx, self.place, now)
        self._mark, self._written = mark, now
        return True

    def _changed(self, tx: Tx) -> bool:
        return bool(
            tx.value(
                "SELECT count(*) FROM trail WHERE id > :mark AND act IN (:acts)",
                mark=self._mark,
                acts=Among(list(ACTS), "text"),
            )
        )


def write(tx: Tx, place: Path, now: datetime) -> Path:
    """Write all that is kept, whole or not at all; the file. Raises Problem second-place."""
    path = place / f"{_prefix(tx.sealer)}-{_own(site_facts.get(tx, 'identity') or '')}.sealed"
    content = tx.sealer.seal(json.dumps(_content(tx, now), separators=(",", ":")))
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        for old in _files(tx.sealer, place)[MOST_FILES:]:
            old.unlink(missing_ok=True)
    except OSError as error:
        raise settings(
            "second-place",
            Say(
                "The second place {place} cannot be written: {strerror}.",
                place=place,
                strerror=error.strerror,
            ),
        ) from None
    return path


def read(sealer: Sealer, place: Path) -> list[SecondPlaceContent]:
    """What is kept of the site of this key, the newest first; a file that cannot be read is left
    out."""
    found = []
    for path in _files(sealer, place):
        try:
            given = json.loads(sealer.open(path.read_bytes()))
            found.append(
                SecondPlaceContent(
                    moment(given["at"]),
                    given["root"],
                    [Refusal(bytes.fromhex(c), *rest) for c, *rest in given["refusals"]],
                    [Erased(*row) for row in given["erased"]],
                    [Release(*row) for row in given["releases"]],
                    [Fired(*row) for row in given["fired"]],
                )
            )
        except (OSError, ValueError, KeyError, TypeError, Problem):
            continue
    return sorted(found, key=lambda kept: kept.at, reverse=True)


def root(tx: Tx) -> str:
    """The first entry of the trail: the same in a database and all its copies, in no other one."""
    found = tx.value("SELECT leaf FROM trail ORDER BY id LIMIT 1")
    return "" if found is None else bytes(found).hex()


def last_written(sealer: Sealer, place: Path) -> datetime | None:
    """When something was last kept there; None: never."""
    return max((kept.at for kept in read(sealer, place)), default=None)


def same_disk(database: Path, place: Path) -> bool:
    """True when both would be lost with one disk."""
    try:
        return database.parent.stat().st_dev == place.stat().st_dev
    except OSError:
        return False


def _content(tx: Tx, now: datetime) -> dict[str, object]:
    recent = at(now - REFUSALS_FOR)
    since = at(now - RELEASES_FOR)
    refusals = tx.taken(f"{ALL} AND (s.at >= :since OR s.lifted_at >= :since)", since=recent)
    return {
        "at": at(now),
        "root": root(tx),
        "refusals": [[bytes(cipher).hex(), *rest] for cipher, *rest in refusals],
        "erased": [list(e) for e in forgotten(tx) if e.at >= recent],
        "releases": [
            list(row)
            for row in tx.taken(
                "SELECT id, created_at, released_at, title FROM broadcasts "
                "WHERE released_at >= :since ORDER BY id",
                since=since,
            )
        ],
        "fired": [
            list(row)
            for row in tx.taken(
                "SELECT s.name, o.fire_at, o.state FROM occurrences o JOIN schedules s "
                "ON s.id = o.schedule_id WHERE o.fire_at >= :since ORDER BY o.id",
                since=since,
            )
        ],
    }


def _files(sealer: Sealer, place: Path) -> list[Path]:
    """The files of one site, the newest first."""
    try:
        found = [(p.stat().st_mtime, p) for p in place.glob(f"{_prefix(sealer)}-*.sealed")]
    except OSError:
        return []
    return [path for _, path in sorted(found, reverse=True)]


def _prefix(sealer: Sealer) -> str:
    return "site-" + sealer.digest("second place").hex()[:16]


def _own(identity: str) -> str:
    return hashlib.sha256(identity.encode()).hexdigest()[:16]
