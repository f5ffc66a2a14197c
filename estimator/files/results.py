"""What an estimate comes to, beside its settings in the sheet Estimate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from estimator.files import columns
from estimator.files.layout import Layout
from estimator.files.page import Page, at
from estimator.files.places import (
    FREE_ROW,
    HIGHEST_ROW,
    KEPT_ROW,
    LEVEL_ROW,
    LINES_ROW,
    MOST_ROW,
    PERCENT_ROW,
    REMARK,
    RESULT,
    RESULT_LABEL,
    SUM_ROW,
    TIMES_ROW,
    VALUE,
    YEARS_ROW,
    YEARS_SUM_ROW,
    column,
    month_cell,
)


@dataclass(frozen=True)
class Result:
    """One figure, with the formula that gives it."""

    row: int
    label: str
    formula: str
    value: int
    remark: str
    """What it is, in a few words."""


def write_results(page: Page, layout: Layout) -> None:
    """Write them one below the other, the level in large letters."""
    for result in results_of(layout):
        style = "level" if result.row == LEVEL_ROW else "result"
        page.text(result.row, RESULT_LABEL, result.label, f"{style}_label")
        page.formula(result.row, RESULT, result.formula, result.value, style)
        page.text(result.row, REMARK, result.remark, "quiet")


def results_of(layout: Layout) -> Iterator[Result]:
    """The figures of a statement."""
    said = layout.statement
    lines, kept, level = (at(row, RESULT) for row in (LINES_ROW, KEPT_ROW, LEVEL_ROW))
    yield Result(
        LINES_ROW,
        _("Credits of the lines"),
        f"SUM({column(columns.CREDITS, layout)})",
        said.in_use,
        _("at the units of the table"),
    )
    yield Result(
        KEPT_ROW,
        _("Reserve, kept free"),
        reserve_formula(lines, at(FREE_ROW, VALUE), at(PERCENT_ROW, VALUE)),
        said.priced.reserve,
        _("credits, or percent of the lines"),
    )
    yield Result(
        LEVEL_ROW,
        _("Level to hold"),
        f"{lines}+{kept}",
        said.priced.level,
        _("in every year of the term"),
    )
    yield Result(
        TIMES_ROW,
        _("Level x years"),
        f"{level}*{at(YEARS_ROW, VALUE)}",
        said.priced.credit_years,
        _("for comparing terms, never a number to buy"),
    )
    yield Result(
        HIGHEST_ROW,
        _("Highest level within the term"),
        of_months(MOST_ROW),
        said.course.highest.level,
        _("with growth, starts and known rates"),
    )
    yield Result(
        SUM_ROW,
        _("Credit-years"),
        of_months(YEARS_SUM_ROW),
        said.course.credit_years,
        _("the highest level of each year, added up"),
    )


def reserve_formula(lines: str, free: str, percent: str) -> str:
    """The reserve beside what the lines hold, as estimator.domain.plans.Reserve."""
    # A binary product of decimals may fall just short of a half.
    return f"{free}+ROUND(ROUND({lines}*{percent}/100,4),0)"


def of_months(row: int) -> str:
    """A figure of the sheet Months."""
    return f"{columns.MONTHS_SHEET}!{month_cell(row, 0, fixed='row column')}"
