"""A preview says the same at every door; and a form that says nothing new changes nothing."""

import asyncio
import html
import re

import pytest
from browser import post, sign_in
from conftest import add_people, build_site, run_cli
from parity.forms import form_of
from walk import crowd, get, import_list, released, sheet, write_broadcast

from dispatcher import broadcasts as planning
from dispatcher.broadcasts import application
from dispatcher.config import parse
from dispatcher.db.broadcasts import broadcasts
from dispatcher.domain.problems import Problem
from dispatcher.gateways.contract import KnowsBalance
from dispatcher.usecases import broadcasts_views, preview_lines
from dispatcher.usecases.context import Context, open_app
from dispatcher.worker import questions

CLOCK = {"DISPATCHER_CLOCK": "2026-12-01T09:00:00+07:00"}


@pytest.fixture
def ward(lite, tmp_path):
    officer, leader = add_people(lite)
    import_list(lite, sheet(tmp_path / "may-to.csv", [*crowd(4), ("Không Số", "", "Tổ 1", "")]))
    return lite, officer, leader


def said_on_a_page(app, number):
    text = sign_in(app, "lan").get(f"/broadcasts/{number}").text
    return html.unescape(re.sub(r"<[^>]+>", " ", text))


def said_by_a_command(app, number):
    found = run_cli("--site", str(app.site.root), "broadcasts", "preview", str(number), "--lang",
                    "vi", "--as", "lan", env=CLOCK)  # fmt: skip
    assert found.returncode == 0, found.stderr
    return found.stdout + found.stderr


def _without_clock(words):
    """The same words; a forecast's time of day moves on while a process starts."""
    return re.sub(r"\d\d:\d\d:\d\d", "…", " ".join(words.split()))


@pytest.mark.parametrize("said", [said_on_a_page, said_by_a_command])
@pytest.mark.parametrize("route", ["sms", "zalo-then-sms"])
def test_a_preview_is_told_in_the_same_lines_at_every_door(ward, said, route):
    app, officer, leader = ward
    released(app, officer, leader, route=route)
    made = write_broadcast(app, officer, route=route)
    lines = preview_lines.lines(broadcasts_views.preview(Context(app, officer), made))
    text = _without_clock(said(app, made))
    missing = [line.say.vi for line in lines if _without_clock(line.say.vi) not in text]
    assert missing == []
    told = " ".join(line.say.vi for line in lines)
    assert "không có số" in told, "who is skipped"
    assert "đúng tin này trong vòng 24 giờ" in told, "who had the same words"
    assert {line.look for line in lines} >= {"info", "warn"}


def test_a_form_saved_as_it_was_keeps_the_approval_and_another_word_voids_it(ward):
    app, officer, leader = ward
    made = write_broadcast(app, officer)
    found = application.preview_broadcast(app, officer, get(app, made))
    with app.begin(officer)() as tx:
        planning.submit(tx, broadcasts.get(tx, made), found)
    with app.begin(leader)() as tx:
        planning.approve(tx, broadcasts.get(tx, made))
    browser, place = sign_in(app, "lan"), f"/broadcasts/{made}/edit"
    form = form_of(browser.get(place).text, place)
    same = {n.replace(".", "__"): v for n, v in form.items() if n != "csrf"}
    post(browser, place, **same)
    assert get(app, made).state.value == "approved"
    post(browser, place, **{**same, "title": "Tên khác"})
    assert (get(app, made).state.value, get(app, made).title) == ("draft", "Tên khác")


def test_whoever_looks_waits_a_moment_for_a_vendor_that_does_not_answer(tmp_path, monkeypatch):
    """Nobody's page hangs as long as a vendor is silent; what was asked is given up."""
    for name in ("ESMS_API_KEY", "ESMS_SECRET_KEY"):
        monkeypatch.setenv(name, "drill")
    esms = ('[gateways.esms]\nadapter = "esms"\nbase_url = "http://127.0.0.1:9"\n'
            'api_key = { env = "ESMS_API_KEY" }\nsecret_key = { env = "ESMS_SECRET_KEY" }\n')  # fmt: skip
    app = open_app(parse(build_site(
        tmp_path / "site", "data/site.db", ('mode = "drill"', 'mode = "live"'),
        ('[gateways.esms]\nadapter = "esms"\n', esms))))  # fmt: skip
    given_up = []

    async def silent(_gateway):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            given_up.append(True)
            raise

    with pytest.raises(Problem, match="has not answered"):
        questions.ask(app, "esms", KnowsBalance, silent, 0.05)
    assert given_up == [True]
    app.store.close()
