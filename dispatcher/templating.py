"""Texts with blanks: a closed list of syntax, frozen versions, one rendering per distinct meaning.

Comes from: templates/*.j2.   Goes to: preview and planning.
Never: runs anything a template's author could turn against us, renders a value a second time.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from dispatcher.config import Section, read_text, read_toml
from dispatcher.model import Channel, Kind, Text
from dispatcher.problems import Problem, Say, unknown
from dispatcher.sms import measure, unaccent

BLOCKS = ("sms", "sms_accented", "zalo")
NAMES: dict[str, tuple[str, ...]] = {
    "contact": ("name", "title"),
    "ward": ("name",),
    "residential_group": ("name",),
    "sender": ("name",),
    "document": ("number",),
}
MOST_SOURCE, MOST_NODES = 8_000, 400
_INCLUDE = re.compile(r"\{%-?\s*include\s+([\"'])(?P<name>[^\"']+)\1\s*-?%\}")
_BLOCK = re.compile(
    r"\{%-?\s*block\s+(?P<name>\w+)\s*-?%\}(?P<text>.*?)\{%-?\s*endblock(?:\s+\w+)?\s*-?%\}", re.S
)
_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Getattr,
    nodes.Const,
    nodes.If,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Filter,
)


@dataclass(frozen=True)
class Field:
    """A blank the officer fills."""

    name: str
    label: str
    required: bool
    most: int


@dataclass(frozen=True)
class Block:
    """One channel's text. `uses`: dotted names found in its syntax tree."""

    name: str
    source: str
    line: int
    uses: frozenset[str]

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
            Say("mẫu tin", "template"),
            name,
            files,
            hint=Say("Xem: dispatcher templates list", "See: dispatcher templates list"),
        )
    path = files[name.removesuffix(".j2")]
    return parse(path.stem, read_text(path), folder)


def parse(name: str, text: str, folder: Path) -> Template:
    """A template from its text. Everything wrong is a problem with file and line."""
    file = f"{name}.j2"
    found = re.match(r"\s*\+\+\+\n(.*?)\n\+\+\+[ \t]*(?:\n|$)", text, re.S)
    if not found:
        raise _problem(
            file,
            1,
            "thiếu phần đầu giữa hai dòng +++.",
            "the head between two +++ lines is missing.",
            "head",
        )
    head_text, body = found[1], text[found.end() :]
    first_line = text[: found.end()].count("\n") + 1
    head_line = text[: found.start(1)].count("\n") + 1
    path = folder / file
    head = Section(
        read_toml(path, head_text, head_line), "", path, "\n" * (head_line - 1) + head_text
    )
    title, kind = head.required("title", str), head.take("kind", str, "notice")
    if kind not in set(Kind):
        raise head.problem(
            "kind",
            "«kind» là warning, notice, internal hoặc promotion.",
            "“kind” is warning, notice, internal or promotion.",
        )
    document, reviewed = head.take("source", str, ""), head.take("reviewed", (date, str))
    fields = _fields(head)
    zns = _zns(head)
    head.close()
    expanded = _expand(body, folder, file, first_line)
    if len(expanded) > MOST_SOURCE:
        raise _problem(file, 1, "mẫu quá dài.", "the template is too long.", "size")
    environment = _environment()
    blocks: dict[str, Block] = {}
    rest = expanded
    for match in _BLOCK.finditer(expanded):
        line = first_line + expanded[: match.start()].count("\n")
        block_name = match["name"]
        if block_name not in BLOCKS or block_name in blocks:
            raise _problem(
                file,
                line,
                f"không có khối «{block_name}» hoặc khối bị lặp; chỉ dùng {', '.join(BLOCKS)}.",
                f"block “{block_name}” is unknown or twice; there are {', '.join(BLOCKS)}.",
                "block",
            )
        source = unicodedata.normalize("NFC", match["text"].strip())
        uses = _check(environment, source, file, line, fields)
        blocks[block_name] = Block(block_name, source, line, uses)
        rest = rest.replace(match[0], "", 1)
    if rest.strip():
        line = first_line + expanded[: expanded.find(rest.strip()[:10])].count("\n")
        raise _problem(
            file,
            line,
            "có chữ nằm ngoài khối hoặc khối chưa đóng {% endblock %}.",
            "there is text outside the blocks, or a block without {% endblock %}.",
            "outside",
        )
    if not blocks:
        raise _problem(file, first_line, "mẫu chưa có khối nào.", "there is no block.", "block")
    for value in zns.get("params", {}).values():
        uses = _check(environment, str(value), file, 1, fields)
        if "zalo" in blocks:  # the vendor's blanks are frozen with the text, so they count too
            blocks["zalo"] = replace(blocks["zalo"], uses=blocks["zalo"].uses | uses)
    digest = hashlib.sha256(f"{head_text}\n+++\n{expanded}".encode()).hexdigest()
    return Template(
        name,
        title,
        Kind(kind),
        blocks,
        fields,
        digest,
        f"+++\n{head_text}\n+++\n{expanded}",
        document,
        reviewed if isinstance(reviewed, date) else None,
        zns,
    )


