"""A site's own names, for a shell that completes what somebody types: only what is asked is loaded.

Comes from: the settings, files and database of a site.   Goes to: `completion`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from dispatcher.config import Site

if TYPE_CHECKING:
    from dispatcher.usecases.context import Context


def completions(site: Site, context: Callable[[], Context], what: str) -> Iterable[str]:
    """The names of one kind: template, schedule, gateway, route, ward, group, broadcast, person.

    `context` opens the database, where the names are kept there.
    """
    match what:
        case "template":
            from dispatcher.templating import template_files

            return template_files(site.root / "templates")
        case "schedule":
            from dispatcher.scheduling import files

            return files(site.root / "schedules")
        case "gateway":
            return list(site.gateways)
        case "route":
            from dispatcher.broadcasts import routes

            return list(routes.known(site))
    from dispatcher.db.broadcasts import broadcasts
    from dispatcher.db.contacts import areas, groups
    from dispatcher.db.staff import people
    from dispatcher.domain.model import AreaKind

    with context().read() as tx:
        match what:
            case "ward":
                return [a.name for a in areas.list_areas(tx, AreaKind.WARD)]
            case "group":
                return [g["name"] for g in groups.list_groups(tx)]
            case "broadcast":
                return [str(b.id) for b in broadcasts.list_broadcasts(tx, limit=30)]
            case "person":
                return [p["name"] for p in people.list_people(tx)]
    return []
