"""eSMS.vn (ViHAT): customer-care SMS, advertising SMS, and Zalo templates through the same account.

Facts: the vendor's developer pages, version of 2026-04-07. Base URL, fields and codes are theirs;
no sending rate is published, so ten a second is our own careful default. `service` says what one
gateway does: "care" (one number a call), "ads" (30 to 5,000 numbers a call, one text), "zns" (one
Zalo template a call) or "zns-bulk" (up to 500, each with its own parameters, by place).

`RequestId` is remembered for 24 hours: a repeat answers 124 (used) or 199 (being processed), which
proves that the first one was taken. Callbacks are unsigned GETs: the secret path guards the door.
An advertising callback speaks of a whole call, so the numbers are pulled one by one afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal

from dispatcher.domain import model
from dispatcher.domain.model import Channel, Fault, Receipt
from dispatcher.domain.sms import Profile
from dispatcher.gateways import esms_reports
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
    SendResult,
    Sent,
    VendorTemplate,
    answered,
    e164,
    fault_table,
    local,
    word,
)
from dispatcher.gateways.fields import HTTP, URL, AnyOptions, Code, Options, Secret, known, setting
from dispatcher.gateways.structs import taken
from dispatcher.i18n import Say

PROFILE = Profile()  # 160/306/459, 122/268/421, 70/134/201 (resellers' pages, 2026-11)
BASE_URL = "https://rest.esms.vn/MainService.svc/json"
DAY = timedelta(hours=24)
LIMITS = Limits(per_second=10, in_flight=16, dedup_window=DAY)
SERVICES: Mapping[str, Limits] = {
    "care": LIMITS,
    "ads": Limits(batch=5000, at_least=30, per_second=None, in_flight=2, dedup_window=DAY),
    "zns": LIMITS,
    "zns-bulk": Limits(batch=500, same_body=False, in_flight=2, dedup_window=DAY),
}
# SmsType of each service in the status calls: 2 care, 1 advertising, 25 Zalo.
SMS_TYPE = {"care": "2", "ads": "1", "zns": "25", "zns-bulk": "25"}
ASKS = Asks(
    after=timedelta(minutes=10), look_back=timedelta(days=6, hours=12), most=500, by_text=True
)
CODES = Codes(
    frozenset({"100"}),
    fault_table(
        account="101 102 103 104 140 143",
        recipient="99 108 852",
        content="107 110 115 118 120 146 163 201 204 210 300 301 687 789 790 791 799 801 802"
        " 851 853",
        carrier="177",
        busy="160",
    ),
)
OUR_OWN_REPEAT = frozenset({"124", "199"})


class EsmsOptions(Options, frozen=True):
    """[gateways.…] with `adapter = "esms"`."""

    api_key: Annotated[Secret | None, setting(Say("The ApiKey"))] = None
    secret_key: Annotated[Secret | None, setting(Say("The SecretKey"))] = None
    service: Annotated[
        Literal["care", "ads", "zns", "zns-bulk"],
        setting(
            Say(
                "care: customer care; ads: advertising; zns, zns-bulk: Zalo templates",
            )
        ),
    ] = "care"
    oa_id: Annotated[Code, setting(Say("The Zalo OA, for zns and zns-bulk"))] = ""
    keys_in_url: Annotated[
        bool,
        setting(
            Say(
                "Calls that want the keys in the address may be made",
            )
        ),
    ] = False
    sandbox: Annotated[
        bool,
        setting(Say("eSMS's own trial: nothing is sent")),
    ] = False
    sms_type: Annotated[Code, setting(Say("No longer used"))] = ""
    base_url: Annotated[str, setting(Say("Address of the API"), looks=URL, pattern=HTTP)] = BASE_URL


OPTIONS = EsmsOptions


def channel(options: AnyOptions) -> Channel:
    """SMS, or Zalo for the template services."""
    service = taken(EsmsOptions, options).service
    return Channel.ZALO if service.startswith("zns") else Channel.SMS


class Esms:
    """One account and one of its services."""

    asks = ASKS

    def __init__(self, given: Given) -> None:
        self.name, self._wire, self._callback = given.name, given.wire, given.callback_url
        self._options = taken(EsmsOptions, given.options)
        self._service = self._options.service
        self.limits, self.channel = SERVICES[self._service], channel(self._options)
        self._base = self._options.base_url.rstrip("/")

    async def send(self, call_ref: str, batch: Sequence[Outgoing]) -> Sequence[SendResult]:
        repeat = batch[0].repeat
        match self._service:
            case "ads":
                reference = call_ref if len(batch) > 1 else batch[0].reference
                [send_result] = read_answer(
                    await self._post("SendMultipleSMSBrandname_json/", self._ads(reference, batch)),
                    repeat=repeat,
                )
                return [send_result for _ in batch]
            case "zns-bulk":
                answer = await self._post("Send_zns_bulk_v4_post_json/", self._bulk(batch))
                return _each(answer, batch)
            case "zns":
                path, payload = "SendZaloMessage_V6/", self._zns
            case _:
                path, payload = "SendMultipleMessage_V4_post_json/", self._care
        return [read_answer(await self._post(path, payload(m)), repeat=m.repeat)[0] for m in batch]

    async def _post(self, path: str, payload: Mapping[str, Any]) -> Answer | NoAnswer:
        return await self._wire.post(f"{self._base}/{path}", json_body={**self._keys, **payload})

    @property
    def _keys(self) -> dict[str, str]:
        return {
            "ApiKey": known(self._options.api_key),
            "SecretKey": known(self._options.secret_key),
        }

    def _common(self, reference: str) -> dict[str, Any]:
        found: dict[str, Any] = {"RequestId": reference, "campaignid": "dispatcher"}
        if self._callback:
            found["CallbackUrl"] = self._callback
        if self._options.sandbox:
            found["Sandbox"] = "1"
        return found

    def _care(self, message: Outgoing) -> dict[str, Any]:
        return {
            "Content": message.body,
            "Phone": local(message.to),
            "Brandname": message.sender,
            "SmsType": "2",
            "IsUnicode": "1" if message.accented else "0",
            **self._common(message.reference),
        }

    def _ads(self, reference: str, batch: Sequence[Outgoing]) -> dict[str, Any]:
        return {
            "Phones": [local(m.to) for m in batch],
            "Content": batch[0].body,
            "Brandname": batch[0].sender,
            "SmsType": "1",
            "IsUnicode": "1" if batch[0].accented else "0",
            **self._common(reference),
        }

    def _zns(self, message: Outgoing) -> dict[str, Any]:
        return {
            "Phone": local(message.to),
            "OAID": str(self._options.oa_id),
            "TempID": message.template or "",
            "TempData": dict(message.params),
            "SendingMode": "1",
            **self._common(message.reference),
        }

    def _bulk(self, batch: Sequence[Outgoing]) -> dict[str, Any]:
        found = self._common(batch[0].reference)
        del found["RequestId"]
        return {
            "OAID": str(self._options.oa_id),
            "TempID": batch[0].template or "",
            "SendingMode": "1",
            "Data": [
                {
                    "Phone": local(m.to),
                    "RequestId": m.reference,
                    "Params": list(m.params.values()),
                }
                for m in batch
            ],
            **found,
        }

    async def balance(self) -> int | Refused:
        """Đồng left in the account."""
        found = answered(await self._post("GetBalance_json", {}))
        if isinstance(found, Refused):
            return found
        code = word(found.get("CodeResponse"))
        try:
            return int(float(word(found.get("Balance")))) if code == "100" else _refused(code, "")
        except ValueError:
            return Refused(Fault.UNKNOWN, code)

    async def templates(self, sender: str) -> Sequence[VendorTemplate] | Refused:
        """The care templates registered for a brandname, one list per network."""
        found = answered(await self._post("GetTemplate/", {"SmsType": "2", "Brandname": sender}))
        if isinstance(found, Refused):
            return found
        rows = found.get("BrandnameTemplates")
        if not isinstance(rows, list):
            code = word(found.get("CodeResult")) or word(found.get("CodeResponse"))
            return _refused(code or "no code", word(found.get("ErrorMessage")))
        return [
            VendorTemplate(
                word(row.get("TempId")),
                word(row.get("TempContent")),
                "enabled",
                NETWORKS.get(word(row.get("NetworkID"))),
            )
            for row in rows
            if isinstance(row, dict)
        ]

    async def ask(self, sent: Sequence[Sent]) -> Sequence[Receipt] | Refused:
        """What the account's own log says of these, then one by one what it leaves out."""
        rows = await esms_reports.log(self._post, SMS_TYPE[self._service], sent)
        if isinstance(rows, Refused):
            return rows
        receipts = esms_reports.of_log(rows, sent)
        told = {r.provider_id for r in receipts}
        ids = list(dict.fromkeys(s.provider_id for s in sent if s.provider_id))
        get = self._get if self._options.keys_in_url else None
        return receipts + await esms_reports.by_id(
            self._service, self._post, get, [i for i in ids if i not in told]
        )

    async def senders(self) -> Sequence[tuple[str, str]] | Refused:
        """The account's brandnames and what each may send."""
        if not self._options.keys_in_url:
            return Refused(Fault.ACCOUNT, "keys_in_url", "eSMS lists them only that way")
        keys = "/".join(self._keys.values())
        return esms_reports.brandnames(
            answered(await self._wire.get(f"{self._base}/GetListBrandname/{keys}"))
        )

    async def _get(self, path: str, query: Mapping[str, str]) -> Answer | NoAnswer:
        return await self._wire.get(f"{self._base}/{path}", query={**query, **self._keys})

    def hear(self, call: Call) -> Heard:
        return read_receipt(call, self._options)


