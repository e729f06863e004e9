"""broadcasts: list, show, watch."""

from __future__ import annotations

import time

from dispatcher.cli import foretold, trouble
from dispatcher.cli.broadcasts import OVER, as_json, broadcast_id, broadcasts
from dispatcher.cli.previewed import say_drill, tell_again
from dispatcher.cli.spoken import argument, option
from dispatcher.cli.surface import Surface
from dispatcher.db.broadcasts import approvals, files
from dispatcher.db.broadcasts import broadcasts as rows
from dispatcher.db.broadcasts.broadcasts import state_vi
from dispatcher.db.queue import gateways, parts
from dispatcher.db.staff import people
from dispatcher.domain.model import HANOI, BroadcastState
from dispatcher.domain.problems import PARTLY, REFUSED, Say
from dispatcher.domain.words import STATES
from dispatcher.reports.reporting import number

__all__ = ["broadcasts"]


@broadcasts.verb("list", "Liệt kê các đợt gửi.", "List broadcasts.", "dispatcher broadcasts list")
def list_broadcasts(surface: Surface) -> None:
    with surface.open_app().store.read(surface.actor()) as tx:
        found = rows.listed(tx)
        counted = {b.id: rows.counts(tx, b.id) for b in found}
    if surface.json:
        surface.emit([{**as_json(b), "states": counted[b.id]} for b in found])
        return
    surface.table(
        [Say("số", "id"), Say("tên", "title"), Say("trạng thái", "state"), Say("người", "people")],
        [
            [
                b.id,
                b.title,
                surface.text(state_vi(b.state), b.state.value),
                sum(counted[b.id].values()),
            ]
            for b in found
        ],
        numbers=(0, 3),
    )


@broadcasts.verb("show", "Hiện một đợt gửi.", "Show a broadcast.", "dispatcher broadcasts show 1")
@argument("number_", complete="broadcast")
def show(surface: Surface, number_: str) -> None:
    app = surface.open_app()
    with app.store.read(surface.actor()) as tx:
        broadcast = rows.get(tx, broadcast_id(number_))
        counted, names = rows.counts(tx, broadcast.id), people.names(tx)
        short = parts.count(tx, broadcast.id)
        ahead = foretold.look(surface, tx, broadcast)
        seen = trouble.look(surface, tx, broadcast)
        approval, attached = approvals.latest(tx, broadcast), files.attached(tx, broadcast.id)
        closed = {
            gateway: (until.astimezone(HANOI), code)
            for (gateway, of), (until, code) in gateways.closed(tx, app.clock()).items()
            if of == broadcast.id
        }
    if surface.json:
        waits = {name: {"until": until.isoformat(), "code": code}
                 for name, (until, code) in closed.items()}  # fmt: skip
        times = foretold.times(surface, broadcast)
        told = {"states": counted, "short": short, "sending": times.as_json() if times else None,
                "closed": waits, "forecast": ahead, "approval": approval,
                "attachments": [a.name for a in attached], **seen.as_json()}  # fmt: skip
        surface.emit({**as_json(broadcast), **told})
        return
    say_drill(surface, broadcast.mode)
    surface.say(
        f"{broadcast.id}  {broadcast.title}: {state_vi(broadcast.state)}",
        f"{broadcast.id}  {broadcast.title}: {broadcast.state.value}",
    )
    author = names.get(broadcast.created_by or 0, "—")
    signed = " / ".join(approval["signature"]) if approval else "—"
    surface.say(f"  soạn: {author} · duyệt: {signed}", f"  by {author} · approved by {signed}")
    if approval and approval["document"]:
        paper = approval["manner"] == "paper"
        surface.say(
            f"  {'duyệt trên giấy' if paper else 'theo'}: {approval['document']}",
            f"  {'approved on paper' if paper else 'by'}: {approval['document']}",
        )
    for attachment in attached:
        surface.say(f"  đính kèm: {attachment.name}", f"  attached: {attachment.name}")
    if broadcast.document:
        facts = " · ".join([broadcast.document, *broadcast.paper.values()])
        surface.say(f"  văn bản: {facts}", f"  document: {facts}")
    if broadcast.reason:
        surface.say(f"  lý do: {broadcast.reason}", f"  reason: {broadcast.reason}")
    tell_again(surface, broadcast)
    for state, n in counted.items():
        surface.say(f"  {number(n)} {STATES[state].vi}", f"  {n} {STATES[state].en}")
    if short:
        surface.say(
            f"  trong đó {number(short)} nhận thiếu (có phần không tới); gửi lại cho họ: "
            f"dispatcher broadcasts resend {broadcast.id} --state short",
            f"  of them {short} received in part only; again to them: "
            f"dispatcher broadcasts resend {broadcast.id} --state short",
        )
    if broadcast.state not in OVER:
        foretold.tell_times(surface, broadcast)
    foretold.tell(surface, ahead)
    trouble.tell(surface, seen, ahead.get("now"))
    for name, (until, code) in closed.items():
        surface.say(
            f"  {name} chưa nhận thêm (mã {code}: ngoài giờ hoặc hết hạn mức); gửi tiếp lúc "
            f"{until:%H:%M %d/%m}",
            f"  {name} takes no more (code {code}: its night or a quota); goes on at "
            f"{until:%H:%M %d/%m}",
        )


@broadcasts.verb(
    "watch",
    "Theo dõi một đợt gửi tới khi xong.",
    "Watch a broadcast until it is over.",
    "dispatcher broadcasts watch 1",
)
@argument("number_", complete="broadcast")
@option("--timeout", default=0, vi="thôi sau bao nhiêu giây (0: không)", en="give up after seconds")
def watch(surface: Surface, number_: str, timeout: int) -> int | None:
    app, actor = surface.open_app(), surface.actor()
    wanted, started = broadcast_id(number_), time.monotonic()
    with app.store.read(actor) as tx:
        rows.get(tx, wanted)
        total = sum(rows.counts(tx, wanted).values())
    with surface.progress("Đang gửi", "Sending", total or 1) as update:
        while True:
            with app.store.read(actor) as tx:
                broadcast, counted = rows.get(tx, wanted), rows.counts(tx, wanted)
            left = counted.get("queued", 0) + counted.get("sending", 0)
            update(sum(counted.values()) - left)
            if broadcast.state in OVER or broadcast.state is BroadcastState.HELD:
                break
            if timeout and time.monotonic() - started > timeout:
                break
            time.sleep(0.5)
    with app.store.read(actor) as tx:
        ahead = foretold.look(surface, tx, broadcast)
    if surface.json:
        surface.emit({**as_json(broadcast), "states": counted, "forecast": ahead})
    surface.say(
        f"Đợt gửi {wanted}: {state_vi(broadcast.state)}.",
        f"Broadcast {wanted}: {broadcast.state.value}.",
    )
    say_drill(surface, broadcast.mode)
    for state, n in counted.items():
        surface.say(f"  {number(n)} {STATES[state].vi}", f"  {n} {STATES[state].en}")
    foretold.tell(surface, ahead)
    if broadcast.state is BroadcastState.HELD:
        return REFUSED
    return None if broadcast.state in OVER else PARTLY
