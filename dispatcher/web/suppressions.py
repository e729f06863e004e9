"""Whoever is not written to any more, and what people wrote back."""

from __future__ import annotations

from msgspec import Struct

from dispatcher.domain import words
from dispatcher.domain.opting_out import Wish
from dispatcher.domain.problems import Problem
from dispatcher.i18n import Say
from dispatcher.usecases import replies, suppressions
from dispatcher.web.forms import ReasonForm
from dispatcher.web.middleware import PageRoute, button, changes, reads
from dispatcher.web.request import Answer, Page, PageRequest, Redirect

SHOWN = 500  # the newest


# --- one person ---------------------------------------------------------------------------------


class SuppressForm(ReasonForm, frozen=True, kw_only=True):
    """`scope`: notices and campaigns, or everything where it is empty."""

    scope: str = ""


def suppress(request: PageRequest, form: SuppressForm) -> Answer:
    """One step on the line: stop writing, wrong number."""
    number = request.number()
    suppressions.suppress(request.context, number, form.reason, scope=form.scope or "all")
    return Redirect(f"/contacts/{number}")


def unsuppress(request: PageRequest, form: ReasonForm) -> Answer:
    number = request.number()
    suppressions.unsuppress(request.context, number, form.reason)
    return Redirect(f"/contacts/{number}")


def moved_away(request: PageRequest) -> Answer:
    """They live elsewhere now: nothing more is sent; the row stays for the log."""
    number = request.number()
    suppressions.moved_away(request.context, number)
    return Redirect(f"/contacts/{number}")


# --- the list -----------------------------------------------------------------------------------


def blocked(request: PageRequest) -> Answer:
    found = suppressions.list_suppressions(request.context, SHOWN)
    request.noted("read", "log", "suppressions")
    return Page(
        "suppressions.html",
        {"found": found, "most": SHOWN, "SCOPES": words.SCOPES, "why_stopped": words.why_stopped},
    )


class SuppressNumberForm(SuppressForm, frozen=True, kw_only=True):
    phone: str


def block(request: PageRequest, form: SuppressNumberForm) -> Answer:
    """A number that is not to be written to, on a list or not."""
    suppressions.suppress(request.context, form.phone, form.reason, scope=form.scope or "all")
    return Redirect("/suppressions")


def lift(request: PageRequest, form: ReasonForm) -> Answer:
    suppressions.lift(request.context, request.number(), form.reason)
    return Redirect("/suppressions")


# --- what people wrote back ---------------------------------------------------------------------

WISHES = {"stop": Wish.ALL, "urgent": Wish.URGENT, "dismiss": Wish.ORDINARY}


def written_back(request: PageRequest) -> Answer:
    """Replies: first those that need a look."""
    found = replies.list_replies(request.context, SHOWN)
    request.noted("read", "log", "replies")
    return Page(
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


def look_at(request: PageRequest, form: ReplyForm) -> Answer:
    """A reply that may be a refusal is one, or is none."""
    wish = WISHES.get(form.what)
    if wish is None:
        raise Problem("one-decision", Say("Choose what to do."))
    replies.look_at(request.context, request.number(), wish)
    return Redirect("/replies")


PAGES: list[PageRoute] = [
    changes("/contacts/{number}/suppress", suppress, SuppressForm),
    changes("/contacts/{number}/unsuppress", unsuppress, ReasonForm),
    button("/contacts/{number}/moved", moved_away),
    reads("/suppressions", blocked),
    changes("/suppressions", block, SuppressNumberForm),
    changes("/suppressions/{number}/lift", lift, ReasonForm),
    reads("/replies", written_back),
    changes("/replies/{number}", look_at, ReplyForm),
]
