"""Blanks filled and texts written: what people share is rendered once, the rest is put in place.

A value is data: it is put into the text after the text was rendered, and never read again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jinja2
from jinja2 import nodes

from dispatcher.domain.model import Text
from dispatcher.domain.problems import Problem, unknown
from dispatcher.domain.sms import unaccent
from dispatcher.i18n import Say
from dispatcher.templating import syntax
from dispatcher.templating.files import Block, Template
from dispatcher.templating.filters import FILTERS

PERSONAL = ("contact", "row")
_MARK = "\x00"  # stands for a person's value while the rest is rendered; no text may hold it
Values = Mapping[str, Any]
Hole = Callable[[Values], str]
Frame = tuple[tuple[str, ...], tuple[Hole, ...]]  # text, hole, text, hole … text


def fill(template: Template, given: Mapping[str, str]) -> dict[str, str]:
    """The officer's values for the blanks; unknown, missing and too long ones are problems."""
    given = {unicodedata.normalize("NFC", name): value for name, value in given.items()}
    for name in given:
        if name not in template.fields:
            raise unknown(Say("blank"), name, template.fields)
    missing = [
        f.name for f in template.fields.values() if f.required and not given.get(f.name, "").strip()
    ]
    if missing:
        labels = ", ".join(f"{template.fields[m].label} ({m})" for m in missing)
        raise Problem(
            "field-missing",
            Say(
                "Template “{name}” needs: {labels}.",
                name=template.name,
                labels=labels,
                missing=missing[0],
            ),
        )
    for name, value in given.items():
        if len(value) > template.fields[name].most:
            raise Problem(
                "field-long",
                Say("“{name}” is longer than {most}.", name=name, most=template.fields[name].most),
            )
        unseen = syntax.hidden_letter(value)
        if unseen is not None:
            raise Problem(
                "field-hidden",
                Say(
                    "“{name}” has an invisible character U+{unseen:04X}; type it again.",
                    name=name,
                    unseen=ord(unseen),
                ),
            )
    return {name: unicodedata.normalize("NFC", given.get(name, "")) for name in template.fields}


def render(template: Template, block: Block, values: Values) -> Text:
    """One text. `values`: the names of `NAMES`, the blanks, `row`. Missing ones are a problem."""
    return Writer(template, block).text(values)


def gaps(block: Block, values: Values) -> tuple[str, ...]:
    """Names this text prints without asking that are empty for this person, in name order."""
    empty = [n for n in block.needed if not str(syntax.values_of(n, values) or "").strip()]
    return tuple(sorted(empty)) if empty else ()


def unaccented_source(source: str) -> str:
    """A block without marks: its words unaccented, its names printed through `khong_dau`."""
    parts = re.split(r"(\{\{.*?\}\}|\{%.*?%\})", source, flags=re.S)
    return "".join(
        _through_filter(part)
        if part.startswith("{{")
        else part
        if part[:1] == "{"
        else unaccent(part)
        for part in parts
    )


def _through_filter(printed: str) -> str:
    inside = printed[2:-2].strip(" -")
    settled = re.search(r"\|\s*(?:khong_dau|gio|ngay|so)\s*$", inside)
    return "{{ " + inside + ("" if settled else " | khong_dau") + " }}"


class Writer:
    """One block for many people. Equal surroundings (ward, group, blanks) are rendered once."""

    def __init__(self, template: Template, block: Block) -> None:
        self.name = template.name
        self.template_id: str | None = None
        sources = {"": block.source}
        if block.name == "zalo" and template.zns:
            self.template_id = str(template.zns["template_id"])
            sources |= {name: str(source) for name, source in template.zns["params"].items()}
        self._sheets = {name: _compiled(source) for name, source in sources.items()}
        shared = sorted({name for _, _, names in self._sheets.values() for name in names})
        self._shared = [tuple(name.split(".")) for name in shared]
        self._frames: dict[tuple[object, ...], tuple[Frame, dict[str, Frame]]] = {}

    def text(self, values: Values) -> Text:
        """The text for one person, NFC. Something missing is a problem."""
        try:
            key = tuple([_value(path, values) for path in self._shared])
            found = self._frames.get(key)
            if found is None:
                found = self._framed(key, values)
            body, params = found
            return Text(
                _written(body, values),
                {name: _written(frame, values) for name, frame in params.items()},
                self.template_id,
            )
        except (jinja2.TemplateError, LookupError, TypeError, ValueError) as error:
            raise Problem(
                "value-missing",
                Say("{name}: a value is missing ({error}).", name=self.name, error=error),
            ) from None

    def _framed(self, key: tuple[object, ...], values: Values) -> tuple[Frame, dict[str, Frame]]:
        frames = {}
        for name, (render_, holes, _) in self._sheets.items():
            parts = unicodedata.normalize("NFC", render_(values)).strip().split(_MARK)
            frames[name] = tuple(parts[::2]), tuple(holes[int(i)] for i in parts[1::2])
        body = frames.pop("")
        if len(self._frames) > 1_000:
            self._frames.clear()
        self._frames[key] = body, frames
        return body, frames


def _written(frame: Frame, values: Values) -> str:
    texts, holes = frame
    if not holes:
        return texts[0]
    written = [texts[0]]
    for hole, text in zip(holes, texts[1:], strict=True):
        written += hole(values), text
    return unicodedata.normalize("NFC", "".join(written)).strip()


def _value(path: tuple[str, ...], values: Values) -> object:
    found = values.get(path[0])
    return found if len(path) == 1 or found is None else found.get(path[1])


@lru_cache(maxsize=500)
def _compiled(source: str) -> tuple[Callable[[Values], str], tuple[Hole, ...], tuple[str, ...]]:
    """(renderer of the frame, holes, names the frame depends on)."""
    tree = syntax.tree_of(source)
    asked = syntax.asked(tree)
    holes: list[Hole] = []
    shared = set(asked)
    for output, place, expression in list(syntax.outputs(tree)):
        name, filters = syntax.chain(expression)
        root, _, attribute = name.partition(".")
        if root in PERSONAL and name not in asked:
            mark = nodes.TemplateData(f"{_MARK}{len(holes)}{_MARK}", lineno=expression.lineno)
            output.nodes[place] = mark
            holes.append(_hole(root, attribute, filters))
        else:
            shared.add(name)
    return syntax.compiled(tree).render, tuple(holes), tuple(sorted(shared))


def _hole(root: str, attribute: str, filters: tuple[str, ...]) -> Hole:
    work = [FILTERS[name] for name in filters]
    if not work:
        return lambda values: str(values[root][attribute])

    def filled(values: Values) -> str:
        found = values[root][attribute]
        for filter_ in work:
            found = filter_(found)
        return str(found)

    return filled


@dataclass(frozen=True)
class Sample:
    """Values a text is tried with when nobody in particular reads it."""

    ward: str = "Đồng Quốc Bình"
    contact: str = "Nguyễn Thị Hương Giang"
    group: str = "Tổ dân phố số 12"

    def values(self, template: Template, fields: Mapping[str, str]) -> dict[str, Any]:
        """The names of `NAMES`, the blanks, and empty columns."""
        return {
            "contact": {"name": self.contact, "title": "bà"},
            "ward": {"name": self.ward},
            "residential_group": {"name": self.group},
            "sender": {"name": f"UBND phường {self.ward}"},
            "document": {"number": template.document},
            "row": _Columns(),
            **fields,
        }


class _Columns(dict[str, str]):
    """Columns nobody knows yet: each holds its own name."""

    def __missing__(self, column: str) -> str:
        return f"[{column}]"
