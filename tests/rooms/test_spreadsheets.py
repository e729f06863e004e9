"""Any sheet that a ward has: the table is found, understood and read, and nothing is silent."""

import pytest
from walk import number
from workbooks import ods, xls, xlsx

from dispatcher.domain.problems import Problem
from dispatcher.importing.entries import read_listing
from dispatcher.importing.listing import ImportContext
from dispatcher.importing.sheets import files_in, read_sheets

WARDS = {"may to": "Máy Tơ", "cau tre": "Cầu Tre", "gia vien": "Gia Viên"}
HEAD = ["STT", "Họ và tên", "Số điện thoại", "Tổ dân phố"]
PEOPLE = [[1, "Nguyễn Văn An", number(1), "Tổ 1"], [2, "Trần Thị Bình", number(2), "TDP số 02"]]
NAMES = ["Nguyễn Văn An", "Trần Thị Bình"]


def read(*paths, ward="Máy Tơ", **more):
    sheets = (s for p in paths for s in read_sheets(p))
    return read_listing(sheets, ImportContext(WARDS, ward, None, ("095",), **more))


def people(found):
    return [(e.name, e.phones, e.residential_group) for e in found.entries]


def plus(n):
    return ("+84" + number(n)[1:],)


EXPECTED = [("Nguyễn Văn An", plus(1), "Tổ 1"), ("Trần Thị Bình", plus(2), "TDP số 02")]


@pytest.mark.parametrize("kind", ["xlsx", "xlsm", "xls", "ods", "csv", "tsv", "txt"])
def test_every_kind_of_file_says_the_same(tmp_path, kind):
    path = tmp_path / f"may-to.{kind}"
    rows = [HEAD, *PEOPLE]
    if kind in ("xlsx", "xlsm"):
        xlsx(path, rows)
    elif kind == "xls":
        xls(path, rows)
    elif kind == "ods":
        ods(path, rows)
    else:
        mark = {"csv": ";", "tsv": "\t", "txt": "|"}[kind]
        path.write_text("\n".join(mark.join(map(str, r)) for r in rows), "utf-8")
    found = read(path)
    assert people(found) == EXPECTED
    assert [e.row for e in found.entries] == [2, 3]


def test_a_table_may_start_anywhere_and_keeps_excels_row_numbers(tmp_path):
    path = xlsx(tmp_path / "a.xlsx", [HEAD, *PEOPLE], at="C4")
    found = read(path)
    assert people(found) == EXPECTED
    assert [e.row for e in found.entries] == [5, 6]
    assert [c.as_json()["column"] for c in found.tables[0].header.columns] == ["C", "D", "E", "F"]


def test_titles_merged_cells_numbering_sections_and_footers(tmp_path):
    rows = [
        ["UBND PHƯỜNG MÁY TƠ"], ["DANH SÁCH HỘ DÂN"], ["(Kèm theo Công văn số 12/UBND)"], [],
        HEAD[:3], ["(1)", "(2)", "(3)"], ["TỔ DÂN PHỐ SỐ 3"], PEOPLE[0][:3], ["TỔ DÂN PHỐ SỐ 4"],
        PEOPLE[1][:3], ["Tổng cộng: 2 người"], ["", "", "Người lập biểu"], ["", "", "Trần Văn Ký"],
    ]  # fmt: skip

    def merge(sheet):
        for span in ("A1:C1", "A2:C2", "A3:C3", "A7:C7", "A9:C9", "A11:C11"):
            sheet.merge_cells(span)

    found = read(xlsx(tmp_path / "x.xlsx", rows, shape=merge), ward=None)
    assert [(e.name, e.residential_group, e.ward, e.row) for e in found.entries[:2]] == [
        ("Nguyễn Văn An", "TỔ DÂN PHỐ SỐ 3", "Máy Tơ", 8),
        ("Trần Thị Bình", "TỔ DÂN PHỐ SỐ 4", "Máy Tơ", 10),
    ]
    assert found.rows == 2


@pytest.mark.parametrize(
    "name", ["Tống Thị Cúc", "Trương Văn Nam", "TRƯƠNG THỊ MAI", "Tô Trường Giang", "Tô Quốc Khánh",
             "Công Văn Tú", "Khu Thị Hoa", "Cấn Bội Ngọc", "Tổng Duy Tân"],
)  # fmt: skip
def test_nobody_is_taken_for_a_footer_or_a_section(tmp_path, name):
    rows = [["Họ và tên", "Số điện thoại"], [name, ""], ["Lê Văn Cường", ""], [name, number(1)]]
    assert [e.name for e in read(xlsx(tmp_path / "a.xlsx", rows)).entries] == [
        name, "Lê Văn Cường", name
    ]  # fmt: skip


