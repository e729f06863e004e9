"""Forms are read as structs before a page answers: what does not fit is named, both languages."""

import re
from datetime import date, timedelta

import pytest
from browser import post, sign_in, token
from conftest import ROOT, add_people
from msgspec import Struct, inspect
from walk import import_list, number, rows, sheet, write_broadcast

from dispatcher.domain.model import SYSTEM, Window
from dispatcher.usecases.contacts import NewContact
from dispatcher.usecases.inputs import WrongFields
from dispatcher.web.console import all_pages
from dispatcher.web.forms import LABELS, BlanksForm, FormReader, Upload, day, whole_number
from dispatcher.web.middleware import Middleware

PAGES = [p for p in all_pages(Middleware(None, [])) if p.form is not None]
NAMED = {"number": "1", "name": "x", "template": "canh-bao"}


class Everything(BlanksForm, frozen=True, kw_only=True):
    name: str
    people: int
    most_people: int | None = None
    until: date
    expires_after: timedelta = timedelta(hours=6)
    window: Window | None = None
    place: tuple[int, ...] = ()
    phones: tuple[str, ...] = ()
    ward: int | str = ""
    partial: bool = False
    title: str | None = None
    file: Upload | None = None


EVERYTHING = FormReader(Everything)


def may_not_fit(field):
    """True where something can be sent that is not of the field's type: not for plain text."""
    kind = field.type
    if isinstance(kind, inspect.VarTupleType | inspect.ListType):
        kind = kind.item_type
    taken = inspect.StrType | inspect.BoolType | inspect.DictType | inspect.UnionType
    return not isinstance(kind, taken) and getattr(kind, "cls", None) is not Upload


CAN_FAIL = [(p, name) for p in PAGES for name, f in p.form.fields().items() if may_not_fit(f)]


@pytest.mark.parametrize("text, value", [
    ("1204", 1204), ("1.204", 1204), ("1 204 người", 1204), ("500.000 đồng", 500_000),
    ("1.000.000đ", 1_000_000), ("1,204", 1204), ("0", 0),
])  # fmt: skip
def test_numbers_as_people_here_write_them(text, value):
    assert whole_number(text) == value


@pytest.mark.parametrize("text", ["-1", "1.5", "1.20", "12.0000", "mười", "1e3", "٣", "1" * 19, ""])
def test_what_is_no_number(text):
    with pytest.raises(ValueError):
        whole_number(text)


def test_days_as_a_browser_and_as_people_write_them():
    assert day("2026-12-01") == day("1/12/2026") == day("01.12.2026") == date(2026, 12, 1)
    for text in ("2026-02-30", "31/2/2026", "12/2026", "mai", ""):
        with pytest.raises(ValueError):
            day(text)


def test_a_form_becomes_typed_values():
    sent = {"csrf": ["x"], "lạ": ["1"], "name": [" Bão "], "people": ["1.204 người"],
            "until": ["31/12/2026"], "expires_after": ["2d"], "window": ["07:00-12:00 13:00-20:00"],
            "place": ["1", "2"], "phones": ["0951\n\n 0952 "], "ward": ["Máy Tơ"], "partial": ["on"],
            "title": [""], "blank.gio": ["8h"], "blank.noi": [" "]}  # fmt: skip
    found = EVERYTHING.read(sent, {"file": Upload("a.csv", b"x")})
    assert (found.name, found.people, found.most_people) == ("Bão", 1204, None)
    assert found.until == date(2026, 12, 31)
    assert (found.expires_after, str(found.window)) == (timedelta(days=2), sent["window"][0])
    assert (found.place, found.phones) == ((1, 2), ("0951", "0952"))
    assert (found.ward, found.partial, found.title) == ("Máy Tơ", True, "")
    assert (found.filled, found.file.name) == ({"gio": "8h"}, "a.csv")
    bare = EVERYTHING.read({"until": ["2026-12-31"], "ward": ["7"], "expires_after": [""]})
    assert (bare.name, bare.people, bare.title, bare.ward) == ("", 0, None, 7)
    assert (bare.expires_after, bare.window, bare.file) == (timedelta(hours=6), None, None)


