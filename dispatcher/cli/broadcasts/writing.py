"""broadcasts: create, edit, attach, test."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from dispatcher.cli.broadcasts.told import as_json, broadcast_id, told
from dispatcher.cli.contacts.typed import lines
from dispatcher.cli.days import read_day
from dispatcher.cli.spoken import argument, command, gathered, option
from dispatcher.cli.surface import Surface
from dispatcher.cli.templates import pairs
from dispatcher.domain.model import Audience
from dispatcher.domain.problems import Problem, Say
from dispatcher.usecases import broadcasts, broadcasts_views
from dispatcher.usecases.broadcasts import Changes, NewBroadcast


@dataclass(frozen=True)
class _Chosen:
    """What create and edit are both told: people, blanks, the document it rests on."""

    wards: tuple[str, ...]
    tdp: tuple[str, ...]
    groups: tuple[str, ...]
    excluded: tuple[str, ...]
    fields: tuple[str, ...]
    document_day: str
    document_about: str
    document_agency: str
    document_signer: str

    def audience(self, one_per: str) -> Audience:
        return Audience(self.wards, self.tdp, self.groups, self.excluded, one_per)

    def paper(self) -> dict[str, str]:
        """What is known of the document; its number is kept apart."""
        facts = {
            "day": read_day(self.document_day).isoformat() if self.document_day else "",
            "about": self.document_about.strip(),
            "agency": self.document_agency.strip(),
            "signer": self.document_signer.strip(),
        }
        return {name: value for name, value in facts.items() if value}


@dataclass(frozen=True)
class _Create(_Chosen):
    template: str
    one_per: str
    route: str | None
    title: str
    document: str
    expires_after: str
    hours: str | None
    despite: str
    accented: bool
    rather_twice: bool
    urgent: bool


@dataclass(frozen=True)
class _Edit(_Chosen):
    number_: str
    title: str | None
    document: str | None
    hours: str | None
    expires_after: str | None


def _people(function: Any) -> Any:
    for add in reversed((
        option("--ward", "wards", multiple=True, vi="phường, hoặc all", en="ward, or all",
               complete="ward"),
        option("--residential-group", "--tdp", "tdp", multiple=True, vi="tổ dân phố",
               en="residential group"),
        option("--group", "groups", multiple=True, vi="nhóm", en="group", complete="group"),
        option("--exclude-group", "excluded", multiple=True, vi="trừ nhóm này",
               en="but not this group"),
    )):  # fmt: skip
        function = add(function)
    return function


def _document(function: Any) -> Any:
    for add in reversed((
        option("--document-day", default="", vi="ngày văn bản", en="day of the document"),
        option("--document-about", default="", vi="trích yếu", en="what it is about"),
        option("--document-agency", default="", vi="cơ quan ban hành", en="who issued it"),
        option("--document-signer", default="", vi="người ký", en="who signed it"),
    )):  # fmt: skip
        function = add(function)
    return function


@command(
    "Soạn một đợt gửi (nháp).",
    "Write a broadcast (a draft).",
    "dispatcher broadcasts create --template gia-danh-cong-an --ward 'Máy Tơ'",
)
@option("--template", required=True, vi="mẫu tin", en="template", complete="template")
@_people
@option(
    "--one-per",
    type=click.Choice(["phone", "household"]),
    default="phone",
    vi="mỗi máy hay mỗi hộ một tin",
    en="one message per",
)
@option("--route", vi="thứ tự kênh gửi; không ghi: thứ tự đầu tiên trong [routes]",
        en="route; by default the first of [routes]", complete="route")  # fmt: skip
@option(
    "--set", "fields", multiple=True, vi="điền một ô: tên=giá trị", en="fill a blank: name=value"
)
@option("--title", default="", vi="tên đợt gửi", en="title")
@option("--document", default="", vi="số văn bản", en="document number")
@_document
@option("--expires-after", default="6h", vi="quá bao lâu thì thôi gửi", en="give up after")
@option("--window", "hours", vi="khung giờ, ví dụ 07:00-21:00", en="hours, like 07:00-21:00")
@option("--despite", default="", vi="lý do gửi cả giờ nghỉ trưa", en="why it goes out at noon too")
@option("--accented", is_flag=True, vi="SMS có dấu", en="SMS with diacritics")
@option(
    "--rather-twice",
    is_flag=True,
    vi="thà hai lần còn hơn không (thiên tai)",
    en="rather twice than never (disasters)",
)
@option(
    "--urgent",
    is_flag=True,
    vi="khẩn: đi trước mọi đợt khác, không chờ hủy, cả ban đêm",
    en="urgent: ahead of all others, no undo time, also at night",
)
@gathered(_Create)
def create(surface: Surface, given: _Create) -> None:
    life, window = broadcasts.read_times(given.expires_after, given.hours or "")
    new = NewBroadcast(
        given.template,
        given.audience(given.one_per),
        given.route,
        pairs(given.fields),
        given.title,
        given.document,
        given.paper(),
        life,
        window,
        given.despite,
        given.accented,
        given.rather_twice,
        given.urgent,
    )
    made = broadcasts.create(surface.context(), new)
    if surface.json:
        surface.emit(as_json(made))
    surface.say(f"Đã soạn đợt gửi {made.id} (nháp): {made.title}", f"Draft {made.id}: {made.title}")
    if given.route is None:
        taken = broadcasts_views.usual_route(surface.context())
        surface.say(f"Thứ tự kênh gửi: {taken}", f"Route: {taken}")
    surface.hint(
        f"Xem trước: dispatcher broadcasts preview {made.id}",
        f"Preview: dispatcher broadcasts preview {made.id}",
    )


@command(
    "Sửa một đợt chưa gửi; phần đã duyệt không còn hiệu lực.",
    "Edit what was not sent yet; what was approved of it is void.",
    "dispatcher broadcasts edit 1 --set gio='8h' --as lan",
)
@argument("number_", complete="broadcast")
@option("--set", "fields", multiple=True, vi="điền ô: tên=giá trị", en="fill a blank: name=value")
@option("--title", vi="tên đợt gửi", en="title")
@option("--document", vi="số văn bản", en="document number")
@_document
@_people
@option("--window", "hours", vi="khung giờ", en="hours, like 07:00-21:00")
@option("--expires-after", vi="quá bao lâu thì thôi gửi", en="give up after")
@gathered(_Edit)
def edit(surface: Surface, given: _Edit) -> None:
    context, wanted = surface.context(), broadcast_id(given.number_)
    life, window = broadcasts.read_times(given.expires_after or "6h", given.hours or "")
    was = broadcasts.seen(context, wanted)
    done = broadcasts.edit(
        context,
        wanted,
        Changes(
            pairs(given.fields) or None,
            given.title or None,
            given.document or None,
            given.paper() or None,
            given.audience("") if given.wards or given.groups else None,
            window,
            life if given.expires_after else None,
        ),
    )
    if was.approved_digest is not None and done.approved_digest is None:
        surface.warn(
            "Đợt này đã duyệt; sửa rồi thì phải trình và duyệt lại.",
            "It was approved; now it must be submitted and approved again.",
        )
    told(surface, done)


def read_file(path: str) -> bytes:
    """A file to attach; one that cannot be read is a problem."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise Problem(
            "unreadable",
            f"Không đọc được {path} ({error.strerror}).",
            f"{path} cannot be read ({error.strerror}).",
        ) from None


