"""Whoever cannot be given a text is found for every recipient before anybody is written to."""

from dataclasses import replace

import pytest
from conftest import add_people
from walk import approve_now, counts, get, import_list, number, rows, sheet, write_broadcast

from dispatcher import broadcasts as planning
from dispatcher.broadcasts import application
from dispatcher.config import parse
from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.broadcasts.samples import SampleChoice
from dispatcher.domain.model import BroadcastState
from dispatcher.domain.problems import Problem

POSTGRESQL_LATER = True

PEOPLE = [(f"Người {chr(65 + i)}", number(10 + i), "Tổ 1" if i < 4 else "", "") for i in range(7)]


@pytest.fixture
def ward(app, tmp_path):
    people = add_people(app)
    import_list(app, sheet(tmp_path / "may-to.csv", PEOPLE))
    return app, *people


def template(app, block, head='title = "Thử"', name="thu"):
    (app.templates / f"{name}.j2").write_text(f"+++\n{head}\n+++\n{block}", encoding="utf-8")
    return name


def with_gateway(app, settings):
    """The same site with more in its settings file."""
    file = app.site.root / "dispatcher.toml"
    file.write_text(file.read_text("utf-8") + settings, "utf-8")
    return replace(app, site=parse(app.site.root))


def preview(app, who, broadcast_id):
    return application.preview_broadcast(app, who, get(app, broadcast_id))


def test_everybody_without_a_residential_group_is_found_and_named(ward):
    app, officer, leader = ward
    name = template(
        app, "{% block sms %}UBND {{ residential_group.name | khong_dau }}{% endblock %}"
    )
    made = write_broadcast(app, officer, template=name)
    found = preview(app, officer, made)
    (finding,) = found.findings
    assert (finding.rule, finding.what, finding.people) == (
        "value_missing", "residential_group.name", 3)  # fmt: skip
    assert found.queued == 4
    assert found.skipped == {"no_text": 3}
    with pytest.raises(Problem, match=r"residential_group\.name") as caught:
        approve_now(app, officer, leader, made)
    assert caught.value.exit_code == 3
    assert rows(app, "SELECT count(*) AS n FROM messages")[0]["n"] == 0


def test_the_worst_examples_are_people_by_name(ward):
    app, officer, _ = ward
    name = template(app, "{% block sms %}UBND {{ contact.name }} {{ row.so_nha }}{% endblock %}")
    (finding,) = preview(app, officer, write_broadcast(app, officer, template=name)).findings
    assert (finding.what, finding.people, len(finding.worst)) == ("row.so_nha", 7, 5)
    assert finding.worst[0]["who"].startswith("c")
    assert "Người" in finding.worst[0]["who"]


def test_left_out_knowingly_they_are_skipped_by_name_and_it_is_on_record(ward):
    app, officer, leader = ward
    name = template(
        app, "{% block sms %}UBND {{ residential_group.name | khong_dau }}{% endblock %}"
    )
    made = write_broadcast(app, officer, template=name)
    found = preview(app, officer, made)
    with app.begin(officer)() as tx:
        planning.submit(tx, broadcasts.get(tx, made), found, leave_out=True)
    with app.begin(leader)() as tx:
        planning.approve(tx, broadcasts.get(tx, made))
        planning.schedule(tx, broadcasts.get(tx, made), app.clock())
    assert application.release_broadcast(app, get(app, made)) == BroadcastState.RUNNING.value
    assert counts(app, made) == {"queued": 4, "skipped": 3}
    assert [r["reason"] for r in rows(app, "SELECT DISTINCT reason FROM messages "
            "WHERE state = 'skipped'")] == ["no_text"]  # fmt: skip
    (note,) = rows(app, "SELECT entry FROM trail WHERE act = 'left_out'")
    assert '"people":3' in note["entry"]


def test_a_text_that_asks_first_needs_nothing(ward):
    app, officer, _ = ward
    block = "UBND phuong {{ ward.name | khong_dau }}{% if residential_group.name %} {{ residential_group.name | khong_dau }}{% endif %}"
    name = template(app, "{% block sms %}" + block + "{% endblock %}")
    found = preview(app, officer, write_broadcast(app, officer, template=name))
    assert found.findings == ()
    assert found.queued == 7
    assert {s["body"] for s in preview_all(app, officer, name)} == {
        "UBND phuong May To", "UBND phuong May To To dan pho so 1"}  # fmt: skip


