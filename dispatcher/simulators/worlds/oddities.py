"""Answers that are not what the vendor wrote: cut, changed, of another call, of another server.

Comes from: a vendor, or whatever stands before it.   Goes to: an adapter.
Never: makes a readable no of a yes. Nobody can tell that from a vendor's own no, so no promise
could hold against it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

import httpx

from dispatcher.simulators.worlds.network import Cut

CAP = 256 * 1024  # bytes of an answer a gateway reads
JSON = {"content-type": "application/json"}


def _last_word(raw: bytes) -> tuple[bytes, bytes]:
    """An object of JSON before and after the end of its last word: mostly an id."""
    end = b'"}' if b'"}' in raw else b'",'
    before, _, after = raw.rpartition(end)
    return before, end[1:] + after


# What becomes of an answer on its way. The vendor has done what it said.
CHANGES: Mapping[str, Callable[[bytes], bytes]] = {
    "html": lambda raw: b"<html>OK</html>",
    "empty": lambda raw: b"",
    "half": lambda raw: raw[: len(raw) // 2],
    "huge": lambda raw: raw + b" " * CAP,
    "deep": lambda raw: b"[" * 50_000,
    "list": lambda raw: b"[1]",
    "no code": lambda raw: b'{"ok": true}',
    "surrogate": lambda raw: b'\\ud83d\\u0000"'.join(_last_word(raw)),
    "zero bytes": lambda raw: raw.replace(b'"', b'"\x00'),
    "half letters": lambda raw: raw.replace(b'"}', b'\xe1\xba"}'),
    "other letters": lambda raw: raw.decode("utf-8", "replace").encode("utf-16"),
    "mark": lambda raw: b"\xef\xbb\xbf" + raw,
    "twice": lambda raw: raw + raw,
    "numbers": lambda raw: raw.replace(b'"', b""),
    "not a number": lambda raw: b'{"CodeResult": NaN, "error": Infinity, "code": -Infinity}',
    "key twice": lambda raw: raw[:-1] + b"," + raw[1:] if raw[:1] == b"{" else raw,
}
OTHERS = ("another call", "lie about the encoding", "unknown encoding", "cut", "another status")
ODD = (*CHANGES, *OTHERS)

# Of statuses that prove no refusal by themselves; 404 of a look-up does, and so may 401 and 404 in
# the description of a vendor.
PROVES_NOTHING = (201, 202, 400, 403, 408, 409, 410, 413, 418, 422, 451, 500, 502, 503, 504, 599)

# What says the vendor has not even looked at a call. A redirect means the same: it took nothing.
INSTEAD = (429, 429, 429, 503, 301, 302, 307, 308)
DATE = "Tue, 01 Dec 2026 02:00:00 GMT"
LATER = "Tue, 01 Dec 2026 02:00:40 GMT"
RETRY_AFTER: tuple[Mapping[str, str], ...] = (
    {},
    {"retry-after": "3"},
    {"retry-after": "0"},
    {"retry-after": "90"},
    {"retry-after": "-5"},
    {"retry-after": "soon"},
    {"retry-after": "2.5"},
    {"retry-after": "99999999999999999999"},
    {"retry-after": "²"},
    {"retry-after": LATER, "date": DATE},
    {"retry-after": DATE, "date": LATER},
    {"retry-after": LATER},
    {"retry-after": "Mon, 99 Foo 2026 99:99:99 GMT", "date": DATE},
)


def changed(
    how: str, answer: httpx.Response, another: bytes, draw: random.Random
) -> httpx.Response:
    """The answer as it arrives. `another`: what some other call was told that was taken."""
    raw = answer.content
    match how:
        case "another call":
            return httpx.Response(200, content=another or b"{}", headers=JSON)
        case "lie about the encoding":
            return _encoded(raw, draw.choice(("gzip", "deflate")))
        case "unknown encoding":
            return _encoded(raw, "br")
        case "cut":
            return httpx.Response(200, stream=Cut(raw[: len(raw) // 2]), headers=JSON)
        case "another status":
            status = draw.choice(PROVES_NOTHING)
            kept = raw if draw.random() < 0.5 else b"trouble"
            return httpx.Response(status, content=kept, headers=_raw(draw.choice(RETRY_AFTER)))
    return httpx.Response(200, content=CHANGES[how](raw), headers=JSON)


def instead(draw: random.Random) -> httpx.Response:
    """What a server says that never looked at the call."""
    status = draw.choice(INSTEAD)
    headers = draw.choice(RETRY_AFTER)
    if status < 400:
        headers = {"location": "http://127.0.0.1:9/elsewhere"}
    return httpx.Response(status, content=b"trouble", headers=_raw(headers))


def _raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]


def _encoded(raw: bytes, encoding: str) -> httpx.Response:
    """A body that is not what its head says it is."""
    answer = httpx.Response(200, content=raw, headers=JSON)
    answer.headers["content-encoding"] = encoding
    return answer
