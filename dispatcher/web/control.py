"""For admins: people, gateways, areas, days off, budgets, schedules, how the site is set up."""

from __future__ import annotations

from typing import Any

from dispatcher import scheduling
from dispatcher.broadcasts import firing, targeting
from dispatcher.broadcasts.app import budgets_of
from dispatcher.db.broadcasts import budgets, schedules
from dispatcher.db.contacts import areas
from dispatcher.db.database import Tx
from dispatcher.db.ops import days_off
from dispatcher.db.queue import gateways
from dispatcher.db.staff import delegations, people
from dispatcher.db.staff.handover import hand_over, in_hand
from dispatcher.domain import rights
from dispatcher.domain.model import HANOI, SYSTEM, Actor, Mode, Role
from dispatcher.domain.problems import Problem, refused
from dispatcher.scheduling import Schedule
from dispatcher.usecases import accounts, alarms, deputizing, signing_in
from dispatcher.web import troubles
from dispatcher.web.ask import Answer, Ask, Go, Shown, read_date, whole
from dispatcher.web.guard import Page, changes, reads
from dispatcher.web.pages import ROLES
from dispatcher.web.signing import prove
from dispatcher.worker import timekeeping
from dispatcher.worker.adapters import callback_path

ADMINS = (Role.ADMIN,)


# --- people -------------------------------------------------------------------------------------


def staff(ask: Ask) -> Answer:
    with ask.read() as tx:
        found = people.seen(tx)
        wards = areas.seen_wards(tx)
    return Shown("people.html", {"found": found, "wards": wards, "ROLES": ROLES, "Role": Role})


def add_person(ask: Ask) -> Answer:
    """A new person, perhaps with a first password."""
    prove(ask)
    with ask.begin() as tx:
        ids = [n for v in ask.many("ward") if (n := whole(v)) is not None]
        rights.need_people(tx.actor, ids)
        if ask.one("role") not in set(Role):
            raise Problem("bad-role", "Chọn vai trò.", "Choose a role.")
        made = people.add(
            tx, ask.one("name"), ask.one("full_name"), Role(ask.one("role")), ids,
            ask.one("position"), email=ask.one("email"), namesake=bool(ask.one("namesake")),
        )  # fmt: skip
        if ask.one("password"):
            wards = frozenset(ids) if ids else None
            person = Actor(ask.one("name"), Role(ask.one("role")), made, wards)
            signing_in.set_password(tx, person, ask.one("password"))
    return Go("/people")


def _other(ask: Ask, tx: Tx) -> Actor:
    row = next((p for p in people.listed(tx) if p["id"] == ask.number()), None)
    if row is None or row["disabled_at"] is not None:
        raise Problem("unknown-person", "Không có người này.", "No such person.")
    found = people.as_actor(tx, row)
    rights.need_people(tx.actor, found.wards)
    if found.person_id == ask.person.person_id:
        raise refused("yourself", "Không tự làm việc này với mình.", "Not to yourself.")
    return found


def change_role(ask: Ask) -> Answer:
    prove(ask)
    with ask.begin() as tx:
        found = _other(ask, tx)
        if ask.one("role") not in set(Role):
            raise Problem("bad-role", "Chọn vai trò.", "Choose a role.")
        assert found.person_id is not None
        people.set_role(tx, found.person_id, Role(ask.one("role")), None)
    return Go("/people")


def new_password(ask: Ask) -> Answer:
    prove(ask)
    with ask.begin() as tx:
        signing_in.set_password(tx, _other(ask, tx), ask.one("password"))
    return Go("/people")


def disable(ask: Ask) -> Answer:
    """Asks first while work is open."""
    prove(ask)
    with ask.begin() as tx:
        found = _other(ask, tx)
        open_work = in_hand(tx, found)
        if open_work and not ask.one("anyway"):
            others = [p for p in people.seen(tx) if p["id"] != found.person_id
                      and p["disabled_at"] is None and p["role"] != Role.AUDITOR.value]  # fmt: skip
            return Shown("disable.html", {"p": found, "work": open_work, "others": others})
        to = ask.one("to")
        if to:
            hand_over(tx, found, people.actor(tx, to))
        assert found.person_id is not None
        people.disable(tx, found.person_id)
        schedules.end_of(tx, found.person_id)
    return Go("/people")


# --- delegations --------------------------------------------------------------------------------


def deputies(ask: Ask) -> Answer:
    """Who signs for whom; a leader lends their own right, an admin notes anybody's."""
    with ask.read() as tx:
        found = deputizing.seen(tx)
        working = [p for p in people.seen(tx) if p["disabled_at"] is None]
    leaders = [p for p in working if p["role"] == Role.LEADER.value
               and (ask.person.role is Role.ADMIN or p["id"] == ask.person.person_id)]  # fmt: skip
    others = [p for p in working if p["role"] != Role.AUDITOR.value]
    return Shown(
        "deputies.html",
        {"found": found, "leaders": leaders, "others": others,
         "prefixes": delegations.PREFIXES, "today": ask.app.clock().astimezone(HANOI).date()},
    )  # fmt: skip


