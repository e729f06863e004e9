"""A site is opened: its folder, its database, its clock; what its settings name is put in place."""

from __future__ import annotations

import os
from datetime import datetime

from dispatcher.broadcasts.app import App, database_file
from dispatcher.config import Site
from dispatcher.db.broadcasts import texts
from dispatcher.db.contacts import areas
from dispatcher.db.database import Store, open_store
from dispatcher.db.ops import days_off, identity
from dispatcher.db.ops import settings as site_facts
from dispatcher.db.queue import gateways as gateway_rows
from dispatcher.db.seal import Sealer, load_key
from dispatcher.db.troubles import read_only
from dispatcher.domain.clock import Clock, Watch, real_clock, site_clock
from dispatcher.domain.model import (
    HANOI,
    SYSTEM,
    Price,
)
from dispatcher.domain.problems import settings

DEFAULT_PRICES = {"sms": 500, "zalo": 200, "zalo_uid": 140}  # đồng; estimates: see [prices]


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
            f"Không tạo được thư mục {site.data}: {error.strerror}.",
            f"The folder {site.data} cannot be made: {error.strerror}.",
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
                "Biến DISPATCHER_KEY không phải mã hex.",
                "DISPATCHER_KEY is not hexadecimal.",
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
