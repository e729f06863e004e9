"""Twin of eSMS: care SMS with RequestId memory, balance, callbacks by GET."""

from __future__ import annotations

import re

from aiohttp import web

from dispatcher.twins.ledger import Twin, luck

PREFIX = "/esms"
DRILL_KEY = "drill-api_key"


class EsmsTwin:
    """One account with `balance` đồng and a memory of every RequestId."""

    def __init__(self, twin: Twin, balance: int = 1_000_000_000) -> None:
        self.twin, self.balance = twin, balance
        self.seen: dict[str, str] = {}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post(f"{PREFIX}/SendMultipleMessage_V4_post_json/", self.send),
            web.post(f"{PREFIX}/GetBalance_json", self.get_balance),
        ]

    async def send(self, request: web.Request) -> web.StreamResponse:
        return await self.twin.answer(request, self._answer)

    def _answer(self, payload: dict[str, str]) -> dict[str, object]:
        number = payload.get("Phone", "")
        if payload.get("ApiKey") != DRILL_KEY:
            return {"CodeResult": "101", "ErrorMessage": "Authorize Failed"}
        if not re.fullmatch(r"84\d{9}", number):
            return {"CodeResult": 108, "ErrorMessage": "Phone number is invalid"}
        reference = payload.get("RequestId", "")
        if reference in self.seen:
            return {
                "CodeResult": "124",
                "ErrorMessage": "Duplicate RequestId",
                "SMSID": self.seen[reference],
            }
        if "LOI_MAU" in payload.get("Content", ""):
            return {"CodeResult": "146", "SMSID": "0", "ErrorMessage": "Sai template CSKH"}
        if luck(number, "blocked") < 1:
            return {"CodeResult": "99", "ErrorMessage": "Number blocked"}
        if self.balance < 500:
            return {"CodeResult": "103", "ErrorMessage": "Balance not enough"}
        self.balance -= 500
        provider_id = self.twin.ledger.take("sms", number, reference)
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
        self.twin.ledger.receipts_due += 1
        self.twin.later(0.05 + fate / 200, lambda: self.twin.call_back("GET", url, params=query))

    async def get_balance(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(
            {"Balance": self.balance, "CodeResponse": "100", "UserID": "drill"}
        )
