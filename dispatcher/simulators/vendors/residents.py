"""Invented residents, as the sheets of a ward have them. Nobody here exists.

Mobile numbers lie in 095, a head allotted to nobody; landlines begin with a 0 after the area code,
which no exchange has. The seed is fixed, so the same lists are written again by
`python -m dispatcher.simulators.vendors.residents contacts`.
"""

from __future__ import annotations

import csv
import random
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from dispatcher.domain.sms import unaccent

WARDS = ("Máy Chai", "Máy Tơ", "Vạn Mỹ", "Cầu Tre", "Lạc Viên", "Cầu Đất", "Gia Viên",
         "Đông Khê", "Lê Lợi", "Đằng Giang", "Lạch Tray", "Đồng Quốc Bình")  # fmt: skip
SURNAMES = ("Nguyễn",) * 8 + ("Trần",) * 3 + ("Lê",) * 2 + (
    "Phạm", "Phạm", "Hoàng", "Vũ", "Vũ", "Đặng", "Bùi", "Đỗ", "Đào", "Ngô", "Lương",
    "Đoàn")  # fmt: skip
MALE = ("Văn", "Đức", "Quang", "Minh", "Hữu", "Công", "Xuân", "Thành")
FEMALE = ("Thị", "Thị", "Thị", "Thu", "Ngọc", "Thanh", "Kim")
GIVEN_M = ("An", "Bình", "Cường", "Dũng", "Đạt", "Hải", "Hùng", "Khánh", "Long", "Nam", "Phong",
           "Quân", "Sơn", "Thắng", "Tuấn", "Việt", "Hiếu", "Trung", "Vinh", "Đông")  # fmt: skip
GIVEN_F = ("Anh", "Bích", "Châu", "Dung", "Giang", "Hà", "Hạnh", "Hoa", "Hương", "Lan", "Liên",
           "Mai", "Nga", "Oanh", "Phương", "Thảo", "Thủy", "Trang", "Vân", "Yến",
           "Hòa")  # fmt: skip
GROUPS = ("Trường học", "Cơ quan", "Công an phường", "Mặt trận Tổ quốc", "Tổ công tác Đề án 06",
          "Tổ công nghệ số cộng đồng", "Tổ bảo vệ an ninh trật tự")  # fmt: skip
LEAST_GROUPS, SEED = 6, 492


@dataclass(frozen=True)
class Resident:
    ward: str
    group: int
    household: str  # its head's name
    name: str
    born: int
    phone: str  # as typed: 0951234567, or empty


def invent(count: int, seed: int = SEED, wards: Sequence[str] = WARDS) -> list[Resident]:
    """`count` people in households of one to six, spread over the wards and their groups."""
    draw = random.Random(seed)
    people: list[Resident] = []
    serial = 0
    for index, ward in enumerate(wards):
        share = count // len(wards) + (index < count % len(wards))
        made = 0
        groups = LEAST_GROUPS + index % 3
        while made < share:
            group = made * groups // max(share, 1) + 1
            size = min(draw.choice((1, 2, 3, 3, 4, 4, 5, 6)), share - made)
            surname = draw.choice(SURNAMES)
            head, head_phone = "", ""
            names: set[str] = set()
            for member in range(size):
                name = _name(draw, surname if member != 1 else draw.choice(SURNAMES), member)
                while name in names:  # one family does not give a name twice
                    name = _name(draw, surname, member)
                names.add(name)
                born = draw.randint(1945, 2000) if member < 2 else draw.randint(1950, 2012)
                head = head or name
                chance = draw.random()
                serial += 1
                phone = number(serial) if chance < (0.93 if member < 2 else 0.62) else ""
                if not phone and head_phone and chance > 0.82:
                    phone = head_phone  # a child or grandparent under the family's number
                head_phone = head_phone or phone
                people.append(Resident(ward, group, head, name, born, phone))
            made += size
    return people


