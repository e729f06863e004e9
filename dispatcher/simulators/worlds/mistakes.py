"""Mistakes to plant in the program, by name: each must break a promise within a few seeds.

Comes from: what could be written wrongly, and what was (`fault`: the letters under which reviews
have named it).   Goes to: `simulate --mutant`.
Where two lines of defence forbid the same harm, a mistake takes away both: one alone harms nobody.
"""

from __future__ import annotations

from dispatcher.simulators.worlds.mutants import Change, Mutant

MUTANTS: dict[str, Mutant] = {}
_L, _S, _N = "dispatcher.domain.lifecycle:", "dispatcher.db.", "dispatcher.worker.sending."
_LOOK = _S + "broadcasts.withdrawals:stopped"
_STILL_LISTED = Change(_LOOK, "removed=bool(removed)", "removed=False")
_STILL_THEIRS = Change(_LOOK, "not_theirs=bool(not_theirs)", "not_theirs=False")
_NOT_FORGOTTEN = Change(_LOOK, "forgotten=bool(forgotten)", "forgotten=False")


def _is(name: str, why: str, *changes: tuple[str, str, str] | Change, fault: str = "") -> None:
    assert name not in MUTANTS, name
    MUTANTS[name] = Mutant(name, why, tuple(Change(*c) for c in changes), fault)


# --- the send path ------------------------------------------------------------------------------

