"""The delivery log, one person's story, reports and the trail: log, why, report, audit."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from dispatcher import auditing, reporting
from dispatcher.areas import group_key, within
from dispatcher.cli.broadcasts import broadcast_id
from dispatcher.cli.spoken import Group, argument, command, option
from dispatcher.cli.surface import Surface
from dispatcher.model import HANOI, Mode
from dispatcher.problems import Problem, Say, settings
from dispatcher.store import areas, broadcasts, logbook, trail
from dispatcher.store.database import Tx
from dispatcher.store.logbook import Filters
from dispatcher.store.schema import moment

log = Group(Say("Nhật ký gửi tin.", "The delivery log."))
audit = Group(Say("Nhật ký thao tác.", "The trail."))

MESSAGE_COLUMNS = (
    "id",
    "broadcast",
    "contact",
    "ward",
    "residential_group",
    "state",
    "reason",
    "code",
    "gateway",
    "channel",
    "phone",
    "carrier",
    "through",
    "tries",
    "changed_at",
)
ATTEMPT_COLUMNS = (
    "id",
    "message",
    "broadcast",
    "gateway",
    "channel",
    "phone",
    "reference",
    "state",
    "heard",
    "fault",
    "code",
    "detail",
    "provider_id",
    "parts",
    "cost",
    "asks",
    "asked_at",
    "answered_at",
    "heard_at",
    "heard_code",
)
SHORT = {
    "messages": ("id", "ward", "residential_group", "phone", "channel", "state", "reason"),
    "attempts": ("id", "message", "gateway", "phone", "state", "fault", "code", "asked_at"),
}


def _filters(function: Any) -> Any:
    for add in (
        option("--limit", default=100, vi="nhiều nhất", en="at most"),
        option(
            "--output",
            type=click.Choice(["table", "json", "jsonl", "csv"]),
            default="table",
            vi="dạng in ra",
            en="output",
        ),
        option("--gateway", vi="nhà cung cấp", en="gateway"),
        option("--fault", vi="lỗi", en="fault"),
        option("--state", vi="trạng thái", en="state"),
        option("--residential-group", "--tdp", "tdp", vi="tổ dân phố", en="residential group"),
        option("--ward", vi="phường", en="ward"),
        option("--broadcast", vi="đợt gửi", en="broadcast"),
    ):
        function = add(function)
    return function


def _chosen(tx: Tx, given: dict[str, Any]) -> Filters:
    ward = areas.ward(tx, given["ward"]).id if given["ward"] else None
    group = None
    if given["tdp"]:
        if ward is None:
            raise Problem(
                "groups-without-ward",
                "Lọc theo tổ dân phố thì phải kèm --ward.",
                "Residential groups need --ward.",
            )
        known = areas.groups_of(tx, ward)
        if group_key(given["tdp"]) not in known:
            raise within(given["ward"], given["tdp"])
        group = known[group_key(given["tdp"])].id
    broadcast = broadcast_id(given["broadcast"]) if given["broadcast"] else None
    if broadcast is not None:
        broadcasts.get(tx, broadcast)
    return Filters(broadcast, ward, group, given["state"], given["fault"], given["gateway"])


def _print(
    surface: Surface,
    kind: str,
    columns: tuple[str, ...],
    rows: Iterable[dict[str, Any]],
    output: str,
) -> None:
    shown = (timed(row) for row in rows)
    if surface.json or output == "json":
        surface.emit(list(shown))
    elif output == "jsonl":
        for row in shown:
            surface.line(json.dumps(row, ensure_ascii=False, default=str) + "\n")
    elif output == "csv":
        for line in reporting.rows_as_csv(shown, columns):
            surface.line(line)
    else:
        short = SHORT[kind]
        found = list(shown)
        surface.table([Say(c, c) for c in short], [[_cell(row[c]) for c in short] for row in found])
        surface.say(f"{len(found)} dòng.", f"{len(found)} rows.")


def _cell(value: Any) -> Any:
    return str(value) if isinstance(value, int) else value


def timed(row: dict[str, Any]) -> dict[str, Any]:
    return {
        k: moment(v).astimezone(HANOI).isoformat(timespec="seconds")
        if k.endswith("_at") and isinstance(v, int)
        else v
        for k, v in row.items()
    }


@log.verb(
    "messages",
    "Từng tin, mỗi người một dòng.",
    "Every message, one row per person.",
    "dispatcher log messages --broadcast 1 --state failed",
)
@_filters
def messages(surface: Surface, limit: int, output: str, **given: Any) -> None:
    with surface.open_app().store.read(surface.actor()) as tx:
        rows = logbook.messages(tx, _chosen(tx, given), limit=limit)
        _print(surface, "messages", MESSAGE_COLUMNS, rows, output)


@log.verb("attempts", "Từng lần gửi.", "Every attempt.", "dispatcher log attempts --broadcast 1")
@_filters
def attempts(surface: Surface, limit: int, output: str, **given: Any) -> None:
    with surface.open_app().store.read(surface.actor()) as tx:
        rows = logbook.attempts(tx, _chosen(tx, given), limit=limit)
        _print(surface, "attempts", ATTEMPT_COLUMNS, rows, output)


@command(
    "Vì sao một người nhận hay không nhận: số điện thoại, c12, m34 hoặc - (đọc từ đầu vào).",
    "Why somebody did or did not receive it: a phone, c12, m34, or - for stdin.",
    "dispatcher why c12",
)
@argument("who")
def why(surface: Surface, who: str) -> None:
    app = surface.open_app()
    text = sys.stdin.read() if who == "-" else who
    with app.store.read(surface.actor()) as tx:
        ids = auditing.find(tx, text, app.site.sample_heads)
        stories = [auditing.story(tx, i, surface.language) for i in ids]
    if not stories:
        raise Problem(
            "unknown-contact",
            "Không thấy người này trong danh bạ và nhật ký.",
            "This person is neither in the list nor in the log.",
        )
    if surface.json:
        surface.emit(stories)
        return
    for story in stories:
        tell_story(surface, story)


def tell_story(surface: Surface, story: dict[str, Any]) -> None:
    """One person's trail, in words."""
    surface.say(f"c{story['contact']}  {story['name']}")
    if not story["messages"]:
        surface.say("  chưa có tin nào gửi tới người này", "  nothing was ever sent to this person")
    for message in story["messages"]:
        surface.say(
            f"  đợt gửi {message['broadcast']} · m{message['id']} · {message['sentence']}",
            f"  broadcast {message['broadcast']} · m{message['id']} · {message['sentence']}",
        )
        for a in message["attempts"]:
            state = auditing.STATES[a["state"]].to(surface.language)
            fault = auditing.REASONS.get(a["fault"] or "")
            parts = [a["at"], f"{a['channel']} ({a['gateway']})", a["phone"], state]
            if fault:
                parts.append(f"{fault.to(surface.language)} [{a['code']}]")
            if a["heard"]:
                parts.append(
                    f"{a['heard_at']} {surface.text('báo', 'reported')} "
                    f"{auditing.STATES[a['heard']].to(surface.language)}"
                )
            surface.say("    " + " · ".join(p for p in parts if p))


