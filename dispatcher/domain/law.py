"""What the law asks of advertising by message. Warnings and notices are none (Decree 91, art. 3).

Source: Decree 91/2020/NĐ-CP (in force 2026-11, vietnam.md 3.3); penalties Decree 330/2026 art. 37.
Not legal advice. Standard library only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time, timedelta

from dispatcher.domain.model import Kind, Window
from dispatcher.domain.problems import Problem, refused
from dispatcher.domain.sms import folded
from dispatcher.i18n import Say, Spoken

LABEL = "[QC] "
HOURS = Window(time(7), time(22))
MOST_A_DAY, DAY = 3, timedelta(hours=24)  # advertisements per number
_LABELLED = re.compile(r"\[(?:QC|AD)\]\s*")
_BY_TEXT = re.compile(r"\b(?:soan|nhan)\b.{0,40}\bgui\b")
_BY_CALL = re.compile(r"\bgoi\b.{0,25}\d{3,}")
_END = 90  # characters at the end where the way out must stand


@dataclass(frozen=True)
class LegalDuty:
    """One thing an advertisement must do, and the article that says so."""

    id: str
    article: str
    say: Spoken


LABELLED = LegalDuty(
    "no_label",
    "điều 15",
    Say("advertising opens with [QC] (art. 15)"),
)
WAY_OUT = LegalDuty(
    "no_way_out",
    "điều 16",
    Say(
        "advertising ends with a way to refuse by text and by call, like “Tu "
        "choi: soan TC gui 5656 hoac goi 156” (Decree 91/2020 art. 16)",
    ),
)


def is_advertising(kind: Kind) -> bool:
    """Only what is marked as promotion (art. 3.1); which texts are is a person's decision."""
    return kind is Kind.PROMOTION


def labelled(text: str, kind: Kind) -> str:
    """The text with its label in front, where one is due (art. 15)."""
    if not is_advertising(kind) or _LABELLED.match(text):
        return text
    return LABEL + text


def unlabelled(text: str) -> str:
    """The text without its label."""
    return _LABELLED.sub("", text, count=1) if _LABELLED.match(text) else text


def missing(text: str) -> Iterator[LegalDuty]:
    """What an advertisement lacks in its words; the label is put in front by us."""
    end = folded(text[-_END:])
    if not (_BY_TEXT.search(end) and _BY_CALL.search(end)):
        yield WAY_OUT


def check_sending(
    kind: Kind, window: Window, *, urgent: bool, branded: bool, consent: bool
) -> None:
    """Refuses an advertisement that may not be sent like this, and cites the article."""
    if not is_advertising(kind):
        return
    if urgent or not _within(window):
        raise _against(
            "13", Say("advertising may only be sent from 07:00 to 22:00"), "advertising-hours"
        )
    if not branded:
        raise _against("13", Say("advertising needs a brandname"), "advertising-brandname")
    if not consent:
        raise _against(
            "11",
            Say("advertising goes only to people who agreed"),
            "advertising-consent",
        )


def _within(window: Window) -> bool:
    return (
        window.opens < window.closes
        and HOURS.opens <= window.opens <= window.closes <= HOURS.closes
    )


def _against(article: str, why: Spoken, step: str) -> Problem:
    said = Say("Decree 91/2020 art. {article}: {why}.", article=article, why=why)
    return refused("law", said, step=step)
