"""Who acts on which site, and what acts have in common: clock, transaction, refusal kept.

Comes from: a door that knows who asks.   Goes to: every use case.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime

from dispatcher.broadcasts.application import App, database_file
from dispatcher.config import Site
from dispatcher.db.broadcasts import texts
from dispatcher.db.contacts import areas
from dispatcher.db.database import Store, Tx, open_store
from dispatcher.db.database_problems import read_only
from dispatcher.db.ops import days_off, identity
from dispatcher.db.ops import settings as site_facts
from dispatcher.db.queue import gateways as gateway_rows
from dispatcher.db.seal import Sealer, load_key
from dispatcher.domain.clock import Clock, Watch, real_clock, site_clock
from dispatcher.domain.model import (
    HANOI,
    SYSTEM,
    Actor,
    Price,
    Role,
)
from dispatcher.domain.problems import REFUSED, Problem, settings
from dispatcher.i18n import Say
from dispatcher.worker import timekeeping

__all__ = ["App", "Context", "open_app", "refusals", "site_key"]

DEFAULT_PRICES = {"sms": 500, "zalo": 200, "zalo_uid": 140}  # đồng; estimates: see [prices]


def _proved() -> None:
    """A door at which nobody signs in asks for no second step."""


@dataclass(frozen=True)
class Context:
    """Somebody who acts on an open site. Every use case gets one.

    `prove`: asked before approvals and before acts of admins; refuses while a second step is due.
    """

    app: App
    actor: Actor
    prove: Callable[[], None] = _proved

    def read(self) -> AbstractContextManager[Tx]:
        """What they may see, as it is at one moment."""
        return self.app.store.read(self.actor)

    def begin(self) -> AbstractContextManager[Tx]:
        """A transaction of theirs, for an act of several steps inside `remembering`."""
        return self.app.begin(self.actor)()

    @contextmanager
    def own(self) -> Iterator[Tx]:
        """A transaction about oneself: one's password, codes, notices. Auditors may do that too."""
        reads_only = self.actor.role is Role.AUDITOR
        with self.app.begin(SYSTEM if reads_only else self.actor)() as tx:
            tx.by = self.actor.name
            yield tx

    @contextmanager
    def act(
        self,
        name: str,
        noun: str,
        of: object = "",
        *,
        timed: bool = False,
        proved: Callable[[Tx], object] | None = None,
    ) -> Iterator[Tx]:
        """One act in one transaction: all of it, or nothing. What is refused is kept in the trail.

        `timed`: refused while the clock of the machine is in doubt. `proved`: the second step is
        asked for, once this look has refused nothing; what it looks at is looked at again inside.
        """
        with self.remembering(name, noun, of):
            if timed:
                self.trust_the_clock()
            if proved is not None:
                with self.read() as tx:
                    proved(tx)
                self.prove()
            with self.begin() as tx:
                yield tx

    def remembering(self, name: str, noun: str, of: object = "") -> AbstractContextManager[None]:
        """What is refused inside is kept in the trail: who tried what, and which rule said no."""
        return refusals(self.app.begin(SYSTEM), self.actor, name, noun, of)

    def noted(self, act: str, noun: str, of: object = "") -> None:
        """An auditor's looking leaves an entry in the trail."""
        if self.actor.role is Role.AUDITOR:
            with self.app.begin(SYSTEM)() as tx:
                tx.note(act, noun, of, person=self.actor.person_id)

    def trust_the_clock(self) -> None:
        """Refuse while the clock of the machine is in doubt."""
        with self.app.store.read(SYSTEM) as tx:
            timekeeping.trust(tx, self.app.clock)


@contextmanager
def refusals(
    begin: Callable[[], AbstractContextManager[Tx]], actor: Actor, act: str, noun: str, of: object
) -> Iterator[None]:
    """What a rule refuses inside is remembered too: who tried what, and which rule said no.

    `begin` opens a transaction of the system: whoever was refused may have no rights left.
    """
    try:
        yield
    except Problem as problem:
        if problem.exit_code == REFUSED and actor.person_id is not None:
            with begin() as tx:
                tx.note_refusal(actor, noun, of, act, problem.code)
        raise


def open_app(site: Site, clock: Clock | None = None) -> App:
    """Open a site's data, making what is missing at first use.

    Unless a clock is given, time is told by the machine, or by the database server, which is the
    same for all hosts.
    """
    database = site.data / "site.db"
    in_site = site.database == f"sqlite:///{database}"
    try:
        site.data.mkdir(mode=0o700, exist_ok=True)
        ignored = site.data / ".gitignore"
        if not ignored.exists():
            ignored.write_text("*\n")
    except OSError as error:
        raise settings(
            "data-folder",
            Say(
                "The folder {data} cannot be made: {strerror}.",
                data=site.data,
                strerror=error.strerror,
            ),
        ) from None
    if in_site and not os.access(site.data, os.W_OK):
        raise read_only()
    fresh = not (in_site and database.exists())
    store = open_store(site.database, Sealer(site_key(site, create=fresh)))
    clock = clock or Watch(site_clock(store.server_time if not store.is_sqlite else real_clock))
    _settle_in(site, store, clock())
    return App(site, store, clock)


def site_key(site: Site, *, create: bool = False) -> bytes:
    """The key of a site, from the environment or its file."""
    value = os.environ.get("DISPATCHER_KEY", "").strip()
    if value:
        try:
            return bytes.fromhex(value)
        except ValueError:
            raise settings(
                "bad-key",
                Say("DISPATCHER_KEY is not hexadecimal."),
            ) from None
    return load_key(site.key_file, create=create)


def _settle_in(site: Site, store: Store, now: datetime) -> None:
    """Areas, gateways and prices of the settings, in place once."""
    with store.read(SYSTEM) as tx:
        known = site_facts.get(tx, "identity") is not None
    if not known:
        with store.begin(SYSTEM, now) as tx:
            identity.settle_in(tx, database_file(site))
    local = now.astimezone(HANOI)
    wanted = f"{site.area_set}|{sorted(site.gateways)}|{site.prices}|{local.year}"
    with store.read(SYSTEM) as tx:
        if site_facts.get(tx, "settled_in") == wanted:
            return
    with store.begin(SYSTEM, now) as tx:
        areas.load_set(tx, site.area_set, site.root)
        gateway_rows.ensure(tx, list(site.gateways))
        texts.set_prices(tx, _prices(site), local.date())
        days_off.seed(tx, local.year)
        site_facts.put(tx, "settled_in", wanted)
        tx.note("settled_in", "site", site.area_set)


def _prices(site: Site) -> list[Price]:
    """The price list of the settings, with estimates for what it does not name."""
    named = {p.channel for p in site.prices if not (p.carrier or p.kind or p.valid_from)}
    guesses = [Price(c, None, None, None, d) for c, d in DEFAULT_PRICES.items() if c not in named]
    return [*guesses, *site.prices]
