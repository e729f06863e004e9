"""Where the parts are joined: a site becomes a store, texts, gateways and a worker."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from dispatcher import broadcasts as planning
from dispatcher import templating
from dispatcher.broadcasts import Draft, Speed, hours, routes, targeting, wording
from dispatcher.config import GatewaySettings, Secret, Site
from dispatcher.db.broadcasts import approvals, texts
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.broadcasts.budgets import Budget
from dispatcher.db.broadcasts.samples import Look
from dispatcher.db.contacts import areas, groups
from dispatcher.db.contacts.reach import Reach
from dispatcher.db.database import Store, Tx, open_store
from dispatcher.db.ops import days_off, identity
from dispatcher.db.ops import settings as site_facts
from dispatcher.db.queue import gateways as gateway_rows
from dispatcher.db.queue.tokens import StoredTokens
from dispatcher.db.seal import Sealer, load_key
from dispatcher.db.staff import people
from dispatcher.db.troubles import read_only
from dispatcher.domain import law, periods
from dispatcher.domain.clock import Clock, Watch, real_clock, site_clock
from dispatcher.domain.model import (
    ALL_DAY,
    HANOI,
    ORDINARY,
    SYSTEM,
    URGENT,
    Actor,
    Audience,
    Mode,
    Price,
    Role,
    Sender,
    Window,
)
from dispatcher.domain.problems import Problem, settings
from dispatcher.gateways import adapter_module
from dispatcher.gateways.contract import Call, Gateway, Given, Heard
from dispatcher.templating import Template
from dispatcher.worker.sending.lanes import Pace

OPERATOR = "may-chu"  # who acts on this machine when nobody is named: may prepare, never decide
GUESSED_CALLS = 8  # open at a gateway nobody has measured or limited
DEFAULT_PRICES = {"sms": 500, "zalo": 200, "zalo_uid": 140}  # đồng; estimates: see [prices]


@dataclass(frozen=True)
class App:
    """An open site."""

    site: Site
    store: Store
    clock: Clock

    @property
    def templates(self) -> Path:
        return self.site.root / "templates"

    @property
    def schedules(self) -> Path:
        return self.site.root / "schedules"

    def begin(self, actor: Actor) -> Callable[[], AbstractContextManager[Tx]]:
        """Writing transactions of one actor."""
        return lambda: self.store.begin(actor, self.clock())

    def actor(self, name: str | None) -> Actor:
        """Who acts: the person named, or this machine's operator."""
        name = name or os.environ.get("DISPATCHER_AS")
        if not name:
            return Actor(OPERATOR, Role.ADMIN)
        with self.store.read(SYSTEM) as tx:
            return people.actor(tx, name)


def open_app(site: Site, clock: Clock | None = None) -> App:
    """Open a site's data, making what is missing at first use.

    Unless a clock is given, time is told by the machine, or by the database server, which is the
    same for all hosts.
    """
    database = site.data / "site.db"
    in_site = site.database == f"sqlite:///{database}"
    try:
        site.data.mkdir(mode=0o700, exist_ok=True)
        ignored = site.data / ".gitignore"
        if not ignored.exists():
            ignored.write_text("*\n")
    except OSError as error:
        raise settings(
            "data-folder",
            f"Không tạo được thư mục {site.data}: {error.strerror}.",
            f"The folder {site.data} cannot be made: {error.strerror}.",
        ) from None
    if in_site and not os.access(site.data, os.W_OK):
        raise read_only()
    fresh = not (in_site and database.exists())
    store = open_store(site.database, Sealer(site_key(site, create=fresh)))
    clock = clock or Watch(site_clock(store.server_time if not store.is_sqlite else real_clock))
    _settle_in(site, store, clock())
    return App(site, store, clock)


def database_file(site: Site) -> Path | None:
    """The file of an SQLite database; None when a server keeps it."""
    prefix = "sqlite:///"
    found = site.database.startswith(prefix)
    return Path(site.database.removeprefix(prefix)) if found else None


def site_key(site: Site, *, create: bool = False) -> bytes:
    """The key of a site, from the environment or its file."""
    value = os.environ.get("DISPATCHER_KEY", "").strip()
    if value:
        try:
            return bytes.fromhex(value)
        except ValueError:
            raise settings(
                "bad-key",
                "Biến DISPATCHER_KEY không phải mã hex.",
                "DISPATCHER_KEY is not hexadecimal.",
            ) from None
    return load_key(site.key_file, create=create)


