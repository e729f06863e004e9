"""Twin behind the lab adapter: accepts with or without memory, and can be looked up."""

from __future__ import annotations

from aiohttp import web

from dispatcher.simulators.vendors.ledger import Twin

PREFIX = "/lab"
SAID = {
    "no_such_person": "nobody",
    "words_refused": "words",
    "no_money": "key",
    "too_fast": "full",
    "other_network": "network",
    "night": "night",
}


class LabTwin:
    """`remembers`: a repeated reference is recognised."""

    def __init__(self, twin: Twin, remembers: bool) -> None:
        self.twin, self.remembers = twin, remembers
        self.seen: dict[str, str] = {}

    def routes(self) -> list[web.RouteDef]:
        return [web.post(f"{PREFIX}/send", self.send), web.get(f"{PREFIX}/lookup", self.look_up)]

    async def send(self, request: web.Request) -> web.StreamResponse:
        return await self.twin.answer(request, self._answer)

    def _answer(self, payload: dict[str, str]) -> dict[str, str]:
        for habit, code in SAID.items():
            if self.twin.says(habit):
                return {"code": code}
        return {"code": "ok", "id": self._take(payload)}

    def _take(self, payload: dict[str, str]) -> str:
        reference = payload["reference"]
        if self.remembers and reference in self.seen:
            return self.seen[reference]
        self.seen[reference] = self.twin.ledger.take("sms", payload["to"], reference)
        return self.seen[reference]

    async def look_up(self, request: web.Request) -> web.StreamResponse:
        if self.twin.says("look_up_unreadable"):
            return await self.twin.misbehave(request, "garbage", b"{}")
        reference = request.query.get("reference", "")
        if reference not in self.seen:
            return web.json_response({"code": "unknown"}, status=404)
        return web.json_response({"code": "ok", "id": self.seen[reference]})
