"""The difference of two estimates in words, whose credits add up, and what stands side by side."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credits.domain.pricing import Quantity
from credits.exceptions import InvalidCommand, UnknownObject
from estimator.domain.comparing import MOST, Counted, read_wanted
from estimator.domain.comparing_words import Sentence, differences, in_all
from estimator.domain.estimates import Draft
from estimator.domain.plans import Plan, Reserve
from tests.estimator.comparisons import ROWS, price_list
from tests.estimator.page import ESSENTIALS

KEYS = sorted(ROWS)
PRICES = price_list()
INTERNET, AI, PRIVATE = "ztsa-internet-access", "ztsa-ai-access", "ztsa-private-access"
FIRST = Draft({ESSENTIALS: D(310), INTERNET: D(120), PRIVATE: D(100)})
"""20,150 + 7,200 + 5,000."""

counts = st.integers(0, 2_000).map(D)
accounts = st.lists(counts, min_size=1, max_size=3).map(
    lambda units: {str(place): number for place, number in enumerate(units, start=1)}
)
plans = st.builds(
    Plan,
    growth=st.sampled_from([D(0), D(10), D(-5)]),
    starts_on=st.sampled_from([None, date(2027, 4, 1)]),
    ramp=st.sampled_from([0, 1, 6]),
)
reserves = st.sampled_from([Reserve(), Reserve(500), Reserve(percent=D(10)), Reserve(percent=D(7))])


@st.composite
def counted(draw: st.DrawFn) -> Counted:
    """Any estimate, at the rates of the file or with some of them dearer."""
    keys = draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=6))
    amounts: dict[str, st.SearchStrategy[Any]] = {"tiered": accounts}
    quantities: dict[str, Quantity] = {
        key: draw(amounts.get(ROWS[key]["model"], counts)) for key in keys
    }
    stated = {key: draw(plans) for key in keys}
    draft = Draft(
        quantities=quantities,
        years=draw(st.integers(1, 3)),
        overlap=draw(st.booleans()),
        plans={key: plan for key, plan in stated.items() if not plan.is_flat},
        reserve=draw(reserves),
    )
    dearer = draw(st.dictionaries(st.sampled_from(KEYS), st.integers(0, 90).map(D)))
    return Counted(draft, price_list(dearer))


@settings(max_examples=60)
@given(first=counted(), other=counted())
def test_the_sentences_add_up_to_the_difference_of_the_levels(
    first: Counted, other: Counted
) -> None:
    told = differences(first, other)

    assert sum(one.credits for one in told) == other.priced.level - first.priced.level
    assert all(one.text for one in told)
    assert not any(one.credits for one in told if one.is_over_term)


@settings(max_examples=20)
@given(one=counted())
def test_nothing_is_different_from_itself(one: Counted) -> None:
    assert differences(one, Counted(one.draft, one.prices)) == []


def told(draft: Draft, prices: dict[str, D] | None = None) -> list[tuple[str, int]]:
    """How a draft differs from the first one."""
    other = Counted(draft, price_list(prices) if prices else PRICES)
    return [(one.text, one.credits) for one in differences(Counted(FIRST, PRICES), other)]


@pytest.mark.parametrize(
    ("quantities", "sentences"),
    [
        pytest.param(
            {ESSENTIALS: D(350), INTERNET: D(120), PRIVATE: D(100)},
            [("40 more endpoints with Essentials package", 2_600)],
            id="more",
        ),
        pytest.param(
            {ESSENTIALS: D(309), INTERNET: D(120), PRIVATE: D(100)},
            [("1 fewer endpoint with Essentials package", -65)],
            id="one fewer",
        ),
        pytest.param(
            {ESSENTIALS: D(310), PRIVATE: D(100)},
            [("No Internet Access", -7_200)],
            id="the part of a bundle gone",
        ),
        pytest.param(
            {ESSENTIALS: D(310), INTERNET: D(120)},
            [("No Private Access", -5_000)],
            id="a line gone",
        ),
        pytest.param(
            {**FIRST.quantities, AI: D(120)},
            [
                (
                    "Internet + AI bundle for 120 users instead of Internet Access for 120 users",
                    3_000,
                )
            ],
            id="a bundle",
        ),
        pytest.param(
            {**FIRST.quantities, "email-core": D(10)},
            [("With Core package for 10 users", 250)],
            id="a line added",
        ),
    ],
)
def test_other_lines_are_told_in_words(
    quantities: dict[str, Quantity], sentences: list[tuple[str, int]]
) -> None:
    assert told(Draft(quantities)) == sentences


@pytest.mark.parametrize(
    ("plan", "text"),
    [
        (Plan(starts_on=date(2027, 4, 1)), "Private Access starts in Apr 2027 instead of at once"),
        (Plan(ramp=6), "Private Access arrives over 6 months instead of all at once"),
        (
            Plan(growth=D(10)),
            "Private Access changes by +10\N{NO-BREAK SPACE}% a year instead of staying as it is",
        ),
    ],
    ids=["start", "ramp", "growth"],
)
def test_what_changes_within_the_term_carries_no_credits(plan: Plan, text: str) -> None:
    other = Counted(replace(FIRST, plans={PRIVATE: plan}), PRICES)

    assert differences(Counted(FIRST, PRICES), other) == [Sentence(text, 0, is_over_term=True)]


def test_other_rates_a_reserve_and_another_term_are_told() -> None:
    draft = replace(FIRST, years=3, reserve=Reserve(percent=D(10)))

    assert told(draft, {ESSENTIALS: D(70)}) == [
        ("Essentials package at 70 credits instead of 65", 1_550),
        ("Reserve: 10\N{NO-BREAK SPACE}% of the lines instead of none", 3_390),
        ("A term of 3 years instead of 1 year", 0),
    ]


@pytest.mark.parametrize(
    ("credits", "text"),
    [
        (0, "The level to hold is the same"),
        (1, "1 credit more in all"),
        (-1_600, "1,600 credits fewer in all"),
    ],
)
def test_the_sum_is_said_in_words(credits: int, text: str) -> None:
    assert in_all(credits) == text


ONE = "00000000-0000-0000-0000-00000000000{}"


def test_an_address_names_estimates_and_versions_each_once() -> None:
    found = read_wanted([ONE.format(1), f"{ONE.format(1)}@2", ONE.format(1)])

    assert [str(wanted) for wanted in found] == [ONE.format(1), f"{ONE.format(1)}@2"]


@pytest.mark.parametrize("text", ["", "x", f"{ONE.format(1)}@", f"{ONE.format(1)}@x", "@1"])
def test_what_names_no_estimate_is_unknown(text: str) -> None:
    with pytest.raises(UnknownObject):
        read_wanted([text])


def test_more_than_four_are_refused_with_their_number() -> None:
    with pytest.raises(InvalidCommand, match="You chose 5"):
        read_wanted([ONE.format(place) for place in range(MOST + 1)])
