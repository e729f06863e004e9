"""Texts for an audience: one per ward or residential group where that is enough, else one a person.

Whoever cannot be given a text (a value is missing, the text is longer than a gateway takes) gets
none on that step, and that is told.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dispatcher.broadcasts.drafting import BroadcastWords
from dispatcher.db.broadcasts import releases, texts
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.contacts import areas, contacts
from dispatcher.db.contacts.audience_filter import AudienceFilter
from dispatcher.db.database import Tx
from dispatcher.domain.model import Text


class Unfit(NamedTuple):
    """Why somebody gets no text on a step. `amount`: by how much, for the worst examples."""

    rule: str  # value_missing | too_many_parts | forbidden_character | value_too_long
    what: str  # the name, the character or the vendor's parameter; "" for the whole text
    amount: int
    value: str  # as it is


class TextObserver:
    """Told of every text of a release; this one looks away. A preview looks (`text_findings`)."""

    def written(self, step: int, scope: str, rendered: Mapping[int, Text]) -> None:
        """`rendered`: texts by ward, residential group or contact."""

    def unfit(self, step: int, scope: str, who: int, why: Unfit) -> None:
        """`who`: a ward, residential group (minus the ward: people without one) or contact."""

    def left_out(self, channel: str, addresses: int) -> None:
        """Addresses that lately could not be reached on a channel and have another way."""


def write_shared(
    tx: Tx, broadcast: Broadcast, words: BroadcastWords, reach: AudienceFilter, watch: TextObserver
) -> None:
    """Texts that depend on ward or residential group only: one rendering each, not one a person."""
    names = areas.names(tx)
    parents = {a.id: a.parent_id for a in areas.list_areas(tx)}
    for index, scope in enumerate(words.scopes):
        if scope in (None, "contact"):
            continue
        ids = [0] if scope == "site" else releases.scope_ids(tx, reach, scope or "")
        values = {}
        for scope_id in ids:
            group = scope_id if scope == "group" and scope_id > 0 else None
            ward = parents.get(scope_id) if group else abs(scope_id)
            values[scope_id] = _values(broadcast, names, ward, group)
        _write(tx, broadcast, words, index, values, watch)


def write_people(
    tx: Tx,
    broadcast: Broadcast,
    words: BroadcastWords,
    reach: AudienceFilter,
    low: int,
    high: int,
    watch: TextObserver,
) -> set[int]:
    """Texts that name a person: sealed, one per person. Answers contacts without one somewhere."""
    steps = [i for i, scope in enumerate(words.scopes) if scope == "contact"]
    if not steps:
        return set()
    names = areas.names(tx)
    everybody = {}
    for row in releases.people(tx, reach, low, high):
        values = _values(broadcast, names, row["ward_id"], row["residential_group_id"])
        title = row["title"] or "ông/bà"
        values["contact"] = {"name": tx.sealer.open(row["name_sealed"]), "title": title}
        values["row"] = KeptColumns(contacts.opened_row(tx, row["row_sealed"]) or {})
        everybody[row["id"]] = values
    lacking: set[int] = set()
    for index in steps:
        lacking |= _write(tx, broadcast, words, index, everybody, watch)
    return lacking


def _write(
    tx: Tx,
    broadcast: Broadcast,
    words: BroadcastWords,
    step: int,
    everybody: Mapping[int, Mapping[str, Any]],
    watch: TextObserver,
) -> set[int]:
    """The texts of one step; who gets none."""
    scope = words.scopes[step] or ""
    rendered, lacking = {}, set()
    for who, values in everybody.items():
        missing = words.gaps(step, values)
        text = None if missing else words.render(step, values)
        reasons = [Unfit("value_missing", name, 1, "") for name in missing]
        if text is not None:
            reasons = list(_too_much(words, step, text))
        for why in reasons:
            watch.unfit(step, scope, who, why)
        if reasons:
            lacking.add(who)
        elif text is not None:
            rendered[who] = text
    if rendered:
        watch.written(step, scope, rendered)
        bodies = texts.store_bodies(
            tx, rendered, lambda text: words.count(step, text), personal=scope == "contact"
        )
        releases.put_bodies(tx, broadcast.id, step, bodies)
    return lacking


def _too_much(words: BroadcastWords, step: int, text: Text) -> Iterator[Unfit]:
    """What a gateway of the step would refuse in a text."""
    limit = words.limits[step] if words.limits else None
    if limit is None:
        return
    if limit.parts is not None:
        parts = words.count(step, text.body).parts
        if parts > limit.parts:
            yield Unfit("too_many_parts", "", parts, text.body)
    for ch in limit.forbidden:
        if ch in text.body:
            yield Unfit("forbidden_character", ch, text.body.count(ch), text.body)
    for name, value in text.params.items():
        length, most = len(unicodedata.normalize("NFC", value)), limit.values.get(name)
        if most is not None and length > most:
            yield Unfit("value_too_long", name, length, value)
        if not value.strip():
            yield Unfit("value_missing", name, 1, "")


class KeptColumns(dict[str, str]):
    """The columns kept for a person; one that their list did not have is empty."""

    def __missing__(self, column: str) -> str:
        return ""


def _values(
    broadcast: Broadcast, names: Mapping[int, str], ward: int | None, group: int | None
) -> dict[str, Any]:
    values: dict[str, Any] = {
        **broadcast.fields,
        "document": {"number": broadcast.document},
        "residential_group": {"name": names[group] if group else ""},
    }
    if ward:
        sender = broadcast.senders.get(ward)
        values["ward"] = {"name": names[ward]}
        values["sender"] = {"name": sender.name if sender else f"UBND phường {names[ward]}"}
    return values
