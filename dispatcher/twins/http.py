"""Twin of a described vendor: it answers every call with the description's own sample."""

from __future__ import annotations

import json

from aiohttp import web

from dispatcher.twins.ledger import Twin

PREFIX = "/http"


class HttpTwin:
    """What stands in for a vendor nobody wrote a twin for."""

    def __init__(self, twin: Twin) -> None:
        self.twin = twin

    def routes(self) -> list[web.RouteDef]:
        return [web.route("*", f"{PREFIX}{{rest:.*}}", self.serve)]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        return await self.twin.answer(request, lambda body: self._answer(request, body), bytes)

    def _answer(self, request: web.Request, body: bytes) -> web.Response:
        told = json.loads(request.headers.get("x-drill", "{}"))
        provider_id = ""
        for number, reference in told.get("to", []):
            provider_id = self.twin.ledger.take(told.get("channel", "sms"), number, reference)
        sample = str(told.get("sample", "")).replace("{id}", provider_id)
        return web.Response(text=sample, status=int(told.get("status", 200)))
