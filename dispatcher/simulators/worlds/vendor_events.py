"""What happens at vendors: they are down or slow, close, count anew, run out of money, and more.

Comes from: a script.   Goes to: a vendor; where an account must be mended, to people.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, time, timedelta

from dispatcher.broadcasts.application import App
from dispatcher.db.queue import gateways
from dispatcher.domain.model import HANOI, SYSTEM
from dispatcher.simulators.worlds.events import happens
from dispatcher.simulators.worlds.reports import CONTRARY
from dispatcher.simulators.worlds.speech_zalo import LIFE, ZaloSpeech, event
from dispatcher.simulators.worlds.vendors import Vendor
from dispatcher.simulators.worlds.world import World

SPELLS = (5.0, 60.0, 600.0, 3600.0)  # seconds
NIGHT, MORNING = time(22), time(6)


@happens("a vendor is down", weight=1)
def is_down(world: World, draw: random.Random) -> str | None:
    """For a while: nobody answers the door, or calls go nowhere, or answers do not come back."""
    vendor, seconds = _one(world, draw), draw.choice(SPELLS)
    how = draw.choice(("never_left", "lost_out", "lost_back"))
    vendor.down = (world.seconds + seconds, how)
    return f"{vendor.name} ({how}) for {seconds:.0f} s"


@happens("a vendor is slow", weight=0.5)
def is_slow(world: World, draw: random.Random) -> str | None:
    """For a while everything takes a hundred times as long."""
    vendor, seconds = _one(world, draw), draw.choice(SPELLS)
    vendor.slow_until = world.seconds + seconds
    return f"{vendor.name} for {seconds:.0f} s"


@happens("a vendor closes", weight=0.5)
def closes(world: World, draw: random.Random) -> str | None:
    """It takes nothing for a while, or until the morning, and says so in one of its ways."""
    vendor, fault = _one(world, draw), draw.choice(("later", "later", "busy"))
    seconds = draw.choice((*SPELLS, _until_morning(world.moment())))
    vendor.closed = fault
    world.after(seconds, _opens(vendor))
    return f"{vendor.name} ({fault}) for {seconds:.0f} s"


def _opens(vendor: Vendor) -> Callable[[], None]:
    def go() -> None:
        vendor.closed = ""

    return go


def _until_morning(now: datetime) -> float:
    local = now.astimezone(HANOI)
    day = local.date() + timedelta(days=0 if local.time() < MORNING else 1)
    return (datetime.combine(day, MORNING, HANOI) - local).total_seconds()


@happens("a vendor counts anew", weight=0.5)
def counts_anew(world: World, draw: random.Random) -> str | None:
    """Ids it gave before are given once more; reports of the earlier life may still come."""
    vendor = _one(world, draw)
    old = vendor.ledger[-20:]
    vendor.count = draw.choice((0, 0, max(0, vendor.count - 3)))
    for taken in old:
        if draw.random() < 0.3:
            _, state = vendor.truth[(taken.id, taken.to)]
            call = vendor.speech.report(taken, state)
            if call is not None:
                vendor.send_report(draw.uniform(1.0, 600.0), call)
    return f"{vendor.name} at {vendor.count}"


@happens("a vendor forgets", weight=0.5)
def forgets(world: World, draw: random.Random) -> str | None:
    """What it promised to remember until now, and never more: see `Vendor.forget`."""
    forgot = [(v.name, v.forget()) for v in world.vendors.values() if v.remembers]
    return ", ".join(f"{name} {count}" for name, count in forgot if count) or None


@happens("a vendor runs out of money", weight=0.5)
def out_of_money(world: World, draw: random.Random) -> str | None:
    """A few more messages and it takes none; somebody pays and lets it go on."""
    vendor, seconds = _one(world, draw), draw.choice(SPELLS)
    vendor.balance = vendor.price * draw.choice((0, 1, 5, 20))

    def paid() -> None:
        vendor.balance = draw.choice((None, vendor.price * 50))
        mend(world, vendor)

    world.after(seconds, paid)
    return f"{vendor.name}: {vendor.balance} đồng, for {seconds:.0f} s"


@happens("a vendor changes its mind", weight=0.5)
def changes_its_mind(world: World, draw: random.Random) -> str | None:
    """It refuses some numbers for a while, and takes them afterwards."""
    vendor, seconds = _one(world, draw), draw.choice(SPELLS)
    vendor.moods = (world.seconds + seconds, str(world.seconds), draw.choice((0.1, 0.5, 1.0)))
    return f"{vendor.name} for {seconds:.0f} s"


@happens("a vendor contradicts itself", weight=0.5)
def contradicts(world: World, draw: random.Random) -> str | None:
    """Of messages it reported it now says the contrary, in another order, and once more."""
    vendor = _one(world, draw)
    told = 0
    for taken in draw.sample(vendor.ledger, min(5, len(vendor.ledger))):
        _, state = vendor.truth[(taken.id, taken.to)]
        for what in draw.sample((state, CONTRARY[state], "accepted", "read"), 3):
            call = vendor.speech.report(taken, what)
            if call is not None:
                vendor.send_report(draw.uniform(0.0, 60.0), call)
                told += 1
    return f"{vendor.name}: {told} reports" if told else None


@happens("a token dies", weight=0.3)
def a_token_dies(world: World, draw: random.Random) -> str | None:
    """Zalo takes back the access token, or both; then somebody has to sign in."""
    speeches = [v.speech for v in world.vendors.values() if isinstance(v.speech, ZaloSpeech)]
    if not speeches:
        return None
    speech = draw.choice(speeches)
    speech.access.clear()
    if draw.random() < 0.3:
        speech.refresh.clear()
        return "both"
    return "access"


@happens("a user id is told", weight=0.3)
def a_user_id_is_told(world: World, draw: random.Random) -> str | None:
    """Somebody fills in the form of the Official Account, or leaves it."""
    vendors = [v for v in world.vendors.values() if isinstance(v.speech, ZaloSpeech)]
    if not vendors:
        return None
    vendor = draw.choice(vendors)
    speech = vendor.speech
    assert isinstance(speech, ZaloSpeech)
    phone = f"8495{draw.randrange(20):07d}"
    user = f"2893{phone[-7:]}"
    if user in speech.users and draw.random() < 0.5:
        call = event("unfollow", follower={"id": user})
    else:
        speech.users[user] = phone
        call = event("user_submit_info", sender={"id": user}, info={"phone": phone})
    vendor.send_report(draw.uniform(0.0, 5.0), call)
    return f"…{phone[-3:]}"


@happens("an account is mended", weight=0.5)
def an_account_is_mended(world: World, draw: random.Random) -> str | None:
    """Somebody looks after a gateway that was paused for its account."""
    vendor = _one(world, draw)
    mend(world, vendor)
    return vendor.name


# --- people ---------------------------------------------------------------------------------


def mend(world: World, vendor: Vendor) -> None:
    """Somebody signs an account in and lets its gateway go on, where it was paused for it."""

    def act(app: App) -> bool:
        with app.store.read(SYSTEM) as tx:
            row = gateways.states(tx).get(vendor.name)
        if isinstance(vendor.speech, ZaloSpeech):
            sign_in(app, vendor)
        if row is not None and row["paused_reason"] not in (None, "person"):
            with app.begin(SYSTEM)() as tx:
                gateways.resume(tx, vendor.name)
        return True

    world.as_person(act)


def mend_all(world: World) -> None:
    """Every account."""
    for vendor in world.vendors.values():
        mend(world, vendor)


def sign_in(app: App, vendor: Vendor) -> None:
    """An administrator allows the account to send; a token that works needs nobody."""
    speech = vendor.speech
    assert isinstance(speech, ZaloSpeech)
    with app.store.read(SYSTEM) as tx:
        known = gateways.tokens(tx, vendor.name)
    if (
        known is not None
        and known["access"] in speech.access
        and known["refresh"] in speech.refresh
    ):
        return
    speech.now = vendor.world.seconds
    access, refresh = speech.pair()
    with app.begin(SYSTEM)() as tx:
        gateways.put_tokens(tx, vendor.name, access, refresh, LIFE)
        tx.note("tokens", "gateway", vendor.name)


def sign_in_all(world: World, app: App) -> None:
    """The first tokens of each Official Account."""
    for vendor in world.vendors.values():
        if isinstance(vendor.speech, ZaloSpeech):
            sign_in(app, vendor)


def _one(world: World, draw: random.Random) -> Vendor:
    return world.vendors[draw.choice(sorted(world.vendors))]
