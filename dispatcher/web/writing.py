"""Writing a broadcast: a text, its blanks, people, way; read along and kept while it is typed."""

from __future__ import annotations

from typing import Any

from dispatcher.domain.model import Audience, Role
from dispatcher.usecases import broadcasts, broadcasts_writing
from dispatcher.usecases.broadcasts import Changes, NewBroadcast
from dispatcher.web.ask import Answer, Ask, Go, Shown, read_date
from dispatcher.web.guard import Page, asks, changes, reads

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


def audience_of(ask: Ask) -> Audience:
    return Audience(
        ask.many("ward"),
        ask.many("tdp"),
        ask.many("group"),
        ask.many("exclude"),
        "household" if ask.one("one_per") == "household" else "phone",
    )


def _paper(ask: Ask) -> dict[str, str]:
    facts = {n: ask.one(f"paper.{n}") for n in ("day", "about", "agency", "signer")}
    if facts["day"]:
        facts["day"] = read_date(facts["day"]).isoformat()
    return facts


def create(ask: Ask) -> Answer:
    """A draft from the form."""
    life, window = broadcasts.read_times(ask.one("expires_after", "6h"), ask.one("window"))
    new = NewBroadcast(
        ask.path["template"],
        audience_of(ask),
        ask.one("route") or None,
        ask.fields(),
        title=ask.one("title"),
        document=ask.one("document"),
        paper={name: value for name, value in _paper(ask).items() if value},
        expires_after=life,
        window=window,
        accented=bool(ask.one("accented")),
        rather_twice=bool(ask.one("rather_twice")),
        urgent=bool(ask.one("urgent")),
    )
    made = broadcasts.create(ask.context, new, form=ask.where)
    return Go(f"/broadcasts/{made.id}")


def save(ask: Ask) -> Answer:
    """The form again: what was approved of it is void, where it says something else."""
    life, window = broadcasts.read_times(ask.one("expires_after", "6h"), ask.one("window"))
    wanted = Changes(
        ask.fields(),
        ask.one("title"),
        ask.one("document"),
        _paper(ask),
        audience_of(ask),
        window,
        life,
    )
    broadcasts.edit(ask.context, ask.number(), wanted, form=ask.where)
    return Go(f"/broadcasts/{ask.number()}")


def along(ask: Ask) -> Answer:
    """The text as it reads so far, with parts and price for those chosen; what is typed is kept."""
    typed = broadcasts_writing.FormSoFar(
        ask.fields(),
        audience_of(ask),
        ask.one("window"),
        ask.one("expires_after", "6h"),
        ask.one("route"),
        bool(ask.one("urgent")),
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
    changes("/broadcasts/new/{template}", create),
    asks("/broadcasts/new/{template}/along", along),
    asks("/broadcasts/new/{template}/forget", forget),
    reads("/broadcasts/{number}/edit", write, WRITING),
    changes("/broadcasts/{number}/edit", save),
    asks("/broadcasts/{number}/edit/along", along),
    asks("/broadcasts/{number}/edit/forget", forget),
]
