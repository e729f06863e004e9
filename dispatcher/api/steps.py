"""What a program sends next, for problems by their step; who must act where a program cannot.

Comes from: problems of operations.   Goes to: `detail` and `detail_vi`, behind the sentence.
"""

from __future__ import annotations

from collections.abc import Mapping

from dispatcher.i18n import Say

# By `Problem.step`; the names in braces are fields of the problem's sentence.
STEPS: Mapping[str, Say] = {
    "no-audience": Say("Send `wards` or `groups`."),
    "groups-without-ward": Say("Send `wards` too."),
    "field-missing": Say("Send `fields` with “{missing}” in it."),
    "unknown-broadcast": Say("GET /api/v1/broadcasts lists them."),
    "unknown-row": Say("`before` takes the id of a message that was listed."),
    "unwritable": Say("Mend the list or the text, or send `leave_out`: true."),
    "vendor-template": Say("Mend it, or send `leave_out`: true to submit all the same."),
    "same_words": Say("If it is needed again, say why: `again`."),
    "over-budget": Say(
        "Write to fewer people, or somebody submits it in the console and says why."
    ),
    "advertising-hours": Say("Send a `window` inside these hours."),
    "advertising-brandname": Say("An admin names it in the settings."),
    "advertising-consent": Say("An admin names their group in the settings."),
    "clock-doubtful": Say(
        "Whoever looks after the machine sets its clock, or confirms that it is right."
    ),
    "database-unreachable": Say("Tell whoever looks after the machine."),
}