def _name(draw: random.Random, surname: str, member: int) -> str:
    if draw.random() < 0.5 if member else draw.random() < 0.7:
        return f"{surname} {draw.choice(MALE)} {draw.choice(GIVEN_M)}"
    return f"{surname} {draw.choice(FEMALE)} {draw.choice(GIVEN_F)}"


def number(serial: int) -> str:
    """The serial-th number of 095: all different, carriers mixed."""
    return f"095{(serial * 6_700_417 + 1_234_567) % 10_000_000:07d}"


def slug(ward: str) -> str:
    return unaccent(ward).lower().replace(" ", "-")


# --- the shapes wards really have -------------------------------------------------------------


def write(
    folder: Path, people: Iterable[Resident], *, all_csv: bool = False, as_typed: bool = True
) -> list[Path]:
    """One file per ward: three workbooks as wards keep them, the rest CSV.

    `as_typed`: numbers as people type them, zeros lost and dots put in.
    """
    folder.mkdir(parents=True, exist_ok=True)
    by_ward: dict[str, list[Resident]] = {}
    for person in people:
        by_ward.setdefault(person.ward, []).append(person)
    written = []
    for index, (ward, residents) in enumerate(by_ward.items()):
        shape = None if all_csv else _SHAPES.get(ward)
        path = folder / f"{slug(ward)}{'.xlsx' if shape else '.csv'}"
        if shape:
            _workbook(path, ward, residents, shape)
        else:
            _csv(path, residents, index, as_typed)
        written.append(path)
    return written


_SHAPES = {"Máy Chai": "titles", "Cầu Đất": "sheets", "Đông Khê": "sections"}


def _csv(path: Path, people: list[Resident], index: int, as_typed: bool) -> None:
    """Comma or semicolon, with or without BOM; some phones typed with dots, some zeros lost."""
    delimiter = ";" if index % 3 == 1 else ","
    with path.open("w", encoding="utf-8-sig" if index % 2 else "utf-8", newline="") as file:
        sheet = csv.writer(file, delimiter=delimiter, lineterminator="\r\n")
        sheet.writerow(["STT", "Họ và tên", "Năm sinh", "Số điện thoại", "Tổ dân phố", "Chủ hộ"])
        for row, person in enumerate(people, 1):
            phone = _typed(person.phone, row, index) if as_typed else person.phone
            sheet.writerow([row, person.name, person.born, phone, f"TDP số {person.group}",
                            person.household])  # fmt: skip


def _typed(phone: str, row: int, index: int) -> str:
    """A phone as people type it."""
    if not phone:
        return ""
    if row == 41 and index % 2:  # two numbers in one cell: a person must look
        return f"{phone} / {number(9_000_000 + index)}"
    if row == 57 and index % 3 == 0:
        return f"02250{phone[-6:]}"  # only a landline
    if row % 19 == 0:
        return phone[1:]
    if row % 7 == 0:
        return f"{phone[:4]}.{phone[4:7]}.{phone[7:]}"
    return f"+84{phone[1:]}" if row % 31 == 0 else phone


