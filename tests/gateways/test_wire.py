"""The wire tells what left from what did not, keeps its deadline and its cap, and follows nobody."""

import asyncio
import gzip
import socket
import time

import pytest
from patience import PATIENCE
from vendors import answer, reset, vendor

from dispatcher.domain.model import Fault
from dispatcher.domain.problems import Problem
from dispatcher.gateways.contract import Answer, NoAnswer, http_trouble
from dispatcher.gateways.wire import CAP, Wire


def post(url, wire=None, **more):
    """One POST; the answer, and the wire for its transcript."""
    wire = wire or Wire(deadline=PATIENCE)

    async def go():
        try:
            return await wire.post(url, json_body={"to": "0951234567", "key": "sesame"}, **more)
        finally:
            await wire.close()

    return asyncio.run(go())


def fault(found):
    trouble = http_trouble(found)
    return trouble.fault if trouble else None


def test_nobody_listening_proves_that_nothing_left():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    found = post(f"http://127.0.0.1:{port}/")
    assert isinstance(found, NoAnswer)
    assert not found.left
    assert fault(found) is Fault.BUSY


def test_a_connection_broken_after_the_request_proves_nothing():
    with vendor(reset) as (url, seen):
        found = post(url)
    assert fault(found) is Fault.UNKNOWN
    assert len(seen) == 1, "what may have left is not sent again"


def test_a_connection_closed_without_an_answer_proves_nothing():
    with vendor(lambda c, r: None) as (url, seen):
        found = post(url)
    assert (fault(found), len(seen)) == (Fault.UNKNOWN, 1)


def test_an_answer_dripping_byte_by_byte_is_cut_at_the_total_deadline():
    def drip(connection, request):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        try:
            for _ in range(100):
                connection.sendall(b"x")
                time.sleep(0.1)
        except OSError:
            pass

    with vendor(drip) as (url, _):
        found = post(url, Wire(deadline=1.5))
    assert isinstance(found, NoAnswer)
    assert (found.left, found.what) == (True, "deadline")


@pytest.mark.parametrize(
    "status, expected",
    [("500 X", Fault.UNKNOWN), ("502 X", Fault.UNKNOWN), ("503 X", Fault.UNKNOWN),
     ("429 X", Fault.BUSY), ("302 X", Fault.ACCOUNT), ("200 OK", None)],
)  # fmt: skip
def test_what_a_status_alone_proves(status, expected):
    with vendor(answer(b"{}", status, "Location: http://127.0.0.1:1/\r\n")) as (url, seen):
        assert fault(post(url)) is expected
    assert len(seen) == 1, "no redirect is followed, nothing is repeated"


def test_retry_after_is_read_from_seconds_or_a_date():
    dates = "Date: Tue, 01 Dec 2026 02:00:00 GMT\r\nRetry-After: Tue, 01 Dec 2026 02:00:30 GMT\r\n"
    for headers, seconds in (("Retry-After: 7\r\n", 7), (dates, 30), ("Retry-After: soon\r\n", None),
                             ("Retry-After: -3\r\n", None)):  # fmt: skip
        with vendor(answer(b"{}", "429 X", headers)) as (url, _):
            trouble = http_trouble(post(url))
        wait = trouble.retry_after
        assert (wait.total_seconds() if wait else None) == seconds


def test_a_large_answer_and_a_zip_bomb_are_refused_within_the_cap():
    bomb = gzip.compress(b"\0" * 50_000_000)
    with vendor(answer(b"x" * (CAP + 1))) as (url, _):
        assert fault(post(url)) is Fault.UNKNOWN
    with vendor(answer(bomb, headers="Content-Encoding: gzip\r\n")) as (url, _):
        assert fault(post(url)) is Fault.UNKNOWN
    with vendor(answer(gzip.compress(b'{"a":1}'), headers="Content-Encoding: gzip\r\n")) as (
        url,
        _,
    ):
        assert post(url).body == b'{"a":1}'


def test_secrets_and_numbers_stay_out_of_the_transcript():
    wire = Wire(deadline=PATIENCE, secrets=["sesame"])
    with vendor(answer(b'{"key":"sesame","to":"84951234567"}')) as (url, _):
        post(f"{url}/send?key=sesame", wire)
    assert wire.transcript
    assert not any(s in line for line in wire.transcript for s in ("sesame", "951234567"))


@pytest.mark.parametrize("host", ["192.0.2.1", "rest.esms.vn", "[2001:db8::1]", "0.0.0.0"])
def test_in_a_drill_no_other_machine_can_be_reached(host):
    with pytest.raises(Problem, match="drill"):
        post(f"http://{host}/", Wire(loopback_only=True))


def test_a_get_is_tried_again_and_a_post_only_when_nothing_left():
    calls = []

    def second_time(connection, request):
        calls.append(request)
        if len(calls) > 1:
            answer(b"{}")(connection, request)

    async def get(url):
        wire = Wire(deadline=PATIENCE)
        try:
            return await wire.get(url)
        finally:
            await wire.close()

    with vendor(second_time) as (url, _):
        assert isinstance(asyncio.run(get(url)), Answer)
    assert len(calls) == 2
