"""The two formats of an export: CSV line by line, and XLSX by way of a file that removes itself."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import chain, islice
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Any

import xlsxwriter
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext as _

from credits.web.cells import Value, csv_cell, is_risky

MOST_ROWS = 1_048_575
"""Rows of an XLSX sheet below its heading; what is more goes on in the next sheet."""
LONGEST_TEXT = 32_767
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NO_GUESSING = {
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
INSTANT, DAY, WHOLE = "yyyy-mm-dd hh:mm:ss", "yyyy-mm-dd", "#,##0"
FORMATS: dict[str, dict[str, Any]] = {
    "bold": {"bold": True, "bottom": 1},
    "instant": {"num_format": INSTANT, "align": "left"},
    "day": {"num_format": DAY, "align": "left"},
    "whole": {"num_format": WHOLE},
    # Stays a text even when a person edits the cell.
    "risky": {"quote_prefix": True},
}
WIDE, NARROW = 28, 14


@dataclass(frozen=True)
class Sheet:
    """What goes into a file. `lines` are read once, while the file is written."""

    name: str
    header: Sequence[str]
    lines: Iterable[Sequence[Value]]
    about: Sequence[tuple[str, Value]] = ()
    """What the figures are; in XLSX a sheet of its own."""
    has_sums: bool = False
    """Whether the last line holds the sums of the others."""


class _Line:
    """What csv writes to: hands each line on instead of keeping it."""

    def write(self, value: str) -> str:
        return value


def csv_lines(sheet: Sheet) -> Iterator[str]:
    """The file, line by line; a row is read when its line is asked for."""
    writer = csv.writer(_Line())
    yield writer.writerow([csv_cell(name) for name in sheet.header])
    for line in sheet.lines:
        yield writer.writerow([csv_cell(value) for value in line])


def csv_file(sheet: Sheet, filename: str) -> HttpResponseBase:
    """A download whose rows are read while it is sent."""
    kind = "text/csv; charset=utf-8"
    response = StreamingHttpResponse(csv_lines(sheet), content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def xlsx_file(sheet: Sheet, filename: str) -> HttpResponseBase:
    """A download from a temporary file, which is gone when it is closed."""
    file = written(sheet)
    return FileResponse(file, as_attachment=True, filename=filename, content_type=XLSX)


def written(sheet: Sheet) -> IO[bytes]:
    """The workbook in a file without a name, at its start. One row is in memory at a time."""
    with TemporaryDirectory() as place, ExitStack() as stack:
        file = stack.enter_context(TemporaryFile())
        options = {"constant_memory": True, "tmpdir": place} | NO_GUESSING
        with xlsxwriter.Workbook(file, options) as book:
            _Book(book).fill(sheet)
        file.seek(0)
        stack.pop_all()
    return file


class _Book:
    """A workbook being written."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self.formats = {name: book.add_format(how) for name, how in FORMATS.items()}

    def fill(self, sheet: Sheet) -> None:
        """The rows, in as many sheets as they need, and what they are."""
        self.book.set_properties({"title": sheet.name})
        count = 0
        for number, part in enumerate(parts(sheet.lines), start=1):
            title = sheet.name if number == 1 else f"{sheet.name} {number}"
            count += self.data(title, sheet, part)
        self.about([*sheet.about, (_("Rows"), count - sheet.has_sums)])

    def data(self, title: str, sheet: Sheet, lines: Iterable[Sequence[Value]]) -> int:
        """One sheet of rows under a heading that stays in sight. Answers with their number."""
        header = sheet.header
        page = self.book.add_worksheet(sheet_name(title))
        page.freeze_panes(1, 0)
        page.set_column(0, 0, WIDE)
        page.set_column(1, max(1, len(header) - 1), NARROW)
        for place, name in enumerate(header):
            page.write_string(0, place, name, self.formats["bold"])
        last = 0
        for last, line in enumerate(lines, start=1):
            for place, value in enumerate(line):
                self.cell(page, last, place, value)
        # The sums stay at the end, whatever the rows are sorted by.
        page.autofilter(0, 0, max(0, last - sheet.has_sums), max(0, len(header) - 1))
        return last

    def about(self, pairs: Sequence[tuple[str, Value]]) -> None:
        """The sheet that says what the figures are."""
        page = self.book.add_worksheet(sheet_name(_("About")))
        page.set_column(0, 1, WIDE)
        for row, (words, value) in enumerate(pairs):
            page.write_string(row, 0, words, self.formats["bold"])
            self.cell(page, row, 1, value)

    def cell(self, page: Any, row: int, place: int, value: Value) -> None:
        """One value in a cell of its own kind; text is never anything but text."""
        if value is None:
            return
        if isinstance(value, datetime):
            at = value.astimezone(UTC).replace(tzinfo=None)
            page.write_datetime(row, place, at, self.formats["instant"])
        elif isinstance(value, date):
            page.write_datetime(row, place, value, self.formats["day"])
        elif isinstance(value, int):
            page.write_number(row, place, value, self.formats["whole"])
        elif isinstance(value, float | Decimal):
            page.write_number(row, place, value)
        else:
            how = self.formats["risky"] if is_risky(value) else None
            page.write_string(row, place, value[:LONGEST_TEXT], how)


def parts(lines: Iterable[Sequence[Value]]) -> Iterator[Iterable[Sequence[Value]]]:
    """The lines in pieces that a sheet can hold; one at least, which may be empty."""
    rest = iter(lines)
    first: tuple[Sequence[Value], ...] = ()
    while True:
        yield chain(first, islice(rest, MOST_ROWS - len(first)))
        first = tuple(islice(rest, 1))
        if not first:
            return


def sheet_name(title: str) -> str:
    """A title as a sheet may be called: 31 characters, none of []:*?/\\ ."""
    return "".join(" " if c in "[]:*?/\\'" else c for c in title)[:31].strip() or _("Rows")
