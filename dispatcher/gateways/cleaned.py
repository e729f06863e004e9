"""What an adapter says becomes what the contract says: any adapter, also one from outside.

Comes from: `send`, `look_up`, `hear`, `ask`.   Goes to: whoever settles answers and reports.
Never: takes an answer nobody can read for a yes or a no.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from dispatcher.domain import storable
from dispatcher.domain.model import Fault, Opens, Receipt, ReceiptFlags
from dispatcher.gateways.contract import Accepted, Heard, Introduced, Refused, Reply, SendResult

LONGEST_WAIT = timedelta(days=366)  # what a vendor may ask us to wait
_ALL_BITS = ReceiptFlags.ACCEPTED | ReceiptFlags.FAILED | ReceiptFlags.DELIVERED | ReceiptFlags.READ


def send_result(said: Any) -> SendResult:
    """An answer with words that can be stored; what is no answer of the contract is `unknown`.

    Of a yes the numbers that cannot be are left out: it stays a yes.
    """
    if isinstance(said, Accepted):
        return _accepted(said)
    if isinstance(said, Refused):
        return _refused(said)
    return Refused(Fault.UNKNOWN, "no answer", type(said).__name__)


def looked_up(said: Any) -> SendResult | None:
    """The same for a look-up: None is the vendor's “I do not know it” and stays so."""
    return None if said is None else send_result(said)


def _accepted(said: Accepted) -> Accepted:
    provider_id = storable.identifier(said.provider_id)
    parts, cost = storable.number(said.parts), storable.number(said.cost)
    if provider_id is said.provider_id and parts is said.parts and cost is said.cost:
        return said  # nearly every one
    return Accepted(provider_id, parts, cost)


def _refused(said: Refused) -> Refused:
    try:
        fault = Fault(said.fault)
    except ValueError:
        return Refused(Fault.UNKNOWN, "no answer", storable.words(said.fault))
    wait = said.retry_after
    if not isinstance(wait, timedelta) or wait < timedelta():
        wait = None
    return Refused(
        fault,
        storable.words(said.code, storable.CODE),
        storable.words(said.detail, storable.DETAIL),
        None if wait is None else min(wait, LONGEST_WAIT),
        said.opens if isinstance(said.opens, Opens) else None,
        said.unreached is True,
    )


def receipt(said: Receipt) -> Receipt:
    """A report with words that can be stored; ids are cleaned as those of answers are."""
    reference = storable.identifier(said.reference)
    provider_id = storable.identifier(said.provider_id)
    to = storable.identifier(said.to)
    code = storable.words(said.code, storable.CODE)
    state = ReceiptFlags(int(said.state) & _ALL_BITS)
    if (
        reference is said.reference
        and provider_id is said.provider_id
        and to is said.to
        and code is said.code
        and state == said.state
    ):
        return said
    return Receipt(reference, provider_id, to, state, code, said.part, said.of)


def heard(said: Heard) -> Heard:
    """What one call of a vendor said, with words that can be stored."""
    return replace(
        said,
        receipts=tuple(map(receipt, said.receipts)),
        replies=tuple(map(reply, said.replies)),
        introduced=tuple(
            Introduced(storable.identifier(p.user_id) or "", storable.identifier(p.phone))
            for p in said.introduced
        ),
    )


def reply(said: Reply) -> Reply:
    """What a person wrote back, cut where no text of a phone goes on."""
    return Reply(storable.identifier(said.sender) or "", storable.words(said.text, storable.REPLY))
