from __future__ import annotations

from decimal import Decimal

import pytest

from billing.domain.annual.lines import short_name
from billing.domain.annual.words import formula, grouped, listed, rate_words, signed
from credits.domain.pricing import Quantity
from credits.models import FeatureRate

pytestmark = pytest.mark.usefixtures("catalogue")


def rate_of(key: str) -> FeatureRate:
    return FeatureRate.objects.filter(feature__key=key).select_related("feature").latest("at")


@pytest.mark.parametrize(
    ("key", "quantity", "expected"),
    [
        ("endpoint-essentials", Decimal(310), "310 endpoints × 65"),
        ("endpoint-essentials", Decimal(1), "1 endpoint × 65"),
        ("email-core", Decimal(1_200), "1,200 users × 25"),
        ("network-virtual-sensor", Decimal(750), "750 Mbps = 2 blocks of 500 × 12,500"),
        ("network-virtual-sensor", Decimal("12.5"), "12.5 Mbps = 1 block of 500 × 12,500"),
        (
            "cloud-risk",
            {"a": Decimal(2_200), "b": Decimal(10)},
            "2 accounts, 2,210 resources × 1,000 per 500, at most 8,000 an account",
        ),
        ("collaboration-sensor", Decimal(5), "5 users, no credits needed"),
        ("file-security-storage-buckets", Decimal(2), "2 buckets × 9,636"),
    ],
)
def test_how_a_quantity_became_credits(key: str, quantity: Quantity, expected: str) -> None:
    assert formula(rate_of(key), quantity) == expected


def test_a_rate_by_the_block_names_the_block() -> None:
    assert rate_words(rate_of("network-virtual-sensor")) == "12,500 per 500"
    assert rate_words(rate_of("email-core")) == "25"


def test_numbers_carry_a_true_minus_and_no_trailing_zeros() -> None:
    assert grouped(-1_450) == "\N{MINUS SIGN}1,450"
    assert grouped(Decimal("12.50")) == "12.5"
    assert grouped(Decimal("1E+3")) == "1,000"
    assert signed(650) == "+650"
    assert signed(0) == "0"


def test_lists_read_as_a_sentence() -> None:
    assert listed([]) == ""
    assert listed(["L-1"]) == "L-1"
    assert listed(["L-1", "L-2", "L-3"]) == "L-1, L-2 and L-3"


def test_short_names_tell_solutions_apart() -> None:
    names = ["Cloud Risk Management", "Cloud Security", "Zero Trust"]

    assert [short_name(name, names) for name in names] == ["Cloud Risk", "Cloud Security", "Zero"]
