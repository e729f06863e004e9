"""Could a resident take this text for a scam? Explained rules, each with what to write instead.

The rules that are patterns are data (`trust.toml`); those that need the site (whose name comes
first, which numbers and hosts are its own) are below. A rule looks at one sentence at a time and
asks whether the sentence requests the thing, or forbids or reports it.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files

from dispatcher.domain.model import Kind
from dispatcher.domain.sms import folded
from dispatcher.i18n import Both, Say, Spoken
from dispatcher.templating import sentences

# Emergency and complaint numbers everybody may be told to call (vietnam.md 3.8, seen 2026-11).
EVERYBODYS = frozenset({"111", "112", "113", "114", "115", "156", "5656"})
# Names fraudsters imitate: as a text writes them, folded.
IMITATED = frozenset(
    [
        "vietcombank",
        "vietinbank",
        "bidv",
        "agribank",
        "techcombank",
        "mbbank",
        "vpbank",
        "acb",
        "sacombank",
        "tpbank",
        "vib",
        "shb",
        "hdbank",
        "eximbank",
        "msb",
        "viettel",
        "vinaphone",
        "mobifone",
        "vietnamobile",
        "evn",
        "evnhp",
        "vneid",
        "zalo",
        "facebook",
        "telegram",
        "momo",
        "vnpay",
        "shopee",
        "lazada",
        "tiki",
        "ubnd",
        "vnpost",
        "bocongan",
        "congan",
        "tongcucthue",
        "etax",
        "vssid",
        "baohiemxahoi",
        "chinhphu",
        "dichvucong",
    ]
)
_SHORTENERS = frozenset(
    [
        "bit.ly",
        "t.ly",
        "tinyurl.com",
        "is.gd",
        "goo.gl",
        "cutt.ly",
        "s.id",
        "rb.gy",
        "ow.ly",
        "shorturl.at",
        "t.co",
        "t.me",
        "zalo.me",
        "me.momo.vn",
        "lnkd.in",
        "rebrand.ly",
        "by.com.vn",
    ]
)
_TLDS = [
    "com",
    "net",
    "org",
    "info",
    "biz",
    "vn",
    "xyz",
    "top",
    "club",
    "online",
    "site",
    "shop",
    "vip",
    "app",
    "ly",
    "cc",
    "io",
    "link",
    "click",
    "live",
    "pro",
    "icu",
    "fun",
    "store",
    "win",
    "bet",
    "asia",
    "page",
    "tv",
    "mobi",
    "name",
    "work",
    "space",
    "website",
    "tech",
    "world",
    "life",
    "gg",
    "ru",
    "cn",
    "tk",
    "ml",
    "ga",
    "cf",
    "gq",
    "us",
    "mau",
    "example",
]
_LINK = re.compile(
    r"(?:h(?:tt|xx)ps?\s*[:：]\s*//\s*|www\s*[.]\s*)?"
    # with a space after the dot only in small letters: "bà con. Link lạ" is a new sentence
    r"(?P<host>(?:[\w-]+(?:\s?\[\.\]\s?|[.。．]))+(?:" + "|".join(_TLDS) + r")"
    r"|(?:[\w-]+\s?\.\s?)+(?-i:" + "|".join(_TLDS) + r"))\b(?P<path>/\S*)?"
    r"|h(?:tt|xx)ps?\s*[:：]\s*//\S+|\bxn--[\w-]+|\b\d{1,3}(?:\.\d{1,3}){3}\b(?=[/:])",
    re.I,
)
_NUMBER = re.compile(
    r"(?<![\w/])(?:\+?84|0)(?:[ .\-]?\d){8,10}(?![\w/])|(?<!\w)1[89]00(?:[ .\-]?\d){4,6}(?!\w)"
    r"|(?<!\w)0?69(?:[ .\-]?\d){5,8}(?!\w)"
)
_SHORT = re.compile(
    r"\b(?:goi|tong dai|hotline|lien he|duong day nong|gui|nhan tin)(?: den| toi| so|:)?"
    r"\s?(\d{3,5})\b(?![ .\-]?\d)"
)


@dataclass(frozen=True)
class Rule:
    """One pattern rule of `trust.toml`."""

    id: str
    severity: str  # block | warn
    pattern: re.Pattern[str]
    say: Spoken
    kinds: frozenset[str]
    in_person: bool = False
    may_be_told: bool = False
    always: bool = False


@dataclass(frozen=True)
class Found:
    """`excerpt`: the words it is about, as the author wrote them."""

    rule: str
    severity: str
    say: Spoken
    excerpt: str
    at: int = 0  # characters before it


@dataclass(frozen=True)
class House:
    """What of a site its texts may name: senders (name → brandname) and its own numbers."""

    senders: tuple[tuple[str, str], ...] = ()
    numbers: frozenset[str] = field(default_factory=frozenset)


@lru_cache(maxsize=1)
def rules() -> tuple[Rule, ...]:
    """The pattern rules, in the order of the file."""
    text = files("dispatcher.templating").joinpath("trust.toml").read_text("utf-8")
    return tuple(
        Rule(
            r["id"],
            r["severity"],
            re.compile(r["pattern"]),
            Both(r["vi"], r["en"]),
            frozenset(r.get("kinds", [k.value for k in Kind])),
            r.get("in_person", False),
            r.get("may_be_told", False),
            r.get("always", False),
        )
        for r in tomllib.loads(text)["rule"]
    )


def check_trust(text: str, kind: Kind, house: House, *, channel: str = "sms") -> list[Found]:
    """Everything in a text that looks like a scam, or that a scam could hide behind."""
    found = [
        *_opening(text, house, channel),
        *_links(text, kind),
        *_numbers(text, house),
        *_imitations(text),
        *_shouting(text),
    ]
    warns = sentences.warns(folded(text))
    for at, sentence in sentences.split(text):
        plain = folded(sentence)
        for rule in rules():
            if kind.value not in rule.kinds:
                continue
            told = warns or (rule.may_be_told and kind is Kind.WARNING)
            if rule.always:
                asks = rule.pattern.search(plain) is not None
            else:
                asks = sentences.asks(rule.pattern, plain, told=told, in_person=rule.in_person)
            if asks:
                found.append(Found(rule.id, rule.severity, rule.say, sentence.strip()[:60], at))
    return _once(found)


def _once(found: Sequence[Found]) -> list[Found]:
    """Each rule once, at its first place."""
    first: dict[str, Found] = {}
    for one in sorted(found, key=lambda f: f.at):
        first.setdefault(one.rule, one)
    return list(first.values())


def _opening(text: str, house: House, channel: str) -> Iterator[Found]:
    """Who writes comes first. In SMS the registered brandname says so already."""
    start = folded(text)
    names = [folded(name) for name, _ in house.senders]
    if re.match(r"(?:\[qc\] )?ubnd\b", start) or any(start.startswith(n) for n in names if n):
        return
    if channel == "zalo":
        return
    branded = bool(house.senders) and all(brandname for _, brandname in house.senders)
    yield Found(
        "sender_first",
        "warn" if branded else "block",
        Say(
            "the text must open with the name of its sender",
        ),
        text[:30],
    )


def _links(text: str, kind: Kind) -> Iterator[Found]:
    for hit in _LINK.finditer(text):
        host = re.sub(r"\s|\[|\]", "", (hit["host"] or hit[0])).lower()
        host = host.replace("。", ".").replace("．", ".").removeprefix("www.")
        host = re.sub(r"^h(?:tt|xx)ps?[:：]//", "", host).split("/")[0]
        written = re.sub(r"^h(?:tt|xx)ps?://", "", hit[0].lower()).split("/")[0]
        is_state = host.endswith(".gov.vn") and written == host and hit[0].isascii()
        if host in _SHORTENERS:
            yield _link("short_link", Say("a short link hides its end"), hit)
        elif "xn--" in host or not hit[0].isascii():
            yield _link(
                "lookalike_link",
                Say("a domain with strange letters looks like another"),
                hit,
            )
        elif not is_state and re.search(r"gov|vneid|dichvucong|bocongan|chinhphu|ubnd", host):
            yield _link(
                "lookalike_link",
                Say("a domain that imitates the state; only *.gov.vn is real"),
                hit,
            )
        elif kind is Kind.WARNING or not is_state:
            yield _link(
                "link",
                Say("no links in warnings; elsewhere only full *.gov.vn addresses"),
                hit,
            )


def _link(rule: str, say: Spoken, hit: re.Match[str]) -> Found:
    return Found(rule, "block", say, hit[0].strip()[:60], hit.start())


def _numbers(text: str, house: House) -> Iterator[Found]:
    """Numbers a resident would call that are neither everybody's nor the ward's own."""
    own = {_digits(n) for n in house.numbers}
    plain = folded(text)
    hits = [(hit[0], hit.start()) for hit in _NUMBER.finditer(text)]
    hits += [(hit[1], hit.start(1)) for hit in _SHORT.finditer(plain)]
    for number, at in hits:
        digits = _digits(number)
        if digits in EVERYBODYS or digits in own:
            continue
        yield Found(
            "unknown_number",
            "block",
            Say(
                "this number is not on the site's list; name 113, 156, 5656 or one of the "
                "ward's own from the settings",
            ),
            number.strip(),
            at,
        )


def _digits(number: str) -> str:
    digits = re.sub(r"\D", "", number)
    return "0" + digits[2:] if digits.startswith("84") and len(digits) > 9 else digits


def imitates(name: str) -> bool:
    """True for a sender name that reads like a bank's, a carrier's or an agency's."""
    plain = folded(name).replace(" ", "")
    if plain.startswith("ubnd") and plain.isalpha():
        return False
    read = {r.replace(" ", "").replace("-", "") for r in _as_read(name)} | {plain}
    return any(r == known or (len(known) > 3 and known in r) for r in read for known in IMITATED)


