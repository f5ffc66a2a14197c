"""What a catalogue file holds, and what is said when it is refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from credits.exceptions import CreditsError

SHOWN = 50


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where, what was found, what is expected."""

    line: int
    column: str
    value: str
    expected: str

    def __str__(self) -> str:
        place = f"line {self.line}, {self.column}" if self.column else f"line {self.line}"
        shown = self.value if len(self.value) <= 60 else self.value[:57] + "..."
        return f"{place}: found {shown!r}, expected {self.expected}."


class CatalogueError(CreditsError):
    """The catalogue file is refused as a whole; `problems` names every bad cell."""

    code = "catalogue"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        listed = [str(problem) for problem in self.problems[:SHOWN]]
        if len(self.problems) > SHOWN:
            listed.append(f"And {len(self.problems) - SHOWN} more.")
        super().__init__("\n".join(["The catalogue was not loaded.", *listed]))


@dataclass(frozen=True)
class SolutionRow:
    """A product family, under which features are listed and charted."""

    key: str
    name: str


@dataclass(frozen=True)
class GroupRow:
    """Features that are priced together; a feature priced alone is a group of its own."""

    key: str
    name: str
    solution: str


@dataclass(frozen=True)
class FeatureRow:
    """What credits are allocated to. `requires` are alternatives, one of each must be on."""

    key: str
    name: str
    solution: str
    group: str
    unit: str
    unit_plural: str
    requires: tuple[tuple[str, ...], ...]
    payg: str
    retention_days: int | None


@dataclass(frozen=True)
class RateRow:
    """Everything that pricing reads of a feature from `valid_from` on.

    `valid_to` is the last day on which new allocations are possible. A feature's unit is that of
    its newest rate; the unit of this one stands here.
    """

    feature: str
    model: str
    unit: str
    unit_plural: str
    credits: Decimal
    block: Decimal
    cap: int | None
    parts: tuple[str, ...]
    valid_from: date
    valid_to: date | None
    assumed: bool
    source: str
    note: str
    line: int


@dataclass(frozen=True)
class CatalogueFile:
    """All of a catalogue file, each kind in the order of the file."""

    solutions: tuple[SolutionRow, ...]
    groups: tuple[GroupRow, ...]
    features: tuple[FeatureRow, ...]
    rates: tuple[RateRow, ...]
