"""One person at a time, groups, export and undo: what an admin does between imports."""

import csv
import sqlite3

import pytest
from conftest import run_cli
from walk import number, sheet

pytestmark = pytest.mark.long  # many commands, one process each


@pytest.fixture
def site(make_site):
    root = make_site()
    rows = [(f"Người Mẫu {i}", number(1000 + i * 37), f"Tổ {i % 3 + 1}", "") for i in range(12)]
    sheet(root / "contacts" / "may-to.csv", rows)
    assert run_cli("--site", str(root), "contacts", "import", str(root / "contacts"), "--ward",
                   "Máy Tơ").returncode == 0  # fmt: skip
    return root


def call(root, *words, code=0, stdin=""):
    found = run_cli("--site", str(root), *words, stdin=stdin)
    assert found.returncode == code, (words, found.stdout, found.stderr)
    return found


def ask(root, *words, **more):
    import json

    return json.loads(call(root, *words, "--json", **more).stdout)


def image(root):
    """Every row of the list as it lies in the database, dates aside."""
    database = sqlite3.connect(root / "data" / "site.db")
    try:
        return [
            database.execute(sql).fetchall()
            for sql in (
                "SELECT id, ward_id, residential_group_id, household_id, name_key, ordinal, title,"
                " removed_at FROM contacts ORDER BY id",
                "SELECT * FROM contact_addresses ORDER BY 1, 2",
                "SELECT id, cipher FROM addresses ORDER BY 1",
                "SELECT * FROM group_members ORDER BY 1, 2",
                "SELECT name FROM areas ORDER BY 1",
            )
        ]
    finally:
        database.close()


def test_a_person_is_added_edited_moved_and_everything_is_undone_exactly(site):
    before = image(site)
    words = ("--name", "Nguyễn Văn Mẫu", "--ward", "may to", "--tdp", "TDP số 9", "--phone", "-")
    added = ask(site, "contacts", "add", *words, stdin=number(5) + "\n")
    assert added["created"]
    [person] = ask(site, "contacts", "list", "--search", "nguyen van mau")
    assert person["residential_group"] == "Tổ dân phố số 9"
    who = f"c{person['id']}"
    edited = ask(site, "contacts", "edit", who, "--name", "Nguyễn Văn Khác", "--phone", number(6))
    moved = ask(site, "contacts", "move", who, "c1", "--ward", "Cầu Đất")
    [person] = ask(site, "contacts", "list", "--search", "nguyen van khac")
    assert (person["ward"], person["residential_group"]) == ("Cầu Đất", None)
    call(site, "contacts", "undo", str(edited["import"]), code=3)  # the move came later
    for step in (moved, edited, added):
        ask(site, "contacts", "undo", str(step["import"]))
    assert image(site) == before
    call(site, "contacts", "undo", str(added["import"]), code=3)
    ask(site, "contacts", "undo", "1")
    assert ask(site, "contacts", "list") == []


def test_a_dry_run_of_anything_changes_nothing(site):
    before = image(site)
    for words in (
        ("contacts", "add", "--name", "An", "--ward", "Máy Tơ"),
        ("contacts", "edit", "c1", "--name", "An"),
        ("contacts", "move", "c1", "--ward", "Cầu Đất"),
        ("contacts", "suppress", "c1", "--reason", "x"),
        ("contacts", "forget", "c1", "--reason", "x"),
        ("contacts", "undo", "1"),
        ("groups", "add", "Nhóm", "c1"),
        ("people", "add", "qt", "--role", "admin"),
    ):
        found = call(site, *words, "--dry-run")
        assert "Làm thử" in found.stderr
        assert image(site) == before, words
    assert ask(site, "people", "list") == []


def test_a_suppression_says_what_it_stops_and_who_else_is_silenced(site, tmp_path):
    two = [("Nhà Một", number(70), "Tổ 1", ""), ("Nhà Hai", number(70), "Tổ 2", "")]
    file = str(sheet(tmp_path / "hai.csv", two))
    call(site, "contacts", "import", file, "--ward", "Máy Tơ")
    one, two = (c["id"] for c in ask(site, "contacts", "list", "--search", "nha"))
    assert [s["name"] for s in ask(site, "contacts", "show", f"c{one}")[0]["shares"]] == ["Nhà Hai"]
    found = ask(site, "contacts", "suppress", f"c{one}", "--reason", "x", "--urgent-too")
    assert found == {"suppressed": 1, "scope": "urgent", "others": 0,
                     "also": [{"contact": two, "name": "Nhà Hai"}]}  # fmt: skip
    found = ask(site, "contacts", "suppress", "-", "--reason", "y", stdin=number(70))
    assert (found["suppressed"], len(found["also"])) == (0, 2), "a weaker wish changes nothing"
    assert "cả tin khẩn" in call(site, "contacts", "list", "--suppressed").stdout
    assert ask(site, "contacts", "show", f"c{two}")[0]["suppressed"][0]["scope"] == "urgent"
    call(site, "contacts", "suppress", "c1", "--reason", "x", "--promotion", "--urgent-too", code=2)


