"""Zalo: ZBS template messages through an Official Account, by user id where known, else by phone.

Facts: Zalo's own text and SDKs as collected 2026-11 (ZBS page of 2026, OAuth v4). No idempotency
and no look-up by our reference are promised: a lost answer stays in doubt until the delivery
webhook names our `tracking_id` (a message by user id carries none: its doubt stays). Errors come
with HTTP 200. Refresh tokens are single use. Every text is NFC before it leaves: lengths are
counted that way. How long a status can be asked for is not published: `status_days`, two.
"""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from dispatcher.domain import model
from dispatcher.domain.model import Channel, Fault, Receipt
from dispatcher.gateways.contract import (
    Accepted,
    Answer,
    Asks,
    Call,
    Codes,
    Given,
    Heard,
    Limits,
    NoAnswer,
    Outgoing,
    Refused,
    SendResult,
    Sent,
    Tokens,
    VendorTemplate,
    answered,
    facts,
    local,
    whole,
    word,
)
from dispatcher.gateways.fields import HTTP, URL, AnyOptions, Code, Options, Secret, known, setting
from dispatcher.gateways.structs import taken
from dispatcher.gateways.zalo_codes import ACCOUNT_API, OPENS, TEMPLATES
from dispatcher.gateways.zalo_reports import heard, is_signed
from dispatcher.i18n import Say

BASE_URL = "https://business.openapi.zalo.me"
OAUTH_URL = "https://oauth.zaloapp.com"
OA_URL = "https://openapi.zalo.me"
ASKS = Asks(after=timedelta(minutes=5), look_back=timedelta(days=2), most=50)
LIMITS = Limits(per_second=20, in_flight=16)  # no per-second figure is published
STALE_TOKEN = frozenset({"-124", "-216", "-220"})
CODES = Codes(frozenset({"0"}), facts(TEMPLATES, ACCOUNT_API))

HOURS = "06:00-22:00"  # outside, a template may be refused: -133, -234 (error list, 2026-11)


class ZaloOptions(Options, frozen=True):
    """[gateways.…] with `adapter = "zalo"`."""

    oa_id: Annotated[Code, setting(Say("The account's id"), live=True)] = ""
    app_id: Annotated[Code, setting(Say("The application's id"), live=True)] = ""
    app_secret: Annotated[
        Secret | None,
        setting(Say("The application's key: signs in")),
    ] = None
    oa_secret: Annotated[
        Secret | None,
        setting(
            Say(
                "The OA Secret Key of the Webhook page: checks signatures",
            )
        ),
    ] = None
    redirect_uri: Annotated[
        str,
        setting(
            Say("Where Zalo sends the browser at sign-in"),
            looks=URL,
            pattern=HTTP,
        ),
    ] = ""
    code_verifier: Annotated[Code, setting(Say("A fixed verifier for the sign-in"))] = ""
    status_days: Annotated[
        float,
        setting(
            Say(
                "Days in which the status of a message can be asked for",
            ),
            gt=0,
            le=30,
        ),
    ] = 2
    mode: Annotated[
        Literal["development", "production"],
        setting(
            Say(
                "development: administrators of the account only",
            )
        ),
    ] = "production"
    signature: Annotated[
        Literal["strict", "warn"],
        setting(
            Say(
                "warn, while setting up: a wrong signature counts as none",
            )
        ),
    ] = "strict"
    base_url: Annotated[str, setting(Say("Address of the API"), looks=URL, pattern=HTTP)] = BASE_URL
    oauth_url: Annotated[str, setting(Say("Address of the sign-in"), looks=URL, pattern=HTTP)] = (
        OAUTH_URL
    )
    oa_url: Annotated[str, setting(Say("Address of the OA API"), looks=URL, pattern=HTTP)] = OA_URL


OPTIONS = ZaloOptions


