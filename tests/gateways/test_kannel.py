"""The real Kannel from Debian: its HTTP SMSC in front of our twin, and its fake SMSC."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass

import pytest
from conftest import FlowingClock, add_people
from patience import PATIENCE, until
from test_contract import ask, outgoing
from vendors import vendor
from walk import counts, crowd, import_list, released, sheet, twin_urls

from dispatcher.config import parse
from dispatcher.domain.model import Fault, ReceiptFlags
from dispatcher.gateways import kannel as adapter
from dispatcher.gateways.contract import Accepted, Call, Given
from dispatcher.gateways.wire import Wire
from dispatcher.usecases.context import open_app
from dispatcher.worker.serving import serve_site

BOXES = [
    shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin") for name in ("bearerbox", "smsbox")
]
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not all(BOXES), reason="Kannel is not installed: apt install kannel"),
]
CONF = """group = core
admin-port = {admin}
admin-password = drill
smsbox-port = {smsbox}
box-allow-ip = "127.0.0.1"
log-level = 1
sms-resend-freq = 2
sms-resend-retry = 2

group = smsc
smsc = http
smsc-id = twin
allowed-smsc-id = twin
system-type = generic
port = {smsc}
smsc-username = drill
smsc-password = drill
send-url = "{twin}/smsc?to=%p&text=%b&udh=%u&coding=%c"
status-success-regex = "^OK"
status-permfail-regex = "^NO"
status-tempfail-regex = "^WAIT"
generic-foreign-id-regex = "OK ([A-Za-z0-9]+)"

group = smsc
smsc = fake
smsc-id = fake
allowed-smsc-id = fake
port = {fake}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
log-level = 1

