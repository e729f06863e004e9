"""May a message still leave? Pure: what is known now, and the answer."""

from itertools import pairwise, product

import pytest

from dispatcher.domain import lifecycle
from dispatcher.domain.last_look import MessageFacts, SuppressionScope, last_look, stopped_by
from dispatcher.domain.model import ORDINARY, URGENT, Kind, MessageState, SkipReason

ORDINARY_KINDS = [k for k in Kind if k is not Kind.PROMOTION]


@pytest.mark.parametrize("kind", ORDINARY_KINDS)
def test_a_refusal_stops_ordinary_texts_and_an_urgent_one_still_reaches(kind):
    refused = frozenset({SuppressionScope.ALL})
    assert last_look(MessageFacts(kind, ORDINARY, refused)).reason is SkipReason.OPTED_OUT
    assert last_look(MessageFacts(kind, URGENT, refused)) is None


@pytest.mark.parametrize("kind", ORDINARY_KINDS)
def test_whoever_refused_urgent_texts_too_gets_none(kind):
    refused = frozenset({SuppressionScope.URGENT})
    for priority in (ORDINARY, URGENT):
        assert last_look(MessageFacts(kind, priority, refused)).reason is SkipReason.OPTED_OUT


def test_where_the_site_says_so_a_refusal_stops_urgent_texts_as_well():
    known = MessageFacts(Kind.WARNING, URGENT, frozenset({SuppressionScope.ALL}))
    stop = last_look(known, urgent_despite_refusal=False)
    assert stop is not None
    assert stop.reason is SkipReason.OPTED_OUT


def test_the_do_not_call_list_stops_advertising_only():
    listed = frozenset({SuppressionScope.PROMOTION})
    assert (
        last_look(MessageFacts(Kind.PROMOTION, ORDINARY, listed)).reason is SkipReason.DO_NOT_CALL
    )
    for kind in ORDINARY_KINDS:
        assert last_look(MessageFacts(kind, ORDINARY, listed)) is None


def test_each_scope_stops_what_the_one_before_it_stops():
    for kind, priority, law in product(Kind, (ORDINARY, URGENT), (True, False)):
        stops = stopped_by(kind, priority, urgent_despite_refusal=law)
        order = list(SuppressionScope)
        for weaker, stronger in pairwise(order):
            assert weaker not in stops or stronger in stops


def test_a_reply_ends_the_whole_message_a_stopped_number_only_itself():
    refused = frozenset({SuppressionScope.ALL})
    assert last_look(MessageFacts(Kind.WARNING, ORDINARY, refused, replied=True)).whole
    assert not last_look(MessageFacts(Kind.WARNING, ORDINARY, refused)).whole


def test_whoever_was_removed_or_forgotten_gets_nothing_however_urgent():
    for priority in (ORDINARY, URGENT):
        removed = last_look(MessageFacts(Kind.WARNING, priority, removed=True))
        assert removed.reason is SkipReason.REMOVED
        assert removed.whole
        erased = last_look(MessageFacts(Kind.WARNING, priority, removed=True, forgotten=True))
        assert erased.reason is SkipReason.FORGOTTEN
        assert erased.whole


def test_a_number_taken_off_a_person_is_not_written_to_and_their_others_are():
    stop = last_look(MessageFacts(Kind.WARNING, URGENT, not_theirs=True))
    assert stop.reason is SkipReason.REMOVED
    assert not stop.whole


def test_nothing_known_means_it_may_leave():
    for kind, priority in product(Kind, (ORDINARY, URGENT)):
        assert last_look(MessageFacts(kind, priority)) is None


def test_a_message_taken_back_is_what_its_best_attempt_is():
    best = lifecycle.best_of_others
    assert lifecycle.withdrawn(best([])) is MessageState.SKIPPED
    assert lifecycle.withdrawn(best([("r", "accepted", 0)])) is MessageState.ACCEPTED
    assert lifecycle.withdrawn(best([("r", "accepted", 2)])) is MessageState.SKIPPED
    assert lifecycle.withdrawn(best([("r", "unconfirmed", 0)])) is MessageState.UNCONFIRMED
    both = [("r", "unconfirmed", 0), ("s", "accepted", 0)]
    assert lifecycle.withdrawn(best(both)) is MessageState.ACCEPTED
