"""Numbers and money as people here write them."""

from __future__ import annotations


def number(value: int) -> str:
    """12000 → "12.000"."""
    return f"{value:,}".replace(",", ".")


def money(dong: int) -> str:
    """1900000 → "khoảng 1,9 triệu đồng"; small sums to the đồng."""
    if dong < 1_000_000:
        return f"{number(dong)} đồng"
    return f"khoảng {dong / 1_000_000:.1f} triệu đồng".replace(".", ",")
