"""Twin of eSMS: care SMS with RequestId memory, balance, callbacks by GET."""

from __future__ import annotations

import re
import time
from typing import Any

from aiohttp import web

from dispatcher.simulators.vendors.ledger import Twin, luck

PREFIX = "/esms"
SAID = {
    "too_fast": "160",
    "no_such_person": "99",
    "words_refused": "146",
    "no_money": "103",
    "other_network": "177",
}
DRILL_KEY = "drill-api_key"


class EsmsTwin:
    """One account with `balance` đồng and a memory of every RequestId."""

    def __init__(self, twin: Twin, balance: int = 1_000_000_000) -> None:
        self.twin, self.balance = twin, balance
        self.seen: dict[str, str] = {}
        self.log: list[tuple[str, str, str, float]] = []  # id, number, kind, when

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post(f"{PREFIX}/SendMultipleMessage_V4_post_json/", self.send),
            web.post(f"{PREFIX}/SendMultipleSMSBrandname_json/", self.send_ads),
            web.post(f"{PREFIX}/SendZaloMessage_V6/", self.send_zns),
            web.post(f"{PREFIX}/Send_zns_bulk_v4_post_json/", self.send_bulk),
            web.post(f"{PREFIX}/GetBalance_json", self.get_balance),
            web.post(f"{PREFIX}/GetTemplate/", self.get_templates),
            web.post(f"{PREFIX}/GetSmsSentData_V2", self.sent_data),
            web.post(f"{PREFIX}/QueryZnsStatus/", self.zns_status),
            web.get(f"{PREFIX}/GetSendStatus", self.send_status),
            web.get(f"{PREFIX}/GetSmsReceiverStatus_get", self.receiver_status),
            web.get(f"{PREFIX}/GetListBrandname/{DRILL_KEY}/{{secret}}", self.brandnames),
        ]

    async def send(self, request: web.Request) -> web.StreamResponse:
        return await self.twin.answer(request, self._answer)

    async def send_ads(self, request: web.Request) -> web.StreamResponse:
        return await self.twin.answer(request, self._ads)

    async def send_zns(self, request: web.Request) -> web.StreamResponse:
        return await self.twin.answer(request, self._zns)

    async def send_bulk(self, request: web.Request) -> web.StreamResponse:
        return await self.twin.answer(request, self._bulk)

    def _seen(self, reference: str) -> dict[str, object] | None:
        if not reference or reference not in self.seen:
            return None
        return {
            "CodeResult": "124",
            "ErrorMessage": "Duplicate RequestId",
            "SMSID": self.seen[reference],
        }

    def _ads(self, payload: dict[str, Any]) -> dict[str, object]:
        numbers = payload.get("Phones") or []
        reference = payload.get("RequestId", "")
        if payload.get("ApiKey") != DRILL_KEY:
            return {"CodeResult": "101", "ErrorMessage": "Authorize Failed"}
        if len(set(numbers)) < 30:
            return {"CodeResult": "107", "ErrorMessage": "At least 30 numbers"}
        if len(numbers) > 5000:
            return {"CodeResult": "120", "ErrorMessage": "Too many numbers"}
        if again := self._seen(reference):
            return again
        provider_id = ""
        for number in numbers:
            provider_id = provider_id or self._take("sms", number, reference, "1")
            if number != numbers[0]:
                self._take("sms", number, reference, "1", provider_id)
        self.seen[reference] = provider_id
        if self.twin.receipts and payload.get("CallbackUrl"):  # it names no number
            query = {
                "SMSID": provider_id,
                "SendStatus": "5",
                "SendSuccess": str(len(numbers)),
                "SendFailed": "0",
                "TotalReceiver": str(len(numbers)),
                "RequestId": reference,
                "TypeId": "1",
            }
            self.twin.report(0.05, "GET", payload["CallbackUrl"], params=query)
        return {"CodeResult": "100", "CountRegenerate": 0, "SMSID": provider_id}

    def _zns(self, payload: dict[str, Any]) -> dict[str, object]:
        number, reference = payload.get("Phone", ""), payload.get("RequestId", "")
        if payload.get("ApiKey") != DRILL_KEY:
            return {"CodeResult": "101", "ErrorMessage": "Authorize Failed"}
        if not payload.get("TempID") or not isinstance(payload.get("TempData"), dict):
            return {"CodeResult": "789", "ErrorMessage": "Template is not valid"}
        if again := self._seen(reference):
            return again
        provider_id = self._take("zalo", number, reference, "25")
        self.seen[reference] = provider_id
        if self.twin.receipts and payload.get("CallbackUrl"):
            self._report(payload["CallbackUrl"], provider_id, reference, number)
        return {"CodeResult": "100", "SMSID": provider_id}

    def _bulk(self, payload: dict[str, Any]) -> dict[str, object]:
        rows = payload.get("Data") or []
        if payload.get("ApiKey") != DRILL_KEY:
            return {"CodeResult": "101", "ErrorMessage": "Authorize Failed"}
        if len(rows) > 500:
            return {"CodeResult": "687", "ErrorMessage": "More than 500"}
        detail: list[dict[str, object]] = []
        for row in rows:
            number, reference = row.get("Phone", ""), row.get("RequestId", "")
            if not re.fullmatch(r"84\d{9}", number):
                detail.append({"CodeResult": "108", "Phone": number, "ErrorMessage": "invalid"})
            elif again := self._seen(reference):
                detail.append({**again, "Phone": number})
            else:
                provider_id = self._take("zalo", number, reference, "25")
                self.seen[reference] = provider_id
                detail.append({"CodeResult": "100", "Phone": number, "SMSID": provider_id})
        detail.reverse()  # nothing promises the order
        good = sum(d["CodeResult"] in ("100", "124") for d in detail)
        return {
            "CodeResult": "100",
            "TotalSuccess": good,
            "TotalFail": len(rows) - good,
            "detail": detail,
        }

    def _take(
        self, channel: str, number: str, reference: str, kind: str, call: str | None = None
    ) -> str:
        taken = self.twin.ledger.take(channel, number, reference)
        self.log.append((call or taken, number, kind, time.time()))
        return call or taken

    async def get_templates(self, request: web.Request) -> web.StreamResponse:
        rows = [
            {"NetworkID": n, "TempContent": "UBND phuong {P1,30}: {P2,120}", "TempId": 100 + n}
            for n in (1, 2, 3)
        ]
        return web.json_response({"BrandnameTemplates": rows, "CodeResult": "100"})

    async def sent_data(self, request: web.Request) -> web.StreamResponse:
        """The account's own log, by time: whoever asks for another kind gets nothing of it."""
        asked = await request.json()
        page, size = int(asked["Page"]), int(asked["PageSize"])
        rows = [
            {
                "Campaign": "dispatcher",
                "Phone": number,
                "ReferenceId": call,
                "SendResult": 2 if luck(number, "phone") < 2 else int(luck(number, "phone") >= 5),
                "SentTime": f"/Date({int(at * 1000)}+0700)/",
                "SmsType": int(kind),
            }
            for call, number, kind, at in self.log
            if kind == asked["SmsType"]
        ]
        return web.json_response(
            {"CodeResult": "100", "SentData": rows[(page - 1) * size : page * size]}
        )

    def _numbers(self, call: str) -> list[str]:
        return [number for known, number, _, _ in self.log if known == call]

    async def zns_status(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        numbers = self._numbers(str(asked.get("SmsId")))
        if not numbers:
            return web.json_response({"CodeResult": "105", "ErrorMessage": "not found yet"})
        fate = luck(numbers[0], "phone")
        error = 0 if fate < 2 or fate >= 5 else 1001
        return web.json_response(
            {"CodeResult": "100", "FinalStatus": int(fate >= 5), "ErrorInfo": error}
        )

    async def send_status(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("ApiKey") != DRILL_KEY:
            return web.json_response({"CodeResponse": "101"})
        numbers = self._numbers(request.query.get("RefId", ""))
        if not numbers:
            return web.json_response({"CodeResponse": "105"})
        fates = [luck(n, "phone") for n in numbers]
        return web.json_response(
            {
                "CodeResponse": "100",
                "SendStatus": 5 if min(fates) >= 2 else 7,
                "SendSuccess": sum(f >= 5 for f in fates),
                "SendFailed": sum(2 <= f < 5 for f in fates),
            }
        )

    async def receiver_status(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("ApiKey") != DRILL_KEY:
            return web.json_response({"CodeResponse": "101"})
        rows = [
            {"IsSent": luck(n, "phone") >= 2, "Phone": n, "SentResult": luck(n, "phone") >= 5}
            for n in self._numbers(request.query.get("RefId", ""))
        ]
        return web.json_response({"CodeResponse": "100", "ReceiverList": rows})

    async def brandnames(self, request: web.Request) -> web.StreamResponse:
        rows = [{"Brandname": "UBNDMAYTO", "Type": 2}, {"Brandname": "UBNDQC", "Type": 1}]
        return web.json_response({"CodeResponse": "100", "ListBrandName": rows})

    def _answer(self, payload: dict[str, str]) -> dict[str, object]:
        number = payload.get("Phone", "")
        if payload.get("ApiKey") != DRILL_KEY:
            return {"CodeResult": "101", "ErrorMessage": "Authorize Failed"}
        if not re.fullmatch(r"84\d{9}", number):
            return {"CodeResult": 108, "ErrorMessage": "Phone number is invalid"}
        reference = payload.get("RequestId", "")
        for habit, code in SAID.items():
            if self.twin.says(habit):
                return {"CodeResult": code, "ErrorMessage": habit}
        if again := self._seen(reference):
            return again
        if "LOI_MAU" in payload.get("Content", ""):
            return {"CodeResult": "146", "SMSID": "0", "ErrorMessage": "Sai template CSKH"}
        if luck(number, "blocked") < 1:
            return {"CodeResult": "99", "ErrorMessage": "Number blocked"}
        if self.balance < 500:
            return {"CodeResult": "103", "ErrorMessage": "Balance not enough"}
        self.balance -= 500
        provider_id = self._take("sms", number, reference, "2")
        if reference:
            self.seen[reference] = provider_id
        if self.twin.receipts and payload.get("CallbackUrl"):
            self._report(payload["CallbackUrl"], provider_id, reference, number)
        return {"CodeResult": "100", "CountRegenerate": 0, "SMSID": provider_id}

    def _report(self, url: str, provider_id: str, reference: str, number: str) -> None:
        fate = luck(number, "phone")
        if fate < 2:
            return  # this phone's network never reports
        good = fate >= 5
        query = {
            "SMSID": provider_id,
            "SendStatus": "5",
            "SendSuccess": "1" if good else "0",
            "SendFailed": "0" if good else "1",
            "TotalReceiver": "1",
            "TotalSent": "1",
            "RequestId": reference,
            "TypeId": "2",
            "phonenumber": number,
        }
        other = {"phonenumber": "84959999999", "SendSuccess": "0", "SendFailed": "1"}
        self.twin.report(
            0.05 + fate / 200,
            "GET",
            url,
            params=query,
            stale={"params": {**query, "SendStatus": "2", "SendSuccess": "0", "SendFailed": "0"}},
            forged={"params": {**query, **other}},
        )

    async def get_balance(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(
            {"Balance": self.balance, "CodeResponse": "100", "UserID": "drill"}
        )
