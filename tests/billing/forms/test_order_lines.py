"""What is typed for an order's licenses, read strictly."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from billing.forms.fields import CreditsField, DayField, PriceField
from billing.forms.order_lines import Term, settle

FIRST = date(2027, 4, 1)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("1", 1),
        ("15000", 15_000),
        ("15,000", 15_000),
        ("1,000,000,000,000", 10**12),
        ("0", None),
        ("-5", None),
        ("\N{MINUS SIGN}5", None),
        ("+5", None),
        ("12.5", None),
        ("1,00", None),
        ("1_000", None),
        ("1 000", None),
        ("1e20", None),
        ("100000000000000000000", None),
        ("9" * 5_000, None),
        ("NaN", None),
        ("Infinity", None),
        ("\N{FULLWIDTH DIGIT ONE}\N{FULLWIDTH DIGIT FIVE}", None),
        ("\N{SUPERSCRIPT TWO}", None),
        ("\N{ARABIC-INDIC DIGIT FIVE}", None),
        ("0x10", None),
    ],
)
def test_credits_are_whole_digits_and_nothing_else(typed: str, read: int | None) -> None:
    assert CreditsField().read(typed) == read


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("0", Decimal(0)),
        ("12,500.00", Decimal("12500")),
        ("12500.5", Decimal("12500.5")),
        ("12.345", None),
        (".5", None),
        ("5.", None),
        ("-1", None),
        ("1e3", None),
        ("NaN", None),
        ("1000000000000", None),
        ("\N{FULLWIDTH DIGIT ONE}", None),
    ],
)
def test_a_price_has_at_most_two_decimals(typed: str, read: Decimal | None) -> None:
    assert PriceField().read(typed) == read


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("2027-04-01", FIRST),
        ("2028-02-29", date(2028, 2, 29)),
        ("2027-02-29", None),
        ("2027-13-01", None),
        ("0000-01-01", None),
        ("2027-4-1", None),
        ("01.04.2027", None),
        ("20270401", None),
        ("2027-W13-4", None),
        ("\N{FULLWIDTH DIGIT TWO}027-04-01", None),
    ],
)
def test_a_day_is_written_one_way(typed: str, read: date | None) -> None:
    assert DayField().read(typed) == read


@pytest.mark.parametrize(
    ("choice", "typed", "shown", "settled"),
    [
        ("12", "", "", Term("12", "2028-03-31")),
        ("6", "", "", Term("6", "2027-09-30")),
        ("24", "2028-03-31", "12/2028-03-31", Term("24", "2029-03-31")),
        ("12", "2028-03-31", "", Term("12", "2028-03-31")),
        ("12", "2028-06-30", "12/2028-03-31", Term("custom", "2028-06-30")),
        ("custom", "2028-03-31", "12/2028-03-31", Term("custom", "2028-03-31")),
        ("36", "2028-06-30", "custom/2028-06-30", Term("36", "2030-03-31")),
        ("12", "soon", "12/2028-03-31", Term("custom", "soon")),
        ("99", "2028-06-30", "", Term("custom", "2028-06-30")),
    ],
)
def test_length_and_last_day_agree_on_what_was_changed(
    choice: str, typed: str, shown: str, settled: Term
) -> None:
    assert settle(FIRST, choice, typed, shown) == settled


def test_a_leap_day_has_its_anniversary_on_the_28th() -> None:
    assert settle(date(2028, 2, 29), "12", "", "").last_day == "2029-02-28"


@pytest.mark.parametrize("first", [None, date(1, 1, 1), date(9999, 12, 31)])
def test_a_first_day_that_cannot_be_leaves_the_last_day_as_typed(first: date | None) -> None:
    assert settle(first, "12", "2028-03-31", "12/2028-03-31") == Term("12", "2028-03-31")
