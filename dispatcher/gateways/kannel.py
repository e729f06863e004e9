"""Kannel: a site's own SMS gateway (bearerbox and smsbox) in front of a modem, SMPP or HTTP link.

Facts: Kannel 1.4.5 as Debian 12 ships it, run here in November 2026. `sendsms` answers in plain
words and gives no message id, so our reference travels in the `dlr-url` and comes back with every
report. It remembers nothing and cannot be asked: a lost answer stays in doubt until a report names
it. In a request with several recipients a malformed number is dropped without a word, and a text
of more parts than `max-messages` is cut without a word: neither is ever handed over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated
from urllib.parse import quote

from dispatcher.domain import model, sms
from dispatcher.domain.model import Channel, Fault, Receipt
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
    Reply,
    SendResult,
    e164,
    http_trouble,
    whole,
)
from dispatcher.gateways.fields import HTTP, URL, AnyOptions, Code, Options, Secret, known, setting
from dispatcher.gateways.structs import taken
from dispatcher.i18n import Say

LIMITS = Limits(batch=100, in_flight=8)
DLR_MASK = (
    "31"  # every report: delivered, not delivered, buffered, taken by the SMSC, refused by it
)
# The parameters of a report, in Kannel's escapes; `key` is ours.
DLR_QUERY = "status=%d&fid=%F&smsc=%i&meta=%A&ts=%t&dest=%p&key="
DELIVERED, NOT_DELIVERED, SMSC_REFUSED = 1, 2, 16
NUMBER = re.compile(r"\+[1-9]\d{8,14}")
ANSWERS: tuple[tuple[int, str, Fault], ...] = (
    (403, "authorization failed", Fault.ACCOUNT),
    (403, "not routable", Fault.ACCOUNT),
    (400, "missing receiver", Fault.RECIPIENT),
    (400, "denied by white- and/or black-lists", Fault.RECIPIENT),
    (400, "invalid content-type", Fault.ACCOUNT),
    (503, "temporal failure", Fault.BUSY),
)
_RESULT = re.compile(r"stat:(\w+)|err:(\w+)|NACK/([^:]{1,60})", re.IGNORECASE)


class KannelOptions(Options, frozen=True):
    """[gateways.…] with `adapter = "kannel"`."""

    base_url: Annotated[
        str,
        setting(Say("Address of the smsbox"), looks=URL, live=True, pattern=HTTP),
    ] = ""
    username: Annotated[Secret | None, setting(Say("The sendsms user"))] = None
    password: Annotated[Secret | None, setting(Say("That user's password"))] = None
    smsc: Annotated[Code, setting(Say("The SMSC that messages go through"))] = ""
    account: Annotated[Code, setting(Say("The name Kannel keeps in its log"))] = ""
    batch: Annotated[int, setting(Say("Most numbers a call"), ge=1, le=1000)] = LIMITS.batch
    max_parts: Annotated[
        int,
        setting(
            Say(
                "Kannel's max-messages: a longer text would be cut, so it is not sent",
            ),
            ge=1,
            le=255,
        ),
    ] = 10


OPTIONS = KannelOptions


class Kannel:
    """One `sendsms` user. A call carries one text to as many numbers as `batch` allows."""

    channel = Channel.SMS

    def __init__(self, given: Given) -> None:
        options = taken(KannelOptions, given.options)
        self.name, self._wire, self._callback = given.name, given.wire, given.callback_url
        self._options = options
        self.limits = replace(LIMITS, batch=options.batch)
        self._url = options.base_url.rstrip("/") + "/cgi-bin/sendsms"
        self._most = options.max_parts

    async def send(self, call_ref: str, batch: Sequence[Outgoing]) -> Sequence[SendResult]:
        known = [self._refusal(message) for message in batch]
        going = [m for m, refusal in zip(batch, known, strict=True) if refusal is None]
        if not going:
            return [r for r in known if r is not None]
        key = call_ref if len(batch) > 1 else batch[0].reference
        answer = await self._wire.get_once(self._url, query=self._query(key, going))
        [send_result] = read_answer(answer)
        taken_in_part = len(going) > 1 and isinstance(answer, Answer)
        if taken_in_part and isinstance(send_result, Refused) and send_result.fault is Fault.BUSY:
            send_result = Refused(Fault.UNKNOWN, send_result.code, send_result.detail)
        return [refusal or send_result for refusal in known]

    def _refusal(self, message: Outgoing) -> Refused | None:
        """What Kannel would drop or cut in silence."""
        if not NUMBER.fullmatch(message.to):
            return Refused(Fault.RECIPIENT, "bad number")
        if not message.body.strip():
            return Refused(Fault.CONTENT, "empty text")
        if sms.measure(message.body).parts > self._most:
            return Refused(Fault.CONTENT, "too long", f"more than {self._most} parts")
        return None

    def _query(self, key: str, batch: Sequence[Outgoing]) -> dict[str, str]:
        first = batch[0]
        query = {
            "username": known(self._options.username),
            "password": known(self._options.password),
            "from": first.sender,
            "to": " ".join(m.to for m in batch),
            "text": first.body,
            "charset": "UTF-8",
            "coding": "0" if sms.measure(first.body).encoding == "GSM-7" else "2",
        }
        more = {"smsc": self._options.smsc, "account": self._options.account}
        query |= {name: str(value) for name, value in more.items() if value}
        if self._callback:
            sign = "&" if "?" in self._callback else "?"
            query["dlr-mask"] = DLR_MASK
            query["dlr-url"] = f"{self._callback}{sign}{DLR_QUERY}{quote(key)}"
        return query

    def hear(self, call: Call) -> Heard:
        return read_receipt(call, self._options)


def build(given: Given) -> Kannel:
    return Kannel(given)


def read_answer(answer: Answer | NoAnswer, *, repeat: bool = True) -> list[SendResult]:
    """What an answer to `sendsms` means: 202 with a sentence, or a refusal with one."""
    if isinstance(answer, Answer):
        said = answer.body.decode("utf-8", "replace").strip()
        for status, words, fault in ANSWERS:
            if answer.status == status and words in said.lower():
                return [Refused(fault, str(status), said[:120])]
        if answer.status == 202 and re.match(r"[03]: ", said):
            return [Accepted()]
    trouble = http_trouble(answer)
    if trouble is None:
        assert isinstance(answer, Answer)
        trouble = Refused(Fault.UNKNOWN, str(answer.status), "not Kannel's words")
    return [trouble]


def read_receipt(call: Call, options: AnyOptions) -> Heard:
    """A report (our `key` in the query), or an incoming text (`from` and `text`).

    `status` is a field of bits: 1 delivered, 2 not delivered, 4 buffered, 8 taken by the SMSC,
    16 refused by it, 32 in between. So 34 is a text that expired, and 8 alone is no delivery.
    """
    query = call.form()
    key, status = query.get("key", ""), query.get("status", "")
    bits = whole(status)
    if key and bits is not None:
        to = e164(query.get("dest", ""))
        return Heard((Receipt(key, None, to, _state(bits), _code(query)),))
    sender = e164(query.get("from", ""))
    if sender and query.get("text"):
        return Heard((), replies=(Reply(sender, query["text"]),))
    return Heard(())


def _state(bits: int) -> model.ReceiptFlags:
    if bits & DELIVERED:
        return model.ReceiptFlags.DELIVERED
    if bits & (NOT_DELIVERED | SMSC_REFUSED):
        return model.ReceiptFlags.FAILED
    return model.ReceiptFlags.ACCEPTED


def _code(query: Mapping[str, str]) -> str:
    """The network's own word. The rest of `meta` may quote the text: it is not kept."""
    found = [next(filter(None, m)) for m in _RESULT.findall(query.get("meta", ""))]
    return " ".join([query.get("status", ""), *found])[:60]
