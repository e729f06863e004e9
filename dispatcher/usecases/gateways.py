"""Gateways as people look after them: how each is, pausing, checking, what its account says.

Comes from: officers and admins.   Goes to: the gateways' rows and, in live, the vendor.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from dispatcher.broadcasts.application import App
from dispatcher.broadcasts.routes import adapter_channel
from dispatcher.config import GatewaySettings, Site
from dispatcher.db.queue import gateways, health
from dispatcher.domain import rights
from dispatcher.domain.model import SYSTEM, Fault, Mode, Role
from dispatcher.domain.outages import Health, State
from dispatcher.domain.problems import Problem, settings, unknown
from dispatcher.gateways import options_of
from dispatcher.gateways.contract import (
    KnowsBalance,
    KnowsStanding,
    KnowsTemplates,
    Refused,
    VendorTemplate,
)
from dispatcher.gateways.fields import needed, secret_keys
from dispatcher.i18n import Say, Spoken
from dispatcher.usecases import alarms
from dispatcher.usecases.context import Context
from dispatcher.worker import adapters, questions

SET_UP = ("esms", "zalo", "kannel", "speedsms", "viettel", "vnpt")  # `http` is described by hand
T = TypeVar("T")


def named(site: Site, name: str) -> GatewaySettings:
    """A gateway of the settings by its name, or the problem `unknown-name`."""
    if name not in site.gateways:
        raise unknown(Say("gateway"), name, site.gateways)
    return site.gateways[name]


# --- how they are -------------------------------------------------------------------------------


@dataclass(frozen=True)
class GatewayNow:
    """How a gateway is just now."""

    name: str
    adapter: str
    channel: str
    health: Health
    paused: bool
    paused_reason: str | None
    unknowns: int  # answers that prove nothing, in a row
    sign_in: str | None  # how the sign-in at the vendor stands, where it has one
    odd_reports: Mapping[str, Any] | None  # where too many of its reports are of no use

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "adapter": self.adapter,
            "channel": self.channel,
            **self.health.as_json(),
            "paused": self.paused,
            "reason": self.paused_reason if self.paused else None,
            "code": self.health.code or None,
            "unknowns_in_a_row": self.unknowns,
            "sign_in": self.sign_in,
            "odd_reports": self.odd_reports,
        }

    @property
    def wants_sign_in(self) -> bool:
        """True where nothing worse is wrong than that somebody must sign in again."""
        fine = self.health.state in (State.OK, State.UNKNOWN)
        return fine and self.sign_in == "reconsent_required"

    @property
    def reports_said(self) -> Spoken | None:
        """How many of its reports are of no use, in words; None where they are fine."""
        return alarms.of_no_use(self.odd_reports) if self.odd_reports is not None else None


def list_gateways(context: Context) -> list[GatewayNow]:
    """Every gateway of the settings, as it is now."""
    app = context.app
    with context.read() as tx:
        states, sign_ins = gateways.states(tx), gateways.sign_ins(tx)
        now, odd = alarms.gateways(app, tx), alarms.odd_reports(app, tx)
    found = []
    for name, chosen in app.site.gateways.items():
        state = states.get(name)
        paused = state is not None and state["paused_at"] is not None
        found.append(
            GatewayNow(
                name,
                chosen.adapter,
                adapter_channel(chosen).value,
                now[name],
                paused,
                state["paused_reason"] if state is not None and paused else None,
                state["unknowns"] if state is not None else 0,
                sign_ins[name][0] if name in sign_ins else None,
                odd.get(name),
            )
        )
    return found


# --- paused and resumed -------------------------------------------------------------------------


def pause(context: Context, name: str) -> None:
    """Nothing more goes to a gateway until somebody resumes it; what waits there is not lost."""
    with context.act("pause", "gateway", name) as tx:
        rights.need_site(context.actor, Say("pause a gateway"), rights.WRITERS)
        named(context.app.site, name)
        gateways.pause(tx, name, "person")


def resume(context: Context, name: str) -> None:
    """Messages go to a gateway again."""
    with context.act("resume", "gateway", name) as tx:
        rights.need_site(context.actor, Say("resume a gateway"))
        named(context.app.site, name)
        gateways.resume(tx, name)


# --- set up -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SetUp:
    """A gateway for whoever sets it up."""

    now: GatewayNow
    callback: str  # where it reports to; empty while this machine has no public address
    to_write: str  # the section of dispatcher.toml it needs


def set_up(context: Context, name: str) -> SetUp:
    """What an account at a vendor needs: its section of the settings, its callback address."""
    _need_admin(context, name, "set-up", Say("set up a gateway"))
    chosen, app = named(context.app.site, name), context.app
    [now] = [g for g in list_gateways(context) if g.name == name]
    public = app.site.public_url
    path = public + adapters.callback_path(app, name) if public else ""
    return SetUp(now, path, to_write(chosen.adapter, name))


def new_ones(context: Context) -> dict[str, str]:
    """What to write into the settings for an account at each vendor we know: adapter → section."""
    _need_admin(context, "", "set-up", Say("set up a gateway"))
    return {adapter: to_write(adapter, adapter) for adapter in SET_UP}


def callback_address(context: Context, name: str) -> str:
    """The secret address to paste at a vendor, so that it can report."""
    what = Say("see the callback address")
    with context.remembering("callback", "gateway", name):
        rights.need(context.actor, {Role.ADMIN}, what)
        rights.need_site(context.actor, what)
    named(context.app.site, name)
    if not context.app.site.public_url:
        raise settings("no-public-url", Say("This machine has no public address."))
    return context.app.site.public_url + adapters.callback_path(context.app, name)


def _need_admin(context: Context, name: str, act: str, what: Spoken) -> None:
    with context.remembering(act, "gateway", name):
        rights.need_site(context.actor, what)


def to_write(adapter: str, name: str) -> str:
    """The section of dispatcher.toml an account of this kind needs; secrets by their place."""
    options = options_of(adapter)
    lines = [f"[gateways.{name}]", f'adapter = "{adapter}"']
    for key in needed(options):
        lines.append(f"{key} = " + ('{ "*" = "" }' if key == "labels" else '""'))
    for key in secret_keys(options):
        place = f"{name}_{key}".replace("-", "_").upper()
        lines.append(f'{key} = {{ env = "{place}" }}')
    return "\n".join(lines)


# --- asked --------------------------------------------------------------------------------------


def ask(context: Context, name: str, kind: type, act: Callable[[Any], Awaitable[T | Refused]]) -> T:
    """What a live gateway answers to one question: see worker/questions."""
    named(context.app.site, name)
    return questions.ask(context.app, name, kind, act)


def balance(context: Context, name: str) -> dict[str, Any]:
    """What is left at a vendor: {"balance": đồng}, or quota and quality in the vendor's words."""
    if named(context.app.site, name).adapter == "zalo":
        return dict(ask(context, name, KnowsStanding, lambda g: g.standing()))
    return {"balance": ask(context, name, KnowsBalance, lambda g: g.balance())}


