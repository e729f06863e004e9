"""gateways: login, balance, templates, verify-webhook: what concerns the account at a vendor."""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlparse

from dispatcher.broadcasts import Preview
from dispatcher.broadcasts import app as joined
from dispatcher.cli.gateways import gateways, named
from dispatcher.cli.spoken import argument, option
from dispatcher.cli.surface import Surface
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.queue import gateways as rows
from dispatcher.domain import rights
from dispatcher.domain.model import Mode, Role
from dispatcher.domain.problems import Problem, refused, settings
from dispatcher.gateways import adapter_module
from dispatcher.gateways.contract import (
    Call,
    Gateway,
    KnowsBalance,
    KnowsStanding,
    KnowsTemplate,
    KnowsTemplates,
    Refused,
    SignsIn,
    Tokens,
    VendorTemplate,
)
from dispatcher.reports.reporting import number
from dispatcher.worker import adapters

__all__ = ["gateways"]

T = TypeVar("T")


def _asked(
    surface: Surface, name: str, kind: type, act: Callable[[Any], Awaitable[T | Refused]]
) -> T:
    """Ask a live gateway one thing; its refusal is a problem."""
    app = surface.open_app()
    chosen = named(app.site, name)
    if app.site.mode is not Mode.LIVE:
        raise refused(
            "drill-only",
            f'Đang chạy thử: không hỏi «{name}» thật (đặt mode = "live").',
            f'This is a drill: the real “{name}” is not asked (set mode = "live").',
        )

    async def go() -> T | Refused:
        gateway: Gateway = adapters.build_gateway(app, name, adapters.Doors({}), None)
        if not isinstance(gateway, kind):
            raise Problem(
                "cannot",
                f"Trình kết nối «{chosen.adapter}» không có việc này.",
                f"The adapter “{chosen.adapter}” cannot do this.",
            )
        try:
            return await act(gateway)
        finally:
            await gateway._wire.close()  # type: ignore[attr-defined]

    found = asyncio.run(go())
    if isinstance(found, Refused):
        raise _told(name, found)
    return found


def _told(name: str, answer: Refused) -> Problem:
    said = f"{answer.code} {answer.detail}".strip()
    return Problem(
        "gateway-refused",
        f"«{name}» trả lời: {said}. Xem docs/gateways.md hoặc hỏi nhà cung cấp.",
        f"“{name}” answered: {said}. See docs/gateways.md or ask the vendor.",
        exit_code=5,
    )


def findings(surface: Surface, broadcast: Broadcast, found: Preview) -> list[dict[str, Any]]:
    """What the vendors of a live broadcast say of it before anything is paid: quota left, quality,
    price, and values that are longer than their template allows."""
    app = surface.open_app()
    if app.site.mode is not Mode.LIVE:
        return []
    told: list[dict[str, Any]] = []
    for step in broadcast.route:
        if named(app.site, step.gateway).adapter != "zalo" or not found.longest:
            continue
        try:
            standing = _asked(surface, step.gateway, KnowsStanding, lambda g: g.standing())
            for template_id, lengths in found.longest.items():
                ask = partial(_template_of, template_id=template_id)
                template = _asked(surface, step.gateway, KnowsTemplate, ask)
                told.append(_finding(step.gateway, standing, template, lengths, found.queued))
        except Problem as problem:
            told.append({"gateway": step.gateway, "problem": problem.to(surface.language)})
    return told


async def _template_of(gateway: KnowsTemplate, template_id: str) -> VendorTemplate | Refused:
    return await gateway.template(template_id)


def _finding(
    name: str,
    standing: Mapping[str, str],
    template: VendorTemplate,
    lengths: Mapping[str, int],
    people: int,
) -> dict[str, Any]:
    left = standing.get("remainingQuota", "")
    allowed = {key: most for key, most, _ in template.params}
    return {
        "gateway": name,
        "template": template.template_id,
        "enabled": template.state in ("enable", "enabled"),
        "quota_left": int(left) if left.isdigit() else None,
        "enough_quota": int(left) >= people if left.isdigit() else None,
        "quality": standing.get("oaCurrentQuality"),
        "price": template.price,
        "price_by_id": template.price_by_id,
        "too_long": [
            {"value": key, "longest": n, "allowed": allowed[key]}
            for key, n in lengths.items()
            if (allowed.get(key) or n) < n
        ],
        "missing": [k for k, _, need in template.params if need and k not in lengths],
        "unknown": [k for k in lengths if k not in allowed],
    }


def _by_id(finding: Mapping[str, Any], words: str) -> str:
    price = finding["price_by_id"]
    return f" ({price} {words})" if price is not None else ""


def tell_findings(surface: Surface, told: Sequence[Mapping[str, Any]]) -> None:
    """The findings of vendors in words, what would be refused first of all."""
    for f in told:
        if "problem" in f:
            surface.warn(f["problem"], f["problem"])
            continue
        surface.say(
            f"{f['gateway']}: còn {f['quota_left']} tin hôm nay, chất lượng {f['quality']}, "
            f"{f['price']} đồng/tin{_by_id(f, 'theo mã người dùng')}.",
            f"{f['gateway']}: {f['quota_left']} messages left today, quality {f['quality']}, "
            f"{f['price']} đồng each{_by_id(f, 'by user id')}.",
        )
        if f["enough_quota"] is False:
            surface.warn(
                "Hạn mức hôm nay không đủ: phần còn lại chờ sang ngày hoặc qua kênh sau.",
                "Today's quota is not enough: the rest waits for tomorrow or the next step.",
            )
        if not f["enabled"]:
            surface.warn(
                f"Mẫu {f['template']} chưa được Zalo duyệt: sẽ bị từ chối.",
                f"Template {f['template']} is not approved by Zalo: it will be refused.",
            )
        for long in f["too_long"]:
            surface.warn(
                f"«{long['value']}» dài tới {long['longest']} ký tự, mẫu chỉ cho "
                f"{long['allowed']}: những tin đó sẽ bị từ chối.",
                f"“{long['value']}” is up to {long['longest']} characters, the template allows "
                f"{long['allowed']}: those messages will be refused.",
            )
        for key in (*f["missing"], *f["unknown"]):
            surface.warn(
                f"«{key}» không khớp giữa mẫu của ta và mẫu đã đăng ký.",
                f"“{key}” differs between our template and the registered one.",
            )


def refuse_what_vendors_refuse(surface: Surface, broadcast: Broadcast, found: Preview) -> None:
    """Before anybody approves: values a vendor's own template does not take, in a live site."""
    for told in findings(surface, broadcast, found):
        wrong = [long["value"] for long in told.get("too_long", ())]
        wrong += [*told.get("missing", ()), *told.get("unknown", ())]
        if wrong or told.get("enabled") is False:
            named_ = ", ".join(wrong) or told["template"]
            raise refused(
                "vendor-template",
                f"«{told['gateway']}» sẽ từ chối: {named_} không khớp mẫu đã đăng ký. Sửa mẫu, "
                "hoặc vẫn trình: --leave-out.",
                f"“{told['gateway']}” would refuse: {named_} does not fit the registered template. "
                "Mend it, or submit all the same: --leave-out.",
            )


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
