"""When, at the command line: both times are told, what cannot be is one sentence."""

import json

import pytest
from conftest import run_cli

NINE = "2026-12-01T09:00:00+07:00"
TEN_PAST_TEN = "2026-12-01T22:10:00+07:00"
TOML = """title = "Sớm"
template = "canh-bao"
route = "sms"
cron = "30 5 * * *"
expires_after = "6h"
[audience]
wards = ["Máy Tơ"]
"""


def call(*words, code=0, clock=NINE):
    found = run_cli(*words, env={"DISPATCHER_CLOCK": clock})
    assert found.returncode == code, (words, found.stdout, found.stderr)
    assert "Traceback" not in found.stderr
    return found


def ask(*words, code=0, clock=NINE):
    return json.loads(call(*words, "--json", code=code, clock=clock).stdout)


@pytest.fixture
def site(make_site, tmp_path):
    root = make_site()
    lines = [f"{i},Người Mẫu {i},095{i:07d},Tổ {i % 6 + 1},Hộ {i}" for i in range(5)]
    (root / "contacts" / "may-to.csv").write_text(
        "STT,Họ và tên,Số điện thoại,Tổ dân phố,Chủ hộ\n" + "\n".join(lines), encoding="utf-8"
    )
    at = ("--site", str(root))
    call(*at, "people", "add", "quan-tri", "--role", "admin")
    call(*at, "people", "add", "lan", "--role", "officer", "--as", "quan-tri")
    call(*at, "people", "add", "minh", "--role", "leader", "--as", "quan-tri")
    call(*at, "contacts", "import", f"{root}/contacts")
    return root


def write(site, name, *changes):
    text = TOML
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (site / "schedules" / f"{name}.toml").write_text(text, encoding="utf-8")


def test_both_times_are_told_before_submit_before_approval_and_at_the_end(site):
    at = ("--site", str(site))
    create = (
        "broadcasts",
        "create",
        "--template",
        "canh-bao",
        "--ward",
        "may to",
        "--route",
        "sms",
    )
    call(*at, *create, "--window", "07:00-21:00", "--as", "lan", clock=TEN_PAST_TEN)
    seen = ask(*at, "broadcasts", "preview", "1", clock=TEN_PAST_TEN)
    assert seen["starts_at"] == "2026-12-02T07:00:00+07:00"
    assert seen["expires_at"] == "2026-12-02T13:00:00+07:00"
    assert seen["late"] is None
    for words in (
        ("preview", "1"),
        ("submit", "1", "--as", "lan"),
        ("show", "1"),
        ("approve", "1", "--as", "minh"),
        ("schedule", "1", "--as", "lan"),
        ("show", "1"),
    ):
        said = call(*at, "broadcasts", *words, clock=TEN_PAST_TEN).stdout
        assert "07:00 02/12/2026" in said, words
        assert "13:00 02/12/2026" in said, words
    told = ask(*at, "broadcasts", "show", "1", clock=TEN_PAST_TEN)
    assert told["sending"] == {k: seen[k] for k in ("starts_at", "expires_at")}


def test_what_nobody_could_receive_is_refused_and_an_urgent_text_is_not(site):
    text = (site / "dispatcher.toml").read_text("utf-8")
    (site / "dispatcher.toml").write_text(
        text.replace('[routes.sms]\nsteps = [ { gateway = "esms" } ]',
                     '[routes.sms]\nsteps = [ { gateway = "esms", window = "05:00-06:00" } ]'),
        encoding="utf-8")  # fmt: skip
    at = ("--site", str(site))
    create = (
        "broadcasts",
        "create",
        "--template",
        "canh-bao",
        "--ward",
        "may to",
        "--route",
        "sms",
    )
    call(*at, *create, "--as", "lan")
    seen = ask(*at, "broadcasts", "preview", "1")
    assert (seen["late"]["people"], seen["late"]["of"]) == (5, 5)
    said = call(*at, "broadcasts", "submit", "1", "--as", "lan", code=3).stderr
    assert "Không ai nhận được tin này" in said
    assert "--" not in said.split("\n")[0]
    call(*at, *create, "--urgent", "--as", "lan")
    call(*at, "broadcasts", "submit", "2", "--as", "lan")


@pytest.mark.parametrize(
    "when, code",
    [("9999-12-31 23:59", 3), ("9999-12-31", 2), ("2020-01-01 08:00", 3), ("0001-01-01 00:00", 3)],
)
def test_a_time_that_cannot_be_is_one_sentence(site, when, code):
    at = ("--site", str(site))
    create = (
        "broadcasts",
        "create",
        "--template",
        "canh-bao",
        "--ward",
        "may to",
        "--route",
        "sms",
    )
    call(*at, *create, "--as", "lan")
    call(*at, "broadcasts", "submit", "1", "--as", "lan")
    call(*at, "broadcasts", "approve", "1", "--as", "minh")
    found = call(*at, "broadcasts", "schedule", "1", "--at", when, "--as", "lan", code=code)
    assert found.stderr.strip()
    call(*at, *create, "--expires-after", "999999999999d", "--as", "lan", code=2)
    call(*at, *create, "--expires-after", "0s", "--as", "lan", code=2)


