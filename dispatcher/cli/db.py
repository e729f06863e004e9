"""db: upgrade, check, backup, restore, copy, release."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from dispatcher.cli.spoken import Group, argument, option
from dispatcher.cli.surface import Surface
from dispatcher.domain.model import HANOI
from dispatcher.domain.problems import OK, USAGE, Say
from dispatcher.usecases import database, restoring
from dispatcher.usecases.site import back_up

db = Group(Say("Cơ sở dữ liệu.", "The database."))


@db.verb(
    "upgrade",
    "Nâng cấu trúc cơ sở dữ liệu lên bản này (sao lưu trước).",
    "Bring the database to this version (a backup is made first).",
    "dispatcher db upgrade",
)
def upgrade(surface: Surface) -> None:
    done = database.upgrade(surface.open_site(), dry=surface.dry_run)
    found, saved, head = done.found, done.saved, done.head
    if surface.json:
        surface.emit({"from": found, "to": head, "backup": str(saved) if saved else None})
    if found == head:
        surface.say(f"Đã ở phiên bản {head}.", f"Already at version {head}.")
    else:
        surface.say(f"Đã nâng từ {found} lên {head}.", f"Upgraded from {found} to {head}.")
    if saved:
        surface.say(f"Bản trước khi nâng: {saved}", f"The database before: {saved}")


@db.verb(
    "check",
    "Kiểm tra tệp, liên kết, tổng số tin và nhật ký thao tác.",
    "Check the file, its links, the sums and the trail.",
    "dispatcher db check",
)
def check(surface: Surface) -> int:
    found = database.check(surface.open_app())
    if surface.json:
        surface.emit(
            [{"check": n, "ok": ok, "message": s.to(surface.language)} for n, ok, s in found]
        )
    for _, ok, say in found:
        surface.say(f"{'✓' if ok else '✗'} {say.vi}", f"{'✓' if ok else '✗'} {say.en}")
    if not all(ok for _, ok, _ in found):
        surface.hint(
            "Dừng bộ gửi tin và khôi phục bản sao lưu gần nhất: dispatcher db restore TỆP",
            "Stop the worker and restore the latest backup: dispatcher db restore FILE",
        )
        return USAGE
    return OK


@db.verb(
    "backup",
    "Sao lưu khi đang chạy. Khóa không nằm trong bản sao: cất riêng.",
    "Back up while it runs. The key is not in it: keep that apart.",
    "dispatcher db backup sao-luu-2026-12-01.db --key-to /media/usb/khoa.key",
)
@argument("file")
@option("--key-to", vi="chép khóa sang chỗ khác", en="copy the key to another place")
def backup(surface: Surface, file: str, key_to: str | None) -> None:
    context = surface.context()
    with surface.progress("Đang sao lưu", "Backing up", 1) as update:
        size = back_up(context, Path(file), Path(key_to) if key_to else None, update)
    key = context.app.site.key_file
    if surface.json:
        surface.emit({"file": file, "bytes": size, "key": key_to})
    surface.say(f"Đã sao lưu {size / 1e6:.1f} MB vào {file}.", f"{size / 1e6:.1f} MB in {file}.")
    if not key_to:
        surface.hint(
            f"Khóa {key} không nằm trong đó: cất một bản ở nơi khác (--key-to).",
            f"The key {key} is not in it: keep a copy elsewhere (--key-to).",
        )


@db.verb(
    "restore",
    "Khôi phục từ bản sao lưu; bản hiện tại được cất sang bên, chưa gửi gì cho tới khi db release.",
    "Restore a backup; the present one is set aside, and nothing is sent until db release.",
    "dispatcher db restore sao-luu-2026-12-01.db --yes",
)
@argument("file")
def restore(surface: Surface, file: str) -> None:
    site = surface.open_site()
    backup_ = restoring.looked_at(site, Path(file))
    surface.confirm(
        f"Thay cơ sở dữ liệu hiện tại bằng {file} (phiên bản {backup_.version}).",
        f"Replace the present database by {file} (version {backup_.version}).",
    )
    done = None
    if not surface.dry_run:
        from dispatcher.domain.clock import site_clock

        done = restoring.restore(site, backup_.database, backup_.key, Path(file), site_clock()())
    aside, carried = (done.aside, done.carried) if done else (None, {})
    if surface.json:
        surface.emit(
            {
                "restored": file,
                "aside": str(aside) if aside else None,
                "held": True,
                "carried": {name: carried[name] for name in COUNTED if name in carried},
                "refusals_known_until": carried.get("refusals_known_until"),
            }
        )
    surface.say(f"Đã khôi phục {file}.", f"{file} restored.")
    if aside:
        surface.say(f"Bản trước đó: {aside}", f"The one before: {aside}")
    if "messages" in carried:
        surface.say(
            f"Từ bản trước đã mang sang: {carried['broadcasts']} đợt gửi, {carried['messages']} "
            f"tin, {carried['refusals']} lời từ chối, {carried['erased']} người đã xóa.",
            f"Carried over from it: {carried['broadcasts']} broadcasts, {carried['messages']} "
            f"messages, {carried['refusals']} refusals, {carried['erased']} erasures.",
        )
    elif done:
        surface.say(
            "Bản trước không đọc được: tin có thể đã đi được ghi là «chưa rõ», không gửi lại.",
            "The one before could not be read: what may have left is named as a doubt and is not "
            "sent again.",
        )
    surface.hint(
        "Đang giữ, chưa gửi gì. Khi chắc không còn bản nào khác đang gửi: "
        "dispatcher db release --i-am-the-only-one",
        "It is held and sends nothing. Once no other copy is sending: "
        "dispatcher db release --i-am-the-only-one",
    )


COUNTED = ("broadcasts", "messages", "refusals", "erased", "entries")


@db.verb(
    "copy",
    "Chép cả trang sang cơ sở dữ liệu khác (SQLite ↔ PostgreSQL); bản cũ thôi gửi.",
    "Copy the whole site to another database (SQLite ↔ PostgreSQL); the old one stops sending.",
    "dispatcher db copy postgresql://dispatcher@localhost/dispatcher --yes",
)
@argument("target")
def copy(surface: Surface, target: str) -> None:
    """The target's address; "-" reads it from standard input."""
    context, typed = surface.context(), target == "-"
    found_at = database.copy_target(
        context, sys.stdin.readline() if typed else target, shown=not typed
    )
    surface.confirm(
        "Chép cả trang sang cơ sở dữ liệu mới; sau đó bản hiện tại không gửi nữa.",
        "Copy the whole site to the new database; the present one sends nothing afterwards.",
    )
    with surface.progress("Đang chép", "Copying", 1) as update:
        found = database.copy(context, found_at, update)
    rows = sum(found.values())
    if surface.json:
        surface.emit({"rows": rows, "tables": found, "held": bool(found)})
    surface.say(
        f"Đã chép và đối chiếu {rows} dòng của {len(found)} bảng.",
        f"{rows} rows of {len(found)} tables copied and compared.",
    )
    surface.hint(
        "Ghi địa chỉ mới vào mục database của dispatcher.toml, rồi cho nó gửi: "
        "dispatcher db release --i-am-the-only-one",
        "Put the new address into `database` of dispatcher.toml, then let it send: "
        "dispatcher db release --i-am-the-only-one",
    )


