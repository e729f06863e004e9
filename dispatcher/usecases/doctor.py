"""The health of a site, in plain words: what is fine, what is not, what to do.

Comes from: the machine, the settings, the database, the vendors' accounts.   Goes to: `doctor`.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from dispatcher import scheduling, templating
from dispatcher.broadcasts import registrations
from dispatcher.broadcasts.application import App, database_file, second_place_of
from dispatcher.config import Site
from dispatcher.db.contacts import areas
from dispatcher.db.engines import sqlite_is_safe, sqlite_module
from dispatcher.db.ops import identity, second_place, settings
from dispatcher.db.staff import people
from dispatcher.domain.model import HANOI, SYSTEM, Mode, Role
from dispatcher.domain.outages import Level
from dispatcher.domain.problems import Problem
from dispatcher.domain.words import ROLES
from dispatcher.i18n import Joined, Say, SpelledNumber, Spoken
from dispatcher.usecases import doctor_doors as doors
from dispatcher.usecases import doctor_sending as sending
from dispatcher.usecases.checked import Checked, Finding, Opening
from dispatcher.usecases.context import Context
from dispatcher.worker import timekeeping


def examined(open_site: Callable[[], Site], open_app: Callable[[], App]) -> list[Checked]:
    """Every check in turn; one that meets a problem tells it, and the others go on."""
    opening = Opening(open_site, open_app)
    checks: list[Callable[[Opening], Finding | Checked]] = [
        _python,
        _sqlite,
        _zone,
        _settings,
        _clock,
        _data,
        _identity,
        _key,
        _disk,
        _backup,
        _second_place,
        _templates,
        _schedules,
        sending.gateways,
        sending.reports,
        doors.callbacks,
        doors.listening,
        _people,
        _lists,
        _senders,
        _registrations,
        sending.worker,
        sending.unsent,
    ]
    found = []
    for check in checks:
        try:
            found.append(Checked.of(check(opening)))
        except Problem as problem:
            failed = Checked.of((check.__name__.strip("_"), False, problem.say))
            found.append(failed._replace(about=problem))
    return found


def confirm_clock(context: Context) -> None:
    """Somebody has looked: the clock of this machine is right."""
    with context.act("confirm", "clock") as tx:
        timekeeping.confirm(tx, context.app.clock)


def _python(opening: Opening) -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return "python", sys.version_info >= (3, 11), Say("Python {version}", version=version)


def _sqlite(opening: Opening) -> Finding:

    version = sqlite_module().sqlite_version
    if sqlite_is_safe():
        return "sqlite", True, Say("SQLite {version}", version=version)
    return (
        "sqlite",
        False,
        Say(
            "SQLite {version} can corrupt a file two programs write to; install pysqlite3.",
            version=version,
        ),
    )


def _lists(opening: Opening) -> Finding:
    """Lists that are kept longer than was said when they came in."""
    app = opening.open_app()
    today = app.clock().astimezone(HANOI).date().isoformat()
    with app.store.read(SYSTEM) as tx:
        names = areas.names(tx)
        told = {
            names.get(int(ward), ward): json.loads(basis).get("keep_until", "")
            for ward, basis in settings.starting(tx, "basis:").items()
        }
    old = ", ".join(sorted(name for name, until in told.items() if until and until < today))
    if old:
        return (
            "lists",
            False,
            Say(
                "Lists kept longer than was said: {old}.",
                old=old,
            ),
        )
    return "lists", True, Say("No list is kept for too long")


def _senders(opening: Opening) -> Finding:
    """Brandnames that could be taken for somebody else's."""
    names = [s.brandname for _, s in opening.open_site().senders.values() if s.brandname]
    like = ", ".join(n for n in names if templating.imitates(n))
    if like:
        return (
            "senders",
            False,
            Say(
                "Brandnames that look like somebody else's: {like}. Choose another.",
                like=like,
            ),
        )
    return "senders", True, Say("Brandnames are ours")


def _registrations(opening: Opening) -> Finding:
    """Brandnames, contracts and registered templates that end within two months."""
    app = opening.open_app()
    today = app.clock().astimezone(HANOI).date()
    with app.store.read(SYSTEM) as tx:
        soon = registrations.endings(tx, app.site, today)
    if not soon:
        return (
            "registrations",
            True,
            Say(
                "No name or contract ends soon",
            ),
        )
    ends = Joined("; ", [Say("{what} ({day:%Y-%m-%d})", what=e.what, day=e.day) for e in soon])
    return "registrations", False, Say("Ends within 60 days: {ends}", ends=ends)


