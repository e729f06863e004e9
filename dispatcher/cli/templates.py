"""templates: list, show, check, preview."""

from __future__ import annotations

import unicodedata
from typing import Any

from dispatcher.cli import steps
from dispatcher.cli.click_i18n import Group, argument, option
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.domain.clock import site_clock
from dispatcher.domain.model import HANOI
from dispatcher.domain.problems import OK, USAGE, Problem
from dispatcher.i18n import NOTHING, Say
from dispatcher.usecases import templates as template_acts

templates = Group(Say("Templates."))


@templates.verb("list", Say("List templates."), "dispatcher templates list")
def list_templates(terminal: TerminalContext) -> None:
    found = [_listed(terminal, t) for t in template_acts.list_templates(terminal.open_site())]
    if terminal.json:
        terminal.emit(found)
        return
    terminal.table(
        [
            Say("name"),
            Say("title"),
            Say("kind"),
            Say("blanks"),
        ],
        [
            [
                one["name"],
                one.get("title") or one["problem"],
                one.get("kind", "?"),
                ", ".join(one.get("fields", [])),
            ]
            for one in found
        ],
    )


def _listed(terminal: TerminalContext, found: template_acts.ListedTemplate) -> dict[str, Any]:
    template = found.template
    if template is None:
        assert found.problem is not None
        return {
            "name": found.name,
            "problem": terminal.text(steps.sentence_and_step(found.problem)),
        }
    return {
        "name": found.name,
        "title": template.title,
        "kind": template.kind.value,
        "blocks": list(template.blocks),
        "fields": list(template.fields),
    }


@templates.verb("show", Say("Show a template."), "dispatcher templates show gia-danh-cong-an")
@argument("name", complete="template")
def show(terminal: TerminalContext, name: str) -> None:
    template = template_acts.get(terminal.open_site(), name)
    if terminal.json:
        terminal.emit(
            {
                "name": template.name,
                "title": template.title,
                "kind": template.kind.value,
                "source": template.document,
                "reviewed": template.reviewed,
                "version": template.digest,
                "fields": {
                    f.name: {"label": f.label, "required": f.required, "most": f.most}
                    for f in template.fields.values()
                },
                "blocks": {b.name: b.source for b in template.blocks.values()},
            }
        )
        return
    terminal.say(f"{template.title}  ({template.kind.value})")
    for block in template.blocks.values():
        terminal.say(f"\n[{block.name}]\n{block.source}")


@templates.verb(
    "check",
    Say("Check templates: syntax, length, unaccented readings, and whether they look like a scam."),
    "dispatcher templates check",
)
@argument("names", complete="template", nargs=-1)
def check(terminal: TerminalContext, names: tuple[str, ...]) -> int:
    today = site_clock()().astimezone(HANOI).date()
    found = [
        {
            "template": f.template,
            "rule": f.rule,
            "severity": f.severity,
            "line": f.line,
            "message": f.message.to(terminal.language),
        }
        for f in template_acts.check(terminal.open_site(), names, today)
    ]
    if terminal.json:
        terminal.emit(found)
    else:
        for f in found:
            terminal.say(f"{f['template']}.j2:{f['line']}  {f['severity']}  {f['message']}")
        terminal.say(Say("{count} findings.", count=len(found)))
        if any(f["rule"] == "smart_punctuation" for f in found):
            terminal.hint(Say("Replace the punctuation: dispatcher templates tidy"))
    return USAGE if any(f["severity"] == "block" for f in found) else OK


