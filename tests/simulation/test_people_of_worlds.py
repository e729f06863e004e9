"""Acts of people in a calm world: each does, by the database and the vendor's ledger, what it says."""

import random
import re
from dataclasses import replace

import pytest

from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.queue import gateways
from dispatcher.domain.model import SYSTEM, BroadcastState
from dispatcher.simulators.worlds import acts_after, lives
from dispatcher.simulators.worlds.acts import BroadcastWish, send
from dispatcher.simulators.worlds.events import KINDS
from dispatcher.simulators.worlds.gateway_plans import GatewayPlan, StepPlan
from dispatcher.simulators.worlds.lives import workshop
from dispatcher.simulators.worlds.residents import LEADER, Residents, held
from dispatcher.simulators.worlds.rules import Rules
from dispatcher.simulators.worlds.site import SitePlan, fill, migrated, write_site
from dispatcher.simulators.worlds.vendors import Habits
from dispatcher.simulators.worlds.world import World

pytestmark = pytest.mark.long

B = BroadcastState
CALM = Habits(reports=0.0)
PLAN = SitePlan(
    (GatewayPlan("g0", "lab", "sms", "dedup", 4, CALM, price=500),
     GatewayPlan("g1", "zalo", "zalo", "neither", 4, CALM, price=200)),
    people=12, route=(StepPlan((("g0", 1),)),), residents=Residents(grouped=True, agreed=0.5),
)  # fmt: skip
# No gateway of a plan hands replies over; this one does, and nothing is sent through it.
REPLIES = '[gateways.g2]\nadapter = "kannel"\nbase_url = "http://127.0.0.1:1"\n'
SHOWN = set()


def shows(name):
    """A test that shows what one act does."""
    SHOWN.add(name)
    return lambda test: test


@pytest.fixture(scope="module")
def shop():
    with workshop() as folder:
        yield folder


@pytest.fixture
def world(shop, tmp_path):
    yield from a_world(shop, tmp_path, PLAN)


@pytest.fixture
def poor(shop, tmp_path):
    yield from a_world(shop, tmp_path, replace(PLAN, rules=Rules(month=500)))


def a_world(shop, root, plan):
    made = World(7, root)
    write_site(made, plan, migrated(shop))
    with (root / "dispatcher.toml").open("a", encoding="utf-8") as settings:
        settings.write(REPLIES)
    made.as_person(lambda app: fill(made, app, plan, random.Random(3)))
    made.open_door()
    made.start_worker()
    run(made, 2)
    yield made
    made.end()


def run(world, seconds):
    world.stir()
    world.run(world.seconds + seconds)


def happen(world, name, wanted=""):
    """What an act came to, done until something of which `wanted` is said."""
    world.playing = name
    for seed in range(300):
        said = KINDS[name].does(world, random.Random(seed))
        if said is not None and re.search(wanted, said):
            return said
    raise AssertionError(f"{name} never happened: {world.trace[-5:]}")


def one(world, sql, **values):
    with world.look().store.read(SYSTEM) as tx:
        return tx.value(sql, **values)


def state(world, told):
    with world.look().store.read(SYSTEM) as tx:
        return broadcasts.get(tx, told.id).state


def bodies(world, code):
    """What the vendor took with this code in it."""
    return [t for t in world.vendors["g0"].ledger if code in t.body]


def people(world):
    with world.look().store.read(SYSTEM) as tx:
        return held(tx)


def told_of(world, said):
    return world.facts.told[re.search(r"Q\d+X", said).group()]


def rows(world, sql, **values):
    with world.look().store.read(SYSTEM) as tx:
        return [dict(row) for row in tx.rows(sql, **values)]


def numbers_of(world):
    return {n for phones in people(world).values() for n in phones[:1]}


# --- before it leaves ---------------------------------------------------------------------------


@shows("broadcast")
def test_a_broadcast_reaches_everybody_once(world):
    told = told_of(
        world, happen(world, "broadcast", r"\(sim \d+\) to (all|Máy Tơ, Lạc Viên), scheduled, 0 s")
    )
    run(world, 60)
    assert state(world, told) is B.DONE
    assert told.approved
    assert told.due is not None
    taken = [t.to for t in bodies(world, told.code)]
    assert len(taken) == len(set(taken)) > 0
    assert set(taken) <= numbers_of(world)


