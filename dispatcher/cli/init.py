"""init: a new site from the sample's templates."""

from __future__ import annotations

import difflib
import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from dispatcher.cli.spoken import argument, command, option
from dispatcher.cli.surface import Surface
from dispatcher.db.contacts.areas import read_set, wards_of_set
from dispatcher.domain.areas import unit_in, ward_key
from dispatcher.domain.problems import Problem, Say, settings
from dispatcher.domain.sms import folded

SAMPLE = Path(__file__).resolve().parents[2]
SHIPPED, SHIPPED_DISTRICT = "ngo-quyen-2023", "ngo quyen"
OWN_AREAS = "areas.csv"  # a site's own areas, copied beside its settings
COLUMNS = "code, kind, name, parent, valid_from, valid_to, aliases"
NAMELESS = "UBND phường"  # what a site is called until somebody names it
ALL = ("all", "tat ca")

_TOML = """# Cấu hình của một trang dispatcher. Giải thích: docs/ và README.
[site]
name = "{name}"
mode = "drill"                     # drill: chạy thử, không tin nào rời máy · live: gửi thật
language = "{language}"
database = "data/site.db"

[areas]
set = "{areas}"             # bộ địa bàn có sẵn, hoặc một tệp CSV của bạn

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


def _known(name: str, wards: str, areas: str | None) -> None:
    """Refuse a site of a unit that its set of areas does not have; before anything is made.

    Wards that are named count; else the name of the organisation says which unit it is.
    """
    place = Path(areas) if areas else Path(SHIPPED)
    try:
        known = wards_of_set(read_set(place.name, place.parent))
    except (Problem, KeyError, AttributeError) as error:
        raise Problem(
            "bad-area-set",
            f"Không đọc được tệp địa bàn {areas} ({error}). Cần tệp CSV với các cột: {COLUMNS}.",
            f"The areas {areas} cannot be read ({error}). It takes a CSV file with the columns: "
            f"{COLUMNS}.",
        ) from None
    listed = [w.strip() for w in wards.split(",") if w.strip()]
    for ward in listed:
        if ward_key(ward) not in known and ward not in known and folded(ward) not in ALL:
            raise _no_such_unit(ward, known, areas)
    if listed or name == NAMELESS or unit_in(name, known) is not None:
        return
    if areas is None and f"quan {SHIPPED_DISTRICT}" in folded(name):
        return
    raise _no_such_unit(name, known, areas)


def _no_such_unit(unit: str, known: Mapping[str, str], areas: str | None) -> Problem:
    names = list(dict.fromkeys(known.values()))
    close = difflib.get_close_matches(ward_key(unit), list(known), 1, 0.7)
    near = known[close[0]] if close else ""
    perhaps = Say(f"Có phải ý bạn là {near}? ", f"Did you mean {near}? ") if near else Say("", "")
    shown = ", ".join(names[:20]) + (" …" if len(names) > 20 else "")
    place = areas or SHIPPED
    return Problem(
        "unknown-unit",
        f"Bộ địa bàn {place} không có «{unit}». {perhaps.vi}Có: {shown}. Chọn một trong số đó "
        "bằng --unit TÊN, hoặc đưa tệp địa bàn của mình: --areas TỆP.csv (các cột: "
        f"{COLUMNS}). Chưa tạo gì.",
        f"The areas {place} have no “{unit}”. {perhaps.en}There are: {shown}. Choose one of them "
        f"with --unit NAME, or bring areas of your own: --areas FILE.csv (columns: {COLUMNS}). "
        "Nothing was made.",
    )


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
    if (root / "dispatcher.toml").exists():
        raise Problem(
            "site-exists",
            f"{folder} đã là một trang; chọn thư mục khác.",
            f"{folder} is a site already; choose another folder.",
        )
    name, wards, brandname = _asked(surface, name, wards or unit, brandname)
    for answer in (name, wards, brandname):
        if '"' in answer or "\n" in answer or "\\" in answer:
            raise Problem("bad-name", "Tên không được có dấu nháy kép.", "No quotes in a name.")
    _known(name, wards, areas)
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
        if areas:
            shutil.copyfile(areas, root / OWN_AREAS)
        (root / ".gitignore").write_text("data/\nkeys/\ncontacts/\n", encoding="utf-8")
        (root / "dispatcher.toml").write_text(
            _TOML.format(
                name=name,
                language=surface.language,
                areas=OWN_AREAS if areas else SHIPPED,
                senders=_senders(name, wards, brandname),
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
