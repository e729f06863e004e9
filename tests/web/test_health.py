"""`/health` over real HTTP, with the console and without, and what the doctor makes of it."""

import json
import os
import subprocess
import sys
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from browser import free_port
from conftest import ROOT, run_cli
from patience import PATIENCE, ended, until_served

from dispatcher.worker.adapters import listeners
from dispatcher.worker.receipt_door import door


def asked(base, method="GET"):
    """(status, body, address at the end) of `/health`."""
    try:
        with urlopen(Request(f"{base}/health", method=method), timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode(), answer.url
    except HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.url


@pytest.fixture(params=["web", "run"])
def console(request, make_site):
    """A console in a process of its own, alone and beside a worker; (site, base URL)."""
    port = free_port()
    root = make_site()
    toml = root / "dispatcher.toml"
    toml.write_text(
        toml.read_text("utf-8") + f'[web]\nlisten = "127.0.0.1:{port}"\n'
        f'public_url = "http://127.0.0.1:{port}"\n', "utf-8",
    )  # fmt: skip
    words = ["web"] if request.param == "web" else ["run", "--web"]
    child = subprocess.Popen(
        [sys.executable, "-m", "dispatcher", "--site", str(root), *words], cwd=ROOT,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ),
    )  # fmt: skip
    base = f"http://127.0.0.1:{port}"
    until_served(base)
    yield root, base
    child.terminate()
    ended(child)


def callbacks(root):
    """What the doctor says of the receipt door of a live site."""
    toml = root / "dispatcher.toml"
    drill = toml.read_text("utf-8")
    toml.write_text(drill.replace('mode = "drill"', 'mode = "live"'), "utf-8")
    found = json.loads(run_cli("--site", str(root), "doctor", "--json").stdout)
    toml.write_text(drill, "utf-8")
    return next(f for f in found if f["check"] == "callbacks")


def test_the_console_answers_for_its_health_without_a_sign_in(console):
    root, base = console
    assert asked(base) == (200, "ok", f"{base}/health"), "not redirected"
    assert asked(base, "HEAD")[0] == 200
    assert asked(base, "POST")[0] == 405
    assert callbacks(root)["ok"]


def served(app, act):
    """What `act(base)` finds while the receipt door, alone, is served over HTTP."""
    import asyncio

    import uvicorn

    async def go():
        config = uvicorn.Config(door(app.store, app.clock, {}, listeners(app)), port=0,
                                lifespan="off", log_level="error")  # fmt: skip
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        place = server.servers[0].sockets[0].getsockname()
        try:
            return await asyncio.to_thread(act, f"http://127.0.0.1:{place[1]}")
        finally:
            server.should_exit = True
            await serving

    return asyncio.run(go())


def test_the_receipt_door_alone_answers_for_its_health(app):
    assert served(app, asked)[:2] == (200, "ok")


def test_a_database_that_cannot_be_written_is_503_and_the_doctor_says_somebody_answers(lite):
    with lite.begin(lite.actor(None))() as tx:
        tx.run(
            "CREATE TRIGGER no_more BEFORE UPDATE ON site BEGIN SELECT RAISE(ABORT, 'broken'); END"
        )
        tx.run("INSERT INTO site (name, value) VALUES ('', '')")

    def ask(base):
        toml = lite.site.root / "dispatcher.toml"
        toml.write_text(toml.read_text("utf-8") + f'[web]\npublic_url = "{base}"\n', "utf-8")
        return asked(base)[0], callbacks(lite.site.root)

    status, told = served(lite, ask)
    assert status == 503
    assert not told["ok"]
    assert "trả lời nhưng đang có lỗi" in told["message"]


def test_the_doctor_says_when_nobody_answers_and_when_somebody_else_does(lite):
    toml = lite.site.root / "dispatcher.toml"
    before = toml.read_text("utf-8")
    toml.write_text(before + f'[web]\npublic_url = "http://127.0.0.1:{free_port()}"\n', "utf-8")
    assert "Không ai trả lời" in callbacks(lite.site.root)["message"]

    def elsewhere(base):
        toml.write_text(before + f'[web]\npublic_url = "{base}/other"\n', "utf-8")
        return callbacks(lite.site.root)

    told = served(lite, elsewhere)
    assert not told["ok"]
    assert "chương trình khác trả lời (/health: 404)" in told["message"]


@pytest.mark.parametrize(
    ("listen", "public", "fine"),
    [
        ("127.0.0.1:8700", "", True),
        ("[::1]:8700", "", True),
        ("localhost:8700", "", True),
        ("0.0.0.0:8700", "", False),
        ("192.168.1.20:8700", "http://phuong.example.vn", False),
        ("0.0.0.0:8700", "https://phuong.example.vn", True),
    ],
)
def test_the_doctor_warns_of_listening_beyond_this_machine_without_tls(
    make_site, listen, public, fine
):
    root = make_site()
    toml = root / "dispatcher.toml"
    web = f'[web]\nlisten = "{listen}"\npublic_url = "{public}"\n'
    toml.write_text(toml.read_text("utf-8") + web, "utf-8")
    found = json.loads(run_cli("--site", str(root), "doctor", "--json").stdout)
    told = next(f for f in found if f["check"] == "listening")
    assert (told["ok"], told["level"]) == (fine, "ok" if fine else "warn")
    assert fine or "TLS" in told["message"]