@shows("go on")
def test_what_was_left_lying_goes_on(world):
    told = send(world, BroadcastWish(upto="submitted"))
    assert not told.approved
    happen(world, "go on")
    run(world, 60)
    assert told.approved
    assert state(world, told) is B.DONE
    assert bodies(world, told.code)


@shows("send back")
def test_a_leader_sends_back(world):
    told = send(world, BroadcastWish(upto="submitted"))
    happen(world, "send back")
    assert state(world, told) in (B.RETURNED, B.REJECTED)
    assert one(world, "SELECT reason FROM broadcasts WHERE id = :i", i=told.id) == "xem lại"


@shows("edit")
def test_an_edit_ends_the_approval(world):
    told = send(world, BroadcastWish(later=600))
    assert told.approved
    said = happen(world, "edit")
    new = world.facts.told[said.split(" is ")[1][:5]]
    run(world, 1200)
    assert told.void is not None
    assert not told.approved
    assert not bodies(world, told.code)
    assert bool(bodies(world, new.code)) is new.approved is ("goes on" in said)


@shows("reword")
def test_a_leader_rewords_and_the_author_confirms(world):
    waiting = [send(world, BroadcastWish(upto="submitted")) for _ in range(6)]
    said = happen(world, "reword", r"Q\d+X$")  # some authors do not want it
    [told] = [t for t in waiting if t.code in said.split(" becomes ")[0]]
    new = world.facts.told[said.split("becomes ")[1][:5]]
    run(world, 60)
    assert new.approved
    assert bodies(world, new.code)
    assert not bodies(world, told.code)


# --- on its way ---------------------------------------------------------------------------------


@shows("pause")
def test_a_pause_holds(world):
    told = send(world, BroadcastWish(later=5))
    happen(world, "pause")
    assert state(world, told) is B.PAUSED
    assert told.paused[0][1] is None
    run(world, 1)
    assert not bodies(world, told.code)


@shows("resume")
def test_a_paused_one_goes_on(world):
    told = send(world, BroadcastWish(later=5))
    happen(world, "pause")
    happen(world, "resume")
    assert told.paused[0][1] == world.seconds
    run(world, 60)
    assert state(world, told) is B.DONE
    assert bodies(world, told.code)


@shows("settle")
def test_what_is_held_for_its_budget_is_settled(poor):
    told = send(poor, BroadcastWish())
    run(poor, 30)
    assert state(poor, told) is B.HELD
    assert not bodies(poor, told.code)
    said = happen(poor, "settle")
    run(poor, 60)
    assert told.over_budget is ("goes on" in said) is bool(bodies(poor, told.code))
    assert state(poor, told) is (B.DONE if told.over_budget else B.STOPPED)


@shows("stop")
def test_a_stopped_one_never_leaves(world):
    told = send(world, BroadcastWish(later=5))
    happen(world, "stop")
    run(world, 60)
    assert state(world, told) is B.STOPPED
    assert told.stopped is not None
    assert not bodies(world, told.code)


@shows("stop everything")
def test_everything_stops(world):
    told = send(world, BroadcastWish(later=50))
    fires = told_of_schedule(world)
    said = happen(world, "stop everything")
    run(world, 60_000)
    assert said == "1 broadcasts, 1 schedules"
    assert told.stopped is not None
    assert fires.stopped is not None
    assert state(world, told) is B.STOPPED
    assert not world.vendors["g0"].ledger
    assert rows(world, "SELECT state FROM schedules") == [{"state": "paused"}]


@shows("test")
def test_a_test_goes_to_a_number_of_ours(world):
    told = send(world, BroadcastWish(upto="draft"))
    happen(world, "test")
    run(world, 60)
    assert {t.to for t in bodies(world, told.code)} == world.facts.testers
    assert told.again == 1
    assert not told.approved


# --- afterwards ---------------------------------------------------------------------------------


@shows("correction")
def test_a_correction_goes_to_those_who_got_it(world):
    told = send(world, BroadcastWish())
    run(world, 60)
    new = told_of(world, happen(world, "correction"))
    run(world, 60)
    assert new.corrects == told.code
    assert {t.to for t in bodies(world, new.code)} == {t.to for t in bodies(world, told.code)}


