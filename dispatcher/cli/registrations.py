"""gateways: register, registrations, dossier: what vendors let through, and asking them to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import click

from dispatcher import templating
from dispatcher.broadcasts import registered
from dispatcher.cli.gateways import named
from dispatcher.cli.spoken import argument, option
from dispatcher.cli.surface import Surface
from dispatcher.cli.tables import cannot_write, write_table
from dispatcher.cli.vendors import gateways
from dispatcher.db.broadcasts import registrations as rows
from dispatcher.db.broadcasts.registrations import Registration
from dispatcher.domain import rights
from dispatcher.domain.model import HANOI, Registered
from dispatcher.domain.phone import CARRIERS
from dispatcher.domain.problems import Problem
from dispatcher.reports import reporting

__all__ = ["gateways"]

GIVEN = (Registered.SUBMITTED, Registered.APPROVED, Registered.REJECTED)
FORMS = {"sms": "SMS không dấu", "sms_accented": "SMS có dấu", "zalo": "Zalo"}


@gateways.verb(
    "register",
    "Ghi lại: mẫu tin đã nộp, được duyệt hay bị từ chối ở nhà cung cấp, theo mạng.",
    "Note that a template was handed in, approved or rejected at a vendor, per network.",
    "dispatcher gateways register esms khung-canh-bao --state approved --carrier Viettel",
)
@argument("name", complete="gateway")
@argument("template", complete="template")
@option("--form", type=click.Choice(registered.FORMS), default="sms", vi="dạng chữ", en="form")
@option("--carrier", default="", vi="mạng (bỏ trống: mọi mạng)", en="network (empty: all)")
@option(
    "--state", type=click.Choice([s.value for s in GIVEN]), required=True, vi="kết quả", en="state"
)
@option("--date", "day", default="", vi="ngày, như 2026-12-01", en="day, like 2026-12-01")
@option("--until", default="", vi="có giá trị đến ngày", en="valid until")
@option("--id", "vendor_id", default="", vi="mã của nhà cung cấp", en="the vendor's id")
@option("--note", default="", vi="lý do, ghi chú", en="reason, note")
def register(
    surface: Surface,
    name: str,
    template: str,
    form: str,
    carrier: str,
    state: str,
    day: str,
    until: str,
    vendor_id: str,
    note: str,
) -> None:
    app, actor = surface.open_app(), surface.actor()
    named(app.site, name)
    loaded = templating.load(app.templates, template)
    if form not in loaded.blocks:
        raise Problem(
            "no-form",
            f"Mẫu «{loaded.name}» không có khối {form}.",
            f"Template “{loaded.name}” has no block {form}.",
        )
    network = {c.lower(): c for c in CARRIERS.values()}.get(carrier.lower(), "")
    if carrier and not network:
        known = ", ".join(sorted(set(CARRIERS.values())))
        raise Problem("carrier", f"Các mạng: {known}.", f"The networks: {known}.")
    if state == Registered.REJECTED.value and not note:
        raise Problem(
            "why", "Ghi lý do bị từ chối: --note '…'", "Say why it was rejected: --note '…'"
        )
    today = app.clock().astimezone(HANOI).date()
    found = Registration(
        name,
        loaded.name,
        form,
        network,
        templating.frame(loaded, loaded.blocks[form]).digest,
        Registered(state),
        _day(day) or today,
        _day(until),
        vendor_id,
        note,
    )
    rights.need_site(actor, "ghi việc đăng ký mẫu", "note a registration", rights.WRITERS)
    with app.begin(actor)() as tx:
        rows.put(tx, found)
    if surface.json:
        surface.emit(_as_json(found, found.digest, today))
    words = registered.WORDS[found.state]
    surface.say(f"{name} · {loaded.name}: {words.vi}.", f"{name} · {loaded.name}: {words.en}.")
    surface.hint(
        f"Xem tất cả: dispatcher gateways registrations {name}",
        f"See all: dispatcher gateways registrations {name}",
    )


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Problem(
            "bad-date",
            f"«{text}» không phải ngày; ghi như 2026-12-01.",
            f"“{text}” is no date; write it like 2026-12-01.",
        ) from None


def _as_json(r: Registration, digest: str, today: date) -> dict[str, Any]:
    return {
        "gateway": r.gateway,
        "template": r.template,
        "form": r.form,
        "carrier": r.carrier,
        "state": r.standing(digest, today).value,
        "date": r.day.isoformat(),
        "until": r.until.isoformat() if r.until else None,
        "id": r.vendor_id,
        "note": r.note,
    }


@gateways.verb(
    "registrations",
    "Mẫu nào đã đăng ký ở nhà cung cấp nào, kết quả, hạn; tên định danh sắp hết hạn.",
    "What is registered where, the answer, until when; names that end soon.",
    "dispatcher gateways registrations",
)
@argument("name", required=False, complete="gateway")
def registrations(surface: Surface, name: str | None) -> None:
    app = surface.open_app()
    today = app.clock().astimezone(HANOI).date()
    files = templating.template_files(app.templates)
    with app.store.read(surface.actor()) as tx:
        held = rows.listed(tx, name)
        soon = registered.endings(tx, app.site, today)
    told = [_as_json(r, _digest(app.templates, files, r), today) for r in held]
    if surface.json:
        surface.emit(told)
        return
    for t in told:
        words = registered.WORDS[Registered(t["state"])]
        where = f"{t['gateway']} {t['carrier']}".strip()
        until = f" → {t['until']}" if t["until"] else ""
        note = f" ({t['note']})" if t["note"] else ""
        what = f"{where} · {t['template']} [{t['form']}]"
        surface.say(
            f"{what}: {words.vi}, {t['date']}{until}{note}",
            f"{what}: {words.en}, {t['date']}{until}{note}",
        )
    if not told:
        surface.say("Chưa ghi lần đăng ký nào.", "No registration is noted.")
    for ending in soon:
        surface.warn(
            f"{ending.what.vi} hết hạn ngày {ending.day:%d/%m/%Y}: làm hồ sơ gia hạn.",
            f"{ending.what.en} ends on {ending.day}: renew it.",
        )
    surface.hint(
        "Hồ sơ đăng ký: dispatcher gateways dossier CỔNG --output THƯ_MỤC",
        "The dossier: dispatcher gateways dossier GATEWAY --output DIR",
    )


def _digest(folder: Path, files: dict[str, Path], r: Registration) -> str:
    """The digest of a template's frame as it is now; "" when it is gone."""
    if r.template not in files:
        return ""
    template = templating.load(folder, r.template)
    block = template.blocks.get(r.form)
    return templating.frame(template, block).digest if block else ""