def _fields(head: Section) -> dict[str, Field]:
    found = {}
    values = head.take("fields", dict, {})
    for name in values:
        part = Section({name: values[name]}, "fields", head.path, head.text)
        options = part.take(name, dict, {})
        inner = Section(options, "fields", head.path, head.text)
        if not name.isidentifier() or name in NAMES or name == "row":
            raise inner.problem(
                name, f"tên ô «{name}» không dùng được.", f"“{name}” cannot be the name of a blank."
            )
        found[name] = Field(
            name,
            inner.take("label", str, name),
            inner.take("required", bool, False),
            inner.take("most", int, 200),
        )
        inner.close()
    return found


def _zns(head: Section) -> dict[str, Any]:
    values = head.take("zns", dict, {})
    if not values:
        return {}
    part = Section(values, "zns", head.path, head.text)
    found = {
        "template_id": part.required("template_id", str),
        "params": part.take("params", dict, {}),
    }
    part.close()
    return found


def _expand(body: str, folder: Path, file: str, first_line: int) -> str:
    """Put snippets in place; their text becomes part of the version."""

    def snippet(match: re.Match[str]) -> str:
        line = first_line + body[: match.start()].count("\n")
        name = match["name"]
        path = folder / name
        if not re.fullmatch(r"_[\w.\-]+\.j2", name) or not path.is_file():
            raise _problem(
                file,
                line,
                f"không thấy đoạn dùng chung «{name}».",
                f"there is no snippet “{name}”.",
                "include",
            )
        text = read_text(path)
        if "{%" in text:
            raise _problem(
                name,
                1,
                "đoạn dùng chung chỉ có chữ và {{ tên }}.",
                "a snippet holds plain text and {{ names }} only.",
                "include",
            )
        return text.removesuffix("\n")

    return _INCLUDE.sub(snippet, body)


@lru_cache(maxsize=1)
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined, autoescape=False)
    environment.filters.clear()
    environment.globals.clear()
    environment.tests.clear()
    environment.filters.update(FILTERS)
    return environment


