"""Values of parameters that the words of statements depend on, where the code does not say them.

By the place of a parameter (module.function.name), by its name and type, or by its type alone: also
of the objects whose methods run statements.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dispatcher.db.broadcasts import logbook, totals
from dispatcher.db.broadcasts.repeats import Other, Same
from dispatcher.db.contacts.audience_filter import SHORT, AudienceFilter
from dispatcher.db.contacts.suppression_rules import SuppressionRules
from dispatcher.db.statements.unknown import Unknown
from dispatcher.domain.last_look import SuppressionScope as Refused
from dispatcher.domain.model import MessageState

_ONE: Any = 1
_OTHER = Other(1, True, False, False)
_SAME = (Same(_OTHER, frozenset()), Same(replace(_OTHER, only_open=True), frozenset({(1, 2)})))
_SHARES: tuple[dict[str, int], ...] = ({"first": 100}, {"first": 60, "second": 40})
_STEPS = ([(1, Unknown(), shares, "ward") for shares in _SHARES],)
SAMPLES: Mapping[str, Sequence[Any]] = {
    "AudienceFilter": (
        AudienceFilter(contacts=(1,)),
        AudienceFilter(wards=(1,), groups=(3,), within=(1,)),
        AudienceFilter(wards=(1,), residential_groups=(2,), exclude_groups=(4,)),
        AudienceFilter(of=1, states=(MessageState.FAILED.value, SHORT)),
    ),
    "SuppressionRules": (
        SuppressionRules(),
        SuppressionRules(lately=(1,), most=3),
        SuppressionRules(True, 1, (1,), 3, stopped_by=frozenset(Refused)),
    ),
    "Shares": _SHARES,
    "Same": _SAME,
    "Log": (logbook.MESSAGES, logbook.ATTEMPTS),
    "_Inbox": (logbook.RECEIPTS,),
    "Filters": (
        logbook.Filters(),
        logbook.Filters(**dict.fromkeys(logbook.Filters.__dataclass_fields__, _ONE)),
    ),
    "releases.scope_ids.scope": ("site", "ward", "group"),
    "scope: str": ("site", "ward", "group", "contact"),
    "way: str": ("mail", "text"),
    "repeats.skip.found": (list(_SAME),),
    "households.keep_sharers_of_household.steps": _STEPS,
    "shared_phones.keep_sharers_of_phone.steps": _STEPS,
    "releases.name_those_without_text.shared": ([(1, "ward"), (1, "group")],),
    "totals.fresh.whats": (tuple(totals.QUERIES),),
    "broadcasts.move.values": ({}, {"approved_by": 1, "approved_at": 1, "again": ""}),
    "editing.change.changes": ({"fields": "{}", "title": "", "document": ""},),
    "schedules.move.values": ({}, {"submitted_by": 1, "approved_at": 1}),
    "emergencies.move.values": ({}, {"submitted_by": 1, "approved_at": 1}),
}
