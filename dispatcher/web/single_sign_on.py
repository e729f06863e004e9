"""Signing in at the organisation's provider; who it vouches for is known by a verified e-mail."""

from __future__ import annotations

import base64
import json
from typing import Any

from dispatcher.db.staff import people
from dispatcher.domain.model import SYSTEM, Actor, Mode
from dispatcher.domain.problems import Problem, refused
from dispatcher.gateways import oidc
from dispatcher.usecases import signing_in
from dispatcher.web.ask import Answer, Ask, Go, nothing_here
from dispatcher.web.guard import BEFORE, SESSION, Guard, Page

UNDER_WAY = "__Host-oidc"
MINUTES = 10
BACK = "/sign-in/back"


def table(guard: Guard) -> list[Page]:
    """Going there, and coming back."""

    def leave(ask: Ask) -> Answer:
        if not guard.rates.allows(ask.peer):
            raise refused("too-often", "Thử quá nhiều lần.", "Too many tries.")
        begun = oidc.begin(_provider(ask))
        kept = json.dumps({"state": begun.state, "nonce": begun.nonce, "verifier": begun.verifier,
                           "until": _now(ask) + MINUTES * 60})  # fmt: skip
        sealed = base64.urlsafe_b64encode(ask.app.store.sealer.seal(kept)).decode()
        return Go(begun.url, {UNDER_WAY: (sealed, MINUTES * 60)})

    def come_back(ask: Ask) -> Answer:
        provider = _provider(ask)
        claims = oidc.finish(provider, _under_way(ask), ask.query, _now(ask))
        person = _known(ask, claims)
        with ask.app.begin(SYSTEM)() as tx:
            token = signing_in.start_session(tx, person, ask.label)
            tx.note("signed_in", "person", person.person_id, by="oidc")
        return Go("/", {SESSION: (token, None), BEFORE: ("", None), UNDER_WAY: ("", None)})

    return [
        Page("/sign-in/elsewhere", leave, open_=True),
        Page(BACK, come_back, open_=True),
    ]


def offered(ask: Ask) -> str:
    """What the button says; empty where only passwords are used."""
    chosen = ask.app.site.oidc
    if not chosen.issuer or (ask.app.site.mode is Mode.DRILL and not chosen.is_here):
        return ""
    return chosen.title or ask.t(
        "Đăng nhập bằng tài khoản cơ quan", "Sign in with your organisation"
    )


def _provider(ask: Ask) -> oidc.Provider:
    chosen = ask.app.site.oidc
    if not offered(ask) or chosen.client_secret is None:
        raise nothing_here()
    base = ask.app.site.public_url or f"http://{ask.app.site.listen}"
    return oidc.Provider(chosen.issuer, chosen.client_id, chosen.client_secret.fetch(), base + BACK)


def _now(ask: Ask) -> int:
    return int(ask.app.clock().timestamp())


def _under_way(ask: Ask) -> dict[str, Any]:
    """The sign-in this browser began, not long ago."""
    try:
        sealed = base64.urlsafe_b64decode(ask.cookies.get(UNDER_WAY, ""))
        found: dict[str, Any] = json.loads(ask.app.store.sealer.open(sealed))
        if found["until"] >= _now(ask):
            return found
    except (Problem, ValueError, KeyError):
        pass
    raise refused(
        "provider-answer",
        "Lần đăng nhập này đã cũ hoặc không bắt đầu ở đây. Thử lại từ đầu.",
        "This sign-in is too old, or did not begin here. Begin again.",
    )


def _known(ask: Ask, claims: Any) -> Actor:
    """The one person of this site with the e-mail the provider verified."""
    email = str(claims.get("email", "")).strip().lower()
    with ask.app.store.read(SYSTEM) as tx:
        row = people.by_email(tx, email) if email and claims.get("email_verified") is True else None
        if row is not None:
            return people.as_actor(tx, row)
    raise refused(
        "no-account",
        "Tài khoản này chưa được cấp quyền ở đây. Người quản trị ghi email của ông/bà trước.",
        "This account has no rights here. An admin notes your e-mail first.",
    )
