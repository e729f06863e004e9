"""Writing a broadcast: a text, its blanks, people, way; read along and kept while it is typed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Literal

from msgspec import field

from dispatcher.domain.model import Audience, Role, Window
from dispatcher.domain.rights import WRITERS
from dispatcher.usecases import broadcasts, broadcasts_writing
from dispatcher.usecases.broadcasts import Changes, NewBroadcast
from dispatcher.web.forms import BlanksForm
from dispatcher.web.middleware import PageRoute, asks, button, changes, reads
from dispatcher.web.request import Answer, Page, PageRequest, Redirect

WRITING = (Role.OFFICER, Role.LEADER, Role.ADMIN)


def choose_text(request: PageRequest) -> Answer:
    """The first step: which text; what was begun and not saved stands first."""
    found, begun = broadcasts_writing.texts(request.context)
    return Page("choose-text.html", {"found": found, "begun": begun})


def write(request: PageRequest) -> Answer:
    """The form of a new broadcast or a draft, as it was saved or left half changed."""
    form = broadcasts_writing.form(request.context, **_place(request))
    return Page(
        "write.html",
        {
            "template": form.template,
            "broadcast": form.broadcast,
            "given": form.given,
            "address": form.address,
            "kept_at": form.kept_at,
            "tree": form.tree,
            "groups": form.groups,
            "routes": [(name, way.to(request.language)) for name, way in form.ways],
        },
    )


def _place(request: PageRequest) -> dict[str, Any]:
    """What is written: a new one by its text, a draft by its number."""
    return (
        {"number": request.number()}
        if "number" in request.path
        else {"template": request.path["template"]}
    )


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


def create(request: PageRequest, form: WriteForm) -> Answer:
    """A draft from the form."""
    new = NewBroadcast(
        request.path["template"],
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
    made = broadcasts.create(request.context, new, form=request.where)
    return Redirect(f"/broadcasts/{made.id}")


def save(request: PageRequest, form: WriteForm) -> Answer:
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
    broadcasts.edit(request.context, request.number(), wanted, form=request.where)
    return Redirect(f"/broadcasts/{request.number()}")


def along(request: PageRequest, form: AlongForm) -> Answer:
    """The text as it reads so far, with parts and price for those chosen; what is typed is kept."""
    typed = broadcasts_writing.FormSoFar(
        form.filled, form.audience(), form.window, form.expires_after, form.route, form.urgent
    )
    fields = {n: tuple(v) for n, v in request.form.items() if n not in ("csrf", "route")}
    if typed.route:
        fields["route"] = (typed.route,)
    found = broadcasts_writing.read_along(request.context, typed, fields, **_place(request))
    return Page(
        "along.html",
        {
            "written": found.written,
            "people": found.people,
            "kept_at": found.kept_at,
            "times": found.period,
        },
    )


def forget(request: PageRequest) -> Answer:
    """What was typed and not saved is not wanted."""
    broadcasts_writing.forget(request.context, **_place(request))
    return Redirect(request.where.removesuffix("/forget"))


PAGES: list[PageRoute] = [
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
