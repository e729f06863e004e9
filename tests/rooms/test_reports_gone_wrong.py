"""Reports that come twice, late, too early, out of order or from somebody else: one truth."""

import pytest
from conftest import FlowingClock, add_people
from walk import crowd, import_list, released, rows, sheet, work

from dispatcher.config import parse
from dispatcher.simulators.vendors import kannel, speedsms
from dispatcher.simulators.vendors.ledger import luck
from dispatcher.simulators.vendors.misbehaviours import REPORTS
from dispatcher.simulators.vendors.server import VENDORS, start
from dispatcher.usecases.context import open_app

pytestmark = pytest.mark.long
ESMS = '[gateways.esms]\nadapter = "esms"'
GOOD = {"delivered", "read"}


def esms_fate(number):
    draw = luck(number, "phone")
    if luck(number, "blocked") < 1:
        return {"failed"}
    return {"accepted"} if draw < 2 else {"failed"} if draw < 5 else GOOD


def zalo_fate(number):
    if luck(number, "zalo") < 35:
        return {"failed"}
    return {"delivered"} if luck(number, "opens") >= 8 else {"accepted"}


def kannel_fate(number):
    return GOOD if kannel._fate(f"+{number}") == 1 else {"failed"}


def speedsms_fate(number):
    return {0: GOOD, 3: {"accepted"}, 70: {"failed"}}[speedsms.fate(number)]


FATES = {"esms": esms_fate, "zalo": zalo_fate, "kannel": kannel_fate, "speedsms": speedsms_fate}
WRONG = {name: 0.4 for name in REPORTS if name != "receipt_lost"}


@pytest.fixture(scope="module")
def bad():
    child = start(VENDORS)
    yield child
    child.stop()


@pytest.fixture
def finished(make_site, tmp_path, bad):
    """Send to a crowd through one adapter, with habits; {number: state} at the end."""
    opened = []

    def run(adapter, habits):
        route = "zalo" if adapter == "zalo" else "sms"
        changes = [("[phones]", '[routes.zalo]\nsteps = [ { gateway = "zalo" } ]\n[phones]')]
        if adapter not in ("esms", "zalo"):
            changes.append((ESMS, f'[gateways.esms]\nadapter = "{adapter}"'))
        app = open_app(parse(make_site("data/site.db", *changes)), FlowingClock())
        opened.append(app)
        officer, leader = add_people(app)
        import_list(app, sheet(tmp_path / "may-to.csv", crowd(40)))
        released(app, officer, leader, route=route)
        bad.ask("/misbehave", habits)
        urls = {"zalo": bad.base("zalo")}
        urls["esms"] = bad.base("esms" if adapter == "zalo" else adapter)
        work(app, type("Twins", (), {"base": lambda _, name: urls[name]})())
        found = {}
        for row in rows(app, "SELECT m.state, a.cipher, a.kind FROM messages m JOIN targets t ON "
                        "t.message_id = m.id JOIN addresses a ON a.id = t.address_id"):  # fmt: skip
            number = app.store.sealer.open_address(row["kind"], row["cipher"])
            found[number.lstrip("+")] = row["state"]
        return app, found

    yield run
    bad.ask("/misbehave", {})
    for app in opened:
        app.store.close()


@pytest.mark.parametrize("adapter", FATES)
def test_every_message_ends_as_its_phone_did_whatever_became_of_the_reports(finished, adapter):
    app, found = finished(adapter, WRONG)
    assert len(found) == 40
    wrong = {n: s for n, s in found.items() if s not in FATES[adapter](n)}
    assert wrong == {}
    refused = rows(app, "SELECT count(*) AS n FROM receipts WHERE state = 'refused'")[0]["n"]
    assert refused > 0 or adapter == "zalo", "forgeries are kept and not believed"


@pytest.mark.parametrize("adapter", FATES)
def test_without_a_report_nothing_is_called_delivered(finished, adapter):
    _, found = finished(adapter, {"receipt_lost": 1.0})
    assert set(found.values()) <= {"accepted", "failed"}
    assert list(found.values()).count("accepted") > 15


def test_a_night_and_a_quota_told_in_the_vendors_words_lose_nobody(finished):
    _, found = finished("zalo", {"night": 0.1, "quota": 0.1})
    assert len(found) == 40
    assert set(found.values()) <= {"queued", "accepted", "delivered", "failed"}
    assert "queued" in found.values(), "they wait for the morning"
