"""What doors are given becomes typed values, and every field that does not fit is named.

Comes from: bodies and queries of programs, forms of the console.   Goes to: commands of use cases.
Never: decides whether something may be done. A value of the right type is the act's own business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from typing import Any, NamedTuple, TypeVar, get_args, get_type_hints

import msgspec
from msgspec import inspect

from dispatcher.domain.problems import Problem
from dispatcher.domain.storable import words
from dispatcher.i18n import Both, Joined, Say, SpelledNumber, Spoken

T = TypeVar("T")
MOST_NAMED = 20  # wrong fields of one problem
MISSING = Say("missing")
UNKNOWN = Say("unknown")


@dataclass(frozen=True)
class WrongField:
    """One field that does not fit. `path`: where it stands in what was sent, as phones[2];
    `code`: of the problem it would be alone; `say`: what may stand there; `label`: what a page
    calls the field, None for its path."""

    path: str
    code: str
    say: Spoken
    label: Spoken | None = None

    @property
    def told(self) -> Spoken:
        """Which field, and what may stand there."""
        return Joined(": ", [self.label or Both(self.path, self.path), self.say])


class WrongFields(Problem):
    """What was sent does not fit. `wrong`: each field, for a door that says it beside them."""

    def __init__(self, fields: Sequence[WrongField]) -> None:
        said = Joined("; ", [w.told for w in fields], end=".")
        super().__init__(fields[0].code, said, step="wrong-fields")  # the sentence says it all
        self.wrong = tuple(fields)


class TypedField(NamedTuple):
    """A field of a struct or of a command. `key`: its name outside; `hint`: its type."""

    name: str
    key: str
    hint: Any
    type: inspect.Type
    required: bool


def typed_fields(kind: type) -> tuple[TypedField, ...]:
    """The fields of a struct or a frozen dataclass, in order."""
    return _fields_of(kind)


@cache
def _fields_of(kind: type) -> tuple[TypedField, ...]:
    hints = get_type_hints(kind, include_extras=True)
    found = inspect.type_info(kind)
    assert isinstance(found, inspect.StructType | inspect.DataclassType)
    return tuple(
        TypedField(f.name, f.encode_name, hints[f.name], plain(f.type), f.required)
        for f in found.fields
    )


def plain(found: inspect.Type) -> inspect.Type:
    """A type without what is only said of it, and without the ways of leaving it out."""
    while isinstance(found, inspect.Metadata):
        found = found.type
    if isinstance(found, inspect.UnionType):
        kept = [plain(t) for t in found.types if not isinstance(t, inspect.NoneType)]
        return kept[0] if len(kept) == 1 else inspect.UnionType(tuple(kept))
    return found


def whole(text: str) -> int | None:
    """A whole number as typed; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def of_values(kind: type[T], given: object, code: str) -> T:
    """Values as JSON has them, as a struct or command. Raises WrongFields, of `code`."""
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError:
        raise WrongFields(list(islice(wrong_in(given, kind, code), MOST_NAMED))) from None


def wrong_in(given: object, kind: Any, code: str, at: str = "") -> Iterator[WrongField]:
    """Every field of `given` that is not of this type, deepest first, by its path."""
    found = plain(inspect.type_info(kind))
    match found, given:
        case inspect.StructType(), Mapping():
            inner = _wrong_fields(given, found.cls, code, at)
        case inspect.DictType(), Mapping():
            inner = _wrong_entries(given, kind, code, at)
        case inspect.VarTupleType(), list() | tuple():
            of_item = get_args(_bare(kind))[0]
            items = (wrong_in(v, of_item, code, f"{at}[{i}]") for i, v in enumerate(given))
            inner = chain.from_iterable(items)
        case _:
            inner = iter(())
    first = next(inner, None)
    if first is not None:
        yield first
        yield from inner
        return
    try:
        msgspec.convert(given, kind)
    except msgspec.ValidationError:
        yield WrongField(at or "$", code, allowed(found, given))


def _wrong_fields(
    given: Mapping[Any, object], kind: type, code: str, at: str
) -> Iterator[WrongField]:
    before = f"{at}." if at else ""
    fields = {f.key: f for f in typed_fields(kind)}
    for key in given:
        if key not in fields:
            yield WrongField(f"{before}{words(key, 50)}", code, UNKNOWN)
    for key, field in fields.items():
        if key in given:
            yield from wrong_in(given[key], field.hint, code, f"{before}{key}")
        elif field.required:
            yield WrongField(f"{before}{key}", code, MISSING)


def _wrong_entries(
    given: Mapping[Any, object], kind: Any, code: str, at: str
) -> Iterator[WrongField]:
    of_key, of_value = get_args(_bare(kind))
    for key, value in given.items():
        path = f"{at}.{words(key, 50)}"
        yield from wrong_in(key, of_key, code, path)
        yield from wrong_in(value, of_value, code, path)


def _bare(kind: Any) -> Any:
    """A type without its annotations."""
    return kind.__origin__ if hasattr(kind, "__metadata__") else kind


# --- in words -----------------------------------------------------------------------------------


def allowed(found: inspect.Type, given: object = None) -> Spoken:
    """What may stand in a field of this type, where `given` may not."""
    match found:
        case inspect.StrType():
            return _text(found, given)
        case inspect.IntType(ge=int(low), le=int(high)):
            return Say(
                "a whole number from {low} to {high} is wanted",
                low=SpelledNumber(low),
                high=SpelledNumber(high),
            )
        case inspect.IntType():
            return Say("a whole number is wanted")
        case inspect.BoolType():
            return Say("true or false is wanted")
        case inspect.LiteralType():
            return _one_of(found.values)
        case inspect.EnumType():
            return _one_of([member.value for member in found.cls])
        case inspect.VarTupleType(max_length=int(high)):
            return Say(
                "a list of at most {high} is wanted",
                high=SpelledNumber(high),
            )
        case inspect.VarTupleType():
            return Say("a list is wanted")
    return Say("an object is wanted")


def _text(found: inspect.StrType, given: object) -> Spoken:
    low, high = found.min_length, found.max_length
    if isinstance(given, str) and "\0" in given:
        return Say("there is a NUL character in it")
    if high is None:
        return Say("text is wanted")
    if not low:
        return Say(
            "text of at most {high} characters is wanted",
            high=SpelledNumber(high),
        )
    return Say(
        "text of {low} to {high} characters is wanted",
        low=SpelledNumber(low),
        high=SpelledNumber(high),
    )


def _one_of(known: Iterable[object]) -> Spoken:
    named = ", ".join(str(v) for v in known)
    return Say("one of these is wanted: {named}", named=named)
