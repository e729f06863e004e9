"""broadcasts: schedule, pause, resume, stop; and stop-all, the emergency stop."""

from __future__ import annotations

from dispatcher.cli.broadcasts.formats import as_json, broadcast_id, tell_state
from dispatcher.cli.broadcasts.preview import tell_times
from dispatcher.cli.click_i18n import argument, command, option
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.i18n import Say, SpelledNumber
from dispatcher.usecases import broadcasts, broadcasts_sending, broadcasts_views


@command(
    Say("Set the time of an approved broadcast (without --at: now)."),
    "dispatcher broadcasts schedule 1 --at '2026-12-01 08:00'",
)
@argument("number_", complete="broadcast")
@option("--at", "when", default="now", say=Say("when"))
@option(
    "--despite",
    default="",
    say=Say("why it goes out in Tết, or once more"),
)
@option("--people", "people_", type=int, say=Say("confirms the number"))
@option("--again", default="", say=Say("why it goes out again"))
def schedule(
    terminal: TerminalContext,
    number_: str,
    when: str,
    despite: str,
    people_: int | None,
    again: str,
) -> None:
    context, wanted = terminal.context(), broadcast_id(number_)
    people = _confirmed(terminal, wanted, when, people_)
    done = broadcasts_sending.schedule(
        context, wanted, when, despite=despite, again=again, people=people
    )
    if terminal.json:
        terminal.emit(as_json(done))
    terminal.say(Say("Broadcast {id} has its time.", id=done.id))
    if not terminal.json:
        tell_times(terminal, broadcasts_views.preview(context, done.id).found)
    terminal.hint(
        Say("The worker: dispatcher run · Watch: dispatcher broadcasts watch {id}", id=done.id),
    )


def _confirmed(terminal: TerminalContext, wanted: int, when: str, typed: int | None) -> int | None:
    """A live send is confirmed by a sentence that says whom it reaches and what it costs; the
    number of people somebody typed, where that is wanted. --yes does not answer it."""
    asked = broadcasts_sending.to_confirm(terminal.context(), wanted, when)
    if asked is None:
        return typed
    if not asked.typed:
        terminal.confirm(asked.said)
    elif typed is None:
        typed = terminal.ask_number(
            Say(
                "{said} {why} Type the number of people to confirm", said=asked.said, why=asked.why
            ),
        )
        if typed is None:
            terminal.hint(Say("Confirm with --people {people}", people=asked.people))
    return typed


@command(
    Say("Pause: nothing leaves beyond what is on the wire."),
    "dispatcher broadcasts pause 1",
)
@argument("number_", complete="broadcast")
def pause(terminal: TerminalContext, number_: str) -> None:
    done = broadcasts_sending.pause(terminal.context(), broadcast_id(number_))
    tell_state(
        terminal,
        done,
        Say(
            "Go on: dispatcher broadcasts resume {id}",
            id=done.id,
        ),
    )


@command(
    Say("Go on with a paused or held one."),
    "dispatcher broadcasts resume 1",
)
@argument("number_", complete="broadcast")
def resume(terminal: TerminalContext, number_: str) -> None:
    tell_state(terminal, broadcasts_sending.resume(terminal.context(), broadcast_id(number_)))


@command(
    Say("Stop for good: the rest is cancelled."),
    "dispatcher broadcasts stop 1",
)
@argument("number_", complete="broadcast")
def stop(terminal: TerminalContext, number_: str) -> None:
    context, wanted = terminal.context(), broadcast_id(number_)
    done = broadcasts_sending.stop(context, wanted)
    if terminal.json:
        stopped = broadcasts.get_broadcast(context, wanted)
        terminal.emit({**as_json(stopped), "cancelled": done.cancelled})
    terminal.say(
        Say(
            "Broadcast {wanted} stopped; {cancelled} messages cancelled.",
            wanted=wanted,
            cancelled=SpelledNumber(done.cancelled),
        ),
    )


@command(
    Say("Emergency stop of the site: everything that runs or waits ends, every schedule pauses."),
    "dispatcher stop-all --as minh",
)
def stop_all(terminal: TerminalContext) -> None:
    done = broadcasts_sending.stop_everything(terminal.context())
    if terminal.json:
        terminal.emit(
            {
                "broadcasts": list(done.broadcasts),
                "cancelled": done.cancelled,
                "schedules": list(done.schedules),
            }
        )
    terminal.say(
        Say(
            "{count} broadcasts stopped, {cancelled} messages cancelled; {count2} "
            "schedules paused.",
            count=len(done.broadcasts),
            cancelled=SpelledNumber(done.cancelled),
            count2=len(done.schedules),
        ),
    )
    terminal.hint(
        Say(
            "What is on the wire still arrives. Send the rest: dispatcher "
            "broadcasts resend N; let a schedule run again: dispatcher schedules "
            "submit NAME"
        ),
    )
