"""holidays: the table of days off that schedules look at; a person has the last word."""

from __future__ import annotations

from dispatcher.cli.days import WEEKDAYS, read_day
from dispatcher.cli.spoken import Group, OneOf, argument, option
from dispatcher.cli.surface import Surface
from dispatcher.domain.problems import Say
from dispatcher.usecases import holidays as cases

holidays = Group(Say("Ngày nghỉ, ngày làm bù.", "Days off, and days made up for."))
KINDS = {
    "off": Say("nghỉ", "off"),
    "work": Say("làm việc (làm bù)", "worked"),
    "tet": Say("Tết, không bắt đầu gửi", "Tết, nothing starts"),
}


@holidays.verb(
    "list", "Các ngày nghỉ, ngày làm bù.", "Days off and made up.", "dispatcher holidays list"
)
@option("--year", type=int, vi="năm (mặc định: năm nay và năm sau)", en="this year and the next")
def list_days(surface: Surface, year: int | None) -> None:
    found = cases.listed(surface.context(), year)
    if surface.json:
        surface.emit([{**d, "day": d["day"].isoformat()} for d in found])
        return
    surface.table(
        [Say("ngày", "day"), Say("", ""), Say("tên", "name"), Say("là", "is"), Say("theo", "by")],
        [
            [
                f"{d['day']:%d/%m/%Y}",
                WEEKDAYS[d["day"].weekday()].to(surface.language),
                d["name"],
                KINDS[d["kind"]].to(surface.language),
                surface.text("bộ luật", "the code") if d["by"] == "library" else d["by"],
            ]
            for d in found
        ],
    )
    surface.hint(
        "Hoán đổi ngày nghỉ theo thông báo hằng năm: dispatcher holidays set NGÀY --name '…'",
        "Days swapped by the yearly decision: dispatcher holidays set DAY --name '…'",
    )


@holidays.verb(
    "set",
    "Ghi một ngày nghỉ, hay một ngày làm việc (làm bù): --kind work.",
    "Say that a day is off, or worked: --kind work.",
    "dispatcher holidays set 31/12/2026 --name 'Nghỉ hoán đổi' --as quan-tri",
)
@argument("day")
@option("--name", required=True, vi="tên, hoặc theo văn bản nào", en="name, or by which document")
@option(
    "--kind", type=OneOf(list(KINDS), "bad-kind"), default="off", vi="là ngày gì", en="what it is"
)
def set_day(surface: Surface, day: str, name: str, kind: str) -> None:
    on = read_day(day)
    cases.set_day(surface.context(), on, kind, name)
    if surface.json:
        surface.emit({"day": on.isoformat(), "kind": kind, "name": name})
    surface.say(
        f"{on:%d/%m/%Y}: {KINDS[kind].vi} ({name}).", f"{on:%Y-%m-%d}: {KINDS[kind].en} ({name})."
    )
    surface.hint(
        "Các lần gửi bị ảnh hưởng: dispatcher schedules next LỊCH",
        "What it changes: dispatcher schedules next SCHEDULE",
    )
