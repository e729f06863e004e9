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
from functools import lru_cache
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from dispatcher.domain import model
from dispatcher.domain.model import Channel, Fault, Receipt
from dispatcher.domain.problems import Problem, settings
from dispatcher.domain.spelled import Duration, Words
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
    SendResult,
    e164,
    http_trouble,
    read_object,
    whole,
)
from dispatcher.gateways.described import (
    AnswerRules,
    BasicSignIn,
    ReceiptRules,
)
from dispatcher.gateways.fields import (
    HTTP,
    URL,
    AnyOptions,
    Content,
    Options,
    Secret,
    UnfitSetting,
    known,
    setting,
)
from dispatcher.gateways.structs import taken
from dispatcher.i18n import Say

CODE = "gateway-description"  # what a wrong description is called
_WORD = re.compile(r"\{(\w+)(?:\.(\w+))?(?:\?([^:{}]*):([^{}]*))?\}")
_EACH = ("to", "reference", "body", "params")  # what differs between the messages of a call
_HEADS = {"84": "84", "+84": "+84", "0": "0"}


class DescribedOptions(Options, frozen=True):
    """[gateways.…] with `adapter = "http"`."""

    base_url: Annotated[
        str, setting(Say("Address of the API"), looks=URL, live=True, pattern=HTTP)
    ] = ""
    path: Annotated[str, setting(Say("The path after the address"))] = ""
    channel: Annotated[Channel, setting(Say("The channel it sends on"))] = Channel.SMS
    method: Annotated[Literal["POST", "GET"], setting(Say("The method of a call"))] = "POST"
    format: Annotated[
        Literal["json", "form", "query", "xml", "text"],
        setting(Say("How the body is written")),
    ] = "json"
    number: Annotated[Literal["84", "+84", "0"], setting(Say("How a number begins"))] = "84"
    join: Annotated[str, setting(Say("What stands between numbers"))] = ","
    headers: Annotated[dict[str, Secret], setting(Say("Headers of a call"))] = {}
    basic: Annotated[BasicSignIn | None, setting(Say("Basic authentication"))] = None
    body: Annotated[Content | None, setting(Say("What a call carries"), live=True)] = None
    batch: Annotated[int, setting(Say("Most numbers a call"), ge=1, le=10_000)] = 1
    at_least: Annotated[int, setting(Say("Fewest numbers a call"), ge=1, le=10_000)] = 1
    same_body: Annotated[bool, setting(Say("A call carries one text"))] = True
    one_carrier: Annotated[bool, setting(Say("A call carries one network"))] = False
    dedup_window: Annotated[
        Duration | None,
        setting(
            Say(
                "How long it is documented to refuse a repeated reference",
            )
        ),
    ] = None
    answer: Annotated[AnswerRules | None, setting(Say("What answers mean"), live=True)] = None
    receipt: Annotated[ReceiptRules | None, setting(Say("What reports mean"))] = None

    def __post_init__(self) -> None:
        if self.answer is None or not self.answer.sample or not self.answer.accepted:
            return
        sample = self.answer.sample.replace("{id}", "1").encode()
        for status in (200, 202):
            said = read_answer(Answer(status, {}, sample), options=self)
            if isinstance(said[0], Accepted):
                return
        raise UnfitSetting(
            "answer",
            Say(
                "answer.sample is not read as an acceptance by the rest of answer (see "
                "docs/gateways.md).",
            ),
        )


OPTIONS = DescribedOptions


