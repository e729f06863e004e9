"""[prices]: đồng per part or message; by network, class and day where a contract says so."""

from __future__ import annotations

from datetime import date, datetime

from dispatcher.config.sections import Section
from dispatcher.domain.model import Kind, Price
from dispatcher.domain.phone import CARRIERS
from dispatcher.domain.problems import Problem
from dispatcher.i18n import Say

CHANNELS = ("sms", "zalo", "zalo_uid")


def read_prices(section: Section) -> tuple[Price, ...]:
    """`sms = 500` for everything else, and [[prices.exact]] lines by carrier, kind and date."""
    lines = [
        Price(key, None, None, None, _dong(section, key))
        for key in section.values
        if key != "exact"
    ]
    for values in section.take("exact", list, []):
        part = Section(values, "prices.exact", section.path, section.text)
        channel = part.take("channel", str, "sms")
        carrier, kind = part.take("carrier", str), part.take("kind", str)
        carriers = {name.lower(): name for name in CARRIERS.values()}
        carrier = carriers.get(carrier.lower(), carrier) if carrier else None
        for key, value, known in (
            ("channel", channel, CHANNELS),
            ("carrier", carrier, tuple(carriers.values())),
            ("kind", kind, tuple(k.value for k in Kind)),
        ):
            if value is not None and value not in known:
                raise _not_one_of(part, key, known)
        lines.append(Price(channel, carrier, kind, _day(part, "from"), _dong(part, "dong")))
        part.close()
    return tuple(lines)


def _not_one_of(part: Section, key: str, known: tuple[str, ...]) -> Problem:
    listed = ", ".join(known)
    return part.problem(key, Say("“{key}” is one of {listed}.", key=key, listed=listed))


def _dong(part: Section, key: str) -> int:
    dong = part.take(key, int)
    if dong is None or dong < 0:
        raise part.problem(key, Say("“{key}” is whole đồng, not below 0.", key=key))
    return int(dong)


def _day(part: Section, key: str) -> date | None:
    found = part.take(key, date)
    return found.date() if isinstance(found, datetime) else found