_is(
    "resend on unknown",
    "a call whose answer was lost is sent again under a new reference",
    (_L + "in_doubt", "    if standing.rather_twice:", "    if True:"),
)
_is(
    "a doubt fails over",
    "whoever may have been reached is tried at the next step",
    (
        _L + "settle",
        "            return in_doubt(standing, now)\n",
        "            return _go_on(standing, AttemptState.REFUSED, now, step=True)\n",
    ),
)
_is(
    "a look-up believed at once",
    "the vendor does not know yet what it took a moment ago",
    (_L + "in_doubt", "now + doubt.settle", "now"),
)
_is(
    "an unreadable look-up says not there",
    "what could not be read counts as a no",
    (_N + "settling:decide", "False if verdict is None else None", "False"),
)
_is(
    "a refusal to a repeat ends the doubt",
    "too busy just now says nothing of the call before",
    (_L + "settle", "    if standing.repeat and fault in _OF_THE_MOMENT:", "    if False:"),
)
_is(
    "the last look is left out",
    "whoever refused after the release is written to",
    (_S + "queue.intents:write", "    going -= stops.keys()\n", "    stops = {}\n"),
    fault="A1",
)
_is(
    "the next step is not looked at",
    "whoever refused after the first step gets the second",
    (
        _S + "queue.intents:write",
        "tx, sorted(going), urgent",
        "tx, sorted({p.message_id for p, _ in intents if p.step == 0} & going), urgent",
    ),
    (
        _N + "chores:pass_deadlines",
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
_is(
    "whoever is off the lists is written to",
    "a removal after the release stops nothing",
    _STILL_LISTED,
    _STILL_THEIRS,
    fault="R",
)
_is(
    "the forgotten are written to",
    "a next step leaves with an empty number",
    _STILL_LISTED,
    _STILL_THEIRS,
    _NOT_FORGOTTEN,
    fault="E2",
)
_is(
    "a call is repeated with who refused meanwhile",
    "a repeat may be the first that arrives",
    (_N + "asking:doubts", " and not any(p.message_id in staying for p in group)", ""),
    fault="X",
)
_is(
    "a repeat at any hour",
    "a repeat may be the first that arrives, at night",
    (
        _N + "settling:repeats_from",
        "    return min(at, broadcast.expires_at or at)",
        "    return now",
    ),
)
_is(
    "a paused broadcast sends on",
    "what was chosen before a pause leaves after it",
    (_S + "queue.intents:write", "b.state = 'running' ", "b.state IN ('running', 'paused') "),
    (_N + "view:View.look", "self.running = {", "self.running |= {"),
)
_is(
    "what expired leaves",
    "an intent is written after the expiry",
    (_S + "queue.intents:write", '"AND b.expires_at > :now) RETURNING id"', '") RETURNING id"'),
    (_N + "claiming:by_priority", "        and b.expires_at > now\n", ""),
)
_is(
    "what comes too late leaves",
    "a frozen worker sends what another has taken over",
    (_N + "engine:Engine._verdicts", "if self.awake() > call.leave_by:", "if False:"),
)
_is(
    "the dead leave no doubts",
    "what a dead worker may have sent is sent again",
    (
        _N + "chores:reclaim",
        "decision = lifecycle.in_doubt(standing, tx.now)",
        "decision = lifecycle.Decision(MessageState.QUEUED, lifecycle.AttemptState.REFUSED, "
        "due_at=tx.now)",
    ),
)
_is(
    "popped before it is sent",
    "a message counts as accepted before anybody was asked",
    (
        _S + "queue.intents:write",
        "messages SET state = 'sending', tries",
        "messages SET state = 'accepted', tries",
    ),
)
_is(
    "a borrowed id is believed",
    "the answer to another call is taken for ours",
    (_N + "answering:doubt_borrowed_ids", "    for key in borrowed:", "    for key in set():"),
)
_is(
    "a pace nobody keeps",
    "more leaves in a second than the vendor allows",
    (_N + "asking:in_turn", "    if pace is None or not (calls or batches):", "    if True:"),
)
_is(
    "one word for a whole call fails everybody",
    "a word about a call is no fact about its numbers",
    (
        _N + "settling:speaks_of_a_whole_call",
        "    if len(call.parcels) < 2 or not",
        "    if True or not",
    ),
    fault="J",
)
_is(
    "an answer nobody can store stops the worker",
    "one odd answer and nothing is settled any more",
    (
        _N + "engine:Engine._verdicts",
        "[cleaned.verdict(said) for said in verdicts]",
        "list(verdicts)",
    ),
    (_N + "engine:Engine.run", "if not is_passing(trouble):", "if False:"),
    fault="N",
)

# --- planning -----------------------------------------------------------------------------------

_is(
    "a shared phone is passed to nobody",
    "who shares the phone of somebody refused waits for ever",
    (_S + "contacts.shared_phones:hand_over", "    moved = 0\n", "    return 0\n    moved = 0\n"),
)
_is(
    "a phone stays with who is gone",
    "it is not handed on from somebody who was taken off the list",
    (
        _S + "contacts.shared_phones",
        "'failed', 'skipped', 'unconfirmed') \"\n    f\"OR (h.state",
        "'failed', 'unconfirmed') \"\n    f\"OR (h.state",
    ),
    fault="E",
)
_is(
    "reached through another phone",
    "who shares only a phone that got nothing counts as reached",
    (
        _S + "contacts.shared_phones",
        "((h.state IN ('delivered', 'read', 'failed',",
        "((h.state IN ('failed',",
    ),
    (
        _S + "contacts.shared_phones",
        "OR (h.state = 'accepted' AND h.deadline_at IS NULL))",
        "OR 1 = 0)",
    ),
    fault="D2",
)
_is(
    "changed after its approval",
    "what was changed after its approval is sent all the same",
    (
        _S + "broadcasts.broadcasts:change",
        "if broadcast.state is BroadcastState.DRAFT:",
        "if True:",
    ),
    (_S + "broadcasts.broadcasts:change", "\"AND state = 'draft' AND id IN", '"AND id IN'),
    (
        "dispatcher.broadcasts.releasing:release",
        "if broadcast.approved_digest != digest(tx, broadcast):",
        "if False:",
    ),
)
_is(
    "a limit nobody keeps",
    "more is spent than was approved, and quotas are passed",
    (_N + "allowing:reserve", "    if not any(limits.values()):", "    if True:"),
)
_is(
    "hours nobody keeps",
    "messages leave at night",
    (_N + "lanes:Lane.takes", "broadcast.window.is_open(now)", "True"),
)

# --- receiving ----------------------------------------------------------------------------------

_is(
    "the last report wins",
    "a late no takes back what was delivered",
    ("dispatcher.worker.receiving:believe", "so_far | state, receipt.code", "state, receipt.code"),
    (_S + "queue.receipts:hear", "heard = attempts.heard | r.bits", "heard = r.bits"),
    (_L + "receipt", "    if message is M.DELIVERED or not current:", "    if not current:"),
    (
        _L + "receipt",
        "if message in (M.ACCEPTED, M.UNCONFIRMED",
        "if message in (M.DELIVERED, M.ACCEPTED, M.UNCONFIRMED",
    ),
)
_is(
    "a late no for an older attempt",
    "a report on an earlier attempt moves the newer",
    (
        _L + "receipt",
        "    if message is M.DELIVERED or not current:",
        "    if message is M.DELIVERED:",
    ),
    fault="K",
)
_is(
    "a report that came early is dropped",
    "a report that overtook its answer is forgotten",
    (
        "dispatcher.worker.receiving:_take",
        'if state in ("unmatched", "early") and not over:',
        "if False:",
    ),
)
_is(
    "the inbox is not read first",
    "the next step begins although a report lies unread",
    (_N + "chores:pass_deadlines", "receipts.unread(tx, read_upto or tx.now)", "[]"),
    ("dispatcher.worker.process:Worker._tidy", "    self._read_inbox()\n", ""),
    fault="B B3",
)
_is(
    "a report sets no deadline",
    "who was accepted by a report is not tried at the next step",
    (
        "dispatcher.worker.receiving:_move",
        "if decision.message is MessageState.ACCEPTED",
        "if False",
    ),
    fault="L",
)
_is(
    "a late proof sets no deadline",
    "who was accepted late is not tried at the next step",
    (_S + "queue.outcomes:late_proof", "deadline_at = r.deadline, ", "deadline_at = NULL, "),
    (_N + "chores:deadline_of", "    return broadcast.deadline_of(", "    return None and ("),
    fault="L2",
)
_is(
    "a no of the network is forgotten at a stop",
    "what failed is called accepted",
    (
        _S + "queue.outcomes:best_of_attempts",
        "{one} {Heard.FAILED.value} = 0 AND",
        "{one} 0 = 0 AND",
    ),
    fault="F",
)
_is(
    "a no of the network is forgotten",
    "what failed is called accepted",
    (_L + "best_of_others", "reference or Heard(bits) & Heard.FAILED:", "reference:"),
    fault="F2",
)
_is(
    "an open doubt is cancelled",
    "what may have left is called unsent",
    (
        _S + "queue.outcomes:best_of_attempts",
        "('doubtful', 'unconfirmed')) THEN 'unconfirmed' ELSE {fallback}",
        "('nothing')) THEN 'unconfirmed' ELSE {fallback}",
    ),
    fault="F3",
)
_is(
    "ids are for ever",
    "a report for a new message counts for an old one of the same id",
    ("dispatcher.worker.receiving:_of_last_call", 'last["call_ref"]]', 'a["call_ref"]]'),
    fault="T",
)
_is(
    "a failed part is forgotten",
    "what arrived in part is called whole",
    (_S + "queue.receipts:hear", "attempts.parts_failed | r.failed", "r.failed"),
    fault="parts",
)
_is(
    "a report on a call counts for each number",
    "it names nobody",
    (
        "dispatcher.worker.receiving:believe",
        "whole = len(chosen) > 1 and receipt.to is None",
        "whole = False",
    ),
)

# --- expiry and doubts --------------------------------------------------------------------------

_is(
    "what is too late waits on",
    "nobody is told that it never left",
    (
        _S + "broadcasts.ending:finish",
        '        end_queued(tx, row["id"], MessageState.EXPIRED)\n',
        "        pass\n",
    ),
)
_is(
    "nobody ends a doubt",
    "a doubt stays open for ever",
    (_N + "chores:end_doubts", "    if ids:", "    ids = []\n    if ids:"),
)
_is(
    "an unreadable look-up is asked for ever",
    "its doubt never gets a name",
    (_L + "looked_up", "standing.expires_at <= now or standing.heard", "standing.heard"),
    fault="G",
)
_is(
    "a doubt outlives its broadcast",
    "it never gets a name, and nobody can be forgotten",
    (
        _L + "in_doubt",
        "    if standing.stopped or standing.expires_at <= now:",
        "    if standing.stopped:",
    ),
    fault="G2",
)

# --- restore ------------------------------------------------------------------------------------

_is(
    "a restore forgets the noes",
    "what people said after the backup is lost",
    (
        _S + "ops.replacing:_prepare",
        "                came |= carrying.carry_refusals(tx, source.connection)\n",
        "",
    ),
    fault="AA",
)
_is(
    "a restore forgets what left",
    "what left after the backup is sent once more",
    (
        _S + "ops.replacing:_prepare",
        "came: dict[str, int] = carrying.carry(tx, source.connection)",
        "came = {}",
    ),
    fault="AA",
)
_is(
    "a lost database left nothing",
    "what it may have sent is sent once more",
    (_S + "ops.restored:wake", "            name_doubts(tx, broadcast.id)\n", "            pass\n"),
    fault="AA",
)
_is(
    "a restore numbers as before",
    "a new text is swallowed by the memory of an old one",
    (_S + "queue.messages:parcels", "int(epoch or 0)", "0"),
    fault="C2",
)
