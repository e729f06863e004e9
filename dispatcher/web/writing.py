"""Writing a broadcast: a text, its blanks, people, way; read along and kept while it is typed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Literal

from msgspec import field

from dispatcher.domain.model import Audience, Role, Window
from dispatcher.domain.rights import WRITERS
from dispatcher.usecases import broadcasts, broadcasts_writing
from dispatcher.usecases.broadcasts import Changes, NewBroadcast
from dispatcher.web.ask import Answer, Ask, Go, Shown
from dispatcher.web.forms import BlanksForm
from dispatcher.web.guard import Page, asks, button, changes, reads

WRITING = (Role.OFFICER, Role.LEADER, Role.ADMIN)


def choose_text(ask: Ask) -> Answer:
    """The first step: which text; what was begun and not saved stands first."""
    found, begun = broadcasts_writing.texts(ask.context)
    return Shown("choose-text.html", {"found": found, "begun": begun})


def write(ask: Ask) -> Answer:
    """The form of a new broadcast or a draft, as it was saved or left half changed."""
    form = broadcasts_writing.form(ask.context, **_place(ask))
    return Shown(
        "write.html",
        {
            "template": form.template,
            "broadcast": form.broadcast,
            "given": form.given,
            "address": form.address,
            "kept_at": form.kept_at,
            "tree": form.tree,
            "groups": form.groups,
            "routes": [(name, way.to(ask.language)) for name, way in form.ways],
        },
    )


def _place(ask: Ask) -> dict[str, Any]:
    """What is written: a new one by its text, a draft by its number."""
    return {"number": ask.number()} if "number" in ask.path else {"template": ask.path["template"]}


class PeopleForm(BlanksForm, frozen=True, kw_only=True):
    """A text's blanks and its people: wards, residential groups and groups by name."""

    ward: tuple[str, ...] = ()
    tdp: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    one_per: Literal["phone", "household"] = "phone"
    route: str = ""
    urgent: bool = False

    def audience(self) -> Audience:
        return Audience(self.ward, self.tdp, self.group, self.exclude, self.one_per)


class WriteForm(PeopleForm, frozen=True, kw_only=True):
    """The whole form. `paper_…`: what is known of the document behind it."""

    title: str = ""
    document: str = ""
    paper_day: date | None = field(name="paper.day", default=None)
    paper_about: str = field(name="paper.about", default="")
    paper_agency: str = field(name="paper.agency", default="")
    paper_signer: str = field(name="paper.signer", default="")
    expires_after: timedelta = timedelta(hours=6)
    window: Window | None = None
    accented: bool = False
    rather_twice: bool = False

    def paper(self) -> dict[str, str]:
        """Facts of the document by name; an empty one is not known."""
        day = self.paper_day.isoformat() if self.paper_day else ""
        return {
            "day": day,
            "about": self.paper_about,
            "agency": self.paper_agency,
            "signer": self.paper_signer,
        }


class AlongForm(PeopleForm, frozen=True, kw_only=True):
    """The form while it is typed: times may be no times yet."""

    expires_after: str = "6h"
    window: str = ""


def create(ask: Ask, form: WriteForm) -> Answer:
    """A draft from the form."""
    new = NewBroadcast(
        ask.path["template"],
        form.audience(),
        form.route or None,
        form.filled,
        title=form.title,
        document=form.document,
        paper={name: value for name, value in form.paper().items() if value},
        expires_after=form.expires_after,
        window=form.window,
        accented=form.accented,
        rather_twice=form.rather_twice,
        urgent=form.urgent,
    )
    made = broadcasts.create(ask.context, new, form=ask.where)
    return Go(f"/broadcasts/{made.id}")


def save(ask: Ask, form: WriteForm) -> Answer:
    """The form again: what was approved of it is void, where it says something else."""
    wanted = Changes(
        form.filled,
        form.title,
        form.document,
        form.paper(),
        form.audience(),
        form.window,
        form.expires_after,
    )
    broadcasts.edit(ask.context, ask.number(), wanted, form=ask.where)
    return Go(f"/broadcasts/{ask.number()}")


def along(ask: Ask, form: AlongForm) -> Answer:
    """The text as it reads so far, with parts and price for those chosen; what is typed is kept."""
    typed = broadcasts_writing.FormSoFar(
        form.filled, form.audience(), form.window, form.expires_after, form.route, form.urgent
    )
    fields = {n: tuple(v) for n, v in ask.form.items() if n not in ("csrf", "route")}
    if typed.route:
        fields["route"] = (typed.route,)
    found = broadcasts_writing.read_along(ask.context, typed, fields, **_place(ask))
    return Shown(
        "along.html",
        {
            "written": found.written,
            "people": found.people,
            "kept_at": found.kept_at,
            "times": found.period,
        },
    )


def forget(ask: Ask) -> Answer:
    """What was typed and not saved is not wanted."""
    broadcasts_writing.forget(ask.context, **_place(ask))
    return Go(ask.where.removesuffix("/forget"))


PAGES: list[Page] = [
    reads("/broadcasts/new", choose_text, WRITING),
    reads("/broadcasts/new/{template}", write, WRITING),
    changes("/broadcasts/new/{template}", create, WriteForm),
    asks("/broadcasts/new/{template}/along", along, AlongForm, WRITERS),
    button("/broadcasts/new/{template}/forget", forget, WRITERS),
    reads("/broadcasts/{number}/edit", write, WRITING),
    changes("/broadcasts/{number}/edit", save, WriteForm),
    asks("/broadcasts/{number}/edit/along", along, AlongForm, WRITERS),
    button("/broadcasts/{number}/edit/forget", forget, WRITERS),
]
