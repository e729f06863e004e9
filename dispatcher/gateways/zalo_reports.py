"""What Zalo's webhook says: deliveries, replies, people who tell their phone or leave."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from dispatcher.domain import model
from dispatcher.domain.model import Receipt
from dispatcher.gateways.contract import Call, Heard, Introduced, Reply, e164, read_object, word


def heard(call: Call, verified: bool | None) -> Heard:
    """What an event says. `verified`: see `is_signed`."""
    event = read_object(call.body) or {}
    message = event.get("message")
    message = message if isinstance(message, dict) else {}
    name = word(event.get("event_name"))
    if name == "user_send_text":
        sender = event.get("sender")
        who = word(sender.get("id")) if isinstance(sender, dict) else ""
        replies = (Reply(who, word(message.get("text"))),) if who else ()
        return Heard((), verified, replies)
    if name in ("user_submit_info", "unfollow"):
        return Heard((), verified, introduced=_introduced(event, name))
    recipient = event.get("recipient")
    to = e164(word(recipient.get("id"))) if isinstance(recipient, dict) else None
    if name == "user_received_message":
        ids, state = [word(message.get("msg_id"))], model.ReceiptFlags.DELIVERED
    elif name == "user_seen_message":
        several = message.get("msg_ids")
        ids = [word(i) for i in several] if isinstance(several, list) else []
        ids, state = ids or [word(message.get("msg_id"))], model.ReceiptFlags.READ
    else:
        return Heard((), verified)
    reference = word(message.get("tracking_id")) or None
    receipts = tuple(Receipt(reference, i or None, to, state, name) for i in ids if i or reference)
    return Heard(receipts, verified)


def _introduced(event: Mapping[str, Any], name: str) -> tuple[Introduced, ...]:
    """Who told the account their phone, or left it."""
    who = event.get("sender" if name == "user_submit_info" else "follower")
    user_id = word(who.get("id")) if isinstance(who, dict) else ""
    info = event.get("info")
    phone = e164(word(info.get("phone"))) if isinstance(info, dict) else None
    if not user_id or (name == "user_submit_info" and phone is None):
        return ()
    return (Introduced(user_id, phone),)


def signature(app_id: str, raw: bytes, timestamp: str, secret: str) -> str:
    """sha256(appId + raw body + timestamp + OA secret key), hex: a plain hash, not an HMAC."""
    return hashlib.sha256(app_id.encode() + raw + timestamp.encode() + secret.encode()).hexdigest()


def is_signed(call: Call, our_app: str, secret: str) -> bool | None:
    """Whether Zalo signed a call with the account's secret; None where none is configured."""
    if not secret:
        return None
    claimed = call.headers.get("x-zevent-signature", "").strip().removeprefix("mac=")
    event = read_object(call.body) or {}
    app_id = word(event.get("app_id"))
    if our_app and app_id != our_app:
        return False
    stamps = {call.headers.get("x-zevent-timestamp", ""), word(event.get("timestamp"))} - {""}
    return any(
        hmac.compare_digest(
            signature(app_id, call.body, stamp, secret).encode(), claimed.lower().encode()
        )
        for stamp in stamps
    )