class Zalo:
    """One Official Account."""

    channel = Channel.ZALO

    def __init__(self, given: Given) -> None:
        self.name, self.limits = given.name, LIMITS
        self._options, self._wire = taken(ZaloOptions, given.options), given.wire
        assert given.vault is not None
        self._vault = given.vault
        self.asks = replace(ASKS, look_back=timedelta(days=self._options.status_days))
        self._base, self._oauth, self._oa = (
            url.rstrip("/")
            for url in (self._options.base_url, self._options.oauth_url, self._options.oa_url)
        )

    async def send(self, call_ref: str, batch: Sequence[Outgoing]) -> Sequence[SendResult]:
        return [await self._ask_with_token(*self._written(message)) for message in batch]

    async def answer(self, to: str, text: str) -> SendResult:
        """A consultation message: free words to somebody who wrote within 48 hours."""
        payload = {"recipient": {"user_id": to}, "message": {"text": nfc(text)}}
        return await self._ask_with_token(f"{self._oa}/v3.0/oa/message/cs", payload)

    async def _ask_with_token(self, place: str, payload: Mapping[str, Any]) -> SendResult:
        tokens = await self._vault.current()
        if tokens is None:
            return Refused(Fault.ACCOUNT, "no token", "sign the Official Account in again")
        send_result = await self._post(place, payload, tokens)
        if isinstance(send_result, Refused) and send_result.code in STALE_TOKEN:
            fresh = await self._vault.renew(tokens.access, self._exchange)  # once, never a loop
            if fresh is not None and fresh.access != tokens.access:
                send_result = await self._post(place, payload, fresh)
        return send_result

    async def _post(self, place: str, payload: Mapping[str, Any], tokens: Tokens) -> SendResult:
        answer = await self._wire.post(
            place, json_body=payload, headers={"access_token": tokens.access}
        )
        return read_answer(answer)[0]

    def _written(self, message: Outgoing) -> tuple[str, dict[str, Any]]:
        """By phone, or by user id at the Official Account's own address, which costs less."""
        by_phone = message.to.startswith("+")
        payload: dict[str, Any] = {
            "template_id": message.template or "",
            "template_data": {k: nfc(v) for k, v in message.params.items()},
        }
        if by_phone:
            payload |= {"phone": local(message.to), "tracking_id": message.reference}
        else:
            payload["user_id"] = message.to
        if self._options.mode == "development":
            payload["mode"] = "development"
        place = f"{self._base}/message/template"
        if not by_phone:
            place = f"{self._oa}/v3.0/oa/message/template"
        return place, payload

    # --- what the account knows ---------------------------------------------------------------

    async def _get(self, path: str, **query: str) -> dict[str, Any] | Refused:
        """A GET of the business API; a token that has died is renewed once."""
        tokens = await self._vault.current()
        if tokens is None:
            return Refused(Fault.ACCOUNT, "no token", "sign the Official Account in again")
        found: dict[str, Any] | Refused = Refused(Fault.UNKNOWN, "nothing")
        for _ in range(2):
            answer = await self._wire.get(
                f"{self._base}/{path}", query=query, headers={"access_token": tokens.access}
            )
            found = answered(answer)
            if isinstance(found, Refused) or word(found.get("error")) in CODES.accepted:
                return found
            code = word(found.get("error"))
            found = Refused(CODES.fault(code), code, word(found.get("message"))[:200])
            fresh = (
                await self._vault.renew(tokens.access, self._exchange)
                if code in STALE_TOKEN
                else None
            )
            if fresh is None or fresh.access == tokens.access:
                return found
            tokens = fresh
        return found

    async def templates(self, sender: str) -> Sequence[VendorTemplate] | Refused:
        """Approved templates with what each value may be. `sender` does not matter here."""
        found: list[VendorTemplate] = []
        for offset in range(0, MOST_TEMPLATES, 100):
            page = await self._get("template/all", offset=str(offset), limit="100", status="1")
            if isinstance(page, Refused):
                return page
            rows = page.get("data")
            rows = rows if isinstance(rows, list) else []
            for row in rows:
                template = await self.template(word(row.get("templateId")))
                if isinstance(template, Refused):
                    return template
                found.append(template)
            if len(rows) < 100:
                break
        return found

    async def template(self, template_id: str) -> VendorTemplate | Refused:
        """One template with what each of its values may be, and its price."""
        info = await self._get("template/info/v2", template_id=template_id)
        if isinstance(info, Refused):
            return info
        data = info.get("data")
        return _template(data) if isinstance(data, dict) else Refused(Fault.UNKNOWN, "no template")

    async def standing(self) -> Mapping[str, str] | Refused:
        """Today's quota and the account's quality, as Zalo tells them now."""
        quota = await self._get("message/quota")
        quality = await self._get("quality")
        for answer in (quota, quality):
            if isinstance(answer, Refused):
                return answer
        found: dict[str, str] = {}
        for answer in (quota, quality):
            data = answer.get("data") if isinstance(answer, dict) else None
            if isinstance(data, dict):
                found |= {k: word(v) for k, v in data.items() if word(v)}
        return found

    async def ask(self, sent: Sequence[Sent]) -> Sequence[Receipt] | Refused:
        """Delivery of messages by Zalo's own ids, one question each."""
        receipts: list[Receipt] = []
        for message in sent:
            if not message.provider_id:
                continue
            found = await self._get("message/status", message_id=message.provider_id)
            if isinstance(found, Refused):
                return receipts or found
            data = found.get("data")
            status = word(data.get("status")) if isinstance(data, dict) else ""
            state = model.ReceiptFlags.DELIVERED if status == "1" else model.ReceiptFlags.ACCEPTED
            if status in ("0", "1"):
                receipts.append(Receipt(None, message.provider_id, None, state, f"status {status}"))
        return receipts

    # --- tokens -------------------------------------------------------------------------------

    def consent_url(self, state: str, verifier: str) -> str:
        """Where an administrator of the Official Account gives this program the right to send."""
        digest = hashlib.sha256(verifier.encode()).digest()
        query = {
            "app_id": str(self._options.app_id),
            "redirect_uri": self._options.redirect_uri,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "state": state,
        }
        return f"{self._oauth}/v4/oa/permission?{urlencode(query)}"

    async def sign_in(self, code: str, verifier: str) -> Tokens | Refused:
        """Trade the code of a consent (ten minutes, single use) for the first pair."""
        return await self._trade(
            {"code": code, "grant_type": "authorization_code", "code_verifier": verifier}
        )

    async def renew(self) -> Refused | None:
        """Rotate the tokens now, ahead of need."""
        tokens = await self._vault.current()
        if tokens is None:
            return Refused(Fault.ACCOUNT, "no token")
        fresh = await self._vault.renew(tokens.access, self._exchange)
        return None if fresh else Refused(Fault.ACCOUNT, "refresh refused")

    async def _exchange(self, tokens: Tokens) -> Tokens | Refused:
        """Trade a refresh token for the next pair. Both must be non-empty or nothing changed."""
        return await self._trade({"refresh_token": tokens.refresh, "grant_type": "refresh_token"})

    async def _trade(self, form: Mapping[str, str]) -> Tokens | Refused:
        answer = await self._wire.post(
            f"{self._oauth}/v4/oa/access_token",
            form={**form, "app_id": str(self._options.app_id)},
            headers={"secret_key": known(self._options.app_secret)},
        )
        found = answered(answer)
        if isinstance(found, Refused):  # whatever went wrong on the way ends no token
            return replace(found, fault=Fault.UNKNOWN)
        access, refresh = word(found.get("access_token")), word(found.get("refresh_token"))
        if not access or not refresh:
            said = word(found.get("error_name")) or word(found.get("error")).strip("0")
            # only a refusal in Zalo's own words ends a token; half an answer proves nothing
            return Refused(Fault.ACCOUNT if said else Fault.UNKNOWN, said or "no tokens")
        lifetime = word(found.get("expires_in"))
        return Tokens(access, refresh, whole(lifetime) or 90_000)

    def hear(self, call: Call) -> Heard:
        return read_receipt(call, self._options)


