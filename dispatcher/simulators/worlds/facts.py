"""What people did in a world, remembered outside its database: what a promise is judged by."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace


@dataclass
class BroadcastFacts:
    """One broadcast, by the code that stands in its text (ids come again after a restore).

    Times are seconds of the world; None: not yet, or never. A text that is sent once more (to
    whoever it failed for, by a schedule, as a test) has one of these for all; `id` is the newest.
    """

    code: str
    id: int  # 0: a schedule that has not fired, as far as anybody looked
    urgent: bool
    approved: bool = False
    due: float | None = None
    expires: float | None = None  # the latest moment, with the longest undo time there was
    paused: list[tuple[float, float | None]] = field(default_factory=list)  # from, until
    stopped: float | None = None
    ceiling: int | None = None  # đồng, as approved; None: none, or somebody let it go above
    kind: str = "warning"
    window: str = ""  # hours as approved, like 07:00-22:00
    life: float = 6 * 3600.0
    wards: tuple[str, ...] = ()
    one_per: str = "phone"
    rather_twice: bool = False
    void: float | None = None  # edited since: nobody may get these words any more
    again: int = 0  # how often the same words may go out once more
    also: list[int] = field(default_factory=list)  # older broadcasts with these words
    schedule: str = ""  # fires by itself, under the approval of this schedule
    repeats: bool = False  # fires again and again: `due` is the first time, `expires` unknown
    corrects: str = ""  # the code of what it corrects
    over_budget: bool = False  # somebody in charge let it go on above its budget


@dataclass(frozen=True)
class No:
    """Somebody's no, once it is committed. `number`: E.164 without the plus."""

    at: float
    number: str
    # all: nothing but urgent; promotion; urgent: nothing; gone: whoever had it is on no list; given
    # up: they have other numbers now
    scope: str
    until: float | None = None  # taken back
    before: float | None = None  # a restore put it on the list again: of what was due before that


@dataclass(frozen=True)
class Setting:
    """One line of dispatcher.toml as it stands since a moment.

    A worker reads its settings when it starts: see `Facts.setting`.
    """

    at: float
    name: str  # as windows.default
    value: str  # empty: the line is gone


@dataclass
class Facts:
    """All of it."""

    told: dict[str, BroadcastFacts] = field(default_factory=dict)  # by code
    noes: list[No] = field(default_factory=list)
    parted: set[str] = field(default_factory=set)  # numbers somebody had once, others may still
    restores: list[float] = field(default_factory=list)
    lost: list[float] = field(default_factory=list)  # restores whose old database was lost
    backups: dict[str, float] = field(default_factory=dict)  # when each was made
    clocks: list[tuple[float, float]] = field(default_factory=list)  # (at, seconds one was off)
    codes: int = 0
    settings: list[Setting] = field(default_factory=list)  # oldest first; at 0: as the site began
    started: dict[str, float] = field(default_factory=dict)  # worker → when it started
    shut: dict[str, list[tuple[float, float | None]]] = field(default_factory=dict)  # by people
    testers: set[str] = field(default_factory=set)  # numbers of ours: tests need no approval
    imports: list[int] = field(default_factory=list)  # of lists and changes by hand
    calm_at: float | None = None  # since when nothing goes wrong any more
    prepared: list[str] = field(default_factory=list)  # urgent texts that were approved

    def new_code(self) -> str:
        """A code no text had before."""
        self.codes += 1
        return f"Q{self.codes:03d}X"

    def of(self, body: str) -> BroadcastFacts | None:
        """The broadcast a text belongs to."""
        return next((t for code, t in self.told.items() if code in body), None)

    def numbers(self) -> Mapping[str, list[No]]:
        found: dict[str, list[No]] = {}
        for no in self.noes:
            found.setdefault(no.number, []).append(no)
        return found

    def setting(self, name: str, worker: str, default: str = "") -> str:
        """What a setting says to a worker that is or was running."""
        since = self.started.get(worker, 0.0)
        said = [s.value for s in self.settings if s.name == name and s.at <= since]
        return said[-1] if said else default

    def longest_undo(self) -> float:
        """The longest undo time that was ever set, in seconds."""
        return max((_seconds(s.value) for s in self.settings if s.name == "site.undo"), default=0.0)

    def refuse(self, at: float, number: str, scope: str) -> None:
        """Somebody says no; said twice it counts from the first time."""
        if not any(n.number == number and n.scope == scope and n.until is None for n in self.noes):
            self.noes.append(No(at, number, scope))

    def listed_again(self, at: float, numbers: Collection[str]) -> None:
        """A restore has put numbers on the list again. Of whoever was taken off it nothing leaves
        that was released before; that somebody has another number is forgotten."""
        self.noes = [
            replace(n, before=n.before or at) if n.scope == "gone" and n.number in numbers else n
            for n in self.noes
        ]
        for number in sorted(numbers):
            self.take_back(at, number, "given up")

    def forget_noes(self, at: float, since: float) -> None:
        """A database was lost, and nobody kept what people said since: a person goes on."""
        self.noes = [
            replace(n, until=at) if n.until is None and n.at > since else n for n in self.noes
        ]

    def take_back(self, at: float, number: str, *scopes: str) -> None:
        """A no that counts no longer."""
        self.noes = [
            replace(n, until=at)
            if n.number == number and n.scope in scopes and n.until is None
            else n
            for n in self.noes
        ]


def _seconds(span: str) -> float:
    units = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
    return float(span[:-1]) * units[span[-1]] if span else 0.0
