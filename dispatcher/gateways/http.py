"""A vendor described in dispatcher.toml: URL, body, and what its answers and reports mean.

`docs/gateways.md` shows the description of two real vendors, which a test reads. Words in braces
are filled in: {to} {body} {reference} {call_ref} {sender} {carrier} {template} {callback}
{params.NAME} {accented?YES:NO}. In a call with several recipients a list of one entry is repeated
for each of them, and {to} in a plain string becomes all numbers joined by `join`.
Codes are regular expressions that must match the whole code; what none of them matches is unknown.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from dispatcher.domain import model
from dispatcher.domain.model import Channel, Fault, Receipt
from dispatcher.domain.problems import Problem, settings
from dispatcher.gateways.contract import (
    Accepted,
    Answer,
    Call,
    Given,
    Heard,
    Limits,
    NoAnswer,
    Outgoing,
    Refused,
    Verdict,
    e164,
    http_trouble,
    read_object,
    whole,
)
from dispatcher.i18n import Say

SETTINGS = ("channel", "base_url", "path", "method", "format", "number", "join", "headers", "basic",
            "body", "batch", "at_least", "same_body", "one_carrier", "dedup_window", "answer",
            "receipt")  # fmt: skip
SECRETS = ()
TABLES = ("headers", "basic", "body", "answer", "receipt")  # secrets may stand inside
REQUIRED = ("base_url", "body", "answer")
FORMATS = ("json", "form", "query", "xml", "text")
_KEYS = {
    "answer": {"format", "code", "accepted", "duplicate", "id", "detail", "refused_numbers",
               "status", "faults", "sample"},
    "receipt": {"format", "reference", "id", "to", "state", "delivered", "read", "failed",
                "part", "parts"},
    "basic": {"user", "password"},
}  # fmt: skip
_WORD = re.compile(r"\{(\w+)(?:\.(\w+))?(?:\?([^:{}]*):([^{}]*))?\}")
_EACH = ("to", "reference", "body", "params")  # what differs between the messages of a call
_NUMBERS = {"84": "84", "+84": "+84", "0": "0"}


class Described:
    """One account at a vendor we have no code for."""

    def __init__(self, given: Given) -> None:
        options = given.options
        check(given.name, options)
        self.name, self._options, self._wire = given.name, options, given.wire
        self._callback = given.callback_url
        self.channel = channel(options)
        window = options.get("dedup_window")
        self.limits = Limits(
            batch=int(options.get("batch", 1)),
            at_least=int(options.get("at_least", 1)),
            same_body=bool(options.get("same_body", True)),
            one_carrier=bool(options.get("one_carrier", False)),
            dedup_window=_hours(str(window)) if window else None,
        )
        self._url = str(options["base_url"]).rstrip("/") + str(options.get("path", ""))

    async def send(self, call_ref: str, batch: Sequence[Outgoing]) -> Sequence[Verdict]:
        headers = self._headers()
        content = self._filled(self._options["body"], call_ref, batch)
        if self._options.get("method", "POST") == "GET":
            flat = {k: str(v) for k, v in dict(content).items()}
            answer = await self._wire.get_once(self._url, query=flat, headers=headers)
        elif self._format == "form":
            flat = {k: str(v) for k, v in dict(content).items()}
            answer = await self._wire.post(self._url, form=flat, headers=headers)
        elif self._format == "json":
            answer = await self._wire.post(self._url, json_body=content, headers=headers)
        else:
            kind = "text/xml" if self._format == "xml" else "text/plain"
            headers = {"content-type": f"{kind}; charset=utf-8", **headers}
            answer = await self._wire.post(self._url, content=content.encode(), headers=headers)
        [verdict] = read_answer(answer, options=self._options, repeat=batch[0].repeat)
        bad = refused_numbers(answer, self._options) if isinstance(verdict, Accepted) else set()
        refused = Refused(Fault.RECIPIENT, "refused number")
        return [refused if m.to in bad else verdict for m in batch]

    @property
    def _format(self) -> str:
        return str(self._options.get("format", "json"))

    def _headers(self) -> dict[str, str]:
        found = {k.lower(): str(v) for k, v in dict(self._options.get("headers", {})).items()}
        basic = self._options.get("basic")
        if basic:
            pair = f"{basic.get('user', '')}:{basic.get('password', '')}"
            found["authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        if self._options.get("drill"):  # our own twin answers what the vendor would
            found["x-drill"] = json.dumps([self.channel.value, self._options["answer"]["sample"]])
        return found

    def _filled(self, value: Any, call_ref: str, batch: Sequence[Outgoing]) -> Any:
        if isinstance(value, Mapping):
            return {k: self._filled(v, call_ref, batch) for k, v in value.items()}
        if isinstance(value, list):
            if len(value) == 1 and _differs(value[0]):
                return [self._filled(value[0], call_ref, [m]) for m in batch]
            return [self._filled(v, call_ref, batch) for v in value]
        if not isinstance(value, str):
            return value
        join = str(self._options.get("join", ","))
        text = _escaped if self._format in ("xml",) else str

        def word(found: re.Match[str]) -> str:
            name, inner, yes, no = found.groups()
            if name == "to":
                return text(join.join(self._number(m.to) for m in batch))
            first = batch[0]
            if name == "reference":
                return first.reference if len(batch) == 1 else call_ref
            if name == "accented":
                return text((yes or "") if first.accented else (no or ""))
            if name == "params":
                return text(first.params.get(inner or "", ""))
            known = {
                "body": first.body,
                "call_ref": call_ref,
                "sender": first.sender,
                "carrier": first.carrier or "",
                "template": first.template or "",
                "callback": self._callback,
            }
            return text(known.get(name, found[0]))

        return _WORD.sub(word, value)

    def _number(self, to: str) -> str:
        head = _NUMBERS[str(self._options.get("number", "84"))]
        return head + to.removeprefix("+84") if to.startswith("+84") else to

    def hear(self, call: Call) -> Heard:
        return read_receipt(call, self._options)


def build(given: Given) -> Described:
    return Described(given)


def channel(options: Mapping[str, Any]) -> Channel:
    """The channel a description is for."""
    return Channel(options.get("channel", "sms"))


def check(name: str, options: Mapping[str, Any]) -> None:
    """Everything that is wrong with a description, in one problem."""
    wrong: list[str] = []
    for key, known in _KEYS.items():
        wrong += [f"{key}.{k}" for k in dict(options.get(key) or {}) if k not in known]
    answer = dict(options.get("answer") or {})
    for key, choices in (("format", FORMATS), ("method", ("POST", "GET")), ("number", _NUMBERS)):
        if str(options.get(key, next(iter(choices)))) not in choices:
            wrong.append(key)
    if options.get("channel", "sms") not in [c.value for c in Channel]:
        wrong.append("channel")
    wrong += [f"answer.{k}" for k in ("accepted", "sample") if not answer.get(k)]
    wrong += [
        f"answer.faults.{f}" for f in dict(answer.get("faults") or {}) if f not in list(Fault)
    ]
    patterns = [*_list(answer.get("accepted")), *_list(answer.get("duplicate"))]
    for found in dict(answer.get("faults") or {}).values():
        patterns += _list(found)
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error:
            wrong.append(f"answer: {pattern}")
    if not wrong:
        sample = str(answer["sample"]).replace("{id}", "1").encode()
        for status in (200, 202):
            said = read_answer(Answer(status, {}, sample), options=options)
            if isinstance(said[0], Accepted):
                return
        wrong.append("answer.sample")
    names = ", ".join(dict.fromkeys(wrong))
    raise settings(
        "gateway-description",
        Say(
            "The description of gateway “{name}” is wrong at: {names} (see docs/gateways.md).",
            name=name,
            names=names,
        ),
    )


def read_answer(
    answer: Answer | NoAnswer, *, options: Mapping[str, Any] | None = None, repeat: bool = True
) -> list[Verdict]:
    """What an answer means by the description in `options`."""
    if not options:
        raise Problem(
            "needs-description",
            Say("The http adapter needs its description in this site's settings."),
            exit_code=4,
        )
    rules = dict(options.get("answer") or {})
    if isinstance(answer, Answer):
        named = dict(rules.get("status") or {}).get(str(answer.status))
        if named:
            return [Refused(Fault(named), str(answer.status))]
    found = _read(answer, str(rules.get("format", "json")))
    if isinstance(found, Refused):
        return [found]
    code = _at(found, str(rules.get("code", "")))
    detail = re.sub(r"\d{8,}", "…", _at(found, str(rules.get("detail", ""))))[:200]
    provider_id = _at(found, str(rules["id"])) if rules.get("id") else None
    if _any(rules.get("accepted"), code):
        if rules.get("id") and not provider_id:
            return [Refused(Fault.UNKNOWN, code, "accepted without an id")]
        return [Accepted(provider_id)]
    if _any(rules.get("duplicate"), code):
        return [Accepted(provider_id or None) if repeat else Refused(Fault.UNKNOWN, code, detail)]
    for fault, patterns in dict(rules.get("faults") or {}).items():
        if _any(patterns, code):
            return [Refused(Fault(fault), code[:60], detail)]
    trouble = http_trouble(answer)
    return [trouble or Refused(Fault.UNKNOWN, code[:60] or "no code", detail)]


def refused_numbers(answer: Answer | NoAnswer, options: Mapping[str, Any]) -> set[str | None]:
    """Numbers an acceptance lists as not taken."""
    path = dict(options.get("answer") or {}).get("refused_numbers")
    found = _read(answer, "json")
    if not path or isinstance(found, Refused):
        return set()
    value = _walk(found, str(path))
    return {e164(str(n)) for n in value} if isinstance(value, list) else set()


def read_receipt(call: Call, options: Mapping[str, Any]) -> Heard:
    """A report, by the description's `receipt` table; without one there are no reports."""
    rules = dict(options.get("receipt") or {})
    if not rules:
        return Heard(())
    if rules.get("format", "query") == "query":
        found: Any = call.form()
    elif rules["format"] == "form":
        found = dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
    else:
        found = read_object(call.body) or {}
    reference = _at(found, str(rules.get("reference", ""))) or None
    provider_id = _at(found, str(rules.get("id", ""))) or None
    state = _at(found, str(rules.get("state", "")))
    if not (reference or provider_id) or not state:
        return Heard(())
    heard = model.Heard.ACCEPTED
    for name in ("failed", "delivered", "read"):
        if _any(rules.get(name), state):
            heard = model.Heard[name.upper()]
    to = e164(_at(found, str(rules.get("to", ""))))
    part, of = (whole(_at(found, str(rules.get(name, "")))) if rules.get(name) else None
                for name in ("part", "parts"))  # fmt: skip
    return Heard((Receipt(reference, provider_id, to, heard, state[:60], part, of),))


