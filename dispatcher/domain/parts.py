"""A long text reported part by part: what its reports add up to. Pure.

Comes from: receipts, in any order.   Goes to: attempts, as two sets of bits that only grow.
Never: calls a text whole of which a part failed. Bit n stands for part n, bit 0 for a report that
does not say which part it means (most vendors send several of those for one id).
"""

from __future__ import annotations

from dispatcher.domain.model import Receipt, ReceiptFlags

LONGEST = 12  # parts told apart; a later one counts as one that is not named
_GOOD = ReceiptFlags.DELIVERED | ReceiptFlags.READ


def bits(receipt: Receipt, state: ReceiptFlags) -> tuple[int, int]:
    """(failed, received) as one report says it; `state`: what is believed of the report."""
    part = receipt.part if receipt.part and receipt.of != 1 else 0
    bit = 1 << part if 0 < part <= LONGEST else 1
    return (bit if state & ReceiptFlags.FAILED else 0, bit if state & _GOOD else 0)


def missing(heard: ReceiptFlags, failed: int, received: int, parts: int) -> tuple[int, ...] | None:
    """The parts that failed of a text that arrived otherwise; None: nothing is missing.

    Empty: some part failed, nobody says which. A part told both ways arrived, a text of one part
    told both ways is a contradiction; the number of `parts` is what was billed.
    """
    if not heard & ReceiptFlags.FAILED or not heard & _GOOD:
        return None
    named = failed & ~received & ~1
    if named:
        return tuple(n for n in range(1, LONGEST + 1) if named >> n & 1)
    every = (1 << (parts + 1)) - 2
    unnamed = failed == 0 or bool(failed & 1)
    return () if parts > 1 and unnamed and received & every != every else None
