"""What the cells to change take: a program refuses anything else with a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from credits.domain.licenses import MAX_CREDITS
from credits.domain.quantities import MAX_UNITS, MEASURED
from estimator.domain.plans import LEAST_GROWTH, LONGEST_RAMP, MOST_GROWTH, MOST_RESERVE
from estimator.files import columns
from estimator.files.layout import Layout, SheetLine
from estimator.files.page import Page
from estimator.files.places import (
    FREE_ROW,
    OVERLAP_ROW,
    PERCENT_ROW,
    PLACE,
    VALUE,
    YEARS_ROW,
)

Rule = Mapping[str, Any]
EARLIEST = date(2000, 1, 1)


def write_checks(page: Page, layout: Layout) -> None:
    """Give each cell to change its rule."""
    years = _("A whole number of years: the sheet Months covers 1 to %(years)d.")
    check(page, YEARS_ROW, VALUE, whole(1, layout.years), years % {"years": layout.years})
    answers = {"validate": "list", "source": [columns.YES, columns.NO]}
    check(page, OVERLAP_ROW, VALUE, answers, _("Yes or No, as in the list."))
    percent = _("0 to 100: type 10 for ten percent.")
    check(page, PERCENT_ROW, VALUE, between(0, int(MOST_RESERVE)), percent)
    check(page, FREE_ROW, VALUE, whole(0, MAX_CREDITS), _("Whole credits."))
    for line in layout.lines:
        if line.is_stated:
            check_line(page, line)


def check_line(page: Page, line: SheetLine) -> None:
    """The cells of one line; its plan is said in its first row."""
    measured = line.offer.rate.model in MEASURED
    units = between(0, MAX_UNITS) if measured else whole(0, MAX_UNITS)
    number, whole_number = (
        _("A number from 0 to %(most)s."),
        _("A whole number from 0 to %(most)s."),
    )
    said = (number if measured else whole_number) % {"most": f"{MAX_UNITS:,}"}
    for row in line.rows:
        check(page, row.number, PLACE[columns.UNITS], units, said)
    first = line.rows[0].number
    growth = between(int(LEAST_GROWTH), int(MOST_GROWTH))
    percent = _("Percent a year: type 10 for ten percent.")
    check(page, first, PLACE[columns.GROWTH], growth, percent)
    month = {"validate": "date", "criteria": ">=", "value": EARLIEST}
    check(page, first, PLACE[columns.FROM], month, _("The first day of a month, as 2027-04-01."))
    ramp = _("Over how many months the units arrive, 0 to %(most)d.") % {"most": LONGEST_RAMP}
    check(page, first, PLACE[columns.RAMP], whole(0, LONGEST_RAMP), ramp)


def whole(least: int, most: int) -> Rule:
    """Whole numbers."""
    return {"validate": "integer", "criteria": "between", "minimum": least, "maximum": most}


def between(least: int, most: int) -> Rule:
    """Numbers, with decimals or without."""
    return {"validate": "decimal", "criteria": "between", "minimum": least, "maximum": most}


def check(page: Page, row: int, place: int, rule: Rule, said: str) -> None:
    """One cell's rule, with the sentence that refuses what breaks it."""
    told = {"error_title": _("Something else is needed"), "error_message": said}
    page.sheet.data_validation(row - 1, place, row - 1, place, {**rule, **told})