@db.verb(
    "release",
    "Cho cơ sở dữ liệu vừa chép, chuyển hay khôi phục được gửi trở lại.",
    "Let a copied, moved or restored database send again.",
    "dispatcher db release --i-am-the-only-one",
)
@option(
    "--i-am-the-only-one",
    "only",
    is_flag=True,
    vi="tôi chắc chắn không còn bản nào khác đang gửi",
    en="I am sure that no other copy is sending",
)
@option(
    "--without-refusals",
    "without",
    is_flag=True,
    vi="tôi biết rằng không rõ ai đã từ chối trong khoảng đã nêu, vẫn cho gửi",
    en="I know that nobody knows who refused in the time named, and let texts go all the same",
)
@option(
    "--resume",
    "resumed",
    type=int,
    multiple=True,
    vi="số đợt gửi được đi tiếp ngay (ghi nhiều lần được)",
    en="number of a broadcast that goes on at once (may be repeated)",
)
def release(surface: Surface, only: bool, without: bool, resumed: tuple[int, ...]) -> None:
    context = surface.context()
    restoring.need_release(context)
    found = restoring.outlook(context.app)
    if not surface.json:
        _tell(surface, found)
    gone = restoring.release(context, resumed, alone=only, without_refusals=without)
    if surface.json:
        held = found.held if surface.dry_run else None
        surface.emit(
            {
                **found.as_json(),
                "was": found.held,
                "held": held is not None,
                "resumed": gone,
                "without_refusals": without,
            }
        )
    surface.say(
        "Cơ sở dữ liệu được gửi trở lại." if found.held else "Cơ sở dữ liệu không bị giữ.",
        "The database may send again." if found.held else "The database is not held.",
    )
    left = [b.id for b in found.broadcasts if b.id not in gone]
    if left:
        surface.hint(
            f"{len(left)} đợt gửi vẫn được giữ. Xem từng đợt rồi: dispatcher broadcasts resume "
            f"{left[0]}, hoặc dispatcher broadcasts stop {left[0]}",
            f"{len(left)} broadcasts are still held. Look at each, then: dispatcher broadcasts "
            f"resume {left[0]}, or dispatcher broadcasts stop {left[0]}",
        )


def _tell(surface: Surface, found: restoring.Outlook) -> None:
    """What waits for a person, and what is not known."""
    if found.broadcasts:
        surface.table(
            [Say("Đợt", "No."), Say("Tên", "Title"), Say("Chắc chưa đi", "Not left"),
             Say("Có thể đã đi", "May have left"), Say("Xong", "Done"), Say("Ghi chú", "Note")],
            [
                (b.id, b.title, b.queued, b.doubtful, b.done, surface.text(
                    "có thể đã phát ở bản cũ: mọi người sẽ được ghi là chưa rõ",
                    "may have been released in the old one: everybody will be named as a doubt",
                ) if b.may_have_left else "")
                for b in found.broadcasts
            ],
            (0, 2, 3, 4),
        )  # fmt: skip
    for other in found.released_since:
        surface.say(
            f"Sau bản sao lưu còn có đợt gửi {other['id']} «{other['title']}» phát lúc "
            f"{_told(other['released_at'])}; bản này không có.",
            f"After the backup broadcast {other['id']} “{other['title']}” was released at "
            f"{_told(other['released_at'])}; it is not in this one.",
        )
    if found.refusals_missing is not None:
        since, until = (_told(found.refusals_missing[k]) for k in ("from", "to"))
        surface.say(
            f"Không rõ ai đã từ chối nhận tin hay xin xóa tên từ {since} đến {until}: chỉ tin khẩn "
            "được đi. Chịu trách nhiệm cho gửi: thêm --without-refusals",
            f"Nobody knows who refused or asked to be erased between {since} and {until}: only "
            "urgent texts go. To let others go all the same: add --without-refusals",
        )
    elif found.refusals_known_until is not None:
        until = _told(found.refusals_known_until)
        surface.say(
            f"Lời từ chối và yêu cầu xóa tên được biết tới {until}.",
            f"Refusals and erasures are known until {until}.",
        )


def _told(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(HANOI):%H:%M %d/%m/%Y}"