def _zone(opening: Opening) -> Finding:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        offset = datetime(2026, 1, 1, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh")).utcoffset()
    except ZoneInfoNotFoundError:
        offset = None
    if offset != timedelta(hours=7):
        return (
            "time_zone",
            False,
            Say(
                "Time zone data of Vietnam is missing; install tzdata.",
            ),
        )
    return "time_zone", True, Say("Vietnam's time zone is right")


def _clock(opening: Opening) -> Finding:
    """The clock must fit what was written already."""
    app = opening.open_app()
    with app.store.read(SYSTEM) as tx:
        timekeeping.trust(tx, app.clock)
    told = f"{app.clock().astimezone(HANOI):%H:%M %d/%m/%Y}"
    return "clock", True, Say("The clock says {told}", told=told)


def _identity(opening: Opening) -> Finding:

    app = opening.open_app()
    with app.store.read(SYSTEM) as tx:
        why = identity.why_held(tx, database_file(app.site))
    if why is not None:
        return (
            "held",
            False,
            Say(
                "The database was copied or restored and is held",
            ),
        )
    return "held", True, Say("The database may send")


def _backup(opening: Opening) -> Checked:

    app = opening.open_app()
    with app.store.read(SYSTEM) as tx:
        found = settings.get(tx, "backed_up_at")
    if found is None:
        never = Checked.of(("backup", app.site.mode is not Mode.LIVE, Say("Never backed up")))
        return never._replace(step="backup")  # in a drill it is not wrong, but can be done
    days = (app.clock() - datetime.fromisoformat(found)).days
    return Checked.of(("backup", days <= 7, Say("Last backup: {days} days ago", days=days)))


def _second_place(opening: Opening) -> Checked:
    """Refusals and erasures are kept where a dead disk does not take them along."""

    app = opening.open_app()
    place = second_place_of(app.site)
    database = database_file(app.site)
    written = second_place.last_written(app.store.sealer, place)
    when = "—" if written is None else f"{written.astimezone(HANOI):%H:%M %d/%m/%Y}"
    told = Say(
        "Refusals, erasures and releases are kept at {place} as well (last: {when})",
        place=place,
        when=when,
    )
    near = database is not None and second_place.same_disk(database, place)
    if near:
        told = Say("{told}; on the same disk as the database", told=told)
    level = Level.WARN if near else Level.OK
    return Checked("second_place", True, told, level, step="second_place" if near else "")


def _settings(opening: Opening) -> Finding:
    site = opening.open_site()
    mode = Say("drill") if site.mode is Mode.DRILL else Say("LIVE")
    return (
        "settings",
        True,
        Say(
            "The settings are fine; {name}: {mode}",
            name=site.name,
            mode=mode,
        ),
    )


def _data(opening: Opening) -> Finding:
    app = opening.open_app()
    try:
        with app.store.begin(SYSTEM, app.clock()) as tx:
            settings.can_be_written(tx)
    except Problem:
        raise
    except Exception:  # whatever a database says: the other checks go on
        return (
            "database",
            False,
            Say("The database cannot be written"),
        )
    kind = "SQLite" if app.store.is_sqlite else "PostgreSQL"
    return (
        "database",
        True,
        Say("The {kind} database can be read and written", kind=kind),
    )


def _key(opening: Opening) -> Finding:
    path = opening.open_site().key_file
    if os.environ.get("DISPATCHER_KEY"):
        return "key", True, Say("The key comes from DISPATCHER_KEY")
    loose = os.name == "posix" and path.exists() and path.stat().st_mode & 0o077
    if loose:
        return (
            "key",
            False,
            Say(
                "Others can read the key {path}; run: chmod 600 '{path}'",
                path=path,
            ),
        )
    return (
        "key",
        True,
        Say(
            "Only the owner can read the key; back it up apart",
        ),
    )


def _disk(opening: Opening) -> Finding:
    free = shutil.disk_usage(Path(opening.open_site().root)).free // 1_000_000
    words: Spoken = Say("{free} MB of disk are free", free=SpelledNumber(free))
    if free < 500:
        words = Joined("; ", [words, Say("free some space")])
    return "disk", free >= 500, words


def _templates(opening: Opening) -> Finding:
    folder = opening.open_site().root / "templates"
    names = templating.template_files(folder)
    for name in names:
        templating.load(folder, name)
    return (
        "templates",
        bool(names),
        Say("{count} templates can be read", count=len(names)),
    )


def _schedules(opening: Opening) -> Finding:
    site = opening.open_site()
    names = scheduling.files(site.root / "schedules")
    for name in names:
        scheduling.load(site.root / "schedules", name, site.window)
    return (
        "schedules",
        True,
        Say("{count} schedules can be read", count=len(names)),
    )


def _people(opening: Opening) -> Finding:

    app = opening.open_app()
    with app.store.read(SYSTEM) as tx:
        roles = {p["role"] for p in people.list_people(tx) if p["disabled_at"] is None}
    missing = [r for r in (Role.OFFICER, Role.LEADER) if r not in roles]
    if missing:
        return (
            "people",
            False,
            Say(
                "No {missing} yet",
                missing=Joined(", ", [ROLES[role] for role in missing]),
                role=missing[0].value,
            ),
        )
    return "people", True, Say("There are writers and approvers")
