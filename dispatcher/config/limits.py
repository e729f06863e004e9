"""[limits] and [budgets]: how often, how many, how much. Courtesy and thrift of the site's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from dispatcher.config.sections import Section, take_duration
from dispatcher.i18n import Say

TYPED_ABOVE = 5_000  # people; more than that and the number is typed


@dataclass(frozen=True)
class Limits:
    """Urgent texts and corrections keep to none of these."""

    per_person: int | None = None  # messages one person may get within `within`
    within: timedelta = timedelta(days=7)
    per_ward_day: int | None = None  # broadcasts to one ward in a day
    typed_above: int = TYPED_ABOVE  # people from which on the number is typed before a live send


@dataclass(frozen=True)
class BudgetSettings:
    """Whole đồng. `wards`: names, codes, or "all"."""

    name: str
    wards: tuple[str, ...]
    month: int | None
    contract: int | None
    contract_number: str


def read_limits(section: Section) -> Limits:
    """How often one person, how many a ward and a day."""
    found = Limits(
        _positive(section, "per_person"),
        take_duration(section, "within", None) or timedelta(days=7),
        _positive(section, "per_ward_day"),
        _positive(section, "typed_above") or TYPED_ABOVE,
    )
    section.close()
    return found


def read_budgets(section: Section) -> Mapping[str, BudgetSettings]:
    """What wards may spend a month, and what a contract is worth."""
    found = {}
    for name in section.values:
        part = Section(section.take(name, dict), f"budgets.{name}", section.path, section.text)
        budget = BudgetSettings(
            name,
            part.strings("wards"),
            _positive(part, "month"),
            _positive(part, "contract"),
            part.take("contract_number", str, ""),
        )
        part.close()
        if not budget.wards or (budget.month is None and budget.contract is None):
            raise part.problem(
                None,
                Say(
                    "[budgets.{name}] needs wards and at least one of month and contract.",
                    name=name,
                ),
            )
        found[name] = budget
    return found


def _positive(section: Section, key: str) -> int | None:
    value = section.take(key, int)
    if value is not None and value <= 0:
        raise section.problem(key, Say("“{key}” must be above 0.", key=key))
    return int(value) if value is not None else None
