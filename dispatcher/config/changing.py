"""dispatcher.toml changed by a form: comments and order stay; the whole is read before it counts.

Only what officials decide stands here. Live or drill, databases, gateways and their keys are
changed in the file, by whoever looks after the machine.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit import TOMLDocument

from dispatcher.config.sections import read_text, read_toml
from dispatcher.config.site import FILE, Site, parse
from dispatcher.domain.problems import Problem
from dispatcher.i18n import NOTHING, Say, Spoken, pgettext

Where = tuple[str, ...]  # ("limits", "per_person"), ("senders", "may-to", "name")


@dataclass(frozen=True)
class Field:
    """One setting of the form. `kind`: text | number | yes | words (a list) | day."""

    key: str
    label: Spoken
    kind: str = "text"
    help: Spoken = NOTHING


@dataclass(frozen=True)
class Part:
    """A section of the file. `many`: a table per name in it, like [senders.may-to]."""

    section: str
    title: Spoken
    fields: tuple[Field, ...]
    many: bool = False


_SPAN = Say("like 60s, 30m, 6h, 7d")
_HOURS = Say("like 07:00-22:00")
_DONG = Say("đồng")
_WARDS = Say("separated by commas, or all")
PARTS = (
    Part(
        "site",
        Say("Organisation"),
        (
            Field("name", pgettext("thing", "Name")),
            Field("language", Say("Language (vi, en)")),
            Field("undo", Say("Undo window"), help=_SPAN),
        ),
    ),
    Part(
        "windows",
        pgettext("sending", "Hours"),
        (Field("default", Say("Window"), help=_HOURS),),
    ),
    Part(
        "courtesy",
        Say("Courtesy"),
        (
            Field("lunch", Say("Noon"), help=_HOURS),
            Field("tet", Say("Nothing starts during Tết"), "yes"),
        ),
    ),
    Part(
        "law",
        Say("Those who refused"),
        (
            Field(
                "urgent_despite_refusal",
                Say("An urgent text reaches whoever refused ordinary ones"),
                "yes",
            ),
        ),
    ),
    Part(
        "limits",
        Say("Limits"),
        (
            Field("per_person", Say("Most messages per person"), "number"),
            Field("within", Say("within"), help=_SPAN),
            Field("per_ward_day", Say("Most broadcasts per ward and day"), "number"),
            Field("typed_above", Say("Number of people is typed above"), "number"),
        ),
    ),
    Part(
        "prices",
        Say("Prices"),
        (
            Field("sms", Say("SMS, per part"), "number", _DONG),
            Field("zalo", Say("Zalo by phone"), "number", _DONG),
            Field("zalo_uid", Say("Zalo by user"), "number", _DONG),
        ),
    ),
    Part(
        "trust",
        Say("Numbers that texts may name"),
        (Field("numbers", Say("Numbers of the ward"), "words"),),
    ),
    Part(
        "web",
        Say("Address"),
        (Field("public_url", Say("Address from outside")),),
    ),
    Part(
        "senders",
        Say("Senders"),
        (
            Field("name", Say("Signed as")),
            Field("brandname", Say("SMS brandname")),
            Field("wards", Say("Wards"), "words", _WARDS),
            Field("brandname_until", Say("Brandname ends"), "day"),
            Field("contract_until", Say("Contract ends"), "day"),
        ),
        many=True,
    ),
    Part(
        "budgets",
        Say("Budgets"),
        (
            Field("wards", Say("Wards"), "words", _WARDS),
            Field("month", Say("A month"), "number", _DONG),
            Field("contract", Say("The contract"), "number", _DONG),
            Field("contract_number", Say("Number of the contract")),
        ),
        many=True,
    ),
)


def current(root: Path) -> dict[Where, str]:
    """What the file says, by path, as a form shows it."""
    document = read_toml(root / FILE)
    found: dict[Where, str] = {}
    for part in PARTS:
        section = document.get(part.section, {})
        tables: dict[Where, Any] = {(part.section,): section}
        if part.many:
            tables = {(part.section, name): table for name, table in section.items()}
        for path, table in tables.items():
            if isinstance(table, dict):
                for field in part.fields:
                    if field.key in table:
                        found[*path, field.key] = _shown(table[field.key])
    return found


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(v) for v in value)
    return str(value)


def changed(
    root: Path, given: Mapping[Where, str], dropped: Sequence[Where] = ()
) -> tuple[str, Site]:
    """(the new text of the file, the site it makes). An empty value takes its line away.

    `dropped`: tables that go, like ("senders", "may-to"). Raises Problem with file and line when
    the result would not be read.
    """
    document = tomlkit.parse(read_text(root / FILE))
    before = current(root)
    for path, text in given.items():
        if text != before.get(path, ""):
            _set(document, path, _value(path, text))
    for path in dropped:
        document.get(path[0], {}).pop(path[-1], None)
    text = tomlkit.dumps(document)
    return text, parse(root, text)


def differences(root: Path, text: str) -> list[str]:
    """Lines that go (`- …`) and come (`+ …`)."""
    lines = difflib.ndiff(read_text(root / FILE).splitlines(), text.splitlines())
    return [line for line in lines if line[:2] in ("- ", "+ ") and line[2:].strip()]


def _set(document: TOMLDocument, path: Where, value: Any) -> None:
    table: Any = document
    for name in path[:-1]:
        if name not in table:
            if value is None:
                return
            table[name] = tomlkit.table(is_super_table=name == path[0] and len(path) > 2)
        table = table[name]
    if value is not None:
        table[path[-1]] = value
    elif path[-1] in table:
        del table[path[-1]]


def _value(path: Where, text: str) -> Any:
    field = next(f for p in PARTS if p.section == path[0] for f in p.fields if f.key == path[-1])
    if not text:
        return None
    if field.kind == "number":
        plain = re.sub(r"[.\s]", "", text)
        if not plain.isdecimal():
            raise _not_read(field, Say("is written in digits"))
        return int(plain)
    if field.kind == "yes":
        return text == "yes"
    if field.kind == "words":
        return [word.strip() for word in text.split(",") if word.strip()]
    if field.kind == "day":
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise _not_read(field, Say("is a day")) from None
    return text


def _not_read(field: Field, what: Spoken) -> Problem:
    return Problem(
        "bad-setting",
        Say("“{label}” {what}.", label=field.label, what=what),
    )
