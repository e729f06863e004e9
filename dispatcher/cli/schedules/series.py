"""A schedule's whole series in words: firings, people and đồng until its approval ends."""

from __future__ import annotations

from typing import Any

from dispatcher.cli.surface import Surface, shown
from dispatcher.domain.model import HANOI
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
    more = surface.text("hơn ", "more than ") if found.more else ""
    until = found.until.astimezone(HANOI)
    surface.say(
        f"Cả loạt: {more}{shown(found.firings)} lần gửi tới {until:%d/%m/%Y}.",
        f"The whole series: {more}{found.firings} firings until {until:%Y-%m-%d}.",
    )
    if people is not None and dong is not None:
        surface.say(
            f"Mỗi lần nhiều nhất {shown(people)} người, {shown(dong)} đồng; cả loạt nhiều nhất "
            f"{more}{shown(people * found.firings)} lượt người, "
            f"{more}{shown(dong * found.firings)} đồng.",
            f"Each time at most {people} people, {dong} đồng; in all at most "
            f"{more}{people * found.firings} people, {more}{dong * found.firings} đồng.",
        )
    if schedule.again:
        surface.say(
            f"Lý do gửi lại cùng nội dung: {schedule.again}",
            f"Why the same words go out again: {schedule.again}",
        )
