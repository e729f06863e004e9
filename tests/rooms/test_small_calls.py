"""A vendor that takes so many a call at least is asked for no fewer, whatever made them so few."""

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import product
from types import SimpleNamespace

import pytest
from conftest import FlowingClock, add_people
from patience import until
from walk import counts, crowd, get, import_list, released, rows, sheet

from dispatcher.config import parse
from dispatcher.config.pace import Pace
from dispatcher.db.broadcasts import ending
from dispatcher.db.contacts import suppressions
from dispatcher.db.database import at
from dispatcher.db.ops import maintenance
from dispatcher.domain import lifecycle
from dispatcher.domain.model import SYSTEM, BroadcastState, Channel, Fault
from dispatcher.gateways.contract import Accepted, Limits, Refused
from dispatcher.usecases.context import open_app
from dispatcher.worker.sending import Engine, claim
from dispatcher.worker.sending.gateway_queue import GatewayQueue
from dispatcher.worker.sending.quotas import as_calls

POSTGRESQL_LATER = True
DUE = "SELECT 1 FROM messages WHERE state = 'queued' AND due_at <= :now"
MANY = Limits(batch=100, at_least=30)


class Takes:
    """A gateway that takes what it gets, unless there is too little of it; `calls`: the numbers of
    each."""

    channel = Channel.SMS

    def __init__(self, name, limits):
        self.name, self.limits, self.calls = name, limits, []

    async def send(self, call_ref, batch):
        self.calls.append([m.to for m in batch])
        if len(batch) < self.limits.at_least:
            return [Refused(Fault.CONTENT, "107") for _ in batch]
        return [Accepted() for _ in batch]


@pytest.fixture
def site(make_site, database, tmp_path):
    """Opens a site with a broadcast to some people of whom some refuse before it is sent."""
    opened = []

    def make(route, refusing, count=40):
        app = open_app(
            parse(make_site(database, ('deadline = "2s"', 'deadline = "30m"'))), FlowingClock()
        )
        opened.append(app)
        officer, leader = add_people(app)
        import_list(app, sheet(tmp_path / "may-to.csv", crowd(count)))
        made = released(app, officer, leader, route=route)
        phones = rows(app, "SELECT DISTINCT address_id AS a FROM targets ORDER BY 1")
        with app.begin(SYSTEM)() as tx:
            for row in phones[:refusing]:
                suppressions.suppress(tx, row["a"], "asked")
        return app, made

    yield make
    for app in opened:
        app.store.close()


def run(app, *gateways, meanwhile, most=None):
    """Run the send loop while something is looked at or waited for."""

    async def go(database):
        queues = [(g, Pace(most=most or {})) for g in gateways]
        engine = Engine(app.store, "w", app.clock, app.site.mode, queues, database)
        running = asyncio.create_task(engine.run())
        try:
            await asyncio.to_thread(meanwhile)
        finally:
            engine.stop()
            await running

    with ThreadPoolExecutor(1) as database:
        asyncio.run(go(database))
    with app.store.read(SYSTEM) as tx:
        assert [name for name, good, _ in maintenance.check(tx) if not good] == []


def waiting(app, reason="too_few"):
    return len(rows(app, "SELECT 1 FROM messages WHERE state = 'queued' AND reason = :r", r=reason))


def all_settled(app):
    return not rows(app, "SELECT 1 FROM messages WHERE state IN ('queued', 'sending')")


@pytest.mark.parametrize("refusing, count", [(10, 40), (11, 40), (0, 29)])
def test_a_call_that_is_too_small_waits_a_moment_and_goes_on_at_the_next_step(
    site, refusing, count
):
    """However it became so small: the last look took some of it, or there never were more."""
    app, made = site("zalo-then-sms", refusing, count)
    many, each = Takes("zalo", MANY), Takes("esms", Limits())

    def act():
        if refusing != 10:
            until(lambda: waiting(app) == 29)
            assert many.calls == each.calls == []
            app.clock.advance(minutes=1)
        until(lambda: all_settled(app))

    run(app, many, each, meanwhile=act)
    assert counts(app, made).get("accepted") == count - refusing
    if refusing == 10:
        assert [len(c) for c in many.calls] == [30]
        assert each.calls == []
    else:
        assert many.calls == []
        assert [len(c) for c in each.calls] == [1] * 29
        assert len({n for [n] in each.calls}) == 29
    tries = rows(app, "SELECT DISTINCT tries, reason FROM messages WHERE state = 'accepted'")
    assert [(r["tries"], r["reason"]) for r in tries] == [(1, None)]
    assert len(rows(app, "SELECT id FROM attempts")) == count - refusing


