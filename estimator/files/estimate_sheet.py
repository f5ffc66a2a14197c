"""The sheet Estimate: what was asked, as cells to change, and what it comes to."""

from __future__ import annotations

from datetime import UTC

from django.utils.translation import gettext as _

from credits.domain.quantities import MEASURED
from credits.models import AllocationModel
from estimator.domain.needs import GroupNeed
from estimator.files import columns
from estimator.files.checks import write_checks
from estimator.files.counting import (
    WHOLE_BLOCKS,
    GroupFormulas,
    RateCells,
    RowFigures,
    blocks_formula,
    credits_formula,
    row_figures,
)
from estimator.files.layout import Layout, SheetLine, SheetRow
from estimator.files.page import Page, at, day_number, exact, number_style
from estimator.files.places import (
    FREE_ROW,
    HEAD_ROW,
    LABEL,
    NAME_ROW,
    NUMBER_ROW,
    OVERLAP,
    OVERLAP_ROW,
    PERCENT_ROW,
    PLACE,
    START,
    VALUE,
    YEARS_ROW,
    cell,
    month_cell,
)
from estimator.files.rates_sheet import rate_cells
from estimator.files.results import write_results
from estimator.files.sentences import RowCells, arithmetic, quoted

WIDTHS = {
    columns.KEY: 0,
    columns.SOLUTION: 31,
    columns.FEATURE: 33,
    columns.ACCOUNT: 10,
    columns.UNITS: 14,
    columns.UNIT: 18,
    columns.GROWTH: 10,
    columns.FROM: 10,
    columns.RAMP: 9,
    columns.CREDITS: 18,
    columns.ARITHMETIC: 46,
    columns.MODEL: 18,
    columns.RATE: 10,
    columns.BLOCK: 10,
    columns.CAP: 10,
    columns.COUNTED: 12,
    columns.BLOCKS: 9,
}
RIGHT = {
    columns.UNITS,
    columns.GROWTH,
    columns.FROM,
    columns.RAMP,
    columns.CREDITS,
    columns.RATE,
    columns.BLOCK,
    columns.CAP,
    columns.COUNTED,
    columns.BLOCKS,
}


