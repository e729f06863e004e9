"""A preview in words, the same for pages and commands: who, what it costs, what is to be mended.

Comes from: `broadcasts_views.preview`.   Goes to: doors, which only choose how a line looks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatcher.broadcasts import Preview, registrations
from dispatcher.domain import outages
from dispatcher.domain.model import HANOI
from dispatcher.domain.outages import Health, State
from dispatcher.domain.problems import Problem
from dispatcher.domain.words import REASONS
from dispatcher.i18n import NOTHING, Both, Say, SpelledNumber, Spoken
from dispatcher.usecases.broadcasts_views import Previewed

INFO, NOTE, WARN, PROBLEM = "info", "note", "warn", "problem"


@dataclass(frozen=True)
class PreviewLine:
    """One thing to say. `deep`: how far it belongs to the line before; `look`: info | note
    (not as one might think) | warn (mind it) | problem (mend it); `about`: what the door has a next
    step for."""

    say: Spoken
    deep: int = 0
    look: str = INFO
    about: Problem | Health | None = None


def lines(seen: Previewed) -> list[PreviewLine]:
    """All there is to say of a preview, but the texts themselves."""
    found = seen.found
    return [
        *_people(found),
        *_money(found),
        *_same_words(found),
        *_registered(found),
        *_texts(found),
        *times(found),
        *(ahead(found.forecast.as_json(), of_left=found.late is None) if found.forecast else ()),
        *(line for told in seen.vendors for line in vendor(told)),
    ]


def blocks(found: Sequence[PreviewLine]) -> list[tuple[PreviewLine, list[PreviewLine]]]:
    """Lines with those that belong to them."""
    made: list[tuple[PreviewLine, list[PreviewLine]]] = []
    for line in found:
        if line.deep and made:
            made[-1][1].append(line)
        else:
            made.append((line, []))
    return made


def _people(found: Preview) -> Iterator[PreviewLine]:
    left = found.people - found.queued
    yield PreviewLine(
        Say(
            "{people} people, {households} households: {queued} to send, {left} skipped.",
            people=SpelledNumber(found.people),
            households=SpelledNumber(found.households),
            queued=SpelledNumber(found.queued),
            left=SpelledNumber(left),
        )
    )
    for reason, n in found.skipped.items():
        words = REASONS[reason]
        yield PreviewLine(Say("{n} {words}", n=SpelledNumber(n), words=words), 1)
    for channel, cost in found.cost.items():
        parts, each = found.parts[channel], found.most_parts[channel]
        yield PreviewLine(
            Say(
                "{channel}: {each} parts each, {parts} parts, at most {cost} đồng",
                channel=channel,
                each=each,
                parts=SpelledNumber(parts),
                cost=SpelledNumber(cost),
            ),
            1,
        )
    for channel, n in found.remembered.items():
        yield PreviewLine(
            Say(
                "{n} people could not be reached by {channel} lately: sent another way at once",
                n=SpelledNumber(n),
                channel=channel,
            ),
            1,
        )
    if found.despite_refusal:
        n = found.despite_refusal
        yield PreviewLine(
            Say(
                "{n} people refused ordinary texts and get this urgent one",
                n=SpelledNumber(n),
            ),
            1,
        )


def _money(found: Preview) -> Iterator[PreviewLine]:
    each = found.as_json()["cost"]
    yield PreviewLine(
        Say(
            "At most {total} đồng in all (estimate): {per_phone} a phone, "
            "{per_household} a household.",
            total=SpelledNumber(found.total),
            per_phone=each["per_phone"],
            per_household=each["per_household"],
        )
    )
    for budget in found.budgets:
        yield PreviewLine(
            Say(
                "Budget {budget} {period}: {used} of {most} đồng spent or set aside.",
                budget=budget.budget,
                period=budget.period,
                used=SpelledNumber(budget.used),
                most=SpelledNumber(budget.most),
            ),
            1,
        )
    over = found.over_budget
    if over is not None:
        yield PreviewLine(
            Say(
                "Over the budget {budget} {period}.",
                budget=over.budget,
                period=over.period,
            ),
            look=PROBLEM,
        )
    for saving in found.savings:
        yield PreviewLine(
            Say(
                "{characters} characters less: one part less for {people} people, "
                "{dong} đồng saved.",
                characters=saving.characters,
                people=SpelledNumber(saving.people),
                dong=SpelledNumber(saving.dong),
            ),
            1,
        )


def _same_words(found: Preview) -> Iterator[PreviewLine]:
    for earlier, people in found.repeated.items():
        yield PreviewLine(
            Say(
                "{people} people were sent exactly this within 24 hours, or will be "
                "(broadcast {earlier}).",
                people=SpelledNumber(people),
                earlier=earlier,
            ),
            look=WARN,
        )
    yield from again(found.again)


def again(reason: str) -> Iterator[PreviewLine]:
    """The reason that was given for the same words, if any."""
    if reason:
        yield PreviewLine(Say("why the same words go out again: {reason}", reason=reason), 1)


def _registered(found: Preview) -> Iterator[PreviewLine]:
    """What the vendors let through today, per network."""
    for standing in found.standings:
        told = standing.as_json()
        words, network = registrations.WORDS[standing.state], told["carrier"] or "?"
        yield PreviewLine(
            Say(
                "{gateway} {network}: {people} people, template {template} {words}",
                gateway=told["gateway"],
                network=network,
                people=SpelledNumber(standing.people),
                template=told["template"],
                words=words,
            ),
            1,
        )
    today = found.can_go_today
    if today is not None:
        yield PreviewLine(
            Say(
                "Today {today} people can be reached (templates approved).",
                today=SpelledNumber(today),
            )
        )


def _texts(found: Preview) -> Iterator[PreviewLine]:
    for remark in found.remarks:
        said = Say("{rule}: {say}", rule=remark.rule, say=remark.say)
        yield PreviewLine(said, look=PROBLEM if remark.severity == "block" else WARN)
    for finding in found.findings:
        yield PreviewLine(Say("{say}:", say=finding.say), look=PROBLEM)
        for worst in finding.worst:
            shown = f" ({worst['amount']}) {worst['value'][:60]}" if worst["value"] else ""
            yield PreviewLine(Say("{who}{shown}", who=worst["who"], shown=shown), 2)


def times(found: Preview) -> Iterator[PreviewLine]:
    """From when until when it is sent; who would be late, and the ways out."""
    if found.period is not None:
        yield PreviewLine(found.period.told(), look=NOTE if found.period.waits else INFO)
    if found.late is not None:
        yield PreviewLine(found.late.told(), look=PROBLEM)
        for way in found.late.ways:
            yield PreviewLine(way.say, 2)


# --- when it will be through --------------------------------------------------------------------


def ahead(forecast: Mapping[str, Any], *, of_left: bool = True) -> Iterator[PreviewLine]:
    """A forecast in one line, more where a gateway lets nothing out or, unless it is said
    elsewhere, something will be left."""
    low, high = forecast["cost"]["low"], forecast["cost"]["high"]
    basis = Say("by the settings, not measured yet")
    if forecast["measured"]:
        basis = Say("by measured rates")
    money = NOTHING
    if 0 < high >= low:
        money = Say(", {low}–{high} đồng", low=SpelledNumber(low), high=SpelledNumber(high))
    if forecast["finish"]:
        finish = clock(forecast["finish"])
        yield PreviewLine(
            Say(
                "handed over by {finish}{money} ({basis})",
                finish=finish,
                money=money,
                basis=basis,
            )
        )
    else:
        yield PreviewLine(Say("nobody can say when it is through{money}", money=money))
    for waits in forecast.get("waits", ()):
        yield _waiting(waits)
    left = forecast["left"]
    if left and of_left:
        yield PreviewLine(
            Say(
                "{left} messages will not leave before it expires: give it longer, add "
                "a gateway or write to fewer people",
                left=SpelledNumber(left),
            ),
            look=NOTE,
        )


def _waiting(waits: Mapping[str, Any]) -> PreviewLine:
    """How many wait for a gateway in trouble, how it is and what to do."""
    since = datetime.fromisoformat(waits["since"]) if waits["since"] else None
    found = Health(waits["gateway"], State(waits["state"]), since, waits["code"])
    how, many = outages.described(found), waits["messages"]
    todo = Both(waits["todo"]["vi"], waits["todo"]["en"])
    said = Say(
        "{many} messages wait for {gateway}: {how}; {todo}",
        many=SpelledNumber(many),
        gateway=found.gateway,
        how=how,
        todo=todo,
    )
    return PreviewLine(said, look=NOTE, about=found)


def clock(moment: str) -> str:
    """An ISO moment as Hanoi's time of day and day."""
    return f"{datetime.fromisoformat(moment).astimezone(HANOI):%H:%M:%S %d/%m}"


