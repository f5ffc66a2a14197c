"""The workbook of an estimate, counted anew by another engine, against the page's own figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal as D
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credits import clock
from credits.domain.pricing import Quantity
from estimator.domain.estimates import Draft
from estimator.domain.plans import Plan, Reserve
from estimator.domain.price_list import PriceList
from estimator.domain.statement import Statement
from estimator.files import columns
from estimator.files.workbook import workbook
from tests.estimator.made_up import price_list, statement
from tests.estimator.priced import (
    BUNDLE,
    PARTS,
    half_up,
    independent_credits,
    independent_level,
    open_on,
    rows_on,
)
from tests.estimator.recalculated import Book, Cell, Recalculated

INTERNET, AI = PARTS
ESSENTIALS, SENSOR, CLOUD = "endpoint-essentials", "network-virtual-sensor", "cloud-risk"
CHANGE, DEARER = date(2027, 4, 15), D("70.5")
"""In the middle of a month Essentials becomes dearer."""

PRICES = price_list({ESSENTIALS: [(CHANGE, {"credits": DEARER})]})
OTHER_PRICES = price_list(
    {
        BUNDLE: [(date(2027, 3, 1), {"model": "per_user", "parts": []})],
        CLOUD: [(date(2027, 2, 10), {"model": "fixed_per_asset", "credits": D("7999.5")})],
        SENSOR: [(date(2027, 2, 10), {"block": D("0.3"), "credits": D("7.25")})],
        "endpoint-core": [(date(2027, 5, 31), {"credits": D("300.0001")})],
    }
)
"""A bundle ends, a model and a block change, and a package becomes the highest."""

DRAFT = Draft(
    {
        "endpoint-core": D(200),
        ESSENTIALS: D(310),
        "endpoint-pro": D(10),
        SENSOR: D("500.1"),
        CLOUD: {"1": D(2_200), "2": D(9_000)},
        "file-security-sdk": D(1_200_000),
        "xdr-for-cloud": D("120.5"),
        INTERNET: D(120),
        AI: D(100),
    },
    plans={
        ESSENTIALS: Plan(growth=D(10)),
        CLOUD: Plan(growth=D("-2.5"), starts_on=date(2027, 1, 1), ramp=3),
    },
    reserve=Reserve(percent=D("7.5")),
)

LONG = Draft(
    {BUNDLE: D(120), INTERNET: D(0)},
    years=2,
    plans={BUNDLE: Plan(growth=D(30), starts_on=date(2026, 9, 1))},
)
"""A bundle that is a line itself, over a term that can be made longer in the file."""

Changes = Mapping[tuple[str, str, int], Any]
"""What is typed: by feature, heading and row of the feature; settings by their label alone."""


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Recalculated:
    """The workbook of DRAFT. Its months are those of its term, to be counted quickly."""
    return Recalculated(workbook(statement(DRAFT, PRICES), 1), tmp_path_factory.mktemp("book"))


@pytest.fixture(scope="module")
def long_book(tmp_path_factory: pytest.TempPathFactory) -> Recalculated:
    return Recalculated(workbook(statement(LONG, PRICES), 3), tmp_path_factory.mktemp("long"))


def number_in(book: Recalculated, cell: Cell) -> Any:
    return book.value(*cell)


def assert_shows(book: Recalculated, said: Statement) -> None:
    """Lines, reserve, level, credit-years and every month are what the pages show."""
    for line in said.lines:
        rows = len(line.quantity) if isinstance(line.quantity, Mapping) else 1
        cells = [book.cell_of(line.key, columns.CREDITS, place) for place in range(rows)]
        assert sum(number_in(book, cell) for cell in cells) == line.credits, line.key
    shown = {
        "Credits of the lines": said.in_use,
        "Reserve, kept free": said.priced.reserve,
        "Level to hold": said.priced.level,
        "Level x years": said.priced.credit_years,
        "Highest level within the term": said.course.highest.level,
        "Credit-years": said.course.credit_years,
    }
    for label, figure in shown.items():
        assert number_in(book, book.beside(label)) == figure, label
    levels = months_of(book)
    assert [levels[month.begins_at.strftime("%Y-%m")] for month in said.course.months] == [
        month.level for month in said.course.months
    ]


def months_of(book: Recalculated) -> dict[str, int]:
    """The highest level of each month, as the sheet Months has it."""
    sheet = book.written[columns.MONTHS_SHEET]
    days = book.beside("From", columns.MONTHS_SHEET)[1]
    level = book.beside("Level to hold", columns.MONTHS_SHEET)[1]
    found: dict[str, int] = {}
    for cell in sheet[int(days[1:])][2:]:
        value = book.value(columns.MONTHS_SHEET, f"{cell.column_letter}{level[1:]}")
        month = f"{cell.value:%Y-%m}"
        found[month] = max(found.get(month, 0), value)
    return found


def assert_cached(book: Recalculated) -> None:
    """Beside every formula stands what it comes to."""
    cells = list(book.formulas())
    assert len(cells) > 100
    different = {
        cell: (book.cached(*cell), book.value(*cell))
        for cell in cells
        if not is_same(book.cached(*cell), book.value(*cell))
    }
    assert different == {}


def is_same(cached: Any, counted: Any) -> bool:
    if isinstance(counted, str):
        return (cached or "") == counted
    return bool(cached == pytest.approx(counted, rel=1e-12, abs=1e-9))


def test_figures_are_those_of_the_pages_and_stand_beside_their_formulas(
    book: Recalculated,
) -> None:
    book.count()

    assert_shows(book, statement(DRAFT, PRICES))
    assert_cached(book)


def test_figures_are_an_independent_sum(book: Recalculated) -> None:
    book.count()

    in_use = independent_level(DRAFT.quantities)
    kept = half_up(Fraction(in_use) * 75 / 1000)
    assert number_in(book, book.beside("Level to hold")) == in_use + kept
    assert months_of(book) == independent_months()


def independent_months() -> dict[str, int]:
    """The level of each month of DRAFT by the words of the rules, in fractions."""
    found = {}
    for place in range(13):
        year, month = 2026 + (10 + place) // 12, (10 + place) % 12 + 1
        units: dict[str, Quantity] = dict(DRAFT.quantities)
        grown = 310 * (1 + Fraction(place, 120)) if place < 12 else Fraction(341)
        units[ESSENTIALS] = D(-(-grown // 1))
        there = place - 2
        share = (1 - Fraction(25 * there, 12_000)) * min(Fraction(there + 1, 3), Fraction(1))
        units[CLOUD] = {
            account: D(-(-n * share // 1)) if there >= 0 else D(0)
            for account, n in (("1", 2_200), ("2", 9_000))
        }
        level = independent_level(units)
        if date(year, month, 28) > CHANGE:
            row = rows_on()[ESSENTIALS]
            level -= independent_credits(row, units[ESSENTIALS])
            level += independent_credits({**row, "credits": str(DEARER)}, units[ESSENTIALS])
        found[f"{year}-{month:02}"] = level + half_up(Fraction(level) * 75 / 1000)
    return found


@pytest.mark.parametrize(
    ("typed", "draft"),
    [
        pytest.param(
            {
                (ESSENTIALS, columns.UNITS, 0): 0,
                (CLOUD, columns.UNITS, 0): 501,
                (CLOUD, columns.UNITS, 1): 3_501,
                (SENSOR, columns.UNITS, 0): 501,
                (AI, columns.UNITS, 0): 0,
            },
            {
                "quantities": {
                    ESSENTIALS: D(0),
                    CLOUD: {"1": D(501), "2": D(3_501)},
                    SENSOR: D(501),
                    AI: D(0),
                }
            },
            id="other units and one part of a bundle",
        ),
        pytest.param(
            {
                columns.OVERLAP: columns.YES,
                columns.RESERVE_PERCENT: 0,
                columns.RESERVE_CREDITS: 1_234,
            },
            {"overlap": True, "reserve": Reserve(credits=1_234)},
            id="overlapping packages and a reserve in credits",
        ),
        pytest.param(
            {
                (ESSENTIALS, columns.GROWTH, 0): 33.25,
                (INTERNET, columns.RAMP, 0): 6,
                (INTERNET, columns.FROM, 0): date(2027, 5, 1),
                ("endpoint-core", columns.GROWTH, 0): -40,
                (CLOUD, columns.RAMP, 0): 0,
            },
            {
                "plans": {
                    ESSENTIALS: Plan(growth=D("33.25")),
                    INTERNET: Plan(starts_on=date(2027, 5, 1), ramp=6),
                    "endpoint-core": Plan(growth=D(-40)),
                    CLOUD: Plan(growth=D("-2.5"), starts_on=date(2027, 1, 1)),
                }
            },
            id="other growth, starts and ramps",
        ),
    ],
)
def test_cells_that_are_changed_count_as_the_calculator_does(
    book: Recalculated, typed: Mapping[Any, Any], draft: Mapping[str, Any]
) -> None:
    quantities = {**DRAFT.quantities, **draft.get("quantities", {})}
    plans = {**DRAFT.plans, **draft.get("plans", {})}
    changed = replace(DRAFT, **{**draft, "quantities": quantities, "plans": plans})

    book.count(cells_of(book, typed))

    assert_shows(book, statement(changed, PRICES))


def cells_of(book: Recalculated, typed: Mapping[Any, Any]) -> dict[Cell, Any]:
    """Where a person types it."""
    return {
        book.beside(place) if isinstance(place, str) else book.cell_of(*place): value
        for place, value in typed.items()
    }


def test_a_bundle_that_is_a_line_takes_the_place_of_its_parts(long_book: Recalculated) -> None:
    long_book.count()

    assert_shows(long_book, statement(LONG, PRICES))
    assert_cached(long_book)


def test_a_term_and_a_part_that_are_changed_count_as_the_calculator_does(
    long_book: Recalculated,
) -> None:
    changed = replace(LONG, years=3, quantities={BUNDLE: D(0), INTERNET: D(50)})

    long_book.count(
        cells_of(
            long_book,
            {
                columns.YEARS: 3,
                (BUNDLE, columns.UNITS, 0): 0,
                (INTERNET, columns.UNITS, 0): 50,
            },
        )
    )

    assert_shows(long_book, statement(changed, PRICES))


counts = st.integers(0, 2_000_000).map(D)
amounts: dict[str, st.SearchStrategy[Any]] = {
    "tiered": st.lists(st.integers(0, 20_000).map(D), min_size=1, max_size=2).map(
        lambda units: {str(place): number for place, number in enumerate(units, start=1)}
    ),
    "throughput_block": st.decimals(0, 1_000_000, places=1),
    "usage_reservation": st.decimals(0, 1_000_000, places=1),
}
plans = st.builds(
    Plan,
    growth=st.sampled_from([D(0), D(10), D("12.5"), D(-30), D(250)]),
    starts_on=st.sampled_from([None, date(2026, 6, 1), date(2026, 12, 1), date(2027, 6, 1)]),
    ramp=st.sampled_from([0, 1, 4, 12]),
)


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    """A few features of any model, each with a plan."""
    rows = rows_on()
    keys = draw(st.lists(st.sampled_from(open_on()), unique=True, min_size=1, max_size=3))
    return Draft(
        {key: draw(amounts.get(rows[key]["model"], counts)) for key in keys},
        overlap=draw(st.booleans()),
        plans={key: plan for key in keys if not (plan := draw(plans)).is_flat},
        reserve=draw(
            st.sampled_from([Reserve(), Reserve(credits=777), Reserve(percent=D("12.25"))])
        ),
    )


def any_draft_counts(draft: Draft, prices: PriceList, folder: Path) -> None:
    said = statement(draft, prices)
    book = Recalculated(workbook(said, 1), folder)

    book.count()

    assert_shows(book, said)
    assert_cached(book)


SLOW = settings(max_examples=2, suppress_health_check=list(HealthCheck))


@SLOW
@given(draft=drafts(), prices=st.sampled_from([PRICES, OTHER_PRICES]))
def test_any_estimate_is_counted_as_the_pages_count_it(
    tmp_path_factory: pytest.TempPathFactory, draft: Draft, prices: PriceList
) -> None:
    any_draft_counts(draft, prices, tmp_path_factory.mktemp("any"))


@pytest.mark.nightly
@settings(SLOW, max_examples=30)
@given(draft=drafts(), prices=st.sampled_from([PRICES, OTHER_PRICES]))
def test_many_estimates_are_counted_as_the_pages_count_them(
    tmp_path_factory: pytest.TempPathFactory, draft: Draft, prices: PriceList
) -> None:
    any_draft_counts(draft, prices, tmp_path_factory.mktemp("many"))


UNTRUSTED = [
    '=HYPERLINK("http://evil.example","Plan")',
    "+1+cmd|' /C calc'!A0",
    "@SUM(A1)",
]


@pytest.mark.parametrize("name", UNTRUSTED)
def test_no_name_becomes_a_formula(name: str) -> None:
    prices = price_list()
    feature = prices.offers[CLOUD].feature
    feature.name = feature.unit_plural = feature.group.solution.name = name
    said = replace(statement(Draft({CLOUD: {name: D(5)}}), prices, name=name), customer=name)

    book = Book(workbook(said))

    cells = [cell for sheet in book.written for row in sheet.iter_rows() for cell in row]
    assert any(cell.value == name and cell.data_type == "s" for cell in cells)
    assert not [cell for cell in cells if cell.data_type == "f" and "evil" in str(cell.value)]
    assert not [cell for cell in cells if cell.hyperlink]


def test_a_workbook_tells_of_no_person_and_no_machine_and_is_always_the_same() -> None:
    said = statement(DRAFT, PRICES)

    written = workbook(said)

    told = Book(written).written.properties
    assert (told.creator or "", told.lastModifiedBy or "") == ("", "")
    assert told.created == said.at.replace(tzinfo=None)
    assert written == workbook(said)


def test_every_sheet_stays_readable_on_paper_and_on_a_screen(book: Recalculated) -> None:
    estimate = book.written[columns.SHEET]
    heading, _letters = book.headings()

    assert estimate.freeze_panes == f"D{heading + 1}"
    assert estimate.print_title_rows == f"${heading}:${heading}"
    assert estimate.sheet_properties.pageSetUpPr.fitToPage
    assert estimate.column_dimensions["A"].hidden
    assert [sheet.title for sheet in book.written] == ["Estimate", "Months", "Rates", "Read me"]
    assert clock.day_of(PRICES.at) == book.written["Months"]["C4"].value.date()
