"""What people do with the lists: who refuses, who goes, who moves, and a list that comes again."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence

from dispatcher.broadcasts.application import App
from dispatcher.db.contacts import areas, contact_lists, imports, undoing
from dispatcher.domain.model import SYSTEM, AreaKind
from dispatcher.importing.basis import Basis
from dispatcher.importing.entries import read_listing
from dispatcher.importing.merge import merge, store
from dispatcher.importing.sheets import Sheet
from dispatcher.simulators.worlds.books import who_waits
from dispatcher.simulators.worlds.doing import acting, death, signed
from dispatcher.simulators.worlds.events import happens
from dispatcher.simulators.worlds.residents import (
    ADMIN,
    AUTHOR,
    FRESH,
    GROUPS,
    LEADER,
    WARDS,
    held,
    named,
    number,
)
from dispatcher.simulators.worlds.rules import CONSENT
from dispatcher.simulators.worlds.world import World
from dispatcher.usecases import areas as area_acts
from dispatcher.usecases import contacts as contact_acts
from dispatcher.usecases import groups, suppressions
from dispatcher.usecases import imports as import_acts
from dispatcher.usecases.context import Context

People = Mapping[int, Sequence[str]]  # contact → numbers


def everybody(world: World) -> dict[int, tuple[str, ...]]:
    """Who is on the list now."""
    with world.look().store.read(SYSTEM) as tx:
        return held(tx)


def somebody(world: World, draw: random.Random) -> tuple[int, tuple[str, ...]] | None:
    """One person of the list who has a number: mostly somebody whose message waits, where any
    does, since it is then that a change matters."""
    found = sorted((c, n) for c, n in everybody(world).items() if n)
    if draw.random() < 0.7:
        waiting = who_waits(world)
        found = [one for one in found if one[0] in waiting] or found
    return draw.choice(found) if found else None


def changed(world: World, before: People, after: People) -> None:
    """Numbers that are nobody's any more, and those that are somebody's again."""
    for contact, phones in before.items():
        world.facts.parted |= set(phones) - set(after.get(contact, ()))
    had, have = ({n for found in p.values() for n in found} for p in (before, after))
    for one in sorted(had - have):
        stays = any(one in found for contact, found in before.items() if contact in after)
        world.facts.refuse(world.seconds, one, "given up" if stays else "gone")
    for one in sorted(have):
        world.facts.take_back(world.seconds, one, "gone", "given up")


def as_listed(world: World, app: App, before: People, made: Sequence[int]) -> None:
    """The same, as the list stands once it was changed by these imports."""
    world.facts.imports += made
    with app.store.read(SYSTEM) as tx:
        changed(world, before, held(tx))


def newest_import(app: App) -> int:
    """The last list or change by hand that was stored."""
    with app.store.read(SYSTEM) as tx:
        found = imports.list_imports(tx, 1)
    return int(found[0]["id"]) if found else 0


def remember_import(world: World, app: App, before: int) -> None:
    """A change by hand may be taken back, where there was one after `before`."""
    newest = newest_import(app)
    if newest != before:
        world.facts.imports.append(newest)


# --- who refuses --------------------------------------------------------------------------------


@happens("opt out", weight=3)
def opt_out(world: World, draw: random.Random) -> str | None:
    """Somebody calls: write to me no more; of advertising only, or not even urgent texts."""
    who, scope = somebody(world, draw), draw.choice(("all", "all", "promotion", "urgent"))
    if who is None:
        return None

    def refuses() -> None:
        for one in who[1]:
            world.facts.refuse(world.seconds, one, scope)

    def act(app: App) -> bool:
        with acting(world, app, AUTHOR, refuses) as context:
            suppressions.suppress(context, who[0], "gọi điện", scope=scope)
        return True

    done = world.as_person(act, death(draw))
    return f"c{who[0]} …{who[1][0][-3:]} {scope}" if done else None


@happens("opt out is lifted", weight=1)
def lift(world: World, draw: random.Random) -> str | None:
    """Somebody wants to be written to again."""
    wishes = [n for n in world.facts.noes if n.scope not in ("gone", "given up")]
    noes = sorted({n.number for n in wishes if n.until is None})
    people = sorted((c, n) for c, n in everybody(world).items() if n and set(n) & set(noes))
    if not people:
        return None
    contact, phones = draw.choice(people)

    def agrees() -> None:
        for one in phones:
            world.facts.take_back(world.seconds, one, "all", "promotion", "urgent")

    def act(app: App) -> bool:
        with acting(world, app, AUTHOR, agrees) as context:
            suppressions.unsuppress(context, contact, "đồng ý lại")
        return True

    return f"c{contact} …{phones[0][-3:]}" if world.as_person(act, death(draw)) else None


@happens("do not call", weight=0.5)
def do_not_call(world: World, draw: random.Random) -> str | None:
    """The state's list of numbers that want no advertising comes in."""
    found = sorted({n for phones in everybody(world).values() for n in phones})
    chosen = [n for n in found if draw.random() < 0.3]
    if not chosen:
        return None

    def refuse() -> None:
        for one in chosen:
            world.facts.refuse(world.seconds, one, "promotion")

    def act(app: App) -> bool:
        with acting(world, app, AUTHOR, refuse) as context:
            suppressions.do_not_call(context, [f"+{n}" for n in chosen])
        return True

    return f"{len(chosen)} numbers" if world.as_person(act, death(draw)) else None