def test_schedules_check_names_the_file_and_both_times_of_a_firing_outside_its_hours(site):
    at = ("--site", str(site))
    assert "0 lịch có vấn đề" in call(*at, "schedules", "check").stdout
    write(site, "som")
    write(site, "nua-dem", ('cron = "30 5 * * *"', 'at = "2026-12-31 23:59"'))
    said = call(*at, "schedules", "check").stdout.splitlines()
    night, early, summed = said
    assert night.startswith("nua-dem.toml:")
    for moment in ("23:59 31/12/2026", "07:00 01/01/2027", "13:00 01/01/2027"):
        assert moment in night
    assert early.startswith("som.toml:")
    assert "05:30" in early
    assert "07:00" in early
    assert not summed.startswith("0 ")
    found = ask(*at, "schedules", "check", "nua-dem")
    assert [(f["file"], f["code"], f["severity"]) for f in found] == [
        ("nua-dem.toml", "outside-hours", "warn")
    ]
    assert found[0]["fires_at"] == "2026-12-31T23:59+07:00"
    assert found[0]["starts_at"] == "2027-01-01T07:00:00+07:00"
    assert found[0]["expires_at"] == "2027-01-01T13:00:00+07:00"
    assert "07:00 02/12/2026" in call(*at, "schedules", "next", "som", "--count", "1").stdout
    assert ask(*at, "schedules", "next", "som")[0]["starts_at"] == "2026-12-02T07:00:00+07:00"


def test_schedules_check_warns_of_skipped_months_and_refuses_what_never_fires(site):
    at = ("--site", str(site))
    write(site, "ba-mot", ("30 5 * * *", "0 9 31 * *"))
    said = call(*at, "schedules", "check").stdout
    assert said.startswith("ba-mot.toml:")
    assert "tháng 2, 4, 6, 9, 11" in said
    for name, change, code in (
        ("khong", ("30 5 * * *", "0 9 31 2 *"), 2),
        ("khong", ("30 5 * * *", "0 9 30 2 *"), 2),
        ("qua", ('cron = "30 5 * * *"', 'at = "2020-01-01 08:00"'), 3),
        ("xa", ('cron = "30 5 * * *"', "at = 9999-12-31T23:59:59Z"), 3),
        ("dong", ("expires_after", 'window = "07:00-07:01"\nexpires_after'), 0),
    ):
        write(site, name, change)
        found = ask(*at, "schedules", "check", name, code=code)
        assert [f["file"] for f in found] == [f"{name}.toml"]
        assert found[0]["severity"] == ("block" if code else "warn")
        if code:
            call(*at, "schedules", "submit", name, "--as", "lan", code=code)
            call(*at, "schedules", "approve", name, "--as", "minh", code=code)


def test_a_firing_nobody_could_receive_is_a_refused_line_and_is_neither_submitted_nor_approved(
    site,
):
    at = ("--site", str(site))
    write(site, "som")
    call(*at, "schedules", "submit", "som", "--as", "lan")
    text = (site / "dispatcher.toml").read_text("utf-8")
    (site / "dispatcher.toml").write_text(
        text.replace('[routes.sms]\nsteps = [ { gateway = "esms" } ]',
                     '[routes.sms]\nsteps = [ { gateway = "esms", window = "05:00-06:00" } ]'),
        encoding="utf-8")  # fmt: skip
    found = ask(*at, "schedules", "check", "som", code=3)
    assert [(f["code"], f["severity"]) for f in found] == [("nobody-in-time", "block")]
    said = call(*at, "schedules", "approve", "som", "--as", "minh", code=3).stderr
    assert "Không ai nhận được tin này" in said
    call(*at, "schedules", "submit", "som", "--as", "lan", code=3)


def test_a_schedule_tells_both_times_of_its_next_firing_when_it_is_decided(site):
    at = ("--site", str(site))
    write(site, "som")
    for words in (("submit", "som", "--as", "lan"), ("approve", "som", "--as", "minh")):
        said = call(*at, "schedules", *words).stdout
        assert "07:00 02/12/2026" in said, words
        assert "13:00 02/12/2026" in said, words


def test_the_doctor_names_what_expired_unsent(site):
    at = ("--site", str(site))
    create = (
        "broadcasts",
        "create",
        "--template",
        "canh-bao",
        "--ward",
        "may to",
        "--route",
        "sms",
    )
    call(*at, *create, "--window", "10:00-11:00", "--expires-after", "30m", "--as", "lan")
    call(*at, "broadcasts", "submit", "1", "--as", "lan")
    call(*at, "broadcasts", "approve", "1", "--as", "minh")
    call(*at, "broadcasts", "schedule", "1", "--as", "lan")
    call(*at, "run", "--once")
    late = "2026-12-01T12:00:00+07:00"
    call(*at, "broadcasts", "pause", "1", "--as", "lan", clock=late)
    call(*at, "run", "--once", clock=late)
    assert ask(*at, "broadcasts", "show", "1", clock=late)["state"] == "expired"
    found = json.loads(run_cli(*at, "doctor", "--json", env={"DISPATCHER_CLOCK": late}).stdout)
    unsent = next(f for f in found if f["check"] == "unsent")
    assert (unsent["ok"], unsent["level"]) == (False, "warn")
    assert "5 người chưa được gửi" in unsent["message"]
