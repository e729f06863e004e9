"""[routes]: the ways of sending a site has written down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from dispatcher.config.sections import Section, take_duration, take_window
from dispatcher.domain.model import Window
from dispatcher.i18n import Say


@dataclass(frozen=True)
class StepSettings:
    weights: tuple[tuple[str, int], ...]  # gateways of one channel; weight 0 is a reserve
    deadline: timedelta | None = None
    accented: bool = False
    later_goes_on: bool = False
    window: Window | None = None
    budget: int | None = None  # đồng


@dataclass(frozen=True)
class RouteSettings:
    """Ordered steps, and what choosing this route means for the whole broadcast."""

    steps: tuple[StepSettings, ...]
    title: str = ""
    one_per: str | None = None  # "household": one message per household
    urgent: bool = False  # ahead of all others, at once, also at night


def _later(step: Section) -> bool:
    value: str = step.take("later", str, "wait")
    if value not in ("wait", "next"):
        raise step.problem("later", Say('“later” is "wait" or "next".'))
    return value == "next"


def read_routes(section: Section) -> dict[str, RouteSettings]:
    """[routes.…] by name."""
    found = {}
    for name in section.values:
        part = Section(section.take(name, dict), f"routes.{name}", section.path, section.text)
        steps = []
        for values in part.required("steps", list):
            if not isinstance(values, dict):
                raise part.problem(
                    "steps",
                    Say('“steps” is a list like [ { gateway = "esms" } ].'),
                )
            step = Section(values, part.name, part.path, part.text)
            budget = step.take("budget", int)
            if budget is not None and budget < 0:
                raise step.problem("budget", Say("“budget” must not be negative."))
            steps.append(
                StepSettings(
                    _weights(step),
                    take_duration(step, "deadline", None),
                    step.take("accented", bool, False),
                    _later(step),
                    take_window(step, "window", None),
                    budget,
                )
            )
            step.close()
        one_per = part.take("one_per", str)
        if one_per not in (None, "phone", "household"):
            raise part.problem(
                "one_per",
                Say('“one_per” is "phone" or "household".'),
            )
        urgent = part.take("urgent", bool, False)
        found[name] = RouteSettings(tuple(steps), part.take("title", str, ""), one_per, urgent)
        part.close()
    return found


def _weights(step: Section) -> tuple[tuple[str, int], ...]:
    """`gateway = "esms"`, or several of one channel: `gateways = { esms = 70, viettel = 30 }`."""
    if "gateways" not in step.values:
        return ((step.required("gateway", str), 1),)
    given = step.take("gateways", (dict, list))
    weights = given if isinstance(given, dict) else dict.fromkeys(map(str, given), 1)
    whole = all(isinstance(w, int) and not isinstance(w, bool) and w >= 0 for w in weights.values())
    if "gateway" in step.values or not whole or not any(weights.values()):
        raise step.problem(
            "gateways",
            Say(
                "“gateways” looks like { esms = 70, viettel = 30 }, instead of "
                "“gateway”; 0 is a reserve."
            ),
        )
    return tuple(sorted(weights.items(), key=lambda w: -w[1]))
