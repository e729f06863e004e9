"""Figures as officials write them."""


def number(value: int) -> str:
    """Write a whole number with dots between thousands: 1234567 → 1.234.567."""
    return f"{value:,}".replace(",", ".")
