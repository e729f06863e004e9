"""What vendors were asked to let through: noted, listed, and the letter that asks for it.

Comes from: officers, the site's templates.   Goes to: the registrations, a dossier of files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from dispatcher import templating
from dispatcher.broadcasts import registrations
from dispatcher.broadcasts.registrations import ExpiringTerm
from dispatcher.db.broadcasts import registrations as text_registrations
from dispatcher.db.broadcasts.registrations import Registration
from dispatcher.domain import rights
from dispatcher.domain.model import HANOI, Registered
from dispatcher.domain.phone import CARRIERS
from dispatcher.domain.problems import Problem
from dispatcher.i18n import Say, Spoken
from dispatcher.reports import reporting
from dispatcher.usecases.context import Context
from dispatcher.usecases.gateways import named

GIVEN = (Registered.SUBMITTED, Registered.APPROVED, Registered.REJECTED)  # what can be noted
FORMS = registrations.FORMS
FORM_NAMES = {"sms": "SMS không dấu", "sms_accented": "SMS có dấu", "zalo": "Zalo"}


@dataclass(frozen=True)
class NewRegistration:
    """What an officer notes. `carrier`: a network, or empty for all; days are like 2026-12-01."""

    gateway: str
    template: str
    state: str
    form: str = "sms"
    carrier: str = ""
    day: str = ""
    until: str = ""
    vendor_id: str = ""
    note: str = ""


@dataclass(frozen=True)
class ListedRegistration:
    """A registration, and what it is worth today."""

    registration: Registration
    standing: Registered

    @property
    def words(self) -> Spoken:
        return registrations.WORDS[self.standing]

    def as_json(self) -> dict[str, Any]:
        r = self.registration
        return {
            "gateway": r.gateway,
            "template": r.template,
            "form": r.form,
            "carrier": r.carrier,
            "state": self.standing.value,
            "date": r.day.isoformat(),
            "until": r.until.isoformat() if r.until else None,
            "id": r.vendor_id,
            "note": r.note,
        }


def register(context: Context, given: NewRegistration) -> ListedRegistration:
    """Note that a template was handed in, approved or rejected at a vendor, per network."""
    app = context.app
    with context.act("register", "gateway", given.gateway) as tx:
        rights.need_site(context.actor, Say("note a registration"), rights.WRITERS)
        named(app.site, given.gateway)
        found = _read(app.templates, given, _today(context))
        text_registrations.put(tx, found)
    return ListedRegistration(found, found.standing(found.digest, _today(context)))


def _read(folder: Path, given: NewRegistration, today: date) -> Registration:
    loaded = templating.load(folder, given.template)
    if given.form not in loaded.blocks:
        raise Problem(
            "no-form",
            Say("Template “{name}” has no block {form}.", name=loaded.name, form=given.form),
        )
    network = {c.lower(): c for c in CARRIERS.values()}.get(given.carrier.lower(), "")
    if given.carrier and not network:
        known = ", ".join(sorted(set(CARRIERS.values())))
        raise Problem("carrier", Say("The networks: {known}.", known=known))
    if given.state == Registered.REJECTED.value and not given.note:
        raise Problem("why", Say("It is not said why it was rejected."))
    return Registration(
        given.gateway,
        loaded.name,
        given.form,
        network,
        templating.frame(loaded, loaded.blocks[given.form]).digest,
        Registered(given.state),
        _day(given.day) or today,
        _day(given.until),
        given.vendor_id,
        given.note,
    )


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Problem(
            "bad-date",
            Say("“{text}” is no date; write it like 2026-12-01.", text=text),
        ) from None


def _today(context: Context) -> date:
    return context.app.clock().astimezone(HANOI).date()


def list_registrations(
    context: Context, gateway: str | None = None
) -> tuple[list[ListedRegistration], list[ExpiringTerm]]:
    """What is registered, at one gateway or at all; names, contracts and texts that end soon."""
    app, today = context.app, _today(context)
    files = templating.template_files(app.templates)
    with context.read() as tx:
        held, soon = (
            text_registrations.list_registrations(tx, gateway),
            registrations.endings(tx, app.site, today),
        )
    return [
        ListedRegistration(r, r.standing(_digest(app.templates, files, r), today)) for r in held
    ], soon


def _digest(folder: Path, files: dict[str, Path], r: Registration) -> str:
    """The digest of a template's frame as it is now; "" when it is gone."""
    if r.template not in files:
        return ""
    template = templating.load(folder, r.template)
    block = template.blocks.get(r.form)
    return templating.frame(template, block).digest if block else ""


# --- the dossier --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Dossier:
    """An application to a vendor: the letter as a page, and the rows of its list of templates."""

    letter: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Any]]


HEADS = ("STT", "Mẫu", "Tên mẫu", "Loại tin", "Dạng chữ", "Nội dung đăng ký", "Chỗ trống", "Ví dụ")


def dossier(context: Context, gateway: str, names: Sequence[str] = ()) -> Dossier:
    """The application for some templates; for the frames of the site where none is named, or for
    all its templates where it has no frames."""
    app = context.app
    named(app.site, gateway)
    files = templating.template_files(app.templates)
    chosen = names or tuple(n for n in files if n.startswith(templating.FRAMES)) or tuple(files)
    found = list(_texts(app.templates, chosen))
    senders = [
        {
            "name": s.name,
            "brandname": s.brandname,
            "until": f"{s.brandname_until:%d/%m/%Y}" if s.brandname_until else "",
        }
        for _, s in app.site.senders.values()
    ]
    letter = reporting.letter(app.site.name, gateway, _today(context).year, senders, found)
    keys = ("name", "title", "kind", "form", "text", "blanks", "example")
    return Dossier(letter, HEADS, [[i, *(t[k] for k in keys)] for i, t in enumerate(found, 1)])


def _texts(folder: Path, names: Sequence[str]) -> Iterator[dict[str, str]]:
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
                "form": FORM_NAMES[form],
                "text": frame.text,
                "blanks": "; ".join(
                    f"P{b.number}: {labels.get(b.name, b.name)}, ≤ {b.longest}"
                    for b in frame.blanks
                ),
                "example": templating.render(template, block, values).body,
            }
