"""VNPT / VinaPhone SMS brandname: RQST/RPLY over JSON, one network a call.

Facts: clients quoting VNPT's manual (CenIT.Lib; a local-government tool of 2025), read 2026-11.
Text is never free: a registered template with parameters, which local governments register as one
big parameter. No message id comes back, so our REQID is the only handle; the bank's API alone
dedups by it, but the status call takes it, so a doubt can be looked up. How many numbers a call may
carry is not published: `batch` is a setting, one by default. Status 0 means sent, not delivered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Annotated

from dispatcher.domain.model import Channel, Fault, Kind
from dispatcher.domain.sms import Profile
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
    SendResult,
    answered,
    fault_table,
    local,
    word,
)
from dispatcher.gateways.fields import HTTP, URL, AnyOptions, Code, Options, Secret, known, setting
from dispatcher.gateways.structs import taken
from dispatcher.i18n import Say

PROFILE = Profile()  # 160/306/459, 122/268/421, 70/134/201 (resellers' pages, 2026-11)
DRILL = {"agent_id": "1", "username": "drill", "contract_id": "1", "labels": {"*": "1"},
         "template_id": "1"}  # fmt: skip
LIMITS = Limits(
    batch=1, one_carrier=True, per_second=10, in_flight=4, looks_up=timedelta(minutes=10)
)
CODES = Codes(
    frozenset({"0"}),
    fault_table(
        account="1 7 9 10 13 14 15 20 21 22 29 31 32",
        content="2 3 11 17 24 27 28 30 101",
        carrier="25",
        recipient="26",
        later="8 12",
        busy="16",
    ),
)
TAKEN = frozenset({"0", "1", "2", "3", "4", "5"})  # states of a call the vendor knows
_SPECIAL = str.maketrans({"&": " va ", "<": "(", ">": ")", '"': " ", "'": " "})


class VnptOptions(Options, frozen=True):
    """[gateways.…] with `adapter = "vnpt"`."""

    base_url: Annotated[
        str, setting(Say("Address of the API"), looks=URL, live=True, pattern=HTTP)
    ] = ""
    agent_id: Annotated[Code, setting(Say("AGENTID"), live=True)] = ""
    username: Annotated[Code, setting(Say("USERNAME"), live=True)] = ""
    contract_id: Annotated[Code, setting(Say("CONTRACTID"), live=True)] = ""
    labels: Annotated[
        dict[str, Code],
        setting(
            Say(
                'The label id of each brandname; "*" for all others',
            ),
            live=True,
        ),
    ] = {}
    template_id: Annotated[Code, setting(Say("TEMPLATEID"), live=True)] = ""
    api_user: Annotated[Secret | None, setting(Say("APIUSER"))] = None
    api_pass: Annotated[Secret | None, setting(Say("APIPASS"))] = None
    order_id: Annotated[Code, setting(Say("SALEORDERID"))] = ""
    package_id: Annotated[Code, setting(Say("PACKAGEID"))] = ""
    batch: Annotated[int, setting(Say("Most numbers a call"), ge=1, le=1000)] = LIMITS.batch


OPTIONS = VnptOptions


class Vnpt:
    """One agent account."""

    channel = Channel.SMS

    def __init__(self, given: Given) -> None:
        self.name, self._wire = given.name, given.wire
        self._options = taken(VnptOptions, given.options)
        self._url = self._options.base_url
        self.limits = replace(LIMITS, batch=self._options.batch)

    async def send(self, call_ref: str, batch: Sequence[Outgoing]) -> Sequence[SendResult]:
        first = batch[0]
        labels = self._options.labels
        label = labels.get(first.sender, labels.get("*"))
        if label is None:
            return [Refused(Fault.ACCOUNT, "no label", f"labels: {first.sender}") for _ in batch]
        params = list(first.params.values()) or [first.body]
        request = {
            "name": "send_sms_list",
            "REQID": call_ref if len(batch) > 1 else first.reference,
            "LABELID": str(label),
            "CONTRACTTYPEID": "2" if first.kind is Kind.PROMOTION else "1",
            "CONTRACTID": str(self._options.contract_id),
            "TEMPLATEID": first.template or str(self._options.template_id),
            "PARAMS": [
                {"NUM": str(i), "CONTENT": " ".join(text.translate(_SPECIAL).split(" "))}
                for i, text in enumerate(params, 1)
            ],
            "SCHEDULETIME": "",
            "MOBILELIST": ",".join(local(m.to) for m in batch),
            "ISTELCOSUB": "0",
            "DATACODING": "8" if first.accented else "0",
            "SALEORDERID": str(self._options.order_id),
            "PACKAGEID": str(self._options.package_id),
            **self._who(),
        }
        [send_result] = read_answer(await self._wire.post(self._url, json_body={"RQST": request}))
        if isinstance(send_result, Refused) and send_result.code == "23":
            fault = Fault.RECIPIENT if len(batch) == 1 else Fault.CARRIER
            send_result = Refused(fault, "23", send_result.detail)
        return [send_result for _ in batch]

    def _who(self) -> dict[str, str]:
        return {
            "AGENTID": str(self._options.agent_id),
            "APIUSER": known(self._options.api_user),
            "APIPASS": known(self._options.api_pass),
            "USERNAME": str(self._options.username),
        }

    async def look_up(self, reference: str) -> SendResult | None:
        """What became of our REQID. What the vendor answers for one it never saw is unpublished,
        so only a known state proves anything."""
        request = {
            "name": "get_sms_status_api",
            "REQID": reference,
            "CONTRACTID": str(self._options.contract_id),
            "TEMPLATEID": str(self._options.template_id),
            **self._who(),
        }
        found = answered(await self._wire.post(self._url, json_body={"RQST": request}))
        if isinstance(found, Refused):
            return found
        reply = found.get("RPLY")
        status = word(reply.get("STATUS")) if isinstance(reply, dict) else ""
        if status in TAKEN:
            return Accepted()
        return Refused(Fault.UNKNOWN, status or "no status")


def build(given: Given) -> Vnpt:
    return Vnpt(given)


def read_answer(answer: Answer | NoAnswer, *, repeat: bool = True) -> list[SendResult]:
    """What an answer to `send_sms_list` means."""
    found = answered(answer)
    if isinstance(found, Refused):
        return [found]
    reply = found.get("RPLY")
    if not isinstance(reply, dict):
        return [Refused(Fault.UNKNOWN, "no RPLY")]
    code, detail = word(reply.get("ERROR")), word(reply.get("ERROR_DESC"))[:200]
    if code in CODES.accepted:
        return [Accepted()]
    if code == "23":  # several networks, or a bad number: `send` knows which
        return [Refused(Fault.RECIPIENT, code, detail)]
    if code == "33" and repeat:  # the bank's API says so of our own repeat
        return [Accepted()]
    return [Refused(CODES.fault(code), code or "no code", _no_number(detail))]


def _no_number(detail: str) -> str:
    return re.sub(r"\d{8,}", "…", detail)


def read_receipt(call: Call, options: AnyOptions) -> Heard:
    """VNPT publishes no callbacks."""
    return Heard(())
