"""Mistakes of the send path and of planning, each of which must break a promise: see mistakes.

Where two lines of defence forbid the same harm, a mistake takes away both: one alone harms nobody.
"""

from __future__ import annotations

from dispatcher.simulators.worlds.mutants import mistake

_L, _S, _N = "dispatcher.domain.lifecycle:", "dispatcher.db.", "dispatcher.worker.sending."
_LOOK = _S + "broadcasts.withdrawals:stopped"
_STILL_LISTED = (_LOOK, "removed=bool(removed)", "removed=False")
_STILL_THEIRS = (_LOOK, "not_theirs=bool(not_theirs)", "not_theirs=False")
_NOT_FORGOTTEN = (_LOOK, "forgotten=bool(forgotten)", "forgotten=False")

# --- the send path ------------------------------------------------------------------------------

mistake(
    "resend on unknown",
    "a call whose answer was lost is sent again under a new reference",
    (_L + "in_doubt", "    if standing.rather_twice:", "    if True:"),
)
mistake(
    "a doubt fails over",
    "whoever may have been reached is tried at the next step",
    (
        _L + "settle",
        "            return in_doubt(standing, now)\n",
        "            return _go_on(standing, AttemptState.REFUSED, now, step=True)\n",
    ),
)
mistake(
    "a look-up believed at once",
    "the vendor does not know yet what it took a moment ago",
    (_L + "in_doubt", "now + doubt.settle", "now"),
)
mistake(
    "an unreadable look-up says not there",
    "what could not be read counts as a no",
    (_N + "settlement:decide", "False if send_result is None else None", "False"),
)
mistake(
    "a refusal to a repeat ends the doubt",
    "too busy just now says nothing of the call before",
    (_L + "settle", "    if standing.repeat and fault in _OF_THE_MOMENT:", "    if False:"),
)
mistake(
    "the last look is left out",
    "whoever refused after the release is written to",
    (_S + "queue.intents:write", "    going -= stops.keys()\n", "    stops = {}\n"),
    fault="A1",
)
mistake(
    "the next step is not looked at",
    "whoever refused after the first step gets the second",
    (
        _S + "queue.intents:write",
        "tx, sorted(going), urgent",
        "tx, sorted({p.message_id for p, _ in intents if p.step == 0} & going), urgent",
    ),
    (
        _N + "maintenance:pass_deadlines",
        "    withdrawals.look_again(tx, [m[0] for m in moves if m[2] is MessageState.QUEUED])\n",
        "",
    ),
    (
        "dispatcher.worker.receiving:_move",
        "    withdrawals.look_again(\n",
        "    (lambda *_: None)(\n",
    ),
    fault="A2",
)
mistake(
    "whoever is off the lists is written to",
    "a removal after the release stops nothing",
    _STILL_LISTED,
    _STILL_THEIRS,
    fault="R",
)
mistake(
    "the forgotten are written to",
    "a next step leaves with an empty number",
    _STILL_LISTED,
    _STILL_THEIRS,
    _NOT_FORGOTTEN,
    fault="E2",
)
mistake(
    "a call is repeated with who refused meanwhile",
    "a repeat may be the first that arrives",
    (_N + "dispatch:doubts", " and not any(p.message_id in staying for p in group)", ""),
    fault="X",
)
mistake(
    "a repeat at any hour",
    "a repeat may be the first that arrives, at night",
    (
        _N + "settlement:repeats_from",
        "    return min(at, broadcast.expires_at or at)",
        "    return now",
    ),
)
mistake(
    "a paused broadcast sends on",
    "what was chosen before a pause leaves after it",
    (_S + "queue.intents:write", "b.state = {RUNNING} ", "b.state IN ({RUNNING}, 'paused') "),
    (_N + "state:WorkerState.look", "self.running = {", "self.running |= {"),
)
mistake(
    "what expired leaves",
    "an intent is written after the expiry",
    (_S + "queue.intents:write", '"AND b.expires_at > :now) RETURNING id"', '") RETURNING id"'),
    (_N + "claim:by_priority", "        and b.expires_at > now\n", ""),
)
mistake(
    "what comes too late leaves",
    "a frozen worker sends what another has taken over",
    (_N + "engine:Engine._send_results", "if self.awake() > call.leave_by:", "if False:"),
)
mistake(
    "the dead leave no doubts",
    "what a dead worker may have sent is sent again",
    (
        _N + "maintenance:reclaim",
        "decision = lifecycle.in_doubt(standing, tx.now)",
        "decision = lifecycle.Decision(MessageState.QUEUED, lifecycle.AttemptState.REFUSED, "
        "due_at=tx.now)",
    ),
)
mistake(
    "popped before it is sent",
    "a message counts as accepted before anybody was asked",
    (
        _S + "queue.intents:write",
        "messages SET state = {SENDING}, tries",
        "messages SET state = 'accepted', tries",
    ),
)
mistake(
    "a borrowed id is believed",
    "the answer to another call is taken for ours",
    (_N + "results:doubt_borrowed_ids", "    for key in borrowed:", "    for key in set():"),
)
mistake(
    "a pace nobody keeps",
    "more leaves in a second than the vendor allows",
    (_N + "dispatch:in_turn", "    if pace is None or not (calls or batches):", "    if True:"),
)
mistake(
    "one word for a whole call fails everybody",
    "a word about a call is no fact about its numbers",
    (
        _N + "settlement:speaks_of_a_whole_call",
        "    if len(call.queued_messages) < 2 or not",
        "    if True or not",
    ),
    fault="J",
)
mistake(
    "an answer nobody can store stops the worker",
    "one odd answer and nothing is settled any more",
    (
        _N + "engine:Engine._send_results",
        "[cleaned.send_result(said) for said in send_results]",
        "list(send_results)",
    ),
    (_N + "engine:Engine.run", "if not is_passing(trouble):", "if False:"),
    fault="N",
)

