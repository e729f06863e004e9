"""broadcasts: test, reject, resend, correct; and stop-all, the emergency stop."""

from __future__ import annotations

from dispatcher import broadcasts as planning
from dispatcher import templating
from dispatcher.broadcasts import app as joined
from dispatcher.broadcasts import firing
from dispatcher.cli.approvals import broadcasts
from dispatcher.cli.broadcasts import OVER, acting, broadcast_id, told
from dispatcher.cli.contacts.typed import lines
from dispatcher.cli.spoken import argument, command, option
from dispatcher.cli.surface import Surface
from dispatcher.cli.templates import pairs
from dispatcher.db.broadcasts import broadcasts as rows
from dispatcher.db.contacts import contacts
from dispatcher.db.contacts.reach import SHORT
from dispatcher.domain.model import MessageState
from dispatcher.domain.problems import Problem, Say, not_among
from dispatcher.reports.reporting import number
from dispatcher.usecases.finding import numbers as numbers_of

__all__ = ["broadcasts", "stop_all"]

RESENDABLE = (*planning.RESENT, MessageState.UNCONFIRMED.value, SHORT)


@broadcasts.verb(
    "reject",
    "Từ chối hẳn, kèm lý do.",
    "Reject for good, with a reason.",
    "dispatcher broadcasts reject 1 --reason 'Trùng với thông báo của quận' --as minh",
)
@argument("number_", complete="broadcast")
@option("--reason", required=True, vi="lý do", en="reason")
def reject(surface: Surface, number_: str, reason: str) -> None:
    done = acting(
        surface,
        number_,
        "reject",
        lambda tx, b: planning.send_back(tx, b, reason, for_good=True),
    )
    told(
        surface,
        done,
        Say(
            "Soạn đợt mới: dispatcher broadcasts create",
            "Write another one: dispatcher broadcasts create",
        ),
    )


@broadcasts.verb(
    "test",
    "Gửi thử đúng tin này tới số của chính mình (không cần duyệt).",
    "Send exactly this to your own number (no approval needed).",
    "dispatcher broadcasts test 1 --to - --as lan",
)
@argument("number_", complete="broadcast")
@option("--to", "to", required=True, vi="số của mình, hoặc - đọc từ đầu vào", en="number, or -")
def test(surface: Surface, number_: str, to: str) -> None:
    app, actor = surface.open_app(), surface.actor()
    with app.begin(actor)() as tx:
        broadcast = rows.get(tx, broadcast_id(number_))
        numbers = numbers_of(lines((to,)), app.site.sample_heads)
        if not numbers or numbers[0][0].value != "mobile":
            raise Problem(
                "bad-phone", "Cần một số di động để gửi thử.", "A test needs a mobile number."
            )
        address = contacts.put_addresses(tx, numbers[:1], app.site.sample_heads)[numbers[0]]
        ward = next(iter(sorted(broadcast.senders)))
        made = planning.test(tx, broadcast, contacts.tester(tx, address, ward))
    if surface.json:
        surface.emit({"broadcast": broadcast.id, "test": made})
    surface.say(
        f"Tin thử là đợt gửi {made}; bộ gửi tin sẽ gửi ngay.",
        f"The test is broadcast {made}; the worker sends it at once.",
    )
    surface.hint(
        f"Bộ gửi tin: dispatcher run --once · Kết quả: dispatcher log messages --broadcast {made}",
        f"The worker: dispatcher run --once · Outcome: dispatcher log messages --broadcast {made}",
    )


@broadcasts.verb(
    "resend",
    "Soạn đợt gửi lại cho những người chưa nhận được (phải duyệt như mọi đợt).",
    "Write a new broadcast to those who were not reached (approved like any other).",
    "dispatcher broadcasts resend 1 --state failed --as lan",
)
@argument("number_", complete="broadcast")
@option(
    "--state",
    "states",
    multiple=True,
    vi="failed, expired, cancelled (mặc định cả ba); short: nhận thiếu; unconfirmed có thể thành "
    "hai lần",
    en="failed, expired, cancelled (all three by default); short: received in part; unconfirmed "
    "may become twice",
)
def resend(surface: Surface, number_: str, states: tuple[str, ...]) -> None:
    for state in states:
        if state not in RESENDABLE:
            raise not_among(Say("trạng thái gửi lại được", "state to resend"), state, RESENDABLE)
    app, actor = surface.open_app(), surface.actor()
    with app.begin(actor)() as tx:
        made = planning.resend(tx, rows.get(tx, broadcast_id(number_)), states or planning.RESENT)
        found = rows.get(tx, made)
    told(
        surface,
        found,
        Say(
            f"Xem trước: dispatcher broadcasts preview {made}",
            f"Preview: dispatcher broadcasts preview {made}",
        ),
    )


@broadcasts.verb(
    "correct",
    "Đính chính: tới đúng những người đã nhận hoặc có thể đã nhận đợt gửi cũ.",
    "Correct: to exactly those who received the old broadcast or may have.",
    "dispatcher broadcasts correct 1 --set noi_dung='Cắt nước ngày 07/12.' --as lan",
)
@argument("number_", complete="broadcast")
@option("--template", default="dinh-chinh", vi="mẫu tin", en="template", complete="template")
@option(
    "--set", "fields", multiple=True, vi="điền một ô: tên=giá trị", en="fill a blank: name=value"
)
def correct(surface: Surface, number_: str, template: str, fields: tuple[str, ...]) -> None:
    app, actor = surface.open_app(), surface.actor()
    loaded = templating.load(app.templates, template)
    with app.begin(actor)() as tx:
        original = rows.get(tx, broadcast_id(number_))
        made = joined.correct(app, tx, original, template=loaded, fields=pairs(fields))
        found = rows.get(tx, made)
    if original.state not in OVER:
        surface.warn(
            f"Phần chưa gửi của đợt cũ vẫn đi; dừng nó: dispatcher broadcasts stop {original.id}",
            f"What the old one has not sent still goes; stop it: dispatcher broadcasts stop "
            f"{original.id}",
        )
    told(surface, found)
    surface.hint(
        f"Xem trước: dispatcher broadcasts preview {made}",
        f"Preview: dispatcher broadcasts preview {made}",
    )


@command(
    "Dừng khẩn cấp cả trang: mọi đợt đang gửi, đang chờ đều dừng, mọi lịch tạm nghỉ.",
    "Emergency stop of the site: everything that runs or waits ends, every schedule pauses.",
    "dispatcher stop-all --as minh",
)
def stop_all(surface: Surface) -> None:
    app, actor = surface.open_app(), surface.actor()
    with app.begin(actor)() as tx:
        done = firing.stop_everything(app, tx)
    if surface.json:
        surface.emit(
            {
                "broadcasts": done.broadcasts,
                "cancelled": done.cancelled,
                "schedules": done.schedules,
            }
        )
    surface.say(
        f"Đã dừng {len(done.broadcasts)} đợt gửi, {number(done.cancelled)} tin không gửi nữa; "
        f"{len(done.schedules)} lịch tạm nghỉ.",
        f"{len(done.broadcasts)} broadcasts stopped, {done.cancelled} messages cancelled; "
        f"{len(done.schedules)} schedules paused.",
    )
    surface.hint(
        "Tin đang trên đường vẫn tới. Gửi lại phần còn thiếu: dispatcher broadcasts resend SỐ; "
        "cho lịch chạy lại: dispatcher schedules submit TÊN",
        "What is on the wire still arrives. Send the rest: dispatcher broadcasts resend N; let a "
        "schedule run again: dispatcher schedules submit NAME",
    )
