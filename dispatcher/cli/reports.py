"""report and coverage: what became of a broadcast, by place and by household."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dispatcher.cli.broadcasts import broadcast_id
from dispatcher.cli.previewed import say_drill, tell_again
from dispatcher.cli.spoken import argument, command, option
from dispatcher.cli.surface import Surface
from dispatcher.cli.tables import write_table, write_text, writes
from dispatcher.db.broadcasts import approvals, broadcasts
from dispatcher.db.contacts import areas
from dispatcher.domain.model import Mode
from dispatcher.domain.problems import Problem, Say
from dispatcher.reports import reporting
from dispatcher.usecases.areas import group_named


@command(
    "Báo cáo một đợt gửi theo phường và tổ dân phố.",
    "The report of a broadcast by ward and residential group.",
    "dispatcher report 1",
)
@argument("number_", complete="broadcast")
@option(
    "--format",
    "form",
    type=click.Choice(["table", "html", "csv"]),
    default="table",
    vi="dạng",
    en="format",
)
@option("--out", vi="ghi ra tệp", en="write to a file")
def report(surface: Surface, number_: str, form: str, out: str | None) -> None:
    app = surface.open_app()
    with app.store.read(surface.actor()) as tx:
        broadcast = broadcasts.get(tx, broadcast_id(number_))
        found = reporting.report(tx, broadcast.id)
        approval = approvals.latest(tx, broadcast)
    if surface.json:
        surface.emit(
            {
                "broadcast": broadcast.id,
                "mode": broadcast.mode.value,
                "document": {"number": broadcast.document, **broadcast.paper},
                "approval": approval,
                "again": broadcast.again,
                "emergency": broadcast.emergency_id is not None,
                **found.as_json(),
            }
        )
        return
    if form == "table":
        say_drill(surface, broadcast.mode)
        tell_report(surface, found)
        tell_again(surface, broadcast)
        if approval:
            signed = " / ".join(approval["signature"])
            on_paper = approval["manner"] == "paper"
            surface.say(
                f"Duyệt{' trên giấy' if on_paper else ''}: {signed} {approval['document']}",
                f"Approved{' on paper' if on_paper else ''}: {signed} {approval['document']}",
            )
        return
    text = (
        reporting.as_csv(found, surface.language, drill=broadcast.mode is Mode.DRILL)
        if form == "csv"
        else reporting.as_html(
            found,
            title=broadcast.title,
            site=app.site.name,
            when=app.clock(),
            drill=broadcast.mode is Mode.DRILL,
            document=" · ".join([broadcast.document, *broadcast.paper.values()]).strip(" ·"),
            approval=approval,
            again=broadcast.again,
            language=surface.language,
        )
    )
    if out is None:
        surface.line(text)
        return
    write_text(Path(out), text)
    surface.say(f"Đã ghi {out}", f"Wrote {out}")


def tell_report(surface: Surface, found: reporting.Report) -> None:
    """The table; columns nobody is in are left out."""
    used = [c for c in reporting.COLUMNS if found.total.counts[c]]
    heads = [
        Say("phường", "ward"),
        Say("tổ dân phố", "residential group"),
        Say("người", "people"),
        *(reporting.COLUMNS[c] for c in used),
    ]
    rows = [
        [line.ward, line.residential_group or "—", line.people, *(line.counts[c] for c in used)]
        for line in found.lines
    ]
    total = found.total
    rows.append([surface.text("Tổng", "Total"), "", total.people, *(total.counts[c] for c in used)])
    surface.table(heads, rows, numbers=range(2, len(heads)))
    for s in found.spent:
        surface.say(
            f"{s['channel']} ({s['gateway']}): chuyển {reporting.number(s['accepted'])}, báo nhận "
            f"{reporting.number(s['delivered'])}, {reporting.number(s['parts'])} tin, "
            f"{reporting.number(s['cost'])} đồng",
            f"{s['channel']} ({s['gateway']}): {s['accepted']} accepted, {s['delivered']} "
            "delivered, "
            f"{s['parts']} parts, {s['cost']} đồng",
        )


@command(
    "Mức độ tiếp cận theo hộ: đã nhận, có thể, chưa nhận, không có số; danh sách đi từng nhà.",
    "Who was reached, by household: reached, maybe, not reached, no contact; door-to-door list.",
    "dispatcher coverage 1 --door-to-door --out di-tung-nha.xlsx",
)
@argument("number_", required=False, complete="broadcast")
@option("--ward", vi="phường", en="ward", complete="ward")
@option("--residential-group", "--tdp", "tdp", vi="tổ dân phố", en="residential group")
@option("--door-to-door", "doors", is_flag=True, vi="danh sách cần đến tận nhà", en="whom to visit")
@option("--out", vi="ghi ra tệp csv hoặc xlsx", en="write to a csv or xlsx file")
def coverage(
    surface: Surface,
    number_: str | None,
    ward: str | None,
    tdp: str | None,
    doors: bool,
    out: str | None,
) -> None:
    if out:
        writes(Path(out), (".csv", ".xlsx"))
    with surface.open_app().store.read(surface.actor()) as tx:
        if number_ is None:
            newest = next((b for b in broadcasts.listed(tx) if b.released_at), None)
            if newest is None:
                raise Problem(
                    "nothing-sent",
                    "Chưa có đợt gửi nào được gửi. Xem: dispatcher broadcasts list",
                    "No broadcast was sent yet. See: dispatcher broadcasts list",
                )
            number_ = str(newest.id)
        broadcast = broadcasts.get(tx, broadcast_id(number_))
        place = areas.ward(tx, ward) if ward else None
        if tdp:
            group_named(tx, ward, tdp)
        found = reporting.coverage(tx, broadcast.id, place.name if place else None, tdp)
        visits = reporting.doors(tx, found) if doors else []
    if out:
        _write(surface, Path(out), found, visits if doors else None)
    elif surface.json:
        surface.emit({"broadcast": broadcast.id, **found.as_json(),
                      **({"doors": visits} if doors else {})})  # fmt: skip
    elif doors:
        _tell_doors(surface, visits)
    else:
        _tell(surface, found)
        surface.hint(
            f"Danh sách đi từng nhà: dispatcher coverage {broadcast.id} --door-to-door",
            f"Whom to visit: dispatcher coverage {broadcast.id} --door-to-door",
        )


def _tell(surface: Surface, found: reporting.Coverage) -> None:
    surface.table(
        [
            Say("phường", "ward"),
            Say("tổ dân phố", "residential group"),
            Say("hộ", "households"),
            *reporting.REACH.values(),
        ],
        [
            [ward, group or "—", sum(counts.values()), *counts.values()]
            for (ward, group), counts in found.places.items()
        ]
        + [[surface.text("Tổng", "Total"), "", sum(found.total.values()), *found.total.values()]],
        numbers=range(2, 7),
    )


def _tell_doors(surface: Surface, visits: list[dict[str, Any]]) -> None:
    surface.table(
        [
            Say("phường", "ward"),
            Say("tổ dân phố", "residential group"),
            Say("họ và tên", "name"),
            Say("người trong hộ", "people"),
            Say("vì sao", "why"),
        ],
        [
            [v["ward"], v["residential_group"] or "—", v["name"], v["people"],
             reporting.REACH[v["reach"]].to(surface.language)]
            for v in visits
        ],
        numbers=(3,),
    )  # fmt: skip


def _write(
    surface: Surface, path: Path, found: reporting.Coverage, visits: list[dict[str, Any]] | None
) -> None:
    words = {name: say.to(surface.language) for name, say in reporting.REACH.items()}
    if visits is None:
        heads = [surface.text("Phường", "Ward"), surface.text("Tổ dân phố", "Residential group")]
        rows = [[w, g, *counts.values()] for (w, g), counts in found.places.items()]
        write_table(path, [*heads, *words.values()], rows)
    else:
        heads = [
            surface.text(vi, en)
            for vi, en in (
                ("Phường", "Ward"),
                ("Tổ dân phố", "Residential group"),
                ("Họ và tên", "Name"),
                ("Người trong hộ", "People"),
                ("Vì sao", "Why"),
                ("Đã đến (ngày, chữ ký)", "Visited (date, signature)"),
            )
        ]
        rows = [
            [v["ward"], v["residential_group"], v["name"], v["people"], words[v["reach"]], ""]
            for v in visits
        ]
        write_table(path, heads, rows, private=True)
    surface.say(f"Đã ghi {path}", f"Wrote {path}")
