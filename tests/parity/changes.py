"""What may be different about the prepared site before somebody acts."""

from __future__ import annotations

import json
from pathlib import Path

from conftest import SiteClock
from parity.words import Change

from dispatcher.config import parse
from dispatcher.db.ops import settings
from dispatcher.domain.model import SYSTEM
from dispatcher.usecases.context import open_app
from dispatcher.worker.timekeeping import MOVED


def clock_in_doubt(root: Path) -> None:
    """Somebody moved the clock of the machine an hour ahead, and nobody has settled it."""
    facts = {"right": "2026-12-01T08:00:00+07:00", "told": "2026-12-01T08:59:00+07:00"}
    _put(root, MOVED, json.dumps(facts))


def _put(root: Path, name: str, value: str) -> None:
    app = open_app(parse(root), SiteClock())
    with app.begin(SYSTEM)() as tx:
        settings.put(tx, name, value)
    app.store.close()


def settings_say(*lines: tuple[str, str]) -> Change:
    """Settings with parts replaced."""

    def change(root: Path) -> None:
        path = root / "dispatcher.toml"
        text = path.read_text("utf-8")
        for old, new in lines:
            assert old in text
            text = text.replace(old, new)
        path.write_text(text, "utf-8")

    return change


small_budget = settings_say(
    ("[phones]", '[budgets.nho]\nwards = ["Máy Tơ"]\nmonth = 100\n[phones]')
)
a_broadcast_a_day = settings_say(("[phones]", "[limits]\nper_ward_day = 1\n[phones]"))
noon_off = settings_say(("[phones]", '[courtesy]\nlunch = "12:00-13:30"\n[phones]'))


def schedule_edited(root: Path) -> None:
    """A schedule's file was changed after it was handed in."""
    path = root / "schedules" / "cho-duyet.toml"
    path.write_text(path.read_text("utf-8").replace('"Thứ hai"', '"Khác"'), "utf-8")
