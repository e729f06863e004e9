"""Twin of Kannel: `sendsms` as smsbox answers it, and the HTTP link a real Kannel talks to."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from aiohttp import web

from dispatcher.simulators.vendors.ledger import Twin, luck

PREFIX = "/kannel"


class KannelTwin:
    """One `sendsms` user; and `/kannel/smsc`, a vendor behind a real Kannel's HTTP SMSC."""

    def __init__(self, twin: Twin) -> None:
        self.twin = twin
        self.texts: list[list[str]] = []  # from a real Kannel: to, text and udh in hex, coding

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
        def filled(status: int, meta: str, to: str) -> str:
            text = url.replace("%d", str(status)).replace("%p", to.replace("+", "%2B"))
            text = text.replace("%A", meta.replace(" ", "+"))
            return re.sub(r"%[A-Za-z](?![0-9A-Fa-f])", "", text)

        accepted = filled(8, "ACK/", number)
        self.twin.report(0.02, "GET", accepted)
        self.twin.report(
            0.1,
            "GET",
            filled(_fate(number), "id:1 stat:DONE err:000", number),
            stale={"url": accepted},
            forged={"url": filled(2, "id:1 stat:UNDELIV", "+84959999999")},
        )

    async def smsc(self, request: web.Request) -> web.StreamResponse:
        """`to`, `text` (the bytes Kannel sends), `udh`, `coding`: as its send-url is written."""
        found = {
            name.decode(): unquote_to_bytes(value.replace(b"+", b" "))
            for name, _, value in (
                p.partition(b"=") for p in request.rel_url.raw_query_string.encode().split(b"&")
            )
        }
        number, udh = found.get("to", b"").decode(), found.get("udh", b"").hex()
        if self.twin.fault() is not None:
            return web.Response(text="WAIT")
        if "LOI" in number or luck(number, "blocked") < 1:
            return web.Response(text="NO")
        text, coding = found.get("text", b"").hex(), found.get("coding", b"").decode()
        self.texts.append([number, text, udh, coding])
        if not udh or udh.endswith("01"):
            self.twin.ledger.take("sms", number.lstrip("+"), "")
        return web.Response(text=f"OK F{len(self.texts)}")

    async def read_texts(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self.texts)


def _fate(number: str) -> int:
    return 2 if luck(number, "phone") < 3 else 1
