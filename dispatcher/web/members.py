"""One person changed by hand, groups, and whoever is not written to."""

from __future__ import annotations

from dispatcher.db.contacts import areas, contacts, groups, imports, replies, suppressions
from dispatcher.db.contacts.areas import Area
from dispatcher.db.database import Tx
from dispatcher.domain import rights, words
from dispatcher.domain.areas import group_key
from dispatcher.domain.opting_out import Wish
from dispatcher.domain.problems import Problem, refused
from dispatcher.domain.sms import folded
from dispatcher.usecases import intake
from dispatcher.web.ask import Answer, Ask, Go, Shown, whole
from dispatcher.web.guard import Page, changes, reads
from dispatcher.web.residents import WRITING, known, scope_of
from dispatcher.worker import receiving

SHOWN = 500  # numbers not written to, the newest

# --- one person ---------------------------------------------------------------------------------


def blank(ask: Ask) -> Answer:
    with ask.read() as tx:
        found = {"wards": areas.seen_wards(tx), "groups": groups.listed(tx)}
    return Shown("new-contact.html", found)


def add(ask: Ask) -> Answer:
    """One person, through the same doors as a list."""
    with ask.begin() as tx:
        ward = _ward(ask, tx)
        intake.add_one(
            tx, ask.app, ward.name, name=ask.one("name"), phones=_phones(ask),
            group=ask.one("tdp"), household=ask.one("household"), title=ask.one("title"),
            member_of=ask.one("member_of"), source=ask.t("nhập tay", "by hand"),
        )  # fmt: skip
    return Go("/contacts")


def _phones(ask: Ask) -> tuple[str, ...]:
    return tuple(line.strip() for line in ask.one("phones").splitlines() if line.strip())


def _ward(ask: Ask, tx: Tx) -> Area:
    found = next((w for w in areas.seen_wards(tx) if str(w.id) == ask.one("ward")), None)
    if found is None:
        raise Problem("no-ward", "Chọn phường.", "Choose a ward.")
    rights.need_wards(tx.actor, [found.id], "thêm người", "add people")
    return found


def rephone(ask: Ask) -> Answer:
    """Other numbers instead of those somebody has."""
    number, heads = ask.number(), ask.app.site.sample_heads
    with ask.begin() as tx:
        known(ask, number)
        wanted = intake.numbers(_phones(ask), heads)
        made = contacts.put_addresses(tx, wanted, heads)
        addresses = [made[a] for a in dict.fromkeys(wanted)]
        imports.change(tx, [number], addresses=addresses)
    return Go(f"/contacts/{number}")


def move(ask: Ask) -> Answer:
    """Somebody lives in another residential group, or another ward of one's own."""
    number = ask.number()
    with ask.begin() as tx:
        known(ask, number)
        ward = _ward(ask, tx)
        units = areas.groups_of(tx, ward.id)
        unit = units.get(group_key(ask.one("tdp"))) if ask.one("tdp") else None
        if ask.one("tdp") and unit is None:
            raise Problem("unknown-group", "Phường này không có tổ đó.", "No such group there.")
        place = (ward.id, unit.id if unit else None, unit.key if unit else "")
        imports.change(tx, [number], place=place)
    return Go(f"/contacts/{number}")


def forget(ask: Ask) -> Answer:
    """Erase a person on request; cannot be undone, so the code of the person is typed."""
    number = ask.number()
    with ask.begin() as tx:
        known(ask, number)
        if ask.one("sure").lower() != f"c{number}" or not ask.one("reason"):
            raise refused(
                "not-sure",
                f"Gõ c{number} và lý do (số đơn) để xóa hẳn; chưa làm gì.",
                f"Type c{number} and a reason to erase for good; nothing was done.",
            )
        suppressions.forget(tx, number, ask.one("reason"))
    return Go("/contacts")


def join(ask: Ask) -> Answer:
    """Somebody comes into a group: one that is there, or a new one."""
    number, name = ask.number(), ask.one("name") or ask.one("group")
    with ask.begin() as tx:
        known(ask, number)
        group = _made(tx, name)
        tx.note("joined", "group", group, people=groups.join(tx, [(group, number)]))
    return Go(f"/contacts/{number}")


def leave(ask: Ask) -> Answer:
    number, group = ask.number(), whole(ask.one("group")) or 0
    with ask.begin() as tx:
        known(ask, number)
        tx.note("left", "group", group, people=groups.leave(tx, group, [number]))
    return Go(f"/contacts/{number}")


