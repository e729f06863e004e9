"""completion: the shell offers commands and the site's own wards, templates and broadcasts.

bash, zsh and fish come from click; PowerShell (the shell of the wards' PCs) is ours.
"""

from __future__ import annotations

import os

import click
from click.shell_completion import CompletionItem, ShellComplete, add_completion_class
from click.shell_completion import get_completion_class as found_class

from dispatcher.cli.click_i18n import argument, command
from dispatcher.cli.terminal_context import FLAGS, VALUED, TerminalContext
from dispatcher.domain.problems import not_among
from dispatcher.domain.sms import folded
from dispatcher.i18n import Say

VARIABLE = "_DISPATCHER_COMPLETE"
SHELLS = ("bash", "zsh", "fish", "powershell")

_POWERSHELL = """Register-ArgumentCompleter -Native -CommandName %(prog_name)s -ScriptBlock {
    param($word, $ast, $position)
    $env:%(complete_var)s = "powershell_complete"
    $env:COMP_WORDS = ($ast.CommandElements | ForEach-Object { "$_" }) -join "`n"
    $env:COMP_BEGUN = $word
    %(prog_name)s | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
    }
    Remove-Item Env:%(complete_var)s, Env:COMP_WORDS, Env:COMP_BEGUN
}
"""


class PowerShell(ShellComplete):
    """Words come one per line; what is offered goes back one per line, quoted where needed."""

    name = "powershell"
    source_template = _POWERSHELL

    def get_completion_args(self) -> tuple[list[str], str]:
        begun = os.environ.get("COMP_BEGUN", "")
        words = [w.strip("'\"") for w in os.environ.get("COMP_WORDS", "").split("\n")][1:]
        return (words[:-1] if begun and words else words), begun.strip("'\"")

    def format_completion(self, item: CompletionItem) -> str:
        value = str(item.value)
        return f"'{value}'" if " " in value else value


@command(
    Say("Print the completion script for bash, zsh, fish or powershell."),
    "dispatcher completion bash >> ~/.bashrc",
)
@argument("shell")
def completion(terminal: TerminalContext, shell: str) -> None:
    if shell not in SHELLS:
        raise not_among(Say("shell"), shell, SHELLS)
    text = _class(shell)(click.Group(), {}, "dispatcher", VARIABLE).source()
    if terminal.json:
        terminal.emit({"shell": shell, "script": text})
        return
    terminal.line(text)


def _class(shell: str) -> type[ShellComplete]:
    add_completion_class(PowerShell)
    found = found_class(shell)
    assert found is not None
    return found


def answer(terminal: TerminalContext, instruction: str) -> int:
    """What the shell asked through the environment; 0, or 1 when it asked nonsense."""
    from dispatcher.cli.entry import root

    shell, _, action = instruction.partition("_")
    if shell not in SHELLS or action != "complete":
        return 1
    chosen = _class(shell)

    class Ours(chosen):  # type: ignore[misc, valid-type]
        def get_completion_args(self) -> tuple[list[str], str]:
            words, begun = super().get_completion_args()
            return _without_ours(terminal, words), begun

        def format_completion(self, item: CompletionItem) -> str:
            if shell == "bash":  # the others quote by themselves
                item.value = str(item.value).replace(" ", "\\ ")
            return str(super().format_completion(item))

    terminal.line(Ours(root(), {"obj": terminal}, "dispatcher", VARIABLE).complete() + "\n")
    return 0


def _without_ours(terminal: TerminalContext, words: list[str]) -> list[str]:
    """The options of every command are taken out; --site says where values come from."""
    left: list[str] = []
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if word in VALUED and waiting:
            setattr(terminal, VALUED[word], waiting.pop(0))
        elif word not in FLAGS:
            left.append(word)
    return left


def offers(terminal: TerminalContext, what: str, begun: str) -> list[CompletionItem]:
    """The site's own values of a kind that begin like this, diacritics not needed."""
    try:
        from dispatcher.usecases.offers import completions

        values = completions(terminal.open_site(), terminal.context, what)
    except Exception:  # a shell that completes must never fail aloud
        return []
    start = folded(begun)
    return [CompletionItem(v) for v in values if folded(v).startswith(start)]