def _settle_in(site: Site, store: Store, now: datetime) -> None:
    """Areas, gateways and prices of the settings, in place once."""
    with store.read(SYSTEM) as tx:
        known = site_facts.get(tx, "identity") is not None
    if not known:
        with store.begin(SYSTEM, now) as tx:
            identity.settle_in(tx, database_file(site))
    local = now.astimezone(HANOI)
    wanted = f"{site.area_set}|{sorted(site.gateways)}|{site.prices}|{local.year}"
    with store.read(SYSTEM) as tx:
        if site_facts.get(tx, "settled_in") == wanted:
            return
    with store.begin(SYSTEM, now) as tx:
        areas.load_set(tx, site.area_set, site.root)
        gateway_rows.ensure(tx, list(site.gateways))
        texts.set_prices(tx, _prices(site), local.date())
        days_off.seed(tx, local.year)
        site_facts.put(tx, "settled_in", wanted)
        tx.note("settled_in", "site", site.area_set)


def _prices(site: Site) -> list[Price]:
    """The price list of the settings, with estimates for what it does not name."""
    named = {p.channel for p in site.prices if not (p.carrier or p.kind or p.valid_from)}
    guesses = [Price(c, None, None, None, d) for c, d in DEFAULT_PRICES.items() if c not in named]
    return [*guesses, *site.prices]


# --- texts and plans --------------------------------------------------------------------------


def draft(
    app: App,
    tx: Tx,
    *,
    template: Template,
    audience: Audience,
    route_name: str | None,
    fields: Mapping[str, str],
    title: str = "",
    document: str = "",
    paper: Mapping[str, str] | None = None,
    expires_after: timedelta = timedelta(hours=6),
    window: Window | None = None,
    accented: bool = False,
    rather_twice: bool = False,
    urgent: bool = False,
    schedule_id: int | None = None,
) -> int:
    """Check an officer's choices and store them as a draft; its id."""
    periods.check_life(expires_after)
    chosen, steps = routes.find(app.site, route_name)
    urgent = urgent or chosen.urgent
    if chosen.one_per and audience.one_per == "phone":
        audience = replace(audience, one_per=chosen.one_per)
    if accented:
        steps = tuple(replace(s, accented=True) for s in steps)
    if urgent:  # also at night: no step keeps hours of its own
        steps = tuple(replace(s, window=None) for s in steps)
    if not any(template.block_for(s.channel, s.accented) for s in steps):
        raise Problem(
            "no-text",
            f"Mẫu «{template.name}» không có bài cho kênh nào của thứ tự này.",
            f"Template “{template.name}” has no text for any step of this route.",
        )
    filled = templating.fill(template, fields)
    targeting.resolve(tx, audience)
    chosen_hours = window or (ALL_DAY if urgent else app.site.window)
    signing = senders(app, tx, audience)
    law.check_sending(
        template.kind,
        chosen_hours,
        urgent=urgent,
        branded=all(s.brandname for s in signing.values()),
        consent=bool(app.site.consent),
    )
    return planning.draft(
        tx,
        Draft(
            title or template.title,
            app.site.mode,
            template.kind,
            (template.name, template.digest, template.source),
            filled,
            audience,
            steps,
            signing,
            chosen_hours,
            expires_after,
            document or template.document,
            priority=URGENT if urgent else ORDINARY,
            schedule_id=schedule_id,
            rather_twice=rather_twice,
            paper=paper or {},
        ),
    )


def senders(app: App, tx: Tx, audience: Audience) -> dict[int, Sender]:
    """Who signs in each ward an audience touches."""
    wards = targeting.wards_of(tx, audience)
    return {w.id: app.site.sender_for(w.name, w.code) for w in wards}


def as_offered(tx: Tx, broadcast: Broadcast) -> Broadcast:
    """A broadcast with the wording its leader offers back, where one waits."""
    waiting = approvals.offered(tx, broadcast.id)
    if waiting is None:
        return broadcast
    return replace(
        broadcast, fields=waiting.fields, template_version_id=waiting.template_version_id
    )


def correct(
    app: App,
    tx: Tx,
    original: Broadcast,
    *,
    template: Template,
    fields: Mapping[str, str],
    expires_after: timedelta = timedelta(hours=24),
    title: str = "",
    urgent: bool = False,
) -> int:
    """A draft that corrects `original` for exactly those who may have received it; its id.

    A blank `ngay` is filled with the day of the original.
    """
    day = (original.released_at or app.clock()).astimezone(HANOI).date().isoformat()
    given = {"ngay": day, **fields} if "ngay" in template.fields else dict(fields)
    return planning.correct(
        tx,
        original,
        Draft(
            title or f"Đính chính: {original.title}",
            app.site.mode,
            template.kind,
            (template.name, template.digest, template.source),
            templating.fill(template, given),
            original.audience,
            original.route,
            original.senders,
            ALL_DAY if urgent else app.site.window,
            expires_after,
            original.document,
            priority=URGENT if urgent else ORDINARY,
        ),
    )


