"""Home: what waits, what is to be approved, what is being sent; money and gateways in words."""

from __future__ import annotations

from dispatcher.domain.model import HANOI, Role
from dispatcher.usecases import broadcasts_views
from dispatcher.usecases import notices as seen
from dispatcher.web import troubles
from dispatcher.web.ask import Answer, Ask, Go, Shown
from dispatcher.web.guard import Page, button, reads


def home(ask: Ask) -> Answer:
    """What waits, what is to be approved, what is under way; money and gateways."""
    found, now = broadcasts_views.home(ask.context), ask.app.clock()
    return Shown(
        "home.html",
        {
            "unread": found.unread,
            "waiting": found.waiting,
            "under_way": found.under_way,
            "newest": found.newest,
            "counted": found.counted,
            "purses": found.budgets,
            "health": troubles.listed(found.health, now),
            "alarm": troubles.of_work(found.work),
            "approves": ask.person.role is Role.LEADER,
            "today": now.astimezone(HANOI),
        },
    )


def tick_off(ask: Ask) -> Answer:
    """Notices were seen."""
    seen.tick_off(ask.context)
    return Go("/")


PAGES: list[Page] = [reads("/", home), button("/notices", tick_off)]
