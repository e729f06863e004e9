"""Messages that may not leave any more: people who refused, were removed or forgotten since.

Comes from: suppressions, lists and addresses as they are now.   Goes to: the message's own row.
Never: touches what is on the wire for another worker.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dispatcher.db.database import Tx, at
from dispatcher.db.queue import messages
from dispatcher.db.rows import on_ids, on_rows
from dispatcher.db.words import MOBILE, QUEUED, SENDING
from dispatcher.domain import last_look, lifecycle
from dispatcher.domain.last_look import MessageFacts, Stop, SuppressionScope
from dispatcher.domain.model import Kind, MessageState

# All that may have changed about a message since its release, by looks in indexes; rows only where
# something did, one for each suppression in force: of the address, or of the phone whose user id
# the address is.
_CHANGED = (
    "SELECT m.id, m.kind, m.priority, c.removed_at IS NOT NULL, a.cipher IS NULL, "
    f"a.kind = {MOBILE} AND x.contact_id IS NULL, "
    "s.scope, s.reason, p.scope, p.reason FROM messages m "
    "JOIN targets t ON t.message_id = m.id AND t.position = m.position "
    "JOIN addresses a ON a.id = t.address_id JOIN contacts c ON c.id = m.contact_id "
    "LEFT JOIN contact_addresses x ON x.contact_id = m.contact_id "
    "AND x.address_id = t.address_id "
    "LEFT JOIN suppressions s ON s.address_id = t.address_id AND s.lifted_at IS NULL "
    "LEFT JOIN user_ids u ON u.user_address_id = t.address_id "
    "LEFT JOIN suppressions p ON p.address_id = u.address_id AND p.lifted_at IS NULL "
    "WHERE m.id IN (:ids) AND (c.removed_at IS NOT NULL OR a.cipher IS NULL "
    "OR s.id IS NOT NULL OR p.id IS NOT NULL "
    f"OR (a.kind = {MOBILE} AND x.contact_id IS NULL))"
)


def stopped(tx: Tx, ids: Sequence[int], *, urgent_despite_refusal: bool = True) -> dict[int, Stop]:
    """Which of some messages may not leave to where they stand, and why."""
    known: dict[int, MessageFacts] = {}
    for message, kind, priority, removed, forgotten, not_theirs, scope, reason, *of_phone in on_ids(
        tx, _CHANGED, ids
    ):
        before = known.get(message) or MessageFacts(
            Kind(kind),
            priority,
            removed=bool(removed),
            forgotten=bool(forgotten),
            not_theirs=bool(not_theirs),
        )
        known[message] = replace(
            before,
            refused=before.refused | {SuppressionScope(s) for s in (scope, of_phone[0]) if s},
            replied=before.replied or last_look.REPLIED in (reason, of_phone[1]),
        )
    found: dict[int, Stop] = {}
    for message, what in known.items():
        stop = last_look.last_look(what, urgent_despite_refusal=urgent_despite_refusal)
        if stop is not None:
            found[message] = stop
    return found


def withdraw(
    tx: Tx, stops: Mapping[int, Stop], *, worker: str | None = None
) -> dict[int, MessageState]:
    """Take messages back that may not leave: what each has become.

    One with another number of the person goes on there; else it is skipped with the reason, or
    what an earlier attempt has reached. `worker`: whose intents were just written, in this very
    transaction, so that nothing has left; None: messages in the queue.
    """
    if not stops:
        return {}
    ids = sorted(stops)
    later = messages.later_targets(tx, ids)
    others = messages.other_attempts(tx, [(i, "") for i in ids])
    rows: list[list[object]] = []
    for message, stop in sorted(stops.items()):
        onward = [] if stop.whole else later.get(message, [])
        state, reason = (
            lifecycle.withdrawn(lifecycle.best_of_others(others.get(message, ()))),
            stop.reason.value,
        )
        position = gateway = None
        if onward:
            state, reason = MessageState.QUEUED, ""
            position, _, gateway = onward[0]
        rows.append([message, state.value, reason or None, position, gateway])
    columns = {"m": "bigint", "s": "text", "why": "text", "p": "int", "g": "text"}
    fence = (
        f"messages.state = {QUEUED} AND messages.lease_owner IS NULL"
        if worker is None
        else f"messages.state = {SENDING} AND messages.lease_owner = :w"
    )
    moved = on_rows(
        tx,
        "UPDATE messages SET state = r.s, reason = r.why, code = NULL, "
        "position = COALESCE(r.p, messages.position), gateway = COALESCE(r.g, messages.gateway), "
        f"tries = messages.tries{'' if worker is None else ' - 1'}, due_at = :now, "
        "deadline_at = NULL, lease_owner = NULL, lease_until = NULL, changed_at = :now "
        f"FROM :rows r WHERE messages.id = r.m AND {fence} RETURNING messages.id AS id",
        columns,
        rows,
        now=at(tx.now),
        w=worker,
    )
    done = {row["id"] for row in moved}
    found = {int(str(r[0])): MessageState(str(r[1])) for r in rows if r[0] in done}
    tx.note(
        "withdrawn",
        "messages",
        "",
        messages=[[m, s.value, stops[m].reason.value] for m, s in sorted(found.items())],
    )
    return found


def look_again(tx: Tx, ids: Sequence[int]) -> dict[int, MessageState]:
    """Messages that were just put back into the queue: those that may not leave are taken out."""
    found: dict[int, MessageState] = {}
    while stops := stopped(tx, ids):
        withdrawn = withdraw(tx, stops)
        found.update(withdrawn)
        ids = [m for m, state in withdrawn.items() if state is MessageState.QUEUED]
    return found
