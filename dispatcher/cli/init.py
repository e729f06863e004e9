"""init: a new site from the sample's templates."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from dispatcher.cli.spoken import argument, command, option
from dispatcher.cli.surface import Surface
from dispatcher.problems import Problem, settings

SAMPLE = Path(__file__).resolve().parents[2]

_TOML = """# Cấu hình của một trang dispatcher. Giải thích: docs/ và README.
[site]
name = "{name}"
mode = "drill"                     # drill: chạy thử, không tin nào rời máy · live: gửi thật
language = "{language}"
database = "data/site.db"

[areas]
set = "ngo-quyen-2023"             # bộ địa bàn có sẵn, hoặc một tệp CSV của bạn

# Mỗi đơn vị ký tên một mục; bắt buộc khi gửi thật.
{senders}

[gateways.esms]
adapter = "esms"
api_key = {{ env = "ESMS_API_KEY" }}
secret_key = {{ env = "ESMS_SECRET_KEY" }}

[gateways.zalo]
adapter = "zalo"
app_id = ""
app_secret = {{ env = "ZALO_APP_SECRET" }}
oa_secret = {{ env = "ZALO_OA_SECRET" }}

[routes.zalo-then-sms]
steps = [ {{ gateway = "zalo", deadline = "30m" }}, {{ gateway = "esms" }} ]

[routes.sms]
steps = [ {{ gateway = "esms" }} ]

[windows]
default = "07:00-22:00"

[courtesy]                         # phép lịch sự của mình; tin khẩn không theo
tet = true                         # không bắt đầu gửi từ giao thừa tới mùng 3
# lunch = "12:00-13:30"            # nghỉ trưa

[prices]                           # đồng, thay bằng giá trong hợp đồng
sms = 500
zalo = 200
zalo_uid = 140                     # mỗi tin, khi người nhận đã cho OA biết số điện thoại
"""


def _asked(
    surface: Surface, name: str | None, wards: str | None, brandname: str | None
) -> tuple[str, str, str]:
    """The three answers a site needs; asked only where somebody sits at the terminal."""
    asking = sys.stdin.isatty() and sys.stderr.isatty() and not surface.yes and name is None
    if asking:
        name = _ask(surface, "Tên đơn vị", "Name of the organisation", "UBND phường")
        wards = wards or _ask(
            surface,
            "Phường (cách nhau bởi dấu phẩy, hoặc all)",
            "Wards (separated by commas, or all)",
            "all",
        )
        brandname = brandname or _ask(
            surface, "Tên định danh SMS (bỏ trống nếu chưa có)", "SMS brandname (may be empty)", ""
        )
    return name or "UBND phường", wards or "", brandname or ""


def _ask(surface: Surface, vi: str, en: str, default: str) -> str:
    sys.stderr.write(f"{surface.text(vi, en)} [{default}]: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip() or default


def _senders(name: str, wards: str, brandname: str) -> str:
    """The [senders] section: filled in when wards were named, else as a commented example."""
    if not wards:
        return (
            '# [senders.may-to]\n# wards = ["Máy Tơ"]\n# name = "UBND phường Máy Tơ"\n'
            '# brandname = "UBNDMAYTO"'
        )
    listed = [w.strip() for w in wards.split(",") if w.strip()]
    chosen = (
        '"all"'
        if [w.casefold() for w in listed] == ["all"]
        else json.dumps(listed, ensure_ascii=False)
    )
    brand = f'brandname = "{brandname}"' if brandname else '# brandname = "…"   # khi đã đăng ký'
    return f'[senders.don-vi]\nwards = {chosen}\nname = "{name}"\n{brand}'


@command(
    "Tạo một trang mới (cấu hình, mẫu tin, thư mục danh bạ và lịch).",
    "Make a new site (settings, templates, folders for lists and schedules).",
    "dispatcher init phuong-may-to --name 'UBND phường Máy Tơ'",
)
@argument("folder")
@option("--name", vi="tên đơn vị, ví dụ UBND phường Máy Tơ", en="name of the organisation")
@option("--wards", vi="phường, cách nhau bởi dấu phẩy, hoặc all", en="wards, or all")
@option("--brandname", vi="tên định danh SMS đã đăng ký", en="registered SMS brandname")
def init(
    surface: Surface, folder: str, name: str | None, wards: str | None, brandname: str | None
) -> None:
    root = Path(folder)
    if (root / "dispatcher.toml").exists():
        raise Problem(
            "site-exists",
            f"{folder} đã là một trang; chọn thư mục khác.",
            f"{folder} is a site already; choose another folder.",
        )
    name, wards, brandname = _asked(surface, name, wards, brandname)
    for answer in (name, wards, brandname):
        if '"' in answer or "\n" in answer or "\\" in answer:
            raise Problem("bad-name", "Tên không được có dấu nháy kép.", "No quotes in a name.")
    if surface.dry_run:
        surface.say(f"Sẽ tạo trang ở {root}.", f"Would make a site in {root}.")
        return
    try:
        root.mkdir(parents=True, exist_ok=True)
        for part in ("templates", "contacts", "schedules"):
            (root / part).mkdir(exist_ok=True)
        if (SAMPLE / "templates").is_dir():
            for path in sorted((SAMPLE / "templates").glob("*.j2")):
                shutil.copyfile(path, root / "templates" / path.name)
        (root / ".gitignore").write_text("data/\nkeys/\ncontacts/\n", encoding="utf-8")
        (root / "dispatcher.toml").write_text(
            _TOML.format(
                name=name, language=surface.language, senders=_senders(name, wards, brandname)
            ),
            encoding="utf-8",
        )
    except OSError as error:
        raise settings(
            "cannot-write",
            f"Không ghi được vào {folder}: {error.strerror}.",
            f"Cannot write to {folder}: {error.strerror}.",
        ) from None
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
