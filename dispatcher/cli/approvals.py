"""broadcasts: edit, attach, approve, return, confirm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dispatcher import broadcasts as planning
from dispatcher.broadcasts import app as joined
from dispatcher.broadcasts import wording
from dispatcher.broadcasts.approving import assert_named
from dispatcher.cli import foretold
from dispatcher.cli.broadcasts import acting, broadcast_id, paper_facts, told
from dispatcher.cli.days import read_day
from dispatcher.cli.looking import broadcasts
from dispatcher.cli.spoken import argument, option
from dispatcher.cli.surface import Surface
from dispatcher.cli.templates import pairs
from dispatcher.config import duration, window
from dispatcher.db.broadcasts import broadcasts as rows
from dispatcher.db.broadcasts import files
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.database import Tx
from dispatcher.db.staff import people
from dispatcher.domain import rights
from dispatcher.domain.model import HANOI, Audience
from dispatcher.domain.problems import Problem, Say

__all__ = ["broadcasts"]


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


@broadcasts.verb(
    "edit",
    "Sửa một đợt chưa gửi; phần đã duyệt không còn hiệu lực.",
    "Edit what was not sent yet; what was approved of it is void.",
    "dispatcher broadcasts edit 1 --set gio='8h' --as lan",
)
@argument("number_", complete="broadcast")
@option("--set", "fields", multiple=True, vi="điền ô: tên=giá trị", en="fill a blank: name=value")
@option("--title", vi="tên đợt gửi", en="title")
@option("--document", vi="số văn bản", en="document number")
@option("--document-day", default="", vi="ngày văn bản", en="day of the document")
@option("--document-about", default="", vi="trích yếu", en="what it is about")
@option("--document-agency", default="", vi="cơ quan ban hành", en="who issued it")
@option("--document-signer", default="", vi="người ký", en="who signed it")
@option("--ward", "wards", multiple=True, vi="phường, hoặc all", en="ward, or all", complete="ward")
@option("--residential-group", "--tdp", "tdp", multiple=True, vi="tổ dân phố", en="group of a ward")
@option("--group", "groups", multiple=True, vi="nhóm", en="group", complete="group")
@option("--exclude-group", "excluded", multiple=True, vi="trừ nhóm này", en="but not this group")
@option("--window", "hours", vi="khung giờ", en="hours, like 07:00-21:00")
@option("--expires-after", vi="quá bao lâu thì thôi gửi", en="give up after")
def edit(
    surface: Surface,
    number_: str,
    fields: tuple[str, ...],
    title: str | None,
    document: str | None,
    document_day: str,
    document_about: str,
    document_agency: str,
    document_signer: str,
    wards: tuple[str, ...],
    tdp: tuple[str, ...],
    groups: tuple[str, ...],
    excluded: tuple[str, ...],
    hours: str | None,
    expires_after: str | None,
) -> None:
    app, actor = surface.open_app(), surface.actor()
    changes: dict[str, Any] = {
        name: value for name, value in (("title", title), ("document", document)) if value
    }
    try:
        if hours:
            changes["window"] = window(hours)
        if expires_after:
            changes["expires_after"] = duration(expires_after)
    except ValueError:
        raise Problem(
            "bad-time",
            "--expires-after ghi như 6h, --window ghi như 07:00-21:00.",
            "--expires-after looks like 6h, --window like 07:00-21:00.",
        ) from None
    with app.store.read(actor) as tx:
        broadcast = rows.get(tx, broadcast_id(number_))

    facts = paper_facts(document_day, document_about, document_agency, document_signer)

    def act(tx: Tx, broadcast: Broadcast) -> None:
        if facts:
            changes["paper"] = {**broadcast.paper, **facts}
        if fields:
            filled, version = wording.reworded(app.site, tx, broadcast, pairs(fields), ())
            changes.update(fields=filled, template_version_id=version)
        if wards or groups:
            audience = Audience(wards, tdp, groups, excluded, broadcast.audience.one_per)
            changes.update(audience=audience, senders=joined.senders(app, tx, audience))
        if not changes:
            raise Problem(
                "nothing-to-change",
                "Chưa nói sửa gì: thêm --set, --title, --ward, --window …",
                "Nothing to change: add --set, --title, --ward, --window …",
            )
        planning.edit(tx, broadcast, **changes)

    was_approved = broadcast.approved_digest is not None
    done = acting(surface, number_, "edit", act)
    if was_approved:
        surface.warn(
            "Đợt này đã duyệt; sửa rồi thì phải trình và duyệt lại.",
            "It was approved; now it must be submitted and approved again.",
        )
    told(surface, done)


@broadcasts.verb(
    "attach",
    "Đính kèm bài viết, ảnh (PDF, PNG, JPEG, DOCX); hoặc bỏ: --remove.",
    "Attach an article or a picture (PDF, PNG, JPEG, DOCX); or take it away: --remove.",
    "dispatcher broadcasts attach 1 infographic.png --as lan",
)
@argument("number_", complete="broadcast")
@argument("file")
@option("--remove", is_flag=True, vi="bỏ tệp này", en="take it away")
def attach(surface: Surface, number_: str, file: str, remove: bool) -> None:
    name = Path(file).name
    content = b"" if remove else read_file(file)

    def act(tx: Tx, broadcast: Broadcast) -> None:
        if remove:
            found = next((a for a in files.attached(tx, broadcast.id) if a.name == name), None)
            if found is None:
                raise Problem("no-such-file", f"Không có tệp {name}.", f"No file {name}.")
            planning.edit(tx, broadcast, title=broadcast.title)
            files.detach(tx, broadcast.id, found.file_id)
        else:
            planning.edit(tx, broadcast, title=broadcast.title)
            files.attach(tx, broadcast.id, files.put(tx, content), name)

    done = acting(surface, number_, "attach", act)
    told(
        surface,
        done,
        Say(
            f"Bản cho tổ trưởng chuyển tiếp: dispatcher broadcasts share {done.id} --html t.html",
            f"The sheet to pass on: dispatcher broadcasts share {done.id} --html sheet.html",
        ),
    )


@broadcasts.verb(
    "approve",
    "Duyệt đúng nội dung này; thay người khác: --for; đã ký trên giấy: --paper; sửa câu chữ rồi "
    "duyệt: --set, --replace.",
    "Approve exactly this; for somebody else: --for; signed on paper: --paper; with corrected "
    "wording: --set, --replace.",
    "dispatcher broadcasts approve 1 --as minh",
)
@argument("number_", complete="broadcast")
@option("--for", "principal", vi="ký thay ai (theo ủy quyền)", en="for whom (under a delegation)",
        complete="person")  # fmt: skip
@option("--paper", vi="số văn bản đã ký trên giấy", en="number of the document signed on paper")
@option("--signed-by", vi="ai đã ký trên giấy", en="who signed the paper", complete="person")
@option("--day", vi="ngày ký", en="day of the signature")
@option("--scan", vi="ảnh chụp văn bản đã ký", en="scan of the signed paper")
@option("--set", "fields", multiple=True, vi="sửa một ô: tên=giá trị", en="correct a blank")
@option("--replace", "phrases", nargs=2, multiple=True, vi="đổi câu chữ: CŨ MỚI", en="OLD NEW")
@option("--note", default="", vi="lời nhắn cho người soạn", en="a word to the author")
def approve(
    surface: Surface,
    number_: str,
    principal: str | None,
    paper: str | None,
    signed_by: str | None,
    day: str | None,
    scan: str | None,
    fields: tuple[str, ...],
    phrases: tuple[tuple[str, str], ...],
    note: str,
) -> None:
    app = surface.open_app()
    content = read_file(scan) if scan else None

    def act(tx: Tx, broadcast: Broadcast) -> None:
        if fields or phrases:
            filled, version = wording.reworded(app.site, tx, broadcast, pairs(fields), phrases)
            planning.offer(tx, broadcast, filled, version, note)
        elif paper is not None:
            if signed_by is None:
                raise Problem(
                    "who-signed", "Ai đã ký: --signed-by TÊN", "Who signed it: --signed-by NAME"
                )
            assert_named(tx.actor)
            signer = people.actor(tx, signed_by)
            on = read_day(day) if day else tx.now.astimezone(HANOI).date()
            kept = files.put(tx, content) if content is not None else None
            planning.approve_on_paper(tx, broadcast, signer, paper, on, kept)
        else:
            of = people.actor(tx, principal).person_id if principal else None
            planning.approve(tx, broadcast, of)

    with app.store.read(surface.actor()) as tx:
        waiting = rows.get(tx, broadcast_id(number_))
    foretold.tell_times(surface, waiting)
    done = acting(surface, number_, "approve", act, by_the_clock=True)
    if fields or phrases:
        told(
            surface,
            done,
            Say(
                f"Người soạn xác nhận: dispatcher broadcasts confirm {done.id} --as TÊN",
                f"Its author confirms: dispatcher broadcasts confirm {done.id} --as NAME",
            ),
        )
        return
    told(
        surface,
        done,
        Say(
            f"Đặt giờ: dispatcher broadcasts schedule {done.id} [--at '08:00']",
            f"Set the time: dispatcher broadcasts schedule {done.id} [--at 08:00]",
        ),
    )


@broadcasts.verb(
    "return",
    "Trả lại kèm lý do.",
    "Return with a reason.",
    "dispatcher broadcasts return 1 --reason 'Ghi rõ giờ' --as minh",
)
@argument("number_", complete="broadcast")
@option("--reason", required=True, vi="lý do", en="reason")
def send_back(surface: Surface, number_: str, reason: str) -> None:
    told(
        surface,
        acting(surface, number_, "return", lambda tx, b: planning.send_back(tx, b, reason)),
    )


@broadcasts.verb(
    "confirm",
    "Xác nhận câu chữ lãnh đạo đã sửa: một bước là đã duyệt.",
    "Confirm the wording a leader corrected: one step, and it is approved.",
    "dispatcher broadcasts confirm 1 --as lan",
)
@argument("number_", complete="broadcast")
def confirm(surface: Surface, number_: str) -> None:
    app, actor = surface.open_app(), surface.actor()
    with app.store.read(actor) as tx:
        broadcast = rows.get(tx, broadcast_id(number_))
        rights.need(actor, rights.WRITERS, "xác nhận", "confirm")
        reworded = joined.as_offered(tx, broadcast)
    found = joined.preview(app, actor, reworded)
    done = acting(surface, number_, "confirm", lambda tx, b: planning.confirm(tx, b, found))
    told(surface, done)