def preview(
    app: App, actor: Actor, broadcast: Broadcast, look: Look | None = None
) -> planning.Preview:
    """What a release would do, with everything to be said of its texts before anybody gets one."""
    today = app.clock().astimezone(HANOI).date()
    with app.store.read(actor) as tx:
        found = wording.words(app.site, tx, broadcast)
        rates, purses = speeds(app.site, tx), budgets_of(app.site, tx, broadcast)
        remarks = wording.remarks(app.site, tx, broadcast, today)
    beside = beside_it(app, broadcast)
    resolve = resolver(app, broadcast)
    # who looks after every ward of a broadcast sees all of it: no row need be asked whose it is
    all_mine = actor.wards is None or set(broadcast.senders) <= actor.wards
    begin = app.begin(SYSTEM if all_mine else actor)
    seen = planning.preview(
        begin, broadcast, found, resolve, rates, look, purses, beside, app.site.undo,
        hours.vendor_hours(app.site, broadcast.priority),
    )  # fmt: skip
    with app.store.read(actor) as tx:
        standings = wording.standings(app.site, tx, broadcast, seen, today)
        late = seen.late and planning.with_routes(
            seen.late, hours.other_routes(app.site, tx, broadcast), rates, broadcast.window
        )
    return replace(seen, remarks=remarks, standings=standings, late=late)


def beside_it(app: App, broadcast: Broadcast, within: Tx | None = None) -> list[planning.Coming]:
    """What is approved and not released yet, and starts within a day of this one."""
    with nullcontext(within) if within is not None else app.store.read(SYSTEM) as tx:
        return planning.coming(
            tx,
            broadcast,
            app.clock(),
            lambda other: wording.words(app.site, tx, other),
            lambda other: resolver(app, other),
        )


def resolver(app: App, broadcast: Broadcast) -> planning.Resolve:
    """Names as ids, in the wards of the broadcast; advertising goes only to those who agreed."""

    limits = app.site.limits

    def resolve(tx: Tx, audience: Audience) -> Reach:
        consent = app.site.consent if law.is_advertising(broadcast.kind) else ""
        return replace(
            targeting.resolve(tx, audience),
            within=tuple(sorted(broadcast.senders)),
            per_person=(limits.per_person, limits.within) if limits.per_person else None,
            consent=groups.find(tx, consent) if consent else None,
            urgent_despite_refusal=app.site.urgent_despite_refusal,
        )

    return resolve


def budgets_of(site: Site, tx: Tx, broadcast: Broadcast | None = None) -> list[Budget]:
    """The budgets of the settings with the ids of their wards; those a broadcast may spend."""
    if not site.budgets:
        return []
    found = []
    for chosen in site.budgets.values():
        wards = frozenset(w.id for w in areas.wards_named(tx, chosen.wards))
        if broadcast is None or wards & set(broadcast.senders):
            found.append(
                Budget(chosen.name, wards, chosen.month, chosen.contract, chosen.contract_number)
            )
    return found


def release(app: App, broadcast: Broadcast) -> str:
    """Release one broadcast; the state it ended in."""
    with app.store.read(SYSTEM) as tx:
        found, rates = wording.words(app.site, tx, broadcast), speeds(app.site, tx)
        purses = budgets_of(app.site, tx, broadcast)
    state = planning.release(
        app.begin(SYSTEM),
        broadcast,
        found,
        resolver(app, broadcast),
        app.site.undo,
        app.site.mode,
        rates,
        purses,
        hours.vendor_hours(app.site, broadcast.priority),
    )
    return state.value


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


def speeds(site: Site, tx: Tx) -> dict[str, Speed]:
    """How fast each gateway goes: as measured here, else as allowed, else a careful guess."""
    measured = {name: row["rate"] for name, row in gateway_rows.states(tx).items()}
    found = {}
    for name in site.gateways:
        pace, rate = pace_of(site, name), measured.get(name)
        allowed = pace.per_second
        seen = rate is not None and (allowed is None or pace.in_parts or rate <= allowed)
        if rate is not None and seen and not pace.in_parts:
            found[name] = Speed(rate, True, False, pace.most.get("per_day"))
        else:
            guess = float(pace.in_flight or GUESSED_CALLS)  # calls of a second each
            found[name] = Speed(allowed or guess, False, pace.in_parts, pace.most.get("per_day"))
    return found


# --- gateways ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Doors:
    """Where a site's gateways are reached, and where their receipts come back."""

    twins: Mapping[str, str]  # gateway → base URL of its twin; empty when live
    callbacks: str = ""  # public base URL of the receipt door


