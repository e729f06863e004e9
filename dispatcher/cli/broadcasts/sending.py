"""broadcasts: schedule, pause, resume, stop; and stop-all, the emergency stop."""

from __future__ import annotations

from dispatcher.cli.broadcasts.preview import tell_times
from dispatcher.cli.broadcasts.told import as_json, broadcast_id, told
from dispatcher.cli.spoken import argument, command, option
from dispatcher.cli.surface import Surface
from dispatcher.domain.amounts import number
from dispatcher.domain.problems import Say
from dispatcher.usecases import broadcasts, broadcasts_sending, broadcasts_views


@command(
    "Đặt giờ gửi cho đợt đã duyệt (bỏ --at: gửi ngay).",
    "Set the time of an approved broadcast (without --at: now).",
    "dispatcher broadcasts schedule 1 --at '2026-12-01 08:00'",
)
@argument("number_", complete="broadcast")
@option("--at", "when", default="now", vi="thời điểm", en="when")
@option(
    "--despite",
    default="",
    vi="lý do gửi dù là Tết, dù đã nhiều đợt",
    en="why it goes out in Tết, or once more",
)
@option(
    "--people", "people_", type=int, vi="xác nhận số người (gửi thật)", en="confirms the number"
)
@option(
    "--again", default="", vi="lý do gửi lại đúng tin này trong 24 giờ", en="why it goes out again"
)
def schedule(
    surface: Surface, number_: str, when: str, despite: str, people_: int | None, again: str
) -> None:
    context, wanted = surface.context(), broadcast_id(number_)
    people = _confirmed(surface, wanted, when, people_)
    done = broadcasts_sending.schedule(
        context, wanted, when, despite=despite, again=again, people=people
    )
    if surface.json:
        surface.emit(as_json(done))
    surface.say(f"Đợt gửi {done.id} đã có giờ.", f"Broadcast {done.id} has its time.")
    if not surface.json:
        tell_times(surface, broadcasts_views.preview(context, done.id).found)
    surface.hint(
        f"Bộ gửi tin: dispatcher run · Theo dõi: dispatcher broadcasts watch {done.id}",
        f"The worker: dispatcher run · Watch: dispatcher broadcasts watch {done.id}",
    )


def _confirmed(surface: Surface, wanted: int, when: str, typed: int | None) -> int | None:
    """A live send is confirmed by a sentence that says whom it reaches and what it costs; the
    number of people somebody typed, where that is wanted. --yes does not answer it."""
    asked = broadcasts_sending.to_confirm(surface.context(), wanted, when)
    if asked is None:
        return typed
    if not asked.typed:
        surface.confirm(asked.said)
    elif typed is None:
        typed = surface.ask_number(
            f"{asked.said.vi} {asked.why.vi} Gõ lại số người để xác nhận",
            f"{asked.said.en} {asked.why.en} Type the number of people to confirm",
        )
        if typed is None:
            surface.hint(
                f"Xác nhận bằng --people {asked.people}", f"Confirm with --people {asked.people}"
            )
    return typed


@command(
    "Tạm dừng: ngoài các tin đang trên đường, không tin nào đi nữa.",
    "Pause: nothing leaves beyond what is on the wire.",
    "dispatcher broadcasts pause 1",
)
@argument("number_", complete="broadcast")
def pause(surface: Surface, number_: str) -> None:
    done = broadcasts_sending.pause(surface.context(), broadcast_id(number_))
    told(
        surface,
        done,
        Say(
            f"Gửi tiếp: dispatcher broadcasts resume {done.id}",
            f"Go on: dispatcher broadcasts resume {done.id}",
        ),
    )


@command(
    "Gửi tiếp đợt đang tạm dừng hoặc bị giữ.",
    "Go on with a paused or held one.",
    "dispatcher broadcasts resume 1",
)
@argument("number_", complete="broadcast")
def resume(surface: Surface, number_: str) -> None:
    told(surface, broadcasts_sending.resume(surface.context(), broadcast_id(number_)))


@command(
    "Dừng hẳn: phần chưa gửi bị hủy.",
    "Stop for good: the rest is cancelled.",
    "dispatcher broadcasts stop 1",
)
@argument("number_", complete="broadcast")
def stop(surface: Surface, number_: str) -> None:
    context, wanted = surface.context(), broadcast_id(number_)
    done = broadcasts_sending.stop(context, wanted)
    if surface.json:
        stopped = broadcasts.seen(context, wanted)
        surface.emit({**as_json(stopped), "cancelled": done.cancelled})
    surface.say(
        f"Đã dừng đợt gửi {wanted}; {number(done.cancelled)} tin không gửi nữa.",
        f"Broadcast {wanted} stopped; {done.cancelled} messages cancelled.",
    )


@command(
    "Dừng khẩn cấp cả trang: mọi đợt đang gửi, đang chờ đều dừng, mọi lịch tạm nghỉ.",
    "Emergency stop of the site: everything that runs or waits ends, every schedule pauses.",
    "dispatcher stop-all --as minh",
)
def stop_all(surface: Surface) -> None:
    done = broadcasts_sending.stop_everything(surface.context())
    if surface.json:
        surface.emit(
            {
                "broadcasts": list(done.broadcasts),
                "cancelled": done.cancelled,
                "schedules": list(done.schedules),
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
