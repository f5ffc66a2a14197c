"""What an estimate comes to, against worked examples and an independent sum."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credits.domain.pricing import Quantity
from estimator.domain.estimates import Draft, Priced, needs_of, price_estimate
from estimator.domain.needs import Basis
from tests.estimator.priced import (
    BUNDLE,
    PARTS,
    independent_level,
    open_on,
    rates_on,
    rows_on,
)

RATES = rates_on()
INTERNET, AI = PARTS

counts = st.integers(0, 1_000_000_000).map(D)
measures = st.decimals(0, 1_000_000, places=1)
accounts = st.lists(st.integers(0, 20_000).map(D), min_size=1, max_size=5).map(
    lambda units: {str(place): number for place, number in enumerate(units, start=1)}
)
amounts: dict[str, st.SearchStrategy[Any]] = {"tiered": accounts, "throughput_block": measures}


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    """Any choice of features in any order, each with units its model takes."""
    keys = draw(st.lists(st.sampled_from(open_on()), unique=True, max_size=12))
    rows = rows_on()
    # A bundle has no units of its own: they are those of its parts.
    keys = [key for key in keys if not rows[key]["parts"]]
    quantities: dict[str, Quantity] = {
        key: draw(amounts.get(rows[key]["model"], counts)) for key in keys
    }
    return Draft(quantities, years=draw(st.integers(1, 10)))


holdings = st.dictionaries(st.sampled_from(open_on()), st.integers(0, 10_000_000), max_size=12)


def priced(
    quantities: Mapping[str, Quantity],
    held: Mapping[str, int] | None = None,
    basis: Basis = Basis.INSTEAD,
    *,
    years: int = 1,
    overlap: bool = False,
) -> Priced:
    return price_estimate(Draft(quantities, years, overlap), RATES, held or {}, basis)


@pytest.mark.parametrize(
    ("quantities", "level"),
    [
        ({"endpoint-essentials": D(100)}, 6_500),
        ({"email-core": D(500)}, 12_500),
        ({INTERNET: D(120), AI: D(120)}, 10_200),
        ({BUNDLE: D(120)}, 10_200),
        ({INTERNET: D(120)}, 7_200),
        ({"cloud-risk": {"1": D(2_200)}}, 5_000),
        ({"cloud-risk": {"1": D(501), "2": D(9_000)}}, 10_000),
        ({"cloud-risk": {"1": D(3_501)}}, 8_000),
        ({"network-virtual-sensor": D("500.1")}, 25_000),
        ({"file-security-sdk": D(1_200_000)}, 15_000),
        ({"file-security-storage-buckets": D(3)}, 28_908),
        ({"collaboration-sensor": D(400)}, 0),
        ({"endpoint-core": D(200), "endpoint-essentials": D(100), "endpoint-pro": D(10)}, 18_500),
        ({"endpoint-essentials": D(0)}, 0),
        ({}, 0),
    ],
)
def test_worked_examples_come_out_to_the_credit(
    quantities: Mapping[str, Quantity], level: int
) -> None:
    assert priced(quantities).level == level


@given(draft=drafts())
def test_level_is_the_independent_sum(draft: Draft) -> None:
    assert price_estimate(draft, RATES, {}).level == independent_level(draft.quantities)


@given(draft=drafts(), held=holdings, basis=st.sampled_from(Basis), overlap=st.booleans())
def test_rows_add_up_to_what_is_shown_below_them(
    draft: Draft, held: Mapping[str, int], basis: Basis, overlap: bool
) -> None:
    result = price_estimate(Draft(draft.quantities, draft.years, overlap), RATES, held, basis)

    rows = [*result.lines.values(), *result.bundles]
    assert list(result.lines) == list(draft.quantities)
    assert sum(row.credits for row in rows) == result.level
    assert sum(row.change or 0 for row in rows) == result.change
    assert result.credit_years == result.level * draft.years
    for row in rows:
        if not row.bundle:
            assert sum(term.credits for term in row.terms) == row.credits


@given(draft=drafts(), held=holdings)
def test_on_top_the_change_is_the_whole_level(draft: Draft, held: Mapping[str, int]) -> None:
    result = price_estimate(draft, RATES, held, Basis.ON_TOP)

    assert result.change == result.level


@given(draft=drafts())
def test_what_is_held_already_changes_nothing(draft: Draft) -> None:
    held = {
        key: credits
        for need in needs_of(draft, RATES).groups.values()
        for key, credits in need.levels.items()
    }

    assert price_estimate(draft, RATES, held).change == 0


@given(draft=drafts())
def test_overlapping_packages_never_cost_more(draft: Draft) -> None:
    apart = price_estimate(draft, RATES, {})
    overlapping = price_estimate(Draft(draft.quantities, draft.years, True), RATES, {})

    assert overlapping.level <= apart.level


def test_arithmetic_of_a_line_is_data() -> None:
    (term,) = priced({"cloud-risk": {"1": D(2_200)}}).lines["cloud-risk"].terms

    assert (term.units, term.block, term.blocks, term.rate, term.credits, term.capped) == (
        D(2_200),
        D(500),
        5,
        D(1_000),
        5_000,
        False,
    )


def test_each_account_has_its_own_arithmetic() -> None:
    line = priced({"cloud-risk": {"1": D(501), "2": D(9_000)}}).lines["cloud-risk"]

    assert [(term.blocks, term.credits, term.capped) for term in line.terms] == [
        (2, 2_000, False),
        (18, 8_000, True),
    ]


def test_parts_of_a_bundle_are_named_with_the_saving() -> None:
    result = priced({INTERNET: D(120), AI: D(120)})

    (bundle,) = result.bundles
    assert (bundle.key, bundle.credits, bundle.apart, bundle.saving) == (
        BUNDLE,
        10_200,
        13_200,
        3_000,
    )
    assert {line.bundle for line in result.lines.values()} == {BUNDLE}


def test_bundle_and_its_part_are_counted_once() -> None:
    result = priced({BUNDLE: D(120), INTERNET: D(120)})

    assert result.level == 10_200
    assert result.bundles == ()
    assert result.lines[INTERNET].credits == 0


def test_one_number_serves_all_features_of_a_bundle() -> None:
    result = priced({INTERNET: D(100), AI: D(120)})

    assert result.level == 120 * 85


def test_overlapping_packages_count_under_the_highest() -> None:
    quantities = {"endpoint-essentials": D(310), "endpoint-pro": D(10)}

    result = priced(quantities, overlap=True)

    assert result.level == 300 * 65 + 10 * 300
    assert result.lines["endpoint-essentials"].terms[0].counted == D(300)
    assert [(note.group, note.units) for note in result.packages] == [("endpoint-packages", 310)]


def test_packages_stated_apart_are_added() -> None:
    quantities = {"endpoint-essentials": D(310), "endpoint-pro": D(10)}

    result = priced(quantities)

    assert result.level == 310 * 65 + 10 * 300
    assert [note.units for note in result.packages] == [320]


def test_instead_of_counts_only_what_comes_on_top_of_the_same_feature() -> None:
    held = {"endpoint-essentials": 6_500, "email-core": 2_500}

    result = priced({"endpoint-essentials": D(110)}, held)

    assert (result.level, result.change) == (7_150, 650)
    assert result.lines["endpoint-essentials"].change == 650


def test_second_part_of_a_bundle_costs_only_the_rest() -> None:
    result = priced({AI: D(120)}, {INTERNET: 7_200})

    line = result.lines[AI]
    assert (result.level, result.change) == (6_000, 3_000)
    assert (line.change, line.kept) == (3_000, (INTERNET,))


def test_a_part_of_a_bundle_that_is_held_changes_nothing() -> None:
    assert priced({INTERNET: D(120)}, {BUNDLE: 10_200}).change == 0


def test_a_part_estimated_at_nothing_leaves_the_bundle() -> None:
    assert priced({INTERNET: D(0)}, {BUNDLE: 10_200}).change == 120 * 50 - 10_200


def test_term_multiplies_credit_years_and_never_the_level() -> None:
    result = priced({"endpoint-essentials": D(100)}, years=3)

    assert (result.level, result.credit_years) == (6_500, 19_500)
