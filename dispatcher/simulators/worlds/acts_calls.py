"""What people say through a vendor: they write back, or tell an account their phone."""

from __future__ import annotations

import json
import random
from urllib.parse import urlencode

from dispatcher.broadcasts.application import App
from dispatcher.db.contacts.suppressions import of_contact
from dispatcher.domain.last_look import REPLIED
from dispatcher.domain.model import SYSTEM
from dispatcher.gateways.contract import Call, Introduced
from dispatcher.simulators.worlds.acts_lists import somebody
from dispatcher.simulators.worlds.doing import death, nothing
from dispatcher.simulators.worlds.events import happens
from dispatcher.simulators.worlds.world import World
from dispatcher.worker import receiving

WORDS = (("TC", "all"), ("Từ chối", "all"), ("Xin cảm ơn", ""), ("dừng lại giúp tôi", "all"))
LOOKS = 14  # how often somebody looks whether a reply was obeyed, later and later


def call_of(adapter: str, phone: str, words: str) -> Call | None:
    """An incoming text as a vendor hands it over; None: it hands over none."""
    if adapter == "kannel":
        return Call("GET", urlencode({"from": f"+{phone}", "text": words}), {}, b"")
    if adapter == "speedsms":
        told = {"type": "incoming", "phone": phone, "content": words}
        return Call("POST", "", {}, json.dumps(told).encode())
    return None


@happens("reply", weight=1)
def reply(world: World, draw: random.Random) -> str | None:
    """Somebody writes back: a no, or thanks. It counts once it was read by a worker."""
    site, who = world.look().site, somebody(world, draw)
    words, _ = draw.choice(WORDS)
    known = [n for n, g in site.gateways.items() if call_of(g.adapter, "", "") is not None]
    if who is None or len(who[1]) > 1 or not known:  # with two it is not seen which one wrote
        return None
    gateway, phone = draw.choice(known), who[1][0]
    call = call_of(site.gateways[gateway].adapter, phone, words)
    assert call is not None
    world.receive(gateway, call, nothing)
    _look(world, who[0], phone, 0)
    return f"…{phone[-3:]} «{words}» at {gateway}"


def _look(world: World, contact: int, phone: str, looked: int) -> None:
    """Remember the no as soon as somebody sees that it is obeyed."""
    with world.look().store.read(SYSTEM) as tx:
        scopes = [s["scope"] for s in of_contact(tx, contact) if s["reason"] == REPLIED]
    for scope in scopes:
        world.facts.refuse(world.seconds, phone, scope)
    if not scopes and looked < LOOKS:
        world.after(0.5 * 2**looked, lambda: _look(world, contact, phone, looked + 1))


@happens("user id", weight=1)
def user_id(world: World, draw: random.Random) -> str | None:
    """Somebody tells an account their phone, or leaves it: as its call says, once it is read."""
    who = somebody(world, draw)
    gateways = world.look().site.gateways
    zalo = [n for n in gateways if gateways[n].adapter == "zalo"] or list(gateways)
    gateway, leaves = draw.choice(zalo), draw.random() < 0.2
    if who is None:
        return None
    person = Introduced(f"u{who[1][0]}", None if leaves else f"+{who[1][0]}")

    def act(app: App) -> bool:
        with app.begin(SYSTEM)() as tx:
            receiving.introduce(tx, gateway, person)
        return True

    done = world.as_person(act, death(draw))
    return f"c{who[0]} at {gateway}{' leaves' if leaves else ''}" if done else None
