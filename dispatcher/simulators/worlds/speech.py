"""How simulated vendors of SMS speak: the same words as the real ones (see the adapters' sources).

Comes from: an adapter's call.   Goes to: what a vendor makes of it, and back.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx

from dispatcher.domain.model import HANOI, Fault
from dispatcher.gateways import esms, lab
from dispatcher.gateways.contract import Call, Codes
from dispatcher.simulators.worlds.vendors import AskedMessage, TakenMessage

if TYPE_CHECKING:
    from dispatcher.simulators.worlds.vendors import Vendor


def codes_of(table: Codes) -> Mapping[str, Sequence[str]]:
    """The words of a vendor for each fault, and one that no table knows."""
    found = {f.value: [c for c, what in table.faults.items() if what is f] for f in Fault}
    found["unknown"].append("98765")
    return found


LAB, ESMS = codes_of(lab.CODES), codes_of(esms.CODES)


class LabSpeech:
    """The lab adapter: one message a call, and a look-up by our reference."""

    channel, named = "sms", True

    def read(self, request: httpx.Request, body: bytes) -> Sequence[AskedMessage] | None:
        if not request.url.path.endswith("/send"):
            return None
        told = json.loads(body)
        return [AskedMessage(told["to"].removeprefix("+"), told["reference"], told["body"])]

    def objects(self, request: httpx.Request, asked: Sequence[AskedMessage]) -> str:
        return ""

    def accept(self, asked: Sequence[AskedMessage], ids: Sequence[str | None], again: bool) -> Any:
        return {"code": "ok", "id": ids[0]}

    def refuse(self, fault: str, draw: random.Random) -> Any:
        return {"code": draw.choice(LAB[fault])}

    def other(self, vendor: Vendor, request: httpx.Request, body: bytes) -> Any:
        found = vendor.found(request.url.params.get("reference", ""))
        if found is None:
            return httpx.Response(404, json={"code": "unknown"})
        return {"code": "ok", "id": found.id}

    def report(self, taken: TakenMessage, state: str) -> Call | None:
        return None

    def apart(self, taken: TakenMessage, state: str, parts: int) -> Sequence[Call]:
        return ()

    def unsigned(self, call: Call) -> Call | None:
        return None

    def unknown(self, taken: TakenMessage, serial: int) -> TakenMessage:
        return taken


class EsmsSpeech:
    """eSMS: care SMS with RequestId, receipts by GET, the account's own log."""

    channel, named = "sms", True
    path, kind = "SendMultipleMessage_V4", "2"

    def read(self, request: httpx.Request, body: bytes) -> Sequence[AskedMessage] | None:
        if self.path not in request.url.path:
            return None
        told = json.loads(body)
        return [AskedMessage(told["Phone"], told.get("RequestId", ""), told["Content"])]

    def objects(self, request: httpx.Request, asked: Sequence[AskedMessage]) -> str:
        return ""

    def accept(self, asked: Sequence[AskedMessage], ids: Sequence[str | None], again: bool) -> Any:
        if not again:
            return {"CodeResult": "100", "CountRegenerate": 0, "SMSID": ids[0]}
        if int((ids[0] or "0")[-2:]) % 3:
            return {"CodeResult": "124", "ErrorMessage": "used", "SMSID": ids[0]}
        return {"CodeResult": 199, "ErrorMessage": "in process"}

    def refuse(self, fault: str, draw: random.Random) -> Any:
        code = draw.choice(ESMS[fault] or ESMS["busy"])
        return {"CodeResult": draw.choice((code, int(code))), "ErrorMessage": fault, "SMSID": "0"}

    def other(self, vendor: Vendor, request: httpx.Request, body: bytes) -> Any:
        path = request.url.path
        if path.endswith("GetSmsSentData_V2"):
            return {"CodeResult": "100", "SentData": self._log(vendor, json.loads(body))}
        if path.endswith("GetSendStatus"):
            return self._status(vendor, request.url.params.get("RefId", ""))
        if path.endswith("GetSmsReceiverStatus_get"):
            return {"CodeResponse": "100", "ReceiverList": self._receivers(vendor, request)}
        left = 10**9 if vendor.balance is None else vendor.balance
        return {"CodeResponse": "100", "CodeResult": "100", "Balance": left}

    def _log(self, vendor: Vendor, asked: Mapping[str, str]) -> Sequence[Mapping[str, Any]]:
        low, high = (
            datetime.strptime(asked[k], "%Y-%m-%d %H:%M:%S").replace(tzinfo=HANOI)
            for k in ("From", "To")
        )
        page, size = int(asked["Page"]), int(asked["PageSize"])
        rows = []
        now = vendor.world.moment()
        for taken in vendor.ledger:
            at = now - timedelta(seconds=vendor.world.seconds - taken.at)
            if low <= at <= high and asked["SmsType"] == self.kind:
                result = {"delivered": 1, "failed": 0}.get(state_of(vendor, taken), 2)
                rows.append(
                    {
                        "Phone": taken.to,
                        "Content": taken.body,
                        "ReferenceId": taken.id,
                        "SendResult": result,
                        "SmsType": self.kind,
                        "SentTime": f"/Date({int(at.timestamp() * 1000)}+0700)/",
                    }
                )
        return rows[(page - 1) * size : page * size]

    def _status(self, vendor: Vendor, call_id: str) -> Mapping[str, Any]:
        states = [state_of(vendor, t) for t in vendor.ledger if t.id == call_id]
        if not states or "" in states:
            return {"CodeResponse": "105"}
        good = states.count("delivered")
        return {
            "CodeResponse": "100",
            "SendStatus": 5,
            "SendSuccess": good,
            "SendFailed": len(states) - good,
        }

    def _receivers(self, vendor: Vendor, request: httpx.Request) -> list[Mapping[str, Any]]:
        call_id = request.url.params.get("RefId", "")
        found = [(t, state_of(vendor, t)) for t in vendor.ledger if t.id == call_id]
        return [
            {"IsSent": bool(s), "Phone": t.to, "SentResult": s == "delivered"} for t, s in found
        ]

    def report(self, taken: TakenMessage, state: str) -> Call | None:
        if state == "read":
            return None
        return Call(
            "GET", urlencode({**self._counted(taken, state), "phonenumber": taken.to}), {}, b""
        )

    def _counted(self, taken: TakenMessage, state: str) -> dict[str, Any]:
        good, bad = int(state == "delivered"), int(state == "failed")
        return {
            "SMSID": taken.id,
            "SendStatus": "5" if good or bad else "2",
            "SendSuccess": good,
            "SendFailed": bad,
            "TotalReceiver": 1,
            "TotalSent": 1,
            "RequestId": taken.reference,
            "TypeId": self.kind,
        }

    def apart(self, taken: TakenMessage, state: str, parts: int) -> Sequence[Call]:
        """Its counters count parts: of a long text some may fail."""
        if state != "failed":
            return ()
        query = {
            **self._counted(taken, state),
            "SendSuccess": 1,
            "SendFailed": parts - 1,
            "phonenumber": taken.to,
        }
        return [Call("GET", urlencode(query), {}, b"")]

    def unsigned(self, call: Call) -> Call | None:
        return None

    def unknown(self, taken: TakenMessage, serial: int) -> TakenMessage:
        return taken._replace(id=f"stray{serial}", reference=f"stray{serial}")


