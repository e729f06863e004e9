"""One question to the console: who asks, in which language, with which form; and the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dispatcher.domain.model import Actor
from dispatcher.domain.problems import Problem
from dispatcher.i18n import Say, pgettext
from dispatcher.usecases import signing_in_console
from dispatcher.usecases.context import App, Context
from dispatcher.usecases.inputs import whole
from dispatcher.usecases.signing_in_console import Session
from dispatcher.web.forms import Upload

DEVICE = "__Host-device"  # the cookie of a device that gave a one-time code before


@dataclass
class PageRequest:
    """`form`: every value of every field; `path`: the parts of the address in braces."""

    app: App
    language: str
    actor: Actor | None = None
    session: Session | None = None
    token: str = ""  # of the session; never shown
    csrf: str = ""
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Mapping[str, Upload] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    where: str = "/"
    label: str = ""  # the browser, in a few words
    peer: str = ""
    fragment: bool = False

    @property
    def person(self) -> Actor:
        """Whoever asks; pages for nobody in particular never look."""
        assert self.actor is not None
        return self.actor

    def t(self, id: str, /, **fields: object) -> str:
        """A sentence in the reader's language, by its English id."""
        return Say(id, **fields).to(self.language)

    def pt(self, context: str, id: str, /, **fields: object) -> str:
        """As `t`, where the English sentence alone does not say which is meant."""
        return pgettext(context, id, **fields).to(self.language)

    def one(self, name: str) -> str:
        """What stands beside every form: the token, the one-time code. Pages read a `Form`."""
        values = self.form.get(name)
        return values[0].strip() if values else ""

    def number(self, name: str = "number") -> int:
        """A number in the address; anything else names nothing here."""
        found = whole(self.path.get(name, ""))
        if found is None:
            raise nothing_here()
        return found

    def noted(self, act: str, noun: str, of: object) -> None:
        """An auditor's looking leaves an entry in the trail."""
        self.context.noted(act, noun, of)

    @property
    def context(self) -> Context:
        """Who asks, as use cases want it."""
        return Context(self.app, self.person, self._prove)

    def _prove(self) -> None:
        assert self.session is not None
        device = self.cookies.get(DEVICE, "")
        signing_in_console.prove(self.app, self.session, self.one("code"), device)
        self.session = replace(self.session, proved_at=self.app.clock())  # a form asks once


@dataclass(frozen=True)
class Page:
    """A page: its file and what stands in it."""

    page: str
    values: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True)
class Redirect:
    """Somewhere else, after something was done."""

    to: str
    cookies: Mapping[str, tuple[str, int | None]] = field(default_factory=dict)  # value, seconds


@dataclass(frozen=True)
class Download:
    """A file to keep, or JSON."""

    content: bytes | str
    kind: str
    name: str = ""
    status: int = 200


Answer = Page | Redirect | Download


def nothing_here() -> Problem:
    """The same words whether it does not exist or is somebody else's."""
    return Problem(
        "unknown-page",
        Say("There is no such page or thing, or it is not yours."),
    )
