"""Tables read as structs: what is wrong is named key by key, all of it, in both languages.

Comes from: dispatcher.toml, options of an adapter.   Goes to: structs, or what is wrong with them.
msgspec stops at the first mistake and says it in English: it is only asked for a yes or a no.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args, get_origin

import msgspec

from dispatcher.domain.problems import settings
from dispatcher.gateways.fields import AnyOptions, UnfitSetting, choices, meta_of, said, spelling
from dispatcher.i18n import NOTHING, Joined, Say, Spoken

Where = tuple[str | int, ...]  # ("routes", "sms", "steps", 0, "deadline")
S = TypeVar("S", bound=msgspec.Struct)
NOWHERE = Path()


@dataclass(frozen=True)
class Wrong:
    """One thing that is wrong, and the key or table to look at."""

    at: Where
    say: Spoken


def dotted(path: Where) -> str:
    """A key as people name it: routes.sms.steps[0].deadline."""
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).removeprefix(".")


def converted(kind: object, values: object, root: Path) -> Any:
    """What a value is as a type of ours; msgspec.ValidationError when it is none."""
    return msgspec.convert(values, kind, dec_hook=spelling(root))


def taken(kind: type[S], given: AnyOptions, code: str = "bad-setting") -> S:
    """Options of an adapter as they are, or read from a table: a problem names all mistakes."""
    if isinstance(given, kind):
        return given
    try:
        found: S = converted(kind, given, NOWHERE)
    except msgspec.ValidationError:
        wrong = list(mistakes(kind, given, (), NOWHERE))
        raise settings(code, Joined(" ", [w.say for w in wrong])) from None
    return found


# --- what is wrong ------------------------------------------------------------------------------


def mistakes(
    kind: object, value: object, path: Where, root: Path, also: Collection[str] = ()
) -> Iterator[Wrong]:
    """Everything that is wrong with a value, the innermost key each; nothing when it is right.

    `also`: keys of the table that another struct reads.
    """
    plain = bare(kind)
    parts: Iterator[Wrong] = iter(())
    if isinstance(value, Mapping) and isinstance(plain, type) and issubclass(plain, msgspec.Struct):
        parts = _of_struct(plain, value, path, root, also)
    elif isinstance(value, Mapping) and get_origin(plain) is dict:
        parts = _of_table(plain, value, path, root)
    elif isinstance(value, list) and get_origin(plain) in (list, tuple):
        inner = get_args(plain)[0]
        parts = (w for i, v in enumerate(value) for w in mistakes(inner, v, (*path, i), root))
    found = False
    for wrong in parts:
        found = True
        yield wrong
    if not found:
        yield from _of_whole(kind, value, path, root)


def _of_whole(kind: object, value: object, path: Where, root: Path) -> Iterator[Wrong]:
    """A value whose parts are right: is it what its type wants?"""
    try:
        converted(kind, value, root)
    except msgspec.ValidationError as error:
        cause = error.__cause__
        if isinstance(cause, UnfitSetting):
            yield Wrong(path if cause.key is None else (*path, cause.key), cause.say)
        else:
            yield Wrong(path, _must_be(path, allowed(kind)))


def _of_struct(
    kind: type[msgspec.Struct],
    value: Mapping[str, object],
    path: Where,
    root: Path,
    also: Collection[str],
) -> Iterator[Wrong]:
    fields = {f.encode_name: f for f in msgspec.structs.fields(kind)}
    for key in value:
        if key not in fields and key not in also:
            yield Wrong((*path, key), _no_key((*path, key), [*fields, *also]))
    for key, field in fields.items():
        if key in value:
            if value[key] == "" and field.required:
                yield Wrong((*path, key), lacks(path, key))
            else:
                yield from mistakes(field.type, value[key], (*path, key), root)
        elif field.required:
            yield Wrong(path, lacks(path, key))


def _of_table(
    kind: object, value: Mapping[str, object], path: Where, root: Path
) -> Iterator[Wrong]:
    names, inner = get_args(kind)
    for key, entry in value.items():
        try:
            converted(names, key, root)
        except msgspec.ValidationError:
            at = (*path, key)
            yield Wrong(at, _must_be(at, allowed(names)))
        yield from mistakes(inner, entry, (*path, key), root)


def lacks(path: Where, key: str) -> Spoken:
    """A table has not what it must have."""
    if not path:
        return Say("the section [{key}] is missing.", key=key)
    name = dotted((*path, key))
    return Say("“{name}” is missing.", name=name)


def _no_key(path: Where, known: Collection[str]) -> Spoken:
    name = dotted(path)
    close = difflib.get_close_matches(str(path[-1]), known, 1)
    more = Say(" Did you mean “{close}”?", close=close[0]) if close else NOTHING
    return Say("there is no key “{name}”.{more}", name=name, more=more)


def _must_be(path: Where, what: Spoken) -> Spoken:
    key = dotted(path)
    return Say("“{key}” must be {what}.", key=key, what=what)


# --- what is allowed ----------------------------------------------------------------------------


def allowed(kind: object) -> Spoken:
    """What a setting of this type may be, in words that follow "must be"."""
    return said(kind).looks or _allowed(kind)


def _allowed(kind: object) -> Spoken:
    several = choices(kind)
    if len(several) > 1:
        first, *rest = [_allowed(choice) for choice in several]
        return Joined(" ", [first, *(Say("or {other}", other=other) for other in rest)])
    plain, meta = bare(kind), meta_of(kind)
    if hasattr(plain, "LOOKS"):
        look: Spoken = plain.LOOKS
        return look
    if isinstance(plain, type) and issubclass(plain, msgspec.Struct):
        names = ", ".join(f.encode_name for f in msgspec.structs.fields(plain))
        return Say("a table {{ … }} of {names}", names=names)
    origin, args = get_origin(plain), get_args(plain)
    if origin is dict:
        inner = allowed(args[1])
        return Say("a table {{ name = … }}, each {inner}", inner=inner)
    if origin in (list, tuple):
        inner = allowed(args[0])
        return Say("a list [ … ], each {inner}", inner=inner)
    words = one_of(kind)
    if words:
        listed = ", ".join(f'"{w}"' for w in words)
        return Say("one of {listed}", listed=listed)
    if plain in (int, float):
        return _number(plain, meta)
    return _SIMPLE[plain]


_SIMPLE = {
    str: Say("a text in quotes"),
    bool: Say("true or false"),
    Any: Say("any value"),
}


def _number(kind: type, meta: msgspec.Meta) -> Spoken:
    """ "a whole number from 1 to 100": with the limits msgspec keeps."""
    name = Say("a whole number") if kind is int else Say("a number")
    if meta.ge is not None and meta.le is not None:
        return Say("{name} from {ge} to {le}", name=name, ge=meta.ge, le=meta.le)
    if meta.ge is not None:
        return Say("{name} of {ge} or more", name=name, ge=meta.ge)
    if meta.gt is not None and meta.le is not None:
        return Say(
            "{name} above {gt}, at most {le}",
            name=name,
            gt=meta.gt,
            le=meta.le,
        )
    if meta.gt is not None:
        return Say("{name} above {gt}", name=name, gt=meta.gt)
    return name


def one_of(kind: object) -> list[str]:
    """The words a setting may be, where they are few."""
    plain = bare(kind)
    if isinstance(plain, type) and issubclass(plain, Enum):
        return [str(member.value) for member in plain]
    return (
        [str(word) for word in get_args(plain)] if str(plain).startswith("typing.Literal") else []
    )


def bare(kind: object) -> Any:
    """The type without None and without what is said of it; a true union stays."""
    several = choices(kind)
    if len(several) > 1:
        return kind
    return get_args(several[0])[0] if get_origin(several[0]) is Annotated else several[0]