@pytest.mark.parametrize(
    "words", ["Tổng cộng: 1 người", "TỔNG SỐ", "Người lập biểu", "TRƯỞNG THÔN", "TỔ TRƯỞNG", "KT. CHỦ TỊCH",
              "Hải Phòng, ngày 01 tháng 11 năm 2026", "Danh sách này gồm 1 người", "CHỦ TỊCH UBND PHƯỜNG"],
)  # fmt: skip
def test_footers_are_no_people(tmp_path, words):
    rows = [["Họ và tên", "Số điện thoại"], [NAMES[0], number(1)], [words, ""], ["Trần Văn Ký", ""]]
    assert [e.name for e in read(xlsx(tmp_path / "a.xlsx", rows)).entries] == [NAMES[0]]


@pytest.mark.parametrize(
    "section", ["TỔ DÂN PHỐ SỐ 3", "Tổ 3", "TDP 3", "Khu 3", "Thôn Đoài", "Tổ Hoa Sen"]
)
def test_sections_name_the_group_of_the_rows_below(tmp_path, section):
    rows = [["Họ và tên", "Số điện thoại"], [section, ""], [NAMES[0], number(1)]]
    found = read(xlsx(tmp_path / "a.xlsx", rows))
    assert [(e.name, e.residential_group) for e in found.entries] == [(NAMES[0], section)]


def test_headings_repeated_on_every_page_and_a_second_table_below(tmp_path):
    rows = [HEAD, PEOPLE[0], HEAD, ["(1)", "(2)", "(3)", "(4)"], PEOPLE[1], [], ["Danh sách bổ sung"],
            ["Số điện thoại", "Họ và tên"], [number(3), "Lê Văn Cường"], ["", "Lê Thị Đào"]]  # fmt: skip
    found = read(xlsx(tmp_path / "a.xlsx", rows))
    assert people(found) == [*EXPECTED, ("Lê Văn Cường", plus(3), None), ("Lê Thị Đào", (), None)]


def test_headings_in_two_rows(tmp_path):
    rows = [
        ["STT", "Họ và tên", "Năm sinh", "", "Liên hệ", ""],
        ["", "", "Nam", "Nữ", "Di động", "ĐT bàn"],
        [1, "Nguyễn Văn An", 1956, "", number(1), "02253836123"],
        [2, "Trần Thị Bình", "", 1960, number(2), ""],
    ]
    rows[3:3] = rows[:2]  # once more, on the second page

    def merge(sheet):
        for span in ("A1:A2", "B1:B2", "C1:D1", "E1:F1"):
            sheet.merge_cells(span)

    found = read(xlsx(tmp_path / "a.xlsx", rows, shape=merge))
    assert [(e.name, e.phones, e.landlines) for e in found.entries] == [
        ("Nguyễn Văn An", plus(1), ("+842253836123",)), ("Trần Thị Bình", plus(2), ())
    ]  # fmt: skip
    assert found.dropped == {"birth": 2}


def test_the_real_headings_may_stand_in_the_second_row(tmp_path):
    rows = [["", "", "Thông tin liên lạc", ""], ["STT", "Họ tên", "SĐT", "TDP"], *PEOPLE]
    assert people(read(xlsx(tmp_path / "a.xlsx", rows))) == EXPECTED


def test_cells_merged_downwards_are_said_for_every_row(tmp_path):
    rows = [["Tổ dân phố", "Họ và tên", "Số điện thoại"], ["Tổ 4", NAMES[0], number(1)],
            ["", NAMES[1], number(2)]]  # fmt: skip
    found = read(xlsx(tmp_path / "a.xlsx", rows, shape=lambda s: s.merge_cells("A2:A3")))
    assert [e.residential_group for e in found.entries] == ["Tổ 4", "Tổ 4"]


def test_a_sheet_per_residential_group_and_a_hidden_sheet_is_said(tmp_path):
    def hide(sheet):
        sheet.sheet_state = "hidden"

    head = HEAD[:3]
    path = xlsx(tmp_path / "a.xlsx", [head, PEOPLE[0][:3]], name="TDP số 5",
                more=[("Tổ 7", [head, PEOPLE[1][:3]], hide), ("Ghi chú", [["Việc cần làm"]], None)])  # fmt: skip
    found = read(path)
    assert [(e.name, e.residential_group, e.sheet) for e in found.entries] == [
        (NAMES[0], "TDP số 5", "TDP số 5"), (NAMES[1], "Tổ 7", "Tổ 7")
    ]  # fmt: skip
    assert [(f.code, f.sheet) for f in found.needs_review] == [("hidden_sheet", "Tổ 7")]