class EsmsAds(EsmsSpeech):
    """eSMS: one text to 30 and more numbers, one word for all of them, receipts without a number.

    Only how it speaks: the texts of a world are no advertising.
    """

    named = False  # an id for the call, and a number it does not want ends all of the call
    path, kind = "SendMultipleSMSBrandname", "1"
    LEAST = 30

    def read(self, request: httpx.Request, body: bytes) -> Sequence[AskedMessage] | None:
        if self.path not in request.url.path:
            return None
        told = json.loads(body)
        return [AskedMessage(n, told.get("RequestId", ""), told["Content"]) for n in told["Phones"]]

    def objects(self, request: httpx.Request, asked: Sequence[AskedMessage]) -> str:
        return "content" if len({one.to for one in asked}) < self.LEAST else ""

    def report(self, taken: TakenMessage, state: str) -> Call | None:
        if state == "read":
            return None
        return Call("GET", urlencode(self._counted(taken, state)), {}, b"")

    def apart(self, taken: TakenMessage, state: str, parts: int) -> Sequence[Call]:
        return ()


def state_of(vendor: Vendor, taken: TakenMessage) -> str:
    """What a vendor can tell by now of a message it took; empty: nothing final."""
    at, state = vendor.truth.get((taken.id, taken.to), (float("inf"), ""))
    return state if at <= vendor.world.seconds else ""