@gateways.verb(
    "dossier",
    "Hồ sơ đăng ký: công văn (mở bằng Word) và danh sách mẫu {P1,n} (XLSX).",
    "The application: a letter (opens in Word) and the list of templates {P1,n} (XLSX).",
    "dispatcher gateways dossier esms --output ho-so",
)
@argument("name", complete="gateway")
@argument("names", nargs=-1, complete="template")
@option("--output", required=True, vi="thư mục", en="folder")
def dossier(surface: Surface, name: str, names: tuple[str, ...], output: str) -> None:
    app = surface.open_app()
    named(app.site, name)
    files = templating.template_files(app.templates)
    chosen = names or tuple(n for n in files if n.startswith(templating.FRAMES)) or tuple(files)
    listed = list(_listed(app.templates, chosen))
    folder = Path(output)
    letter = reporting.letter(
        app.site.name,
        name,
        app.clock().astimezone(HANOI).year,
        [
            {"name": s.name, "brandname": s.brandname,
             "until": f"{s.brandname_until:%d/%m/%Y}" if s.brandname_until else ""}
            for _, s in app.site.senders.values()
        ],
        listed,
    )  # fmt: skip
    if not surface.dry_run:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "cong-van-dang-ky.html").write_text(letter, encoding="utf-8")
        except OSError as error:
            raise cannot_write(folder, error) from None
        write_table(
            folder / "danh-sach-mau.xlsx",
            ["STT", "Mẫu", "Tên mẫu", "Loại tin", "Dạng chữ", "Nội dung đăng ký",
             "Chỗ trống", "Ví dụ"],
            [[i, t["name"], t["title"], t["kind"], t["form"], t["text"], t["blanks"], t["example"]]
             for i, t in enumerate(listed, 1)],
        )  # fmt: skip
    if surface.json:
        surface.emit({"folder": str(folder), "templates": len(listed)})
    surface.say(
        f"{len(listed)} mẫu → {folder}/cong-van-dang-ky.html, {folder}/danh-sach-mau.xlsx",
        f"{len(listed)} templates → {folder}/cong-van-dang-ky.html, {folder}/danh-sach-mau.xlsx",
    )
    surface.hint(
        f"Nộp xong, ghi lại: dispatcher gateways register {name} MẪU --state submitted",
        f"Once handed in, note it: dispatcher gateways register {name} TEMPLATE --state submitted",
    )


def _listed(folder: Path, names: tuple[str, ...]) -> Iterator[dict[str, str]]:
    for name in names:
        template = templating.load(folder, name)
        filled = {f.name: "8" if f.most <= 10 else f.label for f in template.fields.values()}
        values = templating.Sample().values(template, filled)
        for form in ("sms", "sms_accented"):
            block = template.blocks.get(form)
            if block is None:
                continue
            frame = templating.frame(template, block)
            labels = {f.name: f.label for f in template.fields.values()}
            yield {
                "name": name,
                "title": template.title,
                "kind": template.kind.value,
                "form": FORMS[form],
                "text": frame.text,
                "blanks": "; ".join(
                    f"P{b.number}: {labels.get(b.name, b.name)}, ≤ {b.longest}"
                    for b in frame.blanks
                ),
                "example": templating.render(template, block, values).body,
            }
