"""Mistakes of receiving, of expiry and doubts, and of restores, each of which must break a promise:
see mistakes.
"""

from __future__ import annotations

from dispatcher.simulators.worlds.mutants import mistake

_L, _S, _N = "dispatcher.domain.lifecycle:", "dispatcher.db.", "dispatcher.worker.sending."

# --- receiving ----------------------------------------------------------------------------------

mistake(
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
mistake(
    "a late no for an older attempt",
    "a report on an earlier attempt moves the newer",
    (
        _L + "receipt",
        "    if message is M.DELIVERED or not current:",
        "    if message is M.DELIVERED:",
    ),
    fault="K",
)
mistake(
    "a report that came early is dropped",
    "a report that overtook its answer is forgotten",
    (
        "dispatcher.worker.receiving:_take",
        'if state in ("unmatched", "early") and not over:',
        "if False:",
    ),
)
mistake(
    "the inbox is not read first",
    "the next step begins although a report lies unread",
    (_N + "maintenance:pass_deadlines", "receipts.unread(tx, read_upto or tx.now)", "[]"),
    ("dispatcher.worker.process:Worker._tidy", "    self._read_inbox()\n", ""),
    fault="B B3",
)
mistake(
    "a report sets no deadline",
    "who was accepted by a report is not tried at the next step",
    (
        "dispatcher.worker.receiving:_move",
        "if decision.message is MessageState.ACCEPTED",
        "if False",
    ),
    fault="L",
)
mistake(
    "a late proof sets no deadline",
    "who was accepted late is not tried at the next step",
    (_S + "queue.outcomes:late_proof", "deadline_at = r.deadline, ", "deadline_at = NULL, "),
    (_N + "maintenance:deadline_of", "    return broadcast.deadline_of(", "    return None and ("),
    fault="L2",
)
mistake(
    "a no of the network is forgotten at a stop",
    "what failed is called accepted",
    (
        _S + "queue.outcomes:best_of_attempts",
        "{one} {ReceiptFlags.FAILED.value} = 0 AND",
        "{one} 0 = 0 AND",
    ),
    fault="F",
)
mistake(
    "a no of the network is forgotten",
    "what failed is called accepted",
    (_L + "best_of_others", "reference or ReceiptFlags(bits) & ReceiptFlags.FAILED:", "reference:"),
    fault="F2",
)
mistake(
    "an open doubt is cancelled",
    "what may have left is called unsent",
    (
        _S + "queue.outcomes:best_of_attempts",
        "({DOUBTFUL}, {UNCONFIRMED})) THEN {UNCONFIRMED} ELSE {nothing}",
        "('nothing')) THEN {UNCONFIRMED} ELSE {nothing}",
    ),
    fault="F3",
)
mistake(
    "ids are for ever",
    "a report for a new message counts for an old one of the same id",
    ("dispatcher.worker.receiving:_of_last_call", 'last["call_ref"]]', 'a["call_ref"]]'),
    fault="T",
)
mistake(
    "a failed part is forgotten",
    "what arrived in part is called whole",
    (_S + "queue.receipts:hear", "attempts.parts_failed | r.failed", "r.failed"),
    fault="parts",
)
mistake(
    "a report on a call counts for each number",
    "it names nobody",
    (
        "dispatcher.worker.receiving:believe",
        "whole = len(chosen) > 1 and receipt.to is None",
        "whole = False",
    ),
)

# --- expiry and doubts --------------------------------------------------------------------------

mistake(
    "what is too late waits on",
    "nobody is told that it never left",
    (
        _S + "broadcasts.ending:finish",
        '        end_queued(tx, row["id"], MessageState.EXPIRED)\n',
        "        pass\n",
    ),
)
mistake(
    "nobody ends a doubt",
    "a doubt stays open for ever",
    (
        _N + "maintenance:end_doubts",
        "waiting.end_doubts(tx, waiting.doubts_over(tx, reachable))",
        "[]",
    ),
)
mistake(
    "an unreadable look-up is asked for ever",
    "its doubt never gets a name",
    (_L + "looked_up", "standing.expires_at <= now or standing.heard", "standing.heard"),
    fault="G",
)
mistake(
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

mistake(
    "a restore forgets the noes",
    "what people said after the backup is lost",
    (
        _S + "ops.replacing:_prepare",
        "                came |= carried_refusals.carry_refusals(tx, source.connection)\n",
        "",
    ),
    fault="AA",
)
mistake(
    "a restore forgets what left",
    "what left after the backup is sent once more",
    (
        _S + "ops.replacing:_prepare",
        "came: dict[str, int] = carrying.carry(tx, source.connection)",
        "came = {}",
    ),
    fault="AA",
)
mistake(
    "a lost database left nothing",
    "what it may have sent is sent once more",
    (_S + "ops.restored:wake", "            name_doubts(tx, broadcast.id)\n", "            pass\n"),
    fault="AA",
)
mistake(
    "a restore numbers as before",
    "a new text is swallowed by the memory of an old one",
    (_S + "queue.messages:queued_messages", "int(epoch or 0)", "0"),
    fault="C2",
)
