"""Mistakes to plant in the program, by name: each must break a promise within a few seeds.

A mutant changes a line or two of one function while it is planted, wherever that is called from.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import CodeType, FunctionType
from typing import Any


@dataclass(frozen=True)
class Mutant:
    """`where`: module:function or module:Class.function; `was` and `now`: words of its source."""

    name: str
    where: str
    was: str
    now: str
    why: str  # what goes wrong, in a sentence

    @contextmanager
    def planted(self) -> Iterator[None]:
        """The mistake is there as long as this lasts."""
        function = self.function()
        kept = function.__code__
        function.__code__ = self.changed(function)
        try:
            yield
        finally:
            function.__code__ = kept

    def function(self) -> FunctionType:
        module, _, path = self.where.partition(":")
        found: Any = import_module(module)
        for name in path.split("."):
            found = getattr(found, name)
        found = inspect.unwrap(found)
        assert isinstance(found, FunctionType), self.where
        return found

    def changed(self, function: FunctionType) -> CodeType:
        """The code of the function with the mistake in it."""
        source = textwrap.dedent(inspect.getsource(function))
        assert source.count(self.was) == 1, f"{self.name}: the line is not there (once) any more"
        source = source.replace(self.was, self.now)
        names = function.__code__.co_freevars
        assert not names, f"{self.where} is a closure"
        place: dict[str, Any] = {}
        flags = __import__("__future__").annotations.compiler_flag
        code = compile(source, f"<{self.name}>", "exec", flags=flags)
        exec(code, dict(function.__globals__), place)  # noqa: S102  (our own source, changed)
        made = inspect.unwrap(place[function.__name__])
        assert isinstance(made, FunctionType)
        return made.__code__


MUTANTS: dict[str, Mutant] = {}
_L, _S = "dispatcher.lifecycle:", "dispatcher.store."

_ALL = (
    # --- the send path ---
    Mutant("resend on unknown", _L + "in_doubt", "    if standing.rather_twice:", "    if True:",
           "a call whose answer was lost is sent again under a new reference"),
    Mutant("a doubt fails over", _L + "settle", "            return in_doubt(standing, now)\n",
           "            return _go_on(standing, AttemptState.REFUSED, now, step=True)\n",
           "whoever may have been reached is tried at the next step"),
    Mutant("a look-up believed at once", _L + "in_doubt",
           "now + doubt.settle", "now",
           "the vendor does not know yet what it took a moment ago"),
    Mutant("an unreadable look-up says not there", "dispatcher.sending.settling:decide",
           "False if verdict is None else None", "False",
           "what could not be read counts as a no"),
    Mutant("a refusal to a repeat ends the doubt", _L + "settle",
           "    if standing.repeat and fault in _OF_THE_MOMENT:", "    if False:",
           "too busy just now says nothing of the call before"),
    Mutant("the last look is left out", _S + "intents:write", "    going -= stops.keys()\n",
           "    stops = {}\n", "whoever refused after the release is written to"),
    Mutant("the last look asks only half", _S + "withdrawals:stopped",
           "removed=bool(removed)", "removed=False",
           "whoever was taken off the lists is written to"),
    Mutant("a stopped broadcast sends on", _S + "intents:write", "b.state = 'running' ",
           "b.state IN ('running', 'stopped', 'paused') ",
           "what was chosen before a stop leaves after it"),
    Mutant("what expired leaves", _S + "intents:write", "\"AND b.expires_at > :now) RETURNING id\"",
           "\") RETURNING id\"", "an intent is written after the expiry"),
    Mutant("what comes too late leaves", "dispatcher.sending.engine:Engine._verdicts",
           "if self.awake() > call.leave_by:", "if False:",
           "a frozen worker sends what another has taken over"),
    Mutant("the dead leave no doubts", "dispatcher.sending.chores:reclaim",
           "decision = lifecycle.in_doubt(standing, tx.now)",
           "decision = lifecycle.Decision(MessageState.QUEUED, lifecycle.AttemptState.REFUSED, "
           "due_at=tx.now)", "what a dead worker may have sent is sent again"),
    Mutant("popped before it is sent", _S + "intents:write",
           "messages SET state = 'sending', tries", "messages SET state = 'accepted', tries",
           "a message counts as accepted before anybody was asked"),
    Mutant("a borrowed id is believed", "dispatcher.sending.answering:doubt_borrowed_ids",
           "    for key in borrowed:", "    for key in set():",
           "the answer to another call is taken for ours"),
    Mutant("a pace nobody keeps", "dispatcher.sending.asking:in_turn",
           "    if pace is None or not (calls or batches):", "    if True:",
           "more leaves in a second than the vendor allows"),
    # --- planning ---
    Mutant("a shared phone is passed to nobody", _S + "shared_phones:hand_over",
           "    moved = 0\n", "    return 0\n    moved = 0\n",
           "who shares the phone of somebody refused waits for ever"),
    Mutant("changed after its approval", "dispatcher.planning.releasing:release",
           "if broadcast.approved_digest != digest(tx, broadcast):", "if False:",
           "what was changed after its approval is sent all the same"),
    Mutant("a limit nobody keeps", "dispatcher.sending.allowing:reserve",
           "    if not any(limits.values()):", "    if True:",
           "more is spent than was approved, and quotas are passed"),
    Mutant("hours nobody keeps", "dispatcher.sending.lanes:Lane.takes",
           "broadcast.window.is_open(now)", "True", "messages leave at night"),
    # --- receiving ---
    Mutant("the last report wins", _L + "receipt",
           "    if message is M.DELIVERED or not current:", "    if not current:",
           "a late no takes back what was delivered"),
    Mutant("a late no for an older attempt", _L + "receipt",
           "    if message is M.DELIVERED or not current:", "    if message is M.DELIVERED:",
           "a report on an earlier attempt moves the newer"),
    Mutant("a report that came early is dropped", "dispatcher.receiving:_take",
           "if state in (\"unmatched\", \"early\") and not over:", "if False:",
           "a report that overtook its answer is forgotten"),
    # --- expiry and doubts ---
    Mutant("late is not too late", _L + "_again", "    if standing.expires_at <= now:",
           "    if False:", "a message waits for ever, or leaves after its expiry"),
    Mutant("nobody ends a doubt", "dispatcher.sending.chores:end_doubts",
           "    if ids:", "    ids = []\n    if ids:", "a doubt stays open for ever"),
    Mutant("a deadline passes twice", "dispatcher.sending.chores:pass_deadlines",
           "receipts.unread(tx, read_upto or tx.now)", "[]",
           "the next step begins although a report lies unread"),
    # --- restore ---
    Mutant("a restore forgets the noes", _S + "replacing:_prepare",
           "                came |= carrying.carry_refusals(tx, source.connection)\n", "",
           "what people said after the backup is lost"),
    Mutant("a restore forgets what left", _S + "replacing:_prepare",
           "came: dict[str, int] = carrying.carry(tx, source.connection)", "came = {}",
           "what left after the backup is sent once more"),
)  # fmt: skip
MUTANTS.update({m.name: m for m in _ALL})
