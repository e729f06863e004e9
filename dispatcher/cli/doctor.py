"""doctor: the health of a site, in plain words."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from dispatcher import registered, scheduling, templating, timekeeping
from dispatcher.cli import doctor_doors as doors
from dispatcher.cli.doctor_doors import Finding
from dispatcher.cli.spoken import command, option
from dispatcher.cli.surface import Surface
from dispatcher.model import HANOI, SYSTEM, Mode
from dispatcher.problems import OK, SETTINGS, Problem, Say
from dispatcher.store import areas, settings
from dispatcher.store.schema import micros, moment


@command(
    "Kiểm tra sức khỏe của trang và nói phải làm gì.",
    "Check the site and say what to do.",
    "dispatcher doctor",
)
@option(
    "--clock-is-right",
    "clock_is_right",
    is_flag=True,
    vi="tôi đã xem: giờ của máy đang đúng",
    en="I have looked: the clock of this machine is right",
)
def doctor(surface: Surface, clock_is_right: bool) -> int:
    if clock_is_right:
        _confirm_clock(surface)
    checks: list[Callable[[Surface], Finding]] = [
        _python,
        _sqlite,
        _zone,
        _settings,
        _clock,
        _data,
        _identity,
        _key,
        _disk,
        _backup,
        _second_place,
        _templates,
        _schedules,
        _gateways,
        _reports,
        doors.callbacks,
        doors.listening,
        _people,
        _lists,
        _senders,
        _registrations,
        _workers,
        _unsent,
    ]
    found = []
    for check in checks:
        try:
            found.append(check(surface))
        except Problem as problem:
            found.append((check.__name__.strip("_"), False, problem.say))
    if surface.json:
        surface.emit(
            [
                {"check": name, "ok": ok, "message": say.to(surface.language)}
                for name, ok, say in found
            ]
        )
    else:
        for _, ok, say in found:
            surface.say(f"{'✓' if ok else '✗'} {say.vi}", f"{'✓' if ok else '✗'} {say.en}")
    return OK if all(ok for _, ok, _ in found) else SETTINGS


def _python(surface: Surface) -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return "python", sys.version_info >= (3, 11), Say(f"Python {version}", f"Python {version}")


def _sqlite(surface: Surface) -> Finding:
    from dispatcher.store.engines import sqlite_is_safe, sqlite_module

    version = sqlite_module().sqlite_version
    if sqlite_is_safe():
        return "sqlite", True, Say(f"SQLite {version}", f"SQLite {version}")
    return (
        "sqlite",
        False,
        Say(
            f"SQLite {version} có lỗi hỏng tệp khi hai chương trình cùng ghi; cài gói pysqlite3.",
            f"SQLite {version} can corrupt a file two programs write to; install pysqlite3.",
        ),
    )


def _lists(surface: Surface) -> Finding:
    """Lists that are kept longer than was said when they came in."""
    app = surface.open_app()
    today = app.clock().astimezone(HANOI).date().isoformat()
    with app.store.read(SYSTEM) as tx:
        names = areas.names(tx)
        told = {
            names.get(int(ward), ward): json.loads(basis).get("keep_until", "")
            for ward, basis in settings.starting(tx, "basis:").items()
        }
    old = ", ".join(sorted(name for name, until in told.items() if until and until < today))
    if old:
        return (
            "lists",
            False,
            Say(
                f"Danh sách đã quá hạn lưu giữ: {old}. Nhập lại với --keep-until mới, hoặc xóa.",
                f"Lists kept longer than was said: {old}. Import again with --keep-until, or drop.",
            ),
        )
    return "lists", True, Say("Không danh sách nào quá hạn", "No list is kept for too long")


def _senders(surface: Surface) -> Finding:
    """Brandnames that could be taken for somebody else's."""
    names = [s.brandname for _, s in surface.open_site().senders.values() if s.brandname]
    like = ", ".join(n for n in names if templating.imitates(n))
    if like:
        return (
            "senders",
            False,
            Say(
                f"Tên định danh dễ nhầm với đơn vị khác: {like}. Chọn tên khác.",
                f"Brandnames that look like somebody else's: {like}. Choose another.",
            ),
        )
    return "senders", True, Say("Tên định danh không giống đơn vị nào khác", "Brandnames are ours")


