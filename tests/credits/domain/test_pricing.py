"""What quantities cost: the worked examples of the pages, and what holds for every number."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credits import clock
from credits.domain.booking import pricing_rate
from credits.domain.boundaries import boundary_at
from credits.domain.catalogue import offers
from credits.domain.catalogue_file import read_catalogue
from credits.domain.pricing import PRICERS, SHARED, Rate, price, whole_credits
from credits.models import AllocationModel
from tests.cast import CATALOGUE

EXAMPLES = Path(__file__).parents[2] / "data" / "worked_examples.csv"
GROUP_OF_ENDPOINTS = "endpoint-packages"
GROUP_OF_ACCESS = "ztsa-internet-ai"
Row = dict[str, str]


def examples(*kinds: str) -> list[object]:
    """The worked examples of these kinds that belong to the annual model, each by its name."""
    with EXAMPLES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        pytest.param(row, id=row["name"])
        for row in rows
        if row["kind"] in kinds and row["belongs"] == "annual"
    ]


def inputs(row: Row) -> dict[str, str]:
    pairs = (pair.split("=", 1) for pair in row["inputs"].split("; "))
    return {name.strip(): value.strip() for name, value in pairs}


def rates(group: str, day: date) -> dict[str, Rate]:
    return {
        offer.feature.key: pricing_rate(offer.rate)
        for offer in offers(clock.start_of(day))
        if offer.feature.group.key == group
    }


SINGLE = (
    "estimate", "tiered", "fixed_per_asset", "throughput_block", "volume_pack", "free"
)  # fmt: skip


@pytest.mark.parametrize("row", examples(*SINGLE))
def test_a_feature_costs_what_the_worked_example_says(row: Row, catalogue: None) -> None:
    given_ = inputs(row)
    feature = given_["feature"]
    accounts = {
        name: Decimal(value) for name, value in given_.items() if name.startswith("account.")
    }
    quantity = accounts or Decimal(given_["units"])
    (group,) = {
        offer.feature.group.key
        for offer in offers(clock.start_of(date.fromisoformat(given_["on"])))
        if offer.feature.key == feature
    }
    own = rates(group, date.fromisoformat(given_["on"]))

    assert price(own, {feature: quantity}, set(own))[feature] == int(row["expected"])


@pytest.mark.parametrize("row", examples("package"))
def test_an_endpoint_holds_its_highest_package_in_use(row: Row, catalogue: None) -> None:
    given_ = inputs(row)
    own = rates(GROUP_OF_ENDPOINTS, date.fromisoformat(given_["on"]))
    in_use = {given_["in_use"]: Decimal(given_["units"])} if given_["in_use"] else {}

    levels = price(own, in_use, set(own))

    assert sum(levels.values()) == int(row["expected"])


@pytest.mark.parametrize("row", examples("bundle"))
def test_a_bundle_counts_only_with_all_its_parts(row: Row, catalogue: None) -> None:
    given_ = inputs(row)
    own = rates(GROUP_OF_ACCESS, date.fromisoformat(given_["on"]))

    levels = price(own, {SHARED: Decimal(given_["units"])}, set(given_["on_credits"].split()))

    assert sum(levels.values()) == int(row["expected"])


@pytest.mark.parametrize("row", examples("units_for_credits"))
def test_so_many_units_are_held_by_so_many_credits(row: Row, catalogue: None) -> None:
    given_ = inputs(row)
    feature = given_["feature"]
    own = rates(feature, date.fromisoformat(given_["on"]))

    levels = price(own, {feature: Decimal(row["expected"])}, {feature})

    assert levels[feature] == int(given_["credits"])


@pytest.mark.parametrize("row", examples("boundary"))
def test_the_boundary_is_where_the_worked_example_says(row: Row) -> None:
    hour, minute = map(int, inputs(row)["clock"].split(":"))
    now = clock.start_of(date(2026, 3, 3)).replace(hour=hour, minute=minute)

    assert f"{boundary_at(now):%H:%M}" == row["expected"]


def test_every_annual_example_but_conversions_and_advice_is_worked_through() -> None:
    worked = {*SINGLE, "package", "bundle", "units_for_credits", "boundary"}
    with EXAMPLES.open(encoding="utf-8", newline="") as file:
        left = {row["kind"] for row in csv.DictReader(file) if row["belongs"] == "annual"} - worked

    assert left == {"conversion"}


def test_there_is_a_pricer_for_each_model_and_a_model_for_each_pricer() -> None:
    assert set(PRICERS) == set(AllocationModel.values)


credits_a_unit = st.decimals(0, 20_000, places=4)
block_sizes = st.decimals("0.0001", 500_000, places=4)
units = st.decimals(0, 1_000_000_000, places=4)
one_number = sorted(set(PRICERS) - {"bundle"})


@given(model=st.sampled_from(one_number), credits=credits_a_unit, block=block_sizes, n=units)
def test_a_level_is_whole_never_negative_and_nothing_for_nothing(
    model: str, credits: Decimal, block: Decimal, n: Decimal
) -> None:
    rate = Rate(model=model, credits=credits, block=block, cap=8000)

    level = PRICERS[model](rate, n)

    assert isinstance(level, int)
    assert level >= 0
    assert PRICERS[model](rate, Decimal(0)) == 0


@given(
    model=st.sampled_from(one_number),
    credits=credits_a_unit,
    block=block_sizes,
    pair=st.tuples(units, units),
)
def test_more_units_never_cost_less(
    model: str, credits: Decimal, block: Decimal, pair: tuple[Decimal, Decimal]
) -> None:
    rate = Rate(model=model, credits=credits, block=block, cap=8000)
    fewer, more = sorted(pair)

    assert PRICERS[model](rate, fewer) <= PRICERS[model](rate, more)


@given(credits=st.integers(1, 5000), n=st.integers(0, 10**6))
def test_one_unit_more_costs_exactly_one_rate_more(credits: int, n: int) -> None:
    rate = Rate(model="per_unit", credits=Decimal(credits))
    cost = PRICERS["per_unit"]

    assert cost(rate, Decimal(n + 1)) - cost(rate, Decimal(n)) == credits


@given(block=block_sizes, n=units)
def test_a_block_model_holds_the_fewest_blocks_that_hold_the_quantity(
    block: Decimal, n: Decimal
) -> None:
    rate = Rate(model="throughput_block", credits=Decimal(1), block=block)

    blocks = PRICERS["throughput_block"](rate, n)

    assert (blocks - 1) * block < n <= blocks * block or n == blocks == 0


@given(accounts=st.dictionaries(st.text(min_size=1), st.integers(0, 20_000).map(Decimal)))
def test_tiers_price_and_cap_each_account_apart(accounts: dict[str, Decimal]) -> None:
    rate = Rate(model="tiered", credits=Decimal(1000), block=Decimal(500), cap=8000)
    cost = PRICERS["tiered"]

    assert cost(rate, accounts) == sum(cost(rate, {"one": n}) for n in accounts.values())
    assert cost(rate, accounts) <= 8000 * len(accounts)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("0.5", 1), ("1.5", 2), ("2.5", 3), ("0.49999", 0), ("2.4999", 2), ("0", 0), ("7", 7)],
)
def test_halves_are_rounded_up(value: str, expected: int) -> None:
    assert whole_credits(Decimal(value)) == expected


def test_rounding_is_done_once_and_last() -> None:
    rate = Rate(model="per_unit", credits=Decimal("0.4"))

    assert PRICERS["per_unit"](rate, Decimal(4)) == 2


def test_what_is_off_holds_nothing_and_a_bundle_takes_the_place_of_its_parts() -> None:
    own = {
        "a": Rate(model="per_user", credits=Decimal(60)),
        "b": Rate(model="per_user", credits=Decimal(50)),
        "both": Rate(model="bundle", credits=Decimal(85), parts=("a", "b")),
    }
    ten = {SHARED: Decimal(10)}

    assert price(own, ten, {"a", "b"}) == {"a": 0, "b": 0, "both": 850}
    assert price(own, ten, {"a"}) == {"a": 600, "b": 0, "both": 0}
    assert price(own, ten, set()) == {"a": 0, "b": 0, "both": 0}


def test_the_catalogue_s_file_reads_without_a_problem() -> None:
    assert read_catalogue(CATALOGUE.read_text(encoding="utf-8")).features