group = sendsms-user
username = drill-username
password = drill-password
concatenation = true
max-messages = 10
default-smsc = twin
"""


@dataclass
class Kannel:
    url: str
    ports: dict[str, int]
    twin: object

    def report(self, foreign_id: str, status: int, to: str) -> None:
        """What a vendor behind the HTTP SMSC says of one of its messages."""
        query = urllib.parse.urlencode({"username": "drill", "password": "drill", "from": "x",
                                        "to": to, "dlr-mask": status, "dlr-mid": foreign_id})  # fmt: skip
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        opener.open(f"http://127.0.0.1:{self.ports['smsc']}/?{query}", timeout=PATIENCE).close()


def free_ports(names):
    """A port for each name, all different."""
    held = {name: socket.create_server(("127.0.0.1", 0)) for name in names}
    found = {name: server.getsockname()[1] for name, server in held.items()}
    for server in held.values():
        server.close()
    return found


@pytest.fixture
def kannel(tmp_path, twins):
    """The boxes of a real Kannel. Another program may take a port between asking and using it."""
    for last in (False, False, True):
        ports = free_ports(("admin", "smsbox", "smsc", "fake", "sendsms"))
        conf = tmp_path / "kannel.conf"
        conf.write_text(CONF.format(twin=twins.base("kannel"), **ports))
        boxes = []
        try:
            try:
                _start(boxes, conf, ports)
            except AssertionError:
                if last:
                    raise
                continue
            yield Kannel(f"http://127.0.0.1:{ports['sendsms']}", ports, twins)
            return
        finally:
            _stop(boxes)


def _start(boxes, conf, ports):
    for program in BOXES:
        boxes.append(subprocess.Popen([program, str(conf)], stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL, cwd=conf.parent))  # fmt: skip
        wanted = ports["smsbox"] if program == BOXES[0] else ports["sendsms"]
        until(lambda port=wanted: _listens(port))
    until(lambda: _online(ports["admin"]))


def _stop(boxes):
    for box in reversed(boxes):
        box.terminate()
    for box in boxes:
        try:
            box.wait(60)
        except subprocess.TimeoutExpired:  # Kannel's own affair
            box.kill()
            box.wait()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def _online(port: int) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(
            f"http://127.0.0.1:{port}/status.txt?password=drill", timeout=PATIENCE
        ) as said:
            status = said.read().decode()
    except (urllib.error.URLError, OSError):
        return False
    return "twin" in status and "online" in status and "smsbox" in status


def send(kannel, batch, options=None, callback=""):
    wire = Wire(deadline=PATIENCE, loopback_only=True)
    given = {"base_url": kannel.url, "username": "drill-username", "password": "drill-password"}
    built = adapter.build(Given("kannel", {**given, **(options or {})}, wire, None, callback))

    async def go():
        try:
            return await built.send("callref", batch)
        finally:
            await wire.close()

    return list(asyncio.run(go()))


def texts(kannel):
    """{number: the whole text Kannel handed over, parts joined in their order}."""
    parts = {}
    for to, text, udh, coding in kannel.twin.ask("/kannel/_twin/texts"):
        raw = bytes.fromhex(text)
        place = int(udh[-2:], 16) if udh else 1
        parts.setdefault(to, {})[place] = raw.decode("utf-16-be" if coding == "2" else "utf-8")
    return {to: "".join(found[i] for i in sorted(found)) for to, found in parts.items()}


LONG = ("UBND phường Máy Tơ cảnh báo: đối tượng giả danh công an gọi điện yêu cầu chuyển tiền. "
        "Tuyệt đối KHÔNG cung cấp mã OTP, không bấm vào đường liên kết lạ. ") * 3  # fmt: skip
PLAIN = "UBND phuong May To: KHONG chuyen tien, goi 113 neu nghi ngo [mau] {1} ~ \\ | ^ €. " * 4


def with_text(message, body, accented):
    from dataclasses import replace

    return replace(message, body=body, accented=accented)


@pytest.mark.parametrize("body, accented", [("Ông/bà", True), (LONG, True), ("hop luc 8h", False)])
def test_texts_arrive_to_the_letter(kannel, body, accented):
    message = with_text(outgoing("R1", "+84951000001"), body, accented)
    assert send(kannel, [message]) == [Accepted()]
    until(lambda: texts(kannel).get("+84951000001") == body)


def test_plain_parts_are_those_we_counted(kannel):
    from dispatcher.domain import sms

    message = with_text(outgoing("R1", "+84951000001"), PLAIN, False)
    send(kannel, [message])
    wanted = sms.measure(PLAIN).parts
    until(lambda: len(kannel.twin.ask("/kannel/_twin/texts")) == wanted)
    assert texts(kannel)["+84951000001"] == PLAIN


def test_every_recipient_of_a_call_gets_it_once_and_a_bad_number_is_not_handed_over(kannel):
    batch = [outgoing(f"R{i}", f"+849510000{i:02d}") for i in range(40)]
    bad = outgoing("R99", "84951x")
    send_results = send(kannel, [*batch, bad])
    assert send_results[:-1] == [Accepted()] * 40
    assert send_results[-1].fault is Fault.RECIPIENT
    until(lambda: len(texts(kannel)) == 40)
    assert len(kannel.twin.ask("/kannel/_twin/texts")) == 40


def test_wrong_passwords_and_a_dead_kannel_are_told_apart(kannel):
    assert send(kannel, [outgoing()], {"password": "x"})[0].fault is Fault.ACCOUNT
    gone = f"http://127.0.0.1:{free_ports(['gone'])['gone']}"
    assert send(kannel, [outgoing()], {"base_url": gone})[0].fault is Fault.BUSY
    assert ask("kannel", kannel.url, [outgoing()])[0] == [Accepted()]


def test_reports_of_the_real_kannel_name_our_reference(kannel):
    seen = []

    def store(connection, request):
        seen.append(request)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    with vendor(store) as (url, _):
        send(kannel, [outgoing("Refa", "+84951000001")], callback=f"{url}/hooks/kannel/x")
        until(lambda: len(seen) >= 1)
        [[number, *_]] = kannel.twin.ask("/kannel/_twin/texts")
        kannel.report("F1", 1, number)
        until(lambda: len(seen) >= 2)
    states = []
    for request in seen:
        query = request.split(b" ")[1].decode().partition("?")[2]
        [receipt] = adapter.read_receipt(Call("GET", query, {}, b""), {}).receipts
        assert (receipt.reference, receipt.to) == ("Refa", "+84951000001")
        states.append(receipt.state)
    assert set(states) == {ReceiptFlags.ACCEPTED, ReceiptFlags.DELIVERED}


def test_the_fake_smsc_takes_accented_texts_too(kannel):
    """The fake SMSC speaks a line protocol: `recipient sender coding text`."""
    with socket.create_connection(("127.0.0.1", kannel.ports["fake"]), 10) as link:
        until(lambda: send(kannel, [with_text(outgoing("R1", "+84951000001"), "Ông/bà ạ", True)],
                           {"smsc": "fake"}) == [Accepted()])  # fmt: skip
        link.settimeout(10)
        line = b""
        while not line.endswith(b"\n"):
            line += link.recv(4096)
    assert b"84951000001" in line
    raw = urllib.parse.unquote_to_bytes(line.rstrip(b"\n").split(b" ", 3)[-1].replace(b"+", b" "))
    assert "Ông/bà ạ" in (raw.decode("utf-8", "replace"), raw.decode("utf-16-be", "replace")) or (
        "Ông/bà ạ".encode("utf-16-be") in raw
    )


def test_a_broadcast_goes_through_the_real_kannel_and_comes_back_delivered(
    kannel, make_site, tmp_path
):
    site = make_site("data/site.db", ('[gateways.esms]\nadapter = "esms"',
                                      '[gateways.esms]\nadapter = "kannel"'))  # fmt: skip
    app = open_app(parse(site), FlowingClock())
    officer, leader = add_people(app)
    import_list(app, sheet(tmp_path / "may-to.csv", crowd(60)))
    broadcast_id = released(app, officer, leader)

    urls = {**twin_urls(kannel.twin), "esms": kannel.url}

    async def go():
        worker = asyncio.create_task(serve_site(app, urls, once=True, with_door=True))
        told = set()
        while not worker.done():
            await asyncio.sleep(0.1)
            for place, (to, *_) in enumerate(
                await asyncio.to_thread(kannel.twin.ask, "/kannel/_twin/texts"), 1
            ):
                if place not in told:
                    told.add(place)
                    await asyncio.to_thread(kannel.report, f"F{place}", 1, to)
        await worker

    asyncio.run(go())
    ledger = kannel.twin.ask("/ledger")
    states = counts(app, broadcast_id)
    assert ledger["twice"] == 0
    refused = states.get("failed", 0)  # those the network behind Kannel refused
    assert ledger["accepted"] + refused == 60
    assert states.get("delivered", 0) == ledger["accepted"]
    app.store.close()
