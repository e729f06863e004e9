"""Tin khẩn: texts prepared and approved beforehand, the roster, sending alone, the all-clear."""

from __future__ import annotations

from datetime import timedelta

from dispatcher import scheduling, templating
from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.broadcasts import emergencies as prepared
from dispatcher.db.contacts import areas
from dispatcher.db.staff import people
from dispatcher.domain.model import Audience, Role
from dispatcher.domain.problems import Problem
from dispatcher.domain.rights import DECIDERS, WRITERS, need, need_people
from dispatcher.usecases import emergencies
from dispatcher.web.ask import Answer, Ask, Go, Shown, read_date, whole
from dispatcher.web.guard import Page, changes, reads
from dispatcher.web.signing import prove


def urgent(ask: Ask) -> Answer:
    """Prepared texts and the roster."""
    with ask.read() as tx:
        found = [e for e in prepared.listed(tx) if emergencies.is_mine(tx, e)]
        ready = []
        for e in found:
            template = emergencies.text_of(ask.app, tx, e)
            blanks = [f for n, f in template.fields.items() if n not in e.fields]
            ready.append({"e": e, "blanks": blanks, "fields": template.fields})
        roster = prepared.roster(tx, ask.app.clock())
        now = ask.app.clock()
        on_duty = ask.person.person_id is not None and prepared.on_duty(
            tx, ask.person.person_id, now
        )
        everybody = people.seen(tx)
        wards = areas.seen_wards(tx)
        seen = {p["id"] for p in everybody}
    texts_ = []
    for name in templating.template_files(ask.app.templates):
        try:
            texts_.append(templating.load(ask.app.templates, name))
        except Problem:
            continue
    return Shown(
        "urgent.html",
        {"ready": ready, "roster": [d for d in roster if d["person_id"] in seen],
         "on_duty": on_duty, "now": now, "wards": wards, "texts": texts_,
         "staff": [p for p in everybody if p["disabled_at"] is None], "decides":
         ask.person.role in DECIDERS},
    )  # fmt: skip


def send_urgent(ask: Ask) -> Answer:
    name = ask.path["name"]
    with ask.remembering("send", "emergency", name):
        done, _ = emergencies.send(ask.app, ask.person, name, ask.fields())
    return Go(f"/broadcasts/{done.id}")


def approve_urgent(ask: Ask) -> Answer:
    name = ask.path["name"]
    with ask.remembering("approve", "emergency", name):
        prove(ask)
        with ask.begin() as tx:
            emergencies.approve(ask.app, tx, prepared.get(tx, name))
    return Go("/urgent")


def all_clear(ask: Ask) -> Answer:
    number = ask.number()
    with ask.read() as tx:
        original = broadcasts.get(tx, number)
    with ask.remembering("all-clear", "broadcast", number):
        done, _ = emergencies.all_clear(ask.app, ask.person, original, ask.fields())
    return Go(f"/broadcasts/{done.id}")


def prepare(ask: Ask) -> Answer:
    """A text for later: whom it may reach at most, at what cost, until when."""
    app = ask.app
    people_, dong = whole(ask.one("most_people")), whole(ask.one("most_dong"))
    until = read_date(ask.one("until"))
    if not people_ or not dong or not ask.one("name"):
        raise Problem(
            "bad-limits",
            "Cần tên, số người và số đồng nhiều nhất.",
            "A name, and the most people and đồng, are needed.",
        )
    clear = ask.one("all_clear")
    with ask.remembering("prepare", "emergency", ask.one("name")):
        with ask.begin() as tx:
            emergencies.prepare(
                app,
                tx,
                ask.one("name"),
                template=templating.load(app.templates, ask.one("template")),
                all_clear=templating.load(app.templates, clear) if clear else None,
                fields={},
                audience=Audience(ask.many("ward")),
                route="urgent",
                most=(people_, dong),
                until=until,
                rather_twice=bool(ask.one("rather_twice")),
            )
            emergencies.submit(tx, prepared.get(tx, ask.one("name")))
    return Go("/urgent")


def end(ask: Ask) -> Answer:
    with ask.begin() as tx:
        emergencies.end(tx, prepared.get(tx, ask.path["name"]))
    return Go("/urgent")


def arrange(ask: Ask) -> Answer:
    """Somebody is on duty for so many hours."""
    need(ask.person, DECIDERS, "xếp lịch trực", "arrange the roster")
    hours = whole(ask.one("hours")) or 0
    starts = scheduling.ask_moment(ask.one("start") or "now", ask.app.clock())
    if not 0 < hours <= 24 * 14:
        raise Problem("bad-duty", "Ca trực dài từ 1 giờ tới 14 ngày.", "1 hour to 14 days.")
    with ask.begin() as tx:
        number = whole(ask.one("who"))
        if number not in {p["id"] for p in people.seen(tx)}:
            raise Problem("unknown-person", "Không có người này.", "No such person.")
        person = people.as_actor(tx, people.by_id(tx, number or 0))
        need_people(tx.actor, person.wards)
        need(person, WRITERS, "trực", "be on duty")
        prepared.set_duty(tx, person.person_id or 0, starts, starts + timedelta(hours=hours))
    return Go("/urgent")


PAGES: list[Page] = [
    reads("/urgent", urgent),
    changes("/urgent", prepare),
    changes("/duty", arrange, tuple(DECIDERS)),
    changes("/urgent/{name}/send", send_urgent),
    changes("/urgent/{name}/approve", approve_urgent, (Role.LEADER,)),
    changes("/urgent/{name}/end", end),
    changes("/broadcasts/{number}/all-clear", all_clear),
]
