"""What a person waits for before deciding, and what it costs to look at some wards only."""

from __future__ import annotations

import time

from benchmarks import sites
from dispatcher import broadcasts as planning
from dispatcher.broadcasts import application, message_rendering, targeting
from dispatcher.broadcasts.application import App
from dispatcher.db.contacts import areas
from dispatcher.db.staff import people
from dispatcher.domain.model import SYSTEM, AreaKind, Role


def previewed(count: int, database: str = "data/site.db") -> tuple[float, float]:
    """Seconds of a preview of `count` people: in charge of the site, and of each of its wards."""
    with sites.folder() as root:
        app = sites.site(root / "site", count, shared=10, database=database)
        broadcast = sites.get(app, sites.approved(app))
        with app.begin(SYSTEM)() as tx:
            wards = [a.id for a in areas.list_areas(tx, AreaKind.WARD)]
            people.add(tx, "all", "Toàn Trang", Role.LEADER, [])
            people.add(tx, "some", "Từng Phường", Role.LEADER, wards)
        took = []
        for name in ("all", "some"):
            actor = app.actor(name)
            began = time.perf_counter()
            found = application.preview_broadcast(app, actor, broadcast)
            took.append(time.perf_counter() - began)
            assert found.people == count
        app.store.close()
        return took[0], took[1]


def planned(count: int, *, scoped: bool) -> float:
    """Seconds of a release, kept to the wards of the broadcast or not."""
    with sites.folder() as root:
        app = sites.site(root / "site", count, shared=10)
        made = sites.approved(app)
        broadcast = sites.get(app, made)
        with app.store.read(SYSTEM) as tx:
            words, rates = (
                message_rendering.release_words(app.site, tx, broadcast),
                application.speeds(app.site, tx),
            )
        resolve = application.resolver(app, broadcast) if scoped else targeting.resolve
        began = time.perf_counter()
        state = planning.release(
            app.begin(SYSTEM), broadcast, words, resolve, app.site.undo, app.site.mode, rates
        )
        took = time.perf_counter() - began
        assert state == "running"
        _closed(app)
        return took


def _closed(app: App) -> None:
    app.store.close()
