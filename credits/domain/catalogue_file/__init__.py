"""Read the catalogue's data file: whole, or refused with everything that is wrong with it.

Text in, frozen rows out; no database. One line of the file is one rate of one feature; what a
line says of its solution, group and feature must be the same on all of their lines. The columns
are described in docs/rules.md#r19.
"""

from __future__ import annotations

from credits.domain.catalogue_file.cells import COLUMNS, Line, read_lines
from credits.domain.catalogue_file.checks import (
    MODELS,
    check_agreement,
    check_names,
    check_reachable,
    check_references,
    check_reservations,
    check_together,
    check_validity,
    read_rate,
)
from credits.domain.catalogue_file.rows import (
    CatalogueError,
    CatalogueFile,
    FeatureRow,
    GroupRow,
    Problem,
    RateRow,
    SolutionRow,
)

__all__ = [
    "COLUMNS",
    "MODELS",
    "CatalogueError",
    "CatalogueFile",
    "FeatureRow",
    "GroupRow",
    "Problem",
    "RateRow",
    "SolutionRow",
    "read_catalogue",
]


def read_catalogue(text: str) -> CatalogueFile:
    """All of the file. Raises CatalogueError with every problem found; nothing is half-read.

    Whether groups and requirements hold together is judged once every line is good in itself.
    """
    problems: list[Problem] = []
    lines = read_lines(text, problems)
    rates = [rate for line in lines if (rate := read_rate(line))]
    check_agreement(lines)
    check_names(lines)
    check_references(lines)
    check_validity(rates, problems)
    check_reservations(rates, problems)
    if not problems:
        check_together(lines, problems)
        check_reachable(lines)
    if problems:
        raise CatalogueError(problems)
    return _assemble(lines, rates)


def _assemble(lines: list[Line], rates: list[RateRow]) -> CatalogueFile:
    cells = {line.cells["feature"]: line for line in lines}
    newest = {rate.feature: rate for rate in sorted(rates, key=lambda rate: rate.valid_from)}
    return CatalogueFile(
        solutions=tuple(
            SolutionRow(*pair)
            for pair in dict.fromkeys(
                (line.cells["solution"], line.cells["solution_name"]) for line in lines
            )
        ),
        groups=tuple(
            GroupRow(*triple)
            for triple in dict.fromkeys(
                (line.cells["group"], line.cells["group_name"], line.cells["solution"])
                for line in lines
            )
        ),
        features=tuple(_feature(line, newest[key]) for key, line in cells.items()),
        rates=tuple(rates),
    )


def _feature(line: Line, newest: RateRow) -> FeatureRow:
    return FeatureRow(
        key=line.cells["feature"],
        name=line.cells["feature_name"],
        solution=line.cells["solution"],
        group=line.cells["group"],
        unit=newest.unit,
        unit_plural=newest.unit_plural,
        requires=line.keys("requires"),
        payg=line.cells["payg"],
        retention_days=line.whole("retention_days"),
    )