class Described:
    """One account at a vendor we have no code for."""

    def __init__(self, given: Given) -> None:
        options = taken(DescribedOptions, given.options, CODE)
        check(given.name, options)
        self.name, self._options, self._wire = given.name, options, given.wire
        self._callback, self._drill = given.callback_url, given.drill
        self.channel = options.channel
        self.limits = Limits(
            batch=options.batch,
            at_least=options.at_least,
            same_body=options.same_body,
            one_carrier=options.one_carrier,
            dedup_window=options.dedup_window,
        )
        self._url = options.base_url.rstrip("/") + options.path

    async def send(self, call_ref: str, batch: Sequence[Outgoing]) -> Sequence[SendResult]:
        headers = self._headers()
        body = self._options.body
        content = self._filled(body.tree if body else "", call_ref, batch)
        if self._options.method == "GET":
            flat = {k: str(v) for k, v in dict(content).items()}
            answer = await self._wire.get_once(self._url, query=flat, headers=headers)
        elif self._options.format == "form":
            flat = {k: str(v) for k, v in dict(content).items()}
            answer = await self._wire.post(self._url, form=flat, headers=headers)
        elif self._options.format == "json":
            answer = await self._wire.post(self._url, json_body=content, headers=headers)
        else:
            kind = "text/xml" if self._options.format == "xml" else "text/plain"
            headers = {"content-type": f"{kind}; charset=utf-8", **headers}
            answer = await self._wire.post(self._url, content=content.encode(), headers=headers)
        [send_result] = read_answer(answer, options=self._options, repeat=batch[0].repeat)
        rules = self._options.answer
        listed = rules.refused_numbers if rules and isinstance(send_result, Accepted) else ""
        bad = refused_numbers(answer, listed)
        refused = Refused(Fault.RECIPIENT, "refused number")
        return [refused if m.to in bad else send_result for m in batch]

    def _headers(self) -> dict[str, str]:
        found = {k.lower(): v.fetch() for k, v in self._options.headers.items()}
        basic = self._options.basic
        if basic is not None:
            pair = f"{known(basic.user)}:{known(basic.password)}"
            found["authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        if self._drill and self._options.answer:  # our own twin answers what the vendor would
            found["x-drill"] = json.dumps([self.channel.value, self._options.answer.sample])
        return found

    def _filled(self, value: Any, call_ref: str, batch: Sequence[Outgoing]) -> Any:
        if isinstance(value, Mapping):
            return {k: self._filled(v, call_ref, batch) for k, v in value.items()}
        if isinstance(value, list):
            if len(value) == 1 and _differs(value[0]):
                return [self._filled(value[0], call_ref, [m]) for m in batch]
            return [self._filled(v, call_ref, batch) for v in value]
        if isinstance(value, Secret):
            return value.fetch()
        if not isinstance(value, str):
            return value
        join = self._options.join
        text = _escaped if self._options.format == "xml" else str

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
            words = {
                "body": first.body,
                "call_ref": call_ref,
                "sender": first.sender,
                "carrier": first.carrier or "",
                "template": first.template or "",
                "callback": self._callback,
            }
            return text(words.get(name, found[0]))

        return _WORD.sub(word, value)

    def _number(self, to: str) -> str:
        head = _HEADS[self._options.number]
        return head + to.removeprefix("+84") if to.startswith("+84") else to

    def hear(self, call: Call) -> Heard:
        return read_receipt(call, self._options)


def build(given: Given) -> Described:
    return Described(given)


def check(name: str, options: DescribedOptions) -> None:
    """Refuse a description that lacks what tells a yes from a no."""
    answer = options.answer or AnswerRules()
    lacking = [f"answer.{key}" for key in ("accepted", "sample") if not getattr(answer, key)]
    if lacking:
        names = ", ".join(lacking)
        raise settings(
            CODE,
            Say(
                "The description of gateway “{name}” lacks: {names} (see docs/gateways.md).",
                name=name,
                names=names,
            ),
        )


def channel(options: AnyOptions) -> Channel:
    """The channel a description is for."""
    return taken(DescribedOptions, options, CODE).channel


def read_answer(
    answer: Answer | NoAnswer,
    *,
    options: AnyOptions | None = None,
    repeat: bool = True,
) -> list[SendResult]:
    """What an answer means by the description in `options`."""
    rules = taken(DescribedOptions, options or {}, CODE).answer
    if rules is None:
        raise Problem(
            "needs-description",
            Say("The http adapter needs its description in this site's settings."),
            exit_code=4,
        )
    if isinstance(answer, Answer) and str(answer.status) in rules.status:
        return [Refused(Fault(rules.status[str(answer.status)]), str(answer.status))]
    found = _read(answer, rules.format)
    if isinstance(found, Refused):
        return [found]
    code = _at(found, rules.code)
    detail = re.sub(r"\d{8,}", "…", _at(found, rules.detail))[:200]
    provider_id = _at(found, rules.id) if rules.id else None
    if _any(rules.accepted, code):
        if rules.id and not provider_id:
            return [Refused(Fault.UNKNOWN, code, "accepted without an id")]
        return [Accepted(provider_id)]
    if _any(rules.duplicate, code):
        return [Accepted(provider_id or None) if repeat else Refused(Fault.UNKNOWN, code, detail)]
    for fault, patterns in rules.faults.items():
        if _any(patterns, code):
            return [Refused(Fault(fault), code[:60], detail)]
    trouble = http_trouble(answer)
    return [trouble or Refused(Fault.UNKNOWN, code[:60] or "no code", detail)]


def refused_numbers(answer: Answer | NoAnswer, path: str) -> set[str | None]:
    """Numbers an acceptance lists as not taken, at a path of its JSON."""
    found = _read(answer, "json")
    if not path or isinstance(found, Refused):
        return set()
    value = _walk(found, path)
    return {e164(str(n)) for n in value} if isinstance(value, list) else set()


def read_receipt(call: Call, options: AnyOptions) -> Heard:
    """A report, by the description's `receipt` table; without one there are no reports."""
    rules = taken(DescribedOptions, options, CODE).receipt
    if rules is None:
        return Heard(())
    if rules.format == "query":
        found: Any = call.form()
    elif rules.format == "form":
        found = dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
    else:
        found = read_object(call.body) or {}
    reference = _at(found, rules.reference) or None
    provider_id = _at(found, rules.id) or None
    state = _at(found, rules.state)
    if not (reference or provider_id) or not state:
        return Heard(())
    heard = model.ReceiptFlags.ACCEPTED
    for meaning, patterns in (
        (model.ReceiptFlags.FAILED, rules.failed),
        (model.ReceiptFlags.DELIVERED, rules.delivered),
        (model.ReceiptFlags.READ, rules.read),
    ):
        if _any(patterns, state):
            heard = meaning
    to = e164(_at(found, rules.to))
    part, of = (whole(_at(found, at)) if at else None for at in (rules.part, rules.parts))
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


def _any(patterns: Words, value: str) -> bool:
    return bool(value) and any(_pattern(p).fullmatch(value) for p in patterns)


@lru_cache(maxsize=500)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


def _differs(value: Any) -> bool:
    """True when a list entry is one per message."""
    if isinstance(value, Mapping):
        return any(_differs(v) for v in value.values())
    return isinstance(value, str) and any(m[1] in _EACH for m in _WORD.finditer(value))


def _escaped(value: str) -> str:
    return escape(value, {'"': "&quot;"})
