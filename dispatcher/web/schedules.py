"""Schedules: looked at, submitted, approved, paused; and the emergency stop."""

from __future__ import annotations

from dispatcher.domain.model import Role
from dispatcher.usecases import broadcasts_sending, schedules, schedules_views
from dispatcher.web.middleware import PageRoute, button, reads
from dispatcher.web.request import Answer, Page, PageRequest, Redirect


def plan(request: PageRequest) -> Answer:
    """Schedules with their next ten firings."""
    found = schedules_views.plan(request.context)
    return Page("schedules.html", {"found": found, "approves": request.person.role is Role.LEADER})


def submit_schedule(request: PageRequest) -> Answer:
    schedules.submit(request.context, request.path["name"])
    return Redirect("/schedules")


def approve_schedule(request: PageRequest) -> Answer:
    schedules.approve(request.context, request.path["name"])
    return Redirect("/schedules")


def pause_schedule(request: PageRequest) -> Answer:
    schedules.pause(request.context, request.path["name"])
    return Redirect("/schedules")


def stop_all(request: PageRequest) -> Answer:
    """The emergency stop, of everything the person looks after."""
    broadcasts_sending.stop_everything(request.context)
    return Redirect("/broadcasts")


PAGES: list[PageRoute] = [
    reads("/schedules", plan),
    button("/schedules/{name}/submit", submit_schedule),
    button("/schedules/{name}/approve", approve_schedule),
    button("/schedules/{name}/pause", pause_schedule),
    button("/stop-all", stop_all),
]
