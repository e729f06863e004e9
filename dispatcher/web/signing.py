"""Signing in and out, the very first person, a second step, one's own account."""

from __future__ import annotations

import segno
from markupsafe import Markup
from msgspec import Struct

from dispatcher.domain.problems import refused
from dispatcher.i18n import Say
from dispatcher.usecases import signing_in_console
from dispatcher.usecases.signing_in_console import Browser
from dispatcher.usecases.signing_in_elsewhere import offered
from dispatcher.web.ask import DEVICE, Answer, Ask, Go, Shown
from dispatcher.web.guard import (
    BEFORE,
    LANGUAGE,
    SESSION,
    Guard,
    Page,
    button,
    changes,
    open_form,
    reads,
)

YEAR, MONTH = 365 * 24 * 3600, 30 * 24 * 3600


class SignInForm(Struct, frozen=True):
    """`remember`: this device is asked for no code for a while."""

    name: str
    password: str
    code: str
    remember: bool = False


class FirstPersonForm(Struct, frozen=True):
    """`code`: as it was shown where the console was started."""

    code: str
    name: str
    full_name: str
    password: str


class LanguageForm(Struct, frozen=True):
    """`back`: the page to go on with."""

    lang: str
    back: str = "/"


class NewPasswordForm(Struct, frozen=True):
    old: str
    new: str


class CodesForm(Struct, frozen=True):
    old: str


def table(guard: Guard) -> list[Page]:
    """The pages of signing in; they know the guard's rates and its first code."""

    def show(ask: Ask) -> Answer:
        if ask.actor is not None:
            return Go("/")
        if signing_in_console.nobody_yet(ask.app):
            return Go("/first")
        say = offered(ask.app)
        return Shown("sign-in.html", {"elsewhere": say.to(ask.language) if say else ""})

    def sign_in(ask: Ask, form: SignInForm) -> Answer:
        if not guard.rates.allows(ask.peer):
            raise refused(
                "too-often",
                Say("Too many tries. Wait ten minutes."),
            )
        found = signing_in_console.sign_in(
            ask.app,
            form.name,
            form.password,
            form.code,
            Browser(ask.label, ask.cookies.get(DEVICE, "")),
            remember=form.remember,
        )
        if found is None:
            return Shown("sign-in.html", {"name": form.name, "second": True}, 401)
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

    def make_first(ask: Ask, form: FirstPersonForm) -> Answer:
        if not guard.rates.allows(ask.peer):
            raise refused("too-often", Say("Too many tries."))
        made = signing_in_console.make_first(
            ask.app,
            (form.code, guard.first_code),
            form.name,
            form.full_name,
            form.password,
            ask.label,
        )
        guard.first_code = ""
        return Go("/me", {SESSION: (made.word, None), BEFORE: ("", None)})

    return [
        Page("/sign-in", show, open_=True),
        open_form("/sign-in", sign_in, SignInForm),
        Page("/first", first, open_=True),
        open_form("/first", make_first, FirstPersonForm),
        open_form("/lang", language, LanguageForm),
        button("/sign-out", sign_out),
        reads("/me", me),
        changes("/me/password", password, NewPasswordForm),
        changes("/me/totp", totp, CodesForm),
    ]


def language(ask: Ask, form: LanguageForm) -> Answer:
    chosen = "en" if form.lang == "en" else "vi"
    back = form.back
    safe = back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/"
    return Go(safe, {LANGUAGE: (chosen, YEAR)})


def sign_out(ask: Ask) -> Answer:
    signing_in_console.sign_out(ask.app, ask.token)
    return Go("/sign-in", {SESSION: ("", None)})


def me(ask: Ask) -> Answer:
    found = signing_in_console.account(ask.context)
    return Shown("me.html", {"has_totp": found.has_codes, "needs": found.needs_codes})


def password(ask: Ask, form: NewPasswordForm) -> Answer:
    """Another password, by whoever knows the old one."""
    word = signing_in_console.change_password(ask.context, form.old, form.new, ask.label)
    return Go("/me", {SESSION: (word, None)})


def totp(ask: Ask, form: CodesForm) -> Answer:
    """A new secret for one-time codes; shown once."""
    address = signing_in_console.new_codes(ask.context, form.old)
    secret = address.partition("secret=")[2].partition("&")[0]
    groups = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
    square = segno.make(address, error="m").svg_inline(scale=5, light="#fff", border=4)
    return Shown("totp.html", {"address": address, "secret": groups, "square": Markup(square)})
