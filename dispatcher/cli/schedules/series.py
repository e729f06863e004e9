"""A schedule's whole series in words: firings, people and đồng until its approval ends."""

from __future__ import annotations

from typing import Any

from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.domain.model import HANOI
from dispatcher.i18n import Say, SpelledNumber
from dispatcher.usecases.schedules import Schedule, Series


def as_json(
    schedule: Schedule, found: Series, people: int | None, dong: int | None
) -> dict[str, Any]:
    """`people`, `dong`: of one firing at most; None before it was submitted."""
    return {
        **found.as_json(),
        "people": people,
        "dong": dong,
        "people_in_all": None if people is None else people * found.firings,
        "dong_in_all": None if dong is None else dong * found.firings,
        "again": schedule.again,
    }


def tell_series(
    terminal: TerminalContext,
    schedule: Schedule,
    found: Series,
    people: int | None,
    dong: int | None,
) -> None:
    """One line for the series, one for the reason of the same words."""
    more = terminal.text(Say("more than ")) if found.more else ""
    until = found.until.astimezone(HANOI)
    terminal.say(
        Say(
            "The whole series: {more}{firings} firings until {until:%Y-%m-%d}.",
            more=more,
            firings=SpelledNumber(found.firings),
            until=until,
        ),
    )
    if people is not None and dong is not None:
        terminal.say(
            Say(
                "Each time at most {people} people, {dong} đồng; in all at most "
                "{more}{people2} people, {more}{dong2} đồng.",
                people=SpelledNumber(people),
                dong=SpelledNumber(dong),
                more=more,
                people2=SpelledNumber(people * found.firings),
                dong2=SpelledNumber(dong * found.firings),
            ),
        )
    if schedule.again:
        terminal.say(
            Say("Why the same words go out again: {again}", again=schedule.again),
        )