def lend(ask: Ask) -> Answer:
    """Somebody signs for a leader from now on, or in days to come."""
    prove(ask)
    days = read_date(ask.one("from")), read_date(ask.one("until"))
    prefix = ask.one("prefix")
    if prefix not in delegations.PREFIXES or not ask.one("document"):
        raise Problem(
            "bad-delegation", "Cần số văn bản và cách ký.", "A document and a prefix are needed."
        )
    with ask.begin() as tx:
        deputizing.lend(
            tx, ask.one("principal"), ask.one("deputy"), prefix=prefix,
            document=ask.one("document"), days=days,
            most=(whole(ask.one("most_people")), whole(ask.one("most_dong"))),
        )  # fmt: skip
    return Go("/deputies")


def take_back(ask: Ask) -> Answer:
    number = ask.number()
    with ask.begin() as tx:
        if number not in {d.id for d, _, _ in deputizing.seen(tx)}:
            raise Problem("unknown-delegation", "Không có ủy quyền này.", "No such delegation.")
        deputizing.take_back(tx, number)
    return Go("/deputies")


# --- gateways, areas, days, settings ------------------------------------------------------------


def providers(ask: Ask) -> Answer:
    with ask.read() as tx:
        states, health = gateways.states(tx), alarms.gateways(ask.app, tx)
        odd = alarms.odd_reports(ask.app, tx)
    told = troubles.listed(health.values(), ask.app.clock())
    found = [{**states.get(g["name"], {}), "adapter": ask.app.site.gateways[g["name"]].adapter,
              "odd": alarms.of_no_use(odd[g["name"]]) if g["name"] in odd else None, **g}
             for g in told]  # fmt: skip
    return Shown("gateways.html", {"found": found, "whole": ask.person.wards is None})


def _gateway(ask: Ask) -> str:
    name = ask.path["name"]
    if name not in ask.app.site.gateways:
        raise Problem("unknown-gateway", "Không có nhà cung cấp này.", "No such gateway.")
    return name


def provider(ask: Ask) -> Answer:
    """One account, for who sets it up: what is missing, where it reports to, what it answers."""
    name = _gateway(ask)
    rights.need_site(ask.person, "thiết lập nhà cung cấp", "set up a gateway")
    app, checked = ask.app, None
    if ask.form:
        checked = accounts.checked(app, name, ask.language)
    path = callback_path(app, name)
    with ask.read() as tx:
        odd = alarms.odd_reports(app, tx).get(name)
        [health] = troubles.listed([alarms.gateways(app, tx)[name]], app.clock())
    return Shown(
        "gateway.html",
        {"health": health, "odd": alarms.of_no_use(odd) if odd else None,
         "g": app.site.gateways[name], "checked": checked, "live": app.site.mode is Mode.LIVE,
         "callback": app.site.public_url + path if app.site.public_url else "",
         "block": accounts.to_write(app.site.gateways[name].adapter, name)},
    )  # fmt: skip


def new_provider(ask: Ask) -> Answer:
    """What to write into the settings for an account at one of the vendors we know."""
    rights.need_site(ask.person, "thiết lập nhà cung cấp", "set up a gateway")
    blocks = {adapter: accounts.to_write(adapter, adapter) for adapter in accounts.SET_UP}
    return Shown("new-gateway.html", {"blocks": blocks})


def pause_gateway(ask: Ask) -> Answer:
    name = _gateway(ask)
    rights.need_site(ask.person, "tạm dừng nhà cung cấp", "pause a gateway", rights.WRITERS)
    with ask.begin() as tx:
        gateways.pause(tx, name, "person")
    return Go("/gateways")


def resume_gateway(ask: Ask) -> Answer:
    name = _gateway(ask)
    rights.need_site(ask.person, "cho nhà cung cấp chạy lại", "resume a gateway")
    with ask.begin() as tx:
        gateways.resume(tx, name)
    return Go("/gateways")


def holidays(ask: Ask) -> Answer:
    year = ask.app.clock().astimezone(HANOI).year
    with ask.read() as tx:
        found = days_off.listed(tx, (year, year + 1))
    return Shown("holidays.html", {"found": found, "kinds": days_off.KINDS})


def set_day(ask: Ask) -> Answer:
    rights.need_site(ask.person, "sửa bảng ngày nghỉ", "change the table of days off")
    chosen = read_date(ask.one("day"))
    if ask.one("kind") not in days_off.KINDS:
        raise Problem("bad-kind", "Chọn loại ngày.", "Choose what the day is.")
    with ask.begin() as tx:
        days_off.put(tx, chosen, ask.one("kind"), ask.one("name"))
    return Go("/holidays")


