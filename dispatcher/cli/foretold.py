"""A forecast in words: when it will be through, what it costs; later, how far off it was."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dispatcher import broadcasts as planning
from dispatcher.broadcasts import app as joined
from dispatcher.broadcasts import hours
from dispatcher.cli.surface import Surface
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.database import Tx
from dispatcher.db.queue import forecasts
from dispatcher.domain import outages
from dispatcher.domain.model import HANOI, BroadcastState
from dispatcher.domain.outages import Health, State
from dispatcher.domain.periods import Period
from dispatcher.reports.reporting import number

GOES_ON = frozenset({BroadcastState.RUNNING, BroadcastState.PAUSED, BroadcastState.HELD})


def times(surface: Surface, broadcast: Broadcast) -> Period | None:
    """From when until when a broadcast is sent, released now if it is not yet; None: it is over."""
    return hours.period_of(surface.open_site(), broadcast, surface.open_app().clock())


def tell_times(surface: Surface, broadcast: Broadcast) -> None:
    """Both times of a broadcast in one line."""
    found = times(surface, broadcast)
    if found is not None:
        surface.say(f"  {found.told().vi}", f"  {found.told().en}")


def look(surface: Surface, tx: Tx, broadcast: Broadcast) -> dict[str, Any]:
    """{"now": forecast of what waits, "foreseen": at release, "outcome": what it became}."""
    app = surface.open_app()
    found: dict[str, Any] = {"foreseen": forecasts.foreseen(tx, broadcast.id)}
    if broadcast.state in GOES_ON and broadcast.expires_at is not None:
        start = max(app.clock(), broadcast.starts_at or app.clock())
        speeds = joined.speeds(app.site, tx)
        ahead = planning.forecast(
            tx, broadcast, speeds, start, broadcast.expires_at, 0, now=app.clock()
        )
        found["now"] = ahead.as_json()
    if found["foreseen"] and broadcast.released_at is not None:
        finish, cost = forecasts.outcome(tx, broadcast.id)
        if broadcast.state not in GOES_ON and finish is not None:
            found["outcome"] = _outcome(found["foreseen"], finish, cost)
    return found


def _outcome(foreseen: Mapping[str, Any], finish: datetime, cost: int) -> dict[str, Any]:
    hoped = foreseen["finish"]  # None: a gateway let nothing out when it was released
    late = (finish - datetime.fromisoformat(hoped)).total_seconds() if hoped else None
    low, high = foreseen["cost"]["low"], foreseen["cost"]["high"]
    off = cost - high if cost > high else min(0, cost - low)
    return {
        "finish": finish.isoformat(),
        "late_s": None if late is None else round(late, 1),
        "cost": cost,
        "cost_error": off,  # outside what was foreseen; 0 inside
    }


def tell(surface: Surface, found: Mapping[str, Any]) -> None:
    """What `look` found, for people."""
    if found.get("now"):
        tell_ahead(surface, found["now"])
    if found.get("outcome"):
        done, before = found["outcome"], found["foreseen"]
        cost, late = done["cost"], done["late_s"]
        low, high = before["cost"]["low"], before["cost"]["high"]
        hoped = ("", "") if late is None else (
            f" (dự kiến {_clock(before['finish'])}, lệch {_span(late)})",
            f" (foreseen {_clock(before['finish'])}, off by {_span(late)})")  # fmt: skip
        surface.say(
            f"  xong {_clock(done['finish'])}{hoped[0]}; {number(cost)} đồng (dự kiến "
            f"{number(low)}–{number(high)})",
            f"  through at {_clock(done['finish'])}{hoped[1]}; {cost} đồng (foreseen {low}–{high})",
        )


def tell_ahead(surface: Surface, ahead: Mapping[str, Any], *, of_left: bool = True) -> None:
    """A forecast in one line, more where a gateway lets nothing out or, unless it is said
    elsewhere, something will be left."""
    low, high = ahead["cost"]["low"], ahead["cost"]["high"]
    basis = ("theo tốc độ đã đo", "by measured rates") if ahead["measured"] else (
        "theo cài đặt, chưa đo", "by the settings, not measured yet")  # fmt: skip
    money = ("", "") if high < low or not high else (
        f", {number(low)}–{number(high)} đồng", f", {low}–{high} đồng")  # fmt: skip
    if ahead["finish"]:
        surface.say(
            f"  dự kiến chuyển xong {_clock(ahead['finish'])}{money[0]} ({basis[0]})",
            f"  handed over by {_clock(ahead['finish'])}{money[1]} ({basis[1]})",
        )
    else:
        surface.say(
            f"  chưa biết khi nào xong{money[0]}", f"  nobody can say when it is through{money[1]}"
        )
    for waits in ahead.get("waits", ()):
        surface.say(*_waiting(waits))
    if ahead["left"] and of_left:
        surface.say(
            f"  {number(ahead['left'])} tin không kịp gửi trước khi hết hạn: kéo dài hạn, thêm "
            "nhà cung cấp hoặc bớt người",
            f"  {ahead['left']} messages will not leave before it expires: give it longer, add a "
            "gateway or write to fewer people",
        )


def _waiting(waits: Mapping[str, Any]) -> tuple[str, str]:
    """How many wait for a gateway in trouble, how it is and what to do."""
    since = datetime.fromisoformat(waits["since"]) if waits["since"] else None
    found = Health(waits["gateway"], State(waits["state"]), since, waits["code"])
    how, many = outages.described(found), waits["messages"]
    return (
        f"  {number(many)} tin chờ ở {found.gateway}: {how.vi}; {waits['todo']['vi']}",
        f"  {many} messages wait for {found.gateway}: {how.en}; {waits['todo']['en']}",
    )


def _clock(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(HANOI):%H:%M:%S %d/%m}"


def _span(seconds: float) -> str:
    sign, rest = ("-" if seconds < 0 else "+"), round(abs(seconds))
    minutes, rest = divmod(rest, 60)
    return f"{sign}{minutes}:{rest:02d}"
