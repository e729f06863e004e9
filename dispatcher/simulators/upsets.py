"""What `chaos` does beside killing: people refuse or are removed, the database is restored.

Whatever is done is remembered outside the database, so that a restore cannot make us forget it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from dispatcher.broadcasts.application import MACHINE, App, database_file
from dispatcher.config import FILE, parse
from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.contacts import suppressions, undoing
from dispatcher.db.database import Tx
from dispatcher.db.ops import fresh, identity
from dispatcher.db.ops.copying import copy_site
from dispatcher.db.ops.restored import MOVED_AWAY
from dispatcher.db.words import QUEUED, REFUSED
from dispatcher.domain.last_look import REPLIED
from dispatcher.domain.model import SYSTEM, BroadcastState
from dispatcher.i18n import Say, Spoken
from dispatcher.simulators.ledgers import RefusedNumber
from dispatcher.simulators.vendors.server import Child
from dispatcher.usecases import restoring
from dispatcher.usecases.context import Context, open_app, site_key
from dispatcher.usecases.site import back_up

MOST_REFUSALS = 0.05  # of the people
RESTORE_EVERY = 10  # kills
ACTS = ("refused", "refused", "replied", "removed", "forgotten")


def restores_due(kills: int, draw: random.Random) -> dict[int, int]:
    """After which kill a restore happens, and during which worker its backup is made."""
    count = max(1, kills // RESTORE_EVERY) if kills >= 3 else 0
    due, last = {}, 0
    for n in range(count):
        at = max(last + 2, (2 * n + 1) * kills // (2 * count))
        due[at] = draw.randint(max(last + 1, at - 4), at - 1)
        last = at
    return due


@dataclass
class Upsets:
    """The site of one run of `chaos`, whose database changes under its feet."""

    root: Path
    app: App
    broadcast_id: int
    twin: Child
    kills: int
    people: int
    draw: random.Random
    warn: Callable[[Spoken], None]
    refusals: list[RefusedNumber] = field(default_factory=list)
    restores: int = 0
    _due: dict[int, int] = field(default_factory=dict)
    _backups: dict[int, Path] = field(default_factory=dict)
    _first: str = ""  # the database it began with
    _made: list[str] = field(default_factory=list)  # databases of our own on its server
    _can_copy: bool = True

    def __post_init__(self) -> None:
        self._due = restores_due(self.kills, self.draw)
        self._first = self.app.site.database

    def over(self) -> bool:
        """Nothing runs, nothing waits for us to let it go on, no doubt is open."""
        with self.app.store.read(SYSTEM) as tx:
            broadcast = broadcasts.get(tx, self.broadcast_id)
            if broadcast.state is not BroadcastState.DONE:
                return broadcast.state in (BroadcastState.STOPPED, BroadcastState.EXPIRED)
            states = broadcasts.counts(tx, self.broadcast_id)
        return not (states.get("queued") or states.get("sending"))

    def meanwhile(self, killed: int) -> None:
        """While a worker sends: some people refuse, and a backup is made where one is due."""
        most = int(self.people * MOST_REFUSALS)
        left = most - len({r.contact for r in self.refusals})
        per_kill = max(1, -(-most // max(self.kills, 1)))
        for message in self._waiting(min(left, per_kill)):
            self._refuse(message)
        for at, made in self._due.items():
            on_file = database_file(self.app.site) is not None
            if made == killed + 1 and on_file and at not in self._backups:
                self._backups[at] = self.root / f"backup-{at}.db"
                back_up(Context(self.app, MACHINE), self._backups[at])

    def after_kill(self, killed: int) -> None:
        """No worker lives: the database is replaced where that is due."""
        if killed not in self._due:
            return
        if database_file(self.app.site) is not None:
            self._restore(self._backups.pop(killed))
        elif self._can_copy:
            self._copy()

    def close(self) -> None:
        """Drop the databases that were made on a server."""
        self.app.store.close()
        for url in self._made:
            fresh.drop(url, self._first)

    # --- refusals ---------------------------------------------------------------------------

    def _waiting(self, count: int) -> list[int]:
        """Messages in the queue: of those a worker holds, of shared phones, and of any."""
        if count <= 0:
            return []
        with self.app.store.read(SYSTEM) as tx:
            rows = tx.rows(
                "SELECT m.id, m.lease_owner IS NOT NULL AS leased, EXISTS (SELECT 1 "
                "FROM shared_targets s WHERE s.broadcast_id = m.broadcast_id "
                "AND s.address_id = t.address_id) AS shared FROM messages m JOIN targets t "
                "ON t.message_id = m.id AND t.position = m.position "
                f"WHERE m.broadcast_id = :b AND m.state = {QUEUED}",
                b=self.broadcast_id,
            )
        chosen: list[int] = []
        for n in range(count):
            kind = ("leased", "shared", "id")[n % 3]
            among = [r["id"] for r in rows if r[kind] and r["id"] not in chosen]
            among = among or [r["id"] for r in rows if r["id"] not in chosen]
            if among:
                chosen.append(self.draw.choice(among))
        return chosen

    def _refuse(self, message: int) -> None:
        """Somebody refuses or is removed, if their message still waits at this moment."""
        taken = self.twin.ask("/ledger")["accepted"]
        with self.app.begin(SYSTEM)() as tx:
            hold = "" if tx.is_sqlite else " FOR UPDATE OF m"
            row = tx.one(
                "SELECT m.state, m.contact_id, t.address_id FROM messages m JOIN targets t "
                "ON t.message_id = m.id AND t.position = m.position "
                f"WHERE m.id = :m{hold}",
                m=message,
            )
            if row is None or row["state"] != "queued":
                return
            contact, address = row["contact_id"], row["address_id"]
            numbers = self._not_on_the_wire(tx, [contact])
            if address not in numbers:
                return
            act = self.draw.choice(ACTS)
            if act in ("refused", "replied"):
                suppressions.suppress(tx, address, REPLIED if act == "replied" else "asked")
                numbers = {address: numbers[address]}
            elif act == "removed":
                _remove(tx, [contact])
            else:
                suppressions.forget(tx, contact, "asked")
        removed = act in ("removed", "forgotten")
        self.refusals += [
            RefusedNumber(contact, number, taken, removed, removed or act == "replied")
            for number in numbers.values()
        ]

    def _not_on_the_wire(self, tx: Tx, contacts: list[int]) -> dict[int, str]:
        """Numbers of contacts for which nothing was accepted, is open or in doubt."""
        found = {}
        for address in suppressions.addresses_of(tx, contacts):
            tried = tx.one(
                "SELECT 1 FROM targets t JOIN attempts a ON a.message_id = t.message_id "
                "AND a.position = t.position WHERE t.broadcast_id = :b AND t.address_id = :a "
                f"AND a.state <> {REFUSED}",
                b=self.broadcast_id,
                a=address,
            )
            row = tx.one("SELECT kind, cipher FROM addresses WHERE id = :a", a=address)
            if tried is None and row is not None and row["cipher"] is not None:
                number = tx.sealer.open_address(row["kind"], row["cipher"])
                found[address] = number.removeprefix("+")
        return found

    # --- restores ---------------------------------------------------------------------------

    def _restore(self, file: Path) -> None:
        """The documented steps with the product's own functions; the old file stays readable."""
        site, now = self.app.site, self.app.clock()
        database = database_file(site)
        assert database is not None
        self.app.store.close()
        restoring.restore(site, database, site_key(site), file, now)
        file.unlink()
        self._go_on()

    def _copy(self) -> None:
        """PostgreSQL has no restore: the site moves to a fresh database of the same server."""
        source = self.app.site.database
        try:
            target = fresh.make_beside(self._first, "chaos")
        except fresh.CannotMake as error:
            self._can_copy = False
            self.warn(
                Say("No fresh database can be made, so no restore is tried: {error}", error=error),
            )
            return
        self._made.append(target)
        with self.app.store.read(SYSTEM) as tx:
            identity.stand(tx, None)

        def hold() -> None:
            with self.app.begin(SYSTEM)() as tx:
                identity.hold(tx, MOVED_AWAY)

        copy_site(source, target, lambda done, total: None, hold)
        self.app.store.close()
        settings = self.root / FILE
        lines = settings.read_text("utf-8").splitlines(keepends=True)
        moved = [f'database = "{target}"\n' if s.startswith("database =") else s for s in lines]
        settings.write_text("".join(moved), "utf-8")
        self._go_on()

    def _go_on(self) -> None:
        """What people refused, who was erased and whose message was withdrawn came along; the
        operator lets the database send, a leader what was open in it."""
        self.app = app = open_app(parse(self.root))
        waiting = [b.id for b in restoring.outlook(app).broadcasts]
        restoring.release(Context(app, app.actor(None)), alone=True)
        for number in waiting:
            restoring.resume(Context(app, app.actor("leader")), number)
        self.restores += 1


def _remove(tx: Tx, contacts: list[int]) -> None:
    """Take people off the lists by hand."""
    undoing.retire(tx, contacts)
    if contacts:
        tx.note("removed", "contacts", "", contacts=contacts)
