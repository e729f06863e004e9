"""The one HTTP client: a total deadline, a capped answer, no redirects, no environment proxies.

Comes from: an adapter.  Goes to: the vendor.
Never: resends what may have left. Only calls that never left, and GETs, are tried again (tenacity).

The httpx-aiohttp transport (0.2.0, read 2026-11) reports a connection that broke *after* the
request was written as httpx.ConnectTimeout. Believing it would text people twice, so the cause
underneath decides: only aiohttp's own connector errors prove that nothing left. aiohttp itself
repeats a GET whose connection broke, which would text people twice where a GET sends: that is off.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import re
import socket
import ssl
import zlib
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any

import aiohttp
import httpx
import tenacity
from httpx_aiohttp import AiohttpTransport

from dispatcher.domain.failpoints import failpoint
from dispatcher.domain.machine import here
from dispatcher.domain.problems import Problem, shortage
from dispatcher.gateways.contract import Answer, NoAnswer
from dispatcher.i18n import Say

DEADLINE = 20.0  # seconds for everything: connect, write, read
CONNECT = 5.0
CAP = 256 * 1024  # bytes of an answer, after decoding
_NEVER_LEFT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_PHONE = re.compile(r"(?<!\d)(?:\+?84|0)[35789]\d{8}(?!\d)")
HEADERS = {
    "accept": "application/json",
    "accept-encoding": "identity",
    "user-agent": "dispatcher",
}


@lru_cache(maxsize=256)
def _parsed(url: str) -> httpx.URL:
    """Vendors have a few addresses; parsing one costs a tenth of a call."""
    return httpx.URL(url)


class Wire:
    """One long-lived client for one gateway.

    `loopback_only` is set in a drill: any other host is refused before a socket is made.
    `secrets` never appear in the transcript.
    """

    def __init__(
        self,
        *,
        deadline: float = DEADLINE,
        connections: int = 64,
        loopback_only: bool = False,
        secrets: Iterable[str] = (),
    ) -> None:
        self.deadline, self.loopback_only = deadline, loopback_only
        self.secrets = [s for s in secrets if len(s) > 3]
        self._heard: deque[tuple[str, httpx.URL, Answer | NoAnswer]] = deque(maxlen=50)
        self._connections = connections
        self._transport: httpx.AsyncBaseTransport | None = None
        self._timeout = httpx.Timeout(deadline, connect=CONNECT).as_dict()

    def _open(self) -> httpx.AsyncBaseTransport:
        """The transport itself: httpx.AsyncClient above it adds cookies, redirects and merging
        that a gateway must not have, at a fifth of the cost of a call."""
        if self._transport is None and (network := here().network) is not None:
            self._transport = network()
        elif self._transport is None:
            context = httpx.create_ssl_context(trust_env=False)

            def session() -> aiohttp.ClientSession:
                connector = aiohttp.TCPConnector(
                    limit=self._connections, ssl=context, keepalive_timeout=15
                )
                made = aiohttp.ClientSession(
                    connector=connector, trust_env=False, cookie_jar=aiohttp.DummyCookieJar()
                )
                made._retry_connection = False  # see the head of this file
                return made

            self._transport = AiohttpTransport(verify=context, client=session)
        return self._transport

    @property
    def transcript(self) -> list[str]:
        """The last calls and their answers, without secrets, queries and phone numbers."""
        return [self._told(*heard) for heard in self._heard]

    async def post(
        self,
        url: str,
        *,
        json_body: Any = None,
        form: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer | NoAnswer:
        """POST once; tried again only while nothing left the machine."""
        if form is not None:
            request = self._request("POST", url, headers, data=dict(form))
        elif content is not None:
            request = self._request("POST", url, headers, content=content)
        else:
            content = json.dumps(json_body, ensure_ascii=False).encode()
            kind = {"content-type": "application/json", **(headers or {})}
            request = self._request("POST", url, kind, content=content)
        return await self._send(request, again=_never_left)

    async def get_once(
        self,
        url: str,
        *,
        query: Mapping[str, str],
        headers: Mapping[str, str] | None = None,
    ) -> Answer | NoAnswer:
        """A GET that sends something: like `post`, tried again only while nothing left."""
        request = self._request("GET", url, headers, params=query)
        return await self._send(request, again=_never_left)

    async def get(
        self,
        url: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer | NoAnswer:
        """GET; safe to repeat."""
        request = self._request("GET", url, headers, params=query)
        return await self._send(request, again=lambda a: isinstance(a, NoAnswer))

    def _request(
        self, method: str, url: str, headers: Mapping[str, str] | None, **content: Any
    ) -> httpx.Request:
        return httpx.Request(
            method,
            _parsed(url),
            headers={**HEADERS, **(headers or {})},
            extensions={"timeout": self._timeout},
            **content,
        )

    async def _send(self, request: httpx.Request, again: Any) -> Answer | NoAnswer:
        self._check_host(request.url.host)
        try:
            async with asyncio.timeout(self.deadline):
                answer = await self._once(request)
                if again(answer):  # rare: the retry machinery is not free
                    answer = await self._retry(request, again)
        except TimeoutError:
            answer = NoAnswer(True, "deadline")
        self._heard.append((request.method, request.url, answer))
        return answer

    async def reach(self, url: str) -> NoAnswer | None:
        """Connect to the host of `url` (name, TCP, TLS) and ask nothing; None when that works."""
        place = _parsed(url)
        self._check_host(place.host)
        secure = place.scheme == "https"
        context = httpx.create_ssl_context(trust_env=False) if secure else None
        port = place.port or (443 if secure else 80)
        try:
            async with asyncio.timeout(min(CONNECT, self.deadline)):
                _, writer = await asyncio.open_connection(place.host, port, ssl=context)
        except TimeoutError:
            return NoAnswer(False, "ConnectionTimeoutError")
        except socket.gaierror:
            return NoAnswer(False, "ClientConnectorDNSError")
        except ssl.SSLCertVerificationError:
            return NoAnswer(False, "ClientConnectorCertificateError")
        except ssl.SSLError:
            return NoAnswer(False, "ClientConnectorSSLError")
        except (OSError, UnicodeError):
            return NoAnswer(False, "ClientConnectorError")
        writer.close()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(1.0):
                await writer.wait_closed()
        return None

    async def _retry(self, request: httpx.Request, again: Any) -> Answer | NoAnswer:
        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_result(again),
            stop=tenacity.stop_after_attempt(2),
            wait=tenacity.wait_random(0.05, 0.25),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        answer: Answer | NoAnswer = await retrying(self._once, request)
        return answer

    async def _once(self, request: httpx.Request) -> Answer | NoAnswer:
        failpoint("before call")
        try:
            transport = self._open()
        except OSError as error:  # the machine has no file left to open
            return NoAnswer(False, type(error).__name__)
        try:
            response = await transport.handle_async_request(request)
            try:
                body = await _capped(response)
            finally:
                await response.aclose()
                failpoint("after call")
        except httpx.HTTPError as error:
            left = not isinstance(error.__cause__, _NEVER_LEFT)
            return NoAnswer(left, type(error.__cause__ or error).__name__)
        except aiohttp.ClientError as error:
            return NoAnswer(True, type(error).__name__)
        except (OSError, ValueError) as error:
            return NoAnswer(True, type(error).__name__)
        except RuntimeError as error:
            if shortage(error) is None:
                raise
            return NoAnswer(False, "no thread")  # names are looked up in one: nothing has left
        if body is None:
            return NoAnswer(True, "answer too large or badly encoded")
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in response.headers.raw
        }
        return Answer(response.status_code, headers, body)

    def _check_host(self, host: str) -> None:
        if not self.loopback_only or host == "localhost":
            return
        try:
            if ipaddress.ip_address(host).is_loopback:
                return
        except ValueError:
            pass
        raise Problem(
            "drill-only",
            Say("This is a drill: nothing may leave this machine ({host}).", host=host),
            exit_code=3,
        )

    def _told(self, method: str, url: httpx.URL, answer: Answer | NoAnswer) -> str:
        came = answer.body[:500].decode("utf-8", "replace") if isinstance(answer, Answer) else ""
        place = url.copy_with(query=None)
        line = f"{method} {place} → {getattr(answer, 'status', None) or answer} {came}"
        for secret in self.secrets:
            line = line.replace(secret, "***")
        return _PHONE.sub("…", line)

    async def close(self) -> None:
        if self._transport is not None:
            await self._transport.aclose()
            self._transport = None


def _never_left(answer: Answer | NoAnswer) -> bool:
    return isinstance(answer, NoAnswer) and not answer.left


async def _capped(response: httpx.Response) -> bytes | None:
    """The body, at most CAP bytes after decoding; None when it is more or cannot be decoded."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "gzip", "deflate"):
        return None
    inflate = zlib.decompressobj(47) if encoding in ("gzip", "deflate") else None
    body = bytearray()
    assert isinstance(response.stream, httpx.AsyncByteStream)
    async for chunk in response.stream:
        if inflate is not None:
            try:
                chunk = inflate.decompress(chunk, CAP + 1 - len(body))
            except zlib.error:
                return None
        body += chunk
        if len(body) > CAP or (inflate is not None and inflate.unconsumed_tail):
            return None
    return bytes(body)