def templates(context: Context, name: str, sender: str = "") -> Sequence[VendorTemplate]:
    """Texts registered at a vendor, those of one `sender` where it has several."""
    return ask(context, name, KnowsTemplates, lambda g: g.templates(sender))


@dataclass(frozen=True)
class CheckedGateway:
    """What a check of a gateway shows.

    `found`: gateway, ok, settings, state, since; `reached` (None: nobody connected); in live
    balance and not_registered (senders its vendor does not know) too. `problem`: the settings are
    wrong; `trouble`: how its answer shows it to be, with `detail`, the vendor's own words.
    """

    found: Mapping[str, Any]
    problem: Problem | None
    trouble: Health | None = None
    detail: str = ""

    def beside_the_vendors_words(self, told: Spoken) -> Spoken:
        """A trouble as a door says it, with what the vendor said."""
        return Say("{told} ({detail})", told=told, detail=self.detail) if self.detail else told


def checked(context: Context, name: str) -> CheckedGateway:
    """One gateway, looked at now.

    In live the vendor's host is connected to and, where it has a harmless question, asked; in a
    drill a twin that runs. What that shows is written down.
    """
    app = context.app
    _need_admin(context, name, "check", Say("check a gateway"))
    named(app.site, name)
    live, twin = app.site.mode is Mode.LIVE, adapters.given_twins().get(name)
    found: dict[str, Any] = {"gateway": name, "ok": True, "reached": None}
    wrong: Problem | None = None
    try:
        options = adapters.adapter_options(
            app.site, app.site.gateways[name], None if live else twin or "http://127.0.0.1"
        )
        found["settings"] = sorted(k for k in options.__struct_fields__ if getattr(options, k))
        if live or (twin is not None and app.site.mode is Mode.DRILL):
            found |= questions.connect(app, name, options)
    except Problem as problem:
        found["ok"], wrong = False, problem
    trouble = found.pop("trouble", None)
    if found["reached"] is not None:
        _write_down(app, name, trouble, asked=bool(found.pop("asked", False)))
    with app.store.read(SYSTEM) as tx:
        now, odd = alarms.gateways(app, tx)[name], alarms.odd_reports(app, tx).get(name)
    found |= now.as_json()
    if odd is not None:
        found["odd_reports"] = odd
    if not isinstance(trouble, Refused):
        return CheckedGateway(found, wrong)
    state = _state_of(trouble)
    found["fault"] = state.value
    shown = Health(name, state, app.clock(), trouble.code)
    return CheckedGateway(found, wrong, shown, trouble.detail)


def _state_of(trouble: Refused) -> State:
    """What a refused question says of a gateway."""
    if trouble.unreached:
        return State.UNREACHABLE
    match trouble.fault:
        case Fault.BUSY | Fault.LATER:
            return State.THROTTLED
        case Fault.UNKNOWN:
            return State.UNREADABLE
        case _:
            return State.ACCOUNT


def _write_down(app: App, name: str, trouble: Refused | None, *, asked: bool) -> None:
    """Keep what a check shows: a trouble, or that one is over. Whether messages are taken again is
    shown by messages alone: until then nobody knows."""
    with app.begin(SYSTEM)() as tx:
        tx.act = "checked"
        heard = gateways.states(tx).get(name, {}).get("health")
        if trouble is not None:
            state = _state_of(trouble)
            if state is not State.ACCOUNT and heard != state.value:
                health.write(tx, name, state.value, tx.now, trouble.code)
        elif asked and heard in (None, State.UNREACHABLE.value):
            health.write(tx, name, State.OK.value, tx.now, "")
        elif heard == State.UNREACHABLE.value or (asked and heard != State.OK.value):
            health.write(tx, name, None, tx.now, "")
