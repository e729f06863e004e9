"""click in two languages, with commands loaded when they are used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from importlib import import_module
from typing import Any, TypeVar

import click

from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.domain.problems import Problem
from dispatcher.i18n import Both, Joined, Say, Spoken

T = TypeVar("T")
GLOBAL_OPTIONS = (
    ("--site DIR", Say("the site's folder")),
    ("--lang vi|en", Say("language")),
    ("--as TÊN", Say("who is acting")),
    ("--json", Say("print exactly one JSON document")),
    ("-q", Say("results and problems only")),
    ("--no-progress", Say("no progress bar")),
    ("--dry-run", Say("try it, store nothing")),
    ("-y, --yes", Say("do not ask again")),
)


def language(ctx: click.Context) -> str:
    terminal = ctx.find_root().obj
    return terminal.language if isinstance(terminal, TerminalContext) else "vi"


class _Spoken:
    """Help in the person's language; usage headings too."""

    say: Spoken
    example: str = ""

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        prefix = Say("Usage: ").to(language(ctx))
        words = " ".join(self.collect_usage_pieces(ctx))  # type: ignore[attr-defined]
        formatter.write_usage(ctx.command_path, words, prefix=prefix)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(self.say.to(language(ctx)))
            if self.example:
                formatter.write_paragraph()
                formatter.write_text(Say("Example: ").to(language(ctx)) + self.example)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        records = [p.get_help_record(ctx) for p in self.get_params(ctx)]  # type: ignore[attr-defined]
        found = [r for r in records if r is not None]
        found += [(name, say.to(language(ctx))) for name, say in GLOBAL_OPTIONS]
        with formatter.section(Say("Options").to(language(ctx))):
            formatter.write_dl(found)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        return


class Command(_Spoken, click.Command):
    """One command. `say` is its help; when it has run, the next step is told."""

    def invoke(self, ctx: click.Context) -> Any:
        from dispatcher.cli import next_steps

        code = super().invoke(ctx)
        if not code:
            next_steps.tell_next_step(ctx.obj, ctx.command_path.partition(" ")[2], ctx.params)
        return code

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = Say("show this help").to(language(ctx))
        return option


class Group(_Spoken, click.Group):
    """A noun with its verbs, or the root: entries are (module, attribute, help)."""

    def __init__(
        self, say: Spoken, entries: dict[str, tuple[str, str, Spoken]] | None = None, **more: Any
    ) -> None:
        self.say = say
        self.entries = entries or {}
        super().__init__(no_args_is_help=True, **more)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = Say("show this help").to(language(ctx))
        return option

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*self.entries, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name in self.entries:
            module, attribute, _ = self.entries[name]
            found: click.Command = getattr(import_module(module), attribute)
            found.name = name
            return found
        return super().get_command(ctx, name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, say.to(language(ctx))) for name, (_, _, say) in self.entries.items()]
        for name in super().list_commands(ctx):
            command = super().get_command(ctx, name)
            if isinstance(command, Command | Group):
                rows.append((name, command.say.to(language(ctx))))
        with formatter.section(Say("Commands").to(language(ctx))):
            formatter.write_dl(rows)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        _Spoken.format_options(self, ctx, formatter)
        self.format_commands(ctx, formatter)

    def verb(self, name: str, say: Spoken, example: str = "") -> Callable[..., Command]:
        """Declare a verb of this noun."""

        def wrap(function: Callable[..., Any]) -> Command:
            made = command(say, example, name)(function)
            self.add_command(made, name)
            return made

        return wrap


def command(say: Spoken, example: str = "", name: str | None = None) -> Callable[..., Command]:
    """Declare a command; its function gets the Surface first."""

    def wrap(function: Callable[..., Any]) -> Command:
        made = click.command(name=name, cls=Command)(click.pass_obj(function))
        made.say, made.example = say, example
        return made

    return wrap


def gathered(kind: type[T]) -> Callable[[Callable[[TerminalContext, T], Any]], Callable[..., Any]]:
    """Hand all that was typed to a command as one object: its fields are named as the options."""

    def wrap(function: Callable[[TerminalContext, T], Any]) -> Callable[..., Any]:
        @wraps(function)
        def called(terminal: TerminalContext, **typed: Any) -> Any:
            return function(terminal, kind(**typed))

        return called

    return wrap


class _Option(click.Option):
    def __init__(self, *names: Any, say: Spoken, **more: Any) -> None:
        super().__init__(*names, **more)
        self.say = say

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        self.help = self.say.to(language(ctx))
        return super().get_help_record(ctx)


class OneOf(click.Choice[str]):
    """A choice; another word is refused with the code that the act itself would give."""

    def __init__(self, words: Sequence[str], code: str) -> None:
        super().__init__(words)
        self.code = code

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        if value in self.choices:
            return str(value)
        name, words = max(param.opts, key=len), ", ".join(self.choices)
        raise Problem(
            self.code,
            Say("{name} is one of: {words}.", name=name, words=words),
        )


def option(*names: str, say: Spoken, complete: str = "", **more: Any) -> Callable[..., Any]:
    """An option with help in two languages. `complete`: what the shell offers, see completion."""
    if complete:
        more["shell_complete"] = _offers(complete)
    return click.option(*names, cls=_Option, say=say, **more)


def argument(name: str, complete: str = "", **more: Any) -> Callable[..., Any]:
    """A positional argument; `complete` as for options."""
    if complete:
        more["shell_complete"] = _offers(complete)
    return click.argument(name, **more)


def _offers(what: str) -> Callable[..., list[Any]]:
    def offer(ctx: click.Context, _parameter: click.Parameter, begun: str) -> list[Any]:
        from dispatcher.cli.completion import offers

        return offers(ctx.find_root().obj, what, begun)

    return offer


def click_problem(error: click.ClickException) -> Problem:
    """click's own complaints; it takes its sentences from our catalogs (`i18n.catalogs.speak`)."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    if isinstance(error, click.exceptions.NoSuchCommand) and context is not None:
        group, known = context.command, list[str]()
        if isinstance(group, click.Group):
            known = group.list_commands(context)
        return unknown_command(error.command_name, known)
    said = " ".join(error.format_message().split()).rstrip(".") + "."
    path = context.command_path if context is not None else "dispatcher"
    return Problem("usage", Joined(" ", [Both(said, said), Say("See: {path} --help", path=path)]))


def unknown_command(name: str, known: Sequence[str]) -> Problem:
    from dispatcher.domain.problems import unknown

    return unknown(
        Say("command"),
        name,
        known,
        hint=Say("See: dispatcher --help"),
    )
