"""templates: list, show, check, preview."""

from __future__ import annotations

import unicodedata
from typing import Any

from dispatcher import templating
from dispatcher.broadcasts import wording
from dispatcher.cli.spoken import Group, argument, option
from dispatcher.cli.surface import Surface
from dispatcher.config import read_text
from dispatcher.domain import sms
from dispatcher.domain.clock import site_clock
from dispatcher.domain.model import HANOI
from dispatcher.domain.problems import OK, USAGE, Problem, Say
from dispatcher.domain.sms import measure

templates = Group(Say("Mẫu tin.", "Templates."))


@templates.verb("list", "Liệt kê mẫu tin.", "List templates.", "dispatcher templates list")
def list_templates(surface: Surface) -> None:
    folder = surface.open_site().root / "templates"
    found: list[dict[str, Any]] = []
    for name in templating.template_files(folder):
        try:
            template = templating.load(folder, name)
        except Problem as problem:
            found.append({"name": name, "problem": problem.to(surface.language)})
            continue
        found.append(
            {
                "name": name,
                "title": template.title,
                "kind": template.kind.value,
                "blocks": list(template.blocks),
                "fields": list(template.fields),
            }
        )
    if surface.json:
        surface.emit(found)
        return
    surface.table(
        [
            Say("tên", "name"),
            Say("tiêu đề", "title"),
            Say("loại", "kind"),
            Say("ô cần điền", "blanks"),
        ],
        [
            [
                t["name"],
                t.get("title") or t["problem"],
                t.get("kind", "?"),
                ", ".join(t.get("fields", [])),
            ]
            for t in found
        ],
    )


