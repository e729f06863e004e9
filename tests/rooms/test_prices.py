"""Prices by network, class and day: the most particular line in force on the day it starts."""

from dataclasses import replace
from datetime import date

import pytest
from conftest import add_people
from walk import get, import_list, number, released, rows, sheet, work, write_broadcast

from dispatcher.broadcasts import application
from dispatcher.config import parse
from dispatcher.db.broadcasts import texts
from dispatcher.domain.model import SYSTEM, Kind, Price
from dispatcher.domain.problems import Problem
from dispatcher.usecases import context

POSTGRESQL_LATER = True

VIETTEL, VINAPHONE = number(1), number(5_000_001)  # the digit after 095 picks the network
EXACT = """[prices]
sms = 500
[[prices.exact]]
carrier = "viettel"
dong = 400
[[prices.exact]]
carrier = "Viettel"
kind = "promotion"
dong = 800
[[prices.exact]]
carrier = "Viettel"
from = 2027-01-01
dong = 450
"""


@pytest.fixture
def ward(app, tmp_path):
    people = add_people(app)
    import_list(
        app,
        sheet(tmp_path / "may-to.csv", [("A", VIETTEL, "Tổ 1", ""), ("B", VINAPHONE, "Tổ 1", "")]),
    )
    return app, *people


@pytest.fixture
def priced(ward):
    """The ward with more in its settings file."""
    opened = []

    def again(app, settings):
        opened.append(_again(app, settings))
        return opened[-1]

    yield again
    for app in opened:
        app.store.close()


def _again(app, settings):
    file = app.site.root / "dispatcher.toml"
    file.write_text(file.read_text("utf-8") + settings, "utf-8")
    return context.open_app(replace(parse(app.site.root)), app.clock)


def test_a_network_a_class_and_a_day_have_their_own_price(ward, priced):
    app, officer, _ = ward
    app = priced(app, EXACT)
    with app.store.read(SYSTEM) as tx:
        now, later = (texts.price_list(tx, day) for day in (date(2026, 12, 1), date(2027, 1, 2)))
    assert texts.price(now, "sms", "Viettel", Kind.WARNING) == 400
    assert texts.price(now, "sms", "Viettel", Kind.PROMOTION) == 800
    assert texts.price(now, "sms", "VinaPhone", Kind.WARNING) == 500
    assert texts.price(later, "sms", "Viettel", Kind.WARNING) == 450
    assert texts.price(later, "sms", "Viettel", Kind.PROMOTION) == 800
    made = write_broadcast(app, officer)
    assert application.preview_broadcast(app, officer, get(app, made)).total == 900


def test_a_price_that_changes_keeps_what_was(ward):
    app, _, _ = ward
    with app.begin(SYSTEM)() as tx:
        texts.set_prices(tx, [Price("sms", None, None, None, 500)], date(2026, 1, 1))
    for dong, day in ((600, date(2026, 6, 1)), (600, date(2026, 7, 1)), (700, date(2026, 8, 1))):
        with app.begin(SYSTEM)() as tx:
            texts.set_prices(tx, [Price("sms", None, None, None, dong)], day)
            tx.note("prices", "site", "test")
    with app.store.read(SYSTEM) as tx:
        seen = [texts.price_list(tx, day).get(("sms", None, None)) for day in
                (date(2026, 2, 1), date(2026, 6, 1), date(2026, 7, 31), date(2026, 8, 1))]  # fmt: skip
        assert tx.value("SELECT count(*) FROM prices WHERE channel = 'sms' AND dong = 600") == 1
    assert seen == [500, 600, 600, 700]


@pytest.mark.parametrize("line", ['carrier = "vietel"\ndong = 1', 'kind = "qc"\ndong = 1', "dong = -1",
                                  'channel = "fax"\ndong = 1', 'carrier = "Viettel"', "dong = 1\nx = 2",
                                  'from = "mai"\ndong = 1'])  # fmt: skip
def test_a_wrong_line_is_a_problem_with_its_place(app, line):
    file = app.site.root / "dispatcher.toml"
    file.write_text(file.read_text("utf-8") + f"[[prices.exact]]\n{line}\n", "utf-8")
    with pytest.raises(Problem) as caught:
        parse(app.site.root)
    assert caught.value.where.startswith("dispatcher.toml:")


@pytest.mark.parametrize("line", ["plain = [160]", "plain = 160", "accented = [70, 60]", "reserved = 100",
                                  "most = 0", 'plain = ["a", "b"]', "x = 1"])  # fmt: skip
def test_a_wrong_table_of_parts_is_a_problem_with_its_place(app, line):
    file = app.site.root / "dispatcher.toml"
    file.write_text(file.read_text("utf-8") + f"[gateways.esms.parts]\n{line}\n", "utf-8")
    with pytest.raises(Problem) as caught:
        parse(app.site.root)
    assert caught.value.where.startswith("dispatcher.toml:")


def test_what_was_accepted_is_booked_at_the_price_of_its_network(ward, priced, twins):
    app, officer, leader = ward
    app = priced(app, EXACT)
    made = released(app, officer, leader)
    assert work(app, twins) == 2
    booked = rows(app, "SELECT a.cost, m.carrier FROM attempts a JOIN messages m ON m.id = a.message_id "
                       "WHERE m.broadcast_id = :b", b=made)  # fmt: skip
    assert {r["carrier"]: r["cost"] for r in booked} == {"Viettel": 400, "VinaPhone": 500}
