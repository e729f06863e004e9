"""run: the worker. web: the receipt door."""

from __future__ import annotations

import logging
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from dispatcher.cli import steps
from dispatcher.cli.click_i18n import command, option
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.domain.model import Mode
from dispatcher.domain.problems import Problem
from dispatcher.i18n import Say

if TYPE_CHECKING:
    from dispatcher.usecases.context import App
    from dispatcher.usecases.serving import Pages

CONSOLE, API = ("dispatcher.web.console", "console"), ("dispatcher.api.v1", "routes")

log = logging.getLogger("dispatcher.run")


def _log_to_stderr() -> None:
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.WARNING,
        format="%(asctime)s level=%(levelname)s logger=%(name)s %(message)s",
    )


@command(
    Say("The worker: schedules, sending, receipts. Ctrl-C ends it cleanly."),
    "dispatcher run --once",
)
@option("--once", is_flag=True, say=Say("do what is due, then end"))
@option("--web", "with_console", is_flag=True, say=Say("with the console"))
def run(terminal: TerminalContext, once: bool, with_console: bool) -> None:
    from dispatcher.usecases import serving

    def told(problem: Problem) -> None:  # also with -q: nobody would know why nothing happens
        log.warning(
            "waits problem=%s %s",
            problem.code,
            steps.sentence_and_step(problem).to(terminal.language),
        )

    _log_to_stderr()
    if terminal.dry_run:
        _tell_due(terminal)
        return
    app = terminal.open_app() if once else serving.opened_patiently(terminal.open_app, told)
    if app.site.mode is Mode.DRILL:
        terminal.say(Say("Drill: nothing leaves this machine."))
    if not once:
        terminal.say(Say("The worker is running; Ctrl-C stops it."))
    pages = None
    if with_console:
        code = serving.first_code(app)
        _tell_where(terminal, app.site.listen, code)
        pages = _pages(app, code)
    found = serving.work(app, once=once, pages=pages)
    if terminal.json:
        terminal.emit(found)
    terminal.say(Say("{accepted} messages handed over.", accepted=found["accepted"]))
    terminal.hint(Say("See the results: dispatcher broadcasts list"))


def _pages(app: App, code: str) -> Pages:
    """The console and the API, as the worker serves them: loaded when they are opened."""
    console, routes = (getattr(import_module(name), what) for name, what in (CONSOLE, API))
    return lambda receipts, twins: console(app, receipts, routes(app), code, twins)


def _tell_due(terminal: TerminalContext) -> None:
    """What the worker would start with now; nothing is sent."""
    from dispatcher.usecases import serving

    found = serving.due(terminal.context())
    if terminal.json:
        terminal.emit({"due": found.due, "running": found.running, "queued": found.queued})
    terminal.say(
        Say(
            "Due: {count} broadcasts; running: {count2}, {queued} messages waiting.",
            count=len(found.due),
            count2=len(found.running),
            queued=found.queued,
        ),
    )


def _tell_where(terminal: TerminalContext, place: str, code: str) -> None:
    """Say where the console is; the code for the very first person."""
    terminal.say(Say("The console: http://{place}", place=place))
    if code:
        terminal.say(
            Say("Nobody is here yet: open the page and type the one-time code {code}", code=code),
        )
    else:
        terminal.say(
            Say("Set a password: dispatcher people password NAME --as ADMIN"),
        )


@command(
    Say("The console in a browser, and the receipt door for networks and Zalo."),
    "dispatcher web",
)
@option("--listen", say=Say("address, like 127.0.0.1:8700"))
def web(terminal: TerminalContext, listen: str | None) -> None:
    from dispatcher.usecases import serving

    _log_to_stderr()
    app = terminal.open_app()
    code = serving.first_code(app)

    def announce(host: str, port: int) -> None:
        if terminal.json:
            terminal.emit({"host": host, "port": port, "first_code": code or None})
        _tell_where(terminal, f"{host}:{port}", code)

    serving.serve(app, listen or app.site.listen, _pages(app, code), announce)
