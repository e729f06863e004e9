"""gateways: login, balance, templates, verify-webhook: what concerns the account at a vendor."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlparse

from dispatcher.broadcasts import app as joined
from dispatcher.cli.gateways import gateways, named
from dispatcher.cli.spoken import argument, option
from dispatcher.cli.surface import Surface
from dispatcher.db.queue import gateways as rows
from dispatcher.domain import rights
from dispatcher.domain.model import Role
from dispatcher.domain.problems import Problem, refused, settings
from dispatcher.gateways import adapter_module
from dispatcher.gateways.contract import (
    Call,
    KnowsBalance,
    KnowsStanding,
    KnowsTemplates,
    Refused,
    SignsIn,
    Tokens,
)
from dispatcher.reports.reporting import number
from dispatcher.usecases import vendor_templates
from dispatcher.worker import adapters

__all__ = ["gateways"]

T = TypeVar("T")


def _asked(
    surface: Surface, name: str, kind: type, act: Callable[[Any], Awaitable[T | Refused]]
) -> T:
    """Ask a live gateway one thing; its refusal is a problem."""
    app = surface.open_app()
    named(app.site, name)
    return vendor_templates.ask(app, name, kind, act)


@gateways.verb(
    "balance",
    "Số dư, hạn mức và chất lượng tài khoản ở nhà cung cấp.",
    "Balance, quota and quality of the account at the vendor.",
    "dispatcher gateways balance esms",
)
@argument("name", complete="gateway")
def balance(surface: Surface, name: str) -> None:
    found: dict[str, Any]
    if named(surface.open_site(), name).adapter == "zalo":
        found = dict(_asked(surface, name, KnowsStanding, lambda g: g.standing()))
    else:
        found = {"balance": _asked(surface, name, KnowsBalance, lambda g: g.balance())}
    if surface.json:
        surface.emit({"gateway": name, **found})
        return
    for key, value in found.items():
        shown = f"{number(int(value))} đ" if key == "balance" else value
        surface.say(f"{key}: {shown}", f"{key}: {shown}")


@gateways.verb(
    "templates",
    "Mẫu đã đăng ký ở nhà cung cấp: mã, chữ, từng chỗ trống dài tối đa bao nhiêu, giá.",
    "Templates registered at the vendor: id, text, how long each value may be, price.",
    "dispatcher gateways templates zalo",
)
@argument("name", complete="gateway")
@option("--sender", default="", vi="tên định danh (eSMS)", en="brandname (eSMS)")
def templates(surface: Surface, name: str, sender: str) -> None:
    found = _asked(surface, name, KnowsTemplates, lambda g: g.templates(sender))
    if surface.json:
        surface.emit(
            [
                {
                    "id": t.template_id,
                    "text": t.text,
                    "state": t.state,
                    "network": t.network,
                    "price": t.price,
                    "price_by_id": t.price_by_id,
                    "params": [
                        {"name": n, "longest": most, "required": need} for n, most, need in t.params
                    ],
                }
                for t in found
            ]
        )
        return
    for template in found:
        where = f" [{template.network}]" if template.network else ""
        price = f", {template.price} đ" if template.price is not None else ""
        surface.say(f"{template.template_id}{where}: {template.text} ({template.state}{price})")
        for key, most, need in template.params:
            longest = f" ≤ {most}" if most else ""
            surface.say(f"    <{key}>{longest}{' *' if need else ''}")


@gateways.verb(
    "login",
    "Đăng nhập tài khoản Zalo OA: dán cặp mã từ trang của Zalo, hoặc xin quyền qua trình duyệt.",
    "Sign an Official Account in: paste a pair from Zalo's console, or ask for consent.",
    "dispatcher gateways login zalo --paste",
)
@argument("name", complete="gateway")
@option(
    "--paste",
    is_flag=True,
    vi="đọc access token rồi refresh token từ đầu vào, mỗi dòng một mã",
    en="read the access token and the refresh token from stdin, a line each",
)
@option(
    "--callback",
    is_flag=True,
    vi="đọc từ đầu vào địa chỉ trình duyệt được đưa về (sau khi cho phép)",
    en="read from stdin the address the browser was sent back to (after consent)",
)
def login(surface: Surface, name: str, paste: bool, callback: bool) -> None:
    app = surface.open_app()
    chosen = named(app.site, name)
    module = adapter_module(chosen.adapter)
    if not hasattr(module, "OAUTH_URL"):
        raise Problem(
            "no-login",
            f"«{name}» không cần đăng nhập: khóa đặt trong dispatcher.toml.",
            f"“{name}” needs no sign-in: its keys are in dispatcher.toml.",
        )
    if paste:
        tokens = _pasted(sys.stdin.read())
    else:
        verifier, state = _pending(app, name, chosen.options, fresh=not callback)
        if not callback:
            _show_consent(surface, name, verifier, state)
            return
        code = _code(sys.stdin.read(), state, str(chosen.options.get("oa_id", "")))
        tokens = _asked(surface, name, SignsIn, lambda g: g.sign_in(code, verifier))
    rights.need_site(surface.actor(), "đăng nhập nhà cung cấp", "sign in at a vendor")
    with app.begin(surface.actor())() as tx:
        rows.put_tokens(tx, name, tokens.access, tokens.refresh, tokens.expires_in)
        tx.note("signed_in", "gateway", name)
    if surface.json:
        surface.emit({"gateway": name, "signed_in": True})
    surface.say(f"Đã đăng nhập «{name}».", f"“{name}” is signed in.")
    surface.hint(
        "Từ giờ chỉ chương trình này được làm mới mã: công cụ khác dùng chung ứng dụng sẽ làm mã "
        "hết hiệu lực. Tiếp: dispatcher gateways balance " + name,
        "From now on only this program may renew the tokens: another tool with the same app would "
        "end them. Next: dispatcher gateways balance " + name,
    )


def _pasted(text: str) -> Tokens:
    """Two lines, or the JSON Zalo's console shows."""
    try:
        found = json.loads(text)
        pair = [str(found["access_token"]), str(found["refresh_token"])]
    except (ValueError, KeyError, TypeError):
        pair = [] if text.lstrip().startswith("{") else text.split()
    if len(pair) != 2 or not all(pair) or min(map(len, pair)) < 4 or pair[0] == pair[1]:
        raise Problem(
            "two-tokens",
            "Cần đúng hai mã: access token rồi refresh token, mỗi dòng một mã. Chưa lưu gì.",
            "Exactly two tokens are needed: access, then refresh, a line each. Nothing was stored.",
        )
    return Tokens(pair[0], pair[1], 3600)  # its age is not known: it is renewed soon