class EstimateSheet:
    """Writes the sheet."""

    def __init__(self, page: Page, layout: Layout) -> None:
        self.page, self.layout = page, layout
        self.statement = layout.statement

    def write(self) -> None:
        self.page.widths(*(WIDTHS[name] for name in columns.COLUMNS), 0)
        title, named = _("Credit estimate"), at(NAME_ROW, VALUE)
        shown = self.statement.name or title
        self.page.formula(1, LABEL, f'IF({named}="",{quoted(title)},{named})', shown, "title")
        self.page.text(2, LABEL, self.about(), "quiet")
        self.page.sheet.set_row(0, 24)
        self.settings()
        self.heading()
        needs = self.layout.needs_now()
        for line in self.layout.lines:
            self.line(line, needs[line.group])
        write_results(self.page, self.layout)
        write_checks(self.page, self.layout)
        self.printing()

    def about(self) -> str:
        """Whose it is, which version, and of when its rates are."""
        statement = self.statement
        moment = f"{statement.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        if not statement.version:
            return _("At the rates in force on %(moment)s") % {"moment": moment}
        return _(
            "%(label)s, version %(version)d, %(customer)s. Saved %(moment)s, at the rates in "
            "force then"
        ) % {
            "label": statement.label,
            "version": statement.version,
            "customer": statement.customer,
            "moment": moment,
        }

    def settings(self) -> None:
        """What is said of the whole estimate."""
        page, draft = self.page, self.layout.draft
        for row, name in zip(range(NAME_ROW, FREE_ROW + 1), columns.SETTINGS, strict=True):
            page.text(row, LABEL, name, "label")
        page.text(NAME_ROW, VALUE, self.statement.name, "input_text")
        page.number(YEARS_ROW, VALUE, draft.years, "input_left")
        overlap = columns.YES if draft.overlap else columns.NO
        page.text(OVERLAP_ROW, VALUE, overlap, "input_text")
        page.number(PERCENT_ROW, VALUE, draft.reserve.percent, "input_left")
        page.number(FREE_ROW, VALUE, draft.reserve.credits, "input_left_whole")

    def heading(self) -> None:
        self.page.sheet.set_row(HEAD_ROW - 1, 32)
        for place, name in enumerate(columns.COLUMNS):
            style = "head_right" if name in RIGHT else "head"
            self.page.text(HEAD_ROW, place, name, style)

    def line(self, line: SheetLine, need: GroupNeed) -> None:
        """All rows of a feature."""
        group = GroupFormulas(
            lines=self.layout.in_group(line.group),
            rates=need.rates,
            units=lambda row: cell(columns.UNITS, row.number),
            overlap=OVERLAP,
        )
        cells = rate_cells(self.layout, line, 0)
        counted = group.counted(line)
        for row, formula, figures in zip(line.rows, counted, row_figures(line, need), strict=True):
            self.names(line, row)
            self.plan(line, row)
            self.counting(row, cells, formula, figures)
            bundle = self.bundle_of(line, need)
            own = RowCells(
                units=cell(columns.UNITS, row.number),
                counted=cell(columns.COUNTED, row.number),
                blocks=cell(columns.BLOCKS, row.number),
                credits=cell(columns.CREDITS, row.number),
            )
            words = arithmetic(line, row, group, cells, own, figures, need, bundle)
            place = PLACE[columns.ARITHMETIC]
            self.page.formula(row.number, place, words.formula, words.value, "words")

    def bundle_of(self, line: SheetLine, need: GroupNeed) -> str:
        """The name of the bundle that can take a line's place."""
        offers = self.layout.prices.offers
        found = (key for key, rate in need.rates.items() if line.key in rate.parts)
        return next((offers[key].feature.name for key in found), "")

    def names(self, line: SheetLine, row: SheetRow) -> None:
        """What a row is of, and its units."""
        page, feature, number = self.page, line.offer.feature, row.number
        page.text(number, PLACE[columns.KEY], line.key)
        page.text(number, PLACE[columns.SOLUTION], feature.group.solution.name, "wrap")
        page.text(number, PLACE[columns.FEATURE], feature.name, "wrap")
        page.text(number, PLACE[columns.UNIT], feature.unit_plural, "words")
        model = AllocationModel(line.offer.rate.model)
        page.text(number, PLACE[columns.MODEL], str(model.label))
        if line.by_account:
            page.text(number, PLACE[columns.ACCOUNT], row.account, "input_text")
        units = PLACE[columns.UNITS]
        measured = line.offer.rate.model in MEASURED
        style = "input_number" if measured else "input_whole"
        if row.units is not None:
            page.number(number, units, row.units, style)
        elif line.is_stated:
            page.blank(number, units, style)

    def plan(self, line: SheetLine, row: SheetRow) -> None:
        """How a line changes: said in its first row, and repeated in those of its accounts."""
        if not line.is_stated:
            return
        page, plan, number = self.page, line.plan, row.number
        growth, starts, ramp = (
            PLACE[name] for name in (columns.GROWTH, columns.FROM, columns.RAMP)
        )
        first = line.rows[0]
        if row is not first:
            said: tuple[tuple[int, float | str, str], ...] = (
                (growth, exact(plan.growth) if plan.growth else "", "number"),
                (starts, day_number(plan.starts_on) if plan.starts_on else "", "month"),
                (ramp, plan.ramp or "", "number"),
            )
            for place, value, style in said:
                there = at(first.number, place)
                page.formula(number, place, f'IF({there}="","",{there})', value, style)
            return
        page.blank(number, growth, "input_number")
        page.blank(number, starts, "input_month")
        page.blank(number, ramp, "input_number")
        if plan.growth:
            page.number(number, growth, plan.growth, "input_number")
        if plan.starts_on:
            page.day(number, starts, plan.starts_on, "input_month")
        if plan.ramp:
            page.number(number, ramp, plan.ramp, "input_number")
        first_month = f"{columns.MONTHS_SHEET}!{month_cell(NUMBER_ROW, 0, fixed='row column')}"
        there = cell(columns.FROM, number)
        formula = f'IF({there}="",{first_month},YEAR({there})*12+MONTH({there}))'
        begins = plan.starts_on or self.layout.begins
        page.formula(number, START, formula, begins.year * 12 + begins.month, "number")

    def counting(self, row: SheetRow, cells: RateCells, counted: str, figures: RowFigures) -> None:
        """The rate, what is counted, and the credits."""
        page, number, rate = self.page, row.number, cells.rate
        page.formula(
            number,
            PLACE[columns.RATE],
            cells.credits,
            exact(rate.credits),
            number_style(rate.credits),
        )
        style = "number" if rate.model in MEASURED else "whole"
        page.formula(number, PLACE[columns.COUNTED], counted, exact(figures.counted), style)
        own, blocks = cell(columns.COUNTED, number), ""
        here = RateCells(rate, cell(columns.RATE, number), cell(columns.BLOCK, number), "")
        if rate.model in WHOLE_BLOCKS:
            page.formula(number, PLACE[columns.BLOCK], cells.block, exact(rate.block), "whole")
            blocks = cell(columns.BLOCKS, number)
            formula = blocks_formula(here, own)
            page.formula(number, PLACE[columns.BLOCKS], formula, figures.blocks or 0, "whole")
        if rate.model == "tiered" and rate.cap is not None:
            page.formula(number, PLACE[columns.CAP], cells.cap, rate.cap, "whole")
            here = RateCells(rate, here.credits, here.block, cell(columns.CAP, number))
        formula = credits_formula(here, own, blocks)
        page.formula(number, PLACE[columns.CREDITS], formula, figures.credits, "sum")

    def printing(self) -> None:
        sheet = self.page.sheet
        sheet.freeze_panes(HEAD_ROW, PLACE[columns.ACCOUNT])
        self.page.printed(self.statement.label or self.statement.name, across=1)
        sheet.repeat_rows(HEAD_ROW - 1)
        last = max(self.layout.last_row, HEAD_ROW)
        sheet.print_area(0, LABEL, last - 1, len(columns.COLUMNS) - 1)