@pytest.mark.parametrize("refusing, count", [(15, 40), (0, 25)])
def test_a_call_too_small_without_another_way_waits_and_is_named_when_its_time_is_over(
    site, refusing, count
):
    app, made = site("sms", refusing, count)
    many = Takes("esms", MANY)

    def act():
        until(lambda: waiting(app) == 25)
        for _ in range(2):  # looked at each time, and no call is made of them
            app.clock.advance(minutes=10)
            until(lambda: not rows(app, DUE, now=at(app.clock())))

    run(app, many, meanwhile=act)
    assert many.calls == []
    assert rows(app, "SELECT id FROM attempts") == []
    app.clock.advance(days=2)
    with app.begin(SYSTEM)() as tx:
        [over] = ending.finish(tx)
        tx.note("test", "messages", "")
    assert over.expired == 25
    assert get(app, made).state is BroadcastState.EXPIRED
    named = rows(app, "SELECT reason, count(*) AS n FROM messages WHERE state = 'expired' "
                      "GROUP BY reason")  # fmt: skip
    assert [(r["reason"], r["n"]) for r in named] == [("too_few", 25)]


def test_those_who_are_too_few_leave_with_others_who_come_later(site):
    app, made = site("sms", 0)
    with app.begin(SYSTEM)() as tx:
        tx.run("UPDATE messages SET due_at = :due WHERE id % 4 = 0",
               {"due": at(tx.now + timedelta(seconds=90))})  # fmt: skip
        tx.note("test", "messages", "")
    many = Takes("esms", Limits(batch=100, at_least=35))

    def act():
        until(lambda: waiting(app) == 30)
        app.clock.advance(minutes=2)
        until(lambda: waiting(app) == 10 or all_settled(app))
        app.clock.advance(minutes=10)
        until(lambda: all_settled(app))

    run(app, many, meanwhile=act)
    assert [len(c) for c in many.calls] == [40]
    assert counts(app, made) == {"accepted": 40}


@pytest.mark.parametrize("most, go", [(20, 0), (35, 35), (70, 70), (89, 70)])
def test_a_quota_that_cuts_a_call_leaves_no_part_of_it_too_small(site, most, go):
    """What does not go waits for the next day, and takes nothing from the quota."""
    app, made = site("sms", 0, 100)
    many = Takes("esms", MANY)

    def act():
        until(lambda: waiting(app, "later") == 100 - go and len(many.calls) == (go > 0))
        until(lambda: counts(app, made).get("accepted", 0) == go)

    run(app, many, meanwhile=act, most={"per_day": most})
    assert [len(c) for c in many.calls] == ([go] if go else [])
    assert sum(r["used"] for r in rows(app, "SELECT used FROM allowances")) == go


def test_so_many_of_a_cut_call_go_that_neither_part_is_too_small():
    for fit, left, least in product(range(1, 80), range(1, 80), (1, 2, 30)):
        going = as_calls(fit, left, least)
        assert going <= fit
        assert going == 0 or going >= least
        if fit < least:
            assert going == 0
        elif left >= least:
            assert going == fit
        elif fit + left >= 2 * least:
            assert fit + left - going >= least
        else:
            assert going == fit, "those left are too few whatever is done"


# --- calls are put together from what waits here ------------------------------------------------


def of_kind(name, number, again=0):
    """A message as far as putting calls together looks at it."""
    return SimpleNamespace(message_id=number, broadcast_id=1, ward_id=name, carrier=None,
                           text="x", refused_with_others=again > 0, tries=again)  # fmt: skip


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("pace", [None, 10.0])
def test_no_call_is_too_small_where_enough_alike_wait_here(together, pace):
    """Whatever waits in between, at a pace and without one; nobody is left out or asked twice."""
    for a, b in product((1, 29, 30, 31, 45, 59, 60, 100, 101, 129, 131, 250), (0, 1, 29, 40, 105)):
        kinds = ["A"] * a + ["B"] * b
        if not together:
            kinds = kinds[::2] + kinds[1::2]
        gateway = SimpleNamespace(limits=MANY, name="esms")
        queue = GatewayQueue(gateway, Pace(per_second=pace), 2,
                    deque(of_kind(k, n) for n, k in enumerate(kinds)))  # fmt: skip
        calls = []
        while queue.waiting:
            calls.append(claim.next_batch(queue))
        assert sorted(p.message_id for c in calls for p in c) == list(range(a + b))
        for call in calls:
            [kind] = {p.ward_id for p in call}
            assert len(call) <= MANY.batch
            assert len(call) >= 30 or kinds.count(kind) < 30, (a, b, len(call))


def test_a_call_that_was_refused_in_one_word_is_not_put_together_again():
    again = deque(of_kind("A", n, again=2) for n in range(45))
    queue = GatewayQueue(SimpleNamespace(limits=MANY, name="esms"), Pace(), 2, again)
    assert len(claim.next_batch(queue)) < 45


def test_those_who_are_too_few_are_all_looked_at_in_the_same_moment():
    seen = {lifecycle.gathering(datetime(2026, 12, 1, 2, 3, s, tzinfo=UTC)) for s in range(60)}
    assert seen == {datetime(2026, 12, 1, 2, 4, tzinfo=UTC)}
    later = {lifecycle.gathering(datetime(2026, 12, 1, 2, m, 9, tzinfo=UTC), again=True)
             for m in range(10)}  # fmt: skip
    assert later == {datetime(2026, 12, 1, 2, 10, tzinfo=UTC)}
