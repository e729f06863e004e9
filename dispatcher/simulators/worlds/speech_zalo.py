"""How a simulated Zalo speaks: templates by phone or user id, tokens, signed events.

Comes from: the zalo adapter.   Goes to: what the vendor makes of it, and back.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import httpx

from dispatcher.gateways import zalo
from dispatcher.gateways.contract import Call
from dispatcher.simulators.worlds.speech import codes_of, state_of
from dispatcher.simulators.worlds.vendors import AskedMessage, TakenMessage

if TYPE_CHECKING:
    from dispatcher.simulators.worlds.vendors import Vendor

APP_ID = "drill"
OA_SECRET = "drill-oa_secret"  # of an account that exists in a world only
CODES = codes_of(zalo.CODES)
LIFE = 90_000  # seconds of an access token


class ZaloSpeech:
    """One Official Account. Refresh tokens work once, and with the next pair the last one ends."""

    channel, named = "zalo", True

    def __init__(self) -> None:
        self.access: dict[str, float] = {}  # token → until when
        self.refresh: list[str] = []
        self.users: dict[str, str] = {}  # user id → phone
        self.count = 0
        self.now = 0.0  # of the call that is read

    def pair(self) -> tuple[str, str]:
        """The next pair of tokens; no other access token works any more."""
        self.count += 1
        access, refresh = f"access{self.count}", f"refresh{self.count}"
        self.access = {access: self.now + LIFE}
        self.refresh.append(refresh)
        return access, refresh

    # --- what it is asked -------------------------------------------------------------------

    def read(self, request: httpx.Request, body: bytes) -> Sequence[AskedMessage] | None:
        if not request.url.path.endswith("message/template"):
            return None
        told = json.loads(body)
        words = " ".join(str(v) for v in told["template_data"].values())
        to = told.get("phone") or self.users.get(user := told.get("user_id", ""), user)
        return [AskedMessage(to, told.get("tracking_id", ""), words)]

    def objects(self, request: httpx.Request, asked: Sequence[AskedMessage]) -> str:
        if request.headers.get("access_token", "") not in self.access:
            return "token"
        return "" if asked[0].body else "content"

    def accept(self, asked: Sequence[AskedMessage], ids: Sequence[str | None], again: bool) -> Any:
        data = {"msg_id": ids[0], "sent_time": "1764554400000"}
        return {"error": 0, "message": "Success", "data": data}

    def refuse(self, fault: str, draw: random.Random) -> Any:
        code = "-124" if fault == "token" else draw.choice(CODES[fault] or CODES["recipient"])
        said = draw.choice((code, int(code)))
        return {"error": said, "message": fault, "data": None}

    def other(self, vendor: Vendor, request: httpx.Request, body: bytes) -> Any:
        self.now, path = vendor.world.seconds, request.url.path
        if path.endswith("oa/access_token"):
            return self._renewed({k: v[0] for k, v in parse_qs(body.decode()).items()})
        token = request.headers.get("access_token", "")
        if self.access.get(token, 0.0) <= self.now:
            self.access.pop(token, None)
            return {"error": -124, "message": "Access token is invalid"}
        data: Any = {}
        if path.endswith("message/cs"):
            data = {"message_id": "cs1"}
        elif path.endswith("message/status"):
            data = {"status": self._status(vendor, request.url.params.get("message_id", ""))}
        elif path.endswith("message/quota"):
            data = {"dailyQuota": "1000", "remainingQuota": 500}
        elif path.endswith("template/all"):
            data = []
        return {"error": 0, "message": "Success", "data": data}

    def _renewed(self, form: dict[str, str]) -> Any:
        token = form.get("refresh_token", "")
        if token not in self.refresh:
            return {"error_name": "Invalid refresh token", "error": -14014}
        self.refresh.remove(token)
        access, refresh = self.pair()
        return {"access_token": access, "refresh_token": refresh, "expires_in": str(LIFE)}

    @staticmethod
    def _status(vendor: Vendor, message_id: str) -> int:
        """1 on the phone, 0 still at Zalo, -1 unknown."""
        found = [state_of(vendor, t) for t in vendor.ledger if t.id == message_id]
        return -1 if not found else int(found[-1] == "delivered")

    # --- what it tells ----------------------------------------------------------------------

    def report(self, taken: TakenMessage, state: str) -> Call | None:
        """Only what reached a phone is told."""
        names = {"delivered": "user_received_message", "read": "user_seen_message"}
        if state not in names:
            return None
        message: dict[str, Any] = {"msg_id": taken.id, "tracking_id": taken.reference}
        if state == "read":
            message["msg_ids"] = [message.pop("msg_id")]
        to = taken.to
        if not taken.reference:  # by user id: no word of ours, and the id instead of a number
            del message["tracking_id"]
            to = next((u for u, phone in self.users.items() if phone == to), to)
        return event(names[state], recipient={"id": to}, message=message)

    def apart(self, taken: TakenMessage, state: str, parts: int) -> Sequence[Call]:
        return ()

    def unsigned(self, call: Call) -> Call | None:
        return Call(call.method, call.query, {**call.headers, SIGNATURE: "mac=00"}, call.body)

    def unknown(self, taken: TakenMessage, serial: int) -> TakenMessage:
        return taken._replace(id=f"stray{serial}", reference=f"stray{serial}")


SIGNATURE = "x-zevent-signature"


def event(name: str, **what: Any) -> Call:
    """A signed event of the account."""
    stamp = "1764554400000"
    raw = json.dumps({"event_name": name, "app_id": APP_ID, "timestamp": stamp, **what}).encode()
    mac = hashlib.sha256(APP_ID.encode() + raw + stamp.encode() + OA_SECRET.encode()).hexdigest()
    headers = {SIGNATURE: f"mac={mac}", "content-type": "application/json"}
    return Call("POST", "", headers, raw)