@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_hidden_rows_are_read_and_said(tmp_path, kind):
    path, rows = tmp_path / f"a.{kind}", [HEAD, *PEOPLE]
    if kind == "xlsx":

        def hide(sheet):
            sheet.row_dimensions[3].hidden = True

        xlsx(path, rows, shape=hide)  # fmt: skip
    else:
        {"xls": xls, "ods": ods}[kind](path, rows, hidden=[3])
    found = read(path)
    assert people(found) == EXPECTED
    assert [(f.code, f.row, f.value) for f in found.needs_review] == [("hidden_rows", 3, "3")]


def test_a_number_in_a_comment_is_said_not_lost(tmp_path):
    from openpyxl.comments import Comment

    def note(sheet):
        sheet["C2"].comment = Comment(f"số mới: {number(8)}", "Lan")
        sheet["B3"].comment = Comment("đã gặp", "Lan")

    found = read(xlsx(tmp_path / "a.xlsx", [HEAD, *PEOPLE], shape=note))
    assert people(found) == EXPECTED
    assert [(f.code, f.row, f.column) for f in found.needs_review] == [("comment", 2, "C")]
    assert number(8) in found.needs_review[0].value


def test_sheets_that_are_collected_first_keep_their_rows(tmp_path):
    path = xlsx(tmp_path / "a.xlsx", [HEAD, *PEOPLE], more=[("Tổ 7", [HEAD, *PEOPLE], None)])
    assert [len(list(s.rows)) for s in list(read_sheets(path))] == [3, 3]


def test_thousands_of_ghost_rows_are_nothing(tmp_path):
    from openpyxl.styles import Font

    def ghosts(sheet):
        for row in range(4, 6000):
            sheet.cell(row, 2).font = Font(bold=True)
        sheet.cell(6001, 1, " ")

    found = read(xlsx(tmp_path / "a.xlsx", [HEAD, *PEOPLE], shape=ghosts))
    assert (found.rows, people(found)) == (2, EXPECTED)


def test_doubled_headings_give_several_numbers_and_one_name(tmp_path):
    rows = [["Họ và tên", "Điện thoại", "Điện thoại", "Họ và tên"],
            [NAMES[0], number(1), number(2), "Trần Thị Mẹ"]]  # fmt: skip
    found = read(xlsx(tmp_path / "a.xlsx", rows))
    assert [(e.name, e.phones) for e in found.entries] == [(NAMES[0], plus(1) + plus(2))]


def test_no_headings_at_all_are_told_by_content_with_how_sure(tmp_path):
    rows = [[n, p, g] for _, n, p, g in PEOPLE] + [["Lê Văn Cường", "không có", "Tổ 3"]]
    found = read(xlsx(tmp_path / "a.xlsx", rows))
    assert people(found)[:2] == EXPECTED
    assert len(found.entries) == 3
    columns = {c.field: (c.how, c.sure) for c in found.tables[0].header.columns}
    assert columns["phone"] == ("content", 0.67)
    assert columns["name"] == columns["residential_group"] == ("content", 1.0)


@pytest.mark.parametrize(
    "name, phone, sure",
    [("HỌ VÀ TÊN", "SĐT", 1.0), ("Ho ten", "So DT", 1.0), ("Họ, chữ đệm và tên", "Điện thoại", 1.0),
     ("Họ và tên (in hoa)", "Số điện thoại (Zalo)", 0.95), ("Họ và tên công dân", "ĐTDĐ", 1.0),
     ("Họ và tên người dân", "Số đt liên lạc", 0.8), ("Họ và tênn", "Số điên thoại", 1.0),
     ("Full name", "Mobile", 1.0), ("Họ và tên", "Số điện thọai chính", 0.8)],
)  # fmt: skip
def test_headings_as_wards_write_them(tmp_path, name, phone, sure):
    found = read(xlsx(tmp_path / "a.xlsx", [[name, phone], [NAMES[0], number(1)]]))
    assert [(e.name, e.phones) for e in found.entries] == [(NAMES[0], plus(1))]
    assert min(c.sure for c in found.tables[0].header.columns) <= sure


def test_family_name_and_given_name_in_two_columns(tmp_path):
    rows = [["Họ đệm", "Tên", "SĐT"], ["Nguyễn Văn", "An", number(1)]]
    assert read(xlsx(tmp_path / "a.xlsx", rows)).entries[0].name == "Nguyễn Văn An"