def test_whoever_asked_is_not_written_to_until_lifted(site):
    assert ask(site, "contacts", "suppress", "c1", "--reason", "đơn 01")["suppressed"] == 1
    assert (
        ask(site, "contacts", "suppress", "-", "--reason", "đơn 02", stdin=number(1037))[
            "suppressed"
        ]
        == 1
    )
    assert [s["reason"] for s in ask(site, "contacts", "list", "--suppressed")] == [
        "đơn 02",
        "đơn 01",
    ]
    call(
        site, "broadcasts", "create", "--template", "canh-bao", "--ward", "Máy Tơ", "--route", "sms"
    )
    assert ask(site, "broadcasts", "preview", "1")["skipped"] == {"opted_out": 2}
    assert ask(site, "contacts", "unsuppress", "c1", "--reason", "đồng ý")["unsuppressed"] == 1
    assert ask(site, "broadcasts", "preview", "1")["skipped"] == {"opted_out": 1}


def test_a_forgotten_person_leaves_nothing_behind(site):
    call(site, "contacts", "forget", "c1", "--reason", "đơn 03", code=3)  # nobody confirmed
    found = ask(site, "contacts", "forget", "c1", "--reason", "đơn 03", "--yes")
    assert found["addresses"] == 1
    assert len(ask(site, "contacts", "list")) == 11
    call(site, "contacts", "show", "-", stdin=number(1000), code=2)
    database = sqlite3.connect(site / "data" / "site.db")
    kept = database.execute("SELECT count(*) FROM addresses WHERE cipher IS NOT NULL").fetchone()[0]
    images = database.execute("SELECT count(*) FROM import_changes WHERE contact_id = 1 "
                              "AND before_sealed IS NOT NULL").fetchone()[0]  # fmt: skip
    database.close()
    assert (kept, images) == (11, 0)
    call(site, "contacts", "import", str(site / "contacts"), "--ward", "Máy Tơ")
    assert len(ask(site, "contacts", "list")) == 12


def test_an_export_masks_numbers_unless_a_reason_is_given_and_imports_again(site):
    plain, full = site / "a.csv", site / "b.csv"
    call(site, "contacts", "export", str(plain), "--ward", "Máy Tơ")
    call(site, "contacts", "export", str(full), "--reason", "đối chiếu")
    assert "xxx" in plain.read_text("utf-8-sig")
    rows = list(csv.DictReader(full.read_text("utf-8-sig").splitlines()))
    assert {r["Số điện thoại"].lstrip("'") for r in rows} == {
        f"+84{number(1000 + i * 37)[1:]}" for i in range(12)
    }
    assert full.stat().st_mode & 0o077 == 0
    noted = [e for e in ask(site, "audit", "list") if e["act"] == "exported"]
    assert [e["facts"]["reason"] for e in noted] == ["đối chiếu", None]
    again = ask(site, "contacts", "import", str(full))
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 12)


def test_groups_are_made_filled_and_removed_and_their_people_stay(site):
    assert ask(site, "groups", "add", "Tổ công nghệ số", "c1", "c2")["joined"] == 2
    assert ask(site, "groups", "list") == [{"id": 1, "name": "Tổ công nghệ số", "people": 2}]
    assert ask(site, "groups", "remove", "to cong nghe so", "c1")["left"] == 1
    call(site, "groups", "remove", "Tổ công nghệ số", code=3)
    ask(site, "groups", "remove", "Tổ công nghệ số", "--yes")
    assert ask(site, "groups", "list") == []
    assert len(ask(site, "contacts", "list")) == 12


def test_a_ward_shows_its_residential_groups(site):
    found = ask(site, "areas", "show", "may to")
    assert [g["people"] for g in found["residential_groups"]] == [4, 4, 4]


@pytest.mark.parametrize(
    "shell, words, begun, offered",
    [
        ("bash", "dispatcher contacts list --ward", "M", {"Máy\\ Tơ", "Máy\\ Chai"}),
        ("bash", "dispatcher broadcasts create --template", "canh", {"canh-bao"}),
        ("zsh", "dispatcher cont", "cont", {"contacts"}),
        ("fish", "dispatcher gateways pause", "e", {"esms"}),
        ("powershell", "dispatcher contacts list --ward", "may", {"'Máy Tơ'", "'Máy Chai'"}),
    ],
)  # fmt: skip
def test_the_shell_offers_the_sites_own_values(site, shell, words, begun, offered):
    parts = words.split()
    typed = [*parts[:1], "--site", str(site), *parts[1:]]
    if typed[-1] != begun:
        typed.append(begun)
    environment = {
        "_DISPATCHER_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": ("\n" if shell == "powershell" else " ").join(typed),
        "COMP_CWORD": begun if shell == "fish" else str(len(typed) - 1),
        "COMP_BEGUN": begun,
    }
    found = run_cli(env=environment).stdout
    values = {
        line.partition(",")[2].split("\t")[0] if "," in line else line for line in found.split("\n")
    }
    if shell == "zsh":
        values = set(found.split("\n"))
    assert offered <= values, found


def test_completion_scripts_are_printed_for_every_shell():
    for shell in ("bash", "zsh", "fish", "powershell"):
        assert "_DISPATCHER_COMPLETE" in run_cli("completion", shell).stdout
