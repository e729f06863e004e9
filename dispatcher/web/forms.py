"""A form as it was sent becomes a struct, or the command of an act, before a page answers.

Comes from: fields by name, each with its values as text.   Goes to: the page's function.
Never: takes a field that the form does not have. What is empty is not given: a text is then empty
and a number 0 or its default, and whether that will do is the act's own business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from msgspec import inspect

from dispatcher.config import duration
from dispatcher.domain.model import Window
from dispatcher.i18n import Say, Spoken, pgettext
from dispatcher.usecases.inputs import (
    TypedField,
    WrongField,
    WrongFields,
    allowed,
    typed_fields,
    whole,
)

T = TypeVar("T")
FormValues = Mapping[str, Sequence[str]]
NO_NAMES: Mapping[str, str] = MappingProxyType({})
NO_FILES: Mapping[str, Upload] = MappingProxyType({})
NOT_GIVEN = object()
_COUNT = re.compile(
    r"(\d{1,18}|\d{1,3}(?:[., ]\d{3})+) ?(?:người|people|đồng|đ|vnđ|giờ|hours)?", re.ASCII
)
_DAY = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})")

# What a page calls the fields in which something may not fit.
LABELS = {
    "broadcast": Say("Broadcast"),
    "day": Say("Day"),
    "paper.day": Say("Day of the document"),
    "from": Say("From"),
    "until": Say("Until"),
    "since": Say("From"),
    "expires_after": Say("Give up after"),
    "window": Say("Hours"),
    "one_per": Say("One a phone or a household"),
    "people": Say("Number of people"),
    "most_people": Say("Most people"),
    "most_dong": Say("Most đồng"),
    "hours": pgettext("how many", "Hours"),
    "who": Say("Who"),
    "ward": Say("Ward"),
    "group": Say("Group"),
    "into": Say("Into"),
    "place": Say("Residential group"),
}


@dataclass(frozen=True)
class Upload:
    """A file that came with a form."""

    name: str
    content: bytes


class BlanksForm(msgspec.Struct, frozen=True, kw_only=True):
    """Values for the blanks of a text, sent as blank.NAME."""

    blanks: Mapping[str, str] = msgspec.field(name="blank.", default_factory=dict)

    @property
    def filled(self) -> dict[str, str]:
        return {name: value for name, value in self.blanks.items() if value}


class NameForm(msgspec.Struct, frozen=True):
    """A form that gives something a name."""

    name: str


class ReasonForm(msgspec.Struct, frozen=True):
    """A form that says why."""

    reason: str


class TextReader(NamedTuple):
    """How a text becomes a value of one type; `read` raises ValueError. `code`: of the problem
    where it does not fit; `say`: what may stand there."""

    read: Callable[[str], object]
    code: str
    say: Spoken


def whole_number(text: str) -> int:
    """ "1204", "1.204", "1 204 người", "500.000 đồng"; anything else raises ValueError."""
    found = _COUNT.fullmatch(text.lower())
    if found is None:
        raise ValueError(text)
    return int(re.sub(r"\D", "", found[1]))


def day(text: str) -> date:
    """ "2026-12-01" as a browser sends it, or "1/12/2026"; anything else raises ValueError."""
    found = _DAY.fullmatch(text)
    if found is not None:
        return date(int(found[3]), int(found[2]), int(found[1]))
    return date.fromisoformat(text)


READINGS: Mapping[type, TextReader] = {
    int: TextReader(whole_number, "bad-number", Say("a number like 1200 is wanted")),
    date: TextReader(day, "bad-date", Say("a day like 2026-12-01 is wanted")),
    timedelta: TextReader(duration, "bad-time", Say("a time like 6h is wanted")),
    Window: TextReader(Window.read, "bad-time", Say("hours like 07:00-21:00 are wanted")),
}


@dataclass(frozen=True)
class FormReader(Generic[T]):
    """What a form is read as: a struct, or the command of the act. `names`: what fields are called
    in the form where that is another word; "" is not on the form."""

    kind: type[T]
    names: Mapping[str, str] = field(default_factory=lambda: NO_NAMES)

    def fields(self) -> dict[str, TypedField]:
        """Every field that is read, by its name in the form."""
        named = {self.names.get(f.name, f.key): f for f in typed_fields(self.kind)}
        return {name: f for name, f in named.items() if name}

    def read(self, values: FormValues, files: Mapping[str, Upload] = NO_FILES) -> T:
        """The form, typed. Raises WrongFields, which names every field that does not fit."""
        wrong: list[WrongField] = []
        found: dict[str, Any] = {}
        for name, each in self.fields().items():
            try:
                value = _given(name, each, values, files)
                if value is not NOT_GIVEN:
                    found[each.name] = msgspec.convert(value, each.hint, strict=False)
            except (ValueError, OverflowError):  # of msgspec too
                code, say = _wanted(each.type)
                wrong.append(WrongField(name, code, say, LABELS.get(name)))
        if wrong:
            raise WrongFields(wrong)
        return self.kind(**found)


def _given(name: str, each: TypedField, values: FormValues, files: Mapping[str, Upload]) -> object:
    """What was sent for a field; NOT_GIVEN where its default holds. Raises ValueError."""
    kind = each.type
    match kind:
        case inspect.DictType():
            return {n.removeprefix(name): _one(values, n) for n in values if n.startswith(name)}
        case inspect.VarTupleType() | inspect.ListType():
            lines = [line.strip() for value in values.get(name, ()) for line in value.splitlines()]
            return [_typed(line, kind.item_type) for line in lines if line]
        case inspect.DataclassType() if kind.cls is Upload:
            return files.get(name, NOT_GIVEN)
        case inspect.BoolType():
            return bool(_one(values, name))
        case inspect.StrType():
            return _one(values, name) if name in values or each.required else NOT_GIVEN
    text = _one(values, name)
    if not text and isinstance(kind, inspect.IntType) and each.required:
        return 0
    return _typed(text, kind) if text or each.required else NOT_GIVEN


def _one(values: FormValues, name: str) -> str:
    given = values.get(name)
    return given[0].strip() if given else ""


def _typed(text: str, kind: inspect.Type) -> object:
    """A text as a value of this type. Raises ValueError."""
    if isinstance(kind, inspect.UnionType):  # a number, or a name
        found = whole(text)
        return text if found is None else found
    reading = _reading(kind)
    return reading.read(text) if reading else text


def _reading(kind: inspect.Type) -> TextReader | None:
    match kind:
        case inspect.IntType():
            return READINGS[int]
        case inspect.DateType():
            return READINGS[date]
        case inspect.TimeDeltaType():
            return READINGS[timedelta]
        case inspect.DataclassType():
            return READINGS.get(kind.cls)
    return None


def _wanted(kind: inspect.Type) -> tuple[str, Spoken]:
    """The code of what does not fit, and what may stand there."""
    if isinstance(kind, inspect.VarTupleType | inspect.ListType):
        kind = kind.item_type
    reading = _reading(kind)
    return (reading.code, reading.say) if reading else ("wrong-form", allowed(kind))
