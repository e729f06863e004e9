"""broadcasts: its verbs, in the order of a broadcast's life."""

from __future__ import annotations

from dispatcher.cli.broadcasts import (
    approvals,
    follow_ups,
    forwarding,
    looking,
    preview,
    sending,
    writing,
)
from dispatcher.cli.click_i18n import Group
from dispatcher.i18n import Say

broadcasts = Group(Say("Broadcasts."))
for name, verb in {
    "create": writing.create,
    "edit": writing.edit,
    "attach": writing.attach,
    "preview": preview.preview,
    "test": writing.test,
    "submit": approvals.submit,
    "approve": approvals.approve,
    "confirm": approvals.confirm,
    "return": approvals.send_back,
    "reject": approvals.reject,
    "schedule": sending.schedule,
    "pause": sending.pause,
    "resume": sending.resume,
    "stop": sending.stop,
    "list": looking.list_broadcasts,
    "show": looking.show,
    "watch": looking.watch,
    "correct": follow_ups.correct,
    "resend": follow_ups.resend,
    "share": forwarding.share,
    "shared": forwarding.shared,
}.items():
    broadcasts.add_command(verb, name)
