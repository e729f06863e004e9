"""Troubles of a database that a person can do something about, in words."""

from __future__ import annotations

import os

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from dispatcher.domain.problems import Problem, settings, shortage
from dispatcher.domain.storable import odd_words
from dispatcher.i18n import Say

# Problems of the database as a whole: with the same rows it may go well a little later.
PASSING = frozenset(
    {
        "database-broken",
        "database-held",
        "database-locked",
        "database-readonly",
        "database-unreachable",
        "database-version",
        "disk-error",
        "disk-full",
        "no-descriptor",
        "no-key",
        "no-thread",
        "wrong-key",
    }
)
# SQLSTATE classes that speak of what was to be written: its values, its links, its size
_OF_A_ROW = ("22", "23", "54")


def is_passing(error: BaseException) -> bool:
    """True when the database, or this machine, is in the way and not what was to be written."""
    if isinstance(error, Problem):
        return error.code in PASSING
    if isinstance(error, DBAPIError):
        if _is_of_a_row(error):
            return False
        return error.connection_invalidated or isinstance(error, (OperationalError, InterfaceError))
    if shortage(error) is not None:
        return True
    return not isinstance(error, Exception) or isinstance(error, (OSError, MemoryError))


def _is_of_a_row(error: DBAPIError) -> bool:
    return str(getattr(error.orig, "sqlstate", "") or "").startswith(_OF_A_ROW)


def read_only() -> Problem:
    """Nothing can be written where the database is."""
    return settings(
        "database-readonly",
        Say(
            "The database is read-only. Check the disk and that the data folder may be written to."
        ),
    )


def database_locked() -> Problem:
    """Somebody else writes, for longer than anybody would wait."""
    return Problem(
        "database-locked",
        Say("Another program holds the database. Close it and try again."),
        exit_code=4,
    )


def as_problem(error: DBAPIError) -> Exception:
    """Troubles of the database that a person can do something about; else the error itself."""
    words = str(error.orig).lower()
    if "cannot contain nul" in words:
        return odd_words()
    if _is_of_a_row(error):  # PostgreSQL quotes the row, whose own words may be any of these
        return error
    if "locked" in words or "busy" in words:
        return database_locked()
    if "readonly" in words or "read-only" in words:
        return read_only()
    if "disk is full" in words or "no space" in words:
        return settings(
            "disk-full",
            Say("The disk is full. Free some space and try again."),
        )
    if "disk i/o error" in words:
        return settings(
            "disk-error",
            Say(
                "The disk fails to read or write. Check cable and disk; back up while "
                "it can be read."
            ),
        )
    if "not a database" in words or "malformed" in words:
        return settings(
            "database-broken",
            Say("The database file is damaged. Restore the latest backup."),
        )
    if "unable to open" in words or "too many open files" in words:
        short = _out_of_files()
        if short is not None:
            return short
    gone = "unable to open" in words or "connection" in words or "could not translate" in words
    if error.connection_invalidated or (isinstance(error, OperationalError) and gone):
        return settings(
            "database-unreachable",
            Say("The database cannot be opened."),
        )
    return error


def _out_of_files() -> Problem | None:
    """A database takes three files (itself, its log, its index); can this process open any?"""
    opened: list[int] = []
    try:
        for _ in range(3):
            opened.append(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return shortage(error)
    finally:
        for number in opened:
            os.close(number)
    return None