def _check(
    environment: jinja2.Environment, source: str, file: str, line: int, fields: Mapping[str, Field]
) -> frozenset[str]:
    """Only the closed list of syntax and the declared names; returns the dotted names used."""
    try:
        tree = environment.parse(source)
    except jinja2.TemplateSyntaxError as error:
        raise _problem(
            file,
            line + error.lineno - 1,
            "sai cú pháp: kiểm tra {{ }} và {% %} trong dòng này.",
            f"syntax error ({error.message}).",
            "syntax",
        ) from None
    uses: set[str] = set()
    everything = list(_walk(tree))
    if len(everything) > MOST_NODES:
        raise _problem(file, line, "mẫu quá phức tạp.", "the template is too complex.", "size")
    for node in everything:
        at = line + (node.lineno or 1) - 1
        if not isinstance(node, _ALLOWED):
            raise _problem(
                file,
                at,
                "cú pháp này không dùng được trong mẫu; chỉ dùng {{ tên }}, bộ lọc và {% if %}.",
                f"{type(node).__name__} is not allowed; use {{{{ names }}}}, filters "
                "and {% if %}.",
                "syntax",
            )
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            raise _problem(
                file,
                at,
                f"không có bộ lọc «{node.name}»; có: {', '.join(FILTERS)}.",
                f"no filter “{node.name}”; there are {', '.join(FILTERS)}.",
                "filter",
            )
        if isinstance(node, nodes.Getattr):
            uses.add(_dotted(node, file, at))
    parents = {id(n.node) for n in everything if isinstance(n, nodes.Getattr)}
    for node in everything:
        if isinstance(node, nodes.Name) and id(node) not in parents:
            at = line + (node.lineno or 1) - 1
            if node.name not in fields:
                known = [*fields, *(f"{k}.{v}" for k, vs in NAMES.items() for v in vs)]
                close = unknown(Say("tên", "name"), node.name, known)
                raise _problem(file, at, close.say.vi, close.say.en, "name")
            uses.add(node.name)
    return frozenset(uses)


