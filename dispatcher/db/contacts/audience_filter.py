"""An audience as ids, and as a condition on contacts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from dispatcher.db.queue.parts import messages as received_in_part
from dispatcher.domain.model import MessageState

SHORT = "short"  # among the states of a follow-up: whose text arrived in part only


@dataclass(frozen=True)
class AudienceFilter:
    """An audience as ids. No wards and no groups at all is refused before it gets here."""

    wards: tuple[int, ...] = ()
    residential_groups: tuple[int, ...] | None = None  # None: not narrowed
    groups: tuple[int, ...] = ()
    exclude_groups: tuple[int, ...] = ()
    of: int | None = None
    states: tuple[str, ...] = ()
    contacts: tuple[int, ...] = ()
    consent: int | None = None  # advertising goes only to this group
    within: tuple[int, ...] = ()  # the wards of the broadcast; empty: any
    per_person: tuple[int, timedelta] | None = (
        None  # the most messages one person gets, in what time
    )
    urgent_despite_refusal: bool = True  # an urgent text reaches whoever refused ordinary ones

    def condition(self, c: str = "c") -> str:
        """The audience as a condition on contacts under the alias `c`.

        Needs `visible_messages` beside it: a follow-up goes to people of an earlier broadcast.
        """
        if self.contacts:
            return f"{c}.removed_at IS NULL AND {c}.id IN ({ids_of(self.contacts)})"
        here = f"+{c}.ward_id IN ({ids_of(self.within)}) AND " if self.within else ""
        if self.of is not None:
            named = [MessageState(s).value for s in self.states if s != SHORT]
            which = f"f.state IN ({', '.join(map(repr, named)) or 'NULL'})"
            if SHORT in self.states:
                which = f"({which} OR f.id IN ({received_in_part(str(int(self.of)))}))"
            return (
                f"{here}{c}.removed_at IS NULL AND {c}.id IN "
                "(SELECT f.contact_id FROM visible_messages "
                f"f WHERE f.broadcast_id = {int(self.of)} AND {which})"
            )
        # the plus keeps to the primary key: through the index on wards, a chunk found by its ids
        # would walk every contact of the audience
        wards = f"+{c}.ward_id IN ({ids_of(self.wards)})"
        if self.residential_groups is not None:
            wards += f" AND {c}.residential_group_id IN ({ids_of(self.residential_groups)})"
        parts = [f"({wards})"] if self.wards else []
        if self.groups:
            parts.append(f"{c}.id IN ({_members(self.groups)})")
        who = (
            f"{here}{c}.removed_at IS NULL AND {c}.kind <> 'tester' "
            f"AND ({' OR '.join(parts) or '1 = 0'})"
        )
        if self.exclude_groups:
            who += f" AND {c}.id NOT IN ({_members(self.exclude_groups)})"
        return who


def _members(groups: Sequence[int]) -> str:
    return f"SELECT contact_id FROM group_members WHERE group_id IN ({ids_of(groups)})"


def ids_of(ids: Sequence[int]) -> str:
    """Ids as a list in SQL; none at all matches nothing."""
    return ", ".join(str(int(i)) for i in ids) or "-1"
