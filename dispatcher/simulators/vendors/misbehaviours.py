"""What vendors' servers do wrong, by name. `accept_X` takes the message first, `X` takes nothing.

`unreadable`: the caller is left without an answer it can read. The others are bad manners a caller
has to put up with. Names and cases come from reports of real incidents with HTTP gateways.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

Act = Callable[[web.Request, bytes], Awaitable[web.StreamResponse]]
PARTING = 30.0  # seconds a silent or endless answer lasts at most


@dataclass(frozen=True)
class How:
    act: Act
    unreadable: bool = True


def _status(code: int, body: str = "bad gateway", **headers: str) -> Act:
    async def act(request: web.Request, answer: bytes) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=code, text=body, headers=named)

    return act


def _body(change: Callable[[bytes], bytes], kind: str = "application/json") -> Act:
    async def act(request: web.Request, answer: bytes) -> web.StreamResponse:
        return web.Response(body=change(answer), headers={"Content-Type": kind})

    return act


async def _reset(request: web.Request, answer: bytes) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _hang_up(request: web.Request, answer: bytes) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.close()
    return web.Response()


async def _silence(request: web.Request, answer: bytes) -> web.StreamResponse:
    await asyncio.sleep(PARTING)
    return web.Response()


def _slowly(head: bool) -> Act:
    """A byte every half second: no single read ever times out."""

    async def act(request: web.Request, answer: bytes) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        for _ in range(int(PARTING * 2)):
            await response.write(b" " if head else b"{")
            await asyncio.sleep(0.5)
        return response

    return act


def _cut(share: float) -> Act:
    """Announce the whole length, send a part of it, and break off."""

    async def act(request: web.Request, answer: bytes) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(answer))})
        await response.prepare(request)
        await response.write(answer[: int(len(answer) * share)])
        if request.transport is not None:
            request.transport.close()
        return response

    return act


def _encoded(body: bytes, encoding: str) -> Act:
    async def act(request: web.Request, answer: bytes) -> web.StreamResponse:
        return web.Response(body=body, headers={"Content-Encoding": encoding})

    return act


def _numbers(answer: bytes) -> bytes:
    """Codes as numbers where they were text, and the other way round."""
    if answer[:1] != b"{":
        return answer

    def swap(value: object) -> object:
        if isinstance(value, dict):
            return {k: swap(v) for k, v in value.items()}
        if isinstance(value, list):
            return [swap(v) for v in value]
        if isinstance(value, str) and re.fullmatch(r"-?[1-9]\d{0,14}|0", value):
            return int(value)
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value

    return json.dumps(swap(json.loads(answer))).encode()


def _twice(answer: bytes) -> bytes:
    return answer + answer


def with_odd_bytes(answer: dict[str, object]) -> dict[str, object]:
    """An answer whose ids and words, not its codes, end in bytes that are no text."""
    return {
        name: value + ODD if isinstance(value, str) and len(value) > 8 else value
        for name, value in answer.items()
    }


BOMB = gzip.compress(b" " * 20_000_000)
HOWS: dict[str, How] = {
    # the connection
    "reset": How(_reset),
    "hang_up": How(_hang_up),
    "silence": How(_silence),
    "slow_body": How(_slowly(head=False)),
    "slow_spaces": How(_slowly(head=True)),
    "cut_early": How(_cut(0.1)),
    "cut_late": How(_cut(0.9)),
    # proxies, portals and servers in trouble
    "500": How(_status(500)),
    "502": How(_status(502, "<html>Bad Gateway</html>")),
    "503": How(_status(503, "")),
    "504": How(_status(504)),
    "403_html": How(_status(403, "<html>Forbidden</html>")),
    "407": How(_status(407, "proxy")),
    "418": How(_status(418, "{}")),
    "redirect": How(_status(302, "", Location="http://127.0.0.1:9/")),
    "redirect_home": How(_status(307, "", Location="/")),
    "throttled": How(_status(429, "{}")),
    "throttled_seconds": How(_status(429, "{}", Retry_After="2")),
    "throttled_nonsense": How(_status(429, "{}", Retry_After="soon")),
    "throttled_negative": How(_status(429, "{}", Retry_After="-5")),
    "throttled_ten_years": How(_status(429, "{}", Retry_After="315360000")),
    "html": How(_body(lambda a: b"<html>OK</html>", "text/html")),
    "portal": How(_body(lambda a: b"<html><form action=/login></html>", "text/html")),
    # bodies
    "empty": How(_body(lambda a: b"")),
    "204": How(_status(204, "")),
    "garbage": How(_body(lambda a: b"\xff\xfe\x00\x01" + a[:3])),
    "half": How(_body(lambda a: a[: len(a) // 2])),
    "twice": How(_body(_twice)),
    "trailing": How(_body(lambda a: a + b"\n<!-- 0.2 s -->")),
    "list": How(_body(lambda a: b"[1]")),
    "null": How(_body(lambda a: b"null")),
    "nan": How(_body(lambda a: b'{"CodeResult": NaN, "error": NaN, "code": NaN}')),
    "deep": How(_body(lambda a: b"[" * 60_000)),
    "utf16": How(_body(lambda a: a.decode().encode("utf-16"))),
    "no_code": How(_body(lambda a: b'{"ok": true}')),
    "new_code": How(_body(lambda a: b'{"CodeResult": "777", "error": -777, "code": "777"}')),
    "huge": How(_body(lambda a: a + b" " * 600_000)),
    "bomb": How(_encoded(BOMB, "gzip")),
    "not_gzip": How(_encoded(b"plain", "gzip")),
    "strange_encoding": How(_encoded(b"plain", "br")),
    # manners a caller has to put up with
    "bom": How(_body(lambda a: b"\xef\xbb\xbf" + a), unreadable=False),
    "spaces": How(_body(lambda a: b"\r\n  " + a + b"\r\n"), unreadable=False),
    "text_plain": How(_body(lambda a: a, "text/plain; charset=latin-1"), unreadable=False),
    "numbers": How(_body(_numbers), unreadable=False),
}
OLD_NAMES = {
    "drop": ("before", "reset"),
    "error": ("before", "500"),
    "accept_late": ("late", "reset"),  # taken a moment after the caller was turned away
    "accept_late_silence": ("late", "silence"),
    "accept_late_502": ("late", "502"),
}
# What a vendor says in its own words although nothing is wrong with the line.
SAYS = (
    "night",
    "quota",
    "old_token",
    "too_fast",
    "no_such_person",
    "words_refused",
    "no_money",
    "other_network",
    "odd_bytes",
    "look_up_unreadable",
)
ODD = "\x00\ud83d"  # a zero byte and half a letter: what databases and encoders stumble over
# What becomes of its reports: lost, told twice, late, told before the send is answered, followed by
# an older one, joined by a forgery, or told part by part, of which the last failed.
REPORTS = (
    "receipt_lost",
    "receipt_twice",
    "receipt_late",
    "receipt_early",
    "receipt_stale",
    "receipt_forged",
    "parts_apart",
)
# What only makes sense before anything is taken: the vendor says so itself.
_PROOF = {
    "throttled",
    "throttled_seconds",
    "throttled_nonsense",
    "throttled_negative",
    "throttled_ten_years",
    "redirect",
    "redirect_home",
}
# name → (before, after or late, how), or (says or reports, name)
MISBEHAVIOURS: dict[str, tuple[str, str]] = {
    **OLD_NAMES,
    **{name: ("before", name) for name, how in HOWS.items() if how.unreadable},
    **{f"accept_{name}": ("after", name) for name in HOWS if name not in _PROOF},
    **{name: ("says", name) for name in SAYS},
    **{name: ("reports", name) for name in REPORTS},
}
ON_THE_LINE = {n: how for n, how in MISBEHAVIOURS.items() if how[0] in ("before", "after", "late")}
