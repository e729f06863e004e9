"""Twin of Kannel: `sendsms` as smsbox answers it, and the HTTP link a real Kannel talks to."""

from __future__ import annotations

import re

from aiohttp import web

from dispatcher.twins.ledger import Twin, luck

PREFIX = "/kannel"


class KannelTwin:
    """One `sendsms` user; and `/kannel/smsc`, a vendor behind a real Kannel's HTTP SMSC."""

    def __init__(self, twin: Twin) -> None:
        self.twin = twin
        self.texts: list[list[str]] = []  # what a real Kannel handed over: to, hex, coding

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(f"{PREFIX}/cgi-bin/sendsms", self.send),
            web.get(f"{PREFIX}/smsc", self.smsc),
            web.get(f"{PREFIX}/_twin/texts", self.read_texts),
        ]

    async def send(self, request: web.Request) -> web.StreamResponse:
        return await self.twin.answer(request, lambda _: self._answer(request), bytes)

    def _answer(self, request: web.Request) -> web.Response:
        query = request.query
        if (query.get("username"), query.get("password")) != ("drill-username", "drill-password"):
            return web.Response(status=403, text="Authorization failed for sendsms")
        numbers = query.get("to", "").split()
        good = [n for n in numbers if re.fullmatch(r"\+?\d{5,20}", n)]
        if not good:
            return web.Response(status=400, text="Missing receiver number, rejected")
        for number in good:  # a malformed one is dropped without a word
            self.twin.ledger.take("sms", number.lstrip("+"), query.get("dlr-url", "")[-34:])
            if self.twin.receipts and query.get("dlr-url"):
                self._report(query["dlr-url"], number)
        return web.Response(status=202, text="0: Accepted for delivery")

    def _report(self, url: str, number: str) -> None:
        reports = ((0.02, 8, "ACK/"), (0.1, _fate(number), "id:1 stat:DONE err:000"))
        for wait, status, meta in reports:
            filled = url.replace("%d", str(status)).replace("%p", number.replace("+", "%2B"))
            filled = filled.replace("%A", meta.replace(" ", "+"))
            filled = re.sub(r"%[A-Za-z](?![0-9A-Fa-f])", "", filled)
            self.twin.ledger.receipts_due += 1
            self.twin.later(wait, lambda u=filled: self.twin.call_back("GET", u))  # type: ignore[misc]

    async def smsc(self, request: web.Request) -> web.StreamResponse:
        """`to`, `hex` (the bytes Kannel sends), `coding`, `from`, as its send-url is written."""
        query = request.query
        number = query.get("to", "")
        self.texts.append([number, query.get("hex", ""), query.get("coding", "")])
        self.twin.ledger.take("sms", number.lstrip("+"), "")
        return web.Response(text=f"OK {len(self.texts)}")

    async def read_texts(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self.texts)


def _fate(number: str) -> int:
    return 2 if luck(number, "phone") < 3 else 1
