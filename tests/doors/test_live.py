"""Drill and live: a drill opens no socket off the machine and says so; live asks before it goes."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from conftest import ROOT, build_site, run_cli
from patience import PATIENCE

ENV = {"DISPATCHER_CLOCK": "2026-12-01T09:00:00+07:00"}
LIVE = (('mode = "drill"', 'mode = "live"'),
        ("[phones]", '[senders.to]\nwards = ["Máy Tơ"]\nname = "UBND phường Máy Tơ"\n'
                     'brandname = "UBNDMAYTO"\n[limits]\ntyped_above = 5\n[phones]'),
        ('[gateways.esms]\nadapter = "esms"\ntimeout = "2s"\n', ""),
        ('[gateways.zalo]\nadapter = "zalo"\ntimeout = "2s"\n', ""),
        ('[routes.zalo-then-sms]\nsteps = [ { gateway = "zalo", deadline = "2s" }, '
         '{ gateway = "esms" } ]\n', ""),
        ('[routes.sms]\nsteps = [ { gateway = "esms" } ]\n', ""))  # fmt: skip


def call(site, *words, code=0, **more):
    found = run_cli("--site", str(site), *words, env=ENV, **more)
    assert found.returncode == code, (words, found.stdout, found.stderr)
    return found


def people_and_list(site, count):
    rows = [f"{i},Người Mẫu {i},095{i:07d},Tổ 1,Hộ {i}" for i in range(count)]
    (site / "contacts" / "may-to.csv").write_text(
        "STT,Họ và tên,Số điện thoại,Tổ dân phố,Chủ hộ\n" + "\n".join(rows), encoding="utf-8"
    )
    call(site, "people", "add", "qt", "--role", "admin")
    for name, role in (("lan", "officer"), ("minh", "leader")):
        call(site, "people", "add", name, "--role", role, "--as", "qt")
    basis = ["--legal", "Luật 91/2025", "--document", "1/UBND", "--purpose", "cảnh báo",
             "--keep-until", "2027-12-31", "--officer", "lan"]  # fmt: skip
    call(site, "contacts", "import", f"{site}/contacts", *basis)


def approved(site, *route):
    made = json.loads(call(site, "broadcasts", "create", "--template", "canh-bao", "--ward",
                           "Máy Tơ", "--json", "--as", "lan", *route).stdout)["id"]  # fmt: skip
    call(site, "broadcasts", "submit", str(made), "--as", "lan", "--again", "thử")
    call(site, "broadcasts", "approve", str(made), "--as", "minh")
    return str(made)


@pytest.mark.long
def test_the_first_live_broadcast_and_large_ones_want_the_number_typed(tmp_path):
    site = build_site(tmp_path / "site", "data/site.db", *LIVE)
    people_and_list(site, 4)
    first = approved(site)
    for words in ([], ["--yes"], ["--people", "5"]):
        told = call(site, "broadcasts", "schedule", first, "--as", "lan", *words, code=3)
        assert "4 người" in told.stderr
        assert "đầu tiên" in told.stderr
    call(site, "broadcasts", "schedule", first, "--as", "lan", "--people", "4")
    call(site, "run", "--once")
    second = approved(site)
    call(site, "broadcasts", "schedule", second, "--as", "lan", code=3)
    call(site, "broadcasts", "schedule", second, "--as", "lan", "--yes")  # small: one yes
    rows = [f"{i},Thêm {i},0951{i:06d},Tổ 1,Hộ {i}" for i in range(4)]
    (site / "contacts" / "may-to.csv").write_text(
        "STT,Họ và tên,Số điện thoại,Tổ dân phố,Chủ hộ\n" + "\n".join(rows), encoding="utf-8"
    )
    call(site, "contacts", "import", f"{site}/contacts")
    large = approved(site)
    told = call(site, "broadcasts", "schedule", large, "--as", "lan", "--yes", code=3)
    assert "lớn" in told.stderr
    call(site, "broadcasts", "schedule", large, "--as", "lan", "--people", "8")


@pytest.mark.long
def test_a_new_site_is_a_drill_and_every_text_and_report_says_so(tmp_path):
    made = tmp_path / "moi"
    run_cli("init", str(made), "--name", "UBND phường Mẫu", "--wards", "all", env=ENV)
    assert 'mode = "drill"' in (made / "dispatcher.toml").read_text("utf-8")
    site = build_site(tmp_path / "site")
    people_and_list(site, 3)
    number = approved(site, "--route", "sms")
    call(site, "broadcasts", "schedule", number, "--as", "lan")
    call(site, "run", "--once")
    page = str(tmp_path / "p.html")
    call(site, "broadcasts", "preview", number, "--html", page)
    said = [
        call(site, "broadcasts", "preview", number).stdout,
        call(site, "broadcasts", "show", number).stdout,
        call(site, "broadcasts", "watch", number).stdout,
        call(site, "report", number).stdout,
        call(site, "report", number, "--format", "html").stdout,
        call(site, "report", number, "--format", "csv").stdout,
        (tmp_path / "p.html").read_text("utf-8"),
    ]
    assert all("CHẠY THỬ" in text for text in said), [t[:80] for t in said]
    assert json.loads(call(site, "report", number, "--json").stdout)["mode"] == "drill"


def reached(trace):
    """Every address family and host that a traced program tried to reach."""
    found = set()
    for line in trace.read_text("utf-8", "replace").splitlines():
        if "connect(" in line or "sendto(" in line or "sendmsg(" in line:
            family = re.search(r"sa_family=(AF_\w+)", line)
            host = re.search(r'inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"', line)
            if family:
                found.add((family[1], (host[1] or host[2]) if host else ""))
    return found


@pytest.mark.long
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed (see .ci/run)")
def test_no_socket_of_a_drill_leaves_the_machine(tmp_path):
    """Mail and vendors are set up as in live, with hosts that exist: a drill reaches none of them."""
    more = '[staff]\nsmtp = "mail.gov.vn:587"\nfrom = "a@mail.gov.vn"\ngateway = "esms"\n[phones]'
    site = build_site(tmp_path / "site", "data/site.db", ("[phones]", more))
    people_and_list(site, 20)
    call(site, "people", "reach", "minh", "--email", "minh@mail.gov.vn", "--phone", "-", "--as",
         "minh", stdin="0959000111\n")  # fmt: skip
    number = approved(site, "--route", "zalo-then-sms")
    call(site, "broadcasts", "schedule", number, "--as", "lan")
    approved(site, "--route", "sms")
    trace = tmp_path / "trace"
    subprocess.run(
        ["strace", "-f", "-q", "-e", "trace=connect,sendto,sendmsg", "-o", str(trace),
         sys.executable, "-m", "dispatcher", "--site", str(site), "run", "--once"],
        check=True, cwd=ROOT, env={**os.environ, **ENV}, timeout=PATIENCE, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    found = reached(trace)
    assert ("AF_INET", "127.0.0.1") in found
    outside = {(f, h) for f, h in found if f.startswith("AF_INET") and not h.startswith("127.")
               and h != "::1"}  # fmt: skip
    assert outside == set()
    probe = tmp_path / "probe"  # the eye sees: a program that does reach out is caught
    subprocess.run(
        ["strace", "-f", "-q", "-e", "trace=connect", "-o", str(probe), sys.executable, "-c",
         "import socket; s = socket.socket(); s.settimeout(0.01)\n"
         "try: s.connect(('192.0.2.1', 9))\nexcept OSError: pass"],
        check=True, timeout=PATIENCE,
    )  # fmt: skip
    assert ("AF_INET", "192.0.2.1") in reached(probe)


@pytest.mark.long
def test_a_clock_that_was_set_back_approves_nothing_and_is_remembered(tmp_path):
    site = build_site(tmp_path / "site")
    people_and_list(site, 3)
    made = json.loads(call(site, "broadcasts", "create", "--template", "canh-bao", "--ward",
                           "Máy Tơ", "--route", "sms", "--json", "--as", "lan").stdout)["id"]  # fmt: skip
    call(site, "broadcasts", "submit", str(made), "--as", "lan")
    earlier = {"DISPATCHER_CLOCK": "2026-11-01T09:00:00+07:00"}
    found = run_cli("--site", str(site), "broadcasts", "approve", str(made), "--as", "minh",
                    env=earlier)  # fmt: skip
    assert found.returncode == 3
    assert "Đồng hồ" in found.stderr
    trail = json.loads(call(site, "audit", "list", "--json").stdout)
    facts = [e for e in trail if e["act"] == "refused"]
    assert "clock-doubtful" in str(facts)
    assert "Traceback" not in found.stderr
