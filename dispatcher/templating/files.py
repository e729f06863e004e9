"""templates/*.j2: a TOML head between +++ lines, then one block per channel, and no other text."""

from __future__ import annotations

import hashlib
import keyword
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from dispatcher.config import Section, read_text, read_toml
from dispatcher.domain.model import Channel, Kind
from dispatcher.domain.problems import Problem, unknown
from dispatcher.i18n import Say
from dispatcher.templating.syntax import NAMES, problem, read

LOUDSPEAKER = "loudspeaker"  # read aloud by a person; never sent
BLOCKS = ("sms", "sms_accented", "zalo", LOUDSPEAKER)
MOST_SOURCE = 16_000  # of a file with its snippets
_HEAD = re.compile(r"\s{0,100}\+\+\+\n(.*?)\n\+\+\+[ \t]*(?:\n|$)", re.S)
_INCLUDE = re.compile(r"\{%-?[ \t]*include[ \t]+([\"'])(?P<name>[^\"'\n]+)\1[ \t]*-?%\}")
_TAG = re.compile(r"\{%-?[ \t]*(?P<what>end)?block(?:[ \t]+(?P<name>\w+))?[ \t]*-?%\}")


@dataclass(frozen=True)
class Field:
    """A blank the officer fills."""

    name: str
    label: str
    required: bool
    most: int


@dataclass(frozen=True)
class Block:
    """One channel's text. `uses`: dotted names in it; `needed`: those it prints unasked."""

    name: str
    source: str
    line: int
    uses: frozenset[str]
    needed: frozenset[str] = frozenset()

    @property
    def scope(self) -> str:
        """What a rendering depends on: "contact", "group", "ward" or "site"."""
        roots = {u.split(".")[0] for u in self.uses}
        if roots & {"contact", "row"}:
            return "contact"
        if "residential_group" in roots:
            return "group"
        return "ward" if roots & {"ward", "sender"} else "site"


@dataclass(frozen=True)
class Template:
    """`zns`: template_id, params (name → source) and longest (name → characters) at Zalo.

    `accepted`: words of the unaccented text whose other readings the author has accepted.
    """

    name: str
    title: str
    kind: Kind
    blocks: Mapping[str, Block]
    fields: Mapping[str, Field]
    digest: str
    source: str  # with its snippets expanded: what the digest covers
    document: str = ""
    reviewed: date | None = None
    zns: Mapping[str, Any] = field(default_factory=dict)
    accepted: frozenset[str] = frozenset()

    def block_for(self, channel: Channel, accented: bool) -> Block | None:
        """The text for a step of a route; None when the template has none."""
        if channel is Channel.ZALO:
            return self.blocks.get("zalo")
        return self.blocks.get("sms_accented" if accented else "sms")


def template_files(folder: Path) -> dict[str, Path]:
    """Templates of a site by name; files starting with _ are snippets."""
    return {p.stem: p for p in sorted(folder.glob("*.j2")) if not p.name.startswith("_")}


def load(folder: Path, name: str) -> Template:
    """The template called `name`. Unknown names and broken files are problems."""
    files = template_files(folder)
    if name.removesuffix(".j2") not in files:
        raise unknown(
            Say("template"),
            name,
            files,
            step="unknown-template",
        )
    path = files[name.removesuffix(".j2")]
    return parse(path.stem, read_text(path), folder)


def parse(name: str, text: str, folder: Path) -> Template:
    """A template from its text. Everything wrong is a problem with file and line."""
    file = f"{name}.j2"
    if len(text) > MOST_SOURCE:
        raise _too_long(file)
    found = _HEAD.match(text)
    if not found:
        raise problem(
            file,
            1,
            Say("the head between two +++ lines is missing."),
            "head",
        )
    head_text, body = found[1], text[found.end() :]
    first_line = text[: found.end()].count("\n") + 1
    head = _head(head_text, text[: found.start(1)].count("\n") + 1, folder / file)
    expanded = _expand(body, folder, file, first_line)
    if len(expanded) > MOST_SOURCE:
        raise _too_long(file)
    blocks = {
        b.name: b
        for b in (
            _block(b_name, source, line, file, head.fields)
            for b_name, source, line in _cut(expanded, file, first_line)
        )
    }
    if not blocks:
        raise problem(file, first_line, Say("there is no block."), "block")
    for value in head.zns.get("params", {}).values():
        used = read(str(value), file, 1, head.fields)
        if "zalo" in blocks:  # the vendor's blanks are frozen with the text, so they count too
            zalo = blocks["zalo"]
            blocks["zalo"] = replace(
                zalo, uses=zalo.uses | used.names, needed=zalo.needed | used.needed
            )
    return Template(
        name,
        head.title,
        head.kind,
        blocks,
        head.fields,
        hashlib.sha256(f"{head_text}\n+++\n{expanded}".encode()).hexdigest(),
        f"+++\n{head_text}\n+++\n{expanded}",
        head.document,
        head.reviewed,
        head.zns,
        head.accepted,
    )


@dataclass(frozen=True)
class _Head:
    title: str
    kind: Kind
    document: str
    reviewed: date | None
    fields: dict[str, Field]
    zns: dict[str, Any]
    accepted: frozenset[str]


