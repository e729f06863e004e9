"""The root command, and how everything that goes wrong is told."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback

import click

import dispatcher
from dispatcher.cli.click_i18n import Group, click_problem, unknown_command
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.domain.problems import INTERRUPTED, OK, Problem
from dispatcher.domain.storable import check_typed
from dispatcher.i18n import Say, Spoken, catalogs, pgettext

_HERE = "dispatcher.cli."
COMMANDS: dict[str, tuple[str, str, Spoken]] = {
    "demo": (
        "dispatcher.simulators.demo",
        "demo",
        Say("the whole main job on invented people"),
    ),
    "init": (_HERE + "init", "init", Say("make a new site")),
    "doctor": (
        _HERE + "doctor",
        "doctor",
        Say("health of the site"),
    ),
    "run": (_HERE + "run", "run", Say("the worker")),
    "web": (
        _HERE + "run",
        "web",
        Say("the console in a browser"),
    ),
    "contacts": (_HERE + "contacts.verbs", "contacts", Say("the list of contacts")),
    "groups": (_HERE + "groups", "groups", Say("groups of contacts")),
    "areas": (_HERE + "areas", "areas", Say("wards, residential groups")),
    "templates": (_HERE + "templates", "templates", Say("templates")),
    "broadcasts": (_HERE + "broadcasts.verbs", "broadcasts", Say("broadcasts")),
    "urgent": (_HERE + "urgent", "urgent", Say("prepared urgent texts")),
    "duty": (_HERE + "urgent", "duty", Say("the roster")),
    "stop-all": (_HERE + "broadcasts.sending", "stop_all", Say("emergency stop")),
    "schedules": (_HERE + "schedules", "schedules", pgettext("broadcasts", "schedules")),
    "holidays": (_HERE + "holidays", "holidays", Say("days off")),
    "notices": (_HERE + "notices", "notices", Say("what waits for you")),
    "budgets": (_HERE + "budgets", "budgets", Say("budgets")),
    "log": (_HERE + "log", "log", Say("the delivery log")),
    "why": (
        _HERE + "log",
        "why",
        Say("why somebody did or did not receive it"),
    ),
    "report": (_HERE + "reports", "report", Say("report of a broadcast")),
    "coverage": (
        _HERE + "reports",
        "coverage",
        Say("who was reached, by household"),
    ),
    "db": (_HERE + "db", "db", Say("the database")),
    "audit": (_HERE + "log", "audit", Say("the trail")),
    "gateways": (_HERE + "gateways", "gateways", Say("gateways")),
    "people": (_HERE + "people", "people", Say("people and roles")),
    "twin": (
        "dispatcher.simulators.twin",
        "twin",
        Say("twins of vendors"),
    ),
    "chaos": (
        "dispatcher.simulators.chaos",
        "chaos",
        Say("crash test"),
    ),
    "simulate": (
        "dispatcher.simulators.worlds.simulate",
        "simulate",
        Say("the path of a message, by seed"),
    ),
    "completion": (
        _HERE + "completion",
        "completion",
        Say("shell completion"),
    ),
    "sms": (_HERE + "tools", "sms", Say("measure and unaccent texts")),
    "phone": (_HERE + "tools", "phone", Say("read a phone number")),
}

NEVER_DRY = {"demo", "chaos", "simulate", "twin", "web", "sms", "phone", "completion"}


def root() -> Group:
    """The command `dispatcher`."""
    say = Say(
        "Warnings from a ward to its residents by Zalo and SMS: nobody lost, nobody twice.",
    )
    return Group(say, COMMANDS, name="dispatcher")


def run(terminal: TerminalContext, arguments: list[str]) -> int:
    """Run a command; its exit code. Problems are sentences, bugs go to a file."""
    if arguments in (["--version"], ["version"]):
        terminal.say(dispatcher.__version__)
        return OK
    if asked := os.environ.get("_DISPATCHER_COMPLETE"):
        from dispatcher.cli.completion import answer

        return answer(terminal, asked)
    catalogs.speak(terminal.language)
    try:
        check_typed([a for a in arguments if not os.path.lexists(a)])  # names of files may be odd
        if arguments and not arguments[0].startswith("-") and arguments[0] not in COMMANDS:
            raise unknown_command(arguments[0], list(COMMANDS))
        if terminal.dry_run and arguments[:1] and arguments[0] in NEVER_DRY:
            raise Problem(
                "no-dry-run",
                Say(
                    "{arguments} has no --dry-run; it does not touch real data.",
                    arguments=arguments[0],
                ),
            )
        code = root().main(arguments, prog_name="dispatcher", standalone_mode=False, obj=terminal)
        if terminal.dry_run:
            terminal.hint(
                Say("A dry run: nothing was stored. Leave out --dry-run to do it."),
            )
        return code if isinstance(code, int) else OK
    except Problem as problem:
        return terminal.problem(problem)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return 2
    except click.ClickException as error:
        return terminal.problem(click_problem(error))
    except (KeyboardInterrupt, click.Abort):
        terminal.warn(Say("Interrupted."))
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except Exception:
        return _bug(terminal)


def _bug(terminal: TerminalContext) -> int:
    """Our own mistake: the traceback goes to a file that can be sent to us."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="dispatcher-", suffix=".log", delete=False, encoding="utf-8"
    ) as file:
        traceback.print_exc(file=file)
    problem = Problem(
        "bug",
        Say("A mistake of ours. Details are in {name}; please send us that file.", name=file.name),
        exit_code=1,
    )
    if os.environ.get("DISPATCHER_DEBUG"):
        traceback.print_exc()
    return terminal.problem(problem)
