"""Whoever looks after a site: what they may read and do, and what the trail keeps of it."""

import json

import pytest
from conftest import add_people
from walk import rows

from dispatcher.db.contacts import areas
from dispatcher.db.staff import people
from dispatcher.domain.model import SYSTEM, Role
from dispatcher.domain.problems import Problem
from dispatcher.usecases import database, gateways, log, restoring, why
from dispatcher.usecases.context import Context
from dispatcher.usecases.site import back_up, change_settings, foresee, settings_now

PER_PERSON = ("limits", "per_person")


@pytest.fixture
def staff(lite):
    """Contexts of an officer, an auditor, an admin, and an admin of one ward."""
    add_people(lite)
    with lite.begin(SYSTEM)() as tx:
        people.add(tx, "kt", "Võ Kiểm Tra", Role.AUDITOR, [])
        people.add(tx, "ad", "Đỗ Quản Trị", Role.ADMIN, [])
        people.add(tx, "dao", "Lý Đào", Role.ADMIN, [areas.ward(tx, "Máy Tơ").id])
    return {name: Context(lite, lite.actor(name)) for name in ("lan", "kt", "ad", "dao")}


def noted(app, act):
    """(by whom, on what, facts) of the entries of one act."""
    found = rows(app, f"SELECT actor, noun, entry FROM trail WHERE act = '{act}' ORDER BY id")
    return [(r["actor"], r["noun"], json.loads(r["entry"])["facts"]) for r in found]


def refused(app):
    return [(who, noun, f["tried"], f["rule"]) for who, noun, f in noted(app, "refused")]


def test_the_trail_is_read_by_those_who_look_after_the_whole_site(staff, lite):
    for name, code in (("lan", "role"), ("dao", "whole-site")):
        with pytest.raises(Problem) as told:
            log.trail(staff[name])
        assert told.value.code == code
    assert refused(lite) == [("lan", "log", "read", "role"), ("dao", "log", "read", "whole-site")]
    assert noted(lite, "read") == []
    assert [e.act for e in log.trail(staff["ad"], limit=2)] == ["refused", "refused"]
    log.trail(staff["kt"])
    auditor = staff["kt"].actor.person_id
    assert noted(lite, "read") == [("system", "log", {"person": auditor})]
    newest = log.trail(staff["kt"], limit=1)[0]
    assert (newest.actor, newest.who, newest.facts_shown) == ("system", "Võ Kiểm Tra", {})


def test_an_export_of_the_log_is_noted_with_the_person(staff, lite):
    for name in ("lan", "kt"):
        with log.rows(staff[name], "messages", log.LogFilters(), is_export=True) as found:
            assert list(found) == []
        with log.rows(staff[name], "messages", log.LogFilters()) as found:
            assert list(found) == []
    ids = [staff[name].actor.person_id for name in ("lan", "kt")]
    assert noted(lite, "exported") == [("system", "log", {"person": i}) for i in ids]
    assert noted(lite, "read") == [("system", "log", {"person": ids[1]})]


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "queuedd"},
        {"fault": "buzy"},
        {"gateway": "esmss"},
        {"channel": "smss"},
        {"ward": "Hà Nội"},
        {"residential_group": "Tổ 1"},
        {"before": "m99"},
        {"broadcast": 99},
        {"person": "0950000999"},
    ],
)
def test_a_misspelt_filter_is_a_problem_and_never_an_empty_list(staff, wrong):
    with pytest.raises(Problem), log.rows(staff["ad"], "messages", log.LogFilters(**wrong)):
        pass


def test_nobody_is_a_problem_and_leaves_nothing_in_the_trail(staff, lite):
    with pytest.raises(Problem) as told:
        why.stories(staff["kt"], "0950000999", "vi")
    assert told.value.code == "unknown-contact"
    assert noted(lite, "read") == []


def test_settings_backups_and_gateways_are_refused_by_one_rule_that_is_kept(staff, lite, tmp_path):
    acts = {
        "change": lambda c: foresee(c, {PER_PERSON: "3"}, ()),
        "back-up": lambda c: back_up(c, tmp_path / "copy.db"),
        "copy": lambda c: database.copy_target(c, f"sqlite:///{tmp_path}/b.db", shown=True),
        "release": lambda c: restoring.release(c, alone=True),
        "set-up": lambda c: gateways.set_up(c, "esms"),
        "check": lambda c: gateways.checked(c, "esms"),
        "callback": lambda c: gateways.callback_address(c, "esms"),
    }
    for name, code in (("lan", "role"), ("dao", "whole-site")):
        for act in acts.values():
            with pytest.raises(Problem) as told:
                act(staff[name])
            assert told.value.code == code
    kept = [(who, tried, rule) for who, _, tried, rule in refused(lite)]
    assert kept == [("lan", act, "role") for act in acts] + [
        ("dao", act, "whole-site") for act in acts
    ]
    assert not (tmp_path / "copy.db").exists()


def test_a_backup_is_of_the_person_who_made_it(staff, lite, tmp_path):
    assert back_up(staff["ad"], tmp_path / "copy.db") == (tmp_path / "copy.db").stat().st_size
    [(who, noun, _)] = noted(lite, "backed_up")
    assert (who, noun) == ("ad", "database")


def test_a_key_beside_its_backup_is_refused_before_anything_is_written(staff, lite, tmp_path):
    with pytest.raises(Problem) as told:
        back_up(staff["ad"], tmp_path / "copy.db", tmp_path / "key")
    assert told.value.code == "key-beside"
    assert list(tmp_path.glob("copy*")) == []
    assert refused(lite) == [("ad", "database", "back-up", "key-beside")]


def test_whoever_saw_older_settings_is_refused_and_nothing_is_written(staff, lite):
    before = settings_now(staff["ad"])
    change_settings(staff["ad"], foresee(staff["ad"], {PER_PERSON: "3"}, ()), before.digest)
    lite.clock.advance(seconds=5)
    wanted = foresee(staff["ad"], {PER_PERSON: "5"}, ())
    with pytest.raises(Problem) as told:
        change_settings(staff["ad"], wanted, before.digest)
    assert told.value.code == "settings-changed"
    assert settings_now(staff["ad"]).given[PER_PERSON] == "3"
    assert refused(lite) == [("ad", "settings", "change", "settings-changed")]