def _walk(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _walk(child)


def _dotted(node: nodes.Getattr, file: str, line: int) -> str:
    root = node.node.name if isinstance(node.node, nodes.Name) else "?"
    if node.attr in NAMES.get(root, ()) or (
        root == "row" and node.attr.isidentifier() and not node.attr.startswith("_")
    ):
        return f"{root}.{node.attr}"
    known = [f"{k}.{v}" for k, vs in NAMES.items() for v in vs]
    close = unknown(Say("tên", "name"), f"{root}.{node.attr}", known)
    raise _problem(file, line, close.say.vi, close.say.en, "name")


def _problem(file: str, line: int, vi: str, en: str, rule: str) -> Problem:
    return Problem(f"template-{rule}", vi, en, where=f"{file}:{line}")


def fill(template: Template, given: Mapping[str, str]) -> dict[str, str]:
    """The officer's values for the blanks; unknown, missing and too long ones are problems."""
    for name in given:
        if name not in template.fields:
            raise unknown(Say("ô trong mẫu", "blank"), name, template.fields)
    missing = [
        f.name for f in template.fields.values() if f.required and not given.get(f.name, "").strip()
    ]
    if missing:
        labels = ", ".join(f"{template.fields[m].label} ({m})" for m in missing)
        raise Problem(
            "field-missing",
            f"Mẫu «{template.name}» cần điền: {labels}. Thêm --set {missing[0]}='…'",
            f"Template “{template.name}” needs: {labels}. Add --set {missing[0]}='…'",
        )
    for name, value in given.items():
        if len(value) > template.fields[name].most:
            raise Problem(
                "field-long",
                f"«{name}» dài quá {template.fields[name].most} ký tự.",
                f"“{name}” is longer than {template.fields[name].most}.",
            )
    return {name: unicodedata.normalize("NFC", given.get(name, "")) for name in template.fields}


def render(template: Template, block: Block, values: Mapping[str, Any]) -> Text:
    """One text. `values`: the names of `NAMES`, the blanks, `row`. Missing ones are a problem."""
    try:
        body = _compiled(block.source).render(values)
        params, template_id = {}, None
        if block.name == "zalo" and template.zns:
            template_id = str(template.zns["template_id"])
            params = {
                name: unicodedata.normalize("NFC", _compiled(str(source)).render(values))
                for name, source in template.zns["params"].items()
            }
    except jinja2.UndefinedError as error:
        raise Problem(
            "value-missing",
            f"{template.name}: thiếu giá trị ({error}).",
            f"{template.name}: a value is missing ({error}).",
        ) from None
    return Text(unicodedata.normalize("NFC", body).strip(), params, template_id)


@lru_cache(maxsize=200)
def _compiled(source: str) -> jinja2.Template:
    return _environment().from_string(source)


def _ngay(value: object) -> str:
    if isinstance(value, date | datetime):
        return f"{value:%d/%m/%Y}"
    try:
        return f"{date.fromisoformat(str(value)):%d/%m/%Y}"
    except ValueError:
        return str(value)


def _gio(value: object) -> str:
    found = re.fullmatch(r"(\d{1,2})[:h](\d{2})?", str(value).strip())
    return f"{int(found[1])}h{found[2] or ''}".removesuffix("00") if found else str(value)


def _so(value: object) -> str:
    try:
        return f"{Decimal(str(value)):,}".replace(",", " ").replace(".", ",").replace(" ", ".")
    except InvalidOperation:
        return str(value)


FILTERS: dict[str, Any] = {
    "upper": lambda v: str(v).upper(),
    "khong_dau": lambda v: unaccent(str(v)),
    "ngay": _ngay,
    "gio": _gio,
    "so": _so,
    "tien": lambda v: f"{_so(v)} đồng",
}


def _example(template: Template, blank: Field) -> str:
    """A value for a blank in a check: a number where a filter makes it one, else its label."""
    used = re.findall(rf"\{{\{{\s*{blank.name}\b([^}}]*)", template.source)
    return (
        "8"
        if used and all(re.search(r"\|\s*(?:gio|ngay|so|tien)\b", u) for u in used)
        else (blank.label)
    )


@dataclass(frozen=True)
class Remark:
    """One finding of `templates check`."""

    template: str
    rule: str
    severity: str  # block | warn
    line: int
    message: Say


def check(template: Template, ward_names: list[str]) -> list[Remark]:
    """Length, alphabet, sender and links, with the longest ward name of the site."""
    longest = max(ward_names or ["Đồng Quốc Bình"], key=len)
    values: dict[str, Any] = {
        "contact": {"name": "Nguyễn Thị Hương Giang", "title": "bà"},
        "ward": {"name": longest},
        "residential_group": {"name": "Tổ dân phố số 12"},
        "sender": {"name": f"UBND phường {longest}"},
        "document": {"number": template.document},
        "row": jinja2.ChainableUndefined(),
        **{name: _example(template, f) for name, f in template.fields.items()},
    }
    remarks = []
    for block in template.blocks.values():
        text = render(template, block, values).body

        def say(rule: str, severity: str, vi: str, en: str, line: int = block.line) -> None:
            remarks.append(Remark(template.name, rule, severity, line, Say(vi, en)))

        found = measure(text)
        if block.name == "sms" and not text.isascii():
            odd = next(c for c in text if not c.isascii())
            say(
                "sms_not_plain",
                "block",
                f"bản không dấu còn ký tự «{odd}»; dùng bộ lọc khong_dau.",
                f"the unaccented text still has “{odd}”; use the filter khong_dau.",
            )
        most = {"sms": 1, "sms_accented": 2}.get(block.name)
        if most and found.parts > most and not template.fields:
            say(
                "too_many_parts",
                "warn",
                f"{found.length} ký tự = {found.parts} tin/người, nên ≤ {most}.",
                f"{found.length} characters = {found.parts} parts each, better ≤ {most}.",
            )
        if block.name != "zalo" and not unaccent(text).upper().startswith("UBND"):
            say(
                "sender_first",
                "block",
                "tin phải mở đầu bằng tên đơn vị gửi (UBND phường …).",
                "the text must open with its sender (UBND phường …).",
            )
        if re.search(r"https?://|www\.|\b[\w-]+\.(?:com|net|vn|ly|top|xyz|info)\b", text, re.I):
            say(
                "link",
                "block" if template.kind is Kind.WARNING else "warn",
                "tin cảnh báo không được có đường link.",
                "a warning must not contain links.",
            )
    return remarks
