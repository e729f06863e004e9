"""Whom somebody means: a contact by number, by code (c12), by phone.

Comes from: what people type.   Goes to: every act about a contact.
Never: tells somebody who is on the list of another ward from somebody who is on none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dispatcher.broadcasts.application import App
from dispatcher.db.contacts import contact_lists
from dispatcher.db.database import Tx
from dispatcher.domain import phone
from dispatcher.domain.model import AddressKind
from dispatcher.domain.problems import Problem
from dispatcher.i18n import Say
from dispatcher.usecases import why

Who = int | str  # the number of a contact; or words: c12, m34, a phone number


def code_of(which: Who) -> int | None:
    """The number of the contact that is meant by its number or code; None for a phone."""
    if isinstance(which, int):
        return which
    words = which.strip()
    return int(words[1:]) if words[:1].lower() == "c" and words[1:].isdecimal() else None


def contacts_meant(tx: Tx, app: App, which: Who) -> list[int]:
    """The contacts that are meant: several where they share a phone.

    Raises `unknown-contact`, for somebody of another ward as for nobody.
    """
    found = [which] if isinstance(which, int) else why.find(tx, which, app.site.sample_heads)
    known = [c["id"] for c in contact_lists.list_contacts(tx, ids=found, limit=len(found) + 1)]
    if not known:
        raise Problem(
            "unknown-contact",
            Say("This contact is not in the list."),
        )
    return known


def people_meant(tx: Tx, app: App, people: Iterable[Who]) -> list[int]:
    """All of them, each once."""
    return list(dict.fromkeys(i for which in people for i in contacts_meant(tx, app, which)))


def contact_meant(tx: Tx, app: App, which: Who) -> int:
    """The one contact that is meant. Raises `several` where a phone is several people's."""
    ids = contacts_meant(tx, app, which)
    if len(ids) > 1:
        codes = ", ".join(f"c{i}" for i in ids)
        raise Problem(
            "several",
            Say("Several people use this number: {codes}. Choose one.", codes=codes),
        )
    return ids[0]


def numbers(words: Iterable[str], heads: Sequence[str]) -> list[tuple[AddressKind, str]]:
    """Numbers a person may be written to at, each once; a doubtful one is `bad-phone`, never a
    guess. `heads`: prefixes of invented people."""
    found = []
    for word in words:
        reading = phone.read(word, heads)
        if reading.e164 is None or reading.type not in ("mobile", "landline"):
            why = reading.why() or Say("it is no phone number")
            raise Problem(
                "bad-phone",
                Say("The phone number cannot be used: {why}.", why=why),
            )
        found.append((AddressKind(reading.type), reading.e164))
    return list(dict.fromkeys(found))
