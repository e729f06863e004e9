"""init: a new site from the sample's templates."""

from __future__ import annotations

import sys
from pathlib import Path

from dispatcher.cli.spoken import argument, command, option
from dispatcher.cli.surface import Surface
from dispatcher.usecases import new_site
from dispatcher.usecases.new_site import NAMELESS


def _asked(
    surface: Surface, name: str | None, wards: str | None, brandname: str | None
) -> tuple[str, str, str]:
    """The three answers a site needs; asked only where somebody sits at the terminal."""
    asking = sys.stdin.isatty() and sys.stderr.isatty() and not surface.yes and name is None
    if asking:
        name = _ask(surface, "Tên đơn vị", "Name of the organisation", NAMELESS)
        wards = wards or _ask(
            surface,
            "Phường (cách nhau bởi dấu phẩy, hoặc all)",
            "Wards (separated by commas, or all)",
            "all",
        )
        brandname = brandname or _ask(
            surface, "Tên định danh SMS (bỏ trống nếu chưa có)", "SMS brandname (may be empty)", ""
        )
    return name or NAMELESS, wards or "", brandname or ""


def _ask(surface: Surface, say: Say, default: str) -> str:
    sys.stderr.write(f"{surface.text(say)} [{default}]: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip() or default


@command(
    "Tạo một trang mới (cấu hình, mẫu tin, thư mục danh bạ và lịch).",
    "Make a new site (settings, templates, folders for lists and schedules).",
    "dispatcher init phuong-may-to --name 'UBND phường Máy Tơ'",
)
@argument("folder")
@option("--name", vi="tên đơn vị, ví dụ UBND phường Máy Tơ", en="name of the organisation")
@option(
    "--unit",
    vi="phường của trang, khi tên đơn vị không nói rõ",
    en="its ward, where the name does not say",
)
@option("--areas", vi="tệp CSV địa bàn của mình", en="a CSV file with areas of your own")
@option("--wards", vi="phường, cách nhau bởi dấu phẩy, hoặc all", en="wards, or all")
@option("--brandname", vi="tên định danh SMS đã đăng ký", en="registered SMS brandname")
def init(
    surface: Surface,
    folder: str,
    name: str | None,
    unit: str | None,
    areas: str | None,
    wards: str | None,
    brandname: str | None,
) -> None:
    root = Path(folder)
    new_site.need_empty(root)
    name, wards, brandname = _asked(surface, name, wards or unit, brandname)
    given = new_site.NewSite(name, wards, brandname, areas, surface.language)
    new_site.make(root, given, dry=surface.dry_run)
    if surface.dry_run:
        surface.say(f"Sẽ tạo trang ở {root}.", f"Would make a site in {root}.")
        return
    if surface.json:
        surface.emit({"site": str(root.resolve())})
    surface.say(f"Đã tạo trang ở {root}.", f"Made a site in {root}.")
    surface.say(
        "Danh bạ được mã hóa bằng khóa data/keys/site.key (tạo ở lần dùng đầu). "
        "Mất khóa là mất danh bạ: hãy sao lưu khóa ở chỗ khác với cơ sở dữ liệu.",
        "The list is encrypted under data/keys/site.key (made at first use). "
        "A lost key is a lost list: back it up apart from the database.",
    )
    surface.hint(
        f"Tiếp theo: dispatcher --site {folder} people add TÊN --role admin",
        f"Next: dispatcher --site {folder} people add NAME --role admin",
    )
