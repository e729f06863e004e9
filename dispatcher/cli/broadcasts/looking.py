"""broadcasts: list, show, watch."""

from __future__ import annotations

import time
from collections.abc import Mapping

from dispatcher.cli.broadcasts import alarms, forecast
from dispatcher.cli.broadcasts.formats import as_json, broadcast_id
from dispatcher.cli.broadcasts.preview import say_drill, tell_again
from dispatcher.cli.click_i18n import argument, command, option
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.domain.model import BroadcastState
from dispatcher.domain.problems import PARTLY, REFUSED
from dispatcher.domain.state_words import STATE
from dispatcher.domain.words import STATES
from dispatcher.i18n import Say, SpelledNumber, pgettext
from dispatcher.usecases import broadcasts_progress, broadcasts_views
from dispatcher.usecases.broadcasts_progress import OnItsWay
from dispatcher.usecases.broadcasts_views import OVER, OneBroadcast


@command(Say("List broadcasts."), "dispatcher broadcasts list")
def list_broadcasts(terminal: TerminalContext) -> None:
    found = broadcasts_views.list_broadcasts(terminal.context())
    if terminal.json:
        terminal.emit([{**as_json(b), "states": counts} for b, counts in found])
        return
    terminal.table(
        [Say("id"), pgettext("broadcast", "title"), Say("state"), Say("people")],
        [
            [
                b.id,
                b.title,
                terminal.text(STATE[b.state]),
                sum(counts.values()),
            ]
            for b, counts in found
        ],
        numbers=(0, 3),
    )


@command(Say("Show a broadcast."), "dispatcher broadcasts show 1")
@argument("number_", complete="broadcast")
def show(terminal: TerminalContext, number_: str) -> None:
    context = terminal.context()
    found = broadcasts_views.show(context, broadcast_id(number_))
    way = broadcasts_progress.on_its_way(context, found.broadcast)
    if terminal.json:
        terminal.emit(
            {
                **as_json(found.broadcast),
                "states": found.counts,
                "short": found.short,
                "sending": found.period.as_json() if found.period else None,
                "approval": found.approval,
                "attachments": [a.name for a in found.attached],
                **way.as_json(),
            }
        )
        return
    _tell(terminal, found)
    _tell_way(terminal, found, way)


def _tell(terminal: TerminalContext, found: OneBroadcast) -> None:
    """What it is, who stands for it, what became of it."""
    broadcast, approval = found.broadcast, found.approval
    say_drill(terminal, broadcast.mode)
    terminal.say(f"{broadcast.id}  {broadcast.title}: {terminal.text(STATE[broadcast.state])}")
    author = found.names.get(broadcast.created_by or 0, "—")
    signed = " / ".join(approval["signature"]) if approval else "—"
    terminal.say(Say("  by {author} · approved by {signed}", author=author, signed=signed))
    if approval and approval["document"]:
        paper = approval["manner"] == "paper"
        how = Say("approved on paper") if paper else Say("by")
        terminal.say(f"  {terminal.text(how)}: {approval['document']}")
    for attachment in found.attached:
        terminal.say(Say("  attached: {name}", name=attachment.name))
    if broadcast.document:
        facts = " · ".join([broadcast.document, *broadcast.paper.values()])
        terminal.say(Say("  document: {facts}", facts=facts))
    if broadcast.reason:
        terminal.say(Say("  reason: {reason}", reason=broadcast.reason))
    tell_again(terminal, broadcast)
    _tell_counts(terminal, found.counts)
    if found.short:
        terminal.say(
            Say(
                "  of them {short} received in part only; again to them: dispatcher "
                "broadcasts resend {id} --state short",
                short=SpelledNumber(found.short),
                id=broadcast.id,
            ),
        )


def _tell_counts(terminal: TerminalContext, counts: Mapping[str, int]) -> None:
    for state, n in counts.items():
        terminal.say(f"  {terminal.text(SpelledNumber(n))} {terminal.text(STATES[state])}")


def _tell_way(terminal: TerminalContext, found: OneBroadcast, way: OnItsWay) -> None:
    """When it is sent, when it will be through, what is in its way."""
    if found.broadcast.state not in OVER:
        forecast.say_times(terminal, found.broadcast)
    forecast.tell_forecast(terminal, way.forecast)
    alarms.tell_alarms(terminal, way, way.forecast.get("now"))
    for name, (until, code) in way.closed.items():
        terminal.say(
            Say(
                "  {name} takes no more (code {code}: its night or a quota); goes on "
                "at {until:%H:%M %d/%m}",
                name=name,
                code=code,
                until=until,
            ),
        )


@command(
    Say("Watch a broadcast until it is over."),
    "dispatcher broadcasts watch 1",
)
@argument("number_", complete="broadcast")
@option("--timeout", default=0, say=Say("give up after seconds"))
def watch(terminal: TerminalContext, number_: str, timeout: int) -> int | None:
    context, wanted, started = terminal.context(), broadcast_id(number_), time.monotonic()
    seen = broadcasts_progress.watch(context, wanted)
    with terminal.progress(Say("Sending"), seen.total or 1) as update:
        while True:
            seen = broadcasts_progress.watch(context, wanted)
            update(seen.total - seen.left)
            if seen.broadcast.state in OVER or seen.broadcast.state is BroadcastState.HELD:
                break
            if timeout and time.monotonic() - started > timeout:
                break
            time.sleep(0.5)
    broadcast = seen.broadcast
    ahead = broadcasts_progress.on_its_way(context, broadcast).forecast
    if terminal.json:
        terminal.emit({**as_json(broadcast), "states": seen.counts, "forecast": ahead})
    terminal.say(
        Say("Broadcast {wanted}: {state}.", wanted=wanted, state=STATE[broadcast.state]),
    )
    say_drill(terminal, broadcast.mode)
    _tell_counts(terminal, seen.counts)
    forecast.tell_forecast(terminal, ahead)
    if broadcast.state is BroadcastState.HELD:
        return REFUSED
    return None if broadcast.state in OVER else PARTLY
