"""gateways: register, registrations, dossier: what vendors let through, and asking them to."""

from __future__ import annotations

from pathlib import Path

import click

from dispatcher.cli.gateways.group import gateways
from dispatcher.cli.spoken import argument, option
from dispatcher.cli.surface import Surface
from dispatcher.cli.tables import cannot_write, write_table
from dispatcher.i18n import Say, pgettext
from dispatcher.usecases import registrations as use


@gateways.verb(
    "register",
    Say("Note that a template was handed in, approved or rejected at a vendor, per network."),
    "dispatcher gateways register esms khung-canh-bao --state approved --carrier Viettel",
)
@argument("name", complete="gateway")
@argument("template", complete="template")
@option("--form", type=click.Choice(use.FORMS), default="sms", say=Say("form"))
@option("--carrier", default="", say=Say("network (empty: all)"))
@option(
    "--state",
    type=click.Choice([s.value for s in use.GIVEN]),
    required=True,
    say=pgettext("result", "state"),
)
@option("--date", "day", default="", say=Say("day, like 2026-12-01"))
@option("--until", default="", say=Say("valid until"))
@option("--id", "vendor_id", default="", say=Say("the vendor's id"))
@option("--note", default="", say=Say("reason, note"))
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
    found = use.register(
        surface.context(),
        use.NewRegistration(name, template, state, form, carrier, day, until, vendor_id, note),
    )
    if surface.json:
        surface.emit(found.as_json())
    where = f"{name} · {found.registration.template}"
    surface.say(f"{where}: {surface.text(found.words)}.")
    surface.hint(
        Say("See all: dispatcher gateways registrations {name}", name=name),
    )


@gateways.verb(
    "registrations",
    Say("What is registered where, the answer, until when; names that end soon."),
    "dispatcher gateways registrations",
)
@argument("name", required=False, complete="gateway")
def registrations(surface: Surface, name: str | None) -> None:
    told, soon = use.listed(surface.context(), name)
    if surface.json:
        surface.emit([t.as_json() for t in told])
        return
    for t in told:
        r = t.registration
        where = f"{r.gateway} {r.carrier}".strip()
        until = f" → {r.until}" if r.until else ""
        note = f" ({r.note})" if r.note else ""
        what = f"{where} · {r.template} [{r.form}]"
        surface.say(f"{what}: {surface.text(t.words)}, {r.day}{until}{note}")
    if not told:
        surface.say(Say("No registration is noted."))
    for ending in soon:
        surface.warn(
            Say("{what} ends on {day}: renew it.", what=ending.what, day=ending.day),
        )
    surface.hint(
        Say("The dossier: dispatcher gateways dossier GATEWAY --output DIR"),
    )


@gateways.verb(
    "dossier",
    Say("The application: a letter (opens in Word) and the list of templates {P1,n} (XLSX)."),
    "dispatcher gateways dossier esms --output ho-so",
)
@argument("name", complete="gateway")
@argument("names", nargs=-1, complete="template")
@option("--output", required=True, say=Say("folder"))
def dossier(surface: Surface, name: str, names: tuple[str, ...], output: str) -> None:
    found, folder = use.dossier(surface.context(), name, names), Path(output)
    if not surface.dry_run:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "cong-van-dang-ky.html").write_text(found.letter, encoding="utf-8")
        except OSError as error:
            raise cannot_write(folder, error) from None
        write_table(folder / "danh-sach-mau.xlsx", found.heads, found.rows)
    if surface.json:
        surface.emit({"folder": str(folder), "templates": len(found.rows)})
    files = f"{folder}/cong-van-dang-ky.html, {folder}/danh-sach-mau.xlsx"
    surface.say(Say("{count} templates → {files}", count=len(found.rows), files=files))
    surface.hint(
        Say(
            "Once handed in, note it: dispatcher gateways register {name} TEMPLATE "
            "--state submitted",
            name=name,
        ),
    )
