"""What one check of the doctor found, and how it reaches the site it looks at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from dispatcher.broadcasts.application import App
from dispatcher.config import Site
from dispatcher.domain.outages import Health, Level, Work
from dispatcher.domain.problems import Problem
from dispatcher.i18n import Spoken

Finding = tuple[str, bool, Spoken]


@dataclass(frozen=True)
class Opening:
    """How a check opens what it looks at: settings may not be readable, data may not be there."""

    open_site: Callable[[], Site]
    open_app: Callable[[], App]


# Checks that stop nothing today when they fail.
MINOR = frozenset(
    {"lists", "senders", "registrations", "backup", "callbacks", "listening", "people", "unsent"}
)


class Checked(NamedTuple):
    """What one check found. `level`: how much to mind it; `since`: how long it has been so.

    What to do is said by the door: by the word `step` with the fields of the sentence, or, where it
    is `about` a problem, gateways in trouble or workers, as the door says it of those everywhere.
    """

    check: str
    ok: bool
    say: Spoken
    level: Level
    since: datetime | None = None
    step: str = ""
    about: Problem | tuple[Health, ...] | Work | None = None

    @classmethod
    def of(cls, found: Finding | Checked) -> Checked:
        """A finding that says no level of its own: fine, or by what it is about."""
        if isinstance(found, Checked):
            return found
        check, ok, say = found
        if ok:
            return cls(check, ok, say, Level.OK)
        return cls(check, ok, say, Level.WARN if check in MINOR else Level.ALARM, step=check)

    def as_json(self, message: str) -> dict[str, Any]:
        """`message`: what was found and what to do, as a person reads it."""
        return {
            "check": self.check,
            "ok": self.ok,
            "message": message,
            "level": self.level.value,
            "since": self.since.isoformat() if self.since else None,
        }

    @property
    def mark(self) -> str:
        if not self.ok:
            return "✗"
        return "✓" if self.level is Level.OK else "!"
