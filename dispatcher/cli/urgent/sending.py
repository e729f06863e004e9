"""urgent: list, send, all-clear, sheet: what the officer on duty does."""

from __future__ import annotations

from typing import Any

from dispatcher.cli.broadcasts.formats import as_json as broadcast_as_json
from dispatcher.cli.broadcasts.formats import broadcast_id
from dispatcher.cli.click_i18n import argument, command, option
from dispatcher.cli.tables import write_page
from dispatcher.cli.templates import pairs
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.cli.urgent.words import STATES, as_json
from dispatcher.domain.model import Audience, Mode
from dispatcher.i18n import Money, Say, SpelledNumber, pgettext
from dispatcher.usecases import urgent, urgent_views


@command(Say("Prepared texts."), "dispatcher urgent list", "list")
def list_urgent(terminal: TerminalContext) -> None:
    found = urgent_views.list_urgent(terminal.context())
    if terminal.json:
        terminal.emit([as_json(e) for e in found])
        return
    terminal.table(
        [
            Say("name"),
            Say("title"),
            Say("state"),
            Say("people"),
            Say("đồng"),
            pgettext("day", "until"),
        ],
        [
            [
                e.name,
                e.title,
                STATES[e.state].to(terminal.language),
                e.people,
                e.dong,
                f"{e.until:%d/%m/%Y}",
            ]
            for e in found
        ],
        numbers=(3, 4),
    )
    terminal.hint(
        Say("Send (whoever is on duty): dispatcher urgent send NAME --set blank=value"),
    )


@command(
    Say("The officer on duty sends it, alone, at night too; leaders are told at once."),
    "dispatcher urgent send bao --set so_bao=3 --set gio=18h --set ngay=2026-12-01 --as lan",
    "send",
)
@argument("name")
@option("--set", "fields", multiple=True, say=Say("fill a blank"))
@option("--ward", "wards", multiple=True, say=Say("only these wards"), complete="ward")
@option("--residential-group", "--tdp", "tdp", multiple=True, say=Say("only these"))
def send(
    terminal: TerminalContext,
    name: str,
    fields: tuple[str, ...],
    wards: tuple[str, ...],
    tdp: tuple[str, ...],
) -> None:
    if terminal.open_site().mode is Mode.LIVE:
        terminal.confirm(Say("Send “{name}” for REAL, now.", name=name))
    area = Audience(wards, tdp) if wards else None
    _sent(terminal, *urgent.send(terminal.context(), name, pairs(fields), area))


def _sent(terminal: TerminalContext, done: Any, found: Any) -> None:
    if terminal.json:
        terminal.emit(
            {
                **broadcast_as_json(done),
                "people": found.people,
                "queued": found.queued,
                "cost": found.total,
                "despite_refusal": found.despite_refusal,
            }
        )
    terminal.say(
        Say(
            "Broadcast {id} “{title}”: leaves now to {queued} people, at most {total}.",
            id=done.id,
            title=done.title,
            queued=SpelledNumber(found.queued),
            total=Money(found.total),
        ),
    )
    if found.despite_refusal:
        terminal.say(
            Say(
                "  Among them {despite_refusal} people who refused ordinary texts.",
                despite_refusal=SpelledNumber(found.despite_refusal),
            ),
        )
    terminal.hint(
        Say(
            "The worker: dispatcher run · Watch: dispatcher broadcasts watch "
            "{id} · All clear: dispatcher urgent all-clear {id}",
            id=done.id,
        ),
    )


@command(
    Say("All clear: stop what was not sent, and tell exactly those who may have got the warning."),
    "dispatcher urgent all-clear 12 --set gio=5h --set ngay=2026-12-02 --as lan",
    "all-clear",
)
@argument("number_", complete="broadcast")
@option("--set", "fields", multiple=True, say=Say("fill a blank"))
def all_clear(terminal: TerminalContext, number_: str, fields: tuple[str, ...]) -> None:
    number = broadcast_id(number_)
    _sent(terminal, *urgent.all_clear(terminal.context(), number, pairs(fields)))


@command(
    Say("A sheet for when the network is down: what is read out, and the heads' phones."),
    "dispatcher urgent sheet bao --html du-phong.html --as lan",
    "sheet",
)
@argument("name")
@option("--html", required=True, say=Say("the page to write and print"))
def sheet(terminal: TerminalContext, name: str, html: str) -> None:
    page, wards = urgent_views.sheet(terminal.context(), name)
    write_page(terminal, html, page)
    if terminal.json:
        terminal.emit({"name": name, "html": html, "wards": wards})
    terminal.hint(
        Say("Open it in a browser and print it; keep it in the duty room."),
    )