def test_a_remembered_column_needs_no_word_and_a_said_one_wins(tmp_path):
    path = xlsx(tmp_path / "a.xlsx", [["Người", "Máy", "Gọi"], [NAMES[0], number(1), number(2)]])
    remembered = {"Máy Tơ": {"nguoi": "name", "may": "phone"}}
    found = read(path, remembered=remembered)
    assert people(found)[0][:2] == (NAMES[0], plus(1))
    assert {c.how for c in found.tables[0].header.columns if c.field} == {"remembered"}
    said = read(path, remembered=remembered, choices={"phone": "Gọi"})
    assert people(said)[0][:2] == (NAMES[0], plus(2))
    with pytest.raises(Problem, match="no column"):
        read(path, choices={"phone": "Không có"})
    with pytest.raises(Problem, match="field"):
        read(path, choices={"phonne": "Máy"})


def test_other_columns_are_kept_only_when_asked_for(tmp_path):
    rows = [[*HEAD, "Đường", "Số CCCD", "Ngày sinh"],
            [*PEOPLE[0], "Lạch Tray", "031056001234", "01/02/1956"]]  # fmt: skip
    path = xlsx(tmp_path / "a.xlsx", rows)
    plain = read(path)
    assert plain.entries[0].kept is None
    assert plain.dropped == {"identity": 1, "birth": 1}
    kept = read(path, choices={"row.duong": "Đường"}, keep_birth_dates="thăm người cao tuổi")
    assert kept.entries[0].kept == {"duong": "Lạch Tray", "ngay_sinh": "01/02/1956"}
    assert kept.dropped == {"identity": 1}


def test_several_numbers_in_a_cell_keep_their_notes(tmp_path):
    cell = f"{number(1)} (vợ) / {number(2)} (Zalo)"
    found = read(xlsx(tmp_path / "a.xlsx", [HEAD, [1, NAMES[0], cell, "Tổ 1"]]))
    (entry,) = found.entries
    assert entry.phones == plus(1) + plus(2)
    assert entry.notes == {plus(1)[0]: "vợ", plus(2)[0]: "Zalo"}


def test_a_household_list_where_only_the_head_has_a_phone(tmp_path):
    rows = [["Họ và tên", "Quan hệ với chủ hộ", "Điện thoại"], [NAMES[0], "Chủ hộ", number(1)],
            [NAMES[1], "Vợ", ""], ["Lê Văn Cường", "Chủ hộ", number(2)], ["Lê Thị Đào", "Con", ""]]  # fmt: skip
    found = read(xlsx(tmp_path / "a.xlsx", rows))
    assert [(e.name, e.household) for e in found.entries] == [
        (NAMES[0], NAMES[0]), (NAMES[1], NAMES[0]), ("Lê Văn Cường", "Lê Văn Cường"),
        ("Lê Thị Đào", "Lê Văn Cường"),
    ]  # fmt: skip


def test_somebody_may_take_messages_for_a_person_without_a_phone(tmp_path):
    rows = [["Họ và tên", "Điện thoại", "Người nhận thay", "SĐT người nhận thay"],
            [NAMES[0], "", "Trần Thị Con", number(3)]]  # fmt: skip
    (entry,) = read(xlsx(tmp_path / "a.xlsx", rows)).entries
    assert (entry.phones, entry.notes) == (plus(3), {plus(3)[0]: "nhận thay: Trần Thị Con"})


def test_a_landline_column_makes_old_landlines_suspects(tmp_path):
    rows = [["Họ và tên", "Điện thoại bàn"], [NAMES[0], "0333836123"], [NAMES[1], "02253836123"]]
    found = read(xlsx(tmp_path / "a.xlsx", rows))
    assert [f.code for f in found.needs_review] == ["old_landline"]
    assert [(e.phones, e.landlines) for e in found.entries] == [((), ()), ((), ("+842253836123",))]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1258"]
)
def test_text_in_any_unicode_or_windows_encoding(tmp_path, encoding):
    import unicodedata

    text = "\n".join(",".join(map(str, r)) for r in [HEAD, *PEOPLE]) + "\n"
    if encoding == "cp1258":
        text = "".join(_for_1258(c) for c in text)
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode(encoding))
    found = read(path)
    assert people(found) == EXPECTED
    assert all(unicodedata.is_normalized("NFC", e.name) for e in found.entries)
    path.write_bytes(unicodedata.normalize("NFD", text).encode("utf-8"))
    assert people(read(path)) == EXPECTED
    assert [f.code for f in found.repaired] == (["cp1258"] if encoding == "cp1258" else [])


