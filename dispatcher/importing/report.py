"""The import report as a workbook: what was repaired, refused, or needs a person."""

from __future__ import annotations

from pathlib import Path

from dispatcher.importing.entries import Finding, Listing
from dispatcher.problems import Say, settings

HEADS = (
    Say("Tệp", "File"),
    Say("Trang tính", "Sheet"),
    Say("Dòng", "Row"),
    Say("Cột", "Column"),
    Say("Giá trị trong tệp", "Value"),
    Say("Điều tìm thấy", "Finding"),
)


def write_report(path: Path, listing: Listing, language: str) -> None:
    """Three sheets, only those with rows; text cells, so that nothing runs as a formula."""
    import xlsxwriter
    from xlsxwriter.exceptions import FileCreateError

    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    bold, wrap = book.add_format({"bold": True}), book.add_format({"text_wrap": True})
    parts: list[tuple[Say, list[Finding]]] = [
        (Say("Dòng hỏng", "Bad rows"), listing.rejected),
        (Say("Cần xem", "To look at"), listing.needs_review),
        (Say("Đã sửa", "Repaired"), listing.repaired),
    ]
    for name, findings in parts:
        sheet = book.add_worksheet(name.to(language))
        sheet.write_row(0, 0, [h.to(language) for h in HEADS], bold)
        sheet.set_column(0, 3, 18)
        sheet.set_column(4, 5, 40, wrap)
        sheet.freeze_panes(1, 0)
        for row, finding in enumerate(findings, 1):
            sheet.write_string(row, 0, finding.file)
            sheet.write_string(row, 1, finding.sheet)
            sheet.write_number(row, 2, finding.row)
            sheet.write_string(row, 3, finding.column)
            sheet.write_string(row, 4, finding.value)
            sheet.write_string(row, 5, finding.message.to(language))
    try:
        book.close()
    except (FileCreateError, OSError):
        raise settings(
            "cannot-write",
            f"Không ghi được {path}. Kiểm tra thư mục và quyền.",
            f"{path} cannot be written. Check the folder and its rights.",
        ) from None
