"""gateways: list, check, pause, resume."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dispatcher.cli import steps
from dispatcher.cli.click_i18n import argument
from dispatcher.cli.gateways.group import gateways
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.domain import outages
from dispatcher.domain.model import Mode
from dispatcher.domain.outages import State
from dispatcher.domain.problems import OK, SETTINGS, UNREACHABLE
from dispatcher.i18n import NOTHING, Joined, Say, Spoken, pgettext
from dispatcher.usecases import alarms
from dispatcher.usecases import gateways as gateway_acts
from dispatcher.usecases.gateways import CheckedGateway

UNANSWERED = frozenset({State.UNREACHABLE, State.THROTTLED, State.UNREADABLE})  # exit 5


@gateways.verb(
    "list",
    Say("List gateways and how they are."),
    "dispatcher gateways list",
)
def list_gateways(terminal: TerminalContext) -> None:
    context = terminal.context()
    found, now = gateway_acts.list_gateways(context), context.app.clock()
    if terminal.json:
        terminal.emit([g.as_json() for g in found])
        return
    terminal.table(
        [
            Say("name"),
            Say("adapter"),
            Say("channel"),
            pgettext("condition", "state"),
        ],
        [
            [
                g.name,
                g.adapter,
                g.channel,
                terminal.text(Say("sign in again"))
                if g.wants_sign_in
                else outages.described(g.health).to(terminal.language),
            ]
            for g in found
        ],
    )
    for g in found:
        then = steps.remedy(g.health, now)
        if then:
            terminal.say(f"  {g.name}: {terminal.text(then)}")


@gateways.verb(
    "check",
    Say("Check settings and, when live, the connection."),
    "dispatcher gateways check",
)
@argument("names", nargs=-1)
def check(terminal: TerminalContext, names: tuple[str, ...]) -> int:
    context = terminal.context()
    app, found, worst = context.app, [], OK
    for name in names or tuple(app.site.gateways):
        seen = gateway_acts.checked(context, name)
        result = dict(seen.found)
        if message := _message(seen, app.clock()):
            result["message"] = terminal.text(message)
        if not result["ok"]:
            nobody = result.get("fault") in UNANSWERED
            worst = max(worst, UNREACHABLE if nobody else SETTINGS)
        found.append(result)
    if terminal.json:
        terminal.emit(found)
    for f in found:
        if f["ok"]:
            terminal.say(_fine(f))
        else:
            name, told = f["gateway"], f.get("message", "?")
            terminal.say(told if told.startswith(f"{name}:") else f"{name}: {told}")
        if odd := f.get("odd_reports"):
            said = alarms.of_no_use(odd)
            terminal.warn(
                Say(
                    "Reports of the last hour that match nothing or cannot be read: "
                    "{said}. See: dispatcher log receipts; check the keys at the vendor",
                    said=said,
                ),
            )
        if f.get("not_registered"):
            unknown_names = ", ".join(f["not_registered"])
            terminal.warn(
                Say(
                    "The vendor does not know these senders: {unknown_names}. Messages "
                    "they sign will be refused.",
                    unknown_names=unknown_names,
                ),
            )
    if app.site.mode is Mode.DRILL:
        terminal.hint(
            Say("This is a drill: real keys and connections were not tried."),
        )
    return worst


def _message(seen: CheckedGateway, now: datetime) -> Spoken:
    """What is wrong and what to do: the vendor's own words beside ours."""
    if seen.trouble is not None:
        return seen.beside_the_vendors_words(steps.gateway(seen.trouble, now))
    return steps.sentence_and_step(seen.problem) if seen.problem is not None else NOTHING


def _fine(found: Mapping[str, Any]) -> Spoken:
    """What a check without a trouble shows: how much of it was tried, and how messages fare."""
    name, state = found["gateway"], State(found["state"])
    said = {
        True: Say("{name}: fine, connected", name=name),
        None: Say("{name}: fine, not connected to", name=name),
    }[found["reached"]]
    by_reports = state is State.UNREADABLE and "odd_reports" in found  # they are told apart
    if state not in (State.OK, State.UNKNOWN) and not by_reports:
        return Joined("; ", [said, outages.NAMES[state]])
    return said


@gateways.verb("pause", Say("Pause a gateway."), "dispatcher gateways pause esms")
@argument("name", complete="gateway")
def pause(terminal: TerminalContext, name: str) -> None:
    gateway_acts.pause(terminal.context(), name)
    if terminal.json:
        terminal.emit({"gateway": name, "paused": True})
    terminal.say(Say("{name} is paused; nothing is lost.", name=name))


@gateways.verb(
    "resume",
    Say("Resume a gateway."),
    "dispatcher gateways resume esms",
)
@argument("name", complete="gateway")
def resume(terminal: TerminalContext, name: str) -> None:
    gateway_acts.resume(terminal.context(), name)
    if terminal.json:
        terminal.emit({"gateway": name, "paused": False})
    terminal.say(Say("{name} runs again.", name=name))