def _registrations(surface: Surface) -> Finding:
    """Brandnames, contracts and registered templates that end within two months."""
    app = surface.open_app()
    today = app.clock().astimezone(HANOI).date()
    with app.store.read(SYSTEM) as tx:
        soon = registered.endings(tx, app.site, today)
    if not soon:
        return (
            "registrations",
            True,
            Say(
                "Không tên định danh, hợp đồng, mẫu nào sắp hết hạn",
                "No name or contract ends soon",
            ),
        )
    vi = "; ".join(f"{e.what.vi} ({e.day:%d/%m/%Y})" for e in soon)
    en = "; ".join(f"{e.what.en} ({e.day})" for e in soon)
    return "registrations", False, Say(f"Hết hạn trong 60 ngày: {vi}", f"Ends within 60 days: {en}")


def _zone(surface: Surface) -> Finding:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        offset = datetime(2026, 1, 1, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh")).utcoffset()
    except ZoneInfoNotFoundError:
        offset = None
    if offset != timedelta(hours=7):
        return (
            "time_zone",
            False,
            Say(
                "Thiếu dữ liệu múi giờ Việt Nam; cài gói tzdata.",
                "Time zone data of Vietnam is missing; install tzdata.",
            ),
        )
    return "time_zone", True, Say("Múi giờ Việt Nam đúng (UTC+7)", "Vietnam's time zone is right")


def _clock(surface: Surface) -> Finding:
    """The clock must fit what was written already."""
    app = surface.open_app()
    with app.store.read(SYSTEM) as tx:
        timekeeping.trust(tx, app.clock)
    told = f"{app.clock().astimezone(HANOI):%H:%M %d/%m/%Y}"
    return "clock", True, Say(f"Đồng hồ máy: {told}", f"The clock says {told}")


def _confirm_clock(surface: Surface) -> None:
    app = surface.open_app()
    with app.begin(surface.actor())() as tx:
        timekeeping.confirm(tx, app.clock)


def _identity(surface: Surface) -> Finding:
    from dispatcher.app import database_file
    from dispatcher.store import identity

    app = surface.open_app()
    with app.store.read(SYSTEM) as tx:
        why = identity.why_held(tx, database_file(app.site))
    if why is not None:
        return (
            "held",
            False,
            Say(
                "Cơ sở dữ liệu được chép hoặc khôi phục nên đang bị giữ; chắc là bản duy nhất thì: "
                "dispatcher db release --i-am-the-only-one",
                "The database was copied or restored and is held; if it is the only one: "
                "dispatcher db release --i-am-the-only-one",
            ),
        )
    return "held", True, Say("Cơ sở dữ liệu được phép gửi", "The database may send")


def _backup(surface: Surface) -> Finding:
    from dispatcher.store import settings

    app = surface.open_app()
    with app.store.read(SYSTEM) as tx:
        found = settings.get(tx, "backed_up_at")
    hint = Say("chạy: dispatcher db backup TỆP", "run: dispatcher db backup FILE")
    if found is None:
        live = app.site.mode is Mode.LIVE
        return (
            "backup",
            not live,
            Say(f"Chưa sao lưu lần nào; {hint.vi}", f"Never backed up; {hint.en}"),
        )
    days = (app.clock() - datetime.fromisoformat(found)).days
    old = days > 7
    return (
        "backup",
        not old,
        Say(
            f"Sao lưu gần nhất: {days} ngày trước" + (f"; {hint.vi}" if old else ""),
            f"Last backup: {days} days ago" + (f"; {hint.en}" if old else ""),
        ),
    )


def _second_place(surface: Surface) -> Finding:
    """Refusals and erasures are kept where a dead disk does not take them along."""
    from dispatcher import restoring
    from dispatcher.app import database_file
    from dispatcher.store import second_place

    app = surface.open_app()
    place = restoring.second_place(app.site)
    database = database_file(app.site)
    written = second_place.last_written(app.store.sealer, place)
    when = "—" if written is None else f"{written.astimezone(HANOI):%H:%M %d/%m/%Y}"
    told = Say(
        f"Lời từ chối, người đã xóa, đợt đã phát được giữ thêm ở {place} (lần cuối: {when})",
        f"Refusals, erasures and releases are kept at {place} as well (last: {when})",
    )
    near = database is not None and second_place.same_disk(database, place)
    if near:
        told = Say(
            f"{told.vi}; cùng ổ đĩa với cơ sở dữ liệu: đặt [backup] second sang ổ khác",
            f"{told.en}; on the same disk as the database: set [backup] second to another",
        )
    return "second_place", True, told


def _reports(surface: Surface) -> Finding:
    """Reports that match nothing or cannot be read."""
    from dispatcher import accounts

    app = surface.open_app()
    with app.store.read(SYSTEM) as tx:
        odd = accounts.odd_reports(app, tx)
    if not odd:
        return "reports", True, Say("Báo nhận đọc được", "Reports can be read")
    told = ", ".join(f"{n} ({o['of_no_use']}/{o['looked_at']})" for n, o in odd.items())
    return (
        "reports",
        False,
        Say(
            f"Báo nhận không khớp tin nào hoặc không đọc được, giờ qua: {told}. Xem: dispatcher "
            "log receipts; kiểm tra địa chỉ báo nhận và khóa ở nhà cung cấp.",
            f"Reports of the last hour that match nothing or cannot be read: {told}. See: "
            "dispatcher log receipts; check callback address and keys at the vendor.",
        ),
    )


def _workers(surface: Surface) -> Finding:
    from dispatcher.store import workers

    app = surface.open_app()
    with app.store.read(SYSTEM) as tx:
        seen = workers.last_seen(tx)
    if seen is None:
        none = Say("Bộ gửi tin không chạy: dispatcher run", "No worker is running: dispatcher run")
        return "worker", True, none
    seconds = max(0, int((app.clock() - moment(seen)).total_seconds()))
    return (
        "worker",
        seconds < 60,
        Say(
            f"Bộ gửi tin hoạt động {seconds} giây trước",
            f"The worker was active {seconds} seconds ago",
        ),
    )


def _settings(surface: Surface) -> Finding:
    site = surface.open_site()
    mode = Say("chạy thử", "drill") if site.mode is Mode.DRILL else Say("GỬI THẬT", "LIVE")
    return (
        "settings",
        True,
        Say(
            f"dispatcher.toml đọc được; {site.name}: {mode.vi}",
            f"dispatcher.toml is fine; {site.name}: {mode.en}",
        ),
    )


def _data(surface: Surface) -> Finding:
    app = surface.open_app()
    with app.store.begin(SYSTEM, app.clock()) as tx:
        tx.run("UPDATE workers SET seen_at = seen_at WHERE name = ''")
    kind = "SQLite" if app.store.is_sqlite else "PostgreSQL"
    return (
        "database",
        True,
        Say(
            f"Cơ sở dữ liệu {kind} đọc và ghi được", f"The {kind} database can be read and written"
        ),
    )


def _key(surface: Surface) -> Finding:
    path = surface.open_site().key_file
    if os.environ.get("DISPATCHER_KEY"):
        return "key", True, Say("Khóa lấy từ DISPATCHER_KEY", "The key comes from DISPATCHER_KEY")
    loose = os.name == "posix" and path.exists() and path.stat().st_mode & 0o077
    if loose:
        return (
            "key",
            False,
            Say(
                f"Tệp khóa {path} người khác đọc được; chạy: chmod 600 '{path}'",
                f"Others can read the key {path}; run: chmod 600 '{path}'",
            ),
        )
    return (
        "key",
        True,
        Say(
            "Tệp khóa chỉ chủ máy đọc được; nhớ sao lưu riêng",
            "Only the owner can read the key; back it up apart",
        ),
    )


def _disk(surface: Surface) -> Finding:
    free = shutil.disk_usage(Path(surface.open_site().root)).free // 1_000_000
    words = Say(f"Ổ đĩa còn {free:,} MB".replace(",", "."), f"{free:,} MB of disk are free")
    if free < 500:
        words = Say(words.vi + "; hãy giải phóng chỗ trống", words.en + "; free some space")
    return "disk", free >= 500, words


def _templates(surface: Surface) -> Finding:
    folder = surface.open_site().root / "templates"
    names = templating.template_files(folder)
    for name in names:
        templating.load(folder, name)
    return (
        "templates",
        bool(names),
        Say(f"{len(names)} mẫu tin đọc được", f"{len(names)} templates can be read"),
    )


def _schedules(surface: Surface) -> Finding:
    site = surface.open_site()
    names = scheduling.files(site.root / "schedules")
    for name in names:
        scheduling.load(site.root / "schedules", name, site.window)
    return (
        "schedules",
        True,
        Say(f"{len(names)} lịch gửi đọc được", f"{len(names)} schedules can be read"),
    )


def _gateways(surface: Surface) -> Finding:
    from dispatcher.app import adapter_options
    from dispatcher.store import gateways

    app = surface.open_app()
    with app.store.read(SYSTEM) as tx:
        paused = [n for n, row in gateways.states(tx).items() if row["paused_at"] is not None]
        sign_ins = gateways.sign_ins(tx)
    if paused:
        names = ", ".join(paused)
        return (
            "gateways",
            False,
            Say(
                f"Nhà cung cấp đang tạm dừng: {names}. Sửa nguyên nhân rồi: dispatcher "
                "gateways resume TÊN",
                f"Paused: {names}. Mend the cause, then: dispatcher gateways resume NAME",
            ),
        )
    refused = {n: until for n, (state, until) in sign_ins.items() if state != "ok"}
    if refused:
        name, until = next(iter(refused.items()))
        left = max(0, ((until or 0) - micros(app.clock())) // 3_600_000_000)
        return (
            "gateways",
            False,
            Say(
                f"«{name}» cần đăng nhập lại, còn gửi được khoảng {left} giờ: "
                f"dispatcher gateways login {name}",
                f"“{name}” must be signed in again, it can send for about {left} hours: "
                f"dispatcher gateways login {name}",
            ),
        )
    if app.site.mode is Mode.LIVE:
        for chosen in app.site.gateways.values():
            adapter_options(app.site, chosen, None)
    return (
        "gateways",
        True,
        Say(
            f"{len(app.site.gateways)} nhà cung cấp sẵn sàng",
            f"{len(app.site.gateways)} gateways are ready",
        ),
    )


def _unsent(surface: Surface) -> Finding:
    from dispatcher.store import notices

    app = surface.open_app()
    with app.store.read(SYSTEM) as tx:
        found = notices.unsent(tx, app.clock() - timedelta(days=1))
    if not found:
        return "unsent", True, Say("Không tin nào hết hạn mà chưa gửi", "Nothing expired unsent")
    vi, en = (" ".join(row[k] for row in found) for k in ("vi", "en"))
    return "unsent", False, Say(vi, en)


def _people(surface: Surface) -> Finding:
    from dispatcher.store import people

    app = surface.open_app()
    with app.store.read(SYSTEM) as tx:
        roles = {p["role"] for p in people.listed(tx) if p["disabled_at"] is None}
    missing = [r for r in ("officer", "leader") if r not in roles]
    if missing:
        return (
            "people",
            False,
            Say(
                f"Chưa có {', '.join(missing)}: thêm bằng dispatcher people add TÊN --role "
                f"{missing[0]}",
                f"No {', '.join(missing)} yet: dispatcher people add NAME --role {missing[0]}",
            ),
        )
    return "people", True, Say("Đã có người soạn và người duyệt", "There are writers and approvers")
