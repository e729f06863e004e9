"""What a text costs as SMS, and Vietnamese without its marks. Standard library only.

Sources: 3GPP 23.038 and 23.040 (alphabet, 160/153 and 70/67 per part, checked against vendors'
pages 2026-11); resellers bill 160/306/459 and 70/134/201 characters.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

GSM_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = "^{}\\[~]|€\f"
_BASIC_ONLY = re.compile(f"[{re.escape(GSM_BASIC)}]*")
_GSM = re.compile(f"[{re.escape(GSM_BASIC + GSM_EXTENSION)}]*")
_EXTENSION = re.compile(f"[{re.escape(GSM_EXTENSION)}]")
SINGLE = {"GSM-7": 160, "UCS-2": 70}
CONCATENATED = {"GSM-7": 153, "UCS-2": 67}


@dataclass(frozen=True)
class Measure:
    """`length` in septets (GSM-7, extension characters count two) or UTF-16 units (UCS-2)."""

    encoding: str
    length: int
    parts: int


def measure(text: str) -> Measure:
    """Count `text` exactly as given; nothing is normalised or trimmed. Empty text is one part."""
    if _BASIC_ONLY.fullmatch(text):
        encoding, length = "GSM-7", len(text)
    elif _GSM.fullmatch(text):
        encoding, length = "GSM-7", len(text) + len(_EXTENSION.findall(text))
    else:
        encoding, length = "UCS-2", len(text.encode("utf-16-le", "surrogatepass")) // 2
    if length <= SINGLE[encoding]:
        return Measure(encoding, length, 1)
    return Measure(encoding, length, len(_cut(text, encoding)))


def _cut(text: str, encoding: str) -> list[str]:
    """Parts as networks cut them: never through an escape pair or a surrogate pair."""
    room, parts, part, used = CONCATENATED[encoding], [], "", 0
    for ch in text:
        width = _width(ch, encoding)
        if used + width > room:
            parts.append(part)
            part, used = "", 0
        part, used = part + ch, used + width
    return [*parts, part]


def _width(ch: str, encoding: str) -> int:
    if encoding == "GSM-7":
        return 2 if ch in GSM_EXTENSION else 1
    return 2 if ord(ch) > 0xFFFF else 1


def unaccent(text: str) -> str:
    """Vietnamese without marks (khong_dau): "Đường Lạch Tray" → "Duong Lach Tray".

    Letters of other alphabets are left alone; typographic punctuation becomes its plain form.
    """
    decomposed = unicodedata.normalize("NFD", text.translate(_PLAIN_PUNCTUATION))
    bare = "".join(ch for ch in decomposed if unicodedata.category(ch) != "Mn")
    return unicodedata.normalize("NFC", bare).translate(_D)


def folded(text: str) -> str:
    """The form names are compared and searched in: no marks, lower case, single spaces."""
    plain = text.translate(_FOLD)  # one pass for anything Vietnamese
    if not plain.isascii():
        plain = unaccent(text).casefold()
    return " ".join(plain.lower().split())


_D = str.maketrans({"đ": "d", "Đ": "D"})
_PLAIN_PUNCTUATION = str.maketrans(
    {
        "–": "-",
        "—": "-",
        "‑": "-",
        "“": '"',
        "”": '"',
        "„": '"',
        "‘": "'",
        "’": "'",
        "…": "...",
        "\u00a0": " ",
        "\u202f": " ",
        "•": "-",
        "₫": "d",
        "\u200b": "",
    }
)


def _fold() -> dict[int, str]:
    """Every letter of Vietnamese, and typographic punctuation → its plain form."""
    table = {ord("đ"): "d", ord("Đ"): "d"} | _PLAIN_PUNCTUATION
    for base in "aăâeêioôơuưy":
        for tone in ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323"):
            letter = unicodedata.normalize("NFC", base + tone)
            bare = unicodedata.normalize("NFD", base)[0]
            table |= {ord(letter): bare, ord(letter.upper()): bare}
    return table


_FOLD = _fold()
