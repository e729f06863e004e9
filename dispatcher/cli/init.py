"""init: a new site from the sample's templates."""

from __future__ import annotations

import shutil
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
# [senders.may-to]
# wards = ["Máy Tơ"]
# name = "UBND phường Máy Tơ"
# brandname = "UBNDMAYTO"

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

[prices]                           # đồng, thay bằng giá trong hợp đồng
sms = 500
zalo = 200
"""


@command(
    "Tạo một trang mới (cấu hình, mẫu tin, thư mục danh bạ và lịch).",
    "Make a new site (settings, templates, folders for lists and schedules).",
    "dispatcher init phuong-may-to --name 'UBND phường Máy Tơ'",
)
@argument("folder")
@option("--name", default="UBND phường", vi="tên trang", en="name of the site")
def init(surface: Surface, folder: str, name: str) -> None:
    root = Path(folder)
    if (root / "dispatcher.toml").exists():
        raise Problem(
            "site-exists",
            f"{folder} đã là một trang; chọn thư mục khác.",
            f"{folder} is a site already; choose another folder.",
        )
    if '"' in name or "\n" in name:
        raise Problem("bad-name", "Tên trang không được có dấu nháy kép.", "No quotes in the name.")
    try:
        root.mkdir(parents=True, exist_ok=True)
        for part in ("templates", "contacts", "schedules"):
            (root / part).mkdir(exist_ok=True)
        if (SAMPLE / "templates").is_dir():
            for path in sorted((SAMPLE / "templates").glob("*.j2")):
                shutil.copyfile(path, root / "templates" / path.name)
        (root / ".gitignore").write_text("data/\nkeys/\ncontacts/\n", encoding="utf-8")
        (root / "dispatcher.toml").write_text(
            _TOML.format(name=name, language=surface.language), encoding="utf-8"
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
