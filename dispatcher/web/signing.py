"""Signing in and out, the very first person, a second step, one's own account."""

from __future__ import annotations

import hmac
import secrets

import segno
from markupsafe import Markup

from dispatcher.db.staff import people, sessions
from dispatcher.domain.model import SYSTEM, Actor, Mode, Role
from dispatcher.domain.problems import refused
from dispatcher.usecases import signing_in
from dispatcher.web.ask import Answer, Ask, Go, Shown
from dispatcher.web.guard import (
    BEFORE,
    DEVICE,
    EVERYONE,
    LANGUAGE,
    SESSION,
    Guard,
    Page,
    changes,
    reads,
)
from dispatcher.web.single_sign_on import offered

YEAR = 365 * 24 * 3600


def table(guard: Guard) -> list[Page]:
    """The pages of signing in; they know the guard's rates and its first code."""

    def show(ask: Ask) -> Answer:
        if ask.actor is not None:
            return Go("/")
        with ask.app.store.read(SYSTEM) as tx:
            empty = people.count(tx) == 0
        return Go("/first") if empty else Shown("sign-in.html", {"elsewhere": offered(ask)})

    def sign_in(ask: Ask) -> Answer:
        if not guard.rates.allows(ask.peer):
            raise refused(
                "too-often",
                "Thử quá nhiều lần. Đợi mười phút rồi thử lại.",
                "Too many tries. Wait ten minutes.",
            )
        begin = ask.app.begin(SYSTEM)
        person = signing_in.check_password(begin, ask.one("name"), ask.one("password"))
        device = ask.cookies.get(DEVICE, "")
        with begin() as tx:
            assert person.person_id is not None
            has = signing_in.has_totp(tx, person)
            known = bool(device) and sessions.remembered(
                tx, signing_in.digest(device), person.person_id, tx.now
            )
            if has and not known:
                code = ask.one("code")
                if not code or not signing_in.check_totp(tx, person, code):
                    return Shown("sign-in.html", {"name": ask.one("name"), "second": True}, 401)
            token = signing_in.start_session(tx, person, ask.label, proved=has)
            cookies: dict[str, tuple[str, int | None]] = {
                SESSION: (token, None),
                BEFORE: ("", None),
            }
            if has and not known and ask.one("remember"):
                word = secrets.token_urlsafe(32)
                sessions.remember(tx, signing_in.digest(word), person.person_id, ask.label)
                cookies[DEVICE] = (word, 30 * 24 * 3600)
        start = "/me" if signing_in.needs_code(person) and not has else "/"
        return Go(start, cookies)

    def first(ask: Ask) -> Answer:
        with ask.app.store.read(SYSTEM) as tx:
            empty = people.count(tx) == 0
        return Shown("first.html") if empty and guard.first_code else Go("/sign-in")

    def make_first(ask: Ask) -> Answer:
        if not guard.rates.allows(ask.peer):
            raise refused("too-often", "Thử quá nhiều lần.", "Too many tries.")
        right = bool(guard.first_code) and hmac.compare_digest(
            ask.one("code").encode(), guard.first_code.encode()
        )
        if not right:
            raise refused(
                "first-code",
                "Mã không đúng. Mã hiện ở cửa sổ đã chạy: dispatcher web",
                "Wrong code. It is shown where `dispatcher web` was started.",
            )
        with ask.app.begin(SYSTEM)() as tx:
            if people.count(tx):
                raise refused("not-first", "Trang đã có người.", "Somebody was first.")
            made = people.add(tx, ask.one("name"), ask.one("full_name"), Role.ADMIN, [])
            person = Actor(ask.one("name"), Role.ADMIN, made)
            signing_in.set_password(tx, person, ask.one("password"))
            token = signing_in.start_session(tx, person, ask.label)
        guard.first_code = ""
        return Go("/me", {SESSION: (token, None), BEFORE: ("", None)})

    return [
        Page("/sign-in", show, open_=True),
        Page("/sign-in", sign_in, "POST", open_=True),
        Page("/first", first, open_=True),
        Page("/first", make_first, "POST", open_=True),
        Page("/lang", language, "POST", open_=True),
        changes("/sign-out", sign_out, EVERYONE),
        reads("/me", me),
        changes("/me/password", password, EVERYONE),
        changes("/me/totp", totp, EVERYONE),
    ]


def language(ask: Ask) -> Answer:
    chosen = "en" if ask.one("lang") == "en" else "vi"
    back = ask.one("back", "/")
    safe = back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/"
    return Go(safe, {LANGUAGE: (chosen, YEAR)})


def sign_out(ask: Ask) -> Answer:
    with ask.app.begin(SYSTEM)() as tx:
        sessions.end(tx, signing_in.digest(ask.token))
    return Go("/sign-in", {SESSION: ("", None)})


def me(ask: Ask) -> Answer:
    with ask.read() as tx:
        has = signing_in.has_totp(tx, ask.person)
    return Shown("me.html", {"has_totp": has, "needs": signing_in.needs_code(ask.person)})


def password(ask: Ask) -> Answer:
    """Another password, by whoever knows the old one."""
    signing_in.check_password(ask.app.begin(SYSTEM), ask.person.name, ask.one("old"))
    with ask.app.begin(SYSTEM)() as tx:
        signing_in.set_password(tx, ask.person, ask.one("new"))
        token = signing_in.start_session(tx, ask.person, ask.label)
    return Go("/me", {SESSION: (token, None)})


def totp(ask: Ask) -> Answer:
    """A new secret for one-time codes; shown once."""
    signing_in.check_password(ask.app.begin(SYSTEM), ask.person.name, ask.one("old"))
    with ask.app.begin(SYSTEM)() as tx:
        address = signing_in.new_totp(tx, ask.person, ask.app.site.name)
    secret = address.partition("secret=")[2].partition("&")[0]
    groups = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
    square = segno.make(address, error="m").svg_inline(scale=5, light="#fff", border=4)
    return Shown("totp.html", {"address": address, "secret": groups, "square": Markup(square)})


def prove(ask: Ask) -> None:
    """Before an approval or an admin's act: a code given lately or now, or a remembered device.

    Live, whoever has no secret makes one first; in a drill they are let through and told.
    """
    person, now = ask.person, ask.app.clock()
    assert person.person_id is not None
    assert ask.session is not None
    if signing_in.proved(ask.session, now):
        return
    device = ask.cookies.get(DEVICE, "")
    with ask.app.begin(SYSTEM)() as tx:
        if not signing_in.has_totp(tx, person):
            if ask.app.site.mode is Mode.LIVE:
                raise refused(
                    "needs-secret",
                    "Trước hết hãy tạo mã xác thực hai lớp ở trang Tài khoản (bấm tên mình); "
                    "chưa làm gì.",
                    "First make a one-time secret on the page of your account (your name above); "
                    "nothing was done.",
                )
            return
        if device and sessions.remembered(tx, signing_in.digest(device), person.person_id, now):
            return
        right = bool(ask.one("code")) and signing_in.check_totp(tx, person, ask.one("code"))
        if right:
            sessions.prove(tx, signing_in.digest(ask.token))
    if not right:
        raise refused(
            "needs-code",
            "Cần mã xác thực trong ứng dụng trên điện thoại. Quay lại và nhập mã; chưa làm gì.",
            "A one-time code from the phone is needed. Go back and type it; nothing was done.",
        )
