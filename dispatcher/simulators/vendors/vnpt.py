"""Twin of VNPT's RQST/RPLY: one network a call, no ids, status by REQID."""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from dispatcher.simulators.vendors.ledger import Twin

PREFIX = "/vnpt"
NETWORK = "0001122333"  # the digit after 095 picks a network, as in sample sites


class VnptTwin:
    """One agent."""

    def __init__(self, twin: Twin) -> None:
        self.twin = twin
        self.known: set[str] = set()

    def routes(self) -> list[web.RouteDef]:
        return [web.post(PREFIX, self.serve)]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        return await self.twin.answer(request, self._answer)

    def _answer(self, payload: dict[str, Any]) -> dict[str, object]:
        rqst = payload.get("RQST") or {}
        name = rqst.get("name")
        if name == "get_sms_status_api":
            known = rqst.get("REQID") in self.known
            status = {"STATUS": "3", "MT_COUNT": "1"} if known else {"STATUS": "-1"}
            return {"RPLY": {"name": name, "ERROR": "0", **status}}
        code, words = self._send(rqst)
        return {"RPLY": {"name": name, "ERROR": code, "ERROR_DESC": words}}

    def _send(self, rqst: dict[str, Any]) -> tuple[str, str]:
        if (rqst.get("APIUSER"), rqst.get("APIPASS")) != ("drill-api_user", "drill-api_pass"):
            return "1", "User hoac pass khong dung"
        if rqst.get("name") != "send_sms_list":
            return "3", "Sai phuong thuc"
        text = "".join(p.get("CONTENT", "") for p in rqst.get("PARAMS", []))
        if not text:
            return "27", "Sai tham so"
        if re.search(r"[&<>\"']", text):
            return "-1", "Loi ngoai le"
        if "LOI_MAU" in text:
            return "30", "Tu khoa cam"
        numbers = str(rqst.get("MOBILELIST", "")).split(",")
        if not all(re.fullmatch(r"84\d{9}", n) for n in numbers):
            return "23", "So thue bao khong hop le hoac khac mang"
        if len({network(n) for n in numbers}) > 1:
            return "23", "Cac thue bao khac mang"
        self.known.add(str(rqst.get("REQID")))
        for number in numbers:
            self.twin.ledger.take("sms", number, str(rqst.get("REQID")))
        return "0", "success"


def network(number: str) -> str:
    """Which network a number is on: invented ones by the digit after their head."""
    return NETWORK[int(number[4])] if number.startswith("8495") else number[2:4]
