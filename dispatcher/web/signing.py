"""Signing in and out, the very first person, a second step, one's own account."""

from __future__ import annotations

import segno
from markupsafe import Markup

from dispatcher.domain.problems import refused
from dispatcher.i18n import Say
from dispatcher.usecases import signing_in_console
from dispatcher.usecases.signing_in_console import Browser
from dispatcher.usecases.signing_in_elsewhere import offered
from dispatcher.web.ask import DEVICE, Answer, Ask, Go, Shown
from dispatcher.web.guard import BEFORE, LANGUAGE, SESSION, Guard, Page, changes, reads

YEAR, MONTH = 365 * 24 * 3600, 30 * 24 * 3600


def table(guard: Guard) -> list[Page]:
    """The pages of signing in; they know the guard's rates and its first code."""

    def show(ask: Ask) -> Answer:
        if ask.actor is not None:
            return Go("/")
        if signing_in_console.nobody_yet(ask.app):
            return Go("/first")
        say = offered(ask.app)
        return Shown("sign-in.html", {"elsewhere": say.to(ask.language) if say else ""})

    def sign_in(ask: Ask) -> Answer:
        if not guard.rates.allows(ask.peer):
            raise refused(
                "too-often",
                Say("Too many tries. Wait ten minutes."),
            )
        found = signing_in_console.sign_in(
            ask.app,
            ask.one("name"),
            ask.one("password"),
            ask.one("code"),
            Browser(ask.label, ask.cookies.get(DEVICE, "")),
            remember=bool(ask.one("remember")),
        )
        if found is None:
            return Shown("sign-in.html", {"name": ask.one("name"), "second": True}, 401)
        cookies: dict[str, tuple[str, int | None]] = {
            SESSION: (found.word, None),
            BEFORE: ("", None),
        }
        if found.device:
            cookies[DEVICE] = (found.device, MONTH)
        return Go("/me" if found.needs_secret else "/", cookies)

    def first(ask: Ask) -> Answer:
        empty = signing_in_console.nobody_yet(ask.app)
        return Shown("first.html") if empty and guard.first_code else Go("/sign-in")

    def make_first(ask: Ask) -> Answer:
        if not guard.rates.allows(ask.peer):
            raise refused("too-often", Say("Too many tries."))
        made = signing_in_console.make_first(
            ask.app,
            (ask.one("code"), guard.first_code),
            ask.one("name"),
            ask.one("full_name"),
            ask.one("password"),
            ask.label,
        )
        guard.first_code = ""
        return Go("/me", {SESSION: (made.word, None), BEFORE: ("", None)})

    return [
        Page("/sign-in", show, open_=True),
        Page("/sign-in", sign_in, "POST", open_=True),
        Page("/first", first, open_=True),
        Page("/first", make_first, "POST", open_=True),
        Page("/lang", language, "POST", open_=True),
        changes("/sign-out", sign_out),
        reads("/me", me),
        changes("/me/password", password),
        changes("/me/totp", totp),
    ]


def language(ask: Ask) -> Answer:
    chosen = "en" if ask.one("lang") == "en" else "vi"
    back = ask.one("back", "/")
    safe = back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/"
    return Go(safe, {LANGUAGE: (chosen, YEAR)})


def sign_out(ask: Ask) -> Answer:
    signing_in_console.sign_out(ask.app, ask.token)
    return Go("/sign-in", {SESSION: ("", None)})


def me(ask: Ask) -> Answer:
    found = signing_in_console.account(ask.context)
    return Shown("me.html", {"has_totp": found.has_codes, "needs": found.needs_codes})


def password(ask: Ask) -> Answer:
    """Another password, by whoever knows the old one."""
    word = signing_in_console.change_password(
        ask.context, ask.one("old"), ask.one("new"), ask.label
    )
    return Go("/me", {SESSION: (word, None)})


def totp(ask: Ask) -> Answer:
    """A new secret for one-time codes; shown once."""
    address = signing_in_console.new_codes(ask.context, ask.one("old"))
    secret = address.partition("secret=")[2].partition("&")[0]
    groups = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
    square = segno.make(address, error="m").svg_inline(scale=5, light="#fff", border=4)
    return Shown("totp.html", {"address": address, "secret": groups, "square": Markup(square)})
