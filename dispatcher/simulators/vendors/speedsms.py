"""Twin of SpeedSMS: several numbers a call, bad ones listed in a good answer."""

from __future__ import annotations

import base64
import re
import secrets

from aiohttp import web

from dispatcher.domain import sms
from dispatcher.simulators.vendors.ledger import Twin, luck

PREFIX = "/speedsms"
TOKEN = "drill-access_token"


class SpeedSmsTwin:
    """One account with its transactions. `webhook` is set in the vendor's console."""

    def __init__(self, twin: Twin) -> None:
        self.twin, self.webhook, self.balance = twin, "", 5_000_000
        self.calls: dict[str, list[str]] = {}
        self.first = 1_000_000 + secrets.randbelow(10**12)  # ids of no two lives agree

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post(f"{PREFIX}/sms/send", self.send),
            web.get(f"{PREFIX}/sms/status/{{call}}", self.status),
            web.get(f"{PREFIX}/user/info", self.info),
            web.post(f"{PREFIX}/_twin/webhook", self.set_webhook),
        ]

    async def set_webhook(self, request: web.Request) -> web.StreamResponse:
        self.webhook = (await request.json())["url"]
        return web.json_response({})

    def _known(self, request: web.Request) -> bool:
        wanted = "Basic " + base64.b64encode(f"{TOKEN}:x".encode()).decode()
        return request.headers.get("Authorization") == wanted

    async def send(self, request: web.Request) -> web.StreamResponse:
        if not self._known(request):  # the real one answers a web page
            return web.Response(status=404, text="<html>404</html>", content_type="text/html")
        return await self.twin.answer(request, self._answer)

    def _answer(self, payload: dict[str, object]) -> dict[str, object]:
        numbers = payload.get("to")
        content = payload.get("content")
        if not isinstance(numbers, list) or not content:
            return _error("101", "Invalid or missing parameters")
        if not payload.get("sender"):
            return _error("101", "sender not found")
        if len(numbers) > 100:
            return _error("101", "too many numbers")
        good = [n for n in numbers if re.fullmatch(r"(84|0)\d{9}", str(n))]
        if not good:
            return _error("105", "Phone number invalid") | {"invalidPhone": numbers}
        if self.balance < 250 * len(good):
            return _error("300", "Your account balance not enough to send sms")
        self.balance -= 250 * len(good)
        call = str(self.first + len(self.calls))
        self.calls[call] = [f"84{str(n)[-9:]}" for n in good]
        for number in self.calls[call]:
            self.twin.ledger.take("sms", number, call)
            if self.twin.receipts and self.webhook:
                for status in self._fates(number, str(content)):
                    self._report(call, number, status)
        data = {
            "tranId": int(call),
            "totalSMS": len(good),
            "totalPrice": 250 * len(good),
            "invalidPhone": [n for n in numbers if n not in good],
        }
        return {"status": "success", "code": "00", "data": data}

    def _fates(self, number: str, content: str) -> list[int]:
        """What is reported of a number: one fate, or one for each part, of which the last failed
        (`parts_apart`); no report says which part it means."""
        parts = sms.measure(content).parts
        if parts < 2 or not self.twin.says("parts_apart"):
            return [fate(number)]
        return [*(fate(number) for _ in range(parts - 1)), 70]

    def _report(self, call: str, number: str, status: int) -> None:
        event = {"type": "report", "tranId": call, "phone": number, "status": status}
        wait = 0.05 + luck(number, "wait") / 200
        self.twin.report(
            wait,
            "POST",
            self.webhook,
            json=event,
            stale={"json": {**event, "status": 1}},
            forged={"json": {**event, "phone": "84959999999", "status": 64}},
        )

    async def status(self, request: web.Request) -> web.StreamResponse:
        numbers = self.calls.get(request.match_info["call"])
        if not self._known(request) or numbers is None:
            return web.json_response(_error("101", "tranId not found"))
        rows = [{"phone": n, "status": fate(n)} for n in numbers]
        return web.json_response({"status": "success", "code": "00", "data": rows})

    async def info(self, request: web.Request) -> web.StreamResponse:
        if not self._known(request):
            return web.Response(status=404, text="<html>404</html>", content_type="text/html")
        data = {"email": "drill@example.invalid", "balance": self.balance, "currency": "VND"}
        return web.json_response({"status": "success", "code": "00", "data": data})


def fate(number: str) -> int:
    """What the network says of a number: 0 delivered, below 64 not yet, above failed."""
    draw = luck(number, "phone")
    return 70 if draw < 3 else 3 if draw < 5 else 0


def _error(code: str, message: str) -> dict[str, object]:
    return {"status": "error", "code": code, "message": message}
