"""The people of a world, and those who write, approve and look after its site."""

from __future__ import annotations

import random
from dataclasses import dataclass

from dispatcher.broadcasts.application import App
from dispatcher.db.contacts import areas, contacts, groups, suppressions
from dispatcher.db.database import Tx
from dispatcher.db.staff import people
from dispatcher.domain.model import SYSTEM, Role
from dispatcher.importing.listing import ListEntry
from dispatcher.importing.merge import merge, store
from dispatcher.simulators.worlds.facts import Facts
from dispatcher.simulators.worlds.rules import CONSENT

WARDS = ("Máy Tơ", "Lạc Viên")
GROUPS = ("Tổ 1", "Tổ 2", "Tổ 3")
AUTHOR, LEADER, ADMIN = "author", "leader", "admin"
SECOND, FRESH, TESTERS = 50_000, 60_000, 90_000  # where numbers of a kind begin


@dataclass(frozen=True)
class Residents:
    """What a seed says of them; shares from 0 to 1."""

    shares: float = 0.15  # with the phone of the one before
    second: float = 0.1  # with a second number
    crossed: float = 0.0  # of those: the second number is somebody else's first
    without: float = 0.0  # without a phone
    houses: float = 0.0  # in the household of the one before
    grouped: bool = False  # in residential groups
    refused: float = 0.0  # who said no before the world began
    agreed: float = 0.5  # to advertising


def draw_residents(draw: random.Random) -> Residents:
    """Some worlds have all of it, most little."""
    return Residents(
        shares=draw.choice((0.0, 0.15, 0.4)),
        second=draw.choice((0.0, 0.1, 0.4)),
        crossed=draw.choice((0.0, 0.5)),
        without=draw.choice((0.0, 0.0, 0.1)),
        houses=draw.choice((0.0, 0.0, 0.4)),
        grouped=draw.random() < 0.5,
        refused=draw.choice((0.0, 0.0, 0.15)),
        agreed=draw.choice((0.3, 1.0)),
    )


def number(serial: int) -> str:
    """An invented mobile number."""
    return f"+8495{serial:07d}"


def fill(app: App, count: int, plan: Residents, draw: random.Random, facts: Facts) -> None:
    """Put everybody on the list, through the doors a list comes in by."""
    entries = list(_invented(count, plan, draw))
    with app.begin(SYSTEM)() as tx:
        store(tx, merge(tx, entries), [], app.site.sample_heads)
        people.add(tx, AUTHOR, "Author", Role.OFFICER, [])
        people.add(tx, LEADER, "Leader", Role.LEADER, [])
        people.add(tx, ADMIN, "Admin", Role.ADMIN, [])
        consent = groups.ensure(tx, [CONSENT])
        ids = sorted(held(tx))
        agreed = [i for i in ids if draw.random() < plan.agreed]
        groups.join(tx, [(group, i) for group in consent.values() for i in agreed])
        for contact in [i for i in ids if draw.random() < plan.refused]:
            scope = draw.choice(("all", "all", "promotion", "urgent"))
            for address in suppressions.addresses_of(tx, [contact]):
                suppressions.suppress(tx, address, "before", scope=scope)
            for one in held(tx)[contact]:
                facts.refuse(0.0, one, scope)


def _invented(count: int, plan: Residents, draw: random.Random) -> list[ListEntry]:
    entries: list[ListEntry] = []
    last = ""
    for i in range(count):
        first = last if last and draw.random() < plan.shares else number(i)
        phones: tuple[str, ...] = (first,)
        if draw.random() < plan.second:
            crossed = i > 1 and draw.random() < plan.crossed
            other = number(draw.randrange(i)) if crossed else number(SECOND + i)
            phones = tuple(dict.fromkeys((first, other)))
        if draw.random() < plan.without:
            phones = ()
        else:
            last = first
        ward = draw.choice(WARDS)
        group = draw.choice((*GROUPS, None)) if plan.grouped else None
        head = None
        if entries and draw.random() < plan.houses:  # with the one before, in one place
            before = entries[-1]
            ward, group = before.ward, before.residential_group
            head = before.household or before.name
            entries[-1] = before._replace(household=head)
        entries.append(ListEntry("sim.csv", "", i + 2, named(i), phones, (), ward, group, head))
    return entries


def named(serial: int) -> str:
    """A name nobody else has."""
    syllables = ("An", "Binh", "Chi", "Dung", "Giang", "Hoa", "Khanh", "Lan", "Minh", "Nga")
    tail = " ".join(syllables[int(digit)] for digit in f"{serial:03d}")
    return f"Nguyen Thi {tail}"


def held(tx: Tx) -> dict[int, tuple[str, ...]]:
    """Everybody on the list now: contact → numbers, E.164 without the plus, the first one first."""
    wards = {a.id for a in areas.wards_named(tx, ("all",))}
    return {
        one.id: tuple(one.addresses[p].removeprefix("+") for p in sorted(one.addresses))
        for found in contacts.stored_contacts(tx, wards).values()
        for one in found
    }