def half_sent(world):
    """A broadcast that was stopped before anything left."""
    with_gateway(world, gateways.pause, "person")
    told = send(world, BroadcastWish())
    run(world, 20)
    assert acts_after._stop(world, told, None)
    with_gateway(world, gateways.resume)
    return told


def with_gateway(world, act, *more):
    def do(app):
        with app.begin(app.actor(LEADER))() as tx:
            act(tx, "g0", *more)

    world.as_person(do)


@shows("resend")
def test_the_same_words_go_to_those_they_did_not_reach(world):
    told = half_sent(world)
    assert not bodies(world, told.code)
    happen(world, "resend", "cancelled")
    run(world, 60)
    taken = [t.to for t in bodies(world, told.code)]
    assert len(taken) == len(set(taken)) > 0
    assert told.again == 1
    assert len(told.also) == 1
    assert told.stopped is None
    assert state(world, told) is B.DONE


# --- urgent -------------------------------------------------------------------------------------


@shows("prepare urgent")
def test_an_urgent_text_is_prepared_and_somebody_is_on_duty(world):
    happen(world, "prepare urgent")
    assert rows(world, "SELECT name, state FROM emergencies") == [
        {"name": world.facts.prepared[0], "state": "approved"}
    ]
    assert one(world, "SELECT count(*) FROM duties") == 1


def warned(world):
    for _ in range(20):  # some are approved for two people only
        happen(world, "prepare urgent")
        told = told_of(world, happen(world, "send urgent"))
        run(world, 60)
        if bodies(world, told.code):
            return told
    raise AssertionError


@shows("send urgent")
def test_the_officer_on_duty_sends_alone(world):
    told = warned(world)
    assert told.urgent
    assert told.approved
    assert told.ceiling == 50_000_000
    assert one(world, "SELECT priority FROM broadcasts WHERE id = :i", i=told.id) == 0


@shows("all clear")
def test_whoever_was_warned_is_told_that_it_is_over(world):
    warned(world)
    new = told_of(world, happen(world, "all clear"))
    old = world.facts.told[new.corrects]
    run(world, 60)
    taken = {t.to for t in bodies(world, new.code)}
    assert new.approved
    assert taken == {t.to for t in bodies(world, old.code)}


@shows("end urgent")
def test_an_ended_text_is_sent_no_more(world):
    happen(world, "prepare urgent")
    happen(world, "end urgent")
    assert rows(world, "SELECT state FROM emergencies") == [{"state": "ended"}]
    assert all(KINDS["send urgent"].does(world, random.Random(s)) is None for s in range(5))


# --- schedules ----------------------------------------------------------------------------------


def told_of_schedule(world):
    said = happen(world, "schedule", "at =")
    return world.facts.told[re.search(r"lich-(q\d+x)", said)[1].upper()]


@shows("schedule")
def test_a_schedule_fires_by_itself(world):
    told = told_of_schedule(world)
    assert told.approved
    assert told.due > world.seconds
    run(world, told.due - world.seconds + 60)
    taken = [t.to for t in bodies(world, told.code)]
    assert len(taken) == len(set(taken)) > 0
    assert rows(world, "SELECT state FROM occurrences") == [{"state": "released"}]


@shows("pause a schedule")
def test_a_paused_schedule_sends_nothing(world):
    told = told_of_schedule(world)
    happen(world, "pause a schedule")
    assert told.stopped is not None
    run(world, told.due - world.seconds + 60)
    assert not bodies(world, told.code)


@shows("schedule again")
def test_a_paused_schedule_that_is_approved_again_fires(world):
    told = told_of_schedule(world)
    happen(world, "pause a schedule")
    happen(world, "schedule again")
    assert told.stopped is None
    run(world, told.due - world.seconds + 60)
    assert bodies(world, told.code)


@shows("edit a schedule")
def test_an_edited_schedule_sends_nothing(world):
    told = told_of_schedule(world)
    happen(world, "edit a schedule")
    run(world, told.due - world.seconds + 60)
    assert told.void is not None
    assert not world.vendors["g0"].ledger
    assert one(world, "SELECT approved_digest FROM schedules") is None


# --- lists --------------------------------------------------------------------------------------


def number_of_contact(world, said):
    return people(world)[int(re.search(r"c(\d+)", said)[1])]


