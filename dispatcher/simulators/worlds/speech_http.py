"""How vendors speak that the settings of a site describe: one in JSON, one in text.

Comes from: the http adapter.   Goes to: what the vendor makes of it, and back.
Beside each stands its description, as it is written into dispatcher.toml.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx

from dispatcher.gateways.contract import Call
from dispatcher.simulators.worlds.vendors import AskedMessage, TakenMessage

if TYPE_CHECKING:
    from dispatcher.simulators.worlds.vendors import Vendor

JSON = """
path = "/send"
same_body = true
body = { to = ["{to}"], content = "{body}", ref = "{reference}", sender = "{sender}" }
answer.code = "code"
answer.detail = "message"
answer.id = "data.tranId"
answer.refused_numbers = "data.invalidPhone"
answer.accepted = "00"
answer.duplicate = "02"
answer.status = { 401 = "account", 402 = "account" }
answer.sample = '{"code":"00","data":{"tranId":"{id}","invalidPhone":[]}}'
answer.faults = { account = ["007", "008"], recipient = "105", content = ["101", "11\\\\d"], \
carrier = "177", busy = "42\\\\d", later = "133" }
receipt.format = "json"
receipt.reference = "ref"
receipt.id = "tranId"
receipt.to = "phone"
receipt.state = "status"
receipt.delivered = "0"
receipt.read = "1"
receipt.failed = '6[4-9]|[7-9]\\d|\\d{3,}'
receipt.part = "part"
receipt.parts = "of"
"""
TEXT = """
path = "/cgi-bin/sendsms"
method = "GET"
number = "+84"
join = " "
body = { to = "{to}", text = "{body}", key = "{reference}", coding = "{accented?2:0}" }
answer.format = "text"
answer.accepted = ["0: .*", "3: .*"]
answer.sample = "0: Accepted for delivery"
answer.faults = { account = "Authorization failed.*", recipient = "Number.s. has.have been .*", \
busy = "Temporal failure.*", content = "Bad text.*", carrier = "No route.*", later = "Closed.*" }
receipt.reference = "key"
receipt.to = "dest"
receipt.state = "status"
receipt.delivered = '\\d*[13579]'
receipt.failed = ["2", "16", "18", "34"]
"""


class DescribedInJson:
    """One text to many numbers, an id for the call, numbers it did not want, reports of parts."""

    named = True
    CODES: Mapping[str, Sequence[str]] = {
        "recipient": ("105",),
        "content": ("101", "110", "119"),
        "account": ("007", "008"),
        "busy": ("420", "429"),
        "carrier": ("177",),
        "later": ("133",),
        "unknown": ("999", "0"),
    }
    STATES: Mapping[str, Sequence[str]] = {
        "delivered": ("0",),
        "read": ("1",),
        "failed": ("64", "69", "77", "101"),
        "accepted": ("30", "2", "8"),
    }

    def __init__(self, channel: str, leaves_out: str = "") -> None:
        self.channel, self.leaves_out = channel, leaves_out  # a field of its reports

    def read(self, request: httpx.Request, body: bytes) -> Sequence[AskedMessage] | None:
        if not request.url.path.endswith("/send"):
            return None
        told = json.loads(body)
        return [AskedMessage(number, told["ref"], told["content"]) for number in told["to"]]

    def objects(self, request: httpx.Request, asked: Sequence[AskedMessage]) -> str:
        return ""

    def accept(self, asked: Sequence[AskedMessage], ids: Sequence[str | None], again: bool) -> Any:
        bad = [one.to for one, own in zip(asked, ids, strict=True) if own is None]
        own = next((i for i in ids if i is not None), "")
        data = {"tranId": own, "invalidPhone": bad}
        return {"code": "02" if again else "00", "message": "", "data": data}

    def refuse(self, fault: str, draw: random.Random) -> Any:
        if fault == "account" and draw.random() < 0.3:
            return httpx.Response(draw.choice((401, 402)), content=b"no")
        return {"code": draw.choice(self.CODES[fault]), "message": fault}

    def other(self, vendor: Vendor, request: httpx.Request, body: bytes) -> Any:
        return httpx.Response(404)

    def report(self, taken: TakenMessage, state: str) -> Call | None:
        return self._told(taken, state, {})

    def apart(self, taken: TakenMessage, state: str, parts: int) -> Sequence[Call]:
        """Part by part; of a text that failed the last one did."""
        states = ["delivered"] * (parts - 1) + [state]
        return [self._told(taken, s, {"part": n, "of": parts}) for n, s in enumerate(states, 1)]

    def _told(self, taken: TakenMessage, state: str, more: Mapping[str, int]) -> Call:
        codes = self.STATES[state]
        code = codes[sum(taken.to.encode()) % len(codes)]
        told = {"ref": taken.reference, "tranId": taken.id, "phone": taken.to, "status": code}
        told.pop(self.leaves_out, None)
        return Call(
            "POST", "", {"content-type": "application/json"}, json.dumps({**told, **more}).encode()
        )

    def unsigned(self, call: Call) -> Call | None:
        return None

    def unknown(self, taken: TakenMessage, serial: int) -> TakenMessage:
        return taken._replace(id=f"stray{serial}", reference=f"stray{serial}")


class DescribedInText:
    """Numbers joined in a GET, a line of text back, no id: reports name our own reference."""

    named = False  # and one number it does not want ends all of the call
    CODES: Mapping[str, str] = {
        "recipient": "Number(s) has/have been denied",
        "content": "Bad text",
        "account": "Authorization failed for sendsms",
        "busy": "Temporal failure, try again later",
        "carrier": "No route",
        "later": "Closed at night",
        "unknown": "Well.",
    }
    STATES: Mapping[str, str] = {"delivered": "1", "failed": "2", "accepted": "8"}

    def __init__(self, channel: str) -> None:
        self.channel = channel

    def read(self, request: httpx.Request, body: bytes) -> Sequence[AskedMessage] | None:
        if not request.url.path.endswith("/sendsms"):
            return None
        told = request.url.params
        numbers = [n.removeprefix("+") for n in told["to"].split()]
        return [AskedMessage(number, told["key"], told["text"]) for number in numbers]

    def objects(self, request: httpx.Request, asked: Sequence[AskedMessage]) -> str:
        return ""

    def accept(self, asked: Sequence[AskedMessage], ids: Sequence[str | None], again: bool) -> Any:
        return "3: Queued for later delivery" if again else "0: Accepted for delivery"

    def refuse(self, fault: str, draw: random.Random) -> Any:
        return self.CODES[fault]

    def other(self, vendor: Vendor, request: httpx.Request, body: bytes) -> Any:
        return httpx.Response(404)

    def report(self, taken: TakenMessage, state: str) -> Call | None:
        if state not in self.STATES:
            return None
        told = {"status": self.STATES[state], "dest": f"+{taken.to}", "key": taken.reference}
        return Call("GET", urlencode(told), {}, b"")

    def apart(self, taken: TakenMessage, state: str, parts: int) -> Sequence[Call]:
        return ()

    def unsigned(self, call: Call) -> Call | None:
        return None

    def unknown(self, taken: TakenMessage, serial: int) -> TakenMessage:
        return taken._replace(reference=f"stray{serial}")