def _pending(app: joined.App, name: str, options: Any, *, fresh: bool) -> tuple[str, str]:
    """The verifier and state of a consent that was begun; a fixed verifier may be configured."""
    place = app.site.data / "keys" / f"consent-{name}.json"
    if fresh:
        fixed = options.get("code_verifier")
        found = [str(fixed) if fixed else secrets.token_urlsafe(32), secrets.token_urlsafe(16)]
        if not app.store.dry:
            place.parent.mkdir(mode=0o700, exist_ok=True)
            place.write_text(json.dumps(found), encoding="utf-8")
            place.chmod(0o600)
        return found[0], found[1]
    try:
        verifier, state = json.loads(place.read_text("utf-8"))
    except (OSError, ValueError):
        raise Problem(
            "no-consent",
            f"Chưa bắt đầu xin quyền. Chạy trước: dispatcher gateways login {name}",
            f"No consent was begun. First run: dispatcher gateways login {name}",
        ) from None
    place.unlink()
    return str(verifier), str(state)


def _show_consent(surface: Surface, name: str, verifier: str, state: str) -> None:
    async def url(gateway: Any) -> str:
        return str(gateway.consent_url(state, verifier))

    found = _asked(surface, name, SignsIn, url)
    if surface.json:
        surface.emit({"gateway": name, "open": found})
        return
    surface.say(
        f"Mở địa chỉ này bằng tài khoản quản trị OA và bấm cho phép:\n{found}",
        f"Open this address as an administrator of the Official Account and allow it:\n{found}",
    )
    surface.hint(
        f"Rồi dán địa chỉ được đưa về: dispatcher gateways login {name} --callback",
        f"Then paste where you were sent: dispatcher gateways login {name} --callback",
    )


