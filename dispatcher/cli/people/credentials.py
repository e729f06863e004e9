"""people: passwords, one-time codes, and keys for programs. Nothing secret is ever in argv."""

from __future__ import annotations

import getpass
import sys

import click

from dispatcher.cli.click_i18n import argument, command, option
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.domain.model import HANOI
from dispatcher.domain.problems import Problem
from dispatcher.i18n import Say, pgettext
from dispatcher.usecases import people_secrets


def _read_password(terminal: TerminalContext) -> str:
    """Typed twice at a terminal, else the first line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass(terminal.text(Say("New password: ")))
    if first != getpass.getpass(terminal.text(Say("Again: "))):
        raise Problem("not-the-same", Say("The two differ."))
    return first


@command(
    Say("Set the password for the console (typed, or from standard input; never in the command)."),
    "dispatcher people password lan --as lan",
    "password",
)
@argument("name", complete="person")
def password(terminal: TerminalContext, name: str) -> None:
    context = terminal.context()
    person = people_secrets.check_password_of(context, name)
    given = _read_password(terminal)
    if person.person_id == context.actor.person_id:
        people_secrets.set_own_password(context, given)
    else:
        people_secrets.set_password(context, name, given)
    if terminal.json:
        terminal.emit({"name": person.name, "password": True})
    terminal.say(
        Say("{name} has a new password; open sessions have ended.", name=person.name),
    )


@command(
    Say("Make a two-step secret; the address for the app is shown once."),
    "dispatcher people totp minh --as minh",
    "totp",
)
@argument("name", complete="person")
def totp(terminal: TerminalContext, name: str) -> None:
    person, address = people_secrets.new_codes(terminal.context(), name)
    if terminal.json:
        terminal.emit({"name": person.name, "otpauth": address})
    else:
        terminal.line(address + "\n")
    terminal.hint(
        Say("Add it to an authenticator on the phone; it is not shown again."),
    )


@command(
    Say("Make an API key for a program; it is shown once."),
    "dispatcher people key-add lan --name phan-mem-mot-cua --days 90 --as quan-tri",
    "key-add",
)
@argument("name", complete="person")
@option("--name", "key", required=True, say=Say("what the key is called"))
@option("--may", type=click.Choice(["read", "write"]), default="read", say=Say("may do"))
@option("--days", default=90, say=Say("how many days it lasts"))
def key_add(terminal: TerminalContext, name: str, key: str, may: str, days: int) -> None:
    person, token = people_secrets.new_key(terminal.context(), name, key, may, days)
    if terminal.json:
        terminal.emit({"name": key, "person": person.name, "may": may, "key": token})
    else:
        terminal.line(token + "\n")
    terminal.hint(
        Say(
            "Keep it secret; it is not shown again. End it: dispatcher people key-revoke {key}",
            key=key,
        ),
    )


@command(Say("List API keys."), "dispatcher people keys --as quan-tri", "keys")
def keys(terminal: TerminalContext) -> None:
    found = people_secrets.keys(terminal.context())
    if terminal.json:
        terminal.emit(found)
        return
    terminal.table(
        [
            Say("key"),
            pgettext("owner", "person"),
            Say("may"),
            Say("ends"),
            Say("last used"),
        ],
        [
            [
                k["name"],
                k["person"],
                terminal.text(
                    pgettext("right", "read") if k["may"] == "read" else Say("read and write")
                ),
                terminal.text(Say("revoked"))
                if k["revoked"]
                else f"{k['expires_at'].astimezone(HANOI):%d/%m/%Y}",
                f"{k['used_at'].astimezone(HANOI):%H:%M %d/%m/%Y}" if k["used_at"] else "",
            ]
            for k in found
        ],
    )


@command(
    Say("End an API key at once."),
    "dispatcher people key-revoke phan-mem-mot-cua --as quan-tri",
    "key-revoke",
)
@argument("key")
def key_revoke(terminal: TerminalContext, key: str) -> None:
    people_secrets.revoke_key(terminal.context(), key)
    if terminal.json:
        terminal.emit({"name": key, "revoked": True})
    terminal.say(Say("The key {key} has ended.", key=key))
