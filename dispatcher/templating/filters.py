"""The filters a text may use: upper, khong_dau, ngay, gio, so, tien. Text in, text out."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from dispatcher.domain.sms import unaccent


def _ngay(value: object) -> str:
    if isinstance(value, date | datetime):
        return f"{value:%d/%m/%Y}"
    try:
        return f"{date.fromisoformat(str(value)):%d/%m/%Y}"
    except ValueError:
        return str(value)


def _gio(value: object) -> str:
    found = re.fullmatch(r"(\d{1,2})[:h](\d{2})?", str(value).strip())
    return f"{int(found[1])}h{found[2] or ''}".removesuffix("00") if found else str(value)


def _so(value: object) -> str:
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return str(value)
    if not number.is_finite() or abs(number.adjusted()) > 30:
        return str(value)  # "1E+999999" is no number anybody reads
    return f"{number:,f}".replace(",", " ").replace(".", ",").replace(" ", ".")


FILTERS: dict[str, Callable[[object], str]] = {
    "upper": lambda v: str(v).upper(),
    "khong_dau": lambda v: unaccent(str(v)),
    "ngay": _ngay,
    "gio": _gio,
    "so": _so,
    "tien": lambda v: f"{_so(v)} đồng",
}
