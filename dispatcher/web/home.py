"""Home: what waits, what is to be approved, what is being sent; money and gateways in words."""

from __future__ import annotations

from dispatcher.broadcasts.app import budgets_of
from dispatcher.db.broadcasts import broadcasts, budgets, tallies
from dispatcher.db.staff import notices
from dispatcher.domain.model import HANOI, BroadcastState, Role
from dispatcher.usecases import alarms
from dispatcher.usecases import notices as seen
from dispatcher.web import troubles
from dispatcher.web.ask import Answer, Ask, Go, Shown
from dispatcher.web.guard import Page, changes, reads


def home(ask: Ask) -> Answer:
    """What waits, what is to be approved, what is under way; money and gateways."""
    app, person = ask.app, ask.person
    assert person.person_id is not None
    with ask.read() as tx:
        unread = notices.unread(tx, person.person_id)
        waiting = broadcasts.listed(tx, [BroadcastState.SUBMITTED], 50)
        under_way = broadcasts.listed(
            tx,
            [BroadcastState.SCHEDULED, BroadcastState.RUNNING, BroadcastState.PAUSED,
             BroadcastState.HELD],
            20,
        )  # fmt: skip
        newest = broadcasts.listed(
            tx,
            [BroadcastState.DONE, BroadcastState.STOPPED, BroadcastState.EXPIRED,
             BroadcastState.MISSED],
            5,
        )  # fmt: skip
        counted = tallies.states(tx, [b.id for b in [*under_way, *newest]])
        mine = [
            b for b in budgets_of(app.site, tx) if person.wards is None or b.wards & person.wards
        ]
        purses = budgets.standings(tx, mine, app.site.mode, app.clock())
        health, work = alarms.gateways(app, tx), alarms.work(app, tx)
    return Shown(
        "home.html",
        {
            "unread": unread,
            "waiting": waiting,
            "under_way": under_way,
            "newest": newest,
            "counted": counted,
            "purses": list(purses.values()),
            "health": troubles.listed(health.values(), app.clock()),
            "alarm": troubles.of_work(work),
            "approves": person.role is Role.LEADER,
            "today": app.clock().astimezone(HANOI),
        },
    )


def tick_off(ask: Ask) -> Answer:
    """Notices were seen."""
    seen.tick_off(ask.context)
    return Go("/")


PAGES: list[Page] = [reads("/", home), changes("/notices", tick_off)]