@shows("opt out")
def test_whoever_opts_out_gets_nothing_more(world):
    phones = number_of_contact(world, happen(world, "opt out", " all"))
    told = send(world, BroadcastWish())
    run(world, 60)
    taken = {t.to for t in bodies(world, told.code)}
    assert taken
    assert not taken & set(phones)
    assert {(n.number, n.scope) for n in world.facts.noes} >= {(p, "all") for p in phones}
    assert one(world, "SELECT count(*) FROM suppressions WHERE lifted_at IS NULL") > 0


@shows("opt out is lifted")
def test_a_lifted_no_counts_no_longer(world):
    happen(world, "opt out", " all")
    happen(world, "opt out is lifted")
    assert one(world, "SELECT count(*) FROM suppressions WHERE lifted_at IS NOT NULL") > 0
    assert any(n.until is not None for n in world.facts.noes)


@shows("do not call")
def test_a_do_not_call_list_stops_advertising(world):
    happen(world, "do not call")
    found = rows(world, "SELECT DISTINCT scope, reason FROM suppressions")
    assert found == [{"scope": "promotion", "reason": "do_not_call"}]
    assert {n.scope for n in world.facts.noes} == {"promotion"}


@pytest.mark.parametrize("act", ["erase", "remove"])
def test_whoever_goes_is_on_no_list(world, act):
    before = people(world)
    said = happen(world, act)
    contact = int(re.search(r"c(\d+)", said)[1])
    after = people(world)
    assert contact in before
    assert contact not in after
    left = {n for phones in after.values() for n in phones}
    assert {n.number for n in world.facts.noes} == set(before[contact]) - left
    acts = "forgotten" if act == "erase" else "removed"
    assert one(world, "SELECT count(*) FROM trail WHERE act = :a", a=acts) == 1


shows("erase")
shows("remove")


@shows("move")
def test_somebody_moves(world):
    def where():
        return {r["id"]: (r["ward_id"], r["residential_group_id"]) for r in rows(
            world, "SELECT id, ward_id, residential_group_id FROM contacts")}  # fmt: skip

    before = where()
    contact = int(re.search(r"c(\d+)", happen(world, "move"))[1])
    after = where()
    assert {c for c in after if after[c] != before[c]} <= {contact}
    assert one(world, "SELECT count(*) FROM imports") == 2
    assert len(world.facts.imports) == 1


@shows("another number")
def test_somebody_has_another_number(world):
    before = people(world)
    said = happen(world, "another number")
    contact = int(re.search(r"c(\d+)", said)[1])
    after = people(world)
    assert after[contact] != before[contact]
    assert after[contact][0].endswith(said[-3:])
    left = {n for phones in after.values() for n in phones}
    assert {n.number for n in world.facts.noes} == set(before[contact]) - left


@shows("add one")
def test_somebody_new_is_on_the_list(world):
    before = people(world)
    happen(world, "add one")
    assert len(people(world)) == len(before) + 1


@shows("agree")
def test_somebody_agrees_to_advertising(world):
    before = one(world, "SELECT count(*) FROM group_members")
    said = happen(world, "agree", "no")
    happen(world, "agree", "yes")
    assert one(world, "SELECT count(*) FROM trail WHERE act IN ('joined', 'left')") >= 2
    assert said
    assert before


@shows("import")
def test_a_list_comes_again(world):
    before = people(world)
    said = happen(world, "import", "[123] new")
    new = int(re.search(r"(\d+) new", said)[1])
    assert len(people(world)) >= len(before) + new
    assert one(world, "SELECT count(*) FROM imports") == 1 + len(world.facts.imports) > 1


@shows("undo an import")
def test_the_last_list_is_taken_back(world):
    before = people(world)
    happen(world, "add one")
    happen(world, "undo an import")
    assert people(world) == before
    assert not world.facts.imports
    assert one(world, "SELECT count(*) FROM imports WHERE undone_at IS NOT NULL") == 1


@shows("merge groups")
def test_two_groups_become_one(world):
    said = happen(world, "merge groups")
    old = re.search(r": (.*) into", said)[1]
    ward = said.split(":")[0]
    left = rows(
        world,
        "SELECT count(*) AS n FROM contacts c JOIN areas g ON g.id = c.residential_group_id "
        "JOIN areas w ON w.id = g.parent_id WHERE g.name = :g AND w.name = :w",
        g=old, w=ward,
    )  # fmt: skip
    assert left == [{"n": 0}]
    assert one(world, "SELECT count(*) FROM areas WHERE name = :g AND valid_to IS NOT NULL", g=old)


