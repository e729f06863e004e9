"""A small site whose workers die, put back to the start as often as wanted, and its verdict."""

import os
import shutil
from collections import Counter
from contextlib import contextmanager

from conftest import add_people, build_site
from dying import Deaths
from walk import crowd, get, import_list, sheet, write_broadcast

from dispatcher import broadcasts as planning
from dispatcher.broadcasts import application
from dispatcher.config import parse
from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.queue import gateways
from dispatcher.domain.model import SYSTEM, BroadcastState
from dispatcher.simulators.drill import sign_in_to_twins
from dispatcher.simulators.vendors.server import start
from dispatcher.usecases.context import open_app

CLOCK = "2026-12-01T09:00:00+07:00"
LAB = '[gateways.esms]\nadapter = "lab"\nin_flight = 2\ncapability = "{}"'
ESMS = '[gateways.esms]\nadapter = "esms"'
# name → (what its SMS gateway can do, the twin behind it, route, with the receipt door)
SCENES = {
    "dedup": ("dedup", "esms", "sms", True),
    "lookup": ("lookup", "lab", "sms", False),
    "neither": ("neither", "lab", "sms", False),
    "two steps": ("dedup", "esms", "zalo-then-sms", True),
}


class Stage:
    """One site that can be put back to where nothing had been released yet."""

    def __init__(self, root, scene, database="data/site.db", package=None, deaf=False):
        """`deaf`: without the receipt door, so that no report settles a doubt before we ask."""
        self.scene = scene
        self.can, self.vendor, self.route, self.door = SCENES[scene]
        self.door = self.door and not deaf
        self.root, self.kept = root / "site", root / "kept"
        gateway = f"{ESMS}\nin_flight = 2" if self.vendor == "esms" else LAB.format(self.can)
        changes = [(ESMS, gateway), ('timeout = "2s"', 'timeout = "1s"'),
                   ('deadline = "2s"', 'deadline = "1s"')]  # fmt: skip
        build_site(self.root, database, *changes)
        self.state = os.environ["DISPATCHER_STATE"] = str(root / "state")
        app = open_app(parse(self.root))
        officer, leader = add_people(app)
        import_list(app, sheet(root / "may-to.csv", crowd(5)))
        self.made = write_broadcast(app, officer, route=self.route)
        found = application.preview_broadcast(app, officer, get(app, self.made))
        for actor, act in (
            (officer, lambda tx, b: planning.submit(tx, b, found, again="thử lại")),
            (leader, planning.approve),
            (officer, lambda tx, b: planning.schedule(tx, b, app.clock())),
        ):
            with app.begin(actor)() as tx:
                act(tx, broadcasts.get(tx, self.made))
        app.store.close()
        self.twin = start(["esms", "lab", "zalo"])
        self.urls = {"esms": self.twin.base(self.vendor), "zalo": self.twin.base("zalo")}
        self.deaths = Deaths(package)
        shutil.copytree(self.root, self.kept / "site")
        if os.path.isdir(self.state):  # PostgreSQL knows itself
            shutil.copytree(self.state, self.kept / "state")
        with self.app() as opened:
            sign_in_to_twins(opened, self.urls)

    def close(self):
        self.deaths.close()
        self.twin.stop()

    def reset(self, answer):
        """Back to the start, in front of a twin that answers the first calls like this."""
        for name, place in (("site", self.root), ("state", self.state)):
            shutil.rmtree(place, ignore_errors=True)
            shutil.copytree(self.kept / name, place)
        self.twin.ask("/reset", {})
        with self.app() as app:
            sign_in_to_twins(app, self.urls)
        self.behave({answer: 1.0, "calls": 4} if answer else {})

    def behave(self, how):
        how = {k: v for k, v in how.items() if not (k == "other_network" and self.route != "sms")}
        self.twin.ask("/misbehave", how)

    @contextmanager
    def app(self):
        app = open_app(parse(self.root))
        yield app
        app.store.close()

    def work(self, point="", seen="", lease=0):
        """A worker until nothing is due, or until it died or froze at `point`."""
        return self.deaths.run(self.root, self.urls, point, seen, self.door, self.state, lease)

    def reached(self, answer):
        """Which places a run in front of this answer comes to, and how often."""
        seen = self.root.parent / "seen"
        self.reset(answer)
        seen.unlink(missing_ok=True)
        assert self.work(seen=str(seen)) == 0
        return Counter(seen.read_text("utf-8").splitlines())

    def let_go(self):
        """What a person does afterwards: gateways resumed, the night over, a held text released."""
        self.behave({})
        with self.app() as app:
            with app.begin(SYSTEM)() as tx:
                for name in app.site.gateways:
                    gateways.resume(tx, name)
                tx.run("DELETE FROM closures")
                tx.run("UPDATE messages SET due_at = 0 WHERE state = 'queued'")
                if get_in(tx, self.made).state is BroadcastState.HELD:
                    broadcasts.move(tx, get_in(tx, self.made), BroadcastState.RUNNING)

    def wrong(self):
        """What our log and the twin's ledger do not agree on."""
        ledger = self.twin.ask("/ledger?people=1")["acceptances"]
        taken = Counter((channel, to.lstrip("+")) for channel, to, _ in ledger)
        on_any = {to for _, to in taken}
        found = [f"{to} twice on {channel}" for (channel, to), n in taken.items() if n > 1]
        with self.app() as app, app.store.read(SYSTEM) as tx:
            broadcast = get_in(tx, self.made)
            if broadcast.state not in (BroadcastState.DONE, BroadcastState.HELD):
                found.append(f"the broadcast is {broadcast.state}")
            rows = tx.rows(
                "SELECT m.id, m.state, a.kind, a.cipher, (SELECT count(*) FROM attempts x "
                "WHERE x.message_id = m.id AND x.state = 'accepted' AND x.heard > 0) AS reported "
                "FROM messages m JOIN targets t ON t.message_id = m.id AND t.position % 16 = 1 "
                "AND t.step = 0 JOIN addresses a ON a.id = t.address_id"
            )
            if len(rows) != 5:
                found.append(f"{len(rows)} of 5 people planned")
            for row in rows:
                to = tx.sealer.open_address(row["kind"], row["cipher"]).lstrip("+")
                state, took = row["state"], to in on_any
                if state in ("accepted", "delivered", "read") and not took:
                    found.append(f"{to} {state}, never taken")
                if state in ("queued", "sending", "expired") and took:
                    found.append(f"{to} {state}, but taken")
                if state == "failed" and took and not row["reported"]:
                    found.append(f"{to} failed, but taken and nobody said no")
                if state == "unconfirmed" and self.can != "neither" and self.route == "sms":
                    found.append(f"{to} unconfirmed although the gateway {self.can}s")
                if state in ("queued", "sending") and broadcast.state is BroadcastState.DONE:
                    found.append(f"{to} lost in {state}")
            refused = tx.rows("SELECT reference FROM attempts WHERE state = 'refused'")
            names = {name for *_, name in ledger}
            found += [f"{r['reference']} refused, but taken" for r in refused
                      if r["reference"] in names]  # fmt: skip
            doubts = tx.rows(
                "SELECT 1 FROM attempts a JOIN attempts b ON b.message_id = a.message_id "
                "AND b.id > a.id WHERE a.state IN ('unconfirmed', 'doubtful')"
            )
            if doubts:
                found.append("a doubt was followed by another attempt")
        return found


def get_in(tx, broadcast_id):
    return broadcasts.get(tx, broadcast_id)