NETWORKS = {
    "1": "Viettel",
    "2": "MobiFone",
    "3": "VinaPhone",
    "4": "Vietnamobile",
    "5": "Gtel",
    "6": "Itel",
    "7": "Reddi",
}


def build(given: Given) -> Esms:
    return Esms(given)


def read_answer(answer: Answer | NoAnswer, *, repeat: bool = True) -> list[SendResult]:
    """What an answer to a send means: one result, or one per item of a bulk answer.

    `repeat`: our reference was on the wire before.
    """
    found = answered(answer)
    if isinstance(found, Refused):
        return [found]
    details = found.get("detail")
    if isinstance(details, list) and details:
        return [_send_result(d, repeat) if isinstance(d, dict) else _NO_ITEM for d in details]
    return [_send_result(found, repeat)]


_NO_ITEM = Refused(Fault.UNKNOWN, "no answer for this one")


def _send_result(found: Mapping[str, Any], repeat: bool) -> SendResult:
    code = word(found.get("CodeResult"))
    if code in CODES.accepted and word(found.get("SMSID")):
        return Accepted(word(found["SMSID"]))
    if code in OUR_OWN_REPEAT and repeat:
        return Accepted(word(found.get("SMSID")) or None)
    if code in CODES.accepted:
        return Refused(Fault.UNKNOWN, code, "accepted without an id")
    return _refused(code or "no code", word(found.get("ErrorMessage")))


