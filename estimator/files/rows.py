"""The lines of an estimate as CSV: the columns of the sheet Estimate, with figures for formulas.

A number of units a row, as in the sheet. It has no sums, so that every row is a line and the file
can be read again (docs/rules.md#estimate-files).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from io import StringIO

from credits.domain.pricing import Rate
from credits.models import AllocationModel
from credits.web.cells import Value, csv_cell
from estimator.domain.line_words import arithmetic, term_words
from estimator.domain.statement import Statement, StatementLine
from estimator.files import columns
from estimator.files.counting import RowFigures, is_split, row_figures
from estimator.files.layout import Layout, SheetLine, SheetRow

BYTE_ORDER_MARK = "\ufeff"
"""With it a spreadsheet program reads names as they are written."""


def write(statement: Statement) -> bytes:
    """A statement's lines as CSV. Lines end as the standard has it, in CR LF."""
    file = StringIO(newline="")
    file.write(BYTE_ORDER_MARK)
    writer = csv.writer(file)
    writer.writerow(columns.COLUMNS)
    for row in rows(statement):
        writer.writerow([csv_cell(value) for value in row])
    return file.getvalue().encode()


def rows(statement: Statement) -> Iterator[Sequence[Value]]:
    """The rows below the heading: those of the lines, then bundles that follow from them."""
    layout = Layout(statement)
    needs = layout.needs_now()
    shown = {line.key: line for line in statement.lines}
    for line in layout.lines:
        # A bundle that could follow, but does not now, is a row of the sheet alone.
        if line.key not in shown:
            continue
        need = needs[line.group]
        rate = need.rates[line.key]
        for place, figures in enumerate(row_figures(line, need)):
            words = words_of(shown[line.key], place, is_split(line, rate))
            yield cells(line, line.rows[place], rate, figures, words)


def words_of(line: StatementLine, place: int, by_account: bool) -> str:
    """How a row is counted: that of its account, or of the whole line in its first row."""
    if by_account and not line.bundle:
        return term_words(line.priced.terms[place])
    return "" if place else arithmetic(line)


def cells(
    line: SheetLine, row: SheetRow, rate: Rate, figures: RowFigures, words: str
) -> Sequence[Value]:
    """One row."""
    feature, plan = line.offer.feature, line.plan
    values: dict[str, Value] = {
        columns.KEY: line.key,
        columns.SOLUTION: feature.group.solution.name,
        columns.FEATURE: feature.name,
        columns.ACCOUNT: row.account,
        columns.UNITS: row.units,
        columns.UNIT: feature.unit_plural,
        columns.GROWTH: plan.growth or None,
        columns.FROM: f"{plan.starts_on:%Y-%m}" if plan.starts_on else None,
        columns.RAMP: plan.ramp or None,
        columns.CREDITS: figures.credits,
        columns.ARITHMETIC: words,
        columns.MODEL: str(AllocationModel(rate.model).label),
        columns.RATE: rate.credits,
        columns.BLOCK: rate.block if figures.blocks is not None else None,
        columns.CAP: rate.cap if rate.model == "tiered" else None,
        columns.COUNTED: figures.counted,
        columns.BLOCKS: figures.blocks,
    }
    return [values[name] for name in columns.COLUMNS]