def preview_all(app, officer, name):
    made = write_broadcast(app, officer, template=name)
    return application.preview_broadcast(
        app, officer, get(app, made), SampleChoice(most=100)
    ).samples


def test_who_has_no_text_on_the_first_step_starts_at_the_next(ward):
    app, officer, _ = ward
    block = (
        "{% block zalo %}UBND {{ residential_group.name }}{% endblock %}"
        "{% block sms %}UBND{% endblock %}"
    )
    name = template(app, block)
    found = preview(
        app, officer, write_broadcast(app, officer, template=name, route="zalo-then-sms")
    )
    assert found.queued == 7
    assert found.skipped == {}
    (finding,) = found.findings
    assert (finding.channel, finding.people) == ("zalo", 3)


def test_a_text_longer_than_the_gateway_takes_is_found_per_person(ward):
    app, officer, _ = ward
    name = template(
        app, "{% block sms %}" + "a" * 453 + "{{ contact.name | khong_dau }}{% endblock %}"
    )
    found = preview(app, officer, write_broadcast(app, officer, template=name))
    (finding,) = found.findings
    assert (finding.rule, finding.people) == ("too_many_parts", 7)
    assert finding.worst[0]["amount"] == 4
    assert found.queued == 0


def test_a_character_the_gateway_forbids_is_found(ward):
    app, officer, _ = ward
    app = with_gateway(app, '[gateways.esms.parts]\nforbidden = "#&"\n')
    name = template(app, "{% block sms %}UBND & Cong an{% endblock %}")
    (finding,) = preview(app, officer, write_broadcast(app, officer, template=name)).findings
    assert (finding.rule, finding.what, finding.people) == ("forbidden_character", "&", 7)


def test_a_vendors_value_longer_than_registered_is_found_in_nfc(ward):
    app, officer, _ = ward
    head = 'title = "Thử"\n[zns]\ntemplate_id = "1"\nparams = { ten = "{{ contact.name }}" }\n'
    block = "{% block zalo %}UBND{% endblock %}"
    short = template(app, block, head + "longest = { ten = 6 }", "ngan")
    (finding,) = preview(
        app, officer, write_broadcast(app, officer, template=short, route="zalo-then-sms")
    ).findings
    assert (finding.rule, finding.what, finding.people) == ("value_too_long", "ten", 7)
    assert finding.worst[0]["amount"] == 7
    fits = template(app, block, head + "longest = { ten = 7 }", "vua")
    assert not preview(
        app, officer, write_broadcast(app, officer, template=fits, route="zalo-then-sms")
    ).findings


def test_what_a_few_characters_less_would_save(ward):
    app, officer, _ = ward
    app = with_gateway(app, "[prices]\nsms = 500\n")
    name = template(app, "{% block sms %}" + "a" * 164 + "{% endblock %}")
    found = preview(app, officer, write_broadcast(app, officer, template=name))
    (saving,) = found.savings
    assert (saving.characters, saving.people, saving.parts) == (4, 7, 2)
    assert saving.dong * 2 == found.total


def test_parts_are_those_the_gateway_bills(ward):
    app, officer, _ = ward
    app = with_gateway(app, "[gateways.esms.parts]\nplain = [100, 200, 300]\n")
    name = template(app, "{% block sms %}" + "a" * 150 + "{% endblock %}")
    assert preview(app, officer, write_broadcast(app, officer, template=name)).parts == {"sms": 14}


def test_an_optional_blank_may_stay_empty(ward):
    app, officer, _ = ward
    head = 'title = "Thử"\n[fields]\nghi_chu = {}'
    name = template(app, "{% block sms %}UBND phuong hop. {{ ghi_chu }}{% endblock %}", head)
    found = preview(app, officer, write_broadcast(app, officer, template=name))
    assert found.findings == ()
    assert found.queued == 7
