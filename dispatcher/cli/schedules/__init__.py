"""schedules: list, check, next, submit, approve, return, pause."""

from __future__ import annotations

from dispatcher.cli.click_i18n import Group
from dispatcher.cli.schedules import acts, views
from dispatcher.i18n import Say

schedules = Group(Say("Schedules."))
for _verb in (
    views.list_schedules,
    views.check,
    views.upcoming,
    acts.submit,
    acts.approve,
    acts.send_back,
    acts.pause,
):
    schedules.add_command(_verb)
