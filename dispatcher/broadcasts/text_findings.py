"""A preview looks at every text: what somebody lacks, what is too long, what a character costs."""

from __future__ import annotations

import heapq
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dispatcher.broadcasts.drafting import BroadcastWords
from dispatcher.broadcasts.writing import TextObserver, Unfit
from dispatcher.db.broadcasts import release_sums
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.contacts import areas, contacts
from dispatcher.db.database import Tx
from dispatcher.domain.model import Text
from dispatcher.i18n import Say, Spoken

WORST = 5  # examples of each finding


@dataclass(frozen=True)
class TextFinding:
    """`people` get no text on a step of the route; `worst`: whom it concerns and their value."""

    rule: str
    channel: str
    what: str
    people: int
    worst: tuple[Mapping[str, Any], ...]
    say: Spoken

    def as_json(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "channel": self.channel,
            "what": self.what,
            "people": self.people,
            "worst": [dict(w) for w in self.worst],
            "message": self.say.vi,
        }


@dataclass(frozen=True)
class Saving:
    """`characters` less, and `people` whose text has `parts` cost one part less: `dong` in all."""

    channel: str
    characters: int
    parts: int
    people: int
    dong: int


@dataclass
class _Offence:
    scopes: list[int] = field(default_factory=list)  # wards, residential groups or contacts
    worst: list[tuple[int, int, str]] = field(default_factory=list)  # amount, -scope, value


class Looking(TextObserver):
    """Counts as it goes; nothing of it is kept but the few worst."""

    def __init__(self, words: BroadcastWords) -> None:
        self.words = words
        self.remembered: Counter[str] = Counter()
        self.longest: dict[str, dict[str, int]] = {}
        self._offences: dict[tuple[str, int, str, str], _Offence] = {}
        self._over: dict[int, tuple[int, int]] = {}  # step → most parts, characters over

    @property
    def found_any(self) -> bool:
        """True when somebody cannot be given a text."""
        return bool(self._offences)

    def left_out(self, channel: str, addresses: int) -> None:
        self.remembered[channel] += addresses

    def unfit(self, step: int, scope: str, who: int, why: Unfit) -> None:
        offence = self._offences.setdefault((why.rule, step, scope, why.what), _Offence())
        offence.scopes.append(who)
        example = (why.amount, -who, why.value)
        if len(offence.worst) < WORST:
            heapq.heappush(offence.worst, example)
        else:
            heapq.heappushpop(offence.worst, example)

    def written(self, step: int, scope: str, rendered: Mapping[int, Text]) -> None:
        limit = self.words.limits[step] if self.words.limits else None
        for text in rendered.values():
            for name, value in text.params.items():
                lengths = self.longest.setdefault(text.template_id or "", {})
                length = len(unicodedata.normalize("NFC", value))
                lengths[name] = max(lengths.get(name, 0), length)
            if limit is not None and limit.profiles:
                found = limit.measure(text.body)
                most = self._over.get(step, (0, 0))
                if found.parts >= most[0]:
                    over = limit.over(found)
                    self._over[step] = max(most, (found.parts, over))

    def findings(self, tx: Tx, broadcast: Broadcast) -> Iterator[TextFinding]:
        """Everything found, in the order of the route, with people counted."""
        names = areas.names(tx)
        for (rule, step, scope, what), offence in sorted(self._offences.items(), key=_place):
            people = release_sums.people_in(tx, broadcast.id, scope, offence.scopes)
            if not people:
                continue
            worst = sorted(offence.worst, reverse=True)
            who = {-w: names.get(abs(w), "") for _, w, _ in worst}
            if scope == "contact":
                who = contacts.names_of(tx, [-w for _, w, _ in worst])
            yield TextFinding(
                rule,
                broadcast.route[step].channel.value,
                what,
                people,
                tuple(
                    {"who": who.get(-w, ""), "amount": amount, "value": value[:200]}
                    for amount, w, value in worst
                ),
                self._said(rule, step, what, people),
            )

    def _said(self, rule: str, step: int, what: str, people: int) -> Spoken:
        limit = self.words.limits[step] if self.words.limits else None
        if rule == "value_missing":
            return Say(
                "{people} people have no “{what}”, which the text needs",
                people=people,
                what=what,
            )
        if rule == "too_many_parts":
            most = limit.parts if limit else 0
            return Say(
                "the text of {people} people is longer than {most} parts, which is not taken",
                people=people,
                most=most,
            )
        if rule == "forbidden_character":
            return Say(
                "the text of {people} people has “{what}”, which the gateway does not take",
                people=people,
                what=what,
            )
        most = limit.values.get(what, 0) if limit else 0
        return Say(
            "“{what}” of {people} people is longer than the {most} characters registered",
            what=what,
            people=people,
            most=most,
        )

    def savings(
        self, broadcast: Broadcast, dearest: Mapping[str, tuple[int, int]]
    ) -> Iterator[Saving]:
        """Per SMS step: so many characters less make the dearest texts one part cheaper."""
        for step, (parts, over) in sorted(self._over.items()):
            channel = broadcast.route[step].channel.value
            people, dong = dearest.get(channel, (0, 0))
            if parts > 1 and people:
                yield Saving(channel, over, parts, people, dong)


def _place(item: tuple[tuple[str, int, str, str], _Offence]) -> tuple[int, str, str]:
    rule, step, _, what = item[0]
    return step, rule, what
