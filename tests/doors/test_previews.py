"""A preview says the same at every door; and a form that says nothing new changes nothing."""

import html
import re

import pytest
from browser import post, sign_in
from conftest import add_people, run_cli
from parity.forms import form_of
from walk import crowd, get, import_list, released, sheet, write_broadcast

from dispatcher import broadcasts as planning
from dispatcher.broadcasts import app as joined
from dispatcher.db.broadcasts import broadcasts
from dispatcher.usecases import broadcasts_views, preview_lines
from dispatcher.usecases.context import Context

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


@pytest.mark.parametrize("said", [said_on_a_page, said_by_a_command])
@pytest.mark.parametrize("route", ["sms", "zalo-then-sms"])
def test_a_preview_is_told_in_the_same_lines_at_every_door(ward, said, route):
    app, officer, leader = ward
    released(app, officer, leader, route=route)
    made = write_broadcast(app, officer, route=route)
    lines = preview_lines.lines(broadcasts_views.preview(Context(app, officer), made))
    text = " ".join(said(app, made).split())
    missing = [line.say.vi for line in lines if " ".join(line.say.vi.split()) not in text]
    assert missing == []
    told = " ".join(line.say.vi for line in lines)
    assert "không có số" in told, "who is skipped"
    assert "đúng tin này trong vòng 24 giờ" in told, "who had the same words"
    assert {line.look for line in lines} >= {"info", "warn"}


def test_a_form_saved_as_it_was_keeps_the_approval_and_another_word_voids_it(ward):
    app, officer, leader = ward
    made = write_broadcast(app, officer)
    found = joined.preview(app, officer, get(app, made))
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
