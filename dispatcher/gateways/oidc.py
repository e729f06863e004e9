"""Signing in at the organisation's own provider: OpenID Connect, authorization code with PKCE.

Source: OpenID Connect Core 1.0 section 3.1, RFC 7636, RFC 9207; Authlib builds and checks, joserfc
verifies signatures. Nothing is followed but what the issuer's own document names, and only there.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from dispatcher.domain.problems import Problem, refused
from dispatcher.i18n import Say

SECONDS = 10.0
LEEWAY = 60  # seconds the provider's clock may be off
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
MOST_BYTES = 1_000_000


@dataclass(frozen=True)
class Provider:
    issuer: str
    client_id: str
    client_secret: str
    back: str  # where it sends people back to


@dataclass(frozen=True)
class PendingSignIn:
    """What is remembered, sealed, between going there and coming back."""

    url: str
    state: str
    nonce: str
    verifier: str


def begin(provider: Provider) -> PendingSignIn:
    """Where to send somebody. Raises Problem provider-unreachable."""
    found = _discovered(provider)
    state, nonce = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    verifier = secrets.token_urlsafe(48)
    url = prepare_grant_uri(
        found["authorization_endpoint"],
        provider.client_id,
        "code",
        provider.back,
        "openid email",
        state,
        nonce=nonce,
        code_challenge=create_s256_code_challenge(verifier),
        code_challenge_method="S256",
    )
    return PendingSignIn(url, state, nonce, verifier)


def finish(
    provider: Provider, begun: Mapping[str, str], query: Mapping[str, str], now: int
) -> Mapping[str, Any]:
    """The claims of whoever came back: signed by the issuer, for us, for this very sign-in.

    `now`: seconds since 1970. Anything else is refused as provider-answer.
    """
    came_back = query.get("state", "")
    if not came_back or not secrets.compare_digest(came_back.encode(), begun["state"].encode()):
        raise _wrong()
    if query.get("iss", provider.issuer) != provider.issuer or not query.get("code"):
        raise _wrong()
    found = _discovered(provider)
    token = _asked(
        "POST",
        found["token_endpoint"],
        data={
            "grant_type": "authorization_code",
            "code": query["code"],
            "redirect_uri": provider.back,
            "code_verifier": begun["verifier"],
        },
        auth=httpx.BasicAuth(provider.client_id, provider.client_secret),
    )
    keys: Any = _asked("GET", found["jwks_uri"])
    try:
        signed = jwt.decode(
            str(token["id_token"]), KeySet.import_key_set(keys), algorithms=ALGORITHMS
        )
        claims = CodeIDToken(
            signed.claims,
            signed.header,
            {"iss": {"value": provider.issuer}, "aud": {"value": provider.client_id}},
            {"nonce": begun["nonce"], "client_id": provider.client_id},
        )
        claims.validate(now, LEEWAY)
    except (AuthlibBaseError, JoseError, KeyError, ValueError, TypeError) as error:
        raise _wrong() from error
    return dict(signed.claims)


def _discovered(provider: Provider) -> Mapping[str, Any]:
    """The issuer's own document; what it names must be served as safely as the issuer itself."""
    found = _asked("GET", f"{provider.issuer}/.well-known/openid-configuration")
    if found.get("issuer") != provider.issuer:
        raise _wrong()
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        place = str(found.get(name, ""))
        if urlsplit(place).scheme != urlsplit(provider.issuer).scheme:
            raise _wrong()
    return found


def _asked(method: str, url: str, **more: Any) -> Mapping[str, Any]:
    try:
        with httpx.Client(trust_env=False, timeout=SECONDS, follow_redirects=False) as client:
            answer = client.request(method, url, **more)
    except httpx.HTTPError:
        raise Problem(
            "provider-unreachable",
            Say("The sign-in provider cannot be reached. Use your password, or try again later."),
            exit_code=5,
        ) from None
    try:
        if answer.status_code != 200 or len(answer.content) > MOST_BYTES:
            raise _wrong()
        found = answer.json()
    except ValueError:
        raise _wrong() from None
    if not isinstance(found, dict):
        raise _wrong()
    return found


def _wrong() -> Problem:
    return refused(
        "provider-answer",
        Say("The provider's answer is not valid, or this sign-in is too old. Begin again."),
    )
