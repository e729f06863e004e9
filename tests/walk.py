"""Steps several tests take: a list in, a broadcast approved and released, a worker run to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from conftest import SiteClock

from dispatcher import broadcasts as planning
from dispatcher import templating
from dispatcher.broadcasts import application
from dispatcher.broadcasts.application import App
from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.contacts import areas
from dispatcher.db.queue import messages
from dispatcher.domain.model import SYSTEM, Actor, AreaKind, Audience, BroadcastState
from dispatcher.importing.entries import read_listing
from dispatcher.importing.listing import ImportContext
from dispatcher.importing.merge import Merge, merge, store
from dispatcher.importing.sheets import read_sheets
from dispatcher.simulators.drill import sign_in_to_twins
from dispatcher.simulators.vendors.server import Child
from dispatcher.worker.serving import serve_site

HEAD = "STT,Họ và tên,Số điện thoại,Tổ dân phố,Chủ hộ\n"


def number(serial: int) -> str:
    """An invented mobile."""
    return f"095{serial:07d}"


def sheet(path: Path, rows: Sequence[tuple[str, str, str, str]]) -> Path:
    """A ward's list: (name, phone, residential group, household head)."""
    lines = [f"{i},{name},{phone},{group},{head}" for i, (name, phone, group, head)
             in enumerate(rows, 1)]  # fmt: skip
    path.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def crowd(count: int) -> list[tuple[str, str, str, str]]:
    return [(f"Người Mẫu {i}", number(1000 + i * 37), f"Tổ {i % 6 + 1}", "") for i in range(count)]


def import_list(app: App, path: Path) -> Merge:
    """Import one file; what changed."""
    with app.begin(SYSTEM)() as tx:
        known = {a.key: a.name for a in areas.list_areas(tx, AreaKind.WARD)}
        listing = read_listing(
            read_sheets(path), ImportContext(known, None, None, app.site.sample_heads)
        )
        found = merge(tx, listing.entries)
        store(tx, found, [{"name": path.name}], app.site.sample_heads)
        return found


def write_broadcast(app: App, author: Actor, *, route: str = "sms", ward: str = "Máy Tơ",
                    template: str = "canh-bao", **more: Any) -> int:  # fmt: skip
    loaded = templating.load(app.templates, template)
    audience = more.pop("audience", Audience(wards=(ward,)))
    with app.begin(author)() as tx:
        return application.draft_broadcast(
            app, tx, loaded, planning.NewBroadcast(template, audience, route, **more)
        )


def approve_now(
    app: App, author: Actor, leader: Actor, broadcast_id: int, due: datetime | None = None
) -> None:
    """Submitted by one, approved by the other, due at once or later."""
    found = application.preview_broadcast(app, author, get(app, broadcast_id))
    with app.begin(author)() as tx:
        planning.submit(tx, broadcasts.get(tx, broadcast_id), found, again="thử lại")
    with app.begin(leader)() as tx:
        planning.approve(tx, broadcasts.get(tx, broadcast_id))
    with app.begin(author)() as tx:
        planning.schedule(tx, broadcasts.get(tx, broadcast_id), due or app.clock())


def released(app: App, author: Actor, leader: Actor, **more: Any) -> int:
    """A broadcast whose messages wait in the queue."""
    made = write_broadcast(app, author, **more)
    approve_now(app, author, leader, made)
    assert application.release_broadcast(app, get(app, made)) == BroadcastState.RUNNING.value
    return made


def get(app: App, broadcast_id: int) -> broadcasts.Broadcast:
    with app.store.read(SYSTEM) as tx:
        return broadcasts.get(tx, broadcast_id)


def counts(app: App, broadcast_id: int) -> dict[str, int]:
    with app.store.read(SYSTEM) as tx:
        return broadcasts.counts(tx, broadcast_id)


def rows(app: App, sql: str, **parameters: Any) -> list[Any]:
    with app.store.read(SYSTEM) as tx:
        return tx.rows(sql, **parameters)


def twin_urls(twins: Child) -> dict[str, str]:
    return {"esms": twins.base("esms"), "zalo": twins.base("zalo")}


def work(app: App, twins: Child, *, with_door: bool = True) -> int:
    """Run a worker until nothing is due; how many were accepted."""
    urls = twin_urls(twins)
    sign_in_to_twins(app, urls)
    found = asyncio.run(_served(app, urls, with_door))
    assert not found["problems"]
    return int(found["accepted"])


async def _served(app: App, urls: dict[str, str], with_door: bool) -> dict[str, Any]:
    """A worker until nothing is due. A clock that stands still goes on where it takes long: a
    report that came while its message was on the wire is looked at again a moment later."""

    async def goes_on() -> None:
        await asyncio.sleep(3)
        while True:
            await asyncio.sleep(0.5)
            app.clock.advance(seconds=1)

    stands = type(app.clock) is SiteClock
    going = asyncio.create_task(goes_on()) if stands else None
    try:
        return await serve_site(app, urls, once=True, with_door=with_door)
    finally:
        if going is not None:
            going.cancel()


def claimed(tx, worker, broadcast_id, most, until, gateway="esms"):
    """Lease due messages for a worker, as one does that prepares more than it sends at once."""
    ids, _ = messages.due(tx, broadcast_id, gateway, most)
    messages.lease(tx, worker, ids, until)
    return ids
