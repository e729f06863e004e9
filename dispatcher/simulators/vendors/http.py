"""Twin of a described vendor: it answers every call with the description's own sample."""

from __future__ import annotations

import json
import re
from urllib.parse import unquote_plus

from aiohttp import web

from dispatcher.simulators.vendors.ledger import Twin

PREFIX = "/http"
NUMBER = re.compile(r"(?<!\d)(?:\+?84|0)\d{9}(?!\d)")


class HttpTwin:
    """What stands in for a vendor nobody wrote a twin for: it takes every number it reads."""

    def __init__(self, twin: Twin) -> None:
        self.twin = twin

    def routes(self) -> list[web.RouteDef]:
        return [web.route("*", f"{PREFIX}{{rest:.*}}", self.serve)]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        return await self.twin.answer(request, lambda body: self._answer(request, body), bytes)

    def _answer(self, request: web.Request, body: bytes) -> web.Response:
        channel, sample = json.loads(request.headers.get("x-drill", '["sms", ""]'))
        asked = unquote_plus(request.query_string) + body.decode("utf-8", "replace")
        provider_id = ""
        for number in NUMBER.findall(asked):
            provider_id = self.twin.ledger.take(channel, f"84{number[-9:]}", "")
        return web.Response(text=str(sample).replace("{id}", provider_id))
