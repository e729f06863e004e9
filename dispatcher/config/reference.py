"""The reference of all settings, made from their structs: `python -m dispatcher.config.reference`.

Writes docs/settings.md and docs/vi/cai-dat.md; a test holds that both are what this makes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec

from dispatcher.config.gateways import Account
from dispatcher.config.settings import SiteSettings
from dispatcher.domain.spelled import Duration
from dispatcher.gateways import ADAPTERS, options_of
from dispatcher.gateways.fields import Options, said, secret_keys
from dispatcher.gateways.structs import allowed, bare
from dispatcher.i18n import Say, Spoken

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = {"en": DOCS / "settings.md", "vi": DOCS / "vi" / "cai-dat.md"}
_OPEN = Say(
    "# Every setting\n\nEach key of `dispatcher.toml`: what it may be, what "
    "holds when it is not set, what it means. Made by\n`python -m "
    "dispatcher.config.reference` from the structs that the program reads. "
    "A wrong type, range\nor name of a key: every command names all wrong "
    "lines and stops (exit 4) before it does anything\nelse. Secrets are `{ "
    'env = "NAME" }` or `{ file = "keys/name" }`.\n',
)
_HEADS = Say("| key | may be | when not set | meaning |")
_MUST = Say("must be set")
_LIVE = Say("needed live")
_COMMON = Say("all gateways")


@dataclass(frozen=True)
class Entry:
    """One setting as the page shows it. `default`: as TOML, empty for none."""

    key: str
    may_be: Spoken
    default: str
    what: Spoken
    required: bool
    live: bool


@dataclass(frozen=True)
class Table:
    """One table of the file with its settings. `adapter`: one that has it."""

    kind: type[msgspec.Struct]
    heading: str
    title: Spoken
    entries: tuple[Entry, ...]
    adapter: str = ""


def tables() -> Iterator[Table]:
    """Every table a site may write, in the order of the page."""
    for field in msgspec.structs.fields(SiteSettings):
        kind, title = bare(field.type), said(field.type).what
        if field.encode_name == "gateways":
            yield from _tables("gateways.NAME", _COMMON, Account, "outbox")
            for adapter in ADAPTERS:
                name = Say('with adapter = "{adapter}"', adapter=adapter)
                yield from _tables("gateways.NAME", name, options_of(adapter), adapter)
        elif get_origin(kind) is dict:
            yield from _tables(f"{field.encode_name}.NAME", title, get_args(kind)[1])
        else:
            yield from _tables(field.encode_name, title, kind)


def _tables(
    heading: str, title: Spoken, kind: type[msgspec.Struct], adapter: str = ""
) -> Iterator[Table]:
    """A table and those inside it."""
    secret = secret_keys(kind) if issubclass(kind, Options) else []
    inner: list[Table] = []
    entries = []
    for field in msgspec.structs.fields(kind):
        words, key = said(field.type), field.encode_name
        entries.append(
            Entry(
                key,
                allowed(field.type),
                _written(field.default),
                words.what,
                field.required,
                words.live or key in secret,
            )
        )
        plain = bare(field.type)
        many = get_origin(plain) is list
        within = get_args(plain)[0] if many else plain
        if isinstance(within, type) and issubclass(within, msgspec.Struct):
            place = f"[{heading}.{key}]" if many else f"{heading}.{key}"
            inner += _tables(place, words.what, within, adapter)
    yield Table(kind, f"[{heading}]", title, tuple(entries), adapter)
    yield from inner


def _written(value: Any) -> str:
    """A default as it would be written; empty where there is none."""
    match value:
        case bool():
            return str(value).lower()
        case Duration():
            return f'"{value.spelling}"'
        case Enum():
            return f'"{value.value}"'
        case int() | float():
            return str(value)
        case str() if value:
            return f'"{value}"'
    return ""


def page(language: str) -> str:
    """The whole reference in one language."""
    lines = [_OPEN.to(language)]
    for table in tables():
        lines += [
            f"## `{table.heading}` {table.title.to(language)}",
            "",
            _HEADS.to(language),
            "|---|---|---|---|",
        ]
        for e in table.entries:
            default = f"`{e.default}`" if e.default else ""
            default = _MUST.to(language) if e.required else default
            default = _LIVE.to(language) if e.live else default
            may_be = e.may_be.to(language).replace("|", "\\|")
            lines.append(f"| `{e.key}` | {may_be} | {default} | {e.what.to(language)} |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    for language, path in PAGES.items():
        path.write_text(page(language), encoding="utf-8")