def _code(text: str, state: str, oa_id: str) -> str:
    """The code in the address the browser came back to; only for our own consent and account."""
    query = parse_qs(urlparse(text.strip()).query)
    code, came, account = (query.get(k, [""])[0] for k in ("code", "state", "oa_id"))
    if not code or came != state:
        raise Problem(
            "wrong-callback",
            "Địa chỉ này không phải trả lời cho lần xin quyền vừa rồi. Làm lại từ đầu.",
            "This address does not answer the consent just begun. Start again.",
        )
    if oa_id and account and account != oa_id:
        raise refused(
            "wrong-account",
            "Đó là một tài khoản Zalo OA khác với oa_id trong dispatcher.toml. Chưa lưu gì.",
            "That is another Official Account than oa_id in dispatcher.toml. Nothing was stored.",
        )
    return code


@gateways.verb(
    "verify-webhook",
    "Kiểm tra chữ ký của một sự kiện webhook được dán vào (JSON: headers, body).",
    "Check the signature of a pasted webhook event (JSON: headers, body).",
    "dispatcher gateways verify-webhook zalo < su-kien.json",
)
@argument("name", complete="gateway")
def verify_webhook(surface: Surface, name: str) -> int:
    app = surface.open_app()
    chosen = named(app.site, name)
    try:
        given = json.loads(sys.stdin.read())
        headers = {str(k).lower(): str(v) for k, v in (given.get("headers") or {}).items()}
        body = str(given["body"]).encode("utf-8", "surrogatepass")
        call = Call("POST", str(given.get("query") or ""), headers, body)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Problem(
            "not-an-event",
            'Cần JSON: {"headers": {…}, "body": "nguyên văn"}.',
            'JSON is needed: {"headers": {…}, "body": "as it came"}.',
        ) from None
    options = adapters.adapter_options(app.site, chosen, None)
    heard = adapter_module(chosen.adapter).read_receipt(call, options)
    if surface.json:
        surface.emit({"verified": heard.verified, "receipts": len(heard.receipts)})
    words = {
        True: ("Chữ ký đúng.", "The signature is right."),
        False: (
            "Chữ ký sai: kiểm tra oa_secret (OA Secret Key ở trang Webhook, không phải App Secret) "
            "và app_id.",
            "The signature is wrong: check oa_secret (the OA Secret Key of the Webhook page, not "
            "the App Secret) and app_id.",
        ),
        None: ("Nhà cung cấp này không ký.", "This vendor does not sign."),
    }
    surface.say(*words[heard.verified])
    return 1 if heard.verified is False else 0


@gateways.verb(
    "callback",
    "Địa chỉ nhận báo kết quả, để dán vào trang của nhà cung cấp. Đây là bí mật.",
    "The callback address to paste at the vendor. It is a secret.",
    "dispatcher gateways callback zalo",
)
@argument("name", complete="gateway")
def callback(surface: Surface, name: str) -> None:
    app = surface.open_app()
    named(app.site, name)
    rights.need(surface.actor(), {Role.ADMIN}, "xem địa chỉ nhận báo", "see the callback address")
    rights.need_site(surface.actor(), "xem địa chỉ nhận báo", "see the callback address")
    if not app.site.public_url:
        raise settings(
            "no-public-url",
            "Máy này chưa có địa chỉ ngoài: điền public_url trong mục [web] của dispatcher.toml.",
            "This machine has no public address: set public_url under [web] in dispatcher.toml.",
        )
    url = app.site.public_url + adapters.callback_path(app, name)
    if surface.json:
        surface.emit({"gateway": name, "url": url})
    surface.say(url, url)
    surface.hint(
        f"Lộ địa chỉ này thì tăng «callback» của mục [gateways.{name}] và dán lại.",
        f"If it leaked, count “callback” under [gateways.{name}] up and paste it again.",
    )
