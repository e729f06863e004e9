"""Looking after a site: its settings and its backups.

Comes from: an admin.   Goes to: dispatcher.toml, data/backups.
Never: leaves settings that cannot be read, or a change nobody finds in the trail.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dispatcher.broadcasts.application import App, second_place_of
from dispatcher.config import FILE, Site, changing, parse, read_text
from dispatcher.config.changing import Where
from dispatcher.db.contacts import areas
from dispatcher.db.ops import maintenance, second_place
from dispatcher.db.ops import settings as site_facts
from dispatcher.domain import rights
from dispatcher.domain.model import HANOI, SYSTEM
from dispatcher.domain.problems import Problem, refused, settings
from dispatcher.i18n import Say
from dispatcher.usecases.context import Context


@dataclass(frozen=True)
class SettingsChange:
    """Settings as they would be. `digest`: of the file they were made from."""

    text: str
    site: Site
    lines: Sequence[str]  # "- old", "+ new"
    digest: str


def settings_digest(root: Path) -> str:
    """Tells whether dispatcher.toml is still what a form was made from."""
    return hashlib.sha256(read_text(root / FILE).encode()).hexdigest()[:16]


def is_newer(app: App) -> bool:
    """dispatcher.toml says something else than this process was started with."""
    try:
        return parse(app.site.root) != app.site
    except Problem:
        return True


@dataclass(frozen=True)
class SettingsNow:
    """The settings as they stand in the file."""

    given: Mapping[Where, str]
    digest: str
    newer: bool  # than what this process was started with
    backups: Sequence[BackupFile]


def settings_now(context: Context) -> SettingsNow:
    """How the site is set up, and which backups were made from the page."""
    root = context.app.site.root
    given = changing.current(root)
    return SettingsNow(given, settings_digest(root), is_newer(context.app), backups(context.app))


def need_settings(context: Context) -> None:
    """Refuse whoever may not change settings, or has not given their code, before all else."""
    with context.remembering("change", "settings"):
        rights.need_site(context.actor, Say("change settings"))
        context.prove()


def foresee(
    context: Context, given: Mapping[Where, str], dropped: Sequence[Where]
) -> SettingsChange:
    """What a form would make of the settings; nothing is written.

    Raises Problem when they would not be read, or name a ward that is not there.
    """
    need_settings(context)
    app, root = context.app, context.app.site.root
    text, site = changing.changed(root, given, dropped)
    with context.read() as tx:
        for wards in [w for w, _ in site.senders.values()] + [
            b.wards for b in site.budgets.values()
        ]:
            areas.wards_named(tx, list(wards))
    if (site.mode, site.database) != (app.site.mode, app.site.database):
        raise refused(
            "restart-first",
            Say("Mode or database have changed in the settings: start the program again first."),
        )
    return SettingsChange(text, site, changing.differences(root, text), settings_digest(root))


def change_settings(context: Context, change: SettingsChange, made_from: str) -> Path:
    """Put new settings in place; where the old file was kept. They count from the next start.

    `made_from`: digest of the file the person saw; somebody else's change meanwhile is a refusal.
    """
    app = context.app
    place, now = app.site.root / FILE, app.clock().astimezone(HANOI)
    need_settings(context)
    with context.remembering("change", "settings"):
        if settings_digest(app.site.root) != made_from:
            raise refused(
                "settings-changed",
                Say("Somebody has just changed the settings. Open the page again."),
            )
    before = place.read_bytes()
    kept = _folder(app, "settings") / f"dispatcher-{now:%Y%m%d-%H%M%S}.toml"
    try:
        kept.write_bytes(before)
        with context.begin() as tx:
            tx.note("changed", "settings", "", was=made_from, lines=len(change.lines))
            _put(place, change.text.encode())
    except BaseException as error:
        if place.read_bytes() != before:  # what the trail does not know has not happened
            _put(place, before)
        if isinstance(error, OSError):
            raise settings(
                "cannot-write",
                Say("{place} cannot be written: {strerror}.", place=place, strerror=error.strerror),
            ) from None
        raise
    return kept


def _put(place: Path, content: bytes) -> None:
    draft = place.with_name(f"{place.name}.part")
    try:
        draft.write_bytes(content)
        os.chmod(draft, place.stat().st_mode & 0o777)
        draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)


def _folder(app: App, name: str) -> Path:
    folder = app.site.data / name
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


# --- backups ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BackupFile:
    path: Path
    size: int  # bytes
    at: datetime


def backups(app: App) -> list[BackupFile]:
    """Those made from the page, the newest first."""
    folder = app.site.data / "backups"
    found = [(p, p.stat()) for p in folder.glob("*.db")] if folder.is_dir() else []
    made = [BackupFile(p, s.st_size, datetime.fromtimestamp(s.st_mtime, HANOI)) for p, s in found]
    return sorted(made, key=lambda b: b.at, reverse=True)


def _place_for_backup(app: App) -> Path:
    """A new name in the site's own folder of backups."""
    now = app.clock().astimezone(HANOI)
    return _folder(app, "backups") / f"sao-luu-{now:%Y%m%d-%H%M%S}.db"


def back_up(
    context: Context,
    target: Path | None = None,
    key_to: Path | None = None,
    told: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Copy the living database to a new file; bytes written. The key is not in it.

    `target`: where no other file is; None: in the site's own folder of backups. `key_to`: where
    the key is copied as well, in another folder.
    """
    app = context.app
    with context.remembering("back-up", "database"):
        rights.need_site(context.actor, Say("back up"))
        if target is not None and target.exists():
            raise Problem("file-exists", Say("{target} exists already.", target=target))
        if target and key_to and key_to.resolve().parent == target.resolve().parent:
            raise refused(
                "key-beside",
                Say("The key must be kept in another place than the backup."),
            )
    if app.store.dry:
        return 0
    size = maintenance.backup(app.site.database, target or _place_for_backup(app), told)
    with context.begin() as tx:
        site_facts.put(tx, "backed_up_at", app.clock().isoformat())
        tx.note("backed_up", "database", "", bytes=size)
    with suppress(Problem), app.store.read(SYSTEM) as tx:  # the backup is there all the same
        second_place.write(tx, second_place_of(app.site), app.clock())
    if key_to:
        _copy_key(app.site.key_file, key_to)
    return size


def _copy_key(key: Path, target: Path) -> None:
    try:
        target.touch(mode=0o600, exist_ok=False)
        shutil.copyfile(key, target)
    except OSError as error:
        raise settings(
            "cannot-write",
            Say(
                "The key could not be copied to {target}: {strerror}.",
                target=target,
                strerror=error.strerror,
            ),
        ) from None
