"""doctor: the health of a site, in plain words."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from dispatcher import scheduling, templating
from dispatcher.cli.spoken import command
from dispatcher.cli.surface import Surface
from dispatcher.model import SYSTEM, Mode
from dispatcher.problems import OK, SETTINGS, Problem, Say

Finding = tuple[str, bool, Say]


@command(
    "Kiểm tra sức khỏe của trang và nói phải làm gì.",
    "Check the site and say what to do.",
    "dispatcher doctor",
)
def doctor(surface: Surface) -> int:
    checks: list[Callable[[Surface], Finding]] = [
        _python,
        _sqlite,
        _settings,
        _data,
        _key,
        _disk,
        _templates,
        _schedules,
        _gateways,
        _people,
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
    from dispatcher.store.database import sqlite_is_safe, sqlite_module

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