def _for_1258(char):
    """windows-1258 has letters with hats and horns, and the tones as marks after them."""
    import unicodedata

    try:
        char.encode("cp1258")
        return char
    except UnicodeEncodeError:
        pieces = unicodedata.normalize("NFD", char)
        tone = next(c for c in pieces if c in "\u0300\u0301\u0303\u0309\u0323")
        return unicodedata.normalize("NFC", pieces.replace(tone, "")) + tone


@pytest.mark.parametrize(
    "code, rows",
    [("tcvn3", ["Hä vµ tªn,Sè ®iÖn tho¹i", "NguyÔn V¨n An,{}", "TrÇn ThÞ B×nh,{}"]),
     ("vni", ["Hoï vaø teân,Soá ñieän thoaïi", "Nguyeãn Vaên An,{}", "Traàn Thò Bình,{}"]),
     ("viqr", ["Ho. va` te^n,So^' ddie^.n thoa.i", "Nguye^~n Va(n An,{}", "Tra^`n Thi. Bi`nh,{}"])],
)  # fmt: skip
@pytest.mark.parametrize("how", ["latin-1", "utf-8"])
def test_legacy_fonts_in_text_files(tmp_path, code, rows, how):
    path = tmp_path / "a.csv"
    path.write_bytes("\n".join(rows).format(number(1), number(2)).encode(how))
    found = read(path)
    assert [e.name for e in found.entries] == NAMES
    assert [f.code for f in found.repaired] == [code]


@pytest.mark.parametrize("kind", ["xlsx", "xls"])
def test_one_name_in_a_legacy_font_is_told_by_the_font(tmp_path, kind):
    rows = [["Ho ten", "SDT"], ["Hoa", number(1)], ["L· H\u00adng", number(2)]]
    path = tmp_path / f"a.{kind}"
    if kind == "xls":
        xls(path, rows, font=".VnTime")
    else:
        from openpyxl.styles import Font

        def vn(sheet):
            sheet["A3"].font = Font(name=".VnTimeH")

        xlsx(path, rows, shape=vn)  # fmt: skip
    found = read(path)
    assert [e.name for e in found.entries] == ["Hoa", "LÃ HƯNG" if kind == "xlsx" else "Lã Hưng"]
    assert [f.code for f in found.repaired] == ["tcvn3"]


def test_misread_utf8_and_invisible_characters_are_repaired_and_said(tmp_path):
    rows = [["Họ và tên", "SĐT"], ["Nguyá»…n VÄƒn An", number(1)],
            ["Trần\u200b Thị \u202eBình", number(2)], ["  Lê   Văn\u00a0Cường ", number(3)]]  # fmt: skip
    found = read(xlsx(tmp_path / "a.xlsx", rows))
    assert [e.name for e in found.entries] == [*NAMES, "Lê Văn Cường"]
    assert [(f.code, f.row) for f in found.repaired] == [("utf8_as_cp1252", 2), ("invisible", 3)]


def test_a_file_in_two_encodings_names_the_row(tmp_path):
    path = tmp_path / "a.csv"
    lines = [f"{n},{number(i)}" for i, n in enumerate(NAMES * 20)]
    path.write_bytes(
        "\n".join(["Họ tên,SĐT", *lines]).encode() + b"\nNguy\xd4n V\xa8n An,0951234567\n"
    )
    with pytest.raises(Problem, match="row 42"):
        read(path)


def test_many_files_and_folders_at_once_without_excels_own_leftovers(tmp_path):
    xlsx(tmp_path / "may-to.xlsx", [HEAD, PEOPLE[0]])
    (tmp_path / "khac").mkdir()
    xlsx(tmp_path / "khac" / "cau-tre.xlsx", [HEAD, PEOPLE[1]])
    (tmp_path / "~$may-to.xlsx").write_bytes(b"lock")
    found = read(*files_in([tmp_path, tmp_path / "may-to.xlsx"]), ward=None)
    assert sorted((e.name, e.ward) for e in found.entries) == [
        (NAMES[0], "Máy Tơ"), (NAMES[1], "Cầu Tre")
    ]  # fmt: skip


def test_formulas_are_text_or_their_last_value_and_nothing_runs(tmp_path):
    rows = [
        ["Họ và tên", "SĐT"],
        ["=1+1", number(1)],
        ['=HYPERLINK("http://x.invalid")', number(2)],
    ]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(f'"{a.replace(chr(34), chr(34) * 2)}",{b}' for a, b in rows), "utf-8")
    assert [e.name for e in read(path).entries] == ["=1+1", '=HYPERLINK("http://x.invalid")']
