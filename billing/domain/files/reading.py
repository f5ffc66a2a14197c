"""A table in a text file: read line by line, every problem named by its line.

UTF-8 with or without BOM, commas or semicolons. Text in, rows and problems out; what a row means
is known to whoever asked for its columns. Cells that could be formulas come back unguarded, so
that what the portal exported can be imported again.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from credits.domain.usage_file import WHOLE_FILE, Problem, in_order, shown, unguarded
from credits.exceptions import InvalidCommand

__all__ = ["Problem", "Reading", "Row", "in_order", "read_day", "read_table", "read_whole", "shown"]

MAX_BYTES = 1_000_000
MAX_CELL = 400
ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
WHOLE = re.compile(r"[0-9]{1,18}")

Numbered = tuple[int, Sequence[str]]


@dataclass(frozen=True)
class Row:
    """One line's cells, by the meaning of their columns."""

    number: int
    """As a text editor counts, the header being 1."""
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        """The trimmed text of a column; empty where the file has no such column."""
        return self.cells.get(column, "")


@dataclass
class Reading:
    """What was read. With any problem nothing may be done, and there are no rows."""

    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    separator: str = ","
    """What stood between the cells, for a preview to say."""

    @classmethod
    def refused(cls, *problems: Problem) -> Reading:
        """A file that cannot be read."""
        return cls(problems=list(problems))


def read_table(
    data: bytes,
    columns: Mapping[str, str],
    *,
    needed: Collection[str],
    most_lines: int,
    most_bytes: int = MAX_BYTES,
) -> Reading:
    """The rows of a file whose header names its columns.

    `columns`: names as they may stand in the header, in small letters with spaces, to their
    meanings; a meaning of "" is for people to read. `needed`: the meanings that must be there.
    """
    if len(data) > most_bytes:
        too_large = f"The file is larger than {most_bytes // 1_000:,} kB."
        return Reading.refused(Problem(WHOLE_FILE, too_large))
    text, problem = decoded(data)
    if problem is not None:
        return Reading.refused(problem)
    separator = separator_of(text)
    lines, problem = split(text, separator, most_lines)
    if problem is not None:
        return Reading.refused(problem)
    if not lines:
        return Reading.refused(Problem(WHOLE_FILE, "The file is empty."))
    meanings, problems = read_header(lines[0], columns, needed)
    if problems:
        return Reading.refused(*problems)
    rows, problems = read_rows(lines[1:], meanings)
    if problems:
        return Reading.refused(*problems)
    if not rows:
        return Reading.refused(Problem(WHOLE_FILE, "The file has a header, but no lines below it."))
    return Reading(rows=rows, separator=separator)


def decoded(data: bytes) -> tuple[str, Problem | None]:
    """The text of a file, or on which line it is none."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        return "", Problem(line, "This is no UTF-8 text. Save the file as CSV UTF-8.")
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        return "", Problem(line, "The line holds a NUL character, which no text has.")
    return text, None


def separator_of(text: str) -> str:
    """What stands between the cells, by the header."""
    head = text.lstrip().partition("\n")[0]
    return ";" if head.count(";") > head.count(",") else ","


def split(text: str, separator: str, most_lines: int) -> tuple[list[Numbered], Problem | None]:
    """The lines that are not blank, each with its number."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    lines: list[Numbered] = []
    number = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                lines.append((number, cells))
            number = reader.line_num + 1
            if len(lines) > most_lines + 1:
                return [], Problem(WHOLE_FILE, f"The file has more than {most_lines:,} lines.")
    except csv.Error:
        return [], Problem(number, "The line cannot be read: a quotation mark is out of place.")
    return lines, None


def read_header(
    header: Numbered, columns: Mapping[str, str], needed: Collection[str]
) -> tuple[list[str], list[Problem]]:
    """What each column means, and what is wrong with the header."""
    line, cells = header
    names = [" ".join(cell.replace("_", " ").split()).casefold() for cell in cells]
    while names and not names[-1]:
        names.pop()
    known = ", ".join(columns)
    problems = [
        Problem(line, f"There is no column {shown(name)}. Columns are: {known}.")
        for name in names
        if name not in columns
    ]
    meanings = [columns.get(name, "") for name in names]
    problems += [
        Problem(line, f"The column {name} is missing. Columns are: {known}.")
        for name in dict.fromkeys(needed)
        if name not in meanings
    ]
    problems += [
        Problem(line, f"The column {meaning} is there twice.")
        for meaning in dict.fromkeys(meanings)
        if meaning and meanings.count(meaning) > 1
    ]
    return meanings, problems


def read_rows(
    lines: Sequence[Numbered], meanings: Sequence[str]
) -> tuple[list[Row], list[Problem]]:
    """The lines below the header, and those whose cells do not fit it."""
    rows: list[Row] = []
    problems: list[Problem] = []
    for number, cells in lines:
        if any(cell.strip() for cell in cells[len(meanings) :]):
            wrong = f"The line has {len(cells)} cells, the header {len(meanings)}."
            problems.append(Problem(number, wrong))
        elif any(len(cell) > MAX_CELL for cell in cells):
            problems.append(Problem(number, f"A cell is longer than {MAX_CELL} characters."))
        else:
            named = zip(meanings, cells, strict=False)
            told = {meaning: unguarded(cell.strip()) for meaning, cell in named if meaning}
            rows.append(Row(number, told))
    return rows, problems


def read_day(text: str, field: str) -> date:
    """A UTC day, written YYYY-MM-DD. Raises InvalidCommand; anything ambiguous is refused."""
    if ISO_DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise InvalidCommand(
        f"Write the {field} as a day that exists, like 2027-04-01, not {shown(text)}.", field=field
    )


def read_whole(text: str, field: str) -> int:
    """A whole number in the digits 0-9, without separators. Raises InvalidCommand."""
    if not WHOLE.fullmatch(text):
        raise InvalidCommand(
            f"Write the {field} as a whole number without separators, not {shown(text)}.",
            field=field,
        )
    return int(text)
