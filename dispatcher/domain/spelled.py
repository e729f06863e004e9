"""Values of settings that have a spelling of their own: spans of time, hours, days, lists of words.

Each type reads its spelling with `spelled` (ValueError for any other) and says in `LOOKS` what it
looks like, in both languages: the reference, a form and a refusal use the same words.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import ClassVar, Self

from dispatcher.domain.model import LONGEST_CALL, Window
from dispatcher.domain.phone import CARRIERS
from dispatcher.domain.sms import PartSizes
from dispatcher.i18n import Say, Spoken

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Duration(timedelta):
    """A span of time written as "90s", "30m", "6h" or "2d"."""

    LOOKS: ClassVar[Spoken] = Say(
        'a span of time like "90s", "30m", "6h", "2d"',
    )

    @classmethod
    def spelled(cls, value: object) -> Self:
        """The span a text says."""
        found = re.fullmatch(r"\s*(\d+)\s*([smhd])\s*", value) if isinstance(value, str) else None
        if not found:
            raise ValueError(value)
        try:
            return cls(seconds=int(found[1]) * _SECONDS[found[2]])
        except OverflowError:
            raise ValueError(value) from None

    @property
    def spelling(self) -> str:
        """How it is written, in the largest unit that fits."""
        seconds = int(self.total_seconds())
        unit = next(u for u in "dhms" if seconds % _SECONDS[u] == 0) if seconds else "s"
        return f"{seconds // _SECONDS[unit]}{unit}"


class CallTime(Duration):
    """How long a whole call may take: leases are more than three times this."""

    LOOKS = Say('a span of time from "1s" to "25s"')

    @classmethod
    def spelled(cls, value: object) -> Self:
        """The span a text says, when a call may take so long."""
        found = super().spelled(value)
        if not timedelta(seconds=1) <= found <= LONGEST_CALL:
            raise ValueError(value)
        return found


class Hours(str):
    """Hours of the day as they are written: "07:00-22:00"."""

    __slots__ = ()
    LOOKS: ClassVar[Spoken] = Say('hours like "07:00-22:00"')

    @classmethod
    def spelled(cls, value: object) -> Self:
        """The text itself, when it says hours."""
        if not isinstance(value, str):
            raise ValueError(value)
        Window.read(value)
        return cls(value)

    @property
    def window(self) -> Window:
        return Window.read(self)


class Day(date):
    """A day, written without quotes: 2027-01-31."""

    LOOKS: ClassVar[Spoken] = Say("a day like 2027-01-31")

    @classmethod
    def spelled(cls, value: object) -> Self:
        """The day of a date, or of a date with a time."""
        if not isinstance(value, date):
            raise ValueError(value)
        return cls(value.year, value.month, value.day)

    @property
    def plain(self) -> date:
        return date(self.year, self.month, self.day)


class Words(tuple[str, ...]):
    """A list of texts; a single text is a list of one."""

    __slots__ = ()
    LOOKS: ClassVar[Spoken] = Say('a list of texts like ["a", "b"]')

    @classmethod
    def spelled(cls, value: object) -> Self:
        """The texts of a list, or the only one."""
        given = [value] if isinstance(value, str) else value
        if not isinstance(given, list | tuple) or not all(isinstance(v, str) for v in given):
            raise ValueError(value)
        return cls(given)


class Carrier(str):
    """A network by its name, in capitals or not."""

    __slots__ = ()
    LOOKS: ClassVar[Spoken] = Say(
        "a network: Viettel, VinaPhone, MobiFone, Vietnamobile, Gmobile, iTel, Wintel, FPT, VNSKY",
    )

    @classmethod
    def spelled(cls, value: object) -> Self:
        """The network of that name, as we write it."""
        known = {name.lower(): name for name in CARRIERS.values()}
        if not isinstance(value, str) or value.lower() not in known:
            raise ValueError(value)
        return cls(known[value.lower()])


class Thresholds(tuple[int, ...]):
    """The most characters in one, two, three … parts, as a contract says."""

    __slots__ = ()
    LOOKS: ClassVar[Spoken] = Say(
        "the characters of 1, 2, 3… parts: [160, 306, 459]",
    )

    @classmethod
    def spelled(cls, value: object) -> Self:
        """The numbers of a list, when they rise and say something of a second part."""
        if not isinstance(value, list) or not all(type(v) is int for v in value):
            raise ValueError(value)
        PartSizes.read(value)
        return cls(value)

    @property
    def table(self) -> PartSizes:
        return PartSizes.read(self)
