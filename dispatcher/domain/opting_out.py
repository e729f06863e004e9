"""What a reply wishes: to be left alone, to be left alone by urgent texts too, perhaps, or nothing.

Comes from: receiving, a person's own words.   Goes to: suppressions, or somebody who reads them.
Never: obeys half a sentence, a question or a name; drops what may be a wish.

Every clause becomes a string of letters, one for what each word or phrase does there (`TAGS`,
words in `opting_out.toml`): "Đừng gửi tin nữa ạ" is FVTM. A few patterns over these letters decide.
A word written with marks must mean it with marks: "đúng" is no "dừng". Without marks "huy" is a
name and "dung" three words, so alone they are put before a person.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

LONGEST = 2000  # characters of a reply that are read, and kept
MOST = 80  # words: nobody needs more to say no


class Wish(StrEnum):
    """What is done about a reply; a clear wish is the scope of its suppression."""

    ORDINARY = "ordinary"  # nothing but reading it
    UNCLEAR = "unclear"  # may be a wish: a person looks
    ALL = "all"  # no notices and campaigns any more
    URGENT = "urgent"  # no urgent texts either

    @property
    def is_clear(self) -> bool:
        """True when it is obeyed without anybody looking."""
        return self in (Wish.ALL, Wish.URGENT)


# Letters for the lists of words; where two lists hold a phrase the upper one counts. `x`: another
# word.
TAGS = {
    "huy_exact": "H",
    "dung_exact": "D",
    "folks": "B",
    "wants_not": "W",
    "not_yet": "n",
    "forbids": "F",
    "stops": "S",
    "not": "N",
    "all": "A",
    "texts": "T",
    "gets": "G",
    "sends": "V",
    "also": "Y",
    "again": "M",
    "none": "O",
    "urgent": "U",
    "too": "Z",
    "but": "E",
    "only": "J",
    "still": "K",
    "yet": "y",
    "already": "r",
    "did_exact": "d",
    "question": "Q",
    "asks_last_exact": "q",
    "at_last": "L",
    "polite_exact": "P",
    "when": "R",
    "other_things": "X",
}
_MORE = "[VGTAMO]{0,8}"
# A refusal and nothing else: stop …, don't send …, don't want to get …, "không nhận tin",
# "không gửi … nữa"; "dung" (dừng or đừng) only together with what is sent.
_REFUSAL = re.compile(
    f"L?(?:S{{1,4}}{_MORE}|[FD]V{_MORE}|W[VG]{_MORE}|FGT{_MORE}|NG[TA]{{1,4}}|N[VG]{_MORE}MO?"
    f"|DG{_MORE}M)L?"
)
_WITH_URGENT = re.compile(f"D|N[VG]{_MORE}|{_REFUSAL.pattern}")  # "dung … ca tin khan"
_ALSO_URGENT = re.compile(r"\|?YT*UT*|\|?T*UZ[NFSWL][VGWL]*")
_BUT_URGENT = re.compile(r"\|?ET*U|\|?[JK][VG]?T*U")
_ONLY_URGENT = re.compile(r"J[VG]?T*U")
_DENIED = re.compile("[NFWn]S")  # "không từ chối", "đừng dừng"
_MAY_BE = re.compile(
    "[SFWNDHL]A?[VG](?=[TAMOR]|$)"  # about texts; after "gửi" another thing is another matter
    "|SA?T|[SFWNDH].*YT*U|J[VG]?T*U"
    "|[SFWND][VG](?!X).*M$"
    "|^S(?:r$|[NL])|S.*[Ky]"  # refused already, or else, and yet …
)


@dataclass(frozen=True)
class _Clause:
    words: tuple[str, ...]  # without politeness
    tags: str  # of each word or phrase
    complains: bool

    @property
    def is_denied(self) -> bool:
        return _DENIED.search(self.tags) is not None

    def may_be(self, asked: bool) -> bool:
        """True when somebody should look whether it is a wish."""
        if self.is_denied:
            return False
        if self.complains or _MAY_BE.search(self.tags) or _listed(self.words, "alone"):
            return True
        if self.words[:1] == ("tc",) and len(self.words) < 6:
            return True
        stops_last = self.tags.endswith("S") and not re.search("[dn].?S$", self.tags)
        return stops_last and not asked


def read(text: str) -> Wish:
    """What a reply wishes; the rest of the message path knows nothing of words."""
    text = _cleaned(text[:LONGEST])
    clauses = [c for c in map(_clause, _BREAK.split(text)) if c is not None]
    if not clauses:
        return Wish.UNCLEAR if any(sign in text for sign in _lists()["signs"]) else Wish.ORDINARY
    asked = "?" in text or any(re.search("Q|q$", c.tags) for c in clauses)
    wish = _refused("|".join(c.tags for c in clauses)) if not asked else Wish.ORDINARY
    if wish.is_clear and sum(len(c.words) for c in clauses) <= MOST:
        return wish
    refusing = any(_REFUSAL.fullmatch(c.tags) for c in clauses)
    if wish is Wish.UNCLEAR or refusing or any(c.may_be(asked) for c in clauses):
        return Wish.UNCLEAR
    return Wish.ORDINARY


def _refused(tags: str) -> Wish:
    """What the clauses of a statement (split by |) add up to; ordinary: no refusal as a whole."""
    but = _BUT_URGENT.search(tags) is not None
    rest = _BUT_URGENT.sub("", tags)
    also = not but and _ALSO_URGENT.search(rest) is not None
    if also:
        rest = _ALSO_URGENT.sub("", rest)
    clauses = [c for c in rest.split("|") if c.strip("L")]
    if not clauses:
        if _ONLY_URGENT.search(tags):
            return Wish.ALL
        return Wish.UNCLEAR if but or also else Wish.ORDINARY
    refusal = _WITH_URGENT if also else _REFUSAL
    if all(refusal.fullmatch(c) for c in clauses):
        return Wish.URGENT if also else Wish.ALL
    return Wish.ORDINARY


# --- letters, words and phrases -----------------------------------------------------------------

# Tones as letters at the end of a word, so that a word is letters only: "dừng" is "dưngα".
_TONES = {"\u0300": "α", "\u0301": "β", "\u0303": "γ", "\u0309": "δ", "\u0323": "ε"}
_LETTERS = re.compile(r"[^\W_]+")
_BREAK = re.compile(r"[.,;:!?\n\r/()\[\]…–—|]+|\s-+\s")
_QUOTES = str.maketrans("", "", "'\u2019`")
LONGEST_PHRASE = 4  # words


def _cleaned(text: str) -> str:
    """Wide letters made narrow, invisible signs gone, "stoppp" and "t.c" as they are meant."""
    text = unicodedata.normalize("NFKC", text).casefold().translate(_QUOTES)
    text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    text = re.sub(r"(\D)\1{2,}", r"\1", text)
    text = re.sub(r"(?<!\w)t\s*[.\-_ ]\s*c(?!\w)", "tc", text)
    text = re.sub(r"(?<!\w)s[.\-_ ]t[.\-_ ]o[.\-_ ]p(?!\w)", "stop", text)
    return re.sub(r"(?<!\w)stopp(?!\w)", "stop", text)


def _clause(text: str) -> _Clause | None:
    """A clause as words and letters; None where nothing but politeness and numbers is said."""
    words = [_spelled(w) for w in _LETTERS.findall(text)]
    words = [w for w in words if not (w.isdigit() and len(w) > 1)]  # a number, an hour
    kept: list[str] = []
    tags = ""
    for phrase, tag in _phrases(words):
        if tag != "P":
            kept += phrase
            tags += tag
    return _Clause(tuple(kept), tags, _holds(words, "anywhere")) if tags else None


def _phrases(words: Sequence[str]) -> Iterator[tuple[Sequence[str], str]]:
    """Words taken together as the longest known phrases, with the letter of each."""
    known, at = _lists()["tags"], 0
    while at < len(words):
        phrase, tag = words[at : at + 1], "x"
        for size in range(min(LONGEST_PHRASE, len(words) - at), 0, -1):
            several = words[at : at + size]
            if found := _look_up(known, several):
                phrase, tag = several, found
                break
        yield phrase, tag
        at += len(phrase)


def _listed(words: Sequence[str], name: str) -> bool:
    """True when these words are a phrase of a list."""
    return _look_up(_lists()[name], words) != ""


def _holds(words: Sequence[str], name: str) -> bool:
    """True when some of these words, one after the other, are a phrase of a list."""
    return any(
        _listed(words[at : at + size], name)
        for at in range(len(words))
        for size in range(1, LONGEST_PHRASE + 1)
    )


# Phrases without their marks → (as they are meant, the letter, True where marks must agree).
_Known = Mapping[str, Sequence[tuple[tuple[str, ...], str, bool]]]


def _look_up(known: _Known, words: Sequence[str]) -> str:
    plain = [_plain(word) for word in words]
    for meant, letter, exact in known.get(" ".join(plain), ()):
        loose = not exact
        if all(w == m or (loose and w == p) for w, m, p in zip(words, meant, plain, strict=True)):
            return letter
    return ""


@cache
def _lists() -> Mapping[str, _Known]:
    """The lists of words: all that have a letter together, the others by their names."""
    written = tomllib.loads(
        files("dispatcher.domain").joinpath("opting_out.toml").read_text("utf-8")
    )
    found: dict[str, dict[str, list[tuple[tuple[str, ...], str, bool]]]] = {"tags": {}}
    for name in (*TAGS, *(n for n in written if n not in TAGS)):
        known = found["tags"] if name in TAGS else found.setdefault(name, {})
        for phrase in written[name].replace("\n", "").split("|"):
            words = tuple(_spelled(word) for word in phrase.split())
            key = " ".join(_plain(word) for word in words)
            entry = (words, TAGS.get(name, name), name.endswith("_exact"))
            known.setdefault(key, []).append(entry)
    return found


def _spelled(word: str) -> str:
    """A word with its tone last, wherever it was typed: "hoà" and "hòa" are one."""
    apart = unicodedata.normalize("NFD", word)
    tone = next((_TONES[c] for c in apart if c in _TONES), "")
    return unicodedata.normalize("NFC", "".join(c for c in apart if c not in _TONES)) + tone


def _plain(word: str) -> str:
    """A word as `_spelled` gives it, without marks."""
    apart = unicodedata.normalize("NFD", word.rstrip("αβγδε")).replace("đ", "d")
    return "".join(c for c in apart if not unicodedata.combining(c))