# --- planning -----------------------------------------------------------------------------------

mistake(
    "a shared phone is passed to nobody",
    "who shares the phone of somebody refused waits for ever",
    (_S + "contacts.shared_phones:hand_over", "    moved = 0\n", "    return 0\n    moved = 0\n"),
)
mistake(
    "a phone stays with who is gone",
    "it is not handed on from somebody who was taken off the list",
    (
        _S + "contacts.phone_conditions",
        '{FAILED}, {SKIPPED}, {UNCONFIRMED}) "\n    f"OR (h.state',
        '{FAILED}, {UNCONFIRMED}) "\n    f"OR (h.state',
    ),
    fault="E",
)
mistake(
    "reached through another phone",
    "who shares only a phone that got nothing counts as reached",
    (
        _S + "contacts.phone_conditions",
        "((h.state IN ({DELIVERED}, {READ}, {FAILED},",
        "((h.state IN ({FAILED},",
    ),
    (
        _S + "contacts.phone_conditions",
        "OR (h.state = {ACCEPTED} AND h.deadline_at IS NULL))",
        "OR 1 = 0)",
    ),
    fault="D2",
)
mistake(
    "changed after its approval",
    "what was changed after its approval is sent all the same",
    (
        _S + "broadcasts.editing:change",
        "if broadcast.state is BroadcastState.DRAFT:",
        "if True:",
    ),
    (_S + "broadcasts.editing:change", 'f"AND state = {DRAFT} AND id IN', '"AND id IN'),
    (
        "dispatcher.broadcasts.releasing:release",
        "if broadcast.approved_digest != digest(tx, broadcast):",
        "if False:",
    ),
)
mistake(
    "a limit nobody keeps",
    "more is spent than was approved, and quotas are passed",
    (_N + "quotas:reserve", "    if not any(limits.values()):", "    if True:"),
)
mistake(
    "hours nobody keeps",
    "messages leave at night",
    (_N + "gateway_queue:GatewayQueue.takes", "broadcast.window.is_open(now)", "True"),
)