# --- who goes, who moves ------------------------------------------------------------------------


@happens("erase", weight=1)
def erase(world: World, draw: random.Random) -> str | None:
    """Somebody asks to be forgotten."""
    return _without(world, draw, lambda context, one: contact_acts.forget(context, one, "đơn"))


@happens("remove", weight=1)
def remove(world: World, draw: random.Random) -> str | None:
    """Somebody is taken off the list."""

    def retire(context: Context, contact: int) -> None:
        with context.begin() as tx:
            undoing.retire(tx, [contact])
            tx.note("removed", "contacts", "", contacts=[contact])

    return _without(world, draw, retire)


def _without(
    world: World, draw: random.Random, goes: Callable[[Context, int], object]
) -> str | None:
    who = somebody(world, draw)
    if who is None:
        return None
    before = everybody(world)
    after = {c: n for c, n in before.items() if c != who[0]}

    def act(app: App) -> bool:
        with acting(world, app, LEADER, lambda: changed(world, before, after)) as context:
            goes(context, who[0])
        return True

    return f"c{who[0]} …{who[1][0][-3:]}" if world.as_person(act, death(draw)) else None


@happens("move", weight=1)
def move(world: World, draw: random.Random) -> str | None:
    """Somebody moves to the other ward, or to another residential group."""
    who, ward, group = somebody(world, draw), draw.choice(WARDS), draw.choice(GROUPS)
    if who is None:
        return None

    def act(app: App) -> bool:
        with app.store.read(SYSTEM) as tx:
            known = {a.name for a in areas.groups_of(tx, areas.ward(tx, ward).id).values()}
        last = newest_import(app)
        with acting(world, app, AUTHOR, lambda: remember_import(world, app, last)) as context:
            contact_acts.move(context, [who[0]], ward, group if group in known else "")
        return True

    return f"c{who[0]} to {ward}" if world.as_person(act, death(draw)) else None


@happens("another number", weight=1)
def another_number(world: World, draw: random.Random) -> str | None:
    """Somebody has another number now, a new one or that of somebody else."""
    who, other = somebody(world, draw), somebody(world, draw)
    if who is None or other is None:
        return None
    if other[0] == who[0]:
        other = (0, (number(FRESH).lstrip("+"),))
    new = other[1][0] if draw.random() < 0.3 else number(FRESH + draw.randrange(500)).lstrip("+")
    before = everybody(world)

    def act(app: App) -> bool:
        def remembers() -> None:
            changed(world, before, {**before, who[0]: (new,)})
            remember_import(world, app, last)

        last = newest_import(app)
        with acting(world, app, AUTHOR, remembers) as context:
            contact_acts.edit(context, who[0], phones=[f"+{new}"])
        return True

    return f"c{who[0]} …{new[-3:]}" if world.as_person(act, death(draw)) else None


@happens("add one", weight=1)
def add(world: World, draw: random.Random) -> str | None:
    """Somebody new, with a number of their own or one of the list."""
    other, serial = somebody(world, draw), draw.randrange(500, 1000)
    shared = other is not None and draw.random() < 0.3
    phone = f"+{other[1][0]}" if shared and other else number(FRESH + serial)
    ward, before = draw.choice(WARDS), everybody(world)

    def act(app: App) -> bool:
        def remembers() -> None:
            as_listed(world, app, before, [newest_import(app)])

        new = contact_acts.NewContact(named(serial), ward, (phone,), source="tay")
        with acting(world, app, AUTHOR, remembers) as context:
            contact_acts.add(context, new)
        return True

    return f"{named(serial)} …{phone[-3:]}" if world.as_person(act, death(draw)) else None


