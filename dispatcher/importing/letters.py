"""Vietnamese text in the encodings of thirty years becomes Unicode (NFC). Pure, standard library.

TCVN3 (ABC), VNI and VIQR are fonts and typing habits, not code pages: such text arrives as Latin
letters that make no Vietnamese words. What a text was is told by the fonts a workbook names, else
by trying: the reading with the most Vietnamese syllables wins, and only if what stands there has
few. Sources: TCVN 5712:1993 (as glibc has it), the VNI table as its fonts draw it, RFC 1456 (VIQR).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import lru_cache


class Legacy(StrEnum):
    """What a text was written in before it was Unicode."""

    TCVN3 = "tcvn3"
    VNI = "vni"
    VIQR = "viqr"
    CP1252 = "utf8_as_cp1252"
    MAC_ROMAN = "utf8_as_mac_roman"


def nfc(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


# --- is this Vietnamese? ------------------------------------------------------------------------

_TONES = "\u0300\u0301\u0303\u0309\u0323"  # grave, acute, tilde, hook, dot below
_VOWELS = "aăâeêioôơuưy"
_ONSET = "(?:ngh|ng|nh|gh|gi|kh|ph|th|tr|ch|qu|[bcdđghklmnprstvx])?"
_RHYME = (
    "(?:a(?:[ciouymnpt]|ch|ng|nh)?|ă(?:[cmnpt]|ng)|â(?:[cmnptuy]|ng)|e(?:[cmnpto]|ng)?"
    "|ê(?:[mnptu]|ch|nh)?|i(?:[mnptu]|ch|nh|a|ê(?:[cmnptu]|ng))?"
    "|o(?:[cmnpti]|ng|oc|ong|a(?:[cmnptioy]|ch|ng|nh)?|ă(?:[cmnpt]|ng)|e(?:[mnto]|ng)?)?"
    "|ô(?:[cmnpti]|ng)?|ơ(?:[mnpti])?"
    "|u(?:[cmnpti]|ng|a|â(?:[ntyc]|ng)|ê(?:ch|nh|u)?|ô(?:[cmnti]|ng)|ơ|y(?:[cnptu]|ch|nh|a|ê[nt])?)?"
    "|ư(?:[cmntiu]|ng|a|ơ(?:[cmnptiu]|ng))?|y(?:ê(?:[mntu]|ng)|[nt]|nh)?)"
)
_SYLLABLE = re.compile(_ONSET + _RHYME)
_EDGES = " \t.,;:()[]/\\-–\"'0123456789+&"


def _bare() -> dict[str, tuple[str, int]]:
    """Every small letter of Vietnamese → (the letter without its tone, has a tone)."""
    table = {c: (c, 0) for c in "bcdđghklmnpqrstvx" + _VOWELS}
    for vowel in _VOWELS:
        for tone in _TONES:
            table[unicodedata.normalize("NFC", vowel + tone)] = (vowel, 1)
    return table


_BARE = _bare()
LETTERS = frozenset(c for c in _BARE if not c.isascii())


@lru_cache(maxsize=20_000)
def is_syllable(word: str) -> bool:
    """True for a word that Vietnamese could have: letters in order, one tone at most."""
    found = [_BARE.get(c) for c in nfc(word).lower()]
    letters = [f for f in found if f is not None]
    if len(letters) != len(found) or sum(tone for _, tone in letters) > 1:
        return False
    return _SYLLABLE.fullmatch("".join(letter for letter, _ in letters)) is not None


def score(text: str) -> tuple[int, int]:
    """(Vietnamese syllables, words that are none), of the words that are not plain ASCII."""
    words = [w for w in (w.strip(_EDGES) for w in text.split()) if w and not w.isascii()]
    good = sum(is_syllable(w) for w in words)
    return good, len(words) - good


# --- TCVN3 --------------------------------------------------------------------------------------

_TCVN3 = str.maketrans(
    "¡¢£¤¥¦§¨©ª«¬\u00ad®µ¶·¸¹»¼½¾ÆÇÈÉÊËÌÎÏÐÑÒÓÔÕÖ×ØÜÝÞßáâãäåæçèéêëìíîïñòóôõö÷øùúûüýþ",
    "ĂÂÊÔƠƯĐăâêôơưđàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ",
)


def from_tcvn3(text: str, *, capitals: bool = False) -> str:
    """`capitals`: written in a font like .VnTimeH, which draws everything large."""
    converted = text.translate(_TCVN3)
    plain = [c for c in text if c.isascii() and c.isalpha()]
    if capitals or (len(plain) > 2 and all(c.isupper() for c in plain)):
        return converted.upper()  # it has no large vowels with tones of its own
    return converted


# --- VNI ----------------------------------------------------------------------------------------


def _vni() -> dict[str, str]:
    """What VNI fonts draw → Unicode, small letters."""
    marks = {"ø": "\u0300", "ù": "\u0301", "û": "\u0309", "õ": "\u0303", "ï": "\u0323"}
    table = {"æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ", "ô": "ơ", "ö": "ư", "ñ": "đ"}
    for vowel, drawn in (("a", "a"), ("e", "e"), ("o", "o"), ("u", "u"), ("y", "y"), ("ơ", "ô"),
                         ("ư", "ö")):  # fmt: skip
        for mark, tone in marks.items():
            table[drawn + mark] = unicodedata.normalize("NFC", vowel + tone)
    for vowel, base in (("â", "a"), ("ê", "e"), ("ô", "o")):
        for drawn, tone in (("â", ""), ("á", "\u0301"), ("à", "\u0300"), ("å", "\u0309"),
                            ("ã", "\u0303"), ("ä", "\u0323")):  # fmt: skip
            table[base + drawn] = unicodedata.normalize("NFC", vowel + tone)
    for drawn, tone in (("ê", ""), ("é", "\u0301"), ("è", "\u0300"), ("ú", "\u0309"),
                        ("ü", "\u0303"), ("ë", "\u0323")):  # fmt: skip
        table["a" + drawn] = unicodedata.normalize("NFC", "ă" + tone)
    return table


_VNI = _vni()
_VNI |= {k.upper(): v.upper() for k, v in _VNI.items()} | {
    k[0].upper() + k[1]: v.upper() for k, v in _VNI.items() if len(k) == 2
}
_VNI_PATTERN = re.compile("|".join(sorted(map(re.escape, _VNI), key=len, reverse=True)))


def from_vni(text: str) -> str:
    return _VNI_PATTERN.sub(lambda m: _VNI[m[0]], text)


# --- VIQR ---------------------------------------------------------------------------------------

_VIQR_MARKS = {
    "^": "\u0302",
    "(": "\u0306",
    "+": "\u031b",
    "`": "\u0300",
    "'": "\u0301",
    "?": "\u0309",
    "~": "\u0303",
    ".": "\u0323",
}
_VIQR = re.compile(r"([aeiouyAEIOUY])([\^(+]?)([`'?~.]?)(?![\^(+])")
_VIQR_SIGN = re.compile(r"[aeo]\^|a\((?!\w*\))|[ou]\+|dd", re.IGNORECASE)


def from_viqr(text: str) -> str:
    text = re.sub("dd", "đ", re.sub("DD|Dd", "Đ", text))
    return nfc(_VIQR.sub(lambda m: m[1] + "".join(_VIQR_MARKS[c] for c in m[2] + m[3]), text))


# --- UTF-8 once read as something else ------------------------------------------------------------

_HOLES = {0x81, 0x8D, 0x8F, 0x90, 0x9D}  # bytes that cp1252 has no letter for


def _misread(text: str, encoding: str) -> str:
    """UTF-8 bytes that were decoded as `encoding`: read again. ValueError when they were not."""
    raw = bytearray()
    for c in text:
        if encoding == "cp1252" and ord(c) in _HOLES:
            raw.append(ord(c))
        else:
            raw += c.encode(encoding)
    return raw.decode("utf-8")


def from_misread(text: str) -> tuple[str, Legacy] | None:
    """A cell of UTF-8 that was read as cp1252 or Mac Roman: what it says, and as what it was read.

    Bytes that happen to be UTF-8 are next to impossible by chance, so that one cell is enough.
    """
    for legacy, encoding in ((Legacy.CP1252, "cp1252"), (Legacy.MAC_ROMAN, "mac_roman")):
        try:
            found = _misread(text, encoding)
        except ValueError:
            continue
        good, bad = score(nfc(found))
        if good > bad:
            return nfc(found), legacy
    return None


# --- which one? -----------------------------------------------------------------------------------

_READINGS: dict[Legacy, Callable[[str], str]] = {
    Legacy.TCVN3: from_tcvn3,
    Legacy.VNI: from_vni,
}
MANY = 3  # words before anything but a misread cell is believed to be a legacy encoding


def guess(cells: Iterable[str]) -> Legacy | None:
    """What the cells of a sheet are written in, or None for Unicode (or too little to tell)."""
    some = [c for c in cells if c]
    if sum(len(_VIQR_SIGN.findall(c)) for c in some) >= MANY and _viqr_wins(some):
        return Legacy.VIQR
    marked = [c for c in some if not c.isascii()]
    good, bad = _sum(map(nfc, marked))
    found: tuple[int, Legacy | None] = (good - bad, None)
    for legacy, reading in _READINGS.items():
        good, bad = _sum(map(reading, marked))
        if good >= min(MANY, len(marked)) and good > 2 * bad and good - bad > found[0]:
            found = (good - bad, legacy)
    return found[1]


def _sum(texts: Iterable[str]) -> tuple[int, int]:
    pairs = [score(t) for t in texts]
    return sum(g for g, _ in pairs), sum(b for _, b in pairs)


def _viqr_wins(cells: list[str]) -> bool:
    signed = [c for c in cells if _VIQR_SIGN.search(c)]
    good, bad = _sum(map(from_viqr, signed))
    return good > 3 * bad


def convert(text: str, legacy: Legacy) -> str:
    """One cell of a sheet that is written in `legacy`; Unicode cells among them stay."""
    if legacy is Legacy.VIQR:
        return from_viqr(text) if _VIQR_SIGN.search(text) or not text.isascii() else text
    if text.isascii() or legacy not in _READINGS:
        return text
    found = _READINGS[legacy](text)
    good, bad = score(found)
    was_good, was_bad = score(nfc(text))
    return found if good - bad >= was_good - was_bad else text
