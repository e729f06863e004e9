"""gateways: balance, templates, callback: what concerns the account at a vendor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dispatcher.cli.gateways.group import gateways
from dispatcher.cli.spoken import argument, option
from dispatcher.cli.surface import Surface
from dispatcher.domain.amounts import number
from dispatcher.usecases import gateways as use


@gateways.verb(
    "balance",
    "Số dư, hạn mức và chất lượng tài khoản ở nhà cung cấp.",
    "Balance, quota and quality of the account at the vendor.",
    "dispatcher gateways balance esms",
)
@argument("name", complete="gateway")
def balance(surface: Surface, name: str) -> None:
    found = use.balance(surface.context(), name)
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
    found = use.templates(surface.context(), name, sender)
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
    "callback",
    "Địa chỉ nhận báo kết quả, để dán vào trang của nhà cung cấp. Đây là bí mật.",
    "The callback address to paste at the vendor. It is a secret.",
    "dispatcher gateways callback zalo",
)
@argument("name", complete="gateway")
def callback(surface: Surface, name: str) -> None:
    url = use.callback_address(surface.context(), name)
    if surface.json:
        surface.emit({"gateway": name, "url": url})
    surface.say(url, url)
    surface.hint(
        f"Lộ địa chỉ này thì tăng «callback» của mục [gateways.{name}] và dán lại.",
        f"If it leaked, count “callback” under [gateways.{name}] up and paste it again.",
    )


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
