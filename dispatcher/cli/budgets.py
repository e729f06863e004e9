"""budgets: what wards may spend, what is set aside and what was spent."""

from __future__ import annotations

from dispatcher.cli.spoken import Group
from dispatcher.cli.surface import Surface
from dispatcher.i18n import Say
from dispatcher.usecases import budgets as cases

budgets = Group(Say("Budgets of the wards."))


@budgets.verb(
    "list",
    Say("How much of each budget is spent or set aside."),
    "dispatcher budgets list",
)
def list_budgets(surface: Surface) -> None:
    standing = cases.standings(surface.context())
    if surface.json:
        surface.emit([{**s.__dict__, "left": s.left} for s in standing])
        return
    surface.table(
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
        surface.hint(
            Say("No budgets yet: add [budgets.NAME] to dispatcher.toml."),
        )
        return
    surface.hint(Say("What each cost: dispatcher report N"))