@templates.verb(
    "tidy",
    Say("Replace typographic punctuation that makes a text accented; shown, written with --write."),
    "dispatcher templates tidy moi-hop --write",
)
@argument("names", complete="template", nargs=-1)
@option("--write", is_flag=True, say=Say("write it to the file"))
def tidy(terminal: TerminalContext, names: tuple[str, ...], write: bool) -> None:
    found = template_acts.tidy(terminal.open_site(), names, write=write and not terminal.dry_run)
    told = [
        {"template": t.template, "lines": list(t.lines), "replaced": dict(t.replaced)}
        for t in found
    ]
    if terminal.json:
        terminal.emit(told)
    for t in found:
        shown = "  ".join(f"{odd} → {new or '∅'}" for odd, new in t.replaced.items())
        terminal.say(f"{t.template}.j2:{', '.join(map(str, t.lines))}  {shown}")
    if not found:
        terminal.say(Say("There is nothing to replace."))
    elif not write:
        terminal.hint(Say("Write it: add --write"))


@templates.verb(
    "unaccent",
    Say("Propose the unaccented text from the accented one, and read it back."),
    "dispatcher templates unaccent moi-hop",
)
@argument("name", complete="template")
def unaccent(terminal: TerminalContext, name: str) -> None:
    found = template_acts.unaccented(terminal.open_site(), name)
    proposed, doubts = found.proposed, found.doubts
    if terminal.json:
        terminal.emit(
            {
                "proposed": proposed,
                "doubts": [
                    {
                        "word": d.word.word,
                        "readings": list(d.word.readings),
                        "meant": d.meant,
                        "instead": d.word.instead,
                    }
                    for d in doubts
                ],
            }
        )
        return
    terminal.line(f"{{% block sms %}}{proposed}{{% endblock %}}\n")
    for d in doubts:
        meant = Say(" (meant: “{meant}”)", meant=d.meant) if d.meant else NOTHING
        terminal.say(
            Say(
                "  “{word}”: {readings}{meant}; better: {instead}",
                word=d.word.word,
                readings=", ".join(d.word.readings),
                instead=d.word.instead,
                meant=meant,
            ),
        )
    terminal.hint(
        Say(
            "Copy this block into {name}.j2, read it word by word, then: "
            "dispatcher templates check {name}",
            name=name,
        ),
    )


@templates.verb(
    "preview",
    Say("See a template as a phone shows it, for one ward."),
    "dispatcher templates preview moi-hop --set gio=19:30 --ward 'Máy Tơ'",
)
@argument("name", complete="template")
@option("--ward", default="Đồng Quốc Bình", say=Say("ward"), complete="ward")
@option("--set", "fields", multiple=True, say=Say("fill a blank: name=value"))
def preview(terminal: TerminalContext, name: str, ward: str, fields: tuple[str, ...]) -> None:
    blocks = template_acts.preview(terminal.open_site(), name, ward, pairs(fields))
    if terminal.json:
        terminal.emit([{"block": b.block, "body": b.body, **b.measured.__dict__} for b in blocks])
        return
    for b in blocks:
        length, parts = b.measured.length, b.measured.parts
        terminal.say(
            Say(
                "[{block}] {length} characters = {parts} parts",
                block=b.block,
                length=length,
                parts=parts,
            ),
        )
        terminal.say(bubble(b.body))


def pairs(given: tuple[str, ...], option: str = "--set") -> dict[str, str]:
    """name=value options as a dictionary; names in composed letters."""
    found = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals:
            raise Problem(
                "bad-set",
                Say("{option} takes name=value, not “{pair}”.", option=option, pair=pair),
            )
        found[unicodedata.normalize("NFC", name.strip())] = value
    return found


def beside(left: str, right: str) -> str:
    """Two bubbles side by side."""
    a, b = left.splitlines(), right.splitlines()
    height, width = max(len(a), len(b)), len(a[0])
    a += [" " * width] * (height - len(a))
    b += [""] * (height - len(b))
    return "\n".join(f"{x}  {y}".rstrip() for x, y in zip(a, b, strict=True))


def bubble(text: str, width: int = 46) -> str:
    """A text as a phone shows it."""
    import textwrap

    lines = [line for part in text.splitlines() for line in textwrap.wrap(part, width) or [""]]
    edge = "─" * (width + 2)
    body = "\n".join(f"│ {line.ljust(width)} │" for line in lines)
    return f"╭{edge}╮\n{body}\n╰{edge}╯"
