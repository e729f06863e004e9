"""urgent: texts approved before the season, sent alone by the officer on duty; duty: the roster."""

from __future__ import annotations

from dispatcher.cli.click_i18n import Group
from dispatcher.cli.urgent import acts, sending
from dispatcher.cli.urgent import duty as roster
from dispatcher.i18n import Say

urgent = Group(Say("Urgent texts prepared and approved."))
for _verb in (
    acts.prepare,
    acts.submit,
    acts.approve,
    acts.send_back,
    acts.end,
    sending.list_urgent,
    sending.send,
    sending.all_clear,
    sending.sheet,
):
    urgent.add_command(_verb)

duty = Group(Say("The roster."))
for _verb in (roster.list_duty, roster.add, roster.remove):
    duty.add_command(_verb)
