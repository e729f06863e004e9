"""An account at a vendor is asked something outside the sending: its balance, its templates.

Comes from: an admin, or a preview.   Goes to: the vendor, or the twin of a drill.
Never: sends a message, or leaves a connection open.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from dispatcher.broadcasts.application import App
from dispatcher.domain.model import Fault, Mode
from dispatcher.domain.problems import Problem, refused
from dispatcher.gateways.contract import Gateway, KnowsBalance, KnowsSenders, KnowsStanding, Refused
from dispatcher.gateways.fields import Options
from dispatcher.i18n import Say
from dispatcher.worker.adapters import Doors, build_gateway, given_twins

T = TypeVar("T")


def ask(
    app: App,
    name: str,
    kind: type,
    act: Callable[[Any], Awaitable[T | Refused]],
    patience: float | None = None,
) -> T:
    """What a live gateway of the settings answers to one question.

    `kind`: the capability of its adapter that `act` needs. `patience`: seconds somebody waits for
    the answer; None: as long as the gateway's own. Problems: `drill-only`, `cannot` where the
    adapter lacks it, `gateway-refused` with the vendor's words, `gateway-slow`.
    """
    if app.site.mode is not Mode.LIVE:
        raise refused(
            "drill-only",
            Say("This is a drill: the real “{name}” is not asked.", name=name),
            step="drill-asks-nobody",
        )
    try:
        found = asyncio.run(_asked(app, name, kind, act, patience))
    except TimeoutError:
        raise Problem(
            "gateway-slow",
            Say("“{name}” has not answered.", name=name),
            exit_code=5,
        ) from None
    if isinstance(found, Refused):
        said = f"{found.code} {found.detail}".strip()
        raise Problem(
            "gateway-refused",
            Say(
                "“{name}” answered: {said}. See docs/gateways.md or ask the vendor.",
                name=name,
                said=said,
            ),
            exit_code=5,
        )
    return found


async def _asked(
    app: App,
    name: str,
    kind: type,
    act: Callable[[Any], Awaitable[T | Refused]],
    patience: float | None,
) -> T | Refused:
    gateway: Gateway = build_gateway(app, name, Doors({}), None)
    if not isinstance(gateway, kind):
        adapter = app.site.gateways[name].adapter
        raise Problem(
            "cannot",
            Say("The adapter “{adapter}” cannot do this.", adapter=adapter),
        )
    try:
        async with asyncio.timeout(patience):
            return await act(gateway)
    finally:
        await gateway._wire.close()  # type: ignore[attr-defined]


def consent_address(app: App, name: str, state: str, verifier: str) -> str:
    """Where an administrator of an account allows us to act for it, in a browser."""
    from dispatcher.gateways.contract import SignsIn

    async def address(gateway: Any) -> str:
        return str(gateway.consent_url(state, verifier))

    return ask(app, name, SignsIn, address)


def connect(app: App, name: str, options: Options) -> dict[str, Any]:
    """What connecting shows, and what a live account says of itself: {"ok", "reached"}, then
    "trouble", or "asked" with "balance" or "standing", and "not_registered": sender names the
    vendor does not know."""
    return asyncio.run(_connected(app, name, options))


async def _connected(app: App, name: str, options: Options) -> dict[str, Any]:
    live = app.site.mode is Mode.LIVE
    gateway = build_gateway(app, name, Doors(given_twins()), None)
    place = str(getattr(options, "base_url", ""))
    found: dict[str, Any] = {"ok": True}
    wire = getattr(gateway, "_wire", None)  # the outbox has none
    try:
        if wire is not None and place:
            gone = await wire.reach(place)
            found["reached"] = gone is None
            if gone is not None:
                trouble = Refused(Fault.BUSY, gone.what, unreached=True)
                return {"ok": False, "reached": False, "trouble": trouble}
        if live and isinstance(gateway, KnowsBalance | KnowsStanding):
            known = isinstance(gateway, KnowsBalance)
            answer = await (gateway.balance() if known else gateway.standing())  # type: ignore[union-attr]
            if isinstance(answer, Refused):
                return {"ok": False, "reached": not answer.unreached, "trouble": answer}
            found |= {"asked": True, "balance" if known else "standing": answer}
        if live and isinstance(gateway, KnowsSenders):
            senders = await gateway.senders()
            if not isinstance(senders, Refused):
                ours = {s.brandname for _, s in app.site.senders.values() if s.brandname}
                found["not_registered"] = sorted(ours - {sender for sender, _ in senders})
    finally:
        if wire is not None:
            await wire.close()
    return found
