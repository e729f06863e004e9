"""What a text costs as SMS, and Vietnamese without its marks. Standard library only.

Sources: 3GPP 23.038 and 23.040 (alphabet, 160/153 and 70/67 per part, checked against vendors'
pages 2026-11); resellers bill 160/306/459 and 70/134/201 characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

GSM_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = "^{}\\[~]|€\f"
_NOT_GSM = re.compile(f"[^{re.escape(GSM_BASIC + GSM_EXTENSION)}]")
_EXTENSION = re.compile(f"([{re.escape(GSM_EXTENSION)}])")
_BASIC_ASCII = "".join(ch for ch in GSM_BASIC if ch.isascii()).encode()
_EXTENSION_ASCII = "".join(ch for ch in GSM_EXTENSION if ch.isascii()).encode()
_ESCAPE, _HIGH = "\x1b", "\ud800"
_PAIRS = re.compile("[\U00010000-\U0010ffff]")  # two UTF-16 units each


@dataclass(frozen=True)
class Measure:
    """`length` in septets (GSM-7, extension characters count two) or UTF-16 units (UCS-2)."""

    encoding: str
    length: int
    parts: int


@dataclass(frozen=True)
class PartSizes:
    """What one class of text may hold: alone, per part of several, and kept for the network.

    Networks append their own way out to advertising; `reserved` is its length.
    """

    single: int
    concatenated: int
    reserved: int = 0

    @classmethod
    def read(cls, thresholds: Sequence[int]) -> PartSizes:
        """From what a contract says: the most characters in one, two, three … parts.

        160, 306, 459 is 153 a part; 122, 268, 421 is 153 a part with 38 kept. ValueError when
        the numbers do not rise or say nothing of a second part.
        """
        if len(thresholds) < 2 or list(thresholds) != sorted(set(thresholds)) or thresholds[0] < 1:
            raise ValueError(thresholds)
        concatenated = (
            thresholds[-1] // 2 if len(thresholds) == 2 else thresholds[2] - thresholds[1]
        )
        if concatenated < 10:
            raise ValueError(thresholds)
        return cls(thresholds[0], concatenated, max(0, 2 * concatenated - thresholds[1]))

    def keeping(self, more: int) -> PartSizes:
        """With `more` characters kept for something that is appended."""
        return PartSizes(self.single - more, self.concatenated, self.reserved + more)

    def most(self, parts: int) -> int:
        """Characters that fit into so many parts, when no pair has to stay together."""
        return self.single if parts == 1 else parts * self.concatenated - self.reserved


GSM, UCS = PartSizes(160, 153), PartSizes(70, 67)


@dataclass(frozen=True)
class Profile:
    """How one gateway counts and bills. The numbers are those of Vietnamese resellers (2026-11).

    `any_mark`: a text with any letter outside ASCII is sold as accented, also one that GSM-7 holds.
    """

    plain: PartSizes = GSM
    promotion: PartSizes = PartSizes(122, 153, 38)
    accented: PartSizes = UCS
    any_mark: bool = True
    forbidden: str = ""
    most: int = 3  # parts

    def measure(self, text: str, *, promotion: bool = False) -> Measure:
        """Count `text` as this gateway bills it."""
        plain = self.promotion if promotion else self.plain
        if self.any_mark and not text.isascii():
            accented = self.accented
            if promotion and self.promotion.reserved:
                accented = accented.keeping(self.promotion.reserved)
            return _ucs(text, accented)
        return _counted(text, plain, self.accented)

    def table(self, encoding: str, *, promotion: bool = False) -> PartSizes:
        """The table a text of this encoding falls under."""
        if encoding == "UCS-2":
            return self.accented
        return self.promotion if promotion else self.plain


STANDARD = Profile(promotion=GSM, any_mark=False, most=10)  # as phones and modems count


def measure(text: str) -> Measure:
    """Count `text` exactly as given; nothing is normalised or trimmed. Empty text is one part."""
    return _counted(text, GSM, UCS)


def _counted(text: str, plain: PartSizes, accented: PartSizes) -> Measure:
    if text.isascii():
        left = text.encode().translate(None, _BASIC_ASCII)
        if left and left.translate(None, _EXTENSION_ASCII):
            return _ucs(text, accented)
        pairs = len(left)
    elif _NOT_GSM.search(text):
        return _ucs(text, accented)
    else:
        pairs = len(_EXTENSION.findall(text))
    length = len(text) + pairs
    if length <= plain.single:
        return Measure("GSM-7", length, 1)
    if not pairs:
        return Measure("GSM-7", length, -((length + plain.reserved) // -plain.concatenated))
    escaped = _EXTENSION.sub(_ESCAPE + r"\1", text)
    return Measure("GSM-7", length, _parts(escaped, plain, _ESCAPE))


def _ucs(text: str, table: PartSizes) -> Measure:
    length = len(text.encode("utf-16-le", "surrogatepass")) // 2
    if length <= table.single:
        return Measure("UCS-2", length, 1)
    if length == len(text):
        return Measure("UCS-2", length, -((length + table.reserved) // -table.concatenated))
    # a pair is written as its high half and a low one, so that places are UTF-16 units
    return Measure("UCS-2", length, _parts(_PAIRS.sub(_HIGH + "\udc00", text), table, _HIGH))


def _parts(units: str, table: PartSizes, opens: str) -> int:
    """Parts as networks cut them: never between what opens a pair and the rest of it."""
    place = parts = 0
    end = len(units) + table.reserved
    while place < end:
        parts += 1
        last = place + table.concatenated - 1
        cut = last < len(units) - 1 and units[last] == opens
        place += table.concatenated - cut
    return parts


def tidy(text: str) -> tuple[str, dict[str, str]]:
    """Typographic punctuation as plain characters: (text, what became what).

    Word processors put in quotation marks, dashes and spaces that make a whole text UCS-2.
    """
    found = {
        ch: str(_PLAIN_PUNCTUATION[ord(ch)])
        for ch in dict.fromkeys(text)
        if ord(ch) in _PLAIN_PUNCTUATION
    }
    return text.translate(_PLAIN_PUNCTUATION), found


def unaccent(text: str) -> str:
    """Vietnamese without marks (khong_dau): "Đường Lạch Tray" → "Duong Lach Tray".

    Letters of other alphabets are left alone; typographic punctuation becomes its plain form.
    """
    plain = text.translate(_BARE)  # one pass for anything Vietnamese
    if plain.isascii():
        return plain
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
_PLAIN_PUNCTUATION: dict[int, str] = str.maketrans(
    {
        "–": "-",
        "—": "-",
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
        "™": "TM",
        "\u2009": " ",
        "\u2011": "-",
        "\u2012": "-",
        "\u2015": "-",
        "\u2212": "-",
        "·": "-",
        "″": '"',
        "′": "'",
        "‚": ",",
        "«": '"',
        "»": '"',
        "\u200b": "",
    }
)


def _bare() -> dict[int, str]:
    """Every letter of Vietnamese, and typographic punctuation → its plain form."""
    table = {ord("đ"): "d", ord("Đ"): "D"} | _PLAIN_PUNCTUATION
    for base in "aăâeêioôơuưy":
        for tone in ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323"):
            letter = unicodedata.normalize("NFC", base + tone)
            bare = unicodedata.normalize("NFD", base)[0]
            table |= {ord(letter): bare, ord(letter.upper()): bare.upper()}
    return table


_BARE = _bare()
_FOLD = {letter: plain.lower() for letter, plain in _BARE.items()}
