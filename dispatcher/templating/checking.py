"""What is wrong with a template before anybody is written to: length, alphabet, trust, readings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from dispatcher.domain import law
from dispatcher.domain.model import Kind
from dispatcher.domain.sms import measure, tidy
from dispatcher.i18n import NOTHING, Say, Spoken
from dispatcher.templating.files import LOUDSPEAKER, Block, Field, Template
from dispatcher.templating.reading_back import read_back
from dispatcher.templating.rendering import Sample, render
from dispatcher.templating.trust import Found, House, check_trust

REVIEW = timedelta(days=366)  # a template is read again at least once a year
MOST_PARTS = {"sms": 1, "sms_accented": 2}


@dataclass(frozen=True)
class Remark:
    """One finding of `templates check`."""

    template: str
    rule: str
    severity: str  # block | warn
    line: int
    message: Spoken


def example(template: Template, blank: Field) -> str:
    """A value for a blank in a check, with no words of its own: 8 where a filter wants a number."""
    used = re.findall(rf"\{{\{{\s*{blank.name}\b([^}}]*)", template.source)
    return "8" if used and all(re.search(r"\|\s*(?:gio|ngay|so|tien)\b", u) for u in used) else "XX"


def check(
    template: Template,
    ward_names: Sequence[str],
    house: House | None = None,
    today: date | None = None,
    fields: Mapping[str, str] | None = None,
) -> list[Remark]:
    """Every remark on a template, with the longest ward name of the site.

    `fields`: the officer's values for the blanks; without them examples stand in.
    """
    sample = Sample(max(ward_names or [Sample().ward], key=len))
    filled = fields or {name: example(template, f) for name, f in template.fields.items()}
    values = sample.values(template, filled)
    house = house or House()
    texts = {name: render(template, b, values).body for name, b in template.blocks.items()}
    remarks = []
    for name, block in template.blocks.items():
        for found in _of_block(template, block, texts, house, has_values=bool(fields)):
            line = block.line + texts[name][: found.at].count("\n")
            remarks.append(Remark(template.name, found.rule, found.severity, line, _told(found)))
    remarks += [
        Remark(template.name, f.rule, f.severity, 1, _told(f)) for f in _of_file(template, today)
    ]
    return remarks


def _told(found: Found) -> Spoken:
    """The sentence with the words it is about."""
    if not found.excerpt:
        return found.say
    return Say("“{excerpt}”: {say}.", excerpt=found.excerpt, say=found.say)


def _of_file(template: Template, today: date | None) -> Iterator[Found]:
    if today and (template.reviewed is None or template.reviewed + REVIEW < today):
        since = f"{template.reviewed:%d/%m/%Y}" if template.reviewed else "—"
        yield Found(
            "not_reviewed",
            "warn",
            Say(
                "not reviewed for 12 months (last: {since}); read it again and set “reviewed”",
                since=since,
            ),
            "",
        )


def _of_block(
    template: Template, block: Block, texts: Mapping[str, str], house: House, *, has_values: bool
) -> Iterator[Found]:
    text = texts[block.name]
    kind = template.kind
    if block.name == "sms":
        yield from _unaccented(text, texts.get("sms_accented", ""), template.accepted)
    if block.name != LOUDSPEAKER:
        yield from _length(text, block.name, is_final=has_values or not template.fields)
    if kind is Kind.PROMOTION and block.name in MOST_PARTS:
        yield from _lawful(text)
    channel = "zalo" if block.name in ("zalo", LOUDSPEAKER) else "sms"
    body = law.unlabelled(text) if kind is Kind.PROMOTION else text
    yield from check_trust(body, kind, house, channel=channel)


def _unaccented(text: str, accented: str, accepted: frozenset[str]) -> Iterator[Found]:
    plain, smart = tidy(text)
    if not plain.isascii():
        odd = next(c for c in plain if not c.isascii())
        yield Found(
            "sms_not_plain",
            "block",
            Say(
                "the unaccented text still has a mark; use the filter khong_dau",
            ),
            odd,
            text.find(odd),
        )
    elif smart:
        yield _smart(text, smart, "block")
    for doubt in read_back(text, accented, accepted):
        readings = ", ".join(f"«{r}»" for r in doubt.word.readings)
        meant = NOTHING
        if doubt.meant:
            meant = Say(" (with marks: “{meant}”)", meant=doubt.meant)
        yield Found(
            "ambiguous",
            "block" if doubt.word.block else "warn",
            Say(
                "“{word}” without marks may be read as {readings}{meant}; write it another "
                'way ({instead}) or accept it: accepted = ["{word}"]',
                word=doubt.word.word,
                readings=readings,
                instead=doubt.word.instead,
                meant=meant,
            ),
            doubt.excerpt,
            doubt.at,
        )


def _length(text: str, block: str, *, is_final: bool) -> Iterator[Found]:
    found = measure(text)
    plain, smart = tidy(text)
    if smart and block != "sms" and measure(plain).parts < found.parts:
        yield _smart(text, smart, "warn")
    most = MOST_PARTS.get(block)
    if most and found.parts > most and is_final:
        yield Found(
            "too_many_parts",
            "warn",
            Say(
                "{length} characters = {parts} parts each, better ≤ {most}",
                length=found.length,
                parts=found.parts,
                most=most,
            ),
            "",
        )


def _lawful(text: str) -> Iterator[Found]:
    """What the law wants to read in an advertisement (see `law`)."""
    for duty in law.missing(text):
        yield Found(duty.id, "block", duty.say, text[-40:], max(0, len(text) - 40))


def _smart(text: str, smart: Mapping[str, str], severity: str) -> Found:
    shown = " ".join(f"{odd}→{plain or '∅'}" for odd, plain in smart.items())
    first = next(iter(smart))
    return Found(
        "smart_punctuation",
        severity,
        Say("typographic punctuation makes this accented ({shown}); replace it", shown=shown),
        text[max(0, text.find(first) - 10) : text.find(first) + 10].strip(),
        text.find(first),
    )
