"""A new site is made: its settings, the sample's templates, folders for lists and schedules.

Comes from: `init`.   Goes to: a folder.   Never: makes half a site, or one of a unit nobody knows.
"""

from __future__ import annotations

import difflib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dispatcher.db.contacts.areas import read_set, wards_of_set
from dispatcher.domain.areas import unit_in, ward_key
from dispatcher.domain.problems import Problem, settings
from dispatcher.domain.sms import folded
from dispatcher.i18n import NOTHING, Say

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


@dataclass(frozen=True)
class NewSite:
    """What a site is made of. `wards`: names separated by commas, or "all"; `areas`: a file of the
    organisation's own areas, None for the shipped ones."""

    name: str = NAMELESS
    wards: str = ""
    brandname: str = ""
    areas: str | None = None
    language: str = "vi"


def need_empty(root: Path) -> None:
    """Refuse a folder that holds a site."""
    if (root / "dispatcher.toml").exists():
        raise Problem(
            "site-exists",
            Say("{root} is a site already; choose another folder.", root=root),
        )


def make(root: Path, given: NewSite, *, dry: bool = False) -> None:
    """Make a site in a folder; `dry`: only look whether it could be made."""
    need_empty(root)
    for answer in (given.name, given.wards, given.brandname):
        if '"' in answer or "\n" in answer or "\\" in answer:
            raise Problem("bad-name", Say("No quotes in a name."))
    _known(given.name, given.wards, given.areas)
    if dry:
        return
    try:
        root.mkdir(parents=True, exist_ok=True)
        for part in ("templates", "contacts", "schedules"):
            (root / part).mkdir(exist_ok=True)
        if (SAMPLE / "templates").is_dir():
            for path in sorted((SAMPLE / "templates").glob("*.j2")):
                shutil.copyfile(path, root / "templates" / path.name)
        if given.areas:
            shutil.copyfile(given.areas, root / OWN_AREAS)
        (root / ".gitignore").write_text("data/\nkeys/\ncontacts/\n", encoding="utf-8")
        (root / "dispatcher.toml").write_text(
            _TOML.format(
                name=given.name,
                language=given.language,
                areas=OWN_AREAS if given.areas else SHIPPED,
                senders=_senders(given.name, given.wards, given.brandname),
            ),
            encoding="utf-8",
        )
    except OSError as error:
        raise settings(
            "cannot-write",
            Say("Cannot write to {root}: {strerror}.", root=root, strerror=error.strerror),
        ) from None


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
            Say(
                "The areas {areas} cannot be read ({error}). It takes a CSV file with "
                "the columns: {columns}.",
                areas=areas,
                error=error,
                columns=COLUMNS,
            ),
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
    perhaps = Say("Did you mean {near}? ", near=near) if near else NOTHING
    shown = ", ".join(names[:20]) + (" …" if len(names) > 20 else "")
    place = areas or SHIPPED
    return Problem(
        "unknown-unit",
        Say(
            "The areas {place} have no “{unit}”. {perhaps}There are: {shown}. Nothing was made.",
            place=place,
            unit=unit,
            perhaps=perhaps,
            shown=shown,
            columns=COLUMNS,
        ),
    )