def _read(answer: Answer | NoAnswer, kind: str) -> Any:
    """The answer as something paths and patterns can be applied to, or what HTTP alone proves."""
    if isinstance(answer, NoAnswer) or kind == "json":
        found = read_object(answer.body) if isinstance(answer, Answer) else None
        if found is not None:
            return found
        return http_trouble(answer) or Refused(Fault.UNKNOWN, "not JSON")
    return answer.body.decode("utf-8", "replace").strip()


def _at(found: Any, place: str) -> str:
    """What lies at a path of JSON, or what a pattern's group finds in a text; empty if nothing."""
    if not place:
        return found[:120] if isinstance(found, str) else ""
    if isinstance(found, str):
        match = _pattern(place).search(found)
        return (match[1] if match.re.groups else match[0]).strip() if match else ""
    value = _walk(found, place)
    return value.strip() if isinstance(value, str) else ""


def _walk(found: Any, path: str) -> Any:
    for key in path.split("."):
        if isinstance(found, Mapping):
            found = found.get(key)
        elif isinstance(found, list) and key.isascii() and key.isdigit() and int(key) < len(found):
            found = found[int(key)]
        else:
            return None
    return found


def _any(patterns: Any, value: str) -> bool:
    return bool(value) and any(_pattern(p).fullmatch(value) for p in _list(patterns))


@lru_cache(maxsize=500)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


def _list(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(v) for v in value] if isinstance(value, list | tuple) else [str(value)]


def _differs(value: Any) -> bool:
    """True when a list entry is one per message."""
    if isinstance(value, Mapping):
        return any(_differs(v) for v in value.values())
    return isinstance(value, str) and any(m[1] in _EACH for m in _WORD.finditer(value))


def _escaped(value: str) -> str:
    return escape(value, {'"': "&quot;"})


def _hours(text: str) -> timedelta:
    units = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
    found = re.fullmatch(r"(\d+)([smhd])", text)
    if found is None:
        raise settings(
            "gateway-description",
            Say("dedup_window takes 24h, not “{text}”.", text=text),
        )
    return timedelta(**{units[found[2]]: int(found[1])})