def test_a_command_is_read_without_what_is_not_on_the_form():
    form = FormReader(NewContact, {"residential_group": "tdp", "source": ""})
    found = form.read({"name": ["A"], "tdp": ["Tổ 1"], "ward": ["3"], "source": ["bịa"]})
    assert found == NewContact("A", 3, (), "Tổ 1")


def test_everything_that_does_not_fit_is_named_with_its_own_code():
    sent = {"people": ["nhiều"], "until": ["mai"], "window": ["sáng"], "place": ["1", "x"]}
    with pytest.raises(WrongFields) as told:
        EVERYTHING.read(sent)
    assert [(w.path, w.code) for w in told.value.wrong] == [
        ("people", "bad-number"), ("until", "bad-date"), ("window", "bad-time"),
        ("place", "bad-number"),
    ]  # fmt: skip
    assert told.value.to("vi").startswith("Số người: cần một số như 1.200; Đến hết ngày: cần")
    assert told.value.to("en").startswith(
        "Number of people: a number like 1200 is wanted; Until: a day"
    )


# --- all forms of the console -------------------------------------------------------------------


def test_every_form_that_is_typed_into_is_read_as_a_struct():
    """Only the guard and what is kept while typing look at the fields as they were sent."""
    assert len(PAGES) > 35
    looks = re.compile(r"ask\.(?:one|form|files)\b")
    for path in sorted((ROOT / "dispatcher" / "web").glob("*.py")):
        if path.name not in ("guard.py", "ask.py"):
            found = [line for line in path.read_text("utf-8").splitlines() if looks.search(line)]
            kept = [line for line in found if "n not in (" in line]
            assert found == kept, path.name


def test_every_field_that_is_read_stands_on_a_page():
    pages = "".join(p.read_text("utf-8") for p in (ROOT / "dispatcher/web/pages").glob("*.html"))
    for page in PAGES:
        if page.path.endswith("/shared"):
            continue  # no page offers it today
        for name in page.form.fields():
            assert re.search(f"[\"']{re.escape(name)}", pages), (page.path, name)


def test_whatever_may_not_fit_has_a_name_for_people():
    assert len(CAN_FAIL) > 15
    assert {name for _, name in CAN_FAIL} <= set(LABELS)


@pytest.fixture
def ward(lite, tmp_path):
    officer, _ = add_people(lite)
    import_list(lite, sheet(tmp_path / "may-to.csv", [("A", number(1), "Tổ 1", "")]))
    write_broadcast(lite, officer)
    return lite


def test_what_does_not_fit_is_told_by_its_name_and_changes_nothing(ward):
    browser = sign_in(ward, "lan")
    before = rows(ward, "SELECT COUNT(*) AS n FROM trail")[0]["n"]
    for page, name in CAN_FAIL:
        answer = browser.post(
            page.path.format(**NAMED), data={"csrf": token(browser), name: "không phải"}
        )
        assert answer.status_code == 400, (page.path, name, answer.text[-2000:])
        assert f"{LABELS[name].vi}: cần " in answer.text, (page.path, name)
    assert rows(ward, "SELECT COUNT(*) AS n FROM trail")[0]["n"] == before


def test_a_stranger_is_told_too_and_in_english(ward):
    browser = sign_in(ward, "lan")
    browser.cookies.set("lang", "en")
    answer = post(browser, "/duty", 400, who="1", start="", hours="many")
    assert "Hours: a number like 1200 is wanted." in answer.text
    assert 'data-code="bad-number"' in answer.text


def test_unknown_fields_of_a_form_are_passed_over(ward):
    browser = sign_in(ward, "lan")
    post(browser, "/groups", name="Tổ công nghệ", source="bịa", number="9")
    with ward.store.read(SYSTEM) as tx:
        assert tx.value("SELECT COUNT(*) FROM groups") == 1


def test_forms_are_structs_or_commands_that_nobody_changes():
    for page in PAGES:
        kind = page.form.kind
        frozen = kind.__struct_config__.frozen if issubclass(kind, Struct) else (
            kind.__dataclass_params__.frozen
        )  # fmt: skip
        assert frozen, kind
