"""What the settings allow at a gateway: how fast, how many at once, how many in a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dispatcher.config import Site
from dispatcher.domain.model import (
    Mode,
)


@dataclass(frozen=True)
class Pace:
    """What a site allows at one gateway, over all its workers."""

    per_second: float | None = None  # messages, or parts
    in_parts: bool = False
    in_flight: int | None = None  # calls open at once; None: each worker may open its own
    most: Mapping[str, int] = field(default_factory=dict)  # see config.QUOTAS


def pace_of(site: Site, name: str) -> Pace:
    """What the settings allow at a gateway. Rates and quotas are those of real accounts: in a
    drill the twins set the pace."""
    chosen = site.gateways[name]
    if site.mode is Mode.DRILL:
        return Pace(in_flight=chosen.in_flight)
    paces = [p for p in (chosen.per_second, chosen.parts_per_second) if p is not None]
    return Pace(
        paces[0] if paces else None,
        chosen.per_second is None,
        chosen.in_flight,
        chosen.most,
    )
