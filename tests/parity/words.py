"""The words the register of acts is written in: an act, what each door calls it, its cases.

An input has one name for all doors (`number`, `reason`, `wards` …). A door says what it calls it:
an option of a command, a field of a form, a key of a JSON body.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_BRACES = re.compile(r"{(\w+)}")
BY_NAME = ("person", "ward", "place", "group", "gateway")  # what a command is told by its name


@dataclass(frozen=True)
class Known:
    """Something of the prepared site: people by name where a door does, else by number."""

    kind: str
    name: str


@dataclass(frozen=True)
class File:
    """A file that is given along: a path on the command line, an upload in a form."""

    name: str
    content: bytes


def broadcast(name: str) -> Known:
    return Known("broadcast", name)


def person(name: str) -> Known:
    return Known("person", name)


def ward(name: str) -> Known:
    return Known("ward", name)


def contact(name: str) -> Known:
    return Known("contact", name)


# --- doors --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cli:
    """A command: `words` with inputs in braces, then options. `stdin`: the input read from there."""

    command: str
    words: str = ""
    stdin: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def inputs(self) -> set[str]:
        return {*_BRACES.findall(self.words), *self.options, self.stdin}


@dataclass(frozen=True)
class Web:
    """A form that is sent to `route`. `page`: where it stands, filled in as it is shown there;
    `ids`: fields that want a number where a command wants a name; `lines`: several values in one
    field; `seen`: what else the page sends; `shows`: words of the page that is shown when done."""

    route: str
    page: str = ""
    ids: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    shows: str = ""
    seen: Callable[..., dict[str, str]] | None = None
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def inputs(self) -> set[str]:
        return {*_BRACES.findall(self.route), *self.fields}


@dataclass(frozen=True)
class Api:
    """An operation of the API: "POST /broadcasts"."""

    operation: str
    keys: Mapping[str, str] = field(default_factory=dict)

    @property
    def inputs(self) -> set[str]:
        return {*_BRACES.findall(self.operation), *self.keys}


def cli(command: str, words: str = "", /, *, stdin: str = "", **options: str) -> Cli:
    return Cli(command, words, stdin, options)


def web(
    address: str, /, *, page: str = "", ids: Sequence[str] = (), lines: Sequence[str] = (),
    shows: str = "", seen: Any = None, **fields: str,
) -> Web:  # fmt: skip
    called = {name: field.replace("__", ".") for name, field in fields.items()}
    return Web(address, page, tuple(ids), tuple(lines), shows, seen, called)


def api(operation: str, /, **keys: str) -> Api:
    return Api(operation, keys)


# --- cases --------------------------------------------------------------------------------------

Change = Callable[[Path], None]  # what is different about the site, before anybody acts


@dataclass(frozen=True)
class Case:
    """Somebody does it, with these inputs. `code`: the problem they are told, none when it is done."""

    what: str
    code: str
    by: str
    given: Mapping[str, Any]
    where: tuple[Change, ...] = ()


def done(by: str, what: str = "done", /, *, where: Sequence[Change] = (), **given: Any) -> Case:
    """It is done."""
    return Case(what, "", by, given, tuple(where))


def refused(
    code: str, by: str, what: str = "", /, *, where: Sequence[Change] = (), **given: Any
) -> Case:
    """It is not done, and this is why."""
    return Case(what or code, code, by, given, tuple(where))


def auditor(**given: Any) -> Case:
    """Whoever only reads is refused."""
    return refused("role", "kiem", "auditor", **given)


@dataclass(frozen=True)
class Act:
    """One thing people do. A door that has no way to do it is None; `why` says so."""

    name: str
    cli: Cli | None = None
    web: Web | None = None
    api: Api | None = None
    cases: tuple[Case, ...] = ()
    why: str = ""

    def doors(self, case: Case) -> dict[str, Any]:
        """The doors that have a word for every input of a case."""
        found = {"cli": self.cli, "web": self.web, "api": self.api}
        said = {name for name, value in case.given.items() if value is not None}
        return {n: door for n, door in found.items() if door and said <= set(door.inputs)}