# --- groups -------------------------------------------------------------------------------------


def sets(ask: Ask) -> Answer:
    with ask.read() as tx:
        found = groups.listed(tx)
    return Shown("groups.html", {"found": found})


def _made(tx: Tx, name: str) -> int:
    if not folded(name):
        raise Problem("bad-name", "Ghi tên nhóm.", "Type the name of the group.")
    return groups.ensure(tx, [name])[folded(name)]


def add_group(ask: Ask) -> Answer:
    with ask.begin() as tx:
        tx.note("added", "group", _made(tx, ask.one("name")))
    return Go("/groups")


def remove_group(ask: Ask) -> Answer:
    """A group goes, its people stay; not while people of other wards are in it."""
    number = ask.number()
    with ask.begin() as tx:
        found = next((g for g in groups.listed(tx) if g["id"] == number), None)
        if found is None or groups.foreign(tx, number):
            raise Problem("unknown-group", "Không có nhóm này, hoặc nhóm có người của phường khác.",
                          "No such group, or it has people of other wards.")  # fmt: skip
        groups.remove(tx, number)
        tx.note("removed", "group", number, people=found["people"])
    return Go("/groups")


# --- whoever is not written to ------------------------------------------------------------------


def blocked(ask: Ask) -> Answer:
    with ask.read() as tx:
        found = suppressions.listed(tx, SHOWN)
    ask.noted("read", "log", "suppressions")
    return Shown("suppressions.html", {"found": found, "most": SHOWN, "SCOPES": words.SCOPES,
                                       "why_stopped": words.why_stopped})  # fmt: skip


def block(ask: Ask) -> Answer:
    """A number that is not to be written to, on a list or not."""
    heads = ask.app.site.sample_heads
    if not ask.one("reason") or not ask.one("phone"):
        raise Problem("no-reason", "Ghi số điện thoại và lý do.", "Type the number and a reason.")
    wanted, scope = intake.numbers([ask.one("phone")], heads), scope_of(ask)
    with ask.begin() as tx:
        for address in contacts.put_addresses(tx, wanted, heads).values():
            suppressions.suppress(tx, address, ask.one("reason"), scope=scope)
    return Go("/suppressions")


def lift(ask: Ask) -> Answer:
    number = ask.number()
    with ask.begin() as tx:
        if not ask.one("reason"):
            raise Problem("no-reason", "Ghi lý do cho gửi lại.", "Type why it is lifted.")
        if not suppressions.lift_entry(tx, number, ask.one("reason")):
            raise Problem("unknown-suppression", "Không có mục này.", "No such entry.")
    return Go("/suppressions")


# --- what people wrote back ---------------------------------------------------------------------

WISHES = {"stop": Wish.ALL, "urgent": Wish.URGENT, "dismiss": Wish.ORDINARY}


def written_back(ask: Ask) -> Answer:
    """Replies: first those that need a look."""
    with ask.read() as tx:
        waiting = replies.listed(tx, SHOWN, waiting=True)
        found = [r for r in replies.listed(tx, SHOWN) if r["look"] != "waiting"]
    ask.noted("read", "log", "replies")
    return Shown("replies.html", {"waiting": waiting, "found": found, "most": SHOWN,
                                  "WISHES": words.WISHES, "LOOKS": words.LOOKS,
                                  "CONFIRMATIONS": words.CONFIRMATIONS})  # fmt: skip


def look_at(ask: Ask) -> Answer:
    """A reply that may be a refusal is one, or is none."""
    wish = WISHES.get(ask.one("what"))
    if wish is None:
        raise Problem("one-decision", "Chọn một cách xử lý.", "Choose what to do.")
    with ask.begin() as tx:
        receiving.look_at(tx, ask.number(), wish)
    return Go("/replies")


PAGES: list[Page] = [
    reads("/replies", written_back),
    changes("/replies/{number}", look_at),
    reads("/contacts/new", blank, WRITING),
    changes("/contacts/new", add),
    changes("/contacts/{number}/phones", rephone),
    changes("/contacts/{number}/place", move),
    changes("/contacts/{number}/forget", forget),
    changes("/contacts/{number}/join", join),
    changes("/contacts/{number}/leave", leave),
    reads("/groups", sets),
    changes("/groups", add_group),
    changes("/groups/{number}/remove", remove_group),
    reads("/suppressions", blocked),
    changes("/suppressions", block),
    changes("/suppressions/{number}/lift", lift),
]
