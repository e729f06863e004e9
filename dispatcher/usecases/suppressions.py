"""Who is not written to any more: a person or a number, why, and lifted again.

Comes from: a page, a command, the do-not-call list.   Goes to: suppressions.
Never: stops or lifts without a reason; tells of an entry about people of other wards.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from dispatcher.db.contacts import contacts, suppressions
from dispatcher.db.database import Tx
from dispatcher.db.schema import moment
from dispatcher.domain import phone
from dispatcher.domain.model import HANOI, AddressKind
from dispatcher.domain.problems import Problem
from dispatcher.domain.rights import WRITERS, need_role
from dispatcher.i18n import Say
from dispatcher.usecases.context import Context
from dispatcher.usecases.finding import Who, code_of, contact_meant, numbers

MAY_STOP = Say("stop writing to people")
MAY_LIFT = Say("have people written to again")
MOVED_AWAY = "đã chuyển đi"


@dataclass(frozen=True)
class SuppressedNumbers:
    """`numbers`: how many are stopped that were not. `also`: others at these numbers who are seen
    (`contact`, `name`); `others`: how many more there are."""

    numbers: int
    scope: str
    also: Sequence[dict[str, Any]]
    others: int


@dataclass(frozen=True)
class DoNotCall:
    """`numbers` of the list, those that are `new`, and lines that could not be read."""

    numbers: int
    new: int
    unread: int


def suppress(context: Context, which: Who, reason: str, *, scope: str = "all") -> SuppressedNumbers:
    """Write no more to a person (their number or c12), or to a phone number, on a list or not.

    `scope`: promotion, all (notices too), or urgent (nothing at all). Raises `no-reason`,
    `no-number` for a person without one, `unknown-contact`, `bad-phone`; refused: `role`.
    """
    with context.act("suppress", "contact", code_of(which) or "") as tx:
        need_role(tx.actor, WRITERS, MAY_STOP)
        _need_reason(reason)
        if scope not in suppressions.SCOPES:
            raise Problem("one-scope", Say("No such scope."))
        return _stop(tx, _addresses(tx, context, which), reason.strip(), scope, code_of(which))


def moved_away(context: Context, contact: int) -> SuppressedNumbers:
    """Somebody lives elsewhere now: nothing more is sent; the row stays for the log."""
    return suppress(context, contact, MOVED_AWAY)


def _stop(
    tx: Tx, addresses: Sequence[int], reason: str, scope: str, contact: int | None
) -> SuppressedNumbers:
    done = sum(suppressions.suppress(tx, a, reason, scope=scope) for a in addresses)
    but = [] if contact is None else [contact]
    return SuppressedNumbers(done, scope, *suppressions.silenced(tx, addresses, but=but))


def _addresses(tx: Tx, context: Context, which: Who) -> list[int]:
    """The addresses of a person, or that of a number, which need not be known."""
    if code_of(which) is not None:
        found = suppressions.addresses_of(tx, [contact_meant(tx, context.app, which)])
        if not found:
            raise Problem(
                "no-number",
                Say("This person has no phone number."),
            )
        return found
    heads = context.app.site.sample_heads
    return list(contacts.put_addresses(tx, _one_number(context, which), heads).values())


def _one_number(context: Context, which: Who) -> list[tuple[AddressKind, str]]:
    words = str(which).strip()
    if not words:
        raise Problem("bad-phone", Say("No phone number was given."))
    return numbers([words], context.app.site.sample_heads)


def _need_reason(reason: str) -> None:
    if not reason.strip():
        raise Problem("no-reason", Say("Give a reason."))


def unsuppress(context: Context, which: Who, reason: str) -> int:
    """Write to a person or a number again; how many numbers were stopped before.

    Raises `no-reason`, `unknown-contact`, `bad-phone`, `no-number`; `unknown-suppression` for a
    number that is not stopped, or is somebody's of another ward; refused: `role`.
    """
    with context.act("unsuppress", "contact", code_of(which) or "") as tx:
        need_role(tx.actor, WRITERS, MAY_LIFT)
        _need_reason(reason)
        if code_of(which) is not None:
            found = _addresses(tx, context, which)
            return sum(suppressions.lift(tx, a, reason.strip()) for a in found)
        known = [contacts.address_id(tx, *one) for one in _one_number(context, which)]
        entries = [suppressions.entry_of(tx, a) for a in known if a is not None]
        return sum(_lift(tx, entry, reason) for entry in entries or [None])


def lift(context: Context, entry: int, reason: str) -> None:
    """Write again to the number of one entry of the list. Raises and refused as `unsuppress`."""
    with context.act("unsuppress", "contact") as tx:
        need_role(tx.actor, WRITERS, MAY_LIFT)
        _need_reason(reason)
        _lift(tx, entry, reason)


def _lift(tx: Tx, entry: int | None, reason: str) -> int:
    if entry is None or not suppressions.lift_entry(tx, entry, reason.strip()):
        raise Problem(
            "unknown-suppression",
            Say("There is no such entry among those not written to."),
        )
    return 1


def do_not_call(context: Context, lines: Iterable[str]) -> DoNotCall:
    """Load a list of numbers that want no advertising, one a line; warnings still reach them."""
    heads = context.app.site.sample_heads
    read = [phone.read(line.split(",")[0], heads) for line in lines if line.strip()]
    good = list(dict.fromkeys(n.e164 for n in read if n.ok and n.e164))
    with context.act("do_not_call", "site", "list") as tx:
        need_role(tx.actor, WRITERS, MAY_STOP)
        found = contacts.put_addresses(tx, [(AddressKind.MOBILE, n) for n in good], heads)
        new = suppressions.do_not_call(tx, list(found.values()))
    return DoNotCall(len(good), new, sum(1 for n in read if not n.ok))


def list_suppressions(context: Context, most: int = 1000) -> list[dict[str, Any]]:
    """Numbers not written to, the newest first, masked; of one's own wards, or by oneself."""
    with context.read() as tx:
        found = suppressions.list_suppressions(tx, most)
    return [{**row, "at": moment(row["at"]).astimezone(HANOI)} for row in found]


def of_contact(tx: Tx, contact: int) -> dict[str, Any]:
    """What is not sent to a person and who else has their numbers: `suppressed`, `shares`,
    `shares_with_others`."""
    addresses = suppressions.addresses_of(tx, [contact])
    shares, others = suppressions.silenced(tx, addresses, but=[contact])
    stopped = [
        {**row, "at": moment(row["at"]).astimezone(HANOI)}
        for row in suppressions.of_contact(tx, contact)
    ]
    return {"suppressed": stopped, "shares": shares, "shares_with_others": others}