def _workbook(path: Path, ward: str, people: list[Resident], shape: str) -> None:
    import xlsxwriter

    book = xlsxwriter.Workbook(str(path))
    book.set_properties({"title": "Danh sách bịa để chạy thử", "created": datetime(2023, 4, 1)})  # noqa: DTZ001
    bold = book.add_format({"bold": True})
    header = ["STT", "Họ và tên", "Số điện thoại", "Tổ dân phố", "Chủ hộ", "Ghi chú"]
    if shape == "sheets":
        for group in sorted({p.group for p in people}):
            sheet = book.add_worksheet(f"TDP {group}")
            sheet.write_row(0, 0, [h for h in header if h != "Tổ dân phố"], bold)
            for row, person in enumerate((p for p in people if p.group == group), 1):
                sheet.write_row(row, 0, [row, person.name])
                _phone(sheet, row, 2, person.phone, lost=row % 11 == 0)
                sheet.write(row, 3, person.household)
    elif shape == "titles":
        sheet = book.add_worksheet("Danh sách")
        sheet.merge_range("A1:C1", f"UBND PHƯỜNG {ward.upper()}", bold)
        sheet.merge_range("A2:F2", "DANH SÁCH NGƯỜI DÂN NHẬN TIN TUYÊN TRUYỀN", bold)
        sheet.merge_range("A3:F3", "(Kèm theo Công văn số 15/UBND-VHXH ngày 03/4/2023)")
        sheet.write_row(4, 0, header, bold)
        sheet.write_row(5, 0, [f"({i})" for i in range(1, 7)])
        for row, person in enumerate(people, 6):
            sheet.write_row(row, 0, [row - 5, person.name])
            _phone(sheet, row, 2, person.phone, lost=row % 9 == 0)
            sheet.write_row(row, 3, [f"Tổ {person.group}", person.household])
        sheet.write(len(people) + 7, 1, f"Tổng cộng: {len(people)} người")
        sheet.write(len(people) + 9, 4, "Người lập biểu")
    else:
        sheet = book.add_worksheet("Sheet1")
        sheet.write_row(0, 0, [f"UBND phường {ward}"], bold)
        sheet.write_row(1, 0, [h for h in header if h != "Tổ dân phố"], bold)
        row, group = 2, 0
        for serial, person in enumerate(people, 1):
            if person.group != group:
                group = person.group
                sheet.merge_range(row, 0, row, 4, f"TỔ DÂN PHỐ SỐ {group}", bold)
                row += 1
            sheet.write_row(row, 0, [serial, person.name])
            _phone(sheet, row, 2, person.phone, lost=True)  # the whole column typed as numbers
            sheet.write(row, 3, person.household)
            row += 1
    book.close()


def _phone(sheet: object, row: int, column: int, phone: str, *, lost: bool) -> None:
    if phone and lost:
        sheet.write_number(row, column, int(phone))  # type: ignore[attr-defined]
    elif phone:
        sheet.write_string(row, column, phone)  # type: ignore[attr-defined]


def write_offices(path: Path, wards: Sequence[str] = WARDS) -> None:
    """One list of schools, offices, police, fatherland front and the three community teams."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        sheet = csv.writer(file, lineterminator="\r\n")
        sheet.writerow(["STT", "Nhóm", "Tên đơn vị", "Điện thoại", "Phường"])
        serial = 0
        for ward in wards:
            for group, name in _offices(ward):
                serial += 1
                sheet.writerow([serial, group, name, number(8_000_000 + serial), ward])


def _offices(ward: str) -> list[tuple[str, str]]:
    return [
        ("Trường học", f"Trường Tiểu học {ward} (mẫu)"),
        ("Trường học", f"Trường THCS {ward} (mẫu)"),
        ("Cơ quan", f"Trạm Y tế phường {ward} (mẫu)"),
        ("Công an phường", f"Công an phường {ward} (mẫu)"),
        ("Mặt trận Tổ quốc", f"Ủy ban MTTQ phường {ward} (mẫu)"),
        ("Tổ công tác Đề án 06", f"Tổ công tác Đề án 06 phường {ward} (mẫu)"),
        ("Tổ công nghệ số cộng đồng", f"Tổ công nghệ số cộng đồng phường {ward} (mẫu)"),
        ("Tổ bảo vệ an ninh trật tự", f"Tổ bảo vệ an ninh, trật tự phường {ward} (mẫu)"),
    ]


def main(folder: str, count: int = 2400) -> None:
    """Write the sample lists of this repository."""
    write(Path(folder), islice(invent(count), count))
    write_offices(Path(folder) / "co-quan-doan-the.csv")


if __name__ == "__main__":
    main(sys.argv[1])
