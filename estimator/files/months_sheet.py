"""The sheet Months: what has to be held from month to month, as formulas of the sheet Estimate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _

from credits import clock
from credits.domain.pricing import Quantity
from credits.domain.quantities import MEASURED
from estimator.domain.needs import GroupNeed
from estimator.domain.plans import factor_in
from estimator.files import columns
from estimator.files.chart import draw_levels
from estimator.files.counting import (
    GroupFormulas,
    credits_formula,
    row_figures,
)
from estimator.files.layout import Layout, Segment, SheetLine, SheetRow
from estimator.files.page import Page, at, exact
from estimator.files.places import (
    DAY_ROW,
    FIRST_MONTH,
    FIRST_YEAR_ROW,
    FREE_ROW,
    FREED_ROW,
    HELD_ROW,
    MOST_ROW,
    NUMBER_ROW,
    OVERLAP_ROW,
    PERCENT_ROW,
    START,
    USED_ROW,
    YEARS_ROW,
    YEARS_SUM_ROW,
    elsewhere,
    setting,
)
from estimator.files.rates_sheet import rate_cells
from estimator.files.results import reserve_formula

MANY = "100000000"
"""A spreadsheet counts in 15 digits: larger products are rounded to fewer decimals."""


@dataclass(frozen=True)
class Held:
    """What is held from an instant on, by the arithmetic of the pages."""

    needs: Mapping[str, GroupNeed]
    units: Mapping[str, Quantity]
    in_use: int
    reserve: int

    @property
    def level(self) -> int:
        return self.in_use + self.reserve


class MonthsSheet:
    """Writes the sheet."""

    def __init__(self, page: Page, layout: Layout) -> None:
        self.page, self.layout = page, layout
        self.credits_top = FIRST_YEAR_ROW + layout.years + 4
        self.units_top = self.credits_top + len(layout.rows) + 2
        self.shares_top = self.units_top + len(self.stated_rows) + 2

    @cached_property
    def stated_lines(self) -> list[SheetLine]:
        return [line for line in self.layout.lines if line.is_stated]

    @cached_property
    def stated_rows(self) -> list[SheetRow]:
        return [row for line in self.stated_lines for row in line.rows]

    @cached_property
    def held(self) -> list[Held]:
        """What every segment comes to."""
        found = []
        for segment in self.layout.segments:
            needs = self.layout.needs_in(segment)
            in_use = sum(need.level for need in needs.values())
            reserve = self.layout.draft.reserve.of(in_use)
            found.append(Held(needs, self.layout.units_in(segment), in_use, reserve))
        return found

    def write(self) -> None:
        self.names()
        for segment in self.layout.segments:
            self.head(segment)
            self.sums(segment)
            self.credits(segment)
            self.units(segment)
            self.shares(segment)
        self.years()
        draw_levels(self.page, self.layout)
        self.look()

    def names(self) -> None:
        """What the rows are."""
        page = self.page
        page.text(1, 0, _("Month by month"), "title")
        page.sheet.set_row(0, 24)
        words = _("Follows the sheet Estimate. Months after the term are folded and gray.")
        page.text(2, 0, words, "quiet")
        page.text(DAY_ROW, 0, _("From"), "head")
        page.text(DAY_ROW, 1, "", "head")
        page.text(NUMBER_ROW, 0, _("Month as a number"), "quiet")
        page.text(USED_ROW, 0, _("Credits of the lines"))
        page.text(FREED_ROW, 0, _("Reserve, kept free"))
        page.text(HELD_ROW, 0, _("Level to hold"), "sum_text")
        page.text(HELD_ROW, 1, _("credits"), "sum_text")
        for top, title in (
            (self.credits_top, _("Credits")),
            (self.units_top, _("Units")),
            (self.shares_top, _("Share of the units typed")),
        ):
            page.text(top - 1, 0, title, "section")
            page.text(top - 1, 1, "", "section")
        for line in self.layout.lines:
            for row in line.rows:
                self.name_of(self.credits_top + row.place, line, row)
                if line.is_stated:
                    self.name_of(self.units_top + row.place, line, row, in_units=True)
        for offset, line in enumerate(self.stated_lines):
            self.name_of(self.shares_top + offset, line, None)

    def name_of(
        self, number: int, line: SheetLine, row: SheetRow | None, *, in_units: bool = False
    ) -> None:
        """A feature, with its account where it has several, and its unit where units follow."""
        feature = line.offer.feature
        name = feature.name
        if row is not None and line.by_account:
            told = {"feature": name, "account": row.account}
            name = _("%(feature)s, account %(account)s") % told
        if in_units:
            name = _("%(name)s, %(unit)s") % {"name": name, "unit": feature.unit_plural}
        self.page.text(number, 0, feature.group.solution.name, "quiet")
        self.page.text(number, 1, name)

    def head(self, segment: Segment) -> None:
        """From which day on."""
        column, day = FIRST_MONTH + segment.place, clock.day_of(segment.at)
        self.page.day(DAY_ROW, column, day, "head_day")
        there = at(DAY_ROW, column)
        number = day.year * 12 + day.month
        self.page.formula(NUMBER_ROW, column, f"YEAR({there})*12+MONTH({there})", number, "number")

    def sums(self, segment: Segment) -> None:
        """What is held: the lines, the reserve, both."""
        column, held, rows = FIRST_MONTH + segment.place, self.held[segment.place], self.layout.rows
        used, freed = at(USED_ROW, column), at(FREED_ROW, column)
        last = self.credits_top + max(len(rows) - 1, 0)
        all_lines = f"SUM({at(self.credits_top, column)}:{at(last, column)})"
        reserve = reserve_formula(used, setting(FREE_ROW), setting(PERCENT_ROW))
        self.page.formula(USED_ROW, column, all_lines, held.in_use)
        self.page.formula(FREED_ROW, column, reserve, held.reserve)
        self.page.formula(HELD_ROW, column, f"{used}+{freed}", held.level, "sum")

    def credits(self, segment: Segment) -> None:
        """The credits of every row, at the rates of the segment."""
        column, held = FIRST_MONTH + segment.place, self.held[segment.place]
        for line in self.layout.lines:
            group = GroupFormulas(
                lines=self.layout.in_group(line.group),
                rates=self.layout.rates(line, segment.era),
                units=lambda row: at(self.units_top + row.place, column),
                overlap=setting(OVERLAP_ROW),
            )
            cells = rate_cells(self.layout, line, segment.era)
            figures = row_figures(line, held.needs[line.group])
            for row, counted, figure in zip(line.rows, group.counted(line), figures, strict=True):
                formula = credits_formula(cells, counted)
                self.page.formula(self.credits_top + row.place, column, formula, figure.credits)

    def units(self, segment: Segment) -> None:
        """The units of every row: those typed, times their share, in whole ones."""
        column = FIRST_MONTH + segment.place
        units = self.held[segment.place].units
        for offset, line in enumerate(self.stated_lines):
            share = at(self.shares_top + offset, column)
            numbers = numbers_of(units[line.key])
            style = "number" if line.offer.rate.model in MEASURED else "whole"
            for row, number in zip(line.rows, numbers, strict=True):
                typed = elsewhere(columns.UNITS, row.number)
                product = f"{typed}*{share}"
                fine = f"ROUND({product},IF({product}<{MANY},6,4))"
                formula = f"IF({share}=1,{typed}+0,ROUNDUP({fine},0))"
                self.page.formula(self.units_top + row.place, column, formula, number, style)

    def shares(self, segment: Segment) -> None:
        """Growth and ramp of every line, as one factor; nothing before its first month."""
        column, day = FIRST_MONTH + segment.place, clock.day_of(segment.at)
        for offset, line in enumerate(self.stated_lines):
            first = line.rows[0].number
            growth, ramp = (elsewhere(name, first) for name in (columns.GROWTH, columns.RAMP))
            start = f"{columns.SHEET}!{at(first, START, fixed='row column')}"
            month = f"({at(NUMBER_ROW, column, fixed='row')}-{start})"
            grown = f"(1+{growth}/100)^INT({month}/12)*(1+{growth}/100*MOD({month},12)/12)"
            arrived = f"IF({month}+1>={ramp},1,({month}+1)/{ramp})"
            factor = factor_in(line.plan, self.layout.begins, day)
            formula = f"IF({month}<0,0,{grown}*{arrived})"
            self.page.formula(self.shares_top + offset, column, formula, float(factor), "share")

    def years(self) -> None:
        """The highest level of each year, and of all that the term has."""
        page, layout, chosen = self.page, self.layout, setting(YEARS_ROW)
        years = layout.draft.years
        last = FIRST_YEAR_ROW + layout.years - 1
        table = f"{at(FIRST_YEAR_ROW, FIRST_MONTH)}:{at(last, FIRST_MONTH)}"
        highest = []
        for year in range(layout.years):
            row = FIRST_YEAR_ROW + year
            begun, ended = layout.of_year(year)
            cells = f"{at(HELD_ROW, FIRST_MONTH + begun.place)}:" + at(
                HELD_ROW, FIRST_MONTH + ended.place
            )
            most = max(held.level for held in self.held[begun.place : ended.place + 1])
            highest.append(most if year < years else 0)
            page.text(row, 0, _("Year %(number)d, from") % {"number": year + 1}, "label")
            page.day(row, 1, clock.day_of(layout.year_starts[year]))
            formula = f"IF({year + 1}<={chosen},MAX({cells}),0)"
            page.formula(row, FIRST_MONTH, formula, highest[-1], "whole_or_none")
        page.text(last + 1, 0, _("End of the last of them"), "label")
        page.day(last + 1, 1, clock.day_of(layout.year_starts[-1]))
        page.text(MOST_ROW, 0, _("Highest level within the term"), "sum_text")
        page.text(MOST_ROW, 1, _("credits"), "sum_text")
        page.formula(MOST_ROW, FIRST_MONTH, f"MAX({table})", max(highest), "sum")
        page.text(YEARS_SUM_ROW, 0, _("Credit-years"), "sum_text")
        page.text(YEARS_SUM_ROW, 1, _("the highest level of each year, added up"), "sum_text")
        page.formula(YEARS_SUM_ROW, FIRST_MONTH, f"SUM({table})", sum(highest), "sum")

    def look(self) -> None:
        """Widths, what stays in sight, what is folded, and how it is printed."""
        page, layout = self.page, self.layout
        sheet, count = page.sheet, len(layout.segments)
        end = layout.year_starts[layout.draft.years]
        within = sum(segment.at < end for segment in layout.segments)
        page.widths(32, 42)
        sheet.set_column(FIRST_MONTH, FIRST_MONTH + within - 1, 11.5)
        if count > within:
            folded = {"level": 1, "hidden": True}
            sheet.set_column(FIRST_MONTH + within, FIRST_MONTH + count - 1, 11.5, None, folded)
            sheet.set_column(
                FIRST_MONTH + count, FIRST_MONTH + count, None, None, {"collapsed": True}
            )
        sheet.set_row(NUMBER_ROW - 1, None, None, {"hidden": True})
        starts = f"$B${FIRST_YEAR_ROW}:$B${FIRST_YEAR_ROW + layout.years}"
        last = self.shares_top + max(len(self.stated_lines) - 1, 0)
        for top, bottom in ((DAY_ROW, HELD_ROW), (self.credits_top, last)):
            first_day = at(DAY_ROW, FIRST_MONTH, fixed="row")
            sheet.conditional_format(
                top - 1,
                FIRST_MONTH,
                bottom - 1,
                FIRST_MONTH + count - 1,
                {
                    "type": "formula",
                    "criteria": f"={first_day}>=INDEX({starts},{setting(YEARS_ROW)}+1)",
                    "format": page.styles["later"],
                },
            )
        sheet.freeze_panes(HELD_ROW, FIRST_MONTH)
        page.printed(layout.statement.label or layout.statement.name, across=layout.draft.years)
        sheet.repeat_rows(DAY_ROW - 1, HELD_ROW - 1)
        sheet.repeat_columns(0, 1)


def numbers_of(quantity: Quantity) -> list[int | float]:
    """The units of a line's rows."""
    if isinstance(quantity, Mapping):
        return [exact(units) for units in quantity.values()] or [0]
    return [exact(quantity)]
