"""Lists: a workbook beside openpyxl, a million rows beside a bare loop, phones."""

from __future__ import annotations

import csv
import gc
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from benchmarks import sites
from dispatcher.db.database import Tx
from dispatcher.domain import phone
from dispatcher.domain.model import SYSTEM
from dispatcher.importing.entries import read_listing
from dispatcher.importing.listing import ImportContext, Listing
from dispatcher.importing.merge import merge, store
from dispatcher.importing.sheets import read_sheets
from dispatcher.simulators.vendors.residents import invent, number

HEAD = ["STT", "Họ và tên", "Số điện thoại", "Tổ dân phố", "Chủ hộ", "Ghi chú"]
SAMPLES = ("095",)


def rows(count: int, groups: int) -> Iterator[list[str]]:
    """Invented people, four to a household, as a ward's list has them."""
    people = [p.name for p in invent(min(count, 20_000))]
    for i in range(count):
        name = people[i % len(people)]
        again = i // len(people)
        yield [str(i + 1), f"{name} {again}" if again else name, number(i),
               f"Tổ {i // 4 % groups + 1}", f"Hộ {i // 4}", ""]  # fmt: skip


def workbook(path: Path, count: int) -> None:
    import xlsxwriter

    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = book.add_worksheet("Danh sách")
    for at, row in enumerate([HEAD, *rows(count, 40)]):
        sheet.write_row(at, 0, row)
    book.close()


def text(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEAD)
        writer.writerows(rows(count, 400))


def read(path: Path) -> Listing:
    context = ImportContext({"may to": "Máy Tơ"}, "Máy Tơ", None, SAMPLES)
    return read_listing(read_sheets(path), context)


def by_openpyxl(path: Path) -> float:
    """Seconds until openpyxl has handed over every row."""
    import openpyxl

    began = time.perf_counter()
    book = openpyxl.load_workbook(path, read_only=True)
    count = sum(1 for _ in book.active.iter_rows(values_only=True))
    assert count > 1
    book.close()
    return time.perf_counter() - began


def by_us(path: Path, count: int) -> float:
    """Seconds until every row is a person or a finding."""
    began = time.perf_counter()
    found = read(path)
    assert len(found.entries) == count
    return time.perf_counter() - began


def peak(path: Path, root: Path) -> float:
    """MB of a whole dry run of `contacts import`, in all its processes at the same time."""
    words = [sys.executable, "-m", "dispatcher", "--site", str(root), "-q", "contacts", "import",
             str(path), "--ward", "Máy Tơ", "--dry-run"]  # fmt: skip
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    most = 0.0
    while process.poll() is None:
        most = max(most, sum(_resident(p) for p in (process.pid, *_children(process.pid))))
        time.sleep(0.02)
    assert process.returncode == 0
    return most


def _resident(pid: int) -> float:
    with suppress(OSError, StopIteration):
        with open(f"/proc/{pid}/status", encoding="utf-8") as status:
            return int(next(line for line in status if line.startswith("VmRSS")).split()[1]) / 1024
    return 0.0


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as found:
            return [int(child) for child in found.read().split()]
    return []


def imported(path: Path, root: Path) -> float:
    """Seconds to read, judge, compare and store a list in a new site."""
    app = sites.site(root, 0)
    gc.disable()  # as the command does
    began = time.perf_counter()
    listing = read(path)
    with app.begin(SYSTEM)() as tx:
        plan = merge(tx, listing.entries)
        store(tx, plan, [{"name": path.name}], SAMPLES)
    took = time.perf_counter() - began
    gc.enable()
    app.store.close()
    return took


def bare(path: Path, root: Path) -> float:
    """Seconds of csv, a regular expression, encryption and executemany: same tables and indexes."""
    app = sites.site(root, 0)
    mobile = re.compile(r"0(\d{9})").fullmatch
    gc.disable()
    began = time.perf_counter()
    with app.begin(SYSTEM)() as tx, path.open(encoding="utf-8", newline="") as file:
        ward = tx.value("SELECT id FROM areas WHERE name = 'Máy Tơ'")
        reader = csv.reader(file)
        next(reader)
        people, addresses, links = [], [], []
        for i, row in enumerate(reader, 1):
            found = mobile(row[2])
            assert found
            cipher = tx.sealer.address("mobile", f"+84{found[1]}")
            name = tx.sealer.seal(row[1])
            people.append((i, ward, name[:16] + i.to_bytes(4, "big"), name, 0, 0))
            addresses.append((i, cipher))
            links.append((i, i))
        _put(tx, people, addresses, links)
    took = time.perf_counter() - began
    gc.enable()
    app.store.close()
    return took


def _put(tx: Tx, people: list[tuple[object, ...]], addresses: list[tuple[int, bytes]],
         links: list[tuple[int, int]]) -> None:  # fmt: skip
    run = tx.connection.exec_driver_sql
    run(
        "INSERT INTO contacts (id, ward_id, kind, name_key, ordinal, name_sealed, title, source, "
        "source_row, created_at, updated_at) VALUES (?, ?, 'person', ?, 0, ?, '', '', 0, ?, ?)",
        people,
    )
    run("INSERT INTO addresses (id, cipher, kind, tail) VALUES (?, ?, 'mobile', '')", addresses)
    run("INSERT INTO contact_addresses (contact_id, position, address_id) VALUES (?, 0, ?)", links)
    tx.note("bench", "contacts", "")


def phones(count: int) -> float:
    """Ordinary phone cells a second: nearly all plain, some with dots or without their zero."""
    dress = [lambda n: n] * 7 + [lambda n: n[1:], lambda n: f"+84{n[1:]}",
                                 lambda n: f"{n[:4]}.{n[4:7]}.{n[7:]}"]  # fmt: skip
    cells = [dress[i % 10](number(i)) for i in range(count)]
    began = time.perf_counter()
    usable = sum(phone.read(cell, SAMPLES).ok for cell in cells)
    took = time.perf_counter() - began
    assert usable == count
    return count / took
