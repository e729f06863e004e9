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
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec
import tomlkit
from tomlkit import TOMLDocument

from dispatcher.config.sections import read_text, read_toml
from dispatcher.config.settings import SiteSettings
from dispatcher.config.site import FILE, Site, parse
from dispatcher.domain.problems import Problem
from dispatcher.domain.spelled import Day, Words
from dispatcher.gateways.fields import said
from dispatcher.gateways.structs import allowed, bare
from dispatcher.i18n import NOTHING, Both, Say, Spoken

Where = tuple[str, ...]  # ("limits", "per_person"), ("senders", "may-to", "name")


@dataclass(frozen=True)
class SettingField:
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
    fields: tuple[SettingField, ...]
    many: bool = False


# Sections and keys of the form; what each is and may be stands in `settings`.
SHOWN = {
    "site": ("name", "language", "undo"),
    "windows": ("default",),
    "courtesy": ("lunch", "tet"),
    "law": ("urgent_despite_refusal",),
    "limits": ("per_person", "within", "per_ward_day", "typed_above"),
    "prices": ("sms", "zalo", "zalo_uid"),
    "trust": ("numbers",),
    "web": ("public_url",),
    "senders": ("name", "brandname", "wards", "brandname_until", "contract_until"),
    "budgets": ("wards", "month", "contract", "contract_number"),
}
_COMMAS = Say("separated by commas")
_WARDS = Say("separated by commas, or all")
_KINDS = {int: "number", bool: "yes", Words: "words", Day: "day"}


@lru_cache(maxsize=1)
def parts() -> tuple[Part, ...]:
    """What the form shows, as the structs of the settings say it."""
    sections = {f.encode_name: f.type for f in msgspec.structs.fields(SiteSettings)}
    found = []
    for section, keys in SHOWN.items():
        kind = bare(sections[section])
        many = get_origin(kind) is dict
        fields = {
            f.encode_name: f.type
            for f in msgspec.structs.fields(get_args(kind)[1] if many else kind)
        }
        title = said(sections[section]).what
        found.append(Part(section, title, tuple(_field(k, fields[k]) for k in keys), many))
    return tuple(found)


def _field(key: str, kind: object) -> SettingField:
    shown = _KINDS.get(bare(kind), "text")
    free = shown in ("yes", "day") or (bare(kind) is str and not said(kind).looks)
    look = allowed(kind)
    help: Spoken = Both(look.vi.replace('"', ""), look.en.replace('"', ""))  # a form: no quotes
    if shown == "words":
        help = _WARDS if key == "wards" else _COMMAS
    return SettingField(key, said(kind).what, shown, NOTHING if free else help)


def current(root: Path) -> dict[Where, str]:
    """What the file says, by path, as a form shows it."""
    document = read_toml(root / FILE)
    found: dict[Where, str] = {}
    for part in parts():
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


def _shown(value: object) -> str:
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


def _set(document: TOMLDocument, path: Where, value: object) -> None:
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
    field = next(f for p in parts() if p.section == path[0] for f in p.fields if f.key == path[-1])
    if not text:
        return None
    if field.kind == "number":
        plain = re.sub(r"[.\s]", "", text)
        if not plain.isdecimal():
            raise _not_read(field)
        return int(plain)
    if field.kind == "yes":
        return text == "yes"
    if field.kind == "words":
        return [word.strip() for word in text.split(",") if word.strip()]
    if field.kind == "day":
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise _not_read(field) from None
    return text


def _not_read(field: SettingField) -> Problem:
    what = {"number": Say("a number"), "day": Day.LOOKS}[field.kind]
    return Problem(
        "bad-setting",
        Say("“{label}” must be {what}.", label=field.label, what=what),
    )
