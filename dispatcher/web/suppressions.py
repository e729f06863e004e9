"""Whoever is not written to any more, and what people wrote back."""

from __future__ import annotations

from msgspec import Struct

from dispatcher.domain import words
from dispatcher.domain.opting_out import Wish
from dispatcher.domain.problems import Problem
from dispatcher.i18n import Say
from dispatcher.usecases import replies, suppressions
from dispatcher.web.ask import Answer, Ask, Go, Shown
from dispatcher.web.forms import ReasonForm
from dispatcher.web.guard import Page, button, changes, reads

SHOWN = 500  # the newest


# --- one person ---------------------------------------------------------------------------------


class SuppressForm(ReasonForm, frozen=True, kw_only=True):
    """`scope`: notices and campaigns, or everything where it is empty."""

    scope: str = ""


def suppress(ask: Ask, form: SuppressForm) -> Answer:
    """One step on the line: stop writing, wrong number."""
    number = ask.number()
    suppressions.suppress(ask.context, number, form.reason, scope=form.scope or "all")
    return Go(f"/contacts/{number}")


def unsuppress(ask: Ask, form: ReasonForm) -> Answer:
    number = ask.number()
    suppressions.unsuppress(ask.context, number, form.reason)
    return Go(f"/contacts/{number}")


def moved_away(ask: Ask) -> Answer:
    """They live elsewhere now: nothing more is sent; the row stays for the log."""
    number = ask.number()
    suppressions.moved_away(ask.context, number)
    return Go(f"/contacts/{number}")


# --- the list -----------------------------------------------------------------------------------


def blocked(ask: Ask) -> Answer:
    found = suppressions.listed(ask.context, SHOWN)
    ask.noted("read", "log", "suppressions")
    return Shown(
        "suppressions.html",
        {"found": found, "most": SHOWN, "SCOPES": words.SCOPES, "why_stopped": words.why_stopped},
    )


class SuppressNumberForm(SuppressForm, frozen=True, kw_only=True):
    phone: str


def block(ask: Ask, form: SuppressNumberForm) -> Answer:
    """A number that is not to be written to, on a list or not."""
    suppressions.suppress(ask.context, form.phone, form.reason, scope=form.scope or "all")
    return Go("/suppressions")


def lift(ask: Ask, form: ReasonForm) -> Answer:
    suppressions.lift(ask.context, ask.number(), form.reason)
    return Go("/suppressions")


# --- what people wrote back ---------------------------------------------------------------------

WISHES = {"stop": Wish.ALL, "urgent": Wish.URGENT, "dismiss": Wish.ORDINARY}


def written_back(ask: Ask) -> Answer:
    """Replies: first those that need a look."""
    found = replies.listed(ask.context, SHOWN)
    ask.noted("read", "log", "replies")
    return Shown(
        "replies.html",
        {
            "waiting": found.waiting,
            "found": found.others,
            "most": SHOWN,
            "WISHES": words.WISHES,
            "LOOKS": words.LOOKS,
            "CONFIRMATIONS": words.CONFIRMATIONS,
        },
    )


class ReplyForm(Struct, frozen=True):
    what: str


def look_at(ask: Ask, form: ReplyForm) -> Answer:
    """A reply that may be a refusal is one, or is none."""
    wish = WISHES.get(form.what)
    if wish is None:
        raise Problem("one-decision", Say("Choose what to do."))
    replies.look_at(ask.context, ask.number(), wish)
    return Go("/replies")


PAGES: list[Page] = [
    changes("/contacts/{number}/suppress", suppress, SuppressForm),
    changes("/contacts/{number}/unsuppress", unsuppress, ReasonForm),
    button("/contacts/{number}/moved", moved_away),
    reads("/suppressions", blocked),
    changes("/suppressions", block, SuppressNumberForm),
    changes("/suppressions/{number}/lift", lift, ReasonForm),
    reads("/replies", written_back),
    changes("/replies/{number}", look_at, ReplyForm),
]
