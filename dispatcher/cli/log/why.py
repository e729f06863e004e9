"""why: one person's story, from the log."""

from __future__ import annotations

import sys
from typing import Any

from dispatcher.cli.spoken import argument, command
from dispatcher.cli.surface import Surface
from dispatcher.domain.words import REASONS, STATES, short
from dispatcher.i18n import Say
from dispatcher.usecases import why as use


@command(
    Say("Why somebody did or did not receive it: a phone, c12, m34, or - for stdin."),
    "dispatcher why c12",
)
@argument("who")
def why(surface: Surface, who: str) -> None:
    text = sys.stdin.read() if who == "-" else who
    stories = use.stories(surface.context(), text, surface.language)
    if surface.json:
        surface.emit(stories)
        return
    for story in stories:
        tell_story(surface, story)


def tell_story(surface: Surface, story: dict[str, Any]) -> None:
    """One person's trail, in words."""
    surface.say(f"c{story['contact']}  {story['name']}")
    if not story["messages"]:
        surface.say(Say("  nothing was ever sent to this person"))
    for message in story["messages"]:
        surface.say(
            Say(
                "  broadcast {broadcast} · m{value} · {sentence}",
                broadcast=message["broadcast"],
                value=message["id"],
                sentence=message["sentence"],
            ),
        )
        for a in message["attempts"]:
            state = STATES[a["state"]].to(surface.language)
            fault = REASONS.get(a["fault"] or "")
            parts = [a["at"], f"{a['channel']} ({a['gateway']})", a["phone"], state]
            if fault:
                parts.append(f"{fault.to(surface.language)} [{a['code']}]")
            if a["heard"]:
                parts.append(
                    f"{a['heard_at']} {surface.text(Say('reported'))} "
                    f"{STATES[a['heard']].to(surface.language)}"
                )
            if a["parts_missing"]:
                parts.append(short(a["parts_missing"]).to(surface.language))
            surface.say("    " + " · ".join(p for p in parts if p))
