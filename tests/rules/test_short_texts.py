"""A text of several parts is reported part by part: every order adds up to the same."""

from itertools import permutations

import pytest

from dispatcher.domain.model import Receipt, ReceiptFlags
from dispatcher.domain.parts import LONGEST, bits, missing

YES, NO, TAKEN = ReceiptFlags.DELIVERED, ReceiptFlags.FAILED, ReceiptFlags.ACCEPTED


def report(state, part=None, of=None):
    return Receipt("R", None, None, state, "", part, of)


def heard(reports, parts):
    """What reports add up to: (heard, which parts are missing)."""
    so_far, failed, received = ReceiptFlags.NOTHING, 0, 0
    for one in reports:
        so_far |= one.state
        more = bits(one, one.state)
        failed, received = failed | more[0], received | more[1]
    return so_far, missing(so_far, failed, received, parts)


@pytest.mark.parametrize(
    ("reports", "parts", "lacks"),
    [
        ([report(YES), report(YES)], 2, None),
        ([report(YES), report(NO)], 3, ()),  # several reports of one id
        ([report(YES | NO)], 2, ()),  # counters: some arrived, some did not
        ([report(NO), report(NO)], 2, None),  # nothing arrived: failed
        ([report(YES, 1, 3), report(NO, 2, 3), report(YES, 3, 3)], 3, (2,)),
        ([report(NO, 1), report(YES, 2), report(NO, 3)], 3, (1, 3)),
        ([report(NO, 1, 3), report(NO, 2, 3), report(NO, 3, 3)], 3, None),
        ([report(YES, 1, 2), report(YES, 2, 2), report(TAKEN)], 2, None),
        ([report(NO, 2), report(YES, 2), report(YES, 1)], 2, None),  # a part told both ways arrived
        ([report(YES), report(NO, 2)], 3, (2,)),  # a yes for the whole hides no failed part
        ([report(YES, 1), report(YES, 2), report(NO)], 3, ()),
        ([report(YES, 1), report(YES, 2), report(NO)], 2, None),  # all arrived: a contradiction
        ([report(YES), report(NO)], 1, None),  # one part told both ways: a contradiction
        ([report(YES, 1, 1), report(NO, 1, 1)], 1, None),
        ([report(YES, 1), report(NO, LONGEST + 5)], 40, ()),
    ],
)
def test_every_order_of_reports_lacks_the_same_parts(reports, parts, lacks):
    ends = {heard(order, parts) for order in permutations(reports)}
    assert len(ends) == 1
    assert ends.pop()[1] == lacks


def test_what_the_older_books_hold_says_no_more_than_that_something_failed():
    """Attempts from before parts were told apart have both words and no bits."""
    assert missing(YES | NO, 0, 0, 2) == ()
    assert missing(YES | NO, 0, 0, 1) is None
