"""What an estimate said against what is there: the parts are the difference, to the credit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credits.domain.pricing import SHARED, Quantity, Rate
from estimator.domain.estimates import Draft, group_needs
from estimator.domain.plans import Plan
from estimator.domain.reality import Present, Reality, Use, compare, redrawn
from tests.estimator.priced import (
    PARTS,
    Row,
    half_up,
    independent_credits,
    independent_level,
    rates_on,
    rows_on,
    total,
)
from tests.estimator.test_estimates import drafts

RATES = rates_on()
GROUPS = {key: group for group, rates in RATES.items() for key in rates}
INTERNET, AI = PARTS
BUNDLE = "ztsa-internet-ai-bundle"
ESSENTIALS, MAIL = "endpoint-essentials", "email-core"
RESERVED = "xdr-for-cloud"


def there(
    quantities: Mapping[str, Quantity], rates: Mapping[str, Mapping[str, Rate]] = RATES
) -> dict[str, Present]:
    """A customer that holds just these units, priced without the product's code."""
    found: dict[str, dict[str, Quantity]] = {}
    for key, quantity in quantities.items():
        found.setdefault(GROUPS[key], {})[key] = quantity
    present = {}
    for group, own in found.items():
        is_shared = bool(set(own) & set(PARTS))
        widest = max(own.values(), key=total)
        present[group] = Present(
            rates=rates[group],
            quantities={SHARED: widest} if is_shared else own,
            holding=frozenset(own),
            credits=shared(own, rates[group])
            if is_shared
            else {key: independent_credits(row(rates[group][key]), q) for key, q in own.items()},
            ever=frozenset(own),
        )
    return present


def shared(own: Mapping[str, Quantity], rates: Mapping[str, Rate]) -> dict[str, int]:
    """The bundle in place of its parts, at their one number."""
    charged = [BUNDLE] if len(own) == len(PARTS) else list(own)
    units = max(total(quantity) for quantity in own.values())
    return {key: half_up(units * total(rates[key].credits)) for key in charged}


def row(rate: Rate) -> Row:
    """A rate as a line of the catalogue says it."""
    return {
        "model": rate.model,
        "credits": str(rate.credits),
        "block": str(rate.block),
        "cap": str(rate.cap or ""),
    }


def raised(keys: frozenset[str], times: int) -> dict[str, dict[str, Rate]]:
    """The rates with some features dearer."""
    return {
        group: {
            key: replace(
                rate, credits=rate.credits * times, cap=rate.cap * times if rate.cap else None
            )
            if key in keys
            else rate
            for key, rate in rates.items()
        }
        for group, rates in RATES.items()
    }


def compared(draft: Draft, present: Mapping[str, Present]) -> Reality:
    return compare(draft, group_needs(draft.quantities, RATES, overlap=draft.overlap), present)


def sum_of(rates: Mapping[str, Mapping[str, Rate]], quantities: Mapping[str, Quantity]) -> int:
    """Credits of features that share nothing, at some rates."""
    return sum(
        independent_credits(row(rates[GROUPS[key]][key]), quantity)
        for key, quantity in quantities.items()
        if key not in PARTS
    )


@given(
    estimated=drafts(),
    stated=drafts(),
    changed=st.sets(st.sampled_from(sorted(rows_on())), max_size=8).map(frozenset),
    times=st.integers(1, 3),
    kept=st.booleans(),
)
def test_the_parts_are_the_difference_to_the_credit(
    estimated: Draft, stated: Draft, changed: frozenset[str], times: int, kept: bool
) -> None:
    rates = raised(changed, times)
    quantities = {**(estimated.quantities if kept else {}), **stated.quantities}
    present = there(quantities, rates)

    found = compared(estimated, present)

    held = sum(sum(group.credits.values()) for group in present.values())
    level = independent_level(estimated.quantities)
    assert (found.estimated, found.held, found.difference) == (level, held, held - level)
    parts = (found.by_units, found.by_rates, found.by_reservation, found.not_estimated)
    assert sum(parts) == held - level
    assert found.by_reservation == 0
    if not set(PARTS) & (estimated.quantities.keys() | quantities.keys()):
        lines = {key: q for key, q in quantities.items() if key in estimated.quantities}
        others = {key: q for key, q in quantities.items() if key not in estimated.quantities}
        assert found.not_estimated == sum_of(rates, others)
        assert found.by_units == sum_of(RATES, lines) - level
        assert found.by_rates == sum_of(rates, lines) - sum_of(RATES, lines)


