"""Lists as wards keep them: nothing guessed, nobody lost, the same file twice changes nothing."""

import csv

import pytest
from conftest import ROOT
from walk import HEAD, import_list, number, rows, sheet

from dispatcher.db.contacts import areas, contact_lists, imports, undoing
from dispatcher.domain.model import SYSTEM, AreaKind
from dispatcher.domain.problems import Problem
from dispatcher.importing.entries import read_listing
from dispatcher.importing.listing import ImportContext
from dispatcher.importing.merge import merge, store
from dispatcher.importing.sheets import files_in, read_sheets

POSTGRESQL_LATER = True

WARDS = {"may to": "Máy Tơ", "cau tre": "Cầu Tre", "cau dat": "Cầu Đất"}


def read(path, ward=None, **more):
    return read_listing(read_sheets(path), ImportContext(WARDS, ward, None, ("095",), **more))


def text(tmp_path, content, name="may-to.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(content.encode(encoding))
    return path


def test_every_row_is_accepted_repaired_for_review_or_rejected(tmp_path):
    path = text(tmp_path, HEAD + "\n".join([
        f"1,An,{number(1)[1:]},Tổ 1,", f"2,Bình,{number(2)} / {number(3)},Tổ 1,",
        "3,Cúc,,Tổ 1,", "4,Dung,9.5E+08,Tổ 1,", "5,Đạt,02250123456,Tổ 1,", "6,Giang,không có,Tổ 1,",
        f"7,,{number(9)},Tổ 1,",
    ]))  # fmt: skip
    found = read(path)
    assert found.rows == 7
    assert [e.row for e in found.entries] == [2, 3, 4, 6, 7, 8]
    assert found.entries[0].phones == ("+84" + number(1)[1:],)
    assert len(found.entries[1].phones) == 2
    assert (found.entries[3].phones, found.entries[3].landlines) == ((), ("+842250123456",))
    assert [f.code for f in found.repaired] == ["leading_zero"]
    assert [f.code for f in found.needs_review] == ["several", "no_name"]
    assert [(f.row, f.column, f.code) for f in found.rejected] == [
        (5, "Số điện thoại", "digits_lost")
    ]


def test_the_same_file_twice_changes_nothing_and_a_new_number_updates(app, tmp_path):
    people = [("An", number(1), "Tổ 1", "An"), ("Bình", number(2), "TDP 2", ""),
              ("Cúc", "", "Tổ 2", "")]  # fmt: skip
    assert len(import_list(app, sheet(tmp_path / "may-to.csv", people)).created) == 3
    again = import_list(app, sheet(tmp_path / "may-to.csv", people))
    assert (again.created, again.updated, again.unchanged) == ([], [], 3)
    people[1] = ("Bình", number(7), "Tổ dân phố số 2", "")
    changed = import_list(app, sheet(tmp_path / "may-to.csv", people))
    assert (len(changed.created), len(changed.updated), changed.unchanged) == (0, 1, 2)
    kept = rows(app, "SELECT count(*) AS n FROM import_changes WHERE before_sealed IS NOT NULL")
    assert kept[0]["n"] == 1


def test_namesakes_in_one_group_stay_two_people(app, tmp_path):
    people = [("Nguyễn Văn Nam", number(1), "Tổ 1", ""), ("Nguyễn Văn Nam", number(2), "Tổ 1", "")]
    for _ in range(2):
        found = import_list(app, sheet(tmp_path / "may-to.csv", people))
    assert (found.created, found.unchanged) == ([], 2)
    with app.store.read(SYSTEM) as tx:
        assert len(contact_lists.list_contacts(tx)) == 2
        assert len(contact_lists.list_contacts(tx, search="nguyen VAN nam")) == 2


def test_thousands_of_bare_numbers_are_as_many_people_and_known_again(lite, tmp_path):
    path = text(tmp_path, "SĐT\n" + "\n".join(number(i) for i in range(3000)))
    with lite.begin(SYSTEM)() as tx:
        for created in (3000, 0):
            listing = read(path)
            found = merge(tx, listing.entries)
            store(tx, found, [], ("095",))
            assert (len(found.created), len(found.updated)) == (created, 0)
    assert {f.code for f in listing.needs_review} == {"no_name"}


def test_tones_and_case_do_not_make_a_new_person(app, tmp_path):
    import_list(app, sheet(tmp_path / "may-to.csv", [("Trần Hòa", number(1), "Tổ 1", "")]))
    found = import_list(
        app, sheet(tmp_path / "may-to.csv", [("TRẦN HOÀ", number(1), "tdp 01", "")])
    )
    assert found.created == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_any_common_encoding_and_delimiter(tmp_path, encoding, delimiter):
    content = (HEAD + f"1,Đặng Thị Hạnh,{number(1)},Tổ 1,\n").replace(",", delimiter)
    found = read(text(tmp_path, content, encoding=encoding))
    assert found.entries[0].name == "Đặng Thị Hạnh"


def test_titles_numbering_sections_and_footers_are_no_people(tmp_path):
    content = (
        "UBND PHƯỜNG MÁY TƠ,,,\nDANH SÁCH NHẬN TIN,,,\n,,,\nSTT,Họ và tên,Điện thoại,Ghi chú\n"
        f"(1),(2),(3),(4)\nTỔ DÂN PHỐ SỐ 3,,,\n1,An,{number(1)},\n2,Bình,{number(2)},\n"
        f"TỔ DÂN PHỐ SỐ 4,,,\n1,Cúc,{number(3)},\nTổng cộng: 3 người,,,\n,,Người lập biểu,\n"
    )
    found = read(text(tmp_path, content, "danh-sach.csv"))
    assert [(e.name, e.residential_group, e.row) for e in found.entries] == [
        ("An", "TỔ DÂN PHỐ SỐ 3", 7), ("Bình", "TỔ DÂN PHỐ SỐ 3", 8), ("Cúc", "TỔ DÂN PHỐ SỐ 4", 10)
    ]  # fmt: skip
    assert found.rows == 3
    assert {e.ward for e in found.entries} == {"Máy Tơ"}


def test_a_list_without_headings_is_read_by_content(tmp_path):
    content = f"Nguyễn Văn An,{number(1)}\nTrần Thị Bình,{number(2)}\n"
    found = read(text(tmp_path, content))
    assert [e.name for e in found.entries] == ["Nguyễn Văn An", "Trần Thị Bình"]


def test_a_column_can_be_pointed_to(tmp_path):
    content = f"Tên gọi ở nhà,Máy\nAn,{number(1)}\n"
    found = read(text(tmp_path, content), choices={"name": "Tên gọi ở nhà", "phone": "B"})
    assert found.entries[0].phones
    with pytest.raises(Problem, match="no column"):
        read(text(tmp_path, content), choices={"phone": "Số"})


def test_an_unknown_ward_is_rejected_and_a_file_of_nobody_asks_for_its_ward(tmp_path):
    content = f"Họ tên,SĐT,Phường\nAn,{number(1)},Máy Tơ\nBình,{number(2)},Sao Hỏa\n"
    found = read(text(tmp_path, content, "x.csv"))
    assert [f.code for f in found.rejected] == ["unknown_ward"]
    with pytest.raises(Problem, match="Whose|whose"):
        read(text(tmp_path, f"Họ tên,SĐT\nAn,{number(1)}\n", "x.csv"))


@pytest.mark.parametrize(
    "content, name",
    [(b"", "x.csv"), (b"\x00\x01\x02\x03", "x.csv"), (b"PK\x03\x04broken", "x.xlsx"),
     (b"\xd0\xcf\x11\xe0broken", "x.xls"), (b"%PDF-1.4 not a list", "x.csv")],
)  # fmt: skip
def test_a_file_that_is_no_list_is_a_sentence(tmp_path, content, name):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(Problem) as caught:
        read(path)
    assert name in caught.value.to("vi")


def test_the_sample_lists_are_read_whole(lite):
    paths = files_in([ROOT / "contacts"])
    with lite.store.read(SYSTEM) as tx:
        known = {a.key: a.name for a in areas.list_areas(tx, AreaKind.WARD)}
    found = read_listing(
        (s for p in paths for s in read_sheets(p)), ImportContext(known, None, None, ("095",))
    )
    residents = [e for e in found.entries if not e.groups]
    assert len(paths) == 13
    assert sum(p.suffix == ".xlsx" for p in paths) >= 3
    assert len(residents) == 2400
    assert not found.rejected
    groups = {(e.ward, e.residential_group.split()[-1]) for e in residents}
    assert all(sum(w == ward for w, _ in groups) >= 6 for ward in known.values())
    assert len({g for e in found.entries for g in e.groups}) == 7
    assert any(not e.phones for e in residents)


def test_the_sample_people_have_numbers_that_reach_nobody():
    for path in files_in([ROOT / "contacts"]):
        for found in read_sheets(path):
            for entry in read_listing(
                [found], ImportContext(WARDS, "Máy Tơ", None, ("095",))
            ).entries:
                assert all(p.startswith("+8495") for p in entry.phones)
                assert all(p.startswith("+8422500") or p[6] == "0" for p in entry.landlines)
    with (ROOT / "contacts" / "co-quan-doan-the.csv").open(encoding="utf-8-sig") as file:
        assert all(row["Điện thoại"].startswith("095") for row in csv.DictReader(file))


def test_double_rows_are_shown_and_merged_by_rule(app, tmp_path):
    people = [("Nguyễn Văn An", number(1), "Tổ 1", ""), ("NGUYỄN VĂN AN", number(1), "TDP 01", ""),
              ("Nguyễn Văn An", number(2), "Tổ 1", ""), ("Trần Thị Bình", number(1), "Tổ 2", ""),
              ("Lê Văn Cường", number(5), "Tổ 2", "Lê Văn Cường"),
              ("Lê Thị Đào", number(5), "Tổ 2", "Lê Văn Cường")]  # fmt: skip
    found = import_list(app, sheet(tmp_path / "may-to.csv", people))
    assert [(d.code, d.entry.row, d.earlier.row) for d in found.doubles] == [
        ("same_person", 3, 2), ("namesake", 4, 2), ("shared_phone", 5, 2)
    ]  # fmt: skip
    assert len(found.created) == 5
    [household] = rows(app, "SELECT household_id AS h, count(*) AS n FROM contacts WHERE "
                            "household_id IS NOT NULL GROUP BY household_id")  # fmt: skip
    assert household["n"] == 2


def test_a_renamed_or_merged_group_is_still_understood(app, tmp_path):
    import_list(app, sheet(tmp_path / "may-to.csv", [("An", number(1), "Tổ 5", ""),
                                                     ("Bình", number(2), "Tổ 6", "")]))  # fmt: skip
    with app.begin(SYSTEM)() as tx:
        ward = areas.ward(tx, "Máy Tơ").id
        groups = areas.groups_of(tx, ward)
        areas.rename_group(tx, groups["5"], "Tổ dân phố Hoa Sen")
        with pytest.raises(Problem, match="already"):
            areas.rename_group(tx, groups["6"], "Tổ 5")
    again = import_list(app, sheet(tmp_path / "may-to.csv", [("An", number(1), "tdp hoa sen", ""),
                                                             ("Bình", number(2), "TDP 06", "")]))  # fmt: skip
    assert (again.created, again.updated, again.unchanged, again.proposed) == ([], [], 2, [])
    with app.begin(SYSTEM)() as tx:
        [bình] = contact_lists.list_contacts(tx, search="binh")
        place = (ward, groups["5"].id, groups["5"].key)
        moved = imports.change(tx, [bình["id"]], place=place)
        areas.close_group(tx, groups["6"], areas.groups_of(tx, ward)["5"])
    again = import_list(app, sheet(tmp_path / "may-to.csv", [("Bình", number(2), "Tổ 6", "")]))
    assert (again.created, again.unchanged) == ([], 1)
    with app.begin(SYSTEM)() as tx:
        undoing.undo(tx, moved)
        assert areas.groups_of(tx, ward)["6"].id == groups["6"].id
        assert "Tổ dân phố số 6" not in areas.groups_of(tx, ward)["5"].aliases
    again = import_list(app, sheet(tmp_path / "may-to.csv", [("Bình", number(2), "Tổ 6", "")]))
    assert (again.created, again.unchanged) == ([], 1)


def test_doubles_are_found_across_files_too(app, tmp_path):
    one = sheet(tmp_path / "may-to.csv", [("Nguyễn Văn An", number(1), "Tổ 1", "")])
    two = sheet(tmp_path / "may-to-2.csv", [("nguyễn văn an", number(1), "TDP 1", ""),
                                            ("Trần Thị Bình", number(1), "Tổ 9", "")])  # fmt: skip
    with app.begin(SYSTEM)() as tx:
        known = ImportContext({"may to": "Máy Tơ"}, None, None, ("095",))
        listing = read_listing((s for p in (one, two) for s in read_sheets(p)), known)
        found = merge(tx, listing.entries)
        tx.note("looked", "contacts", "")
    assert [(d.code, d.entry.file, d.earlier.file) for d in found.doubles] == [
        ("same_person", "may-to-2.csv", "may-to.csv"), ("shared_phone", "may-to-2.csv", "may-to.csv")
    ]  # fmt: skip
    assert len(found.created) == 2


def test_a_household_that_another_import_made_meanwhile_is_the_same_one(app, tmp_path):
    if app.store.is_sqlite:
        pytest.skip("SQLite has one writer")
    made = import_list(
        app, sheet(tmp_path / "may-to.csv", [("An", number(1), "Tổ 1", "An")])
    ).created
    with app.begin(SYSTEM)() as tx:
        [before] = tx.rows("SELECT id FROM households")
        places = {made[0].ward_id: areas.groups_of(tx, made[0].ward_id)}
        again = imports._households(tx, {made[0].household: made[0]}, places, none_yet=True)
        assert list(again.values()) == [before["id"]]
        tx.note("looked", "households", "")


def test_names_are_found_by_their_words_wherever_they_are(app, tmp_path):
    listed = [("Nguyễn Văn Hùng", number(1), "Tổ 10", ""), ("Trần Thị Hường", number(2), "Tổ 2", ""),
              ("Hùng Nguyễn Văn", number(3), "", ""), ("Đỗ Văn Hung", number(4), "Tổ 2", "")]  # fmt: skip
    import_list(app, sheet(tmp_path / "may-to.csv", listed))
    import_list(app, sheet(tmp_path / "cau-dat.csv", listed[:1]))
    with app.begin(SYSTEM)() as tx:

        def found(search, limit=100):
            return [(c["name"], (c["residential_group"] or "").rpartition(" ")[2])
                    for c in contact_lists.list_contacts(tx, search=search, limit=limit)]  # fmt: skip

        hung = [("Đỗ Văn Hung", "2"), ("Nguyễn Văn Hùng", "10"), ("Hùng Nguyễn Văn", ""),
                ("Nguyễn Văn Hùng", "10")]  # fmt: skip
        assert found("hùng") == hung
        assert found("van HUNG nguyen") == hung[1:]
        assert found("ường") == [("Trần Thị Hường", "2")]  # a part of one
        assert found("hoa") == []
        everybody = [c["name"] for c in contact_lists.list_contacts(tx)]
        assert everybody[:3] == ["Đỗ Văn Hung", "Trần Thị Hường", "Nguyễn Văn Hùng"]
        assert len(everybody) == 5
        assert [c["name"] for c in contact_lists.list_contacts(tx, limit=2)] == everybody[:2]
        tx.run("UPDATE contacts SET name_bits = NULL")  # as an upgrade leaves them
        assert found("hung") == hung
        assert contact_lists.learn_names(tx) == 5
        assert contact_lists.learn_names(tx) == 0
        assert found("hung") == hung
        first = contact_lists.list_contacts(tx, limit=1)[0]["id"]
        imports.change(tx, [first], name="Lê Thị Mai")
        assert found("hung") == hung[1:]
        assert found("mai") == [("Lê Thị Mai", "2")]
