"""A backup takes the place of a database, and nobody is texted again.

Comes from: `db restore`, `db release`.   Goes to: the database of a site.
Never: loses what the replaced database knew, where it can be read; lets go what nobody looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from dispatcher import broadcasts as planning
from dispatcher.broadcasts.application import App, database_file, second_place_of
from dispatcher.config import Site
from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.database import Tx, open_store
from dispatcher.db.ops import identity, maintenance, replacing, restored
from dispatcher.db.seal import Sealer
from dispatcher.domain import rights
from dispatcher.domain.model import SYSTEM, URGENT, BroadcastState
from dispatcher.domain.problems import refused
from dispatcher.i18n import Say
from dispatcher.usecases.context import Context, site_key
from dispatcher.usecases.database import nobody_works


@dataclass(frozen=True)
class Restored:
    """`aside`: where the replaced database lies; `carried`: what came over from it, or is empty."""

    aside: Path | None
    carried: Mapping[str, Any]


def restore(site: Site, database: Path, key: bytes, file: Path, now: datetime) -> Restored:
    """Put a verified backup in the place of `database`, held; what came along.

    The backup learns from the replaced database, where it can be read, before it takes its place:
    whatever fails, the one or the other is there whole.
    """
    aside = replacing.replace(database, file, key, second_place_of(site), now)
    store = open_store(site.database, Sealer(key))
    try:
        with store.read(SYSTEM) as tx:
            return Restored(aside, restored.facts(tx))
    finally:
        store.close()


@dataclass(frozen=True)
class ExaminedBackup:
    """A backup that was looked at: the database it would replace, the key, its version."""

    database: Path
    key: bytes
    version: str


def looked_at(site: Site, file: Path) -> ExaminedBackup:
    """A backup that can take the place of a site's database; nothing is changed.

    Refused on a server, for a file that is no backup, with another key, while a worker lives.
    """
    database = database_file(site)
    if database is None:
        raise refused(
            "postgresql-restore",
            Say("A PostgreSQL database is restored with its own tools."),
        )
    version, sealed = maintenance.verify(file)
    key = site_key(site)
    if sealed is not None:
        Sealer(key).open(sealed)  # the wrong key is a problem that says so
    nobody_works(site)
    return ExaminedBackup(database, key, version)


# --- released by a person -----------------------------------------------------------------------


@dataclass(frozen=True)
class WaitingBroadcast:
    """A broadcast that a person must look at, with its people by what is known of them."""

    id: int
    title: str
    state: str
    reason: str | None
    urgent: bool
    at: str | None
    queued: int  # certain not to have left
    doubtful: int  # may have left: they are not written to again
    done: int
    may_have_left: bool  # never released here, perhaps in the lost database


@dataclass(frozen=True)
class Outlook:
    """What a release of the database would let go, and what is not known."""

    held: str | None
    broadcasts: Sequence[WaitingBroadcast]
    released_since: Sequence[Mapping[str, Any]]  # broadcasts that stand in no backup
    refusals_known_until: str | None
    refusals_missing: Mapping[str, str] | None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def outlook(app: App) -> Outlook:
    """What a release of the database would leave to be looked at; nothing is changed."""
    database = database_file(app.site)
    found: list[Outlook] = []
    with suppress(_Seen), app.begin(SYSTEM)() as tx:
        why = identity.why_held(tx, database)
        identity.rouse(tx, database, second_place_of(app.site))
        found.append(_look(tx, why))
        raise _Seen
    return found[0]


class _Seen(Exception):
    """Rolls back what was only tried."""


def _look(tx: Tx, why: str | None) -> Outlook:
    told = restored.facts(tx)
    waiting = []
    for broadcast in reversed(
        broadcasts.list_broadcasts(tx, [BroadcastState.HELD], limit=1_000_000)
    ):
        if broadcast.reason != restored.RESTORED:
            continue
        counts = broadcasts.counts(tx, broadcast.id)
        doubtful = counts.get("unconfirmed", 0) + counts.get("sending", 0)
        queued = counts.get("queued", 0)
        waiting.append(
            WaitingBroadcast(
                broadcast.id,
                broadcast.title,
                broadcast.state.value,
                broadcast.reason,
                broadcast.priority == URGENT,
                broadcast.at.isoformat() if broadcast.at else None,
                queued,
                doubtful,
                sum(counts.values()) - queued - doubtful,
                restored.may_have_left(tx, broadcast.id),
            )
        )
    return Outlook(
        why,
        waiting,
        told.get("released", ()),
        told.get("refusals_known_until"),
        restored.missing(tx),
    )


def need_release(context: Context) -> None:
    """Refuse whoever may not let a database send again."""
    with context.remembering("release", "database"):
        rights.need_site(context.actor, Say("release the database"))


def release(
    context: Context, resumed: Sequence[int] = (), *, alone: bool, without_refusals: bool = False
) -> list[int]:
    """Let the database send again; broadcasts that were open stay held but for those `resumed`.

    `alone`: a person is sure that no other copy sends. `without_refusals`: they take it upon
    themselves that nobody knows who refused lately.
    """
    need_release(context)
    database = database_file(context.app.site)
    with context.act("release", "database") as tx:
        held = identity.why_held(tx, database) is not None
        if held and not alone:
            raise refused("only-one", Say("If two copies send, people get it twice."))
        if context.app.store.dry:
            return []
        if held:
            identity.release(tx, database, second_place_of(context.app.site))
        if without_refusals:
            restored.go_without(tx)
    for number in resumed:
        resume(context, number)
    return list(resumed)


def resume(context: Context, number: int) -> None:
    """Let a broadcast that was open in a restored database go on."""
    with context.act("resume", "broadcast", number) as tx:
        planning.resume(tx, broadcasts.get(tx, number))
