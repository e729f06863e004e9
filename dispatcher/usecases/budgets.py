"""What wards may spend, what is set aside and what was spent."""

from __future__ import annotations

from dispatcher.broadcasts.application import budgets_of
from dispatcher.db.broadcasts import budgets
from dispatcher.db.broadcasts.budgets import BudgetUse
from dispatcher.db.database import Tx
from dispatcher.usecases.context import Context


def budget_use(context: Context) -> list[BudgetUse]:
    """How the budgets that concern the person's wards stand now."""
    with context.read() as tx:
        return standings_in(context, tx)


def standings_in(context: Context, tx: Tx) -> list[BudgetUse]:
    """The same inside a transaction, for pages that show more."""
    site, mine = context.app.site, tx.actor.wards
    found = [b for b in budgets_of(site, tx) if mine is None or b.wards & mine]
    return list(budgets.budget_use(tx, found, site.mode, context.app.clock()).values())
