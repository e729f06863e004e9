"""Files that mean harm, or are broken in every way: name → bytes, and whether it may be read."""

import io
import random
import struct
import zipfile
import zlib
from functools import cache

CELLS = '<row r="1"><c r="A1" t="inlineStr"><is><t>Họ và tên</t></is></c><c r="B1" t="inlineStr"><is><t>SĐT</t></is></c></row>'
GOOD = (
    CELLS
    + '<row r="2"><c r="A2" t="inlineStr"><is><t>An</t></is></c><c r="B2" t="inlineStr"><is><t>0951234567</t></is></c></row>'
)
TYPES = ('<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
         '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
         '<Default Extension="xml" ContentType="application/xml"/>'
         '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
         '<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>')  # fmt: skip
RELS = ('<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{}" Target="{}"/></Relationships>')  # fmt: skip
BOOK = ('<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
        ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
        '<sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>')  # fmt: skip
SHEET = ('<?xml version="1.0" encoding="UTF-8"?>{}<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
         "<sheetData>{}</sheetData></worksheet>")  # fmt: skip


def book(rows=GOOD, before="", **more):
    """A workbook by hand; `more`: entry name → bytes, None leaves one out."""
    parts = {
        "[Content_Types].xml": TYPES, "_rels/.rels": RELS.format("officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": BOOK, "xl/_rels/workbook.xml.rels": RELS.format("worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": SHEET.format(before, rows),
    } | more  # fmt: skip
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            if content is not None:
                archive.writestr(name, content)
    return out.getvalue()


def cell(ref, text, kind="inlineStr"):
    inner = f"<is><t>{text}</t></is>" if kind == "inlineStr" else f"<v>{text}</v>"
    return f'<c r="{ref}" t="{kind}">{inner}</c>'


def lying(size):
    """The directory says that the sheet is small; it unpacks to `size` bytes."""
    raw = bytearray(book(GOOD + " " * size))
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = 0
        while (place := raw.find(mark, place)) >= 0:
            name_at = place + (30 if mark == b"PK\x03\x04" else 46)
            if raw[name_at:].startswith(b"xl/worksheets/"):
                struct.pack_into("<I", raw, place + at, 2000)
            place += 4
    return bytes(raw)


def overlapping():
    """Many entries that share the bytes of one."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.xml", b" " * 500_000)
        for i in range(50):
            info = zipfile.ZipInfo(f"b{i}.xml")
            first = archive.infolist()[0]
            for name in ("header_offset", "compress_size", "file_size", "CRC", "compress_type"):
                setattr(info, name, getattr(first, name))
            archive.filelist.append(info)
            archive.NameToInfo[info.filename] = info
    return out.getvalue()


def many(count):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for i in range(count):
            archive.writestr(f"x{i}.xml", b"")
    return out.getvalue()


LAUGHS = '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'


@cache
def workbooks():
    """Workbooks that mean harm."""
    found = {
        "bomb": book(GOOD + " " * 60_000_000), "bomb in another part": book(**{"xl/media/x.bin": b"\0" * 90_000_000}),
        "lying sizes": lying(40_000_000), "lying a little": lying(3_000),
        "overlapping entries": overlapping(), "thousands of entries": many(5000),
        "billion laughs": book(cell("A1", "&c;"), LAUGHS), "external entity": book(cell("A1", "&e;"), OUTSIDE),
        "a far cell": book(CELLS + '<row r="1048576">' + cell("XFD1048576", "x") + "</row>"),
        "two far cells": book('<row r="1">' + cell("A1", "x") + '</row><row r="1048576">' + cell("XFD1048576", "x") + "</row>"),
        "all columns": book('<row r="1">' + "".join(cell(f"{_letters(i)}1", "Họ và tên") for i in range(16_384)) + "</row>"),
        "a row number out of range": book('<row r="99999999999">' + cell("A99999999999", "x") + "</row>"),
        "a cell reference that is none": book('<row r="1">' + cell("$$$", "x") + "</row>"),
        "a huge cell": book('<row r="1">' + cell("A1", "x" * 30_000_000) + "</row>"),
        "deep tags": book("<row>" * 200_000), "no sheet part": book(**{"xl/worksheets/sheet1.xml": None}),
        "no workbook part": book(**{"xl/workbook.xml": None}), "no relations": book(**{"xl/_rels/workbook.xml.rels": None}),
        "shared string out of range": book('<row r="1">' + cell("A1", "999999", "s") + "</row>"),
        "an error cell": book(CELLS + '<row r="2">' + cell("A2", "#REF!", "e") + cell("B2", "0951234567") + "</row>"),
        "a formula": book(CELLS + '<row r="2"><c r="A2" t="str"><f>HYPERLINK("http://x.invalid")</f><v>An</v></c>' + cell("B2", "0951234567") + "</row>"),
        "macros": book(**{"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0" + bytes(2000)}),
        "external links": book(**{"xl/externalLinks/externalLink1.xml": '<externalLink><externalBook r:id="rId1"/></externalLink>'}),
        "NULs in a cell": book('<row r="1">' + cell("A1", "a\x00b") + "</row>"),
        "not XML at all": book(**{"xl/worksheets/sheet1.xml": bytes(range(256)) * 50}),
        "UTF-16 parts": book(**{"xl/worksheets/sheet1.xml": SHEET.format(LAUGHS, GOOD).encode("utf-16")}),
        "a zip in a zip": book(**{"xl/worksheets/sheet1.xml": book()}), "only the end of a zip": b"PK\x05\x06" + bytes(18),
        "a zip that is no workbook": many(3), "a password": _locked(), "old and broken": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(5000),
        "old and endless": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(40) + struct.pack("<I", 0xFFFFFFF0) + bytes(600),
        "names that climb": book(**{"../../../etc/x.xml": "<x/>", "/abs.xml": "<x/>"}),
        "strange compression": _strange(),
    }  # fmt: skip
    for i in range(1, 8):  # every sort of entry bombed
        found[f"bomb {i}"] = book(**{f"xl/part{i}.xml": b"<x>" + b"a" * (i * 9_000_000)})
    return found


def _letters(i):
    name = ""
    i += 1
    while i:
        i, rest = divmod(i - 1, 26)
        name = chr(65 + rest) + name
    return name


def _locked():
    raw = bytearray(book())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = 0
        while (place := raw.find(mark, place)) >= 0:
            raw[place + at] |= 1
            place += 4
    return bytes(raw)


def _strange():
    raw = bytearray(book())
    for mark, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        place = 0
        while (place := raw.find(mark, place)) >= 0:
            struct.pack_into("<H", raw, place + at, 97)
            place += 4
    return bytes(raw)


@cache
def texts():
    """Text files that mean harm."""
    head = "Họ và tên,SĐT\n"
    return {
        "empty": b"", "only blanks": b" \n\t\r\n " * 100, "only marks": b"\xef\xbb\xbf", "only NULs": bytes(5000),
        "binary": bytes(range(256)) * 300, "noise": random.Random(1).randbytes(300_000),
        "one endless line": b"x" * 30_000_000, "one endless cell": b'"' + b"x" * 30_000_000,
        "a million columns": b"," * 1_000_000, "an open quote": (head + '"An,0951234567\n' * 50_000).encode(),
        "NUL in a cell": (head + "A\x00n,0951234567\n").encode(), "UTF-16 cut": "Họ tên,SĐT".encode("utf-16")[:-1],
        "UTF-16 of nothing": b"\xff\xfe" + b"\x00\xd8" * 500, "two encodings": (head + "An,1\n").encode() + "Nguyễn,1\n".encode("utf-16"),
        "HTML": b"<html><table><tr><td>An</td></tr></table></html>", "HTML renamed": b"<!DOCTYPE html><table>",
        "PDF": b"%PDF-1.7 ...", "RTF": b"{\\rtf1 x}", "a picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
        "an XML workbook": b'<?xml version="1.0"?><Workbook/>', "RAR": b"Rar!\x1a\x07\x00" + bytes(100),
        "gzip": zlib.compress(head.encode()), "right to left": (head + "\u202eAn\u202c,\u200f0951234567\n").encode(),
        "look-alike digits": (head + "An,٠٩٥١٢٣٤٥٦٧\nBình,О951234567\n").encode(),  # Arabic; a Cyrillic O
        "formulas": (head + "=1+1,0951234567\n@SUM(A1),0951234568\n-2+3,+84951234569\n\t=x,0951234560\n").encode(),
        "deep quotes": (head + '"""' * 40_000 + "\n").encode(), "forty rows of one phone": (head + "An,0951234567\n" * 40).encode(),
        "carriage returns": (head.replace("\n", "\r") + "An,0951234567\r" * 1000).encode(),
        "semicolons and commas": b"a;b,c;d,e\n" * 100, "no list": b"xin chao cac ban\n" * 1000,
    }  # fmt: skip


def mutated(count, seed=1):
    """A good workbook or list with some bytes changed, cut or doubled."""
    dice = random.Random(seed)
    plain = ("Họ và tên,SĐT,Tổ\n" + "Nguyễn Văn An,0951234567,Tổ 1\n" * 50).encode()
    found = {}
    for i in range(count):
        kind, source = ("xlsx", book()) if i % 3 else ("csv", plain)
        raw = bytearray(source)
        for _ in range(dice.randint(1, 8)):
            at = dice.randrange(len(raw)) if raw else 0
            match dice.randrange(4):
                case 0 if raw:
                    raw[at] = dice.randrange(256)
                case 1:
                    del raw[at : at + dice.randint(1, 40)]
                case 2:
                    raw[at:at] = dice.randbytes(dice.randint(1, 40))
                case 3:
                    raw = raw[: max(at, 8)]
        found[f"mutation {i}.{kind}"] = bytes(raw)
    return found


def everything():
    """File name → bytes; at least three hundred."""
    found = {f"{name}.xlsx": raw for name, raw in workbooks().items()}
    found |= {f"{name}.xls": raw for name, raw in workbooks().items() if "old" in name}
    found |= {f"{name}.csv": raw for name, raw in texts().items()}
    return found | mutated(300 - len(found) + 20)
