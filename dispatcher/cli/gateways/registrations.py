"""gateways: register, registrations, dossier: what vendors let through, and asking them to."""

from __future__ import annotations

from pathlib import Path

import click

from dispatcher.cli.click_i18n import argument, option
from dispatcher.cli.gateways.group import gateways
from dispatcher.cli.tables import cannot_write, write_table
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.i18n import Say, pgettext
from dispatcher.usecases import registrations as text_registrations


@gateways.verb(
    "register",
    Say("Note that a template was handed in, approved or rejected at a vendor, per network."),
    "dispatcher gateways register esms khung-canh-bao --state approved --carrier Viettel",
)
@argument("name", complete="gateway")
@argument("template", complete="template")
@option("--form", type=click.Choice(text_registrations.FORMS), default="sms", say=Say("form"))
@option("--carrier", default="", say=Say("network (empty: all)"))
@option(
    "--state",
    type=click.Choice([s.value for s in text_registrations.GIVEN]),
    required=True,
    say=pgettext("result", "state"),
)
@option("--date", "day", default="", say=Say("day, like 2026-12-01"))
@option("--until", default="", say=Say("valid until"))
@option("--id", "vendor_id", default="", say=Say("the vendor's id"))
@option("--note", default="", say=Say("reason, note"))
def register(
    terminal: TerminalContext,
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
    found = text_registrations.register(
        terminal.context(),
        text_registrations.NewRegistration(
            name, template, state, form, carrier, day, until, vendor_id, note
        ),
    )
    if terminal.json:
        terminal.emit(found.as_json())
    where = f"{name} · {found.registration.template}"
    terminal.say(f"{where}: {terminal.text(found.words)}.")
    terminal.hint(
        Say("See all: dispatcher gateways registrations {name}", name=name),
    )


@gateways.verb(
    "registrations",
    Say("What is registered where, the answer, until when; names that end soon."),
    "dispatcher gateways registrations",
)
@argument("name", required=False, complete="gateway")
def registrations(terminal: TerminalContext, name: str | None) -> None:
    told, soon = text_registrations.list_registrations(terminal.context(), name)
    if terminal.json:
        terminal.emit([t.as_json() for t in told])
        return
    for t in told:
        r = t.registration
        where = f"{r.gateway} {r.carrier}".strip()
        until = f" → {r.until}" if r.until else ""
        note = f" ({r.note})" if r.note else ""
        what = f"{where} · {r.template} [{r.form}]"
        terminal.say(f"{what}: {terminal.text(t.words)}, {r.day}{until}{note}")
    if not told:
        terminal.say(Say("No registration is noted."))
    for ending in soon:
        terminal.warn(
            Say("{what} ends on {day}: renew it.", what=ending.what, day=ending.day),
        )
    terminal.hint(
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
def dossier(terminal: TerminalContext, name: str, names: tuple[str, ...], output: str) -> None:
    found, folder = text_registrations.dossier(terminal.context(), name, names), Path(output)
    if not terminal.dry_run:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "cong-van-dang-ky.html").write_text(found.letter, encoding="utf-8")
        except OSError as error:
            raise cannot_write(folder, error) from None
        write_table(folder / "danh-sach-mau.xlsx", found.heads, found.rows)
    if terminal.json:
        terminal.emit({"folder": str(folder), "templates": len(found.rows)})
    files = f"{folder}/cong-van-dang-ky.html, {folder}/danh-sach-mau.xlsx"
    terminal.say(Say("{count} templates → {files}", count=len(found.rows), files=files))
    terminal.hint(
        Say(
            "Once handed in, note it: dispatcher gateways register {name} TEMPLATE "
            "--state submitted",
            name=name,
        ),
    )
