"""One rate on its own, held to the same checks as a line of the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal

from credits.domain.catalogue_file.cells import Line
from credits.domain.catalogue_file.checks import read_terms
from credits.domain.catalogue_file.rows import Problem, RateRow

COLUMNS = tuple(field.name for field in fields(RateRow) if field.name != "line")


def read_single(cells: Mapping[str, str]) -> tuple[RateRow | None, list[Problem]]:
    """The rate that texts make, as they would stand in the file, or all that is wrong with it."""
    problems: list[Problem] = []
    line = Line(1, {name: cells.get(name, "").strip() for name in COLUMNS}, problems)
    return read_terms(line), problems


def cells_of(row: RateRow) -> dict[str, str]:
    """A rate as it would stand in the file."""
    return {name: cell(getattr(row, name)) for name in COLUMNS}


def cell(value: object) -> str:
    """A value as the file writes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return str(value)


def wish(problem: Problem) -> str:
    """What is wrong with a field, as a sentence beside it."""
    if problem.expected == "nothing":
        return "Leave this empty."
    if problem.expected == "a text":
        return "This field is required."
    return f"Enter {problem.expected}."