@happens("agree", weight=0.5)
def agree(world: World, draw: random.Random) -> str | None:
    """Somebody agrees to advertising, or does so no longer."""
    who, joins = somebody(world, draw), draw.random() < 0.5
    if who is None:
        return None

    def act(app: App) -> bool:
        with acting(world, app, AUTHOR) as context:
            (groups.join if joins else groups.leave)(context, CONSENT, [who[0]])
        return True

    return f"c{who[0]} {'yes' if joins else 'no'}" if world.as_person(act, death(draw)) else None


# --- lists --------------------------------------------------------------------------------------

HEADS = ("Họ và tên", "Số điện thoại", "Tổ dân phố")


@happens("import", weight=1)
def import_again(world: World, draw: random.Random) -> str | None:
    """A ward's list comes again: people are missing, new, or have other numbers."""
    ward, new = draw.choice(WARDS), draw.randint(0, 3)

    def act(app: App) -> str:
        author = app.actor(AUTHOR)
        with app.store.read(author) as tx:
            before = held(tx)
            place = contact_lists.Within(areas.ward(tx, ward).id)
            there = contact_lists.list_contacts(tx, within=place, limit=10_000)
            known = import_acts.known_before(tx, app, ward, None, {})
        rows = []
        for one in there:
            phones = [f"+{n}" for n in before.get(one["id"], ())]
            if phones and draw.random() < 0.05:
                phones = [number(FRESH + draw.randrange(500)), *phones[1:]]
            if draw.random() < 0.9:
                rows.append((one["name"], " ; ".join(phones), one["residential_group"] or ""))
        for _ in range(new):
            serial = draw.randrange(300, 500)
            rows.append((named(serial), number(FRESH + serial), draw.choice(("", *GROUPS))))
        sheet = Sheet("lai.csv", "", ((1, HEADS), *((i + 2, r) for i, r in enumerate(rows))))
        listing = read_listing([sheet], known)
        with app.store.read(author) as tx:
            import_acts.check_wards(tx, listing)
            wards = import_acts.wards_of(tx, listing)
        made: list[int] = []
        with signed(world, app, AUTHOR, lambda: as_listed(world, app, before, made)) as tx:
            plan = merge(tx, listing.entries)
            made.append(store(tx, plan, [{"name": "lai.csv"}], app.site.sample_heads))
            import_acts.remember(tx, listing, wards, Basis())
        return f"{ward}: {len(plan.created)} new, {len(plan.updated)} changed"

    return world.as_person(act, death(draw))


@happens("undo an import", weight=1)
def undo(world: World, draw: random.Random) -> str | None:
    """The last list, or the last change by hand, is taken back."""
    if not world.facts.imports:
        return None
    wanted = world.facts.imports[-1]
    before = everybody(world)

    def remembers() -> None:
        world.facts.imports.remove(wanted)
        as_listed(world, world.look(), before, ())

    def act(app: App) -> bool:
        with acting(world, app, AUTHOR, remembers) as context:
            import_acts.undo(context, wanted)
        return True

    return str(wanted) if world.as_person(act, death(draw)) else None


@happens("merge groups", weight=0.5)
def merge_groups(world: World, draw: random.Random) -> str | None:
    """One residential group becomes part of another of its ward."""
    with world.look().store.read(SYSTEM) as tx:
        found = {
            w: areas.list_areas(tx, AreaKind.RESIDENTIAL_GROUP, areas.ward(tx, w).id) for w in WARDS
        }
    wards = [w for w in WARDS if len(found[w]) > 1]
    if not wards:
        return None
    ward = draw.choice(wards)
    old, new = draw.sample(found[ward], 2)

    def act(app: App) -> bool:
        last = newest_import(app)
        with acting(world, app, ADMIN, lambda: remember_import(world, app, last)) as context:
            area_acts.merge(context, "", old.id, new.id)
        return True

    done = world.as_person(act, death(draw))
    return f"{ward}: {old.name} into {new.name}" if done else None
