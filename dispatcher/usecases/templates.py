"""Templates of a site as people look at them: listed, checked, tidied, previewed.

Comes from: the site's own files.   Goes to: a person who writes texts.
Never: opens the database: templates can be looked at before there is one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from dispatcher import templating
from dispatcher.broadcasts import message_rendering
from dispatcher.config import Site, read_text
from dispatcher.domain import sms
from dispatcher.domain.problems import Problem
from dispatcher.i18n import Say, Spoken
from dispatcher.templating import Template


@dataclass(frozen=True)
class ListedTemplate:
    """A template of the site; `problem` says why it cannot be read, then `template` is None."""

    name: str
    template: Template | None
    problem: Problem | None = None


@dataclass(frozen=True)
class TemplateFinding:
    """Something to look at in a template. `severity`: block | warn."""

    template: str
    rule: str
    severity: str
    line: int
    message: Spoken


@dataclass(frozen=True)
class TidiedTemplate:
    """Typographic punctuation found in a template: lines of its file, and what stands instead."""

    template: str
    lines: Sequence[int]
    replaced: Mapping[str, str]


@dataclass(frozen=True)
class UnaccentedText:
    """A proposed unaccented text, and words of it that can be read as others."""

    proposed: str
    doubts: Sequence[Any]


@dataclass(frozen=True)
class ShownBlock:
    """One block of a template filled in, as a phone shows it, and what it costs."""

    block: str
    body: str
    measured: sms.Measure


def list_templates(site: Site) -> list[ListedTemplate]:
    """Every template of the site, those that cannot be read too."""
    found = []
    for name in templating.template_files(_folder(site)):
        try:
            found.append(ListedTemplate(name, get(site, name)))
        except Problem as problem:
            found.append(ListedTemplate(name, None, problem))
    return found


def get(site: Site, name: str) -> Template:
    """One template. Raises `unknown-name`, or what is wrong with its file."""
    return templating.load(_folder(site), name)


def _folder(site: Site) -> Any:
    return site.root / "templates"


def check(site: Site, names: Collection[str], today: date) -> list[TemplateFinding]:
    """What is wrong with some templates, or with all where none is named.

    Raises `unknown-name`.
    """
    wards, house = message_rendering.ward_names(site), message_rendering.house(site)
    found: list[TemplateFinding] = []
    for name in names or tuple(templating.template_files(_folder(site))):
        try:
            remarks = templating.check(get(site, name), wards, house, today)
        except Problem as problem:
            if problem.code == "unknown-name" and not problem.where:
                raise
            line = problem.where.rpartition(":")[2]
            rule = problem.code.removeprefix("template-")
            at = int(line) if line.isdigit() else 1
            found.append(TemplateFinding(name, rule, "block", at, problem.say))
            continue
        found += [
            TemplateFinding(r.template, r.rule, r.severity, r.line, r.message) for r in remarks
        ]
    return found


def tidy(site: Site, names: Collection[str], *, write: bool) -> list[TidiedTemplate]:
    """Typographic punctuation that alone makes a text cost like an accented one; replaced in the
    files where `write`. Raises `unknown-name`."""
    files = templating.template_files(_folder(site))
    found = []
    for name in names or tuple(files):
        if name not in files:
            get(site, name)  # says what there is
        head, mark, body = read_text(files[name]).rpartition("+++\n")  # quotes in the head are TOML
        plain, changed = sms.tidy(body)
        if not changed:
            continue
        first = (head + mark).count("\n") + 1
        lines = [n for n, line in enumerate(body.splitlines(), first) if sms.tidy(line)[1]]
        found.append(TidiedTemplate(name, lines, changed))
        if write:
            files[name].write_text(head + mark + plain, encoding="utf-8")
    return found


def unaccented(site: Site, name: str) -> UnaccentedText:
    """Propose the unaccented text from the accented one. Raises `no-accented`."""
    template = get(site, name)
    block = template.blocks.get("sms_accented")
    if block is None:
        raise Problem(
            "no-accented",
            Say("Template “{name}” has no block sms_accented to start from.", name=name),
        )
    proposed = templating.unaccented_source(block.source)
    return UnaccentedText(proposed, templating.read_back(proposed, block.source, template.accepted))


def preview(site: Site, name: str, ward: str, fields: Mapping[str, str]) -> list[ShownBlock]:
    """A template filled in for an invented person of a ward; blanks not given show their label."""
    template = get(site, name)
    given = {f.name: f"[{f.label}]" for f in template.fields.values()} | dict(fields)
    values: dict[str, Any] = {
        "contact": {"name": "Nguyễn Thị Mẫu", "title": "bà"},
        "ward": {"name": ward},
        "residential_group": {"name": "Tổ dân phố số 3"},
        "document": {"number": template.document},
        "sender": {"name": site.sender_for(ward).name},
        "row": {},
        **templating.fill(template, given),
    }
    shown = []
    for block in template.blocks.values():
        body = templating.render(template, block, values).body
        shown.append(ShownBlock(block.name, body, sms.measure(body)))
    return shown
