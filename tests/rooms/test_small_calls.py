"""A vendor that takes so many a call at least gets no call the last look has made smaller."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import FlowingClock, add_people
from patience import PATIENCE
from walk import counts, crowd, import_list, released, rows, sheet

from dispatcher.app import open_app
from dispatcher.config import parse
from dispatcher.gateways.contract import Accepted, Limits
from dispatcher.model import SYSTEM, Channel
from dispatcher.sending import Engine
from dispatcher.sending.lanes import Pace
from dispatcher.store import suppressions, upkeep

POSTGRESQL_LATER = True


class Takes:
    """A gateway that takes what it gets; `calls`: the numbers of each."""

    channel = Channel.SMS

    def __init__(self, name, limits):
        self.name, self.limits, self.calls = name, limits, []

    async def send(self, call_ref, batch):
        self.calls.append([m.to for m in batch])
        return [Accepted() for _ in batch]


@pytest.fixture
def site(make_site, database, tmp_path):
    """Opens a site with a broadcast to 40 people of whom some refuse before it is sent."""
    opened = []

    def make(route, refusing):
        app = open_app(
            parse(make_site(database, ('deadline = "2s"', 'deadline = "30m"'))), FlowingClock()
        )
        opened.append(app)
        officer, leader = add_people(app)
        import_list(app, sheet(tmp_path / "may-to.csv", crowd(40)))
        made = released(app, officer, leader, route=route)
        phones = rows(app, "SELECT DISTINCT address_id AS a FROM targets ORDER BY 1")
        with app.begin(SYSTEM)() as tx:
            for row in phones[:refusing]:
                suppressions.suppress(tx, row["a"], "asked")
        return app, made

    yield make
    for app in opened:
        app.store.close()


def settled(app, *gateways):
    """Run the send loop until nothing is queued or on the wire."""

    async def go(database):
        lanes = [(g, Pace()) for g in gateways]
        engine = Engine(app.store, "w", app.clock, app.site.mode, lanes, database)
        running = asyncio.create_task(engine.run())
        async with asyncio.timeout(PATIENCE):
            while rows(app, "SELECT 1 FROM messages WHERE state IN ('queued', 'sending')"):
                await asyncio.sleep(0.02)
        engine.stop()
        await running

    with ThreadPoolExecutor(1) as database:
        asyncio.run(go(database))
    with app.store.read(SYSTEM) as tx:
        assert [name for name, good, _ in upkeep.check(tx) if not good] == []


@pytest.mark.parametrize("refusing", [10, 11])
def test_a_call_that_became_too_small_goes_on_at_the_next_step(site, refusing):
    app, made = site("zalo-then-sms", refusing)
    many, each = Takes("zalo", Limits(batch=100, at_least=30)), Takes("esms", Limits())
    settled(app, many, each)
    assert counts(app, made) == {"accepted": 40 - refusing, "skipped": refusing}
    if refusing == 10:
        assert [len(c) for c in many.calls] == [30]
        assert each.calls == []
    else:
        assert many.calls == []
        assert [len(c) for c in each.calls] == [1] * 29
        assert len({n for [n] in each.calls}) == 29
    tries = rows(app, "SELECT DISTINCT tries FROM messages WHERE state = 'accepted'")
    assert [r["tries"] for r in tries] == [1]
    assert len(rows(app, "SELECT id FROM attempts")) == 40 - refusing


def test_a_call_that_became_too_small_and_has_no_other_way_is_not_lost(site):
    """It waits once, and leaves with what is due by then, like the last call of a broadcast."""
    app, made = site("sms", 15)
    many = Takes("esms", Limits(batch=100, at_least=30))
    settled(app, many)
    assert counts(app, made) == {"accepted": 25, "skipped": 15}
    assert [len(c) for c in many.calls] == [25]
