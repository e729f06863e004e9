"""What states, reasons and replies of messages are called when a person reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dispatcher.domain.model import Role
from dispatcher.i18n import NOTHING, Both, Say, Spoken, pgettext

ROLES: Mapping[Role, Spoken] = {
    Role.OFFICER: Say("officer"),
    Role.LEADER: Say("leader"),
    Role.ADMIN: Say("admin"),
    Role.AUDITOR: Say("auditor"),
}
STATES: dict[str, Spoken] = {
    "queued": Say("waiting"),
    "sending": Say("on its way"),
    "accepted": Say("handed over, nothing heard yet"),
    "delivered": Say("delivered"),
    "read": Say("read"),
    "failed": Say("failed"),
    "unconfirmed": pgettext("message", "in doubt"),
    "expired": Say("expired"),
    "skipped": Say("not sent"),
    "cancelled": Say("stopped"),
    "refused": Say("refused"),
    "doubtful": Say("in doubt, will ask"),
}
REMEDIES: dict[str, Spoken] = {  # by fault: what a person should do
    "busy": Say("nothing: it is sent again by itself"),
    "unknown": Say(
        "nothing: the gateway is asked again; whoever stays in doubt is in the log",
    ),
    "recipient": Say(
        "the next channel is tried by itself; for whoever is left mend the "
        "number, or ask the head of the group to pass it on",
    ),
    "carrier": Say(
        "register the sender with this network, or add another gateway",
    ),
    "content": Say(
        "the gateway refuses this wording: register the template, or change it",
    ),
    "account": Say(
        "an admin tops up or mends the account, then resumes it under Gateways",
    ),
    "later": Say("nothing: it goes when the hours allow"),
}
REASONS: dict[str, Spoken] = {
    "no_number": Say("no phone number"),
    "landline": Say("only a landline"),
    "opted_out": Say("asked not to be written to"),
    "shared_phone": Say("shares a phone that got one message"),
    "same_household": Say("one message per household"),
    "no_channel": Say("no step of the route fits"),
    "no_consent": Say(
        "never agreed to advertising (Decree 91/2020 art. 11)",
    ),
    "do_not_call": Say(
        "on the do-not-call list (Decree 91/2020 art. 7)",
    ),
    "too_often": Say(
        "three advertisements within 24 hours (Decree 91/2020 art. 13)",
    ),
    "removed": Say("taken off the list since the release"),
    "forgotten": Say("erased on request"),
    "call_refused": Say(
        "refused with a whole call, goes again in smaller ones",
    ),
    "too_few": Say(
        "fewer numbers than the gateway takes at once (add a step that takes single ones)",
    ),
    "same_words": Say("got exactly the same words within 24 hours"),
    "restored": Say(
        "may have left before the database was restored; not sent again",
    ),
    "no_text": Say("no text could be written"),
    "busy": Say("the gateway was busy"),
    "unknown": Say("no readable answer"),
    "recipient": Say("cannot be reached this way"),
    "carrier": Say("the gateway cannot reach this network"),
    "content": Say("the wording was refused"),
    "account": Say("trouble with the gateway account"),
    "later": Say("vendor's night or quota"),
}

# What a suppression stops, by its scope; and why, where nobody typed a reason.
SCOPES: dict[str, Spoken] = {
    "promotion": Say("advertising only"),
    "all": Say(
        "no notices and advertising; urgent texts still reach",
    ),
    "urgent": Say("nothing at all, urgent texts neither"),
}
WHY_STOPPED: dict[str, Spoken] = {
    "replied": Say("refused by a reply"),
    "do_not_call": Say("the do-not-call list"),
}
WISHES: dict[str, Spoken] = {
    "ordinary": NOTHING,
    "unclear": Say("may be a refusal"),
    "all": pgettext("act", "refused"),
    "urgent": Say("refused urgent texts too"),
}
LOOKS: dict[str, Spoken] = {
    "none": NOTHING,
    "waiting": Say("needs a look"),
    "obeyed": Say("suppressed"),
    "dismissed": Say("looked at, still written to"),
}
CONFIRMATIONS: dict[str, Spoken] = {
    "none": NOTHING,
    "waiting": Say("to be confirmed"),
    "sending": Say("being confirmed"),
    "sent": Say("confirmed"),
    "failed": Say("could not be confirmed"),
    "unsure": Say("perhaps confirmed"),
    "cannot": Say("its channel has no way back"),
}


def why_stopped(reason: str) -> Spoken:
    """The reason of a suppression, as typed or in words."""
    return WHY_STOPPED.get(reason, Both(reason, reason))


def sentence(message: Mapping[str, Any], language: str) -> str:
    """A message's state in words."""
    words = STATES[message["state"]].to(language)
    if message.get("parts_missing"):
        return f"{words}; {short(message['parts_missing']).to(language)}"
    reason = REASONS.get(message["reason"] or "")
    return f"{words}: {reason.to(language)}" if reason else words


def short(missing: str) -> Spoken:
    """What is missing of a text ("2/3", "?/3") in words."""
    which, _, of = missing.partition("/")
    if which == "?":
        return Say("received in part: some of {of} parts failed", of=of)
    return Say("part {which} of {of} failed", which=which, of=of)
