"""A forecast in words: when it will be through, what it costs; later, how far off it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dispatcher.cli.broadcasts.preview import tell_lines
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.i18n import NOTHING, Say, SpelledNumber
from dispatcher.usecases import broadcasts_views, preview_lines
from dispatcher.usecases.broadcasts import Broadcast
from dispatcher.usecases.preview_lines import clock


def say_times(terminal: TerminalContext, broadcast: Broadcast) -> None:
    """Both times of a broadcast in one line."""
    found = broadcasts_views.period(terminal.context(), broadcast)
    if found is not None:
        terminal.say(f"  {terminal.text(found.told())}")


def tell_forecast(terminal: TerminalContext, found: Mapping[str, Any]) -> None:
    """A forecast as `broadcasts_views` has it, for people."""
    if found.get("now"):
        tell_lines(terminal, preview_lines.ahead(found["now"]), 1)
    if found.get("outcome"):
        done, before = found["outcome"], found["foreseen"]
        cost, late = done["cost"], done["late_s"]
        low, high = before["cost"]["low"], before["cost"]["high"]
        hoped = NOTHING
        if late is not None:
            hoped = Say(
                " (foreseen {finish}, off by {late})",
                finish=clock(before["finish"]),
                late=_span(late),
            )
        terminal.say(
            Say(
                "  through at {finish}{hoped}; {cost} đồng (foreseen {low}–{high})",
                finish=clock(done["finish"]),
                hoped=hoped,
                cost=SpelledNumber(cost),
                low=SpelledNumber(low),
                high=SpelledNumber(high),
            ),
        )


def _span(seconds: float) -> str:
    sign, rest = ("-" if seconds < 0 else "+"), round(abs(seconds))
    minutes, rest = divmod(rest, 60)
    return f"{sign}{minutes}:{rest:02d}"
