"""SpeedSMS.vn: SMS with a brandname, one text to up to a hundred numbers a call.

Facts: speedsms.vn/sms-api-service (read 2026-11) and two third-party clients of 2021 and later.
Basic authentication with the token as user and `x` as password. No idempotency key and no look-up
by our reference: a lost answer stays in doubt. The hundred numbers a call come from a third party,
so `batch` is a setting. A good answer may still list bad numbers, which were not taken.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

from dispatcher.domain import model
from dispatcher.domain.model import Channel, Fault, Receipt
from dispatcher.domain.sms import Profile
from dispatcher.gateways.contract import (
    Accepted,
    Answer,
    Asks,
    Call,
    Codes,
    Given,
    Heard,
    Limits,
    NoAnswer,
    Outgoing,
    Refused,
    Reply,
    SendResult,
    Sent,
    answered,
    e164,
    fault_table,
    local,
    read_object,
    whole,
    word,
)
from dispatcher.gateways.fields import HTTP, URL, AnyOptions, Options, Secret, known, setting
from dispatcher.gateways.structs import taken
from dispatcher.i18n import Say

PROFILE = Profile()  # 160/306/459, 122/268/421, 70/134/201 (resellers' pages, 2026-11)
BASE_URL = "https://api.speedsms.vn/index.php"
LIMITS = Limits(batch=100, per_second=10, in_flight=8)  # no rate is published
CODES = Codes(
    frozenset({"00"}),
    fault_table(account="007 008 009 300", recipient="105", content="101 110 113", unknown="500"),
)
ASKS = Asks(after=timedelta(minutes=10), look_back=timedelta(days=3), most=100)


class SpeedSmsOptions(Options, frozen=True):
    """[gateways.…] with `adapter = "speedsms"`."""

    access_token: Annotated[Secret | None, setting(Say("The account's access token"))] = None
    sms_type: Annotated[
        int,
        setting(
            Say(
                "3: a registered brandname; 2: a number; 4: the house brand",
            ),
            ge=1,
            le=9,
        ),
    ] = 3
    batch: Annotated[int, setting(Say("Most numbers a call"), ge=1, le=1000)] = LIMITS.batch
    base_url: Annotated[str, setting(Say("Address of the API"), looks=URL, pattern=HTTP)] = BASE_URL


OPTIONS = SpeedSmsOptions


class SpeedSms:
    """One access token. `sms_type`: 3 registered brandname, 2 a number, 4 the house brand."""

    channel = Channel.SMS
    asks = ASKS

    def __init__(self, given: Given) -> None:
        self.name, self._wire = given.name, given.wire
        self._options = taken(SpeedSmsOptions, given.options)
        self.limits = replace(LIMITS, batch=self._options.batch)
        self._base = self._options.base_url.rstrip("/")

    @property
    def _headers(self) -> dict[str, str]:
        token = base64.b64encode(f"{known(self._options.access_token)}:x".encode()).decode()
        return {"authorization": f"Basic {token}"}

    async def send(self, call_ref: str, batch: Sequence[Outgoing]) -> Sequence[SendResult]:
        payload = {
            "to": [local(m.to) for m in batch],
            "content": batch[0].body,
            "sms_type": self._options.sms_type,
            "sender": batch[0].sender,
        }
        answer = await self._wire.post(
            f"{self._base}/sms/send", json_body=payload, headers=self._headers
        )
        return _shared_out(answer, batch)

    async def balance(self) -> int | Refused:
        """Đồng left in the account."""
        found = answered(await self._wire.get(f"{self._base}/user/info", headers=self._headers))
        if isinstance(found, Refused):
            return found
        data = found.get("data")
        try:
            return int(float(word(data.get("balance")))) if isinstance(data, dict) else _told(found)
        except ValueError:
            return Refused(Fault.UNKNOWN, word(found.get("code")))

    async def ask(self, sent: Sequence[Sent]) -> Sequence[Receipt] | Refused:
        """Reports of calls, one question per transaction."""
        receipts: list[Receipt] = []
        for call in dict.fromkeys(s.provider_id for s in sent if s.provider_id):
            answer = await self._wire.get(f"{self._base}/sms/status/{call}", headers=self._headers)
            found = answered(answer)
            if isinstance(found, Refused):
                return found
            rows = found.get("data")
            for row in rows if isinstance(rows, list) else []:
                if isinstance(row, dict) and word(row.get("status")):
                    receipts.append(_receipt(call, row))
        return receipts

    def hear(self, call: Call) -> Heard:
        return read_receipt(call, self._options)


def build(given: Given) -> SpeedSms:
    return SpeedSms(given)


def read_answer(answer: Answer | NoAnswer, *, repeat: bool = True) -> list[SendResult]:
    """What an answer to a send means, apart from the numbers it lists as bad."""
    if isinstance(answer, Answer) and answer.status in (401, 404):  # a wrong token answers HTML
        return [Refused(Fault.ACCOUNT, str(answer.status))]
    found = answered(answer)
    if isinstance(found, Refused):
        return [found]
    data = found.get("data")
    provider_id = word(data.get("tranId")) if isinstance(data, dict) else ""
    if word(found.get("status")) == "success" and word(found.get("code")) in CODES.accepted:
        if provider_id:
            return [Accepted(provider_id)]
        return [Refused(Fault.UNKNOWN, "00", "accepted without an id")]
    return [_told(found)]


def _told(found: Mapping[str, Any]) -> Refused:
    code, message = word(found.get("code")), word(found.get("message"))[:200]
    if message.lower() == "sender not found":
        return Refused(Fault.ACCOUNT, code or "sender", message)
    return Refused(CODES.fault(code), code or "no code", message)


def _shared_out(answer: Answer | NoAnswer, batch: Sequence[Outgoing]) -> list[SendResult]:
    """One answer for the call, except for the numbers it names as bad."""
    [send_result] = read_answer(answer)
    found = read_object(answer.body) if isinstance(answer, Answer) else None
    data = found.get("data") if found else None
    listed = data.get("invalidPhone") if isinstance(data, dict) else None
    bad = {e164(word(n)) for n in listed} if isinstance(listed, list) else set()
    refused = Refused(Fault.RECIPIENT, "invalidPhone")
    return [
        refused if m.to in bad and isinstance(send_result, Accepted) else send_result for m in batch
    ]


def read_receipt(call: Call, options: AnyOptions) -> Heard:
    """A report (`type` report) or an incoming text (`type` incoming)."""
    event = read_object(call.body) or {}
    number = e164(word(event.get("phone")))
    if word(event.get("type")) == "incoming" and number:
        return Heard((), replies=(Reply(number, word(event.get("content"))),))
    if word(event.get("type")) == "report" and word(event.get("tranId")):
        return Heard((_receipt(word(event["tranId"]), event),))
    return Heard(())


def _receipt(call: str, row: Mapping[str, Any]) -> Receipt:
    """0 delivered, 1 to 63 not yet, 64 and above failed; one transaction covers many numbers."""
    status = word(row.get("status"))
    state = model.ReceiptFlags.ACCEPTED
    number = whole(status)
    if number is not None:
        state = model.ReceiptFlags.DELIVERED if number == 0 else state
        state = model.ReceiptFlags.FAILED if number >= 64 else state
    return Receipt(None, call, e164(word(row.get("phone"))), state, status)
