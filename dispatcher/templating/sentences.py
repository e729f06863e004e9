"""Does a sentence ask its reader for something, or forbid it, report it, call it fraud?

Sentences are unaccented and in lower case (`sms.folded`). Words only, no grammar: tuned on the
examples and the known half of tests/corpus, never on its other half.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_END = re.compile(r"(?<=[.!?;])\s+|\n+")
_FORBIDS = re.compile(
    r"(?<!neu )(?<!de )\b(?:khong|chang|dung (?:bao gio|tin|nghe|voi)|tuyet doi|chua ai|cam)\b"
    r"(?! (?:bi|qua|mat phi|tham dinh|the chap|phai|lam|thanh toan|tat toan|nop|hop tac|bo sung|tra"
    r"|dong|duoc (?:noi|ke|tiet lo|bao)|(?:noi|ke|tiet lo) (?:voi|cho)"
    r"|can (?:the chap|kinh nghiem|gap|bang|coc|tieng))\b)"
)
_REPORTS = re.compile(
    r"\b(?:ai (?:\w+ )?(?:goi|hoi|xung|moi|bao|doi|yeu cau|nhan|noi|doa|dua|cung|duoc)|"
    r"ke (?:gian|xau|lua dao)|nguoi la|nhin ky|doi tuong|gia danh|mao danh|gia mao|tu xung|chieu|"
    r"thu doan|canh giac|neu (?:co nguoi|nhan|duoc|gap)|(?:da|co) (?:co )?(?:nguoi|vu|xay ra)|"
    r"bi lua|mat tien|mat \d+ \w+|bi (?:du|ru|ep|chiem|gia|lua|doa)|(?<!day la )cuoc goi|"
    r"goi (?:den )?(?:bao|doa)|nhan tin (?:bao|vay)|nguoi (?:quen|than) nhan|shipper (?:la|goi)|"
    r"quang cao|tin nhan (?:moi|bao))\b"
)
_POLITE = re.compile(
    r"(?:^|[:,.] |\b(?:con|ba|vi|ban) )hay\b|\b(?:vui long|de nghi|kinh mong|nhanh tay|lap tuc|"
    r"quy khach|ban phai|giup (?:em|minh|con))\b"
)
_IS_FRAUD = re.compile(
    r"\b(?:la|deu la|chinh la|thuong la) (?:\w+ ){0,4}?"
    r"(?:lua dao|bay|gia|gia mao|chieu|lua|pham phap|vi pham)\b"
    r"|\b(?:de bi lua|dau hieu lua dao|la gia|la mat (?:tien|tai khoan))\b"
)
_TO_STRANGERS = re.compile(
    r"\b(?:cho|theo|voi) (?:loi )?(?:nguoi|ke|trang|link) (?:la|tu xung|gian|goi)\b"
    r"|\b(?:nhin ky|can nhac|mat tien|thoat ra)\b"
)
_DONE = re.compile(
    r"\b(?:da|lo|lo da|vua|chi|co the|truoc khi|khi chua|khi da|sau khi|viec|(?<!dich )vu|cach|"
    r"khi|xin|doi|nhac)\s?$|\b(?:lo|lo da|neu da)(?:[ ,]+\w+){0,3}[ ,]*$"
)
_WARNS = re.compile(
    r"\b(?:lua dao|ke gian|ke xau|mao danh|gia danh|tu xung|gia mao|canh giac|la gia|la bay)\b"
)
_TO_THE_READER = re.compile(
    r"^(?:ubnd [^:]{3,40}: ?)?(?:chuyen|nap|bam|nhap|gui|nop|quet|tai|cai|truy cap|dang nhap|soan|"
    r"goi|doc|chup|dong|thanh toan|khai|tra loi|dua|mo)\b|\b(?:quy khach|neu khong|ban|vui long|"
    r"de nghi|dich vu|ho tro|cam ket|de nhan|can (?:dat|nop|dong|chuyen))\b"
)
_IN_PERSON = re.compile(
    r"\b(?:tai|den|o|cho) (?:tru so|tram y te|nha van hoa|bo phan mot cua|buu dien|hoi truong|"
    r"truong|san (?:van dong|dinh|nha van hoa|truong|chung|benh)|cho\b|cong an phuong|ubnd|"
    r"to truong|bang tin|quay|quan|dai ly|tung nha|ngan hang)"
    r"|\b(?:truc tiep|tung nha|to truong|bien (?:lai|nhan)|mat tran to quoc|"
    r"khong (?:thu|mat) (?:phi|tien)|mang (?:theo |can cuoc|so ))"
)


def split(text: str) -> Iterator[tuple[int, str]]:
    """(characters before it, sentence)."""
    at = 0
    for part in _END.split(text):
        place = text.find(part, at)
        yield place, part
        at = place + len(part)


def warns(text: str) -> bool:
    """True when a text speaks of fraud at all."""
    return bool(_WARNS.search(text))


def asks(pattern: re.Pattern[str], sentence: str, *, told: bool, in_person: bool) -> bool:
    """True when a sentence asks its reader for the thing.

    Forbidding or reporting it does not; nor telling of it where it may be `told`; nor, where it
    may be done `in_person`, naming a place to come to.
    """
    if in_person and _IN_PERSON.search(sentence):
        return False
    if told and not _TO_THE_READER.search(sentence):
        return False
    return any(
        not _harmless(sentence[: hit.start()], sentence[hit.end() :], hit[0])
        for hit in pattern.finditer(sentence)
    )


def _harmless(before: str, after: str, itself: str) -> bool:
    asked = _last(_POLITE, before)
    if _DONE.search(before) or _last(_FORBIDS, before) > asked or _last(_REPORTS, before) > asked:
        return True
    if asked >= 0:
        return False
    return any(
        (_FORBIDS.search(itself), _IS_FRAUD.search(itself + after), _TO_STRANGERS.search(after))
    )


def _last(pattern: re.Pattern[str], text: str) -> int:
    place = -1
    for hit in pattern.finditer(text):
        place = hit.start()
    return place