def money(ask: Ask) -> Answer:
    with ask.read() as tx:
        mine = [b for b in budgets_of(ask.app.site, tx)
                if ask.person.wards is None or b.wards & ask.person.wards]  # fmt: skip
        found = budgets.standings(tx, mine, ask.app.site.mode, ask.app.clock())
    return Shown("budgets.html", {"found": list(found.values())})


# --- schedules ----------------------------------------------------------------------------------


def plan(ask: Ask) -> Answer:
    """Schedules with their next ten firings."""
    app, now = ask.app, ask.app.clock()
    with app.begin(SYSTEM)() as tx:
        known = scheduling.keep_all(tx, app.schedules, app.site.window, tet=app.site.tet)
        calendar, held = days_off.calendar(tx), schedules.listed(tx)
    with ask.read() as tx:
        mine = {n: s for n, s in known.items() if firing.is_mine(tx, s)}
        coming = {n: firing.firings(app, tx, s, 10) for n, s in mine.items()}
    found = [
        {
            "name": name,
            "s": schedule,
            "state": held[name]["state"],
            "reason": held[name]["reason"],
            "ends": held[name]["ends_at"],
            "people": held[name]["ceiling_people"],
            "dong": held[name]["ceiling_dong"],
            "series": scheduling.series(
                schedule, calendar, now, now + scheduling.LIFE, tet=app.site.tet
            ),
            "coming": coming[name],
            "seen": _foreseen(ask, schedule) if held[name]["state"] == "submitted" else None,
            "missing": scheduling.skipped(schedule.cron) if schedule.cron else {},
        }
        for name, schedule in mine.items()
    ]
    return Shown(
        "schedules.html",
        {"found": found, "approves": ask.person.role is Role.LEADER, "missing": scheduling.told},
    )


def _foreseen(ask: Ask, schedule: Schedule) -> dict[str, Any]:
    """What the next firing of a schedule that waits for approval would do, or why it cannot be."""
    try:
        return {"preview": firing.foresee(ask.app, ask.person, schedule), "problem": None}
    except Problem as problem:
        return {"preview": None, "problem": problem.say}


def _schedule(ask: Ask) -> Schedule:
    found = scheduling.load(ask.app.schedules, ask.path["name"], ask.app.site.window)
    with ask.read() as tx:
        if not firing.is_mine(tx, found):
            raise Problem("unknown-schedule", "Không có lịch này.", "No such schedule.")
        targeting.wards_of(tx, found.audience)
    return found


def submit_schedule(ask: Ask) -> Answer:
    schedule = _schedule(ask)
    firing.hand_in(ask.app, ask.person, schedule)
    return Go("/schedules")


def approve_schedule(ask: Ask) -> Answer:
    schedule = _schedule(ask)
    with ask.remembering("approve", "schedule", schedule.name):
        with ask.app.store.read(SYSTEM) as tx:
            timekeeping.trust(tx, ask.app.clock)
        prove(ask)
        rights.need(ask.person, {Role.LEADER}, "phê duyệt", "approve")
        firing.foresee(ask.app, ask.person, schedule)
        with ask.begin() as tx:
            rights.need(tx.actor, {Role.LEADER}, "phê duyệt", "approve")
            scheduling.approve(tx, schedule, tet=ask.app.site.tet)
    return Go("/schedules")


def pause_schedule(ask: Ask) -> Answer:
    schedule = _schedule(ask)
    with ask.begin() as tx:
        schedules.move(tx, schedule.name, "paused")
    return Go("/schedules")


def stop_all(ask: Ask) -> Answer:
    """The emergency stop, of everything the person looks after."""
    with ask.begin() as tx:
        firing.stop_everything(ask.app, tx)
    return Go("/broadcasts")


PAGES: list[Page] = [
    reads("/people", staff, ADMINS),
    changes("/people", add_person, ADMINS),
    changes("/people/{number}/role", change_role, ADMINS),
    changes("/people/{number}/password", new_password, ADMINS),
    changes("/people/{number}/disable", disable, ADMINS),
    reads("/deputies", deputies, tuple(rights.DECIDERS)),
    changes("/deputies", lend, tuple(rights.DECIDERS)),
    changes("/deputies/{number}/end", take_back, tuple(rights.DECIDERS)),
    reads("/gateways", providers),
    reads("/gateways/new", new_provider, ADMINS),
    reads("/gateways/{name}", provider, ADMINS),
    changes("/gateways/{name}", provider, ADMINS),
    changes("/gateways/{name}/pause", pause_gateway),
    changes("/gateways/{name}/resume", resume_gateway, ADMINS),
    reads("/holidays", holidays),
    changes("/holidays", set_day, ADMINS),
    reads("/budgets", money),
    reads("/schedules", plan),
    changes("/schedules/{name}/submit", submit_schedule),
    changes("/schedules/{name}/approve", approve_schedule, (Role.LEADER,)),
    changes("/schedules/{name}/pause", pause_schedule),
    changes("/stop-all", stop_all),
]
