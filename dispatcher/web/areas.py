"""Wards with their residential groups and how many people are in each."""

from __future__ import annotations

from dispatcher.usecases import areas
from dispatcher.web.ask import Answer, Ask, Go, Shown, whole
from dispatcher.web.guard import Page, changes, reads


def listed(ask: Ask) -> Answer:
    return Shown("areas.html", {"found": areas.own(ask.context)})


def rename(ask: Ask) -> Answer:
    areas.rename(ask.context, "", ask.number(), ask.one("name"))
    return Go("/areas")


def merge(ask: Ask) -> Answer:
    """One residential group becomes part of another; its people move along."""
    areas.merge(ask.context, "", ask.number(), whole(ask.one("into")) or 0)
    return Go("/areas")


PAGES: list[Page] = [
    reads("/areas", listed),
    changes("/areas/{number}/rename", rename),
    changes("/areas/{number}/merge", merge),
]
