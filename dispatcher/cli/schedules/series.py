"""A schedule's whole series in words: firings, people and đồng until its approval ends."""

from __future__ import annotations

from typing import Any

from dispatcher.cli.surface import Surface
from dispatcher.domain.model import HANOI
from dispatcher.i18n import Number, Say
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


def tell(
    surface: Surface, schedule: Schedule, found: Series, people: int | None, dong: int | None
) -> None:
    """One line for the series, one for the reason of the same words."""
    more = surface.text(Say("more than ")) if found.more else ""
    until = found.until.astimezone(HANOI)
    surface.say(
        Say(
            "The whole series: {more}{firings} firings until {until:%Y-%m-%d}.",
            more=more,
            firings=Number(found.firings),
            until=until,
        ),
    )
    if people is not None and dong is not None:
        surface.say(
            Say(
                "Each time at most {people} people, {dong} đồng; in all at most "
                "{more}{people2} people, {more}{dong2} đồng.",
                people=Number(people),
                dong=Number(dong),
                more=more,
                people2=Number(people * found.firings),
                dong2=Number(dong * found.firings),
            ),
        )
    if schedule.again:
        surface.say(
            Say("Why the same words go out again: {again}", again=schedule.again),
        )
