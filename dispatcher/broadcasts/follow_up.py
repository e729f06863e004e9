"""After a broadcast: resent to those it did not reach, tested on our own number, all stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import time, timedelta

from dispatcher.broadcasts.decisions import schedule, stop, system_approve
from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.broadcasts.broadcasts import Broadcast, Draft
from dispatcher.db.contacts.audience_filter import SHORT
from dispatcher.db.database import Tx
from dispatcher.db.queue import parts
from dispatcher.domain.model import (
    Audience,
    BroadcastState,
    Window,
)
from dispatcher.domain.problems import refused
from dispatcher.domain.rights import WRITERS, need
from dispatcher.i18n import Say


def follow_up(
    tx: Tx,
    broadcast: Broadcast,
    audience: Audience,
    title: str,
    *,
    expires_after: timedelta,
    window: Window | None = None,
) -> int:
    """A new draft with the frozen words, route and senders of an earlier broadcast; its id."""
    return broadcasts.create(
        tx,
        Draft(
            title=title,
            mode=broadcast.mode,
            kind=broadcast.kind,
            template_version_id=broadcast.template_version_id,
            fields=broadcast.fields,
            audience=audience,
            route=broadcast.route,
            senders=broadcast.senders,
            document=broadcast.document,
            window=window or broadcast.window,
            priority=broadcast.priority,
            expires_after=expires_after,
            rather_twice=broadcast.rather_twice,
        ),
    )


RESENT = ("failed", "expired", "cancelled")  # never sent, or refused: no one gets it twice
MOST_TESTS = 5  # numbers a broadcast may be tested on in 24 hours


def resend(tx: Tx, broadcast: Broadcast, states: Sequence[str]) -> int:
    """A draft to those an earlier broadcast did not reach; approved like any other."""
    need(tx.actor, WRITERS, Say("resend"))
    if broadcast.released_at is None:
        raise refused(
            "not-released",
            Say("Broadcast {id} was sent to nobody yet.", id=broadcast.id),
        )
    counts = broadcasts.counts(tx, broadcast.id)
    if SHORT in states:
        counts[SHORT] = parts.count(tx, broadcast.id)
    if not any(counts.get(s) for s in states):
        raise refused(
            "nobody-left",
            Say("Broadcast {id} has nobody in these states.", id=broadcast.id),
        )
    audience = Audience(of=broadcast.id, states=tuple(states))
    made = follow_up(
        tx,
        broadcast,
        audience,
        f"Gửi lại: {broadcast.title}",
        expires_after=broadcast.expires_after,
    )
    tx.note("resend", "broadcast", made, of=broadcast.id, states=list(states))
    return made


def test(tx: Tx, broadcast: Broadcast, contact: int) -> int:
    """The same message to one number of ours, now. Needs no second person; its id."""
    need(tx.actor, WRITERS, Say("test"))
    done = broadcasts.tests_since(tx, broadcast.id, tx.now - timedelta(days=1))
    if done >= MOST_TESTS:
        raise refused(
            "enough-tests",
            Say(
                "Broadcast {id} was tested {done} times within 24 hours.",
                id=broadcast.id,
                done=done,
            ),
        )
    made = follow_up(
        tx,
        broadcast,
        Audience(contacts=(contact,)),
        f"[Thử] {broadcast.title}",
        expires_after=timedelta(minutes=30),
        window=Window(time(0, 0), time(23, 59)),
    )
    tx.note("tested", "broadcast", broadcast.id, test=made)
    assert tx.actor.person_id is not None
    system_approve(tx, broadcasts.get(tx, made), tx.actor.person_id)
    schedule(tx, broadcasts.get(tx, made), tx.now)
    return made


# Whoever received the original, or may have: the correction is for exactly these people.
MAY_HAVE_RECEIVED = ("sending", "accepted", "delivered", "read", "unconfirmed")


def correct(tx: Tx, original: Broadcast, plan: Draft) -> int:
    """A draft that corrects an earlier broadcast, linked to it; approved like any other."""
    need(tx.actor, WRITERS, Say("correct"))
    counts = broadcasts.counts(tx, original.id)
    if original.released_at is None or not any(counts.get(s) for s in MAY_HAVE_RECEIVED):
        raise refused(
            "nothing-to-correct",
            Say(
                "Nobody has received broadcast {id}: stop it and write it again.",
                id=original.id,
            ),
        )
    audience = Audience(of=original.id, states=MAY_HAVE_RECEIVED)
    chosen = replace(plan, audience=audience, route=original.route, senders=original.senders)
    made = broadcasts.create(tx, chosen)
    broadcasts.mark_correction(tx, made, original.id)
    tx.note("correction", "broadcast", made, of=original.id)
    return made


def stop_all(tx: Tx) -> tuple[list[int], int]:
    """Emergency: end everything that runs, waits or is held; (broadcasts, messages cancelled).

    Undone by nobody: what should still go out is resent as a new, approved broadcast.
    """
    need(tx.actor, WRITERS, Say("stop everything"))
    stopped, cancelled = [], 0
    for broadcast in broadcasts.list_broadcasts(tx, STOPPABLE, limit=10_000):
        cancelled += stop(tx, broadcast)
        stopped.append(broadcast.id)
    return stopped, cancelled


STOPPABLE = (
    BroadcastState.SCHEDULED,
    BroadcastState.RUNNING,
    BroadcastState.PAUSED,
    BroadcastState.HELD,
)
