"""The shipped data: catalogue, the source rows it was made from, conversion rates, examples."""

import csv
from datetime import date
from decimal import ROUND_CEILING, Decimal
from pathlib import Path

import pytest

from credits.domain.catalogue_file import CatalogueFile, RateRow, read_catalogue

ROOT = Path(__file__).parents[3]
DATA = ROOT / "credits" / "data"
PRICED_BY_BLOCK = {"throughput_block", "volume_pack", "tiered"}

Row = dict[str, str]


def rows_of(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


SOURCE_ROWS = rows_of(DATA / "source_rows.csv")
MAPPED = [row for row in SOURCE_ROWS if row["rates"]]
LISTED = [row for row in SOURCE_ROWS if not row["rates"]]
CONVERSIONS = rows_of(DATA / "conversion_rates.csv")
EXAMPLES = rows_of(ROOT / "tests" / "data" / "worked_examples.csv")


@pytest.fixture(scope="module")
def catalogue() -> CatalogueFile:
    return read_catalogue((DATA / "catalogue.csv").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def rates(catalogue: CatalogueFile) -> dict[str, RateRow]:
    return {f"{rate.feature}@{rate.valid_from}": rate for rate in catalogue.rates}


def credits_of(rate: RateRow, quantity: Decimal) -> Decimal:
    """The price by hand, apart from the product's own pricing."""
    if rate.model in PRICED_BY_BLOCK:
        quantity = (quantity / rate.block).to_integral_value(ROUND_CEILING)
    price = quantity * rate.credits
    return price if rate.cap is None else min(price, Decimal(rate.cap))


def test_each_of_the_65_public_rows_stands_once_and_in_order_and_later_ones_follow() -> None:
    numbers = [row["row"] for row in SOURCE_ROWS]

    assert numbers == [str(number) for number in range(1, len(numbers) + 1)]
    assert len(numbers) >= 65


@pytest.mark.parametrize("row", SOURCE_ROWS, ids=lambda row: f"row-{row['row']}")
def test_a_source_row_is_either_mapped_or_listed_with_a_reason(row: Row) -> None:
    assert bool(row["rates"]) == bool(row["quantity"])
    assert bool(row["rates"]) != bool(row["reason"])
    assert row["period"] == ("annual" if row["rates"] else "monthly")
    assert not row["reason"] or (len(row["reason"]) > 40 and row["reason"].endswith("."))


@pytest.mark.parametrize("row", MAPPED, ids=lambda row: f"row-{row['row']}")
def test_a_mapped_source_row_is_the_rate_of_its_feature(
    row: Row, rates: dict[str, RateRow]
) -> None:
    for name in row["rates"].split():
        assert credits_of(rates[name], Decimal(row["quantity"])) == Decimal(row["credits"]), name


def test_each_rate_of_the_catalogue_comes_from_a_source_row(rates: dict[str, RateRow]) -> None:
    named = {name for row in MAPPED for name in row["rates"].split()}
    left_over = {name: rate for name, rate in rates.items() if name not in named}

    assert named <= set(rates)
    for rate in left_over.values():
        # Made of a row that has another period: assumed, and the row's reason says so.
        assert rate.assumed
        assert any(f"({rate.feature})" in row["reason"] for row in LISTED)
    assert len(left_over) <= 1


def test_the_rates_a_reason_points_to_are_mapped_rows() -> None:
    pointed = {word.strip("().") for row in LISTED for word in row["reason"].split("(row ")[1:]}

    assert pointed <= {row["row"] for row in MAPPED}
    assert len(pointed) > 10


def test_the_shipped_catalogue_is_read_whole(catalogue: CatalogueFile) -> None:
    assert len(catalogue.rates) == len(rows_of(DATA / "catalogue.csv"))


def test_the_shipped_catalogue_says_what_it_assumes(catalogue: CatalogueFile) -> None:
    assert all(
        rate.assumed == ("ssumed" in rate.note or "taken as" in rate.note)
        for rate in catalogue.rates
    )


@pytest.mark.parametrize(
    ("feature", "last_day"),
    [
        ("endpoint-pro-without-xdr", date(2025, 12, 31)),
        ("endpoint-advanced-protection", date(2025, 11, 10)),
        ("endpoint-advanced-server-protection", date(2025, 11, 10)),
        ("email-advanced-protection", date(2025, 12, 31)),
    ],
)
def test_superseded_offerings_of_the_shipped_catalogue_are_closed(
    feature: str, last_day: date, catalogue: CatalogueFile
) -> None:
    ends = [rate.valid_to for rate in catalogue.rates if rate.feature == feature]

    assert ends[-1] == last_day


def test_features_priced_together_in_the_shipped_catalogue_are_packages_and_one_bundle(
    catalogue: CatalogueFile,
) -> None:
    together = {
        group.key: [feature.key for feature in catalogue.features if feature.group == group.key]
        for group in catalogue.groups
    }

    assert {key: names for key, names in together.items() if len(names) > 1} == {
        "endpoint-packages": [
            "endpoint-core",
            "endpoint-essentials",
            "endpoint-pro",
            "endpoint-xdr",
            "endpoint-pro-without-xdr",
        ],
        "ztsa-internet-ai": [
            "ztsa-internet-access",
            "ztsa-ai-access",
            "ztsa-internet-ai-bundle",
        ],
    }
    assert all(names == [key] for key, names in together.items() if len(names) == 1)


def test_conversion_rates_of_an_entitlement_follow_each_other_without_overlap() -> None:
    ends: dict[str, str] = {}
    for row in sorted(CONVERSIONS, key=lambda row: (row["entitlement"], row["valid_from"])):
        assert ends.get(row["entitlement"], "0000-00-00") < row["valid_from"]
        assert date.fromisoformat(row["valid_from"]) <= date.fromisoformat(
            row["valid_to"] or "9999-12-31"
        )
        ends[row["entitlement"]] = row["valid_to"] or "9999-12-31"

    assert set(ends.values()) == {"9999-12-31"}


@pytest.mark.parametrize(
    ("entitlement", "term_start", "credits"),
    [
        ("xdr-email-sensor", "2024-12-31", 3),
        ("xdr-email-sensor", "2025-01-01", 5),
        ("xdr-endpoint-sensor", "2020-01-01", 20),
        ("xdr-network-sensor", "2026-01-05", 25000),
        ("endpoint-pro", "2026-01-05", 300),
    ],
)
def test_one_conversion_rate_is_in_force_on_the_first_day_of_a_term(
    entitlement: str, term_start: str, credits: int
) -> None:
    in_force = [
        int(row["credits"])
        for row in CONVERSIONS
        if row["entitlement"] == entitlement
        and row["valid_from"] <= term_start <= (row["valid_to"] or "9999-12-31")
    ]

    assert in_force == [credits]


def test_all_26_examples_of_the_sources_are_kept() -> None:
    numbers = {int(row["example"]) for row in EXAMPLES if row["example"]}

    assert numbers == set(range(1, 27))


def test_examples_have_names_of_their_own_and_say_where_they_belong() -> None:
    names = [row["name"] for row in EXAMPLES]

    assert len(set(names)) == len(names)
    for row in EXAMPLES:
        assert row["belongs"] == "annual" or row["belongs"].endswith("."), row["name"]
        assert row["kind"], row["name"]
        assert row["expected"], row["name"]


def test_examples_name_features_and_entitlements_that_exist(catalogue: CatalogueFile) -> None:
    features = {feature.key for feature in catalogue.features}
    entitlements = {row["entitlement"] for row in CONVERSIONS}
    known = {"feature": features, "in_use": features | {""}, "on_credits": features}
    known |= {"chosen": features, "entitlement": entitlements}

    for row in EXAMPLES:
        inputs = dict(item.split("=", 1) for item in row["inputs"].split("; "))
        for name, value in inputs.items():
            if name in known:
                assert set(value.split() or [""]) <= known[name], row["name"]