@command(
    "Đính kèm bài viết, ảnh (PDF, PNG, JPEG, DOCX); hoặc bỏ: --remove.",
    "Attach an article or a picture (PDF, PNG, JPEG, DOCX); or take it away: --remove.",
    "dispatcher broadcasts attach 1 infographic.png --as lan",
)
@argument("number_", complete="broadcast")
@argument("file")
@option("--remove", is_flag=True, vi="bỏ tệp này", en="take it away")
def attach(surface: Surface, number_: str, file: str, remove: bool) -> None:
    wanted, name = broadcast_id(number_), Path(file).name
    if remove:
        done = broadcasts.detach(surface.context(), wanted, name)
    else:
        done = broadcasts.attach(surface.context(), wanted, name, read_file(file))
    told(
        surface,
        done,
        Say(
            f"Bản cho tổ trưởng chuyển tiếp: dispatcher broadcasts share {done.id} --html t.html",
            f"The sheet to pass on: dispatcher broadcasts share {done.id} --html sheet.html",
        ),
    )


@command(
    "Gửi thử đúng tin này tới số của chính mình (không cần duyệt).",
    "Send exactly this to your own number (no approval needed).",
    "dispatcher broadcasts test 1 --to - --as lan",
)
@argument("number_", complete="broadcast")
@option("--to", "to", required=True, vi="số của mình, hoặc - đọc từ đầu vào", en="number, or -")
def test(surface: Surface, number_: str, to: str) -> None:
    wanted, phone = broadcast_id(number_), " ".join(lines((to,)))
    made = broadcasts.test(surface.context(), wanted, phone).id
    if surface.json:
        surface.emit({"broadcast": wanted, "test": made})
    surface.say(
        f"Tin thử là đợt gửi {made}; bộ gửi tin sẽ gửi ngay.",
        f"The test is broadcast {made}; the worker sends it at once.",
    )
    surface.hint(
        f"Bộ gửi tin: dispatcher run --once · Kết quả: dispatcher log messages --broadcast {made}",
        f"The worker: dispatcher run --once · Outcome: dispatcher log messages --broadcast {made}",
    )
