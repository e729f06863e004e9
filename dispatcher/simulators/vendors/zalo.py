"""Twin of Zalo: ZBS by phone, single-use refresh tokens, signed webhooks, HTTP 200 errors."""

from __future__ import annotations

import hashlib
import json
import time

from aiohttp import web

from dispatcher.simulators.vendors.ledger import Twin, luck

PREFIX = "/zalo"
OA_SECRET = "drill-oa_secret"
APP_ID = "drill"
SAID = {
    "night": -133,
    "quota": -144,
    "no_such_person": -118,
    "words_refused": -131,
    "no_money": -115,
    "too_fast": "-32",
}
TEMPLATES = 120  # more than one page


class ZaloTwin:
    """One Official Account. `webhook` is where receipts go."""

    def __init__(self, twin: Twin) -> None:
        self.twin = twin
        self.webhook = ""
        self.sent: dict[str, str] = {}  # message id → number or user id
        self.access: set[str] = set()
        self.refresh: set[str] = set()
        self.quota = 1_000_000
        self.answers: list[tuple[str, str]] = []  # consultation messages: user id, text
        self.count = 0

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post(f"{PREFIX}/message/template", self.send),
            web.post(f"{PREFIX}/v3.0/oa/message/template", self.send),
            web.post(f"{PREFIX}/v3.0/oa/message/cs", self.consult),
            web.get(f"{PREFIX}/_twin/answers", self.read_answers),
            web.get(f"{PREFIX}/message/status", self.status),
            web.get(f"{PREFIX}/message/quota", self.get_quota),
            web.get(f"{PREFIX}/quality", self.quality),
            web.get(f"{PREFIX}/template/all", self.template_list),
            web.get(f"{PREFIX}/template/info/v2", self.template_info),
            web.post(f"{PREFIX}/v4/oa/access_token", self.exchange),
            web.post(f"{PREFIX}/_twin/grant", self.grant),
            web.post(f"{PREFIX}/_twin/webhook", self.set_webhook),
        ]

    def _pair(self) -> dict[str, str]:
        self.count += 1
        access, refresh = f"access{self.count}", f"refresh{self.count}"
        self.access.add(access)
        self.refresh.add(refresh)
        return {"access_token": access, "refresh_token": refresh, "expires_in": "90000"}

    async def grant(self, request: web.Request) -> web.StreamResponse:
        """What an operator copies from the vendor's console."""
        return web.json_response(self._pair())

    async def set_webhook(self, request: web.Request) -> web.StreamResponse:
        self.webhook = (await request.json())["url"]
        return web.json_response({})

    async def exchange(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        if form.get("grant_type") == "authorization_code":
            verifier = str(form.get("code_verifier", ""))
            if form.get("code") != "good-code" or len(verifier) != 43:
                return web.json_response({"error_name": "Invalid code", "error": -14019})
            return web.json_response(self._pair())
        token = str(form.get("refresh_token", ""))
        if token not in self.refresh:
            return web.json_response({"error_name": "Invalid refresh token", "error": -14014})
        self.refresh.discard(token)  # single use
        self.access.clear()
        return web.json_response(self._pair())

    async def send(self, request: web.Request) -> web.StreamResponse:
        token = request.headers.get("access_token", "")
        return await self.twin.answer(request, lambda p: self._answer(p, token))

    async def consult(self, request: web.Request) -> web.StreamResponse:
        """Free words to a person who wrote; they count as no message of ours."""
        token = request.headers.get("access_token", "")
        return await self.twin.answer(request, lambda p: self._consulted(p, token))

    def _consulted(self, payload: dict[str, dict[str, str]], token: str) -> dict[str, object]:
        if token not in self.access:
            return {"error": -124, "message": "Access token is invalid"}
        user, text = payload["recipient"]["user_id"], payload["message"]["text"]
        self.answers.append((user, text))
        data = {"message_id": f"cs{len(self.answers)}", "user_id": user}
        return {"error": 0, "message": "Success", "data": data}

    async def read_answers(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self.answers)

    def _answer(self, payload: dict[str, object], token: str) -> dict[str, object]:
        number = str(payload.get("phone", "") or payload.get("user_id", ""))
        if self.twin.says("old_token"):
            self.access.discard(token)
        if token not in self.access:
            return {"error": -124, "message": "Access token is invalid", "data": None}
        if not payload.get("template_id"):
            return {"error": "-109", "message": "Template is invalid", "data": None}
        if luck(number, "zalo") < 35:
            return {"error": -118, "message": "Zalo account not existed", "data": None}
        for habit, code in SAID.items():
            if self.twin.says(habit):
                return {"error": code, "message": habit, "data": None}
        if self.quota <= 0:
            return {"error": -144, "message": "OA has reached the daily quota", "data": None}
        self.quota -= 1
        reference = str(payload.get("tracking_id", ""))
        provider_id = self.twin.ledger.take("zalo", number, reference)
        self.sent[provider_id] = number
        if self.twin.receipts and self.webhook and luck(number, "opens") >= 8:
            self._report(number, provider_id, reference)
        return {
            "error": 0,
            "message": "Success",
            "data": {
                "msg_id": provider_id,
                "sent_time": str(int(time.time() * 1000)),
                "quota": {"dailyQuota": "1000000", "remainingQuota": str(self.quota)},
            },
        }

    def _ask(self, request: web.Request, data: object) -> web.StreamResponse:
        if request.headers.get("access_token", "") not in self.access:
            return web.json_response({"error": -124, "message": "Access token is invalid"})
        return web.json_response({"error": 0, "message": "Success", "data": data})

    async def status(self, request: web.Request) -> web.StreamResponse:
        """1 on the phone, 0 still at Zalo, -1 unknown."""
        number = self.sent.get(request.query.get("message_id", ""))
        status = -1 if number is None else int(luck(number, "opens") >= 8)
        return self._ask(request, {"status": status, "delivery_time": str(int(time.time() * 1000))})

    async def get_quota(self, request: web.Request) -> web.StreamResponse:
        data = {"dailyQuota": "1000000", "remainingQuota": self.quota, "dailyQuotaPromotion": None}
        return self._ask(request, data)

    async def quality(self, request: web.Request) -> web.StreamResponse:
        return self._ask(request, {"oaCurrentQuality": "HIGH", "oa7dayQuality": "UNDEFINED"})

    async def template_list(self, request: web.Request) -> web.StreamResponse:
        offset = int(request.query.get("offset", "0"))
        rows = [
            {"templateId": 100001 + i, "templateName": f"Mẫu {i}", "status": "ENABLE"}
            for i in range(TEMPLATES)
        ]
        return self._ask(request, rows[offset : offset + 100])

    async def template_info(self, request: web.Request) -> web.StreamResponse:
        data = {
            "templateId": request.query.get("template_id"),
            "templateName": "Cảnh báo",
            "status": "ENABLE",
            "timeout": 7_200_000,
            "price_sdt": "200.0",
            "price_uid": 140,
            "listParams": [
                {"name": "don_vi", "require": True, "type": "STRING", "maxLength": 30},
                {"name": "ten", "require": False, "type": "STRING", "maxLength": "30"},
            ],
        }
        return self._ask(request, data)

    def _report(self, number: str, provider_id: str, reference: str) -> None:
        stamp = str(int(time.time() * 1000))
        event = {
            "event_name": "user_received_message",
            "app_id": APP_ID,
            "timestamp": stamp,
            "sender": {"id": "2893352839501541173"},
            "recipient": {"id": number},
            "message": {"msg_id": provider_id, "tracking_id": reference, "delivery_time": stamp},
        }
        raw = json.dumps(event).encode()
        mac = hashlib.sha256(APP_ID.encode() + raw + stamp.encode() + OA_SECRET.encode())
        headers = {
            "X-ZEvent-Signature": f"mac={mac.hexdigest()}",
            "X-ZEvent-Server": "ZNS",
            "Content-Type": "application/json",
        }
        read = raw.replace(b"user_received_message", b"user_seen_message")
        wait = 0.05 + luck(number, "wait") / 200
        self.twin.report(
            wait, "POST", self.webhook, data=raw, headers=headers, forged={"data": read}
        )
