"""A CSV of units as a grid of cells: UTF-8, commas or semicolons."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from django.utils.translation import gettext as _

from billing.domain.files.reading import decoded, separator_of, split
from credits.domain.usage_file import unguarded
from estimator.domain.importing.cells import (
    MAX_COLUMNS,
    MAX_ROWS,
    Grid,
    Row,
    Unreadable,
    text_cell,
    too_wide,
)

SEPARATORS = {",": ";", ";": ","}


def read_texts(data: bytes) -> Iterator[Grid]:
    """The file as it is read with the likelier separator, then with the other.

    Raises Unreadable for what is no text, or has too many lines or columns.
    """
    text, problem = decoded(data)
    if problem is not None:
        raise Unreadable(at_line(problem.line, problem.text))
    likelier = separator_of(text)
    yield grid_of(text, likelier)
    with suppress(Unreadable):
        yield grid_of(text, SEPARATORS[likelier])


def grid_of(text: str, separator: str) -> Grid:
    """The lines that hold something, cell by cell. Raises Unreadable."""
    lines, problem = split(text, separator, MAX_ROWS)
    if problem is not None:
        raise Unreadable(at_line(problem.line, problem.text))
    rows = []
    for number, cells in lines:
        trimmed = [unguarded(cell.strip()) for cell in cells]
        if any(trimmed[MAX_COLUMNS:]):
            raise Unreadable(at_line(number, too_wide()))
        rows.append(
            Row(number, {place: text_cell(cell) for place, cell in enumerate(trimmed) if cell})
        )
    return Grid(rows, separator=separator)


def at_line(line: int, text: str) -> str:
    """A sentence with the line it is about, if it is about one."""
    return _("Line %(line)d: %(text)s") % {"line": line, "text": text} if line else text
