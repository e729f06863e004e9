"""The same text to the same people within a day is asked about before anybody approves."""

import pytest
from conftest import add_people
from walk import get, import_list, number, released, rows, sheet, write_broadcast

from dispatcher import app as joined
from dispatcher import planning
from dispatcher.model import SYSTEM
from dispatcher.problems import Problem
from dispatcher.store import broadcasts

POSTGRESQL_LATER = True


@pytest.fixture
def ward(app, tmp_path):
    people = add_people(app)
    listed = [(f"Người {i}", number(i + 1), "Tổ 1", "") for i in range(5)]
    import_list(app, sheet(tmp_path / "may-to.csv", listed))
    return (app, *people)


def submit(app, officer, made, **more):
    found = joined.preview(app, officer, get(app, made))
    with app.begin(officer)() as tx:
        planning.submit(tx, broadcasts.get(tx, made), found, **more)


def test_exactly_the_same_text_again_needs_a_reason_that_is_kept(ward):
    app, officer, leader = ward
    first = released(app, officer, leader)
    made = write_broadcast(app, officer)
    assert joined.preview(app, officer, get(app, made)).repeated == {first: 5}
    with pytest.raises(Problem, match="24 hours") as caught:
        submit(app, officer, made)
    assert caught.value.exit_code == 3
    submit(app, officer, made, again="lũ lên nhanh hơn dự kiến")
    (note,) = rows(app, "SELECT entry FROM trail WHERE act = 'again' AND noun_id = :b", b=str(made))
    assert "lũ lên nhanh" in note["entry"]


def test_another_text_another_day_or_who_never_got_it_is_no_repeat(ward, clock):
    app, officer, leader = ward
    first = released(app, officer, leader)
    (app.templates / "khac.j2").write_text(
        '+++\ntitle = "Khác"\n+++\n{% block sms %}UBND phuong: tin khac{% endblock %}', "utf-8"
    )
    other = write_broadcast(app, officer, template="khac")
    assert joined.preview(app, officer, get(app, other)).repeated == {}
    with app.begin(SYSTEM)() as tx:
        tx.run("UPDATE messages SET state = 'failed' WHERE id IN (SELECT MIN(id) FROM messages)")
        tx.note("test", "broadcast", first)
    again = write_broadcast(app, officer)
    assert joined.preview(app, officer, get(app, again)).repeated == {first: 4}
    clock.advance(hours=25)
    assert joined.preview(app, officer, get(app, write_broadcast(app, officer))).repeated == {}
