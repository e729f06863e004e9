"""What a list rests on: why the ward may hold these numbers, for what, how long, who answers.

Asked once per ward and kept with every import. Law 91/2025/QH15 on personal data and Decree
356/2025 want a purpose, a legal basis and a time limit; which document says so, the ward knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date

from dispatcher.domain.problems import Problem
from dispatcher.i18n import Say, Spoken, pgettext

LABELS: dict[str, Spoken] = {
    "legal": Say("Legal basis"),
    "document": pgettext("number", "Document"),
    "purpose": Say("Purpose"),
    "keep_until": Say("Kept until"),
    "officer": Say("Responsible officer"),
}


@dataclass(frozen=True)
class Basis:
    """`keep_until`: an ISO date. Empty where nobody has said it."""

    legal: str = ""
    document: str = ""
    purpose: str = ""
    keep_until: str = ""
    officer: str = ""

    def missing(self) -> list[str]:
        return [name for name, text in asdict(self).items() if not text]

    def told(self) -> list[tuple[Spoken, str]]:
        """(label, text) for people; dates as officials write them."""
        given = asdict(self)
        if self.keep_until:
            given["keep_until"] = f"{date.fromisoformat(self.keep_until):%d/%m/%Y}"
        return [(LABELS[name], text) for name, text in given.items()]

    def as_json(self) -> dict[str, str]:
        return asdict(self)


def basis_of(remembered: Mapping[str, str], said: Mapping[str, str | None]) -> Basis:
    """What was said for this import, else what was said for the ward's last one.

    Raises a problem for a day that is none.
    """
    known = Basis(**{k: v for k, v in remembered.items() if k in LABELS})
    given = {k: v.strip() for k, v in said.items() if v and v.strip()}
    if "keep_until" in given:
        given["keep_until"] = _day(given["keep_until"])
    return replace(known, **given)


def _day(text: str) -> str:
    """dd/mm/yyyy or an ISO date, as an ISO date."""
    try:
        if "/" in text:
            day, month, year = (int(part) for part in text.split("/"))
            return date(year, month, day).isoformat()
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise Problem(
            "bad-date",
            Say("“{text}” is no date. Write 31/12/2027.", text=text),
        ) from None
