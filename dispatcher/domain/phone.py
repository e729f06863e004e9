"""Vietnamese phone numbers as spreadsheets have them: kept, repaired, to be looked at, or refused.

Never a guess: a repair is made only where one reading is possible, and is named. Standard library
only. Sources (checked 2026-11): the operators' published heads, the migration table of the 2018
renumbering, and the metadata of libphonenumber 9.0.43, which is a second opinion and no more:
it refuses real mobiles and takes old Hải Phòng landlines for mobiles.
A head says which network issued a number, not which one carries it today (portability, 11/2018).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from dispatcher.i18n import Say, Spoken


class Type(StrEnum):
    MOBILE = "mobile"
    LANDLINE = "landline"
    SERVICE = "service"
    FOREIGN = "foreign"
    INVALID = "invalid"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


CHECKED = date(2026, 11, 23)  # when the tables below were last compared with their sources
# Heads without the leading 0; the longest match wins. Heads move rarely: 2018 was the last time.
CARRIERS: dict[str, str] = {
    **dict.fromkeys(
        ["32", "33", "34", "35", "36", "37", "38", "39", "86", "96", "97", "98"], "Viettel"
    ),
    **dict.fromkeys(["81", "82", "83", "84", "85", "88", "91", "94"], "VinaPhone"),
    **dict.fromkeys(["70", "76", "77", "78", "79", "89", "90", "93", "30", "51"], "MobiFone"),
    **dict.fromkeys(["52", "56", "58", "92"], "Vietnamobile"),
    **dict.fromkeys(["59", "99"], "Gmobile"),
    **dict.fromkeys(["87", "998", "999"], "iTel"),
    "55": "Wintel",
    "775": "FPT",
    **dict.fromkeys(["777", "778"], "VNSKY"),
}
# Heads on which the sources differ: usable, but a person should have looked once.
DOUBTED = _words(
    "30 51 520 521 524 525 526 527 529 550 551 552 553 554 555 556 557 558 890 891 892 893 894 "
    "895 990 991 992 997"
)
OLD_HAI_PHONG = "31"  # its area code until 2017: old landlines look like mobiles
UNALLOTTED = frozenset(["50", "53", "54", "57", "71", "72", "73", "74", "75", "80", "95"])
# 2018: eleven digits became ten, the last seven stayed.
MIGRATED: dict[str, str] = {
    "120": "70", "121": "79", "122": "77", "126": "76", "128": "78",
    "123": "83", "124": "84", "125": "85", "127": "81", "129": "82",
    "162": "32", "163": "33", "164": "34", "165": "35", "166": "36",
    "167": "37", "168": "38", "169": "39", "186": "56", "188": "58", "199": "59",
}  # fmt: skip
AREA_CODES = _words(
    "203 204 205 206 207 208 209 210 211 212 213 214 215 216 218 219 220 221 222 225 226 227 "
    "228 229 232 233 234 235 236 237 238 239 24 251 252 254 255 256 257 258 259 260 261 262 263 "
    "269 270 271 272 273 274 275 276 277 28 290 291 292 293 294 296 297 299"
)
SERVICES = _words("111 112 113 114 115 156 5656 1022 198 199 116 117 118 119 108 1080")
SERVICE_HEAD = re.compile(r"(?:1800\d{4,6}|1900\d{4,6}|18001\d{3}|069\d{5,8}|69\d{6,8}|9\d{3})")
# In sample sites invented people live in a head allotted to nobody; the next digit is the carrier.
SAMPLE_CARRIERS = ("Viettel",) * 5 + ("VinaPhone",) * 2 + ("MobiFone",) * 2 + ("Vietnamobile",)

_REASONS: dict[str, Spoken] = {
    "empty": Say("there are no digits"),
    "too_short": Say("digits are missing"),
    "too_long": Say("there are too many digits"),
    "digits_lost": Say(
        "Excel has lost digits (like 9.12E+08); the original number is needed",
    ),
    "unallotted": Say("this head was allotted to nobody"),
    "landline": Say("a landline cannot receive texts"),
    "old_landline": Say(
        "perhaps an old Hải Phòng landline (031); please ask",
    ),
    "service": Say("a service number, not a person's"),
    "foreign": Say("a foreign number"),
    "ambiguous_84": Say(
        "either a lost 0 or a cut +84; please ask",
    ),
    "several": Say("several numbers in one cell; sure ones kept"),
    "doubted_head": Say("sources differ about this head"),
    "strange_letters": Say(
        "strange letters that look like digits; type the number again",
    ),
    "not_a_number": Say("this is not a phone number"),
}


class Number(NamedTuple):
    """One number found. `e164` is +84… for a Vietnamese number."""

    e164: str | None
    type: Type
    carrier: str | None = None


class PhoneReading(NamedTuple):
    """What one cell says. `ok`: may be written to as it stands, without asking a person.

    `beside`: (e164, what stood beside it in the cell).
    """

    input: str
    numbers: tuple[Number, ...] = ()
    ok: bool = False
    type: Type = Type.INVALID
    e164: str | None = None
    carrier: str | None = None
    repairs: tuple[str, ...] = ()
    needs_review: bool = False
    suggested: str | None = None
    reason: str | None = None
    beside: tuple[tuple[str, str], ...] = ()

    @property
    def certain(self) -> tuple[Number, ...]:
        """The mobiles that may be written to, also out of several in one cell."""
        if self.ok or self.reason == "several":
            return tuple(n for n in self.numbers if n.type is Type.MOBILE)
        return ()

    def why(self) -> Spoken | None:
        """The reason as a sentence."""
        return _REASONS[self.reason] if self.reason else None

    def as_json(self) -> dict[str, object]:
        """The stable shape of DESIGN section 9."""
        return {
            "input": self.input,
            "numbers": [
                {"e164": n.e164, "type": n.type.value, "carrier": n.carrier} for n in self.numbers
            ],
            "ok": self.ok,
            "e164": self.e164,
            "type": self.type.value,
            "carrier": self.carrier,
            "repairs": list(self.repairs),
            "needs_review": self.needs_review,
            "suggested": self.suggested,
            "reason": self.reason,
        }


_SCIENTIFIC = re.compile(r"([1-9])(?:[.,](\d+))?[eE]\+?(\d{1,2})")
_STRONG = re.compile(r"[/;,|&\n\r\t\\]+|\s+(?:và|va|hoặc|hoac)\s+", re.IGNORECASE)
_NO_NOTES = _words("và va hoặc hoac sđt sdt đt dt tel số so phone mobile dđ dd")
_WORDS = re.compile(r"[^\W\d_]+(?:[\s.:]*[^\W\d_]+)*", re.UNICODE)


def read(text: str, sample_heads: Collection[str] = ()) -> PhoneReading:
    """Read one cell.

    `sample_heads`: heads with their 0 (like "095") that a sample site counts as ordinary mobiles.
    """
    fast = _fast(tuple(sample_heads))
    found = fast.plain(text)
    repairs: tuple[str, ...] = ()
    if found is None and len(text) < 20:  # dots and blanks change nothing
        squeezed = text.translate(_SEPARATORS)
        found = fast.plain(squeezed)
        if found is None and (found := fast.without_zero(squeezed)):
            repairs = _LOST_ZERO
    if found is None:
        return _read(text, fast.samples)
    national = found[1]
    carrier = fast.carriers[national[:3]]
    number = Number(f"+84{national}", Type.MOBILE, carrier)
    return PhoneReading(text, (number,), True, Type.MOBILE, number.e164, carrier, repairs)


def plain(sample_heads: Collection[str] = ()) -> Callable[[str], re.Match[str] | None]:
    """The test for an ordinary mobile that needs no repair: group 1 is its nine digits.

    A regular expression made from the tables: it knows nothing that they do not say.
    """
    return _fast(tuple(sample_heads)).plain


_SEPARATORS = str.maketrans("", "", " .-()\u00a0")
_LOST_ZERO = ("leading_zero",)
Matches = Callable[[str], "re.Match[str] | None"]


class _Fast(NamedTuple):
    """What nearly every cell is read by, made from the tables once per set of sample heads."""

    plain: Matches
    without_zero: Matches
    carriers: Mapping[str, str | None]  # by three digits
    samples: frozenset[str]


@lru_cache(maxsize=8)
def _fast(sample_heads: tuple[str, ...]) -> _Fast:
    samples = _bare(sample_heads)
    known = {h for h in CARRIERS if len(h) == 2} | samples
    known -= {h for h in DOUBTED if len(h) == 2} | (UNALLOTTED - samples) | {OLD_HAI_PHONG}
    carriers = {
        head + digit: _carrier(f"{head}{digit}000000", samples)
        for head in known
        for digit in "0123456789"
        if head + digit not in DOUBTED
    }
    unsigned = [h for h in carriers if not h.startswith("84")]  # those may be a cut +84
    return _Fast(
        re.compile(rf"(?:0|\+?84|0084)({_any_of(carriers)}[0-9]{{6}})").fullmatch,
        re.compile(rf"({_any_of(unsigned)}[0-9]{{6}})").fullmatch,
        carriers,
        samples,
    )


def _any_of(heads: Iterable[str]) -> str:
    """A pattern for some heads of three digits, short ways first: 9(?:1[0-9]|4[0-9])."""
    tree: dict[str, dict[str, str]] = {}
    for head in sorted(heads):
        branch = tree.setdefault(head[0], {})
        branch[head[1]] = branch.get(head[1], "") + head[2]
    return (
        "(?:"
        + "|".join(
            f"{one}(?:{'|'.join(f'{two}[{threes}]' for two, threes in branch.items())})"
            for one, branch in tree.items()
        )
        + ")"
    )


@lru_cache(maxsize=8)
def _bare(sample_heads: tuple[str, ...]) -> frozenset[str]:
    return frozenset(h.lstrip("0") for h in sample_heads)


def carrier_of(e164: str, sample_heads: Collection[str] = ()) -> str | None:
    """The network that issued a +84 mobile, or None."""
    return _carrier(e164.removeprefix("+84"), _bare(tuple(sample_heads)))


_MASKS = frozenset("x*•●…#×")


def masked(e164: str) -> str:
    """+84951234678 → 09xx xxx 678: enough to recognise, not enough to call."""
    if not e164.startswith("+84"):
        return "…" + e164[-3:]
    return f"0{e164[3]}xx xxx {e164[-3:]}"


def looks_masked(text: str) -> bool:
    """True for a number with some of it hidden, as we and others show numbers."""
    plain = text.strip().casefold().replace("...", "…")
    hidden = any(c in _MASKS for c in plain)
    return (
        hidden
        and any(c.isdigit() for c in plain)
        and all(c.isdigit() or c in _MASKS or c in "+ .-()\t" for c in plain)
    )


def tails(last: int) -> tuple[str, ...]:
    """Every way `masked` shows a number that ends with these three digits."""
    return (*(masked(f"+84{d}00000{last:03d}") for d in range(10)), masked(f"{last:03d}"))


def _read(text: str, samples: frozenset[str]) -> PhoneReading:
    repairs: list[str] = []
    cleaned = _clean(text)
    if re.fullmatch(r"\d+[.,]0+", cleaned):
        cleaned = re.split(r"[.,]", cleaned)[0]
        repairs.append("decimal_zero")
    if found := _SCIENTIFIC.fullmatch(cleaned):
        digits, power = found[1] + (found[2] or ""), int(found[3])
        if len(digits) != power + 1:
            return PhoneReading(text, reason="digits_lost")
        cleaned = digits
        repairs.append("scientific")
    lettered = _letters_to_digits(cleaned)
    if lettered != cleaned:
        repairs.append("letters")
        cleaned = lettered
    if any(c.isalpha() and "LATIN" not in unicodedata.name(c, "") for c in cleaned):
        return PhoneReading(text, reason="strange_letters")  # a Cyrillic О is no zero
    pieces = _pieces(cleaned)
    if not pieces:
        return PhoneReading(text, reason="not_a_number" if _WORDS.search(cleaned) else "empty")
    readings = [_single(text, p, tuple(repairs), samples) for p, _ in pieces]
    beside = tuple(
        (r.e164, note) for r, (_, note) in zip(readings, pieces, strict=True) if r.e164 and note
    )
    numbers = {n.e164: n for r in readings for n in r.numbers}
    if len(readings) == 1 or (len(numbers) == 1 and all(r.ok for r in readings)):
        return readings[0]._replace(beside=beside) if beside else readings[0]
    usable = [n for r in readings if r.ok and not r.needs_review for n in r.numbers]
    doubtful = [n for r in readings if not r.ok or r.needs_review for n in r.numbers]
    everything = tuple({n.e164: n for n in [*usable, *doubtful]}.values())
    return PhoneReading(
        text,
        everything,
        type=everything[0].type if everything else Type.INVALID,
        repairs=tuple(dict.fromkeys(x for r in readings for x in r.repairs)),
        needs_review=True,
        reason="several",
        beside=beside,
    )


def _clean(text: str) -> str:
    """Full-width digits to ASCII; invisible marks, quotes and no-break spaces away."""
    folded = unicodedata.normalize("NFKC", text)
    kept = []
    for ch in folded:
        if unicodedata.category(ch) in ("Cf", "Cc") and ch not in "\n\r\t":
            continue
        digit = unicodedata.decimal(ch, None)
        kept.append(str(digit) if digit is not None else ch)
    return "".join(kept).strip().strip("'`’‘\"").strip()


def _letters_to_digits(text: str) -> str:
    """O for 0 and l or I for 1, only inside or at the edge of a run of digits."""
    text = re.sub(
        r"(?<![^\W\d_])[Oo](?=[\s.\-]?\d)|(?<=\d)[Oo](?![^\W\d_])|(?<=\d)[Oo](?=\d)", "0", text
    )
    return re.sub(r"(?<=\d)[lI](?=\d)|(?<=\d)[lI](?![^\W\d_])", "1", text)


def _pieces(text: str) -> list[tuple[str, str]]:
    """Cut a cell into runs that are one number each, as digits with a leading + where written, and
    the words beside each: “0912345678 (vợ)”, “vợ: 0912345678”."""
    parts, words = _WORDS.split(text), [*_WORDS.findall(text), ""]
    words = ["" if w.strip().lower() in _NO_NOTES else w.strip(" .:") for w in words]
    before = not any(c.isdigit() for c in parts[0])
    found: list[tuple[str, str]] = []
    for i, part in enumerate(parts):
        if not any(c.isdigit() for c in part):
            continue
        cut = _cut(part)
        notes = [""] * len(cut)
        if cut:
            notes[0 if before else -1] = words[i - 1] if before else words[i]
        found.extend(zip(cut, notes, strict=True))
    long_enough = [p for p in found if len(p[0].lstrip("+")) >= 7]
    return long_enough if long_enough and len(found) > 1 else found


def _cut(part: str) -> list[str]:
    whole = _digits(part)
    if len(whole.lstrip("+")) <= 13 and part.count("+") <= 1:
        return [whole] if whole else []
    for separator in (
        _STRONG,
        re.compile(r"\s[-–]\s|(?<=\d{9})[-–]"),
        re.compile(r"\s+"),
        re.compile(r"[-–]"),
        re.compile(r"(?=\+)"),
    ):
        pieces = [_digits(p) for p in separator.split(part)]
        pieces = [p for p in pieces if p]
        if len(pieces) > 1 and all(8 <= len(p.lstrip("+")) <= 13 for p in pieces):
            return pieces
    strong = [_digits(p) for p in _STRONG.split(part)]
    return [p for p in strong if p] or [whole]


def _digits(text: str) -> str:
    digits = re.sub(r"\D", "", text)
    return f"+{digits}" if digits and re.match(r"\s*\(?\s*\+", text) else digits


def _carrier(national: str, samples: frozenset[str]) -> str | None:
    if national[:2] in samples:
        return SAMPLE_CARRIERS[int(national[2])]
    return CARRIERS.get(national[:3]) or CARRIERS.get(national[:2])


def _single(
    text: str, digits: str, repairs: tuple[str, ...], samples: frozenset[str]
) -> PhoneReading:
    """One number: `digits` with an optional leading +."""
    plain = digits.lstrip("+")
    if plain in SERVICES or (not digits.startswith("+") and SERVICE_HEAD.fullmatch(plain)):
        return PhoneReading(text, type=Type.SERVICE, repairs=repairs, reason="service")
    international = digits.startswith("+") or plain.startswith("00")
    bare = plain[2:] if plain.startswith("00") else plain
    if international and not bare.startswith("84"):
        if not 7 <= len(bare) <= 15:
            return PhoneReading(text, repairs=repairs, reason=_length(bare, 8))
        numbers = (Number(f"+{bare}", Type.FOREIGN),)
        return PhoneReading(text, numbers, type=Type.FOREIGN, repairs=repairs, reason="foreign")
    if international or (bare.startswith("84") and len(bare) >= 11):
        national = bare[2:]
        if national.startswith("0"):
            national, repairs = national[1:], (*repairs, "trunk_zero")
        return _national(text, national, repairs, samples)
    if plain.startswith("0"):
        return _national(text, plain[1:], repairs, samples)
    if len(plain) == 9 and plain.startswith("84"):
        return PhoneReading(
            text,
            type=Type.MOBILE,
            repairs=repairs,
            needs_review=True,
            suggested=f"+84{plain}",
            reason="ambiguous_84",
        )
    if bare.startswith("84"):
        return PhoneReading(text, repairs=repairs, reason="too_short")
    return _national(text, plain, (*repairs, "leading_zero"), samples)


def _national(text: str, n: str, repairs: tuple[str, ...], samples: frozenset[str]) -> PhoneReading:
    """`n`: the national number without its 0."""
    if len(n) == 10 and n[:3] in MIGRATED:
        n, repairs = MIGRATED[n[:3]] + n[3:], (*repairs, "old_prefix")
    if len(n) == 10 and (n[:3] in AREA_CODES or n[:2] in AREA_CODES):
        numbers = (Number(f"+84{n}", Type.LANDLINE),)
        return PhoneReading(
            text, numbers, type=Type.LANDLINE, e164=f"+84{n}", repairs=repairs, reason="landline"
        )
    if len(n) != 9 or n[0] not in "35789":
        return PhoneReading(text, repairs=_honest(repairs), reason=_length(n, 9))
    if n.startswith(OLD_HAI_PHONG):
        return PhoneReading(
            text,
            type=Type.LANDLINE,
            repairs=_honest(repairs),
            needs_review=True,
            suggested=f"+84225{n[2:]}",
            reason="old_landline",
        )
    if n[:2] in UNALLOTTED and n[:2] not in samples:
        return PhoneReading(text, repairs=_honest(repairs), reason="unallotted")
    doubted = n[:2] in DOUBTED or n[:3] in DOUBTED
    carrier = _carrier(n, samples)
    return PhoneReading(
        text,
        (Number(f"+84{n}", Type.MOBILE, carrier),),
        True,
        Type.MOBILE,
        f"+84{n}",
        carrier,
        repairs,
        doubted,
        None,
        "doubted_head" if doubted else None,
    )


def _honest(repairs: tuple[str, ...]) -> tuple[str, ...]:
    """A number we could not use was not repaired."""
    return tuple(r for r in repairs if r != "leading_zero")


def _length(n: str, right: int) -> str:
    if len(n) < right:
        return "too_short" if len(n) > 2 else "not_a_number"
    return "too_long" if len(n) > right else "unallotted"
