"""Files of units as people send them, and what is said of them, one line a problem."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook

from credits import clock
from estimator.domain.importing.reading import UnitsFile, read_units_file
from estimator.domain.price_list import read_price_list

Rows = Sequence[Sequence[Any]]


def workbook(*rows: Sequence[Any], sheet: str = "Units", **others: Rows) -> bytes:
    """An XLSX with a sheet of rows, and others by their names; a cell may be (value, format)."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, content in {**others, sheet: rows}.items():
        filled = book.create_sheet(name)
        for number, row in enumerate(content, start=1):
            for column, value in enumerate(row, start=1):
                if value is None:
                    continue
                cell = filled.cell(number, column)
                cell.value, shown = value if isinstance(value, tuple) else (value, None)
                cell.number_format = shown or cell.number_format
    return saved(book)


def saved(book: Workbook) -> bytes:
    """A workbook's bytes."""
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def csv_of(*lines: str) -> bytes:
    """A CSV of these lines."""
    return "\n".join(lines).encode()


def repacked(data: bytes, changed: dict[str, bytes | None]) -> bytes:
    """An archive with some of its parts replaced, added, or (None) left out."""
    out = BytesIO()
    with ZipFile(BytesIO(data)) as old, ZipFile(out, "w", ZIP_DEFLATED) as new:
        for part in old.infolist():
            if part.filename not in changed:
                new.writestr(part.filename, old.read(part))
        for name, content in changed.items():
            if content is not None:
                new.writestr(name, content)
    return out.getvalue()


def part_of(data: bytes, name: str) -> bytes:
    """One part of an archive."""
    with ZipFile(BytesIO(data)) as archive:
        return archive.read(name)


def read(data: bytes, name: str = "plan.csv") -> UnitsFile:
    """What a file says by the catalogue of today."""
    return read_units_file(name, data, read_price_list(clock.now()))


def units_in(found: UnitsFile) -> dict[str, list[str]]:
    """Units by feature key, as plain text."""
    return {line.key: [f"{units.normalize():f}" for units in line.units] for line in found.lines}


def problems_in(found: UnitsFile) -> list[str]:
    """Each problem in one line: its place, what stands there, what to do."""
    return [f"{problem.place}: {problem.shown}: {problem.text}" for problem in found.problems]
