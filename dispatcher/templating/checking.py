"""What is wrong with a template before anybody is written to: length, alphabet, sender, trust."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dispatcher.model import Kind
from dispatcher.problems import Say
from dispatcher.sms import measure, unaccent
from dispatcher.templating.files import Field, Template
from dispatcher.templating.rendering import Sample, render


@dataclass(frozen=True)
class Remark:
    """One finding of `templates check`."""

    template: str
    rule: str
    severity: str  # block | warn
    line: int
    message: Say


def example(template: Template, blank: Field) -> str:
    """A value for a blank in a check: a number where a filter makes it one, else its label."""
    used = re.findall(rf"\{{\{{\s*{blank.name}\b([^}}]*)", template.source)
    return (
        "8"
        if used and all(re.search(r"\|\s*(?:gio|ngay|so|tien)\b", u) for u in used)
        else (blank.label)
    )


def check(template: Template, ward_names: list[str]) -> list[Remark]:
    """Length, alphabet, sender and links, with the longest ward name of the site."""
    sample = Sample(max(ward_names or [Sample().ward], key=len))
    values = sample.values(
        template, {name: example(template, f) for name, f in template.fields.items()}
    )
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
