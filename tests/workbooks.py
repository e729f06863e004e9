"""Spreadsheets as people make them: real XLSX by openpyxl, real XLS by xlwt, ODS as it is defined."""

import zipfile
from html import escape


def xlsx(path, rows, *, at="A1", name="Sheet1", shape=None, more=()):
    """`rows` from cell `at`; `shape` may do more to the sheet; `more`: (name, rows, shape) of others."""
    import openpyxl

    book = openpyxl.Workbook()
    for i, (title, content, act) in enumerate([(name, rows, shape), *more]):
        sheet = book.active if i == 0 else book.create_sheet()
        sheet.title = title
        first = sheet[at if i == 0 else "A1"]
        for r, row in enumerate(content):
            for c, value in enumerate(row):
                if value != "":
                    sheet.cell(first.row + r, first.column + c, value)
        if act:
            act(sheet)
    book.save(path)
    return path


def xls(path, rows, *, font=None, hidden=()):
    import xlwt

    book = xlwt.Workbook()
    sheet = book.add_sheet("Danh sach")
    style = xlwt.XFStyle()
    if font:
        style.font.name = font
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            sheet.write(r, c, value, style)
    for r in hidden:
        sheet.row(r - 1).hidden = True
    book.save(str(path))
    return path


_ODS = """<?xml version="1.0" encoding="UTF-8"?><office:document-content
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2"><office:body>
<office:spreadsheet><table:table table:name="Danh sách">{}</table:table></office:spreadsheet>
</office:body></office:document-content>"""


def ods(path, rows, *, hidden=()):
    body = ""
    for number, row in enumerate(rows, 1):
        look = ' table:visibility="collapse"' if number in hidden else ""
        cells = "".join(
            f'<table:table-cell office:value-type="string"><text:p>{escape(str(c))}</text:p>'
            "</table:table-cell>" if c != "" else "<table:table-cell/>"
            for c in row
        )  # fmt: skip
        body += f"<table:table-row{look}>{cells}</table:table-row>"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", _ODS.format(body))
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    return path