@templates.verb(
    "show", "Hiện một mẫu tin.", "Show a template.", "dispatcher templates show gia-danh-cong-an"
)
@argument("name", complete="template")
def show(surface: Surface, name: str) -> None:
    template = templating.load(surface.open_site().root / "templates", name)
    if surface.json:
        surface.emit(
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
    surface.say(f"{template.title}  ({template.kind.value})")
    for block in template.blocks.values():
        surface.say(f"\n[{block.name}]\n{block.source}")


@templates.verb(
    "check",
    "Kiểm tra mẫu tin: cú pháp, độ dài, cách đọc không dấu, và có giống tin lừa đảo không.",
    "Check templates: syntax, length, unaccented readings, and whether they look like a scam.",
    "dispatcher templates check",
)
@argument("names", complete="template", nargs=-1)
def check(surface: Surface, names: tuple[str, ...]) -> int:
    site = surface.open_site()
    folder = site.root / "templates"
    wards, house = wording.ward_names(site), wording.house(site)
    today = site_clock()().astimezone(HANOI).date()
    found: list[dict[str, Any]] = []
    for name in names or tuple(templating.template_files(folder)):
        try:
            template = templating.load(folder, name)
            remarks = templating.check(template, wards, house, today)
        except Problem as problem:
            if problem.code == "unknown-name" and not problem.where:
                raise
            line = problem.where.rpartition(":")[2]
            found.append(
                {
                    "template": name,
                    "rule": problem.code.removeprefix("template-"),
                    "severity": "block",
                    "line": int(line) if line.isdigit() else 1,
                    "message": problem.to(surface.language),
                }
            )
            continue
        found += [
            {
                "template": r.template,
                "rule": r.rule,
                "severity": r.severity,
                "line": r.line,
                "message": r.message.to(surface.language),
            }
            for r in remarks
        ]
    if surface.json:
        surface.emit(found)
    else:
        for f in found:
            surface.say(f"{f['template']}.j2:{f['line']}  {f['severity']}  {f['message']}")
        surface.say(f"{len(found)} điều cần xem.", f"{len(found)} findings.")
    return USAGE if any(f["severity"] == "block" for f in found) else OK


@templates.verb(
    "tidy",
    "Thay dấu câu kiểu Word làm tin tính như có dấu; hiện từng chỗ, chỉ ghi khi có --write.",
    "Replace typographic punctuation that makes a text accented; shown, written with --write.",
    "dispatcher templates tidy moi-hop --write",
)
@argument("names", complete="template", nargs=-1)
@option("--write", is_flag=True, vi="ghi vào tệp", en="write it to the file")
def tidy(surface: Surface, names: tuple[str, ...], write: bool) -> None:
    files = templating.template_files(surface.open_site().root / "templates")
    told: list[dict[str, Any]] = []
    for name in names or tuple(files):
        if name not in files:
            templating.load(surface.open_site().root / "templates", name)  # says what there is
        head, mark, body = read_text(files[name]).rpartition("+++\n")  # quotes in the head are TOML
        plain, changed = sms.tidy(body)
        if not changed:
            continue
        first = (head + mark).count("\n") + 1
        lines = [n for n, line in enumerate(body.splitlines(), first) if sms.tidy(line)[1]]
        told.append({"template": name, "lines": lines, "replaced": changed})
        if write and not surface.dry_run:
            files[name].write_text(head + mark + plain, encoding="utf-8")
    if surface.json:
        surface.emit(told)
    for t in told:
        shown = "  ".join(f"{odd} → {new or '∅'}" for odd, new in t["replaced"].items())
        where = ", ".join(map(str, t["lines"]))
        surface.say(f"{t['template']}.j2:{where}  {shown}")
    if not told:
        surface.say("Không có gì phải thay.", "There is nothing to replace.")
    elif not write:
        surface.hint("Ghi vào tệp: thêm --write", "Write it: add --write")


@templates.verb(
    "unaccent",
    "Đề xuất bản không dấu từ bản có dấu, và đọc lại chỗ dễ hiểu nhầm.",
    "Propose the unaccented text from the accented one, and read it back.",
    "dispatcher templates unaccent moi-hop",
)
@argument("name", complete="template")
def unaccent(surface: Surface, name: str) -> None:
    template = templating.load(surface.open_site().root / "templates", name)
    block = template.blocks.get("sms_accented")
    if block is None:
        raise Problem(
            "no-accented",
            f"Mẫu «{name}» chưa có khối sms_accented để bỏ dấu.",
            f"Template “{name}” has no block sms_accented to start from.",
        )
    proposed = templating.unaccented_source(block.source)
    doubts = templating.read_back(proposed, block.source, template.accepted)
    if surface.json:
        surface.emit(
            {
                "proposed": proposed,
                "doubts": [
                    {"word": d.word.word, "readings": list(d.word.readings), "meant": d.meant,
                     "instead": d.word.instead}
                    for d in doubts
                ],
            }
        )  # fmt: skip
        return
    surface.line(f"{{% block sms %}}{proposed}{{% endblock %}}\n")
    for d in doubts:
        meant = f" (ý là «{d.meant}»)" if d.meant else ""
        surface.say(
            f"  «{d.word.word}»: {', '.join(d.word.readings)}{meant}; nên: {d.word.instead}",
            f"  “{d.word.word}”: {', '.join(d.word.readings)}; better: {d.word.instead}",
        )
    surface.hint(
        f"Chép khối này vào {name}.j2, đọc lại từng chữ, rồi: dispatcher templates check {name}",
        f"Copy this block into {name}.j2, read it word by word, then: dispatcher templates check "
        f"{name}",
    )


@templates.verb(
    "preview",
    "Xem mẫu tin như trên điện thoại, với một phường.",
    "See a template as a phone shows it, for one ward.",
    "dispatcher templates preview moi-hop --set gio=19:30 --ward 'Máy Tơ'",
)
@argument("name", complete="template")
@option("--ward", default="Đồng Quốc Bình", vi="phường", en="ward", complete="ward")
@option(
    "--set", "fields", multiple=True, vi="điền một ô: tên=giá trị", en="fill a blank: name=value"
)
def preview(surface: Surface, name: str, ward: str, fields: tuple[str, ...]) -> None:
    site = surface.open_site()
    template = templating.load(site.root / "templates", name)
    given = {f.name: f"[{f.label}]" for f in template.fields.values()} | pairs(fields)
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
        text = templating.render(template, block, values)
        shown.append({"block": block.name, "body": text.body, **measure(text.body).__dict__})
    if surface.json:
        surface.emit(shown)
        return
    for s in shown:
        surface.say(
            f"[{s['block']}] {s['length']} ký tự = {s['parts']} tin/người",
            f"[{s['block']}] {s['length']} characters = {s['parts']} parts",
        )
        surface.say(bubble(s["body"]))


def pairs(given: tuple[str, ...], option: str = "--set") -> dict[str, str]:
    """name=value options as a dictionary; names in composed letters."""
    found = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals:
            raise Problem(
                "bad-set",
                f"{option} cần dạng tên=giá trị, không phải «{pair}».",
                f"{option} takes name=value, not “{pair}”.",
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
