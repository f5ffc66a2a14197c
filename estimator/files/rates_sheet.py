"""The sheet Rates: every rate that is counted with, and from which day."""

from __future__ import annotations

from django.utils.translation import gettext as _

from credits import clock
from credits.models import AllocationModel
from estimator.files import columns
from estimator.files.counting import RateCells
from estimator.files.layout import FIRST_RATE, Layout, RateRow, SheetLine
from estimator.files.page import Page, at, number_style

KEY, SOLUTION, FEATURE, SINCE, MODEL, CREDITS, BLOCK, CAP, PARTS = range(9)
HEAD = FIRST_RATE - 1


def rate_cells(layout: Layout, line: SheetLine, era: int) -> RateCells:
    """The cells of the sheet that hold a line's rate of an era."""
    row = layout.rate_numbers[line.key, era]
    rate = layout.rates(line, era)[line.key]
    credits, block, cap = (
        f"{columns.RATES_SHEET}!{at(row, place, fixed='row column')}"
        for place in (CREDITS, BLOCK, CAP)
    )
    return RateCells(rate, credits, block, cap)


def write_rates(page: Page, layout: Layout) -> None:
    """Write the sheet: a row for each feature and each of its rates."""
    page.widths(0, 31, 33, 14, 18, 12, 12, 12, 46)
    page.text(1, SOLUTION, _("Rates"), "title")
    page.sheet.set_row(0, 24)
    words = _("What the credits are counted with, and what is known of later. Nothing to change.")
    page.text(2, SOLUTION, words, "quiet")
    headings = (
        (columns.KEY, "head"),
        (columns.SOLUTION, "head"),
        (columns.FEATURE, "head"),
        (_("In force from"), "head"),
        (columns.MODEL, "head"),
        (_("Credits"), "head_right"),
        (_("Per so many units"), "head_right"),
        (_("At most an account"), "head_right"),
        (_("Takes the place of"), "head"),
    )
    page.sheet.set_row(HEAD - 1, 32)
    for place, (words, style) in enumerate(headings):
        page.text(HEAD, place, words, style)
    for row in layout.rate_rows:
        write_rate(page, layout, row)
    page.sheet.freeze_panes(HEAD, SINCE)
    page.printed(layout.statement.label or layout.statement.name, across=1)
    page.sheet.repeat_rows(HEAD - 1)


def write_rate(page: Page, layout: Layout, row: RateRow) -> None:
    """One rate."""
    number, rate, feature = row.number, row.rate, row.offer.feature
    offers = layout.prices.offers
    page.text(number, KEY, feature.key)
    page.text(number, SOLUTION, feature.group.solution.name, "wrap")
    page.text(number, FEATURE, feature.name, "wrap")
    page.day(number, SINCE, clock.day_of(rate.at))
    page.text(number, MODEL, str(AllocationModel(rate.model).label))
    page.number(number, CREDITS, rate.credits, number_style(rate.credits))
    page.number(number, BLOCK, rate.block, number_style(rate.block))
    if rate.cap is not None:
        page.number(number, CAP, rate.cap)
    parts = (offers[key].feature.name if key in offers else key for key in rate.parts)
    page.text(number, PARTS, ", ".join(parts), "words")
