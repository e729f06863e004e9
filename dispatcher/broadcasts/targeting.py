"""A place becomes its people: the audience an officer names, as ids.

Comes from: ward, residential group and group names.   Goes to: planning.
Never: an empty audience, and never a ward outside the actor's.
"""

from __future__ import annotations

from dispatcher.db.contacts import areas, groups
from dispatcher.db.contacts.areas import Area
from dispatcher.db.contacts.audience_filter import AudienceFilter
from dispatcher.db.database import Tx
from dispatcher.domain.areas import group_key
from dispatcher.domain.model import Audience
from dispatcher.domain.problems import Problem, refused, unknown
from dispatcher.i18n import Say


def wards_of(tx: Tx, audience: Audience) -> list[Area]:
    """The wards an audience touches, each within the actor's; groups alone touch all of theirs."""
    if audience.of is not None or audience.contacts:
        everywhere = areas.wards_named(tx, ("all",))
        return [w for w in everywhere if tx.actor.wards is None or w.id in tx.actor.wards]
    if not audience.wards and not audience.groups:
        raise Problem("no-audience", Say("Nobody is addressed yet."))
    wards = areas.wards_named(tx, audience.wards or ("all",))
    mine = tx.actor.wards
    if mine is not None:
        if audience.wards and not any(w.casefold() == "all" for w in audience.wards):
            outside = [w.name for w in wards if w.id not in mine]
            if outside:
                names = ", ".join(outside)
                raise refused(
                    "not-your-ward",
                    Say("{name} is not in charge of {names}.", name=tx.actor.name, names=names),
                )
        wards = [w for w in wards if w.id in mine]
    return wards


def resolve(tx: Tx, audience: Audience) -> AudienceFilter:
    """`audience` as ids. Unknown names are problems with the nearest ones."""
    wards = wards_of(tx, audience)
    narrowed = None
    if audience.residential_groups:
        if not audience.wards:
            raise Problem("groups-without-ward", Say("Residential groups need their ward."))
        narrowed = tuple(_residential_groups(tx, wards, audience.residential_groups))
    return AudienceFilter(
        wards=tuple(w.id for w in wards) if audience.wards else (),
        residential_groups=narrowed,
        groups=tuple(groups.find(tx, g) for g in audience.groups),
        exclude_groups=tuple(groups.find(tx, g) for g in audience.exclude_groups),
        of=audience.of,
        states=audience.states,
        contacts=audience.contacts,
    )


def _residential_groups(tx: Tx, wards: list[Area], names: tuple[str, ...]) -> list[int]:
    known = {w.id: areas.groups_of(tx, w.id) for w in wards}
    found: list[int] = []
    for name in names:
        ids = [groups[group_key(name)].id for groups in known.values() if group_key(name) in groups]
        if not ids:
            everything = {a.name for groups in known.values() for a in groups.values()}
            places = ", ".join(w.name for w in wards)
            raise unknown(
                Say("residential group in {places}", places=places),
                name,
                sorted(everything),
            )
        found.extend(ids)
    return found
