"""Signing in at the organisation's provider; who it vouches for is known by a verified e-mail.

Comes from: a browser that leaves for the provider and comes back.   Goes to: a session.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from dispatcher.broadcasts.application import App
from dispatcher.db.staff import people
from dispatcher.domain.model import SYSTEM, Actor, Mode
from dispatcher.domain.problems import Problem, refused
from dispatcher.gateways import oidc
from dispatcher.i18n import Both, Say, Spoken
from dispatcher.usecases import signing_in
from dispatcher.usecases.signing_in_console import Session

MINUTES = 10  # to come back in


def button_words(app: App) -> Spoken | None:
    """What the button says; None where only passwords are used."""
    chosen = app.site.oidc
    if not chosen.issuer or (app.site.mode is Mode.DRILL and not chosen.is_here):
        return None
    if chosen.title:
        return Both(chosen.title, chosen.title)
    return Say("Sign in with your organisation")


def go_to_provider(app: App, back: str) -> tuple[str, str]:
    """Where the browser goes, and the sealed word it brings back to the path `back`."""
    begun = oidc.begin(_provider(app, back))
    kept = json.dumps(
        {
            "state": begun.state,
            "nonce": begun.nonce,
            "verifier": begun.verifier,
            "until": _now(app) + MINUTES * 60,
        }
    )
    return begun.url, base64.urlsafe_b64encode(app.store.sealer.seal(kept)).decode()


def come_back(app: App, back: str, kept: str, answer: Mapping[str, str], label: str) -> Session:
    """The session of whoever the provider vouches for. `kept`: what `go_to_provider` gave."""
    provider = _provider(app, back)
    claims = oidc.finish(provider, _under_way(app, kept), answer, _now(app))
    person = _known(app, claims)
    with app.begin(SYSTEM)() as tx:
        word = signing_in.start_session(tx, person, label)
        tx.note("signed_in", "person", person.person_id, by="oidc")
    return Session(person, word)


def _provider(app: App, back: str) -> oidc.Provider:
    chosen = app.site.oidc
    if button_words(app) is None or chosen.client_secret is None:
        raise Problem(
            "unknown-page",
            Say("There is no such page or thing, or it is not yours."),
        )
    base = app.site.public_url or f"http://{app.site.listen}"
    return oidc.Provider(chosen.issuer, chosen.client_id, chosen.client_secret.fetch(), base + back)


def _now(app: App) -> int:
    return int(app.clock().timestamp())


def _under_way(app: App, kept: str) -> dict[str, Any]:
    """The sign-in this browser began, not long ago."""
    try:
        sealed = base64.urlsafe_b64decode(kept)
        found: dict[str, Any] = json.loads(app.store.sealer.open(sealed))
        if found["until"] >= _now(app):
            return found
    except (Problem, ValueError, KeyError):
        pass
    raise refused(
        "provider-answer",
        Say("This sign-in is too old, or did not begin here. Begin again."),
    )


def _known(app: App, claims: Any) -> Actor:
    """The one person of this site with the e-mail the provider verified."""
    email = str(claims.get("email", "")).strip().lower()
    with app.store.read(SYSTEM) as tx:
        row = people.by_email(tx, email) if email and claims.get("email_verified") is True else None
        if row is not None:
            return people.as_actor(tx, row)
    raise refused(
        "no-account",
        Say("This account has no rights here. An admin notes your e-mail first."),
    )
