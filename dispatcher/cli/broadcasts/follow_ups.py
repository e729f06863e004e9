"""broadcasts: resend and correct."""

from __future__ import annotations

from dispatcher.cli.broadcasts.told import broadcast_id, told
from dispatcher.cli.spoken import argument, command, option
from dispatcher.cli.surface import Surface
from dispatcher.cli.templates import pairs
from dispatcher.domain.problems import Say
from dispatcher.usecases import broadcasts
from dispatcher.usecases.broadcasts_views import OVER


@command(
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
    made = broadcasts.resend(surface.context(), broadcast_id(number_), states)
    told(
        surface,
        made,
        Say(
            f"Xem trước: dispatcher broadcasts preview {made.id}",
            f"Preview: dispatcher broadcasts preview {made.id}",
        ),
    )


@command(
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
    context, wanted = surface.context(), broadcast_id(number_)
    made = broadcasts.correct(context, wanted, pairs(fields), template)
    if broadcasts.seen(context, wanted).state not in OVER:
        surface.warn(
            f"Phần chưa gửi của đợt cũ vẫn đi; dừng nó: dispatcher broadcasts stop {wanted}",
            f"What the old one has not sent still goes; stop it: dispatcher broadcasts stop "
            f"{wanted}",
        )
    told(surface, made)
    surface.hint(
        f"Xem trước: dispatcher broadcasts preview {made.id}",
        f"Preview: dispatcher broadcasts preview {made.id}",
    )
