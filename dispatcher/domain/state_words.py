"""The states of a broadcast as people read them."""

from __future__ import annotations

from collections.abc import Mapping

from dispatcher.i18n import Say, Spoken, pgettext

STATE: Mapping[str, Spoken] = {
    "draft": Say("draft"),
    "submitted": Say("submitted"),
    "returned": Say("returned"),
    "rejected": pgettext("act", "rejected"),
    "approved": Say("approved"),
    "scheduled": Say("scheduled"),
    "running": Say("running"),
    "paused": Say("paused"),
    "held": Say("held"),
    "done": Say("done"),
    "stopped": pgettext("broadcast", "stopped"),
    "expired": pgettext("broadcast", "expired"),
    "missed": Say("missed"),
}
