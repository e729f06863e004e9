"""Why somebody did or did not receive a message: one person's story from the log.

Comes from: messages, attempts.   Goes to: an auditor, a resident on the line.
Never: shows a full number.
"""

from __future__ import annotations

from typing import Any

from dispatcher.db.broadcasts import log_people, logbook
from dispatcher.db.broadcasts.logbook import Filters
from dispatcher.db.contacts import contact_lists, contacts
from dispatcher.db.database import Tx
from dispatcher.db.schema import moment
from dispatcher.domain import phone
from dispatcher.domain.model import HANOI, AddressKind, ReceiptFlags
from dispatcher.domain.problems import Problem
from dispatcher.domain.words import sentence
from dispatcher.i18n import Say
from dispatcher.usecases.context import Context


def stories(context: Context, text: str, language: str) -> list[dict[str, Any]]:
    """What happened to the people meant by a phone number, a contact (c12) or a message (m34).

    Nobody is the problem `unknown-contact`. An auditor's look is noted in the trail.
    """
    with context.read() as tx:
        ids = find(tx, text, context.app.site.sample_heads)
        found = [story(tx, contact, language) for contact in ids]
    if not found:
        raise Problem(
            "unknown-contact",
            Say("This person is neither in the list nor in the log."),
        )
    for contact in ids:
        context.noted("read", "contact", contact)
    return found


def find(tx: Tx, text: str, sample_heads: tuple[str, ...]) -> list[int]:
    """Contacts meant by a phone number, a contact id (c12) or a message id (m34)."""
    text = text.strip()
    kind, digits = text[:1].lower(), text[1:]
    if kind in ("c", "m") and digits.isdecimal() and len(digits) < 19:
        if kind == "c":
            return _known(tx, int(digits))
        rows = list(logbook.messages(tx, Filters(message=int(digits)), limit=1))
        return [row["contact"] for row in rows]
    if text.isdecimal() and len(text) < 8:  # a number of ours has no zero in front
        return [] if text.startswith("0") else _known(tx, int(text))
    if phone.looks_masked(text):
        raise Problem(
            "masked-number",
            Say(
                "“{text}” is a masked number and cannot be looked up. Use the contact "
                "(c12), a message (m34) or the whole number.",
                text=text,
            ),
        )
    reading = phone.read(text, sample_heads)
    e164 = reading.e164 or (reading.numbers[0].e164 if reading.numbers else None)
    if e164 is None:
        raise Problem(
            "not-a-person",
            Say("Give a phone number, a contact (c12) or a message (m34)."),
        )
    for address_kind in (AddressKind.MOBILE, AddressKind.LANDLINE):
        address = contacts.address_id(tx, address_kind, e164)
        if address is not None:
            return log_people.contacts_on(tx, address)
    return []


def _known(tx: Tx, contact: int) -> list[int]:
    """This contact, where the list or the log has it and the actor may see it."""
    listed = contact_lists.list_contacts(tx, ids=[contact], limit=1)
    return (
        [contact] if listed or list(logbook.messages(tx, Filters(contact=contact), limit=1)) else []
    )


def story(tx: Tx, contact_id: int, language: str) -> dict[str, Any]:
    """Everything that happened to one contact, oldest first."""
    told = []
    for message in logbook.messages(tx, Filters(contact=contact_id), limit=1000):
        steps = []
        for attempt in logbook.attempts(tx, Filters(message=message["id"]), limit=1000):
            steps.append(
                {
                    "at": _clock(attempt["asked_at"]),
                    "channel": attempt["channel"],
                    "gateway": attempt["gateway"],
                    "phone": attempt["phone"],
                    "state": attempt["state"],
                    "fault": attempt["fault"],
                    "code": attempt["code"],
                    "asks": attempt["asks"],
                    "heard": _heard(attempt["heard"]),
                    "parts": attempt["parts"],
                    "parts_missing": attempt["parts_missing"],
                    "contradiction": ReceiptFlags(attempt["heard"]).contradicts
                    and not attempt["parts_missing"],
                    "heard_at": _clock(attempt["heard_at"]),
                    "provider_id": attempt["provider_id"],
                    "reference": attempt["reference"],
                    "cost": attempt["cost"],
                }
            )
        told.append(
            {
                **message,
                "changed_at": _clock(message["changed_at"]),
                "sentence": sentence(message, language),
                "attempts": steps,
            }
        )
    return {
        "contact": contact_id,
        "name": log_people.contact_name(tx, contact_id),
        "messages": told,
    }


def _heard(bits: int) -> str | None:
    heard = ReceiptFlags(bits)
    for bit in (
        ReceiptFlags.READ,
        ReceiptFlags.DELIVERED,
        ReceiptFlags.FAILED,
        ReceiptFlags.ACCEPTED,
    ):
        if heard & bit:
            return (bit.name or "").lower()
    return None


def _clock(value: int | None) -> str | None:
    return None if value is None else f"{moment(value).astimezone(HANOI):%d/%m/%Y %H:%M:%S}"
