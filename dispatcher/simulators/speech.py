"""How each simulated vendor speaks: the same words as the real ones (see the adapters' sources)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx

from dispatcher.gateways.contract import Call
from dispatcher.simulators.vendors import Asked, Taken

if TYPE_CHECKING:
    from dispatcher.simulators.vendors import Vendor


class Lab:
    """The lab adapter: one message a call, and a look-up by our reference."""

    channel = "sms"

    def read(self, request: httpx.Request, body: bytes) -> Sequence[Asked] | None:
        if not request.url.path.endswith("/send"):
            return None
        told = json.loads(body)
        return [Asked(told["to"].removeprefix("+"), told["reference"], told["body"])]

    def accept(self, asked: Sequence[Asked], ids: Sequence[str]) -> Any:
        return {"code": "ok", "id": ids[0]}

    def refuse(self, fault: str) -> Any:
        codes = {"recipient": "nobody", "content": "words", "account": "key", "busy": "full",
                 "carrier": "network", "later": "night"}  # fmt: skip
        return {"code": codes[fault]}

    def other(self, vendor: Vendor, request: httpx.Request, body: bytes) -> httpx.Response:
        found = vendor.known.get(request.url.params.get("reference", ""))
        if found is None:
            return httpx.Response(404, json={"code": "unknown"})
        return httpx.Response(200, json={"code": "ok", "id": found.id})

    def report(self, taken: Taken, state: str) -> Call | None:
        return None


class Esms:
    """eSMS: care SMS with RequestId, receipts by GET."""

    channel = "sms"

    def read(self, request: httpx.Request, body: bytes) -> Sequence[Asked] | None:
        if "SendMultipleMessage_V4" not in request.url.path:
            return None
        told = json.loads(body)
        return [Asked(told["Phone"], told.get("RequestId", ""), told["Content"])]

    def accept(self, asked: Sequence[Asked], ids: Sequence[str]) -> Any:
        return {"CodeResult": "100", "CountRegenerate": 0, "SMSID": ids[0]}

    def refuse(self, fault: str) -> Any:
        codes = {"recipient": "99", "content": "146", "account": "103", "busy": "160",
                 "carrier": "177", "later": "160"}  # fmt: skip
        return {"CodeResult": codes[fault], "ErrorMessage": fault}

    def other(self, vendor: Vendor, request: httpx.Request, body: bytes) -> httpx.Response:
        if "SendStatus" in request.url.path:
            return httpx.Response(200, json={"CodeResponse": "105"})
        return httpx.Response(200, json={"CodeResponse": "100", "CodeResult": "100",
                                         "Balance": 10**9, "SentData": []})  # fmt: skip

    def report(self, taken: Taken, state: str) -> Call | None:
        good, bad = int(state == "delivered"), int(state == "failed")
        query = {"SMSID": taken.id, "SendStatus": "5" if good or bad else "2", "SendSuccess": good,
                 "SendFailed": bad, "TotalReceiver": 1, "TotalSent": 1,
                 "RequestId": taken.reference, "TypeId": "2", "phonenumber": taken.to}  # fmt: skip
        return Call("GET", urlencode(query), {}, b"")