def _each(answer: Answer | NoAnswer, batch: Sequence[Outgoing]) -> list[SendResult]:
    """A bulk answer split by number; a message nobody speaks of is in doubt."""
    found = answered(answer)
    details = found.get("detail") if isinstance(found, dict) else None
    if not isinstance(details, list) or not details:
        [send_result] = read_answer(answer, repeat=batch[0].repeat)[:1]
        if isinstance(send_result, Accepted) and len(batch) > 1:
            send_result = Accepted()  # the call was taken; one id cannot be everybody's
        return [send_result for _ in batch]
    by_number: dict[str | None, list[Mapping[str, Any]]] = {}
    for row in details:
        if isinstance(row, dict):
            by_number.setdefault(e164(word(row.get("Phone"))), []).append(row)
    send_results: list[SendResult] = []
    for message in batch:
        rows = by_number.get(message.to, [])
        send_results.append(_send_result(rows[0], message.repeat) if len(rows) == 1 else _NO_ITEM)
    return send_results


def _refused(code: str, detail: str) -> Refused:
    return Refused(CODES.fault(code), code, detail[:200])


def read_receipt(call: Call, options: AnyOptions) -> Heard:
    """A callback (GET). Counters count parts, not people; advertising callbacks name no number."""
    query = call.form()
    if not (query.get("SMSID") or query.get("RequestId")):
        return Heard(())
    number = query.get("phonenumber", "")
    receipt = model.Receipt(
        reference=query.get("RequestId") or None,
        provider_id=query.get("SMSID") or None,
        to=e164(number),
        state=esms_reports.state(query),
        code=query.get("SendStatus", ""),
    )
    return Heard((receipt,))
