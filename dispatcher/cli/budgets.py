"""budgets: what wards may spend, what is set aside and what was spent."""

from __future__ import annotations

from dispatcher.cli.click_i18n import Group
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.i18n import Say
from dispatcher.usecases import budgets as budget_acts

budgets = Group(Say("Budgets of the wards."))


@budgets.verb(
    "list",
    Say("How much of each budget is spent or set aside."),
    "dispatcher budgets list",
)
def list_budgets(terminal: TerminalContext) -> None:
    standing = budget_acts.budget_use(terminal.context())
    if terminal.json:
        terminal.emit([{**s.__dict__, "left": s.left} for s in standing])
        return
    terminal.table(
        [
            Say("budget"),
            Say("period"),
            Say("spent or set aside"),
            Say("most"),
            Say("left"),
            Say("%"),
        ],
        [[s.budget, s.period, s.used, s.most, s.left, s.used * 100 // s.most] for s in standing],
        numbers=(2, 3, 4, 5),
    )
    if not standing:
        terminal.hint(
            Say("No budgets yet: add [budgets.NAME] to dispatcher.toml."),
        )
        return
    terminal.hint(Say("What each cost: dispatcher report N"))
