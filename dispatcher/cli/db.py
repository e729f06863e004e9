"""db: upgrade, check, backup, restore, copy, release."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from dispatcher.cli.click_i18n import Group, argument, option
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.domain.model import HANOI
from dispatcher.domain.problems import OK, USAGE
from dispatcher.i18n import Say
from dispatcher.usecases import database, restoring
from dispatcher.usecases.site import back_up

db = Group(Say("The database."))


@db.verb(
    "upgrade",
    Say("Bring the database to this version (a backup is made first)."),
    "dispatcher db upgrade",
)
def upgrade(terminal: TerminalContext) -> None:
    done = database.upgrade(terminal.open_site(), dry=terminal.dry_run)
    found, saved, head = done.found, done.saved, done.head
    if terminal.json:
        terminal.emit({"from": found, "to": head, "backup": str(saved) if saved else None})
    if found == head:
        terminal.say(Say("Already at version {head}.", head=head))
    else:
        terminal.say(Say("Upgraded from {found} to {head}.", found=found, head=head))
    if saved:
        terminal.say(Say("The database before: {saved}", saved=saved))


@db.verb(
    "check",
    Say("Check the file, its links, the sums and the trail."),
    "dispatcher db check",
)
def check(terminal: TerminalContext) -> int:
    found = database.check(terminal.open_app())
    if terminal.json:
        terminal.emit(
            [{"check": n, "ok": ok, "message": s.to(terminal.language)} for n, ok, s in found]
        )
    for _, ok, say in found:
        terminal.say(f"{'✓' if ok else '✗'} {terminal.text(say)}")
    if not all(ok for _, ok, _ in found):
        terminal.hint(
            Say("Stop the worker and restore the latest backup: dispatcher db restore FILE"),
        )
        return USAGE
    return OK


@db.verb(
    "backup",
    Say("Back up while it runs. The key is not in it: keep that apart."),
    "dispatcher db backup sao-luu-2026-12-01.db --key-to /media/usb/khoa.key",
)
@argument("file")
@option("--key-to", say=Say("copy the key to another place"))
def backup(terminal: TerminalContext, file: str, key_to: str | None) -> None:
    context = terminal.context()
    with terminal.progress(Say("Backing up"), 1) as update:
        size = back_up(context, Path(file), Path(key_to) if key_to else None, update)
    key = context.app.site.key_file
    if terminal.json:
        terminal.emit({"file": file, "bytes": size, "key": key_to})
    terminal.say(Say("{size:.1f} MB in {file}.", size=size / 1000000.0, file=file))
    if not key_to:
        terminal.hint(
            Say("The key {key} is not in it: keep a copy elsewhere (--key-to).", key=key),
        )


@db.verb(
    "restore",
    Say("Restore a backup; the present one is set aside, and nothing is sent until db release."),
    "dispatcher db restore sao-luu-2026-12-01.db --yes",
)
@argument("file")
def restore(terminal: TerminalContext, file: str) -> None:
    site = terminal.open_site()
    backup_ = restoring.looked_at(site, Path(file))
    terminal.confirm(
        Say(
            "Replace the present database by {file} (version {version}).",
            file=file,
            version=backup_.version,
        ),
    )
    done = None
    if not terminal.dry_run:
        from dispatcher.domain.clock import site_clock

        done = restoring.restore(site, backup_.database, backup_.key, Path(file), site_clock()())
    aside, carried = (done.aside, done.carried) if done else (None, {})
    if terminal.json:
        terminal.emit(
            {
                "restored": file,
                "aside": str(aside) if aside else None,
                "held": True,
                "carried": {name: carried[name] for name in COUNTED if name in carried},
                "refusals_known_until": carried.get("refusals_known_until"),
            }
        )
    terminal.say(Say("{file} restored.", file=file))
    if aside:
        terminal.say(Say("The one before: {aside}", aside=aside))
    if "messages" in carried:
        terminal.say(
            Say(
                "Carried over from it: {broadcasts} broadcasts, {messages} messages, "
                "{refusals} refusals, {erased} erasures.",
                broadcasts=carried["broadcasts"],
                messages=carried["messages"],
                refusals=carried["refusals"],
                erased=carried["erased"],
            ),
        )
    elif done:
        terminal.say(
            Say(
                "The one before could not be read: what may have left is named as a "
                "doubt and is not sent again."
            ),
        )
    terminal.hint(
        Say(
            "It is held and sends nothing. Once no other copy is sending: "
            "dispatcher db release --i-am-the-only-one"
        ),
    )


COUNTED = ("broadcasts", "messages", "refusals", "erased", "entries")


@db.verb(
    "copy",
    Say(
        "Copy the whole site to another database (SQLite ↔ PostgreSQL); the old one stops sending."
    ),
    "dispatcher db copy postgresql://dispatcher@localhost/dispatcher --yes",
)
@argument("target")
def copy(terminal: TerminalContext, target: str) -> None:
    """The target's address; "-" reads it from standard input."""
    context, typed = terminal.context(), target == "-"
    found_at = database.copy_target(
        context, sys.stdin.readline() if typed else target, shown=not typed
    )
    terminal.confirm(
        Say("Copy the whole site to the new database; the present one sends nothing afterwards."),
    )
    with terminal.progress(Say("Copying"), 1) as update:
        found = database.copy(context, found_at, update)
    rows = sum(found.values())
    if terminal.json:
        terminal.emit({"rows": rows, "tables": found, "held": bool(found)})
    terminal.say(
        Say("{rows} rows of {count} tables copied and compared.", rows=rows, count=len(found)),
    )
    terminal.hint(
        Say(
            "Put the new address into `database` of dispatcher.toml, then let it "
            "send: dispatcher db release --i-am-the-only-one"
        ),
    )


