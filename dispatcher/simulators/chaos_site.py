"""The invented ward that `chaos` sends to: shared phones, people with two numbers, one broadcast.

Comes from: `chaos`.   Goes to: a folder of its own, which is removed afterwards.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dispatcher import broadcasts as planning
from dispatcher import templating
from dispatcher.broadcasts import application
from dispatcher.broadcasts.application import App
from dispatcher.config import parse
from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.bulk import put_many
from dispatcher.db.contacts import contacts
from dispatcher.db.database import Tx
from dispatcher.db.staff import people
from dispatcher.domain import phone
from dispatcher.domain.clock import start_site_clock
from dispatcher.domain.model import SYSTEM, Actor, AddressKind, Audience, Role
from dispatcher.simulators.ledgers import IN_FLIGHT
from dispatcher.simulators.vendors.residents import Resident, number
from dispatcher.usecases.context import open_app

CLOCK = "2026-12-01T09:00:00+07:00"
SHARES_EVERY, SECOND_EVERY = 8, 11  # about every so many people

_TOML = """[site]
name = "Chaos"
mode = "drill"
undo = "0s"
database = "{database}"
[gateways.gate]
adapter = "{adapter}"
in_flight = {in_flight}
timeout = "2s"
{capability}
[routes.only]
steps = [ {{ gateway = "gate" }} ]
[phones]
sample_heads = ["095"]
"""
_TEMPLATE = """+++
title = "Chaos"
kind = "warning"
+++
{% block sms %}UBND phuong {{ ward.name | khong_dau }}: thu nghiem.{% endblock %}
"""


def make_site(root: Path, count: int, gateway: str, database: str, *, sharing: bool = False) -> App:
    """A site with `count` invented people and one broadcast, approved and due now.

    `sharing`: some share phones and some have two; else everybody has one of their own.
    """
    from dispatcher.db.contacts import areas
    from dispatcher.importing.entries import read_listing
    from dispatcher.importing.listing import ImportContext
    from dispatcher.importing.merge import merge, store
    from dispatcher.importing.sheets import read_sheets
    from dispatcher.simulators.vendors.residents import WARDS, invent, write

    for folder in ("templates", "schedules"):
        (root / folder).mkdir()
    capability = "" if gateway == "dedup" else f'capability = "{gateway}"'
    (root / "dispatcher.toml").write_text(
        _TOML.format(
            database=database,
            adapter="esms" if gateway == "dedup" else "lab",
            in_flight=IN_FLIGHT,
            capability=capability,
        ),
        encoding="utf-8",
    )
    (root / "templates" / "chaos.j2").write_text(_TEMPLATE, encoding="utf-8")
    start_site_clock(CLOCK)
    app = open_app(parse(root))
    crowd = _with_phones(invent(count), sharing)
    lists = write(root / "contacts", crowd, all_csv=True, as_typed=False)
    with app.begin(SYSTEM)() as tx:
        known = {a.key: a.name for a in areas.list_areas(tx)}
        sheets = (s for path in lists for s in read_sheets(path))
        listing = read_listing(sheets, ImportContext(known, None, None, app.site.sample_heads))
        store(tx, merge(tx, listing.entries), [], app.site.sample_heads)
        if sharing:
            _second_numbers(tx, count, app.site.sample_heads)
        people.add(tx, "author", "Author", Role.OFFICER, [])
        people.add(tx, "leader", "Leader", Role.LEADER, [])
    author, leader = app.actor("author"), app.actor("leader")
    template = templating.load(app.templates, "chaos")
    new = planning.NewBroadcast("chaos", Audience(wards=WARDS), "only")
    with app.begin(author)() as tx:
        made = application.draft_broadcast(app, tx, template, new)
    broadcast = _get(app, made)
    found = application.preview_broadcast(app, author, broadcast)
    _act(app, author, lambda tx: planning.submit(tx, broadcasts.get(tx, made), found))
    _act(app, leader, lambda tx: planning.approve(tx, broadcasts.get(tx, made)))
    _act(app, author, lambda tx: planning.schedule(tx, broadcasts.get(tx, made), app.clock()))
    application.release_broadcast(app, _get(app, made))
    return app


def worker_command(root: Path) -> Sequence[str]:
    return [sys.executable, "-m", "dispatcher", "--site", str(root), "-q", "run"]


def _get(app: App, broadcast_id: int) -> broadcasts.Broadcast:
    with app.store.read(SYSTEM) as tx:
        return broadcasts.get(tx, broadcast_id)


def _act(app: App, actor: Actor, act: Callable[[Any], object]) -> None:
    with app.begin(actor)() as tx:
        act(tx)


def _with_phones(crowd: Sequence[Resident], sharing: bool) -> list[Resident]:
    """Everybody with a phone; `sharing`: about every eighth has that of the one before them."""
    made: list[Resident] = []
    for i, person in enumerate(crowd):
        shares = sharing and i % SHARES_EVERY == SHARES_EVERY - 1 and person.name != made[-1].name
        made.append(replace(person, phone=made[-1].phone if shares else number(i)))
    return made


def _second_numbers(tx: Tx, count: int, heads: Sequence[str]) -> None:
    """About every eleventh has a second number: their own, or one that is somebody else's first."""
    firsts = tx.taken("SELECT contact_id, address_id FROM contact_addresses ORDER BY contact_id")
    typed = {
        contact: number(count + n) if n % 2 else number(n * 7 % count)
        for n, (contact, _) in enumerate(firsts)
        if n % SECOND_EVERY == 0
    }
    wanted = {c: (AddressKind.MOBILE, phone.read(t, heads).e164 or t) for c, t in typed.items()}
    known = contacts.put_addresses(tx, wanted.values(), heads)
    rows = [
        (contact, 1, known[wanted[contact]])
        for contact, first in firsts
        if contact in wanted and known[wanted[contact]] != first
    ]
    put_many(tx, "contact_addresses", ("contact_id", "position", "address_id"), rows)
