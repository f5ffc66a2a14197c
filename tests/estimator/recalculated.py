"""A workbook as a spreadsheet program sees it: counted anew by an engine that is not ours."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from estimator.files import columns
from estimator.files.page import day_number

Cell = tuple[str, str]
"""A sheet and a cell in it: Estimate, E11."""


class Book:
    """A workbook as it was written."""

    def __init__(self, data: bytes) -> None:
        self.stored = load_workbook(BytesIO(data), data_only=True)
        self.written = load_workbook(BytesIO(data))

    def formulas(self) -> Iterator[Cell]:
        """Every cell that holds a formula."""
        for sheet in self.written:
            for row in sheet.iter_rows():
                for cell in row:
                    if cell.data_type == "f":
                        yield sheet.title, cell.coordinate

    def cached(self, sheet: str, cell: str) -> Any:
        """What was written beside a formula, for programs that do not count."""
        value = self.stored[sheet][cell].value
        return day_number(value.date()) if hasattr(value, "date") else value

    def headings(self) -> tuple[int, dict[str, str]]:
        """The row of the heading, and the letter of each column, as they are looked for."""
        sheet = self.written[columns.SHEET]
        for row in sheet.iter_rows():
            if row[0].value == columns.KEY:
                return row[0].row, {cell.value: cell.column_letter for cell in row if cell.value}
        raise AssertionError("there is no heading")

    def cell_of(self, key: str, heading: str, place: int = 0) -> Cell:
        """A cell of a feature's row, or of one of its rows."""
        top, letters = self.headings()
        sheet = self.written[columns.SHEET]
        rows = [n for n in range(top + 1, sheet.max_row + 1) if sheet.cell(n, 1).value == key]
        return columns.SHEET, f"{letters[heading]}{rows[place]}"

    def beside(self, label: str, sheet: str = columns.SHEET, steps: int = 1) -> Cell:
        """The cell so many steps to the right of a label."""
        for row in self.written[sheet].iter_rows():
            for cell in row:
                if cell.value == label:
                    return sheet, cell.offset(column=steps).coordinate
        raise AssertionError(f"nothing is called {label}")


class Recalculated(Book):
    """A workbook with every formula compiled once; cells are changed and it is counted again."""

    def __init__(self, data: bytes, folder: Path) -> None:
        super().__init__(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # It takes a second to import and warns about itself.
            import formulas

            path = folder / "book.xlsx"
            path.write_bytes(data)
            self.model = formulas.ExcelModel().loads(str(path)).finish(circular=False)
        self.found: Any = None

    def count(self, changed: Mapping[Cell, Any] | None = None) -> None:
        """Count everything with these cells changed, all others as they were written."""
        inputs = {name(*cell): raw(value) for cell, value in (changed or {}).items()}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.found = self.model.calculate(inputs=inputs)

    def value(self, sheet: str, cell: str) -> Any:
        """What a cell comes to."""
        value = self.found[name(sheet, cell)].value[0, 0]
        return value.item() if hasattr(value, "item") else value


def name(sheet: str, cell: str) -> str:
    """A cell as the engine names it."""
    return f"'[book.xlsx]{sheet.upper()}'!{cell}"


def raw(value: Any) -> Any:
    """What a person types, as a cell holds it."""
    return day_number(value) if isinstance(value, date) else value