def test_units_rates_and_what_nobody_estimated_are_told_apart() -> None:
    rates = raised(frozenset({MAIL}), 2)
    draft = Draft({ESSENTIALS: D(100), MAIL: D(10)})
    found = compared(draft, there({ESSENTIALS: D(137), MAIL: D(10), "endpoint-core": D(1)}, rates))

    assert (found.by_units, found.by_rates, found.not_estimated) == (2_405, 250, 45)
    first, second = found.rows
    assert (first.difference, first.by_units, first.by_rates) == (2_405, 2_405, 0)
    assert (second.difference, second.by_units, second.by_rates) == (250, 0, 250)
    assert [one.key for one in found.unplanned] == ["endpoint-core"]
    assert [row.keys for row in found.moved] == [(ESSENTIALS,), (MAIL,)]


def test_one_bundle_is_one_row_and_its_other_part_was_not_estimated() -> None:
    draft = Draft({INTERNET: D(60)})
    (row,) = compared(draft, there({INTERNET: D(72), AI: D(72)})).rows

    assert (row.estimated, row.held, row.by_units) == (3_600, 6_120, 720)
    assert (row.by_others, row.others, row.use) == (1_800, (AI,), Use.ON)


@pytest.mark.parametrize(
    ("there_now", "use", "units"),
    [
        ({}, Use.NEVER, 0),
        ({"ever": frozenset({MAIL})}, Use.RELEASED, 0),
        ({"payg": frozenset({MAIL})}, Use.PAYG, 12),
        ({"holding": frozenset({MAIL}), "credits": {MAIL: 300}}, Use.ON, 12),
    ],
    ids=["never-on", "released", "as-you-go", "on"],
)
def test_a_line_says_what_became_of_its_feature(
    there_now: Mapping[str, Any], use: Use, units: int
) -> None:
    group = GROUPS[MAIL]
    present = Present(RATES[group], {MAIL: D(12)}, **there_now)
    (row,) = compared(Draft({MAIL: D(10)}), {group: present}).rows

    assert (row.use, row.units) == (use, D(units))
    assert row.difference == (300 if use == Use.ON else 0) - 250 == row.by_units


def test_what_a_reservation_keeps_stands_apart() -> None:
    group = GROUPS[RESERVED]
    rate = RATES[group][RESERVED]
    draft = Draft({RESERVED: rate.block * 3})
    highest = int(rate.credits) * 5
    present = Present(
        RATES[group], {RESERVED: rate.block * 2}, frozenset({RESERVED}), {RESERVED: highest}
    )
    (row,) = compared(draft, {group: present}).rows

    assert row.by_units == -int(rate.credits)
    assert row.by_reservation == 3 * int(rate.credits)
    assert row.difference == 2 * int(rate.credits)


def test_a_line_is_compared_with_what_was_planned_for_now() -> None:
    draft = Draft({MAIL: D(100)}, plans={MAIL: Plan(ramp=4)})
    planned = draft.on(date(2026, 11, 1), date(2026, 12, 9))
    needs = group_needs(planned, RATES, overlap=False)
    (row,) = compare(draft, needs, there({MAIL: D(60)})).rows

    assert (row.typed, row.planned, row.units, row.is_planned) == (D(100), D(50), D(60), True)
    assert row.by_units == row.difference == 250


def test_overlapping_packages_are_compared_as_they_are_counted() -> None:
    draft = Draft({ESSENTIALS: D(310), "endpoint-pro": D(10)}, overlap=True)
    found = compared(draft, there({ESSENTIALS: D(300), "endpoint-pro": D(10)}))

    assert [row.planned for row in found.rows] == [D(300), D(10)]
    assert found.difference == 0
    assert found.moved == []


def test_the_estimate_is_drawn_again_with_what_is_there() -> None:
    growing = Plan(growth=D(10), starts_on=date(2026, 1, 1), ramp=3)
    later = Plan(starts_on=date(2027, 6, 1))
    sensor = "network-virtual-sensor"
    draft = Draft(
        {ESSENTIALS: D(100), MAIL: D(10), sensor: D(500)},
        years=3,
        plans={ESSENTIALS: growing, sensor: later},
    )
    present = there({ESSENTIALS: D(137), "endpoint-core": D(4)})
    present[GROUPS[MAIL]] = Present(RATES[GROUPS[MAIL]], {MAIL: D(10)}, ever=frozenset({MAIL}))

    again = redrawn(draft, compared(draft, present))

    assert again.quantities == {ESSENTIALS: D(137), sensor: D(500), "endpoint-core": D(4)}
    assert again.plans == {ESSENTIALS: Plan(growth=D(10)), sensor: later}
    assert again.years == 3