# --- through a vendor ---------------------------------------------------------------------------


@shows("user id")
def test_an_account_knows_somebody(world):
    happen(world, "user id", r"g\d$")
    assert one(world, "SELECT count(*) FROM user_ids") >= 1


@shows("reply")
def test_a_reply_that_refuses_is_obeyed(world):
    happen(world, "reply", "TC")
    run(world, 120)
    assert one(world, "SELECT count(*) FROM suppressions WHERE reason = 'replied'") >= 1
    assert world.facts.noes


# --- the site -----------------------------------------------------------------------------------


@pytest.mark.long
@shows("settings")
def test_settings_change_and_a_new_worker_sees_them(world):
    happen(world, "settings", "undo = 60s, workers start again")
    run(world, 60)
    assert 'undo = "60s"' in (world.root / "dispatcher.toml").read_text("utf-8")
    first, *_, last = world.facts.started
    assert world.facts.setting("site.undo", first) == "0s"
    assert world.facts.setting("site.undo", last) == "60s"
    assert world.facts.longest_undo() >= 60
    assert world.workers[last][1].app.site.undo.total_seconds() == 60


@shows("restart")
def test_workers_are_started_anew_in_good_order(world):
    [old] = world.workers
    happen(world, "restart")
    told = send(world, BroadcastWish())
    run(world, 120)
    assert not world.workers[old][0].lives
    assert len(world.workers) == 2
    assert state(world, told) is B.DONE
    assert one(world, "SELECT count(*) FROM trail WHERE act = 'drained'") == 1


@shows("account")
def test_a_gateway_has_other_settings(world):
    calls = int(re.search(r"g0: (\d+)", happen(world, "account", "g0: (1|2|8|32)"))[1])
    run(world, 60)
    last = [w for p, w in world.workers.values() if p.lives][-1]
    assert last.app.site.gateways["g0"].in_flight == calls


@shows("pause a gateway")
def test_nothing_goes_to_a_gateway_that_is_paused(world):
    happen(world, "pause a gateway", "g0")
    told = send(world, BroadcastWish())
    run(world, 3)
    assert world.facts.shut["g0"][-1][1] is None
    assert state(world, told) is B.RUNNING
    assert not bodies(world, told.code)


@shows("resume a gateway")
def test_a_gateway_goes_on(world):
    happen(world, "pause a gateway", "g0( for 1800 s)?$")
    happen(world, "resume a gateway", "g0")
    told = send(world, BroadcastWish())
    run(world, 60)
    assert world.facts.shut["g0"][-1][1] is not None
    assert bodies(world, told.code)


@shows("holiday")
def test_a_day_is_what_somebody_says(world):
    said = happen(world, "holiday")
    found = rows(world, "SELECT kind FROM days_off WHERE \"by\" = 'admin'")
    assert found == [{"kind": said.split()[1]}]


# --- all of them --------------------------------------------------------------------------------


def test_every_act_is_shown():
    modules = {name for name in vars(lives) if name.startswith("acts")}
    acts = {k.name for k in KINDS.values() if k.does.__module__.rpartition(".")[2] in modules}
    assert acts == SHOWN


@pytest.mark.parametrize("dies_at", range(6))
def test_an_act_is_remembered_exactly_when_it_is_committed(world, dies_at):
    told = send(world, BroadcastWish(later=500))
    acts_after._stop(world, told, dies_at)
    assert (told.stopped is not None) is (state(world, told) is B.STOPPED)
    died = [words for _, words in world.trace if "dies at" in words]
    assert bool(died) is (dies_at < 2)


@pytest.mark.parametrize("dies_at", range(9))
def test_a_broadcast_that_dies_on_its_way_is_known_as_far_as_it_got(world, dies_at):
    send(world, BroadcastWish(), dies_at)
    found = rows(world, "SELECT id, approved_digest, at FROM broadcasts")
    told = [(t.id, t.approved, t.due is not None) for t in world.facts.told.values()]
    assert told == [(b["id"], b["approved_digest"] is not None, b["at"] is not None) for b in found]
