"""Viettel SMS Brandname over SOAP (CcApi): wsCpMt for one, wsCpBatchMt for several.

Facts: a reseller's manual and WSDL stubs of 2019 in a government project, read 2026-11. An answer
is `result` 1, or words that say why not. No id comes back and there is no look-up: a lost answer
stays in doubt, unless our own repeat is called a DUPLICATE MESSAGE, which proves the first. How
many texts wsCpBatchMt may carry is not published: `batch` is a setting. Its items are told apart
by `requestID`, which must be a number: the place of the message in the call.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from dispatcher.domain.model import Channel, Fault
from dispatcher.domain.sms import Profile
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
    http_trouble,
    local,
    whole,
)
from dispatcher.gateways.fields import HTTP, URL, AnyOptions, Code, Options, Secret, known, setting
from dispatcher.gateways.structs import taken
from dispatcher.i18n import Say

PROFILE = Profile(forbidden="&")  # no & (reseller manual, 2026-11)
DRILL = {"cp_code": "DRILL"}
LIMITS = Limits(batch=1, same_body=False, per_second=10, in_flight=4)
NAMESPACE = "http://impl.bulkSms.ws/"
DUPLICATE = "duplicate message"
# The words a refusal begins with or contains, most telling first.
WORDS: tuple[tuple[str, Fault], ...] = (
    ("alias_invalid:telco", Fault.CARRIER),
    ("content_not_match_template", Fault.CONTENT),
    ("check content", Fault.CONTENT),
    ("check receiverid", Fault.RECIPIENT),
    ("unable to check telco", Fault.RECIPIENT),
    ("length of receiverid", Fault.RECIPIENT),
    ("authenticate:", Fault.ACCOUNT),
    ("check commandcode", Fault.ACCOUNT),
    ("check requestid", Fault.ACCOUNT),
    ("check userid", Fault.ACCOUNT),
    ("check serviceid: alias_invalid", Fault.ACCOUNT),
)


class ViettelOptions(Options, frozen=True):
    """[gateways.…] with `adapter = "viettel"`."""

    base_url: Annotated[
        str,
        setting(Say("Address of the CcApi"), looks=URL, live=True, pattern=HTTP),
    ] = ""
    cp_code: Annotated[Code, setting(Say("The CP code"), live=True)] = ""
    user: Annotated[Secret | None, setting(Say("The user"))] = None
    password: Annotated[Secret | None, setting(Say("The password"))] = None
    command_code: Annotated[Code, setting(Say("CommandCode"))] = "bulksms"
    batch: Annotated[int, setting(Say("Most messages a call"), ge=1, le=1000)] = LIMITS.batch


OPTIONS = ViettelOptions


class Viettel:
    """One CP account."""

    channel = Channel.SMS

    def __init__(self, given: Given) -> None:
        self.name, self._wire = given.name, given.wire
        self._options = taken(ViettelOptions, given.options)
        self._url = self._options.base_url
        self.limits = replace(LIMITS, batch=self._options.batch)

    async def send(self, call_ref: str, batch: Sequence[Outgoing]) -> Sequence[SendResult]:
        if len(batch) == 1:
            answer = await self._post(self._one(batch[0]))
            return read_answer(answer, repeat=batch[0].repeat)
        answer = await self._post(self._several(batch))
        return _several_answers(answer, batch)

    async def _post(self, operation: str) -> Answer | NoAnswer:
        envelope = (
            '<?xml version="1.0" encoding="utf-8"?>'
            '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
            f'xmlns:impl="{NAMESPACE}"><soapenv:Header/><soapenv:Body>{operation}'
            "</soapenv:Body></soapenv:Envelope>"
        )
        headers = {"content-type": "text/xml; charset=utf-8", "soapaction": '""'}
        return await self._wire.post(self._url, content=envelope.encode(), headers=headers)

    def _account(self) -> list[tuple[str, str]]:
        return [
            ("User", known(self._options.user)),
            ("Password", known(self._options.password)),
            ("CPCode", str(self._options.cp_code)),
        ]

    def _one(self, message: Outgoing) -> str:
        fields = [
            *self._account(),
            ("RequestID", "1"),
            ("UserID", local(message.to)),
            ("ReceiverID", local(message.to)),
            ("ServiceID", message.sender),
            ("CommandCode", str(self._options.command_code)),
            ("Content", message.body),
            ("ContentType", "1" if message.accented else "0"),
        ]
        return f"<impl:wsCpMt>{_elements(fields)}</impl:wsCpMt>"

    def _several(self, batch: Sequence[Outgoing]) -> str:
        account = [
            *self._account(),
            ("CommandCode", str(self._options.command_code)),
        ]
        items = "".join(
            "<requestMt>"
            + _elements(
                [
                    ("content", m.body),
                    ("contentType", "1" if m.accented else "0"),
                    ("receiverID", local(m.to)),
                    ("requestID", str(place)),
                    ("serviceID", m.sender),
                    ("userID", local(m.to)),
                ]
            )
            + "</requestMt>"
            for place, m in enumerate(batch, 1)
        )
        return f"<impl:wsCpBatchMt>{_elements(account)}{items}</impl:wsCpBatchMt>"


def _elements(fields: Sequence[tuple[str, str]]) -> str:
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields)


def build(given: Given) -> Viettel:
    return Viettel(given)


def read_answer(answer: Answer | NoAnswer, *, repeat: bool = True) -> list[SendResult]:
    """What an answer means: one result, or one per item of a batch in the order it lists them."""
    found = _body(answer)
    if isinstance(found, Refused):
        return [found]
    items = found.findall(".//responseMt")
    return [_send_result(item, repeat) for item in items or [found]]


def _several_answers(answer: Answer | NoAnswer, batch: Sequence[Outgoing]) -> list[SendResult]:
    """A result per message by the number we gave it; one nobody speaks of is in doubt."""
    found = _body(answer)
    if isinstance(found, Refused):
        return [found for _ in batch]
    items = found.findall(".//responseMt")
    if not items:  # the whole call was refused, or answered in words we do not know
        send_result = _send_result(found, repeat=False, result="errCode", message="errDesc")
        told = (
            Refused(Fault.UNKNOWN, "no items") if isinstance(send_result, Accepted) else send_result
        )
        return [told for _ in batch]
    by_place: dict[str, SendResult] = {}
    for item in items:
        place = (item.findtext("requestId") or "").strip()
        number = (whole(place) or 0) - 1
        if 0 <= number < len(batch):
            twice = place in by_place
            send_result = _send_result(item, batch[number].repeat)
            by_place[place] = Refused(Fault.UNKNOWN, "twice") if twice else send_result
    missing = Refused(Fault.UNKNOWN, "no answer for this one")
    return [by_place.get(str(place), missing) for place in range(1, len(batch) + 1)]


def _body(answer: Answer | NoAnswer) -> ElementTree.Element | Refused:
    """The SOAP body; a fault or anything unreadable proves nothing. No DTD is ever read."""
    if isinstance(answer, Answer) and b"<!" in answer.body:
        return Refused(Fault.UNKNOWN, str(answer.status), "not plain XML")
    if isinstance(answer, NoAnswer) or answer.status >= 300:
        trouble = http_trouble(answer)
        if trouble is not None:
            return trouble
    assert isinstance(answer, Answer)
    try:
        found = ElementTree.fromstring(answer.body)
    except (ElementTree.ParseError, ValueError, LookupError):
        return Refused(Fault.UNKNOWN, str(answer.status), "not XML")
    for node in found.iter():
        if node.tag.rpartition("}")[2] == "Fault":
            return Refused(Fault.UNKNOWN, "soap fault", (node.findtext("faultstring") or "")[:120])
    return found


def _send_result(
    node: ElementTree.Element, repeat: bool, result: str = "result", message: str = "message"
) -> SendResult:
    value = (node.findtext(f".//{result}") or "").strip()
    said = (node.findtext(f".//{message}") or "").strip()
    told = re.sub(r"\d{8,}", "…", said)[:160]
    if value == "1":
        return Accepted()
    words = said.lower()
    if DUPLICATE in words:
        return Accepted() if repeat else Refused(Fault.CONTENT, "DUPLICATE", told)
    for sign, fault in WORDS:
        if sign in words:
            return Refused(fault, value or "0", told)
    return Refused(Fault.UNKNOWN, value or "no result", told)


def read_receipt(call: Call, options: AnyOptions) -> Heard:
    """Viettel publishes no callbacks; failures are told in its daily report."""
    return Heard(())
