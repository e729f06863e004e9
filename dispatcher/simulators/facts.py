"""What people did in a world, remembered outside its database: what a promise is judged by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class Told:
    """One broadcast, by the code that stands in its text (ids come again after a restore).

    Times are seconds of the world; None: not yet, or never.
    """

    code: str
    id: int
    urgent: bool
    approved: bool = False
    due: float | None = None
    expires: float | None = None
    paused: list[tuple[float, float | None]] = field(default_factory=list)  # from, until
    stopped: float | None = None
    ceiling: int | None = None  # đồng, as approved


@dataclass(frozen=True)
class No:
    """Somebody's no, once it is committed. `number`: E.164 without the plus."""

    at: float
    number: str
    scope: str  # all: nothing but urgent; promotion; gone: removed or erased
    until: float | None = None  # taken back


@dataclass
class Facts:
    """All of it."""

    told: dict[str, Told] = field(default_factory=dict)  # by code
    noes: list[No] = field(default_factory=list)
    restores: list[float] = field(default_factory=list)
    codes: int = 0

    def new_code(self) -> str:
        """A code no text had before."""
        self.codes += 1
        return f"Q{self.codes:03d}X"

    def of(self, body: str) -> Told | None:
        """The broadcast a text belongs to."""
        return next((t for code, t in self.told.items() if code in body), None)

    def numbers(self) -> Mapping[str, list[No]]:
        found: dict[str, list[No]] = {}
        for no in self.noes:
            found.setdefault(no.number, []).append(no)
        return found
