"""An account at a vendor is signed in: with a pair of tokens, or with consent in a browser.

Comes from: an admin.   Goes to: the sealed tokens of a gateway.
Never: takes an answer to a consent that was not begun here, or for another account.
"""

from __future__ import annotations

import json
import secrets
from urllib.parse import parse_qs, urlparse

from dispatcher.broadcasts.application import App
from dispatcher.db.queue import gateways
from dispatcher.domain import rights
from dispatcher.domain.problems import Problem, refused
from dispatcher.gateways.contract import SignsIn, Tokens
from dispatcher.gateways.zalo import ZaloOptions
from dispatcher.i18n import Say
from dispatcher.usecases.context import Context
from dispatcher.usecases.gateways import named
from dispatcher.worker import questions


def begin(context: Context, name: str) -> str:
    """The address an administrator of the account opens to allow us to act for it."""
    with context.remembering("sign-in", "gateway", name):
        options = _may(context, name)
        verifier, state = _begun(context.app, name, options)
        return questions.consent_address(context.app, name, state, verifier)


def finish(context: Context, name: str, came_back_to: str) -> None:
    """Sign in with the address the browser was sent back to after consent."""
    with context.remembering("sign-in", "gateway", name):
        options = _may(context, name)
        verifier, state = _pending(context.app, name)
        code = _code(came_back_to, state, str(options.oa_id))
        tokens = questions.ask(context.app, name, SignsIn, lambda g: g.sign_in(code, verifier))
        _store(context, name, tokens)


def paste(context: Context, name: str, text: str) -> None:
    """Sign in with a pair of tokens: two lines, or the JSON that Zalo's console shows."""
    with context.remembering("sign-in", "gateway", name):
        _may(context, name)
        _store(context, name, _pasted(text))


def _may(context: Context, name: str) -> ZaloOptions:
    """The options of a gateway that is signed in to, for whoever may do it."""
    chosen = named(context.app.site, name)
    if not isinstance(chosen.options, ZaloOptions):
        raise Problem(
            "no-login",
            Say("“{name}” needs no sign-in: its keys are in the settings.", name=name),
        )
    rights.need_site(context.actor, Say("sign in at a vendor"))
    return chosen.options


def _store(context: Context, name: str, tokens: Tokens) -> None:
    with context.begin() as tx:
        gateways.put_tokens(tx, name, tokens.access, tokens.refresh, tokens.expires_in)
        tx.note("signed_in", "gateway", name)


def _pasted(text: str) -> Tokens:
    try:
        found = json.loads(text)
        pair = [str(found["access_token"]), str(found["refresh_token"])]
    except (ValueError, KeyError, TypeError):
        pair = [] if text.lstrip().startswith("{") else text.split()
    if len(pair) != 2 or not all(pair) or min(map(len, pair)) < 4 or pair[0] == pair[1]:
        raise Problem(
            "two-tokens",
            Say(
                "Exactly two tokens are needed: access, then refresh, a line each. "
                "Nothing was stored."
            ),
        )
    return Tokens(pair[0], pair[1], 3600)  # its age is not known: it is renewed soon


def _begun(app: App, name: str, options: ZaloOptions) -> tuple[str, str]:
    """A fresh verifier and state, kept until the answer comes; a verifier may be configured."""
    place = app.site.data / "keys" / f"consent-{name}.json"
    fixed = options.code_verifier
    found = [str(fixed) if fixed else secrets.token_urlsafe(32), secrets.token_urlsafe(16)]
    if not app.store.dry:
        place.parent.mkdir(mode=0o700, exist_ok=True)
        place.write_text(json.dumps(found), encoding="utf-8")
        place.chmod(0o600)
    return found[0], found[1]


def _pending(app: App, name: str) -> tuple[str, str]:
    """The verifier and state of the consent that was begun; they are good for one answer."""
    place = app.site.data / "keys" / f"consent-{name}.json"
    try:
        verifier, state = json.loads(place.read_text("utf-8"))
    except (OSError, ValueError):
        raise Problem("no-consent", Say("No consent for “{name}” was begun.", name=name)) from None
    place.unlink()
    return str(verifier), str(state)


def _code(text: str, state: str, oa_id: str) -> str:
    """The code in the address the browser came back to; only for our own consent and account."""
    query = parse_qs(urlparse(text.strip()).query)
    code, came, account = (query.get(k, [""])[0] for k in ("code", "state", "oa_id"))
    if not code or came != state:
        raise Problem(
            "wrong-callback",
            Say("This address does not answer the consent just begun. Start again."),
        )
    if oa_id and account and account != oa_id:
        raise refused(
            "wrong-account",
            Say("That is another Official Account than in the settings. Nothing was stored."),
        )
    return code