def _head(text: str, line: int, path: Path) -> _Head:
    try:
        values = read_toml(path, text, line)
    except RecursionError:
        raise _too_long(path.name) from None
    head = Section(values, "", path, "\n" * (line - 1) + text)
    title, kind = head.required("title", str), head.take("kind", str, "notice")
    if kind not in set(Kind):
        raise head.problem(
            "kind",
            Say("“kind” is warning, notice, internal or promotion."),
        )
    reviewed = head.take("reviewed", (date, str))
    found = _Head(
        title,
        Kind(kind),
        head.take("source", str, ""),
        reviewed if isinstance(reviewed, date) else None,
        _fields(head),
        _zns(head),
        frozenset(word.casefold() for word in head.strings("accepted")),
    )
    head.close()
    return found


def _fields(head: Section) -> dict[str, Field]:
    found = {}
    values = head.take("fields", dict, {})
    for name in values:
        part = Section({name: values[name]}, "fields", head.path, head.text)
        options = part.take(name, dict, {})
        inner = Section(options, "fields", head.path, head.text)
        taken = name in NAMES or name == "row" or name.lower() in _RESERVED
        if not name.isidentifier() or name.startswith("_") or taken:
            raise inner.problem(name, Say("“{name}” cannot be the name of a blank.", name=name))
        found[name] = Field(
            name,
            inner.take("label", str, name),
            inner.take("required", bool, False),
            inner.take("most", int, 200),
        )
        inner.close()
    return found


_RESERVED = {
    *(w.lower() for w in keyword.kwlist),
    *("loop", "self", "super", "caller", "varargs", "kwargs", "block", "include", "set", "do"),
    *("call", "macro", "filter", "raw"),
}


def _zns(head: Section) -> dict[str, Any]:
    values = head.take("zns", dict, {})
    if not values:
        return {}
    part = Section(values, "zns", head.path, head.text)
    found = {
        "template_id": part.required("template_id", str),
        "params": part.take("params", dict, {}),
        "longest": part.take("longest", dict, {}),
    }
    for name, most in found["longest"].items():
        if name not in found["params"] or not isinstance(most, int):
            raise part.problem(
                "longest",
                Say(
                    "“longest” gives the most characters of each parameter; see “{name}”.",
                    name=name,
                ),
            )
    part.close()
    return found


def _too_long(file: str) -> Problem:
    return problem(file, 1, Say("the template is too long."), "size")


def _expand(body: str, folder: Path, file: str, first_line: int) -> str:
    """Put snippets in place; their text becomes part of the version."""

    def snippet(match: re.Match[str]) -> str:
        line = first_line + body[: match.start()].count("\n")
        name = match["name"]
        path = folder / name
        if not re.fullmatch(r"_[\w.\-]+\.j2", name) or not path.is_file():
            raise problem(
                file,
                line,
                Say("there is no snippet “{name}”.", name=name),
                "include",
            )
        text = read_text(path)
        if "{%" in text or len(text) > MOST_SOURCE // 4:
            raise problem(
                name,
                1,
                Say("a snippet holds plain text and {{ names }} only."),
                "include",
            )
        return text.removesuffix("\n")

    if body.count("include") > 100:
        raise _too_long(file)
    return _INCLUDE.sub(snippet, body)


def _cut(expanded: str, file: str, first_line: int) -> list[tuple[str, str, int]]:
    """(name, text, line) of each block, in order; text between them is a problem."""
    found: list[tuple[str, str, int]] = []
    open_at: re.Match[str] | None = None
    upto = 0

    def line(place: int) -> int:
        return first_line + expanded[:place].count("\n")

    def outside(place: int) -> Problem:
        return problem(
            file,
            line(place),
            Say("there is text outside the blocks, or a block without {% endblock %}."),
            "outside",
        )

    for tag in _TAG.finditer(expanded):
        if (tag["what"] is None) == (open_at is not None):
            raise outside(tag.start())
        if open_at is None:
            between = expanded[upto : tag.start()]
            if between.strip():
                raise outside(upto + len(between) - len(between.lstrip()))
            open_at = tag
            if tag["name"] not in BLOCKS or any(tag["name"] == name for name, _, _ in found):
                raise problem(
                    file,
                    line(tag.start()),
                    Say(
                        "block “{name}” is unknown or twice; there are {blocks}.",
                        name=tag["name"],
                        blocks=", ".join(BLOCKS),
                    ),
                    "block",
                )
        else:
            text = expanded[open_at.end() : tag.start()]
            found.append((open_at["name"], text, line(open_at.start())))
            open_at = None
        upto = tag.end()
    rest = expanded[upto:]
    if open_at is not None or rest.strip():
        raise outside(upto + len(rest) - len(rest.lstrip()))
    return found


def _block(name: str, text: str, line: int, file: str, fields: Mapping[str, Field]) -> Block:
    source = unicodedata.normalize("NFC", text.strip())
    used = read(source, file, line, fields)
    optional = {name for name, blank in fields.items() if not blank.required}
    return Block(name, source, line, used.names, used.needed - optional)
