"""Sentences that wait for a reader: an English id with fields, said when the language is known."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dispatcher.i18n import catalogs

_REACHES_IN = re.compile(r"\{\w*[.\[]")


class Spoken(ABC):
    """Something that reads differently in each language."""

    __slots__ = ()

    @abstractmethod
    def to(self, language: str) -> str:
        """As it reads in `language` ("vi" or "en")."""

    @property
    def vi(self) -> str:
        """As it reads in Vietnamese."""
        return self.to("vi")

    @property
    def en(self) -> str:
        """As it reads in English."""
        return self.to("en")


class Say(Spoken):
    """One sentence. `id` is the English one, `fields` are what stands at its {names}.

    A field is text, a number, a date, or something that is Spoken itself. The catalog of a language
    holds the sentence by its id; a language without it reads the English one. An id may carry its
    context before the character EOT, as gettext writes it: see `pgettext`.
    """

    __slots__ = ("fields", "id")

    def __init__(self, id: str, /, **fields: object) -> None:
        self.id = id
        self.fields: Mapping[str, object] = fields

    def to(self, language: str) -> str:
        said = catalogs.look_up(self.id, language)
        if not self.fields:
            return said
        values = {
            name: value.to(language) if isinstance(value, Spoken) else value
            for name, value in self.fields.items()
        }
        try:
            return _filled(said, values)
        except (KeyError, IndexError, ValueError):  # a correction gone wrong
            return catalogs.without_context(self.id).format_map(values)

    def __bool__(self) -> bool:
        """False for the sentence that says nothing."""
        return bool(self.id)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Say) and (self.id, self.fields) == (other.id, other.fields)

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"Say({self.id!r}, {dict(self.fields)!r})" if self.fields else f"Say({self.id!r})"


def _filled(said: str, values: Mapping[str, object]) -> str:
    if _REACHES_IN.search(said):  # a catalog may name fields, not what is inside them
        raise ValueError(said)
    return said.format_map(values)


_EMPTY = ""  # never looked up: gettext keeps a catalog's heading under it
NOTHING = Say(_EMPTY)


def pgettext(context: str, id: str, /, **fields: object) -> Say:
    """A sentence whose English alone does not say which is meant: `context` tells them apart."""
    both = f"{context}\x04{id}"
    return Say(both, **fields)


@dataclass(frozen=True)
class Both(Spoken):
    """Words that come in both languages: stored, or written by somebody in a file."""

    in_vi: str
    in_en: str

    def to(self, language: str) -> str:
        return self.in_en if language == "en" else self.in_vi


@dataclass(frozen=True)
class Joined(Spoken):
    """Several sentences as one, with `by` between them and `end` behind."""

    by: str
    parts: Iterable[Spoken]
    end: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", tuple(self.parts))

    def to(self, language: str) -> str:
        return self.by.join(part.to(language) for part in self.parts) + self.end


@dataclass(frozen=True)
class SpelledNumber(Spoken):
    """A count: 12000 reads "12.000" in Vietnamese."""

    value: int

    def to(self, language: str) -> str:
        return str(self.value) if language == "en" else f"{self.value:,}".replace(",", ".")


@dataclass(frozen=True)
class Money(Spoken):
    """A sum of đồng: 1900000 reads "khoảng 1,9 triệu đồng" in Vietnamese."""

    dong: int

    def to(self, language: str) -> str:
        if language == "en":
            return f"{self.dong} đồng"
        if self.dong < 1_000_000:
            return f"{SpelledNumber(self.dong).to(language)} đồng"
        about = f"{self.dong / 1_000_000:.1f}".replace(".", ",")
        return Say("about {million} million đồng", million=about).to(language)
