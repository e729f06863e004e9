"""Wards with their residential groups and how many people are in each."""

from __future__ import annotations

from msgspec import Struct

from dispatcher.usecases import areas
from dispatcher.web.forms import NameForm
from dispatcher.web.middleware import PageRoute, changes, reads
from dispatcher.web.request import Answer, Page, PageRequest, Redirect


def areas_page(request: PageRequest) -> Answer:
    return Page("areas.html", {"found": areas.own(request.context)})


def rename(request: PageRequest, form: NameForm) -> Answer:
    areas.rename(request.context, "", request.number(), form.name)
    return Redirect("/areas")


class AreaMergeForm(Struct, frozen=True):
    into: int


def merge(request: PageRequest, form: AreaMergeForm) -> Answer:
    """One residential group becomes part of another; its people move along."""
    areas.merge(request.context, "", request.number(), form.into)
    return Redirect("/areas")


PAGES: list[PageRoute] = [
    reads("/areas", areas_page),
    changes("/areas/{number}/rename", rename, NameForm),
    changes("/areas/{number}/merge", merge, AreaMergeForm),
]
