"""why: one person's story, from the log."""

from __future__ import annotations

import sys
from typing import Any

from dispatcher.cli.click_i18n import argument, command
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.domain.words import REASONS, STATES, short
from dispatcher.i18n import Say
from dispatcher.usecases import why as why_acts


@command(
    Say("Why somebody did or did not receive it: a phone, c12, m34, or - for stdin."),
    "dispatcher why c12",
)
@argument("who")
def why(terminal: TerminalContext, who: str) -> None:
    text = sys.stdin.read() if who == "-" else who
    stories = why_acts.stories(terminal.context(), text, terminal.language)
    if terminal.json:
        terminal.emit(stories)
        return
    for story in stories:
        tell_story(terminal, story)


def tell_story(terminal: TerminalContext, story: dict[str, Any]) -> None:
    """One person's trail, in words."""
    terminal.say(f"c{story['contact']}  {story['name']}")
    if not story["messages"]:
        terminal.say(Say("  nothing was ever sent to this person"))
    for message in story["messages"]:
        terminal.say(
            Say(
                "  broadcast {broadcast} · m{value} · {sentence}",
                broadcast=message["broadcast"],
                value=message["id"],
                sentence=message["sentence"],
            ),
        )
        for a in message["attempts"]:
            state = STATES[a["state"]].to(terminal.language)
            fault = REASONS.get(a["fault"] or "")
            parts = [a["at"], f"{a['channel']} ({a['gateway']})", a["phone"], state]
            if fault:
                parts.append(f"{fault.to(terminal.language)} [{a['code']}]")
            if a["heard"]:
                parts.append(
                    f"{a['heard_at']} {terminal.text(Say('reported'))} "
                    f"{STATES[a['heard']].to(terminal.language)}"
                )
            if a["parts_missing"]:
                parts.append(short(a["parts_missing"]).to(terminal.language))
            terminal.say("    " + " · ".join(p for p in parts if p))
