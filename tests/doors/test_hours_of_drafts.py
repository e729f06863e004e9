"""The hours of a draft, whichever door writes or edits it: lunch is out, an urgent text has none."""

import pytest
from conftest import add_people
from walk import crowd, import_list, sheet

from dispatcher.config import parse
from dispatcher.domain.model import ALL_DAY, Audience, Window
from dispatcher.usecases import broadcasts
from dispatcher.usecases.broadcasts import Changes, NewBroadcast
from dispatcher.usecases.context import Context, open_app

LONG, SPLIT = Window.read("07:00-21:00"), Window.read("07:00-12:00 13:30-21:00")
SHORTER = Window.read("08:00-20:00")


@pytest.fixture
def author(make_site, clock, tmp_path):
    root = make_site("data/site.db", ("[phones]", '[courtesy]\nlunch = "12:00-13:30"\n[phones]'))
    app = open_app(parse(root), clock)
    officer, _ = add_people(app)
    import_list(app, sheet(tmp_path / "may-to.csv", crowd(3)))
    yield Context(app, officer)
    app.store.close()


def written(author, **more):
    new = NewBroadcast("canh-bao", Audience(wards=("Máy Tơ",)), "sms", window=LONG, **more)
    return broadcasts.create(author, new)


def test_lunch_is_out_unless_a_reason_is_given(author):
    assert written(author).window == SPLIT
    assert written(author, despite="bão vào trưa nay").window == LONG


def test_lunch_is_out_of_hours_that_are_edited_and_hours_that_stay_stay(author):
    made = written(author)
    other = broadcasts.edit(author, made.id, Changes(window=SHORTER))
    assert other.window == Window.read("08:00-12:00 13:30-20:00")
    noon = written(author, despite="bão vào trưa nay")
    kept = broadcasts.edit(author, noon.id, Changes(window=LONG, title="Khác"))
    assert (kept.window, kept.title) == (LONG, "Khác")


def test_an_urgent_text_keeps_no_hours_whatever_a_form_says(author):
    made = written(author, urgent=True)
    assert made.window == ALL_DAY
    assert broadcasts.edit(author, made.id, Changes(window=SHORTER, title="Khác")).window == ALL_DAY
