"""Home: what waits, what is to be approved, what is being sent; money and gateways in words."""

from __future__ import annotations

from dispatcher.domain.model import HANOI, Role
from dispatcher.usecases import broadcasts_views, notices
from dispatcher.web import alarms
from dispatcher.web.middleware import PageRoute, button, reads
from dispatcher.web.request import Answer, Page, PageRequest, Redirect


def home(request: PageRequest) -> Answer:
    """What waits, what is to be approved, what is under way; money and gateways."""
    found, now = broadcasts_views.home(request.context), request.app.clock()
    return Page(
        "home.html",
        {
            "unread": found.unread,
            "waiting": found.waiting,
            "under_way": found.under_way,
            "newest": found.newest,
            "counted": found.counted,
            "purses": found.budgets,
            "health": alarms.gateway_lines(found.health, now),
            "alarm": alarms.of_work(found.work),
            "approves": request.person.role is Role.LEADER,
            "today": now.astimezone(HANOI),
        },
    )


def tick_off(request: PageRequest) -> Answer:
    """Notices were seen."""
    notices.tick_off(request.context)
    return Redirect("/")


PAGES: list[PageRoute] = [reads("/", home), button("/notices", tick_off)]