def _imitations(text: str) -> Iterator[Found]:
    """Words that read as a well-known name but are written with other letters."""
    for hit in re.finditer(r"\w{3,}", text):
        word = hit[0]
        scripts = {unicodedata.name(ch, "?").split()[0] for ch in word if ch.isalpha()}
        if len(scripts) > 1 or scripts & {"CYRILLIC", "GREEK", "FULLWIDTH", "MATHEMATICAL"}:
            yield _imitation(Say("letters of another alphabet"), hit)
            continue
        plain, read = folded(word), _as_read(word)
        if any(r in IMITATED and r != plain for r in read):
            yield _imitation(
                Say("letters and digits changed to look like a well-known name"),
                hit,
            )


def _imitation(say: Spoken, hit: re.Match[str]) -> Found:
    return Found("lookalike_name", "block", say, hit[0], hit.start())


def _as_read(word: str) -> set[str]:
    """How a hurried reader may read a word."""
    digits = str.maketrans("05348@$", "oseabas")
    swapped = word.translate(str.maketrans("l1", "II"))
    forms = {folded(word.translate(digits)), folded(swapped.translate(digits))}
    forms |= {f.replace("1", "l") for f in forms} | {f.replace("1", "i") for f in forms}
    return {g for f in forms for g in (f, f.replace("rn", "m"), f.replace("vv", "w"))}


def _shouting(text: str) -> Iterator[Found]:
    letters = [ch for ch in text if ch.isalpha()]
    upper = sum(ch.isupper() for ch in letters)
    if (len(letters) >= 40 and upper > 0.4 * len(letters)) or "!!" in text:
        yield Found(
            "shouting",
            "warn",
            Say(
                "whole sentences in capitals or rows of ! look like fraud; keep them for one word",
            ),
            text[:40],
        )
