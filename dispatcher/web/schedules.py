"""Schedules: looked at, submitted, approved, paused; and the emergency stop."""

from __future__ import annotations

from dispatcher.domain.model import Role
from dispatcher.usecases import broadcasts_sending, schedules, schedules_views
from dispatcher.web.ask import Answer, Ask, Go, Shown
from dispatcher.web.guard import Page, button, reads


def plan(ask: Ask) -> Answer:
    """Schedules with their next ten firings."""
    found = schedules_views.plan(ask.context)
    return Shown("schedules.html", {"found": found, "approves": ask.person.role is Role.LEADER})


def submit_schedule(ask: Ask) -> Answer:
    schedules.submit(ask.context, ask.path["name"])
    return Go("/schedules")


def approve_schedule(ask: Ask) -> Answer:
    schedules.approve(ask.context, ask.path["name"])
    return Go("/schedules")


def pause_schedule(ask: Ask) -> Answer:
    schedules.pause(ask.context, ask.path["name"])
    return Go("/schedules")


def stop_all(ask: Ask) -> Answer:
    """The emergency stop, of everything the person looks after."""
    broadcasts_sending.stop_everything(ask.context)
    return Go("/broadcasts")


PAGES: list[Page] = [
    reads("/schedules", plan),
    button("/schedules/{name}/submit", submit_schedule),
    button("/schedules/{name}/approve", approve_schedule),
    button("/schedules/{name}/pause", pause_schedule),
    button("/stop-all", stop_all),
]
