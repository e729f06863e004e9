"""run: the worker. web: the receipt door."""

from __future__ import annotations

import asyncio
import logging
import sys
import time

from dispatcher.broadcasts.app import App
from dispatcher.cli.spoken import command, option
from dispatcher.cli.surface import Surface
from dispatcher.domain.model import Mode
from dispatcher.domain.problems import Problem

log = logging.getLogger("dispatcher.run")


def _log_to_stderr() -> None:
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.WARNING,
        format="%(asctime)s level=%(levelname)s logger=%(name)s %(message)s",
    )


@command(
    "Chạy bộ gửi tin: lịch, gửi, báo nhận. Ctrl-C để dừng êm.",
    "The worker: schedules, sending, receipts. Ctrl-C ends it cleanly.",
    "dispatcher run --once",
)
@option("--once", is_flag=True, vi="làm hết việc đến hạn rồi thôi", en="do what is due, then end")
@option("--web", "with_door", is_flag=True, vi="kèm bảng điều khiển", en="with the console")
def run(surface: Surface, once: bool, with_door: bool) -> None:
    from dispatcher.worker.serving import run_worker

    _log_to_stderr()
    app = surface.open_app() if once or surface.dry_run else _opened_patiently(surface)
    if surface.dry_run:
        _tell_due(surface)
        return
    if app.site.mode is Mode.DRILL:
        surface.say("Chạy thử: không tin nào gửi ra ngoài.", "Drill: nothing leaves this machine.")
    if not once:
        surface.say(
            "Bộ gửi tin đang chạy; Ctrl-C để dừng.", "The worker is running; Ctrl-C stops it."
        )
    code = _told_where(surface, app, app.site.listen) if with_door else ""
    found = run_worker(app, once=once, with_door=with_door, code=code)
    if surface.json:
        surface.emit(found)
    surface.say(f"Đã chuyển {found['accepted']} tin.", f"{found['accepted']} messages handed over.")
    surface.hint(
        "Xem kết quả: dispatcher broadcasts list", "See the results: dispatcher broadcasts list"
    )


def _opened_patiently(surface: Surface) -> App:
    """The site, as soon as the fault that is in the way has passed."""
    from dispatcher.worker.process import PASSING, TICK

    said = ""
    while True:
        try:
            return surface.open_app()
        except Problem as problem:
            if problem.code not in PASSING:
                raise
            if problem.code != said:  # also with -q: nobody would know why nothing happens
                log.warning("waits problem=%s %s", problem.code, problem.to(surface.language))
                said = problem.code
            time.sleep(TICK)


def _tell_due(surface: Surface) -> None:
    """What the worker would start with now; nothing is sent."""
    from dispatcher.db.broadcasts import broadcasts

    app = surface.open_app()
    with app.store.read(surface.actor()) as tx:
        running = {b.id: broadcasts.counts(tx, b.id) for b in broadcasts.running(tx)}
        due = broadcasts.due_ids(tx, app.clock())
    waiting = sum(c.get("queued", 0) for c in running.values())
    if surface.json:
        surface.emit({"due": due, "running": list(running), "queued": waiting})
    surface.say(
        f"Đến giờ: {len(due)} đợt gửi; đang gửi: {len(running)} đợt, còn {waiting} tin chờ.",
        f"Due: {len(due)} broadcasts; running: {len(running)}, {waiting} messages waiting.",
    )


def _told_where(surface: Surface, app: App, place: str) -> str:
    """Say where the console is; the code for the very first person."""
    from dispatcher.web.console import first_code

    code = first_code(app)
    _tell_where(surface, place, code)
    return code


def _tell_where(surface: Surface, place: str, code: str) -> None:
    surface.say(f"Bảng điều khiển: http://{place}", f"The console: http://{place}")
    if code:
        surface.say(
            f"Chưa có ai: mở trang và nhập mã một lần {code}",
            f"Nobody is here yet: open the page and type the one-time code {code}",
        )
    else:
        surface.say(
            "Đặt mật khẩu: dispatcher people password TÊN --as QUẢN_TRỊ",
            "Set a password: dispatcher people password NAME --as ADMIN",
        )


@command(
    "Bảng điều khiển trên trình duyệt, và cửa nhận báo nhận từ nhà mạng, Zalo.",
    "The console in a browser, and the receipt door for networks and Zalo.",
    "dispatcher web",
)
@option("--listen", vi="địa chỉ, ví dụ 127.0.0.1:8700", en="address, like 127.0.0.1:8700")
def web(surface: Surface, listen: str | None) -> None:
    from dispatcher.worker.serving import serve_door

    _log_to_stderr()
    app = surface.open_app()
    host, _, port = (listen or app.site.listen).rpartition(":")
    if not host or not port.isdigit():
        raise Problem(
            "bad-listen",
            "--listen ghi như 127.0.0.1:8700.",
            "--listen looks like 127.0.0.1:8700.",
            exit_code=4,
        )

    from dispatcher.web.console import first_code

    code = first_code(app)

    def announce(bound: int) -> None:
        if surface.json:
            surface.emit({"host": host, "port": bound, "first_code": code or None})
        _tell_where(surface, f"{host}:{bound}", code)

    try:
        asyncio.run(serve_door(app, host, int(port), announce, pages=True, code=code))
    except OSError as error:
        raise Problem(
            "port-taken",
            f"Không mở được {host}:{port} ({error.strerror}).",
            f"{host}:{port} cannot be opened ({error.strerror}).",
            exit_code=4,
        ) from None
