"""Zalo: ZBS template messages by phone, through an Official Account.

Facts: Zalo's own text and SDKs as collected 2026-11 (ZBS page of 2026, OAuth v4). No idempotency
and no look-up by our reference are promised: a lost answer stays in doubt until the delivery
webhook names our `tracking_id`. Errors come with HTTP 200. Refresh tokens are single use.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any

from dispatcher import model
from dispatcher.gateways.contract import (
    Accepted,
    Answer,
    Call,
    Codes,
    Given,
    Heard,
    Limits,
    NoAnswer,
    Outgoing,
    Refused,
    Tokens,
    Verdict,
    answered,
    e164,
    local,
    read_object,
    table,
    word,
)
from dispatcher.model import Channel, Fault, Receipt

SETTINGS = ("oa_id", "app_id", "app_secret", "oa_secret", "base_url", "oauth_url", "mode")
SECRETS = ("app_secret", "oa_secret")
BASE_URL = "https://business.openapi.zalo.me"
OAUTH_URL = "https://oauth.zaloapp.com"
LIMITS = Limits(per_second=20, in_flight=16)  # no per-second figure is published
STALE_TOKEN = frozenset({"-124", "-216", "-220"})
CODES = Codes(
    frozenset({"0"}),
    table(
        unknown="-100 -200",  # "try later" says nothing about what was taken
        account="-101 -102 -103 -104 -105 -115 -120 -1201 -1202 -124 -1241 -125 -135 -1351 -136"
        " -137 -138 -1381 -216 -220",
        recipient="-108 -110 -114 -118 -119 -134 -139 -140 -141 -1471 -1472",
        content="-106 -107 -109 -1091 -111 -112 -1121 -1122 -1123 -1124 -113 -1131 -116 -117 -121"
        " -122 -123 -126 -127 -128 -129 -130 -131 -132 -142 -143 -145 -146 -148 -149 -1491 -150"
        " -151 -152 -153 -158 -159 -161 -162 -249",
        later="-133 -144 -1441 -147 -160",
        busy="-32",
    ),
)


class Zalo:
    """One Official Account."""

    channel = Channel.ZALO

    def __init__(self, given: Given) -> None:
        self.name, self.limits = given.name, LIMITS
        self._options, self._wire = given.options, given.wire
        assert given.vault is not None
        self._vault = given.vault
        self._base = str(given.options.get("base_url", BASE_URL)).rstrip("/")
        self._oauth = str(given.options.get("oauth_url", OAUTH_URL)).rstrip("/")

    async def send(self, call_ref: str, batch: Sequence[Outgoing]) -> Sequence[Verdict]:
        return [await self._send_one(message) for message in batch]

    async def _send_one(self, message: Outgoing) -> Verdict:
        tokens = await self._vault.current()
        if tokens is None:
            return Refused(Fault.ACCOUNT, "no token", "sign the Official Account in again")
        verdict = await self._post(message, tokens)
        if isinstance(verdict, Refused) and verdict.code in STALE_TOKEN:
            fresh = await self._vault.renew(tokens.access, self._exchange)  # once, never a loop
            if fresh is not None and fresh.access != tokens.access:
                verdict = await self._post(message, fresh)
        return verdict

    async def _post(self, message: Outgoing, tokens: Tokens) -> Verdict:
        payload: dict[str, Any] = {
            "phone": local(message.to),
            "template_id": message.template or "",
            "template_data": dict(message.params),
            "tracking_id": message.reference,
        }
        if self._options.get("mode") == "development":
            payload["mode"] = "development"
        answer = await self._wire.post(
            f"{self._base}/message/template",
            json_body=payload,
            headers={"access_token": tokens.access},
        )
        return read_answer(answer)[0]

    async def renew(self) -> Refused | None:
        """Rotate the tokens now, ahead of need."""
        tokens = await self._vault.current()
        if tokens is None:
            return Refused(Fault.ACCOUNT, "no token")
        fresh = await self._vault.renew(tokens.access, self._exchange)
        return None if fresh else Refused(Fault.ACCOUNT, "refresh refused")

    async def _exchange(self, tokens: Tokens) -> Tokens | Refused:
        """Trade a refresh token for the next pair. Both must be non-empty or nothing changed."""
        answer = await self._wire.post(
            f"{self._oauth}/v4/oa/access_token",
            form={
                "refresh_token": tokens.refresh,
                "app_id": str(self._options.get("app_id", "")),
                "grant_type": "refresh_token",
            },
            headers={"secret_key": str(self._options.get("app_secret", ""))},
        )
        found = answered(answer)
        if isinstance(found, Refused):
            return found
        access, refresh = word(found.get("access_token")), word(found.get("refresh_token"))
        if not access or not refresh:
            return Refused(Fault.ACCOUNT, word(found.get("error_name")) or "no tokens")
        lifetime = word(found.get("expires_in"))
        return Tokens(access, refresh, int(lifetime) if lifetime.isdigit() else 90_000)

    def hear(self, call: Call) -> Heard:
        return read_receipt(call, self._options)


def build(given: Given) -> Zalo:
    return Zalo(given)


def read_answer(answer: Answer | NoAnswer, *, repeat: bool = True) -> list[Verdict]:
    """What an answer to a send means."""
    found = answered(answer)
    if isinstance(found, Refused):
        return [found]
    code, detail = word(found.get("error")), word(found.get("message"))[:200]
    if code in CODES.accepted:
        inside = found.get("data")
        provider_id = word(inside.get("msg_id")) if isinstance(inside, dict) else ""
        if provider_id:
            return [Accepted(provider_id)]
        return [Refused(Fault.UNKNOWN, code, "accepted without an id")]
    return [Refused(CODES.fault(code), code or "no code", detail)]


def read_receipt(call: Call, options: Mapping[str, Any]) -> Heard:
    """A webhook event. Zalo's own check of the address is an unsigned `{}`."""
    verified = _verified(call, options)
    event = read_object(call.body) or {}
    message = event.get("message")
    message = message if isinstance(message, dict) else {}
    name = word(event.get("event_name"))
    recipient = event.get("recipient")
    to = e164(word(recipient.get("id"))) if isinstance(recipient, dict) else None
    if name == "user_received_message":
        ids, state = [word(message.get("msg_id"))], model.Heard.DELIVERED
    elif name == "user_seen_message":
        several = message.get("msg_ids")
        ids = [word(i) for i in several] if isinstance(several, list) else []
        ids, state = ids or [word(message.get("msg_id"))], model.Heard.READ
    else:
        return Heard((), verified)
    reference = word(message.get("tracking_id")) or None
    receipts = tuple(Receipt(reference, i or None, to, state, name) for i in ids if i or reference)
    return Heard(receipts, verified)


def signature(app_id: str, raw: bytes, timestamp: str, secret: str) -> str:
    """sha256(appId + raw body + timestamp + OA secret key), hex: a plain hash, not an HMAC."""
    return hashlib.sha256(app_id.encode() + raw + timestamp.encode() + secret.encode()).hexdigest()


def _verified(call: Call, options: Mapping[str, Any]) -> bool | None:
    secret = options.get("oa_secret")
    if not secret:
        return None
    claimed = call.headers.get("x-zevent-signature", "").strip().removeprefix("mac=")
    event = read_object(call.body) or {}
    app_id = word(event.get("app_id"))
    if options.get("app_id") and app_id != str(options["app_id"]):
        return False
    stamps = {call.headers.get("x-zevent-timestamp", ""), word(event.get("timestamp"))} - {""}
    return any(
        hmac.compare_digest(signature(app_id, call.body, stamp, str(secret)), claimed.lower())
        for stamp in stamps
    )