def build(given: Given) -> Zalo:
    return Zalo(given)


def read_answer(answer: Answer | NoAnswer, *, repeat: bool = True) -> list[SendResult]:
    """What an answer to a send means."""
    found = answered(answer)
    if isinstance(found, Refused):
        return [found]
    code, detail = word(found.get("error")), word(found.get("message"))[:200]
    if code in CODES.accepted:
        inside = found.get("data")
        inside = inside if isinstance(inside, dict) else {}
        provider_id = word(inside.get("msg_id")) or word(inside.get("message_id"))
        if provider_id:
            return [Accepted(provider_id)]
        return [Refused(Fault.UNKNOWN, code, "accepted without an id")]
    return [Refused(CODES.fault(code), code or "no code", detail, opens=OPENS.get(code))]


MOST_TEMPLATES = 1000


def _template(data: Mapping[str, Any]) -> VendorTemplate:
    params = data.get("listParams")
    price = word(data.get("price_sdt")) or word(data.get("price"))
    return VendorTemplate(
        word(data.get("templateId")),
        word(data.get("templateName")),
        word(data.get("status")).lower(),
        None,
        tuple(
            (
                word(p.get("name")),
                whole(word(p.get("maxLength"))),
                p.get("require") is True,
            )
            for p in (params if isinstance(params, list) else [])
            if isinstance(p, dict)
        ),
        whole(price.partition(".")[0]),
        whole(word(data.get("price_uid")).partition(".")[0]),
    )


def nfc(value: str) -> str:
    """Composed letters: Zalo counts them, and refuses what only looks short enough (-1121)."""
    return unicodedata.normalize("NFC", value)


def read_receipt(call: Call, options: AnyOptions) -> Heard:
    """A webhook event. Zalo's own check of the address is an unsigned `{}`.

    `signature = "warn"`, for setting up: a wrong signature is told as none at all, so that Zalo
    does not drop the address; number and id must still be ours.
    """
    chosen = taken(ZaloOptions, options)
    verified = is_signed(call, str(chosen.app_id), known(chosen.oa_secret))
    if verified is False and chosen.signature == "warn":
        verified = None
    return heard(call, verified)