@db.verb(
    "release",
    Say("Let a copied, moved or restored database send again."),
    "dispatcher db release --i-am-the-only-one",
)
@option(
    "--i-am-the-only-one",
    "only",
    is_flag=True,
    say=Say("I am sure that no other copy is sending"),
)
@option(
    "--without-refusals",
    "without",
    is_flag=True,
    say=Say(
        "I know that nobody knows who refused in the time named, and let texts go all the same"
    ),
)
@option(
    "--resume",
    "resumed",
    type=int,
    multiple=True,
    say=Say("number of a broadcast that goes on at once (may be repeated)"),
)
def release(terminal: TerminalContext, only: bool, without: bool, resumed: tuple[int, ...]) -> None:
    context = terminal.context()
    restoring.need_release(context)
    found = restoring.outlook(context.app)
    if not terminal.json:
        _tell(terminal, found)
    gone = restoring.release(context, resumed, alone=only, without_refusals=without)
    if terminal.json:
        held = found.held if terminal.dry_run else None
        terminal.emit(
            {
                **found.as_json(),
                "was": found.held,
                "held": held is not None,
                "resumed": gone,
                "without_refusals": without,
            }
        )
    terminal.say(
        Say("The database may send again.") if found.held else Say("The database is not held.")
    )
    left = [b.id for b in found.broadcasts if b.id not in gone]
    if left:
        terminal.hint(
            Say(
                "{count} broadcasts are still held. Look at each, then: dispatcher "
                "broadcasts resume {left}, or dispatcher broadcasts stop {left}",
                count=len(left),
                left=left[0],
            ),
        )


def _tell(terminal: TerminalContext, found: restoring.Outlook) -> None:
    """What waits for a person, and what is not known."""
    if found.broadcasts:
        terminal.table(
            [
                Say("No."),
                Say("Title"),
                Say("Not left"),
                Say("May have left"),
                Say("Done"),
                Say("Note"),
            ],
            [
                (
                    b.id,
                    b.title,
                    b.queued,
                    b.doubtful,
                    b.done,
                    terminal.text(
                        Say(
                            "may have been released in the old one: everybody will be named as a "
                            "doubt"
                        ),
                    )
                    if b.may_have_left
                    else "",
                )
                for b in found.broadcasts
            ],
            (0, 2, 3, 4),
        )
    for other in found.released_since:
        terminal.say(
            Say(
                "After the backup broadcast {value} “{title}” was released at "
                "{released_at}; it is not in this one.",
                value=other["id"],
                title=other["title"],
                released_at=_told(other["released_at"]),
            ),
        )
    if found.refusals_missing is not None:
        since, until = (_told(found.refusals_missing[k]) for k in ("from", "to"))
        terminal.say(
            Say(
                "Nobody knows who refused or asked to be erased between {since} and "
                "{until}: only urgent texts go. To let others go all the same: add "
                "--without-refusals",
                since=since,
                until=until,
            ),
        )
    elif found.refusals_known_until is not None:
        until = _told(found.refusals_known_until)
        terminal.say(
            Say("Refusals and erasures are known until {until}.", until=until),
        )


def _told(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(HANOI):%H:%M %d/%m/%Y}"
