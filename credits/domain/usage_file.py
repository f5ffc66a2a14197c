"""The file of units that a person uploads: read line by line, every problem named by its line.

Text in, lines and problems out; what the lines mean for a customer is in usage_lines.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

MAX_BYTES = 1_000_000
MAX_LINES = 2_000
MAX_CELL = 400

FEATURE, ACCOUNT, UNITS, ON = "feature", "account", "units", "on"
COLUMNS = {
    "feature": FEATURE,
    "group": FEATURE,
    "group or feature": FEATURE,
    "account": ACCOUNT,
    "units": UNITS,
    "on": ON,
    "name": "",
    "counted in": "",
}
"""The columns by their names in the header; those without a meaning are for people to read."""

HEADER = ("feature", "name", "account", "units", "counted in", "on")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\N{MINUS SIGN}")
WHOLE_FILE = 0


@dataclass(frozen=True)
class Line:
    """One line that states something."""

    number: int
    """As a text editor counts, the header being 1."""
    feature: str
    account: str
    units: str
    on: str


@dataclass(frozen=True, order=True)
class Problem:
    """What is wrong, and on which line; WHOLE_FILE where it is no single line."""

    line: int
    text: str


def read_file(data: bytes) -> tuple[list[Line], list[Problem]]:
    """The lines of a file, and every problem of its form. With any problem nothing may be done."""
    if len(data) > MAX_BYTES:
        return [], [Problem(WHOLE_FILE, f"The file is larger than {MAX_BYTES // 1_000:,} kB.")]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        return [], [Problem(line, "This is no UTF-8 text. Save the file as CSV UTF-8.")]
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        return [], [Problem(line, "The line holds a NUL character, which no text has.")]
    rows, problems = read_rows(text)
    if problems:
        return [], problems
    if not rows:
        return [], [Problem(WHOLE_FILE, "The file is empty.")]
    columns, problems = read_header(*rows[0])
    if problems:
        return [], problems
    return read_lines(columns, rows[1:])


def read_rows(text: str) -> tuple[list[tuple[int, list[str]]], list[Problem]]:
    """The rows that are not blank, each with the number of its first line."""
    head = text.lstrip().partition("\n")[0]
    delimiter = ";" if head.count(";") > head.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((line, cells))
            line = reader.line_num + 1
            if len(rows) > MAX_LINES + 1:
                return [], [Problem(WHOLE_FILE, f"The file has more than {MAX_LINES:,} lines.")]
    except csv.Error:
        return [], [Problem(line, "The line cannot be read: a quotation mark is out of place.")]
    return rows, []


def read_header(line: int, cells: Sequence[str]) -> tuple[list[str], list[Problem]]:
    """What each column means, and what is wrong with the header."""
    names = [" ".join(cell.split()).casefold().replace("_", " ") for cell in cells]
    while names and not names[-1]:
        names.pop()
    problems = [
        Problem(line, f"There is no column {shown(name)}. Columns are: {', '.join(HEADER)}.")
        for name in names
        if name not in COLUMNS
    ]
    columns = [COLUMNS.get(name, "") for name in names]
    problems += [
        Problem(line, f"The column {needed} is missing. Columns are: {', '.join(HEADER)}.")
        for needed in (FEATURE, UNITS)
        if needed not in columns
    ]
    problems += [
        Problem(line, f"The column {column} is there twice.")
        for column in dict.fromkeys(columns)
        if column and columns.count(column) > 1
    ]
    return columns, problems


def read_lines(
    columns: Sequence[str], rows: Iterable[tuple[int, Sequence[str]]]
) -> tuple[list[Line], list[Problem]]:
    """The rows as lines, and those whose cells do not fit the header."""
    lines: list[Line] = []
    problems: list[Problem] = []
    for number, cells in rows:
        extra = [cell for cell in cells[len(columns) :] if cell.strip()]
        if extra:
            problems.append(
                Problem(number, f"The line has {len(cells)} cells, the header {len(columns)}.")
            )
            continue
        if any(len(cell) > MAX_CELL for cell in cells):
            problems.append(Problem(number, f"A cell is longer than {MAX_CELL} characters."))
            continue
        named = {column: text for column, text in zip(columns, cells, strict=False) if column}
        lines.append(
            Line(
                number=number,
                feature=unguarded(named.get(FEATURE, "")).strip(),
                account=unguarded(named.get(ACCOUNT, "")),
                units=named.get(UNITS, "").strip(),
                on=named.get(ON, "").strip().casefold(),
            )
        )
    if not lines and not problems:
        problems.append(Problem(WHOLE_FILE, "The file has a header, but no lines with units."))
    return ([] if problems else lines), problems


def write_file(rows: Iterable[Sequence[str]]) -> str:
    """A file of units: the header and rows of text, which no spreadsheet takes for formulas."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADER)
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    return out.getvalue()


def guarded(text: str) -> str:
    """A text that no spreadsheet evaluates: an apostrophe stands before what it would."""
    return f"'{text}" if is_formula(text) else text


def unguarded(text: str) -> str:
    """The text that was guarded."""
    return text[1:] if text.startswith("'") and is_formula(text[1:]) else text


def is_formula(text: str) -> bool:
    """Whether a spreadsheet could take a text for a formula."""
    return text.startswith(FORMULA_STARTS) or text.lstrip(" \n'\"").startswith(FORMULA_STARTS)


def shown(text: str) -> str:
    """What was typed, short enough for a sentence."""
    plain = "".join(letter for letter in text if letter.isprintable())
    return f"“{plain[:40]}…”" if len(plain) > 40 else f"“{plain}”"


def in_order(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Problems by line, each once; what is wrong with the file as a whole first."""
    yield from sorted(set(problems))
