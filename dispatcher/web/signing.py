"""Signing in and out, the very first person, a second step, one's own account."""

from __future__ import annotations

import segno
from markupsafe import Markup
from msgspec import Struct

from dispatcher.domain.problems import refused
from dispatcher.i18n import Say
from dispatcher.usecases import signing_in_console
from dispatcher.usecases.signing_in_console import Browser
from dispatcher.usecases.signing_in_elsewhere import button_words
from dispatcher.web.middleware import (
    BEFORE,
    LANGUAGE,
    SESSION,
    Middleware,
    PageRoute,
    button,
    changes,
    open_form,
    reads,
)
from dispatcher.web.request import DEVICE, Answer, Page, PageRequest, Redirect

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


def pages(middleware: Middleware) -> list[PageRoute]:
    """The pages of signing in; they know the rates of the middleware and its first code."""

    def show(request: PageRequest) -> Answer:
        if request.actor is not None:
            return Redirect("/")
        if signing_in_console.nobody_yet(request.app):
            return Redirect("/first")
        say = button_words(request.app)
        return Page("sign-in.html", {"elsewhere": say.to(request.language) if say else ""})

    def sign_in(request: PageRequest, form: SignInForm) -> Answer:
        if not middleware.rates.allows(request.peer):
            raise refused(
                "too-often",
                Say("Too many tries. Wait ten minutes."),
            )
        found = signing_in_console.sign_in(
            request.app,
            form.name,
            form.password,
            form.code,
            Browser(request.label, request.cookies.get(DEVICE, "")),
            remember=form.remember,
        )
        if found is None:
            return Page("sign-in.html", {"name": form.name, "second": True}, 401)
        cookies: dict[str, tuple[str, int | None]] = {
            SESSION: (found.word, None),
            BEFORE: ("", None),
        }
        if found.device:
            cookies[DEVICE] = (found.device, MONTH)
        return Redirect("/me" if found.needs_secret else "/", cookies)

    def first(request: PageRequest) -> Answer:
        empty = signing_in_console.nobody_yet(request.app)
        return Page("first.html") if empty and middleware.first_code else Redirect("/sign-in")

    def make_first(request: PageRequest, form: FirstPersonForm) -> Answer:
        if not middleware.rates.allows(request.peer):
            raise refused("too-often", Say("Too many tries."))
        made = signing_in_console.make_first(
            request.app,
            (form.code, middleware.first_code),
            form.name,
            form.full_name,
            form.password,
            request.label,
        )
        middleware.first_code = ""
        return Redirect("/me", {SESSION: (made.word, None), BEFORE: ("", None)})

    return [
        PageRoute("/sign-in", show, open_=True),
        open_form("/sign-in", sign_in, SignInForm),
        PageRoute("/first", first, open_=True),
        open_form("/first", make_first, FirstPersonForm),
        open_form("/lang", language, LanguageForm),
        button("/sign-out", sign_out),
        reads("/me", me),
        changes("/me/password", password, NewPasswordForm),
        changes("/me/totp", totp, CodesForm),
    ]


def language(request: PageRequest, form: LanguageForm) -> Answer:
    chosen = "en" if form.lang == "en" else "vi"
    back = form.back
    safe = back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/"
    return Redirect(safe, {LANGUAGE: (chosen, YEAR)})


def sign_out(request: PageRequest) -> Answer:
    signing_in_console.sign_out(request.app, request.token)
    return Redirect("/sign-in", {SESSION: ("", None)})


def me(request: PageRequest) -> Answer:
    found = signing_in_console.account(request.context)
    return Page("me.html", {"has_totp": found.has_codes, "needs": found.needs_codes})


def password(request: PageRequest, form: NewPasswordForm) -> Answer:
    """Another password, by whoever knows the old one."""
    word = signing_in_console.change_password(request.context, form.old, form.new, request.label)
    return Redirect("/me", {SESSION: (word, None)})


def totp(request: PageRequest, form: CodesForm) -> Answer:
    """A new secret for one-time codes; shown once."""
    address = signing_in_console.new_codes(request.context, form.old)
    secret = address.partition("secret=")[2].partition("&")[0]
    groups = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
    square = segno.make(address, error="m").svg_inline(scale=5, light="#fff", border=4)
    return Page("totp.html", {"address": address, "secret": groups, "square": Markup(square)})