@command(
    "Báo cáo một đợt gửi theo phường và tổ dân phố.",
    "The report of a broadcast by ward and residential group.",
    "dispatcher report 1",
)
@argument("number_")
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
    if surface.json:
        surface.emit({"broadcast": broadcast.id, **found.as_json()})
        return
    if form == "table":
        tell_report(surface, found)
        return
    text = (
        reporting.as_csv(found, surface.language)
        if form == "csv"
        else reporting.as_html(
            found,
            title=broadcast.title,
            site=app.site.name,
            when=app.clock(),
            drill=broadcast.mode is Mode.DRILL,
            language=surface.language,
        )
    )
    if out is None:
        surface.line(text)
        return
    write_file(Path(out), text)
    surface.say(f"Đã ghi {out}", f"Wrote {out}")


def write_file(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise settings(
            "cannot-write",
            f"Không ghi được {path}: {error.strerror}.",
            f"{path} cannot be written: {error.strerror}.",
        ) from None


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


@audit.verb("list", "Các thao tác gần đây.", "Recent acts.", "dispatcher audit list")
@option("--limit", default=50, vi="nhiều nhất", en="at most")
@option("--noun", vi="chỉ loại này, ví dụ broadcast", en="only this noun, like broadcast")
@option("--id", "noun_id", vi="chỉ mã này", en="only this id")
def list_trail(surface: Surface, limit: int, noun: str | None, noun_id: str | None) -> None:
    with surface.open_app().store.read(surface.actor()) as tx:
        found = trail.entries(tx, noun=noun, noun_id=noun_id, limit=limit)
    if surface.json:
        surface.emit(
            [
                {
                    **{k: e[k] for k in ("id", "seq", "actor", "act", "noun", "noun_id", "facts")},
                    "at": moment(e["at"]).astimezone(HANOI).isoformat(),
                }
                for e in found
            ]
        )
        return
    surface.table(
        [Say("lúc", "at"), Say("ai", "who"), Say("việc", "act"), Say("đối với", "on")],
        [
            [
                f"{moment(e['at']).astimezone(HANOI):%d/%m/%Y %H:%M:%S}",
                e["actor"],
                e["act"],
                f"{e['noun']} {e['noun_id']}",
            ]
            for e in found
        ],
    )
