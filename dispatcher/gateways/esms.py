"""eSMS.vn (ViHAT): customer-care SMS with a brandname.

Facts: the vendor's developer pages, version of 2026-04-07. Base URL, fields and codes are theirs;
no sending rate is published, so ten a second is our own careful default.
`RequestId` is remembered for 24 hours: a repeat answers 124 (used) or 199 (being processed), which
proves that the first one was taken. Callbacks are unsigned GETs: the secret path guards the door.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from dispatcher import model
from dispatcher.gateways.contract import (
    Accepted,
    Answer,
    Call,
    Codes,
    Given,
    Heard,
    Limits,
    NoAnswer,
    Outgoing,
    Refused,
    Verdict,
    answered,
    e164,
    local,
    table,
    word,
)
from dispatcher.model import Channel, Fault

SETTINGS = ("api_key", "secret_key", "base_url", "sandbox")
SECRETS = ("api_key", "secret_key")
BASE_URL = "https://rest.esms.vn/MainService.svc/json"
LIMITS = Limits(per_second=10, in_flight=16, dedup_window=timedelta(hours=24))
CODES = Codes(
    frozenset({"100"}),
    table(
        account="101 102 103 104 140 143",
        recipient="99 108 852",
        content="107 110 115 118 120 146 163 201 204 210 300 301 687 789 790 791 799 801 802"
        " 851 853",
        carrier="177",
        busy="160",
    ),
)
OUR_OWN_REPEAT = frozenset({"124", "199"})


class Esms:
    """One account. `send` posts SendMultipleMessage_V4_post_json, one number a call."""

    channel = Channel.SMS

    def __init__(self, given: Given) -> None:
        self.name, self.limits = given.name, LIMITS
        self._options, self._wire, self._callback = given.options, given.wire, given.callback_url
        self._base = str(given.options.get("base_url", BASE_URL)).rstrip("/")

    async def send(self, call_ref: str, batch: Sequence[Outgoing]) -> Sequence[Verdict]:
        return [await self._send_one(message) for message in batch]

    async def _send_one(self, message: Outgoing) -> Verdict:
        payload = {
            "ApiKey": self._options["api_key"],
            "SecretKey": self._options["secret_key"],
            "Content": message.body,
            "Phone": local(message.to),
            "Brandname": message.sender,
            "SmsType": "2",
            "IsUnicode": "1" if message.accented else "0",
            "RequestId": message.reference,
            "campaignid": "dispatcher",
        }
        if self._callback:
            payload["CallbackUrl"] = self._callback
        if self._options.get("sandbox"):
            payload["Sandbox"] = "1"
        answer = await self._wire.post(
            f"{self._base}/SendMultipleMessage_V4_post_json/", json_body=payload
        )
        return read_answer(answer, repeat=message.repeat)[0]

    async def balance(self) -> int | Refused:
        """Đồng left in the account."""
        keys = {"ApiKey": self._options["api_key"], "SecretKey": self._options["secret_key"]}
        answer = await self._wire.post(f"{self._base}/GetBalance_json", json_body=keys)
        found = answered(answer)
        if isinstance(found, Refused):
            return found
        code = word(found.get("CodeResponse"))
        try:
            return int(float(word(found.get("Balance")))) if code == "100" else _refused(code, "")
        except ValueError:
            return Refused(Fault.UNKNOWN, code)

    def hear(self, call: Call) -> Heard:
        return read_receipt(call, self._options)


def build(given: Given) -> Esms:
    return Esms(given)


def read_answer(answer: Answer | NoAnswer, *, repeat: bool = True) -> list[Verdict]:
    """What an answer to a send means. `repeat`: our reference was on the wire before."""
    found = answered(answer)
    if isinstance(found, Refused):
        return [found]
    code = word(found.get("CodeResult"))
    if code in CODES.accepted and word(found.get("SMSID")):
        return [Accepted(word(found["SMSID"]))]
    if code in OUR_OWN_REPEAT and repeat:
        return [Accepted(word(found.get("SMSID")) or None)]
    if code in CODES.accepted:
        return [Refused(Fault.UNKNOWN, code, "accepted without an id")]
    return [_refused(code or "no code", word(found.get("ErrorMessage")))]


def _refused(code: str, detail: str) -> Refused:
    return Refused(CODES.fault(code), code, detail[:200])


def read_receipt(call: Call, options: Mapping[str, Any]) -> Heard:
    """A callback (GET). Counters count parts, not people; advertising callbacks name no number."""
    query = call.form()
    if not (query.get("SMSID") or query.get("RequestId")):
        return Heard(())
    number = query.get("phonenumber", "")
    receipt = model.Receipt(
        reference=query.get("RequestId") or None,
        provider_id=query.get("SMSID") or None,
        to=e164(number),
        state=_state(query),
        code=query.get("SendStatus", ""),
    )
    return Heard((receipt,))


def _state(query: Mapping[str, str]) -> model.Heard:
    status = query.get("SendStatus", "")
    good, bad = _count(query.get("SendSuccess")), _count(query.get("SendFailed"))
    if status == "4" or (status == "5" and bad > 0 and good == 0):
        return model.Heard.FAILED
    if status == "5" and good > 0 and bad == 0:
        return model.Heard.DELIVERED
    return model.Heard.ACCEPTED  # waiting, or finished without saying how: ask again later


def _count(value: str | None) -> int:
    return int(value) if value and value.strip().isdigit() else 0