def callback_path(app: App, gateway: str) -> str:
    """The unguessable path a vendor calls: derived from the site's key, stored nowhere.

    `callback = 2` among the gateway's settings gives another one, and the old one ends.
    """
    turn = app.site.gateways[gateway].callback
    parts = ("hook", gateway) if turn == 1 else ("hook", gateway, str(turn))
    return f"/hooks/{gateway}/{app.store.sealer.digest(*parts).hex()}"


def adapter_options(site: Site, gateway: GatewaySettings, twin: str | None) -> dict[str, Any]:
    """An adapter's settings with secrets fetched; in a drill nothing secret is touched.

    Everything that is missing is told in one problem.
    """
    options = dict(gateway.options)
    module = adapter_module(gateway.adapter)
    if twin is not None:
        secrets = {key: f"drill-{key}" for key in module.SECRETS}
        options = {k: _without_secrets(v) for k, v in options.items()}
        return {**getattr(module, "DRILL", {}), **options, **secrets, "base_url": twin,
                "oauth_url": twin, "oa_url": twin, "app_id": "drill", "drill": True}  # fmt: skip
    missing = [k for k in (*getattr(module, "REQUIRED", ()), *module.SECRETS) if k not in options]
    fetched = {key: _fetched(key, value, missing) for key, value in options.items()}
    if missing:
        names = ", ".join(dict.fromkeys(missing))
        raise settings(
            "settings-missing",
            f"Cổng gửi «{gateway.name}» thiếu: {names} (mục [gateways.{gateway.name}]).",
            f"Gateway “{gateway.name}” lacks: {names} ([gateways.{gateway.name}]).",
        )
    return fetched


def _fetched(key: str, value: Any, missing: list[str]) -> Any:
    if isinstance(value, Mapping):
        return {k: _fetched(f"{key}.{k}", v, missing) for k, v in value.items()}
    if not isinstance(value, Secret):
        return value
    try:
        return value.fetch()
    except Problem:
        missing.append(f"{key} ({value.place})")
        return ""


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _without_secrets(v) for k, v in value.items()}
    return "drill" if isinstance(value, Secret) else value


def _secrets_of(given: Mapping[str, Any], fetched: Mapping[str, Any]) -> list[str]:
    """The values of what was named as a secret, so that no transcript shows them."""
    found: list[str] = []
    for key, value in given.items():
        if isinstance(value, Secret):
            found.append(str(fetched.get(key, "")))
        elif isinstance(value, Mapping):
            found += _secrets_of(value, fetched.get(key, {}))
    return found


def build_gateway(app: App, name: str, doors: Doors, database: Executor | None) -> Gateway:
    """A gateway ready to be asked. In a drill it can reach this machine only."""
    from dispatcher.gateways.wire import Wire

    chosen = app.site.gateways[name]
    module = adapter_module(chosen.adapter)
    drill = app.site.mode is Mode.DRILL
    if drill and chosen.adapter != "outbox" and name not in doors.twins:
        raise settings(
            "no-twin",
            f"Chạy thử: chưa có cổng giả cho «{name}».",
            f"Drill: there is no twin for “{name}”.",
        )
    options = adapter_options(app.site, chosen, doors.twins.get(name) if drill else None)
    if chosen.adapter == "outbox":
        options["folder"] = app.site.data / str(options.get("folder", "outbox"))
    wire = Wire(
        deadline=chosen.timeout.total_seconds(),
        connections=max(64, (chosen.in_flight or 0) * 2),
        loopback_only=drill,
        secrets=[
            *(str(options[k]) for k in module.SECRETS if k in options),
            *_secrets_of(chosen.options, options),
        ],
    )
    callback = doors.callbacks + callback_path(app, name) if doors.callbacks else ""
    vault = StoredTokens(app.store, name, app.clock, database)
    built: Gateway = module.build(Given(name, options, wire, vault, callback))
    return built


def listeners(app: App) -> dict[str, Callable[[Call], Heard]]:
    """How each gateway's receipts are read; live secrets are fetched here and only here."""
    found: dict[str, Callable[[Call], Heard]] = {}
    for name, chosen in app.site.gateways.items():
        module = adapter_module(chosen.adapter)
        if not hasattr(module, "read_receipt"):
            continue
        twin = "" if app.site.mode is Mode.DRILL else None
        try:
            options = adapter_options(app.site, chosen, twin)
        except Problem:
            options = {k: v for k, v in chosen.options.items() if not isinstance(v, Secret)}

        def listen(call: Call, module: Any = module, options: dict[str, Any] = options) -> Heard:
            heard: Heard = module.read_receipt(call, options)
            return heard

        found[name] = listen
    return found
