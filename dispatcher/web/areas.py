"""Wards with their residential groups and how many people are in each."""

from __future__ import annotations

from msgspec import Struct

from dispatcher.usecases import areas
from dispatcher.web.ask import Answer, Ask, Go, Shown
from dispatcher.web.forms import NameForm
from dispatcher.web.guard import Page, changes, reads


def listed(ask: Ask) -> Answer:
    return Shown("areas.html", {"found": areas.own(ask.context)})


def rename(ask: Ask, form: NameForm) -> Answer:
    areas.rename(ask.context, "", ask.number(), form.name)
    return Go("/areas")


class AreaMergeForm(Struct, frozen=True):
    into: int


def merge(ask: Ask, form: AreaMergeForm) -> Answer:
    """One residential group becomes part of another; its people move along."""
    areas.merge(ask.context, "", ask.number(), form.into)
    return Go("/areas")


PAGES: list[Page] = [
    reads("/areas", listed),
    changes("/areas/{number}/rename", rename, NameForm),
    changes("/areas/{number}/merge", merge, AreaMergeForm),
]
