"""broadcasts: create, edit, attach, test."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from dispatcher.cli.broadcasts.formats import as_json, broadcast_id, tell_state
from dispatcher.cli.click_i18n import argument, command, gathered, option
from dispatcher.cli.contacts.typed import lines
from dispatcher.cli.days import read_day
from dispatcher.cli.templates import pairs
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.domain.model import Audience
from dispatcher.domain.problems import Problem
from dispatcher.i18n import Say, pgettext
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
    for add in reversed(
        (
            option("--ward", "wards", multiple=True, say=Say("ward, or all"), complete="ward"),
            option(
                "--residential-group", "--tdp", "tdp", multiple=True, say=Say("residential group")
            ),
            option("--group", "groups", multiple=True, say=Say("group"), complete="group"),
            option("--exclude-group", "excluded", multiple=True, say=Say("but not this group")),
        )
    ):
        function = add(function)
    return function


def _document(function: Any) -> Any:
    for add in reversed(
        (
            option("--document-day", default="", say=Say("day of the document")),
            option("--document-about", default="", say=Say("what it is about")),
            option("--document-agency", default="", say=Say("who issued it")),
            option("--document-signer", default="", say=Say("who signed it")),
        )
    ):
        function = add(function)
    return function


@command(
    Say("Write a broadcast (a draft)."),
    "dispatcher broadcasts create --template gia-danh-cong-an --ward 'Máy Tơ'",
)
@option("--template", required=True, say=Say("template"), complete="template")
@_people
@option(
    "--one-per",
    type=click.Choice(["phone", "household"]),
    default="phone",
    say=Say("one message per"),
)
@option("--route", say=Say("route; by default the first of [routes]"), complete="route")
@option("--set", "fields", multiple=True, say=Say("fill a blank: name=value"))
@option("--title", default="", say=pgettext("broadcast, long", "title"))
@option("--document", default="", say=Say("document number"))
@_document
@option("--expires-after", default="6h", say=Say("give up after"))
@option("--window", "hours", say=pgettext("example", "hours, like 07:00-21:00"))
@option("--despite", default="", say=Say("why it goes out at noon too"))
@option("--accented", is_flag=True, say=Say("SMS with diacritics"))
@option(
    "--rather-twice",
    is_flag=True,
    say=Say("rather twice than never (disasters)"),
)
@option(
    "--urgent",
    is_flag=True,
    say=Say("urgent: ahead of all others, no undo time, also at night"),
)
@gathered(_Create)
def create(terminal: TerminalContext, given: _Create) -> None:
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
    made = broadcasts.create(terminal.context(), new)
    if terminal.json:
        terminal.emit(as_json(made))
    terminal.say(Say("Draft {id}: {title}", id=made.id, title=made.title))
    if given.route is None:
        taken = broadcasts_views.usual_route(terminal.context())
        terminal.say(Say("Route: {taken}", taken=taken))
    terminal.hint(
        Say("Preview: dispatcher broadcasts preview {id}", id=made.id),
    )


@command(
    Say("Edit what was not sent yet; what was approved of it is void."),
    "dispatcher broadcasts edit 1 --set gio='8h' --as lan",
)
@argument("number_", complete="broadcast")
@option("--set", "fields", multiple=True, say=pgettext("urgent", "fill a blank: name=value"))
@option("--title", say=pgettext("broadcast, long", "title"))
@option("--document", say=Say("document number"))
@_document
@_people
@option("--window", "hours", say=Say("hours, like 07:00-21:00"))
@option("--expires-after", say=Say("give up after"))
@gathered(_Edit)
def edit(terminal: TerminalContext, given: _Edit) -> None:
    context, wanted = terminal.context(), broadcast_id(given.number_)
    life, window = broadcasts.read_times(given.expires_after or "6h", given.hours or "")
    was = broadcasts.get_broadcast(context, wanted)
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
        terminal.warn(
            Say("It was approved; now it must be submitted and approved again."),
        )
    tell_state(terminal, done)


def read_file(path: str) -> bytes:
    """A file to attach; one that cannot be read is a problem."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise Problem(
            "unreadable",
            Say("{path} cannot be read ({strerror}).", path=path, strerror=error.strerror),
        ) from None


@command(
    Say("Attach an article or a picture (PDF, PNG, JPEG, DOCX); or take it away: --remove."),
    "dispatcher broadcasts attach 1 infographic.png --as lan",
)
@argument("number_", complete="broadcast")
@argument("file")
@option("--remove", is_flag=True, say=Say("take it away"))
def attach(terminal: TerminalContext, number_: str, file: str, remove: bool) -> None:
    wanted, name = broadcast_id(number_), Path(file).name
    if remove:
        done = broadcasts.detach(terminal.context(), wanted, name)
    else:
        done = broadcasts.attach(terminal.context(), wanted, name, read_file(file))
    tell_state(
        terminal,
        done,
        Say(
            "The sheet to pass on: dispatcher broadcasts share {id} --html sheet.html",
            id=done.id,
        ),
    )


@command(
    Say("Send exactly this to your own number (no approval needed)."),
    "dispatcher broadcasts test 1 --to - --as lan",
)
@argument("number_", complete="broadcast")
@option("--to", "to", required=True, say=Say("number, or -"))
def test(terminal: TerminalContext, number_: str, to: str) -> None:
    wanted, phone = broadcast_id(number_), " ".join(lines((to,)))
    made = broadcasts.test(terminal.context(), wanted, phone).id
    if terminal.json:
        terminal.emit({"broadcast": wanted, "test": made})
    terminal.say(
        Say("The test is broadcast {made}; the worker sends it at once.", made=made),
    )
    terminal.hint(
        Say(
            "The worker: dispatcher run --once · Outcome: dispatcher log messages "
            "--broadcast {made}",
            made=made,
        ),
    )
