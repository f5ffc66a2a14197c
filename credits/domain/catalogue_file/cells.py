"""From text to lines, and from a line's cells to values; every bad cell is noted, none raises."""

from __future__ import annotations

import contextlib
import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Collection
from datetime import date
from decimal import Decimal

from credits.domain.catalogue_file.rows import CatalogueError, Problem

COLUMNS = (
    "solution", "solution_name", "group", "group_name", "feature", "feature_name",
    "unit", "unit_plural", "model", "credits", "block", "cap", "parts", "requires",
    "payg", "retention_days", "valid_from", "valid_to", "assumed", "source", "note",
)  # fmt: skip
LIMITS = {
    "solution_name": 120, "group_name": 120, "feature_name": 120,
    "unit": 60, "unit_plural": 60, "source": 200, "note": 400,
}  # fmt: skip
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)

# ASCII only, without sign or exponent: Decimal would accept NaN, 1e9 and full-width digits.
DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,4})?")
WHOLE = re.compile(r"[1-9][0-9]{0,8}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
KEY = re.compile(r"(?=.{1,60}\Z)[a-z0-9]+(-[a-z0-9]+)*")
UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class Line:
    """The cells of one line, read one by one; each that is not as expected is noted."""

    def __init__(self, number: int, cells: dict[str, str], problems: list[Problem]) -> None:
        self.number = number
        self.cells = cells
        self.problems = problems

    def refuse(self, column: str, expected: str) -> None:
        self.problems.append(Problem(self.number, column, self.cells[column], expected))

    def key(self, column: str) -> None:
        if not KEY.fullmatch(self.cells[column]):
            self.refuse(column, "lower-case words joined by hyphens, at most 60 characters")

    def keys(self, column: str) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(item.split("|")) for item in self.cells[column].split())

    def text(self, column: str, *, required: bool = True) -> None:
        text = self.cells[column]
        if required and not text:
            self.refuse(column, "a text")
        if len(text) > LIMITS[column]:
            self.refuse(column, f"at most {LIMITS[column]} characters")
        if any(unicodedata.category(character) in UNPRINTABLE for character in text):
            self.refuse(column, "printable characters on one line")

    def choice(self, column: str, allowed: Collection[str]) -> str:
        if self.cells[column] not in allowed:
            self.refuse(column, "one of " + ", ".join(sorted(allowed)))
        return self.cells[column]

    def decimal(self, column: str) -> Decimal | None:
        if not DECIMAL.fullmatch(self.cells[column]):
            self.refuse(column, "a number such as 45 or 0.5, up to 9 digits and 4 decimals")
            return None
        return Decimal(self.cells[column])

    def whole(self, column: str) -> int | None:
        if not self.cells[column]:
            return None
        if not WHOLE.fullmatch(self.cells[column]):
            self.refuse(column, "a whole number above zero, up to 9 digits, or nothing")
            return None
        return int(self.cells[column])

    def day(self, column: str) -> date | None:
        day = None
        if DAY.fullmatch(self.cells[column]):
            with contextlib.suppress(ValueError):
                day = date.fromisoformat(self.cells[column])
        if day is None or not FIRST_DAY <= day <= LAST_DAY:
            self.refuse(column, f"a date from {FIRST_DAY} to {LAST_DAY}, as YYYY-MM-DD")
            return None
        return day


def read_lines(text: str, problems: list[Problem]) -> list[Line]:
    """The lines below the header. Without a right header nothing further can be judged."""
    rows = _rows(text, problems)
    if not rows:
        raise CatalogueError([*problems, Problem(1, "", "", "a header and one line a rate")])
    header = rows[0][1]
    problems += _header_problems(*rows[0])
    if problems:
        raise CatalogueError(problems)
    lines = []
    for number, cells in rows[1:]:
        if len(cells) == len(header):
            lines.append(Line(number, dict(zip(header, cells, strict=True)), problems))
        else:
            problems.append(Problem(number, "", f"{len(cells)} cells", f"{len(header)} cells"))
    if not lines and not problems:
        problems.append(Problem(2, "", "", "at least one rate"))
    return lines


def _rows(text: str, problems: list[Problem]) -> list[tuple[int, list[str]]]:
    """Every row that is not empty, with the number of the line on which it starts."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    rows, start = [], 1
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                rows.append((start, cells))
            start = reader.line_num + 1
    except csv.Error as error:
        problems.append(Problem(start, "", str(error), "comma-separated values"))
    return rows


def _header_problems(number: int, header: list[str]) -> list[Problem]:
    found = Counter(header)
    missing = [
        Problem(number, name, "", "a column of this name") for name in COLUMNS if not found[name]
    ]
    other = [
        Problem(
            number,
            name,
            name,
            "this column once" if name in COLUMNS else "no such column",
        )
        for name, times in found.items()
        if times > 1 or name not in COLUMNS
    ]
    return missing + other
