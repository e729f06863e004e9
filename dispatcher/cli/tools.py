"""Tools for people and tests: sms measure, sms unaccent, phone."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from dispatcher.cli.click_i18n import Group, argument, command, option
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.domain.problems import Problem
from dispatcher.i18n import Say

sms = Group(Say("Measure and unaccent texts."))


def each_line(terminal: TerminalContext, answer: Callable[[Any], Any]) -> None:
    """One JSON value per input line, one JSON document per output line."""
    for number, line in enumerate(sys.stdin, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError:
            raise Problem("bad-json", Say("Line {number} is not JSON.", number=number)) from None
        try:
            found = answer(value)
        except Problem as problem:
            if problem.code != "not-a-text":
                raise
            say = problem.say
            raise Problem(
                problem.code, Say("Line {number}: {say}", number=number, say=say)
            ) from None
        terminal.line(json.dumps(found, ensure_ascii=False, default=str) + "\n")


def given(
    terminal: TerminalContext, text: str | None, jsonl: str | None, answer: Callable[[Any], Any]
) -> Any | None:
    """The answer for TEXT (or stdin for "-"); None when --jsonl did the work."""
    if jsonl is not None:
        if jsonl != "-":
            raise Problem("jsonl", Say("--jsonl reads stdin: --jsonl -"))
        each_line(terminal, answer)
        return None
    if text is None:
        raise Problem(
            "no-text",
            Say("No text: give it after the command, or - for stdin."),
        )
    return answer(sys.stdin.read().removesuffix("\n") if text == "-" else text)


def text_of(value: Any) -> str:
    """A line's text, or a number as a sheet has it; anything else is refused."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        kinds = {dict: "{…}", list: "[…]", bool: str(value).lower(), type(None): "null"}
        shown = kinds[type(value)]
        raise Problem(
            "not-a-text",
            Say("a text in quotes is needed, not {shown}.", shown=shown),
        )
    return str(value)


@sms.verb(
    "measure",
    Say("Count characters and billed parts of a text."),
    "dispatcher sms measure 'Xin chào'",
)
@argument("text", required=False)
@option("--jsonl", say=Say("one JSON value per line (-)"))
def measure(terminal: TerminalContext, text: str | None, jsonl: str | None) -> None:
    from dispatcher.domain.sms import measure as count

    found = given(terminal, text, jsonl, lambda v: count(text_of(v)).__dict__)
    if found is None:
        return
    if terminal.json:
        terminal.emit(found)
    else:
        terminal.say(
            Say(
                "{encoding}: {length} characters = {parts} parts",
                encoding=found["encoding"],
                length=found["length"],
                parts=found["parts"],
            ),
        )
        _tell_costly(terminal, text)


def _tell_costly(terminal: TerminalContext, text: str | None) -> None:
    """Typographic punctuation that alone makes a text cost like an accented one."""
    from dispatcher.domain.sms import measure as count
    from dispatcher.domain.sms import tidy

    if text is None or text == "-":
        return
    plain, changed = tidy(text)
    before, after = count(text), count(plain)
    if changed and after.encoding != before.encoding:
        shown = "  ".join(f"{odd} → {new or '∅'}" for odd, new in changed.items())
        terminal.say(
            Say(
                "With {shown}: {length} characters = {parts} parts",
                shown=shown,
                length=after.length,
                parts=after.parts,
            ),
        )


@sms.verb(
    "unaccent",
    Say("Remove Vietnamese diacritics."),
    "dispatcher sms unaccent 'Đường Lạch Tray'",
)
@argument("text", required=False)
@option("--jsonl", say=Say("one JSON value per line (-)"))
def unaccent(terminal: TerminalContext, text: str | None, jsonl: str | None) -> None:
    from dispatcher.domain.sms import unaccent as strip

    found = given(terminal, text, jsonl, lambda v: {"text": strip(text_of(v))})
    if found is None:
        return
    if terminal.json:
        terminal.emit(found)
    else:
        terminal.say(found["text"])


@command(
    Say("Read a phone number as a sheet has it."),
    "dispatcher phone 951234567",
)
@argument("text", required=False)
@option("--jsonl", say=Say("one JSON value per line (-)"))
def phone(terminal: TerminalContext, text: str | None, jsonl: str | None) -> None:
    from dispatcher.domain.phone import read

    heads = _sample_heads(terminal)
    found = given(terminal, text, jsonl, lambda v: read(text_of(v), heads).as_json())
    if found is None:
        return
    if terminal.json:
        terminal.emit(found)
        return
    reading = read(found["input"], heads)
    why = reading.why()
    terminal.say(f"{reading.e164 or '—'}  {reading.type.value}  {reading.carrier or ''}".rstrip())
    if reading.repairs:
        terminal.say(Say("repaired: {repairs}", repairs=", ".join(reading.repairs)))
    if why:
        terminal.say(why)
    if reading.suggested:
        terminal.say(Say("perhaps {suggested}", suggested=reading.suggested))


def _sample_heads(terminal: TerminalContext) -> tuple[str, ...]:
    """The sample heads of the site we stand in; none outside a site."""
    try:
        return terminal.open_site().sample_heads
    except Problem as problem:
        if problem.code == "no-site" and terminal.site is None:
            return ()
        raise