# --- vendors ------------------------------------------------------------------------------------


def vendor(told: Mapping[str, Any]) -> Iterator[PreviewLine]:
    """What one vendor says of one of its templates; see `vendor_templates.findings`."""
    if "problem" in told:
        yield PreviewLine(told["problem"].say, look=WARN, about=told["problem"])
        return
    id_price = told["price_by_id"]
    by_id = NOTHING
    if id_price is not None:
        by_id = Say(" ({id_price} by user id)", id_price=id_price)
    yield PreviewLine(
        Say(
            "{gateway}: {quota_left} messages left today, quality {quality}, "
            "{price} đồng each{by_id}.",
            gateway=told["gateway"],
            quota_left=told["quota_left"],
            quality=told["quality"],
            price=told["price"],
            by_id=by_id,
        )
    )
    if told["enough_quota"] is False:
        yield PreviewLine(
            Say(
                "Today's quota is not enough: the rest waits for tomorrow or the next step.",
            ),
            look=WARN,
        )
    if not told["enabled"]:
        yield PreviewLine(
            Say(
                "Template {template} is not approved by Zalo: it will be refused.",
                template=told["template"],
            ),
            look=PROBLEM,
        )
    for long in told["too_long"]:
        yield PreviewLine(
            Say(
                "“{value}” is up to {longest} characters, the template allows "
                "{allowed}: those messages will be refused.",
                value=long["value"],
                longest=long["longest"],
                allowed=long["allowed"],
            ),
            look=PROBLEM,
        )
    for key in (*told["missing"], *told["unknown"]):
        yield PreviewLine(
            Say(
                "“{key}” differs between our template and the registered one.",
                key=key,
            ),
            look=PROBLEM,
        )
