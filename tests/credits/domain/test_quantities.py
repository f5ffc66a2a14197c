"""Numbers as people type them."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credits.domain.quantities import MAX_UNITS, read_quantity
from credits.exceptions import InvalidCommand


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        (" 310 ", 310),
        ("1,000", 1000),
        ("12,345,678", 12345678),
        ("007", 7),
        ("1000000000", MAX_UNITS),
    ],
)
def test_a_whole_number_is_read(text: str, value: int) -> None:
    assert read_quantity(text, measured=False, field="f") == value


@pytest.mark.parametrize(("text", "value"), [("0.1", "0.1"), ("1,000.50", "1000.50"), ("5", "5")])
def test_a_measured_number_may_have_decimals(text: str, value: str) -> None:
    assert read_quantity(text, measured=True, field="f") == Decimal(value)


BAD = (
    "", " ", "-1", "+1", "-0", "1.5", "1e3", "1E999", "NaN", "Infinity", "inf", "0x10", "1_000",
    "1 000", "1,00", ",1", "1,", ".5", "5.", "1..2", "ten", "²", "\uff11\uff12", "\u0661\u0662",
    "1\0", "1\n2", "100000000000000000000", "1000000001", "9" * 5000, "1,000,00", "\ud800",
)  # fmt: skip


@pytest.mark.parametrize("text", BAD, ids=lambda text: ascii(text)[:24])
def test_anything_else_is_refused_with_what_was_entered(text: str) -> None:
    with pytest.raises(InvalidCommand) as refusal:
        read_quantity(text, measured=False, field="units")

    assert refusal.value.field == "units"
    assert refusal.value.message.endswith(".")
    assert len(refusal.value.message) < 120


@given(st.text(max_size=40), st.booleans())
def test_no_text_does_anything_but_be_read_or_refused(text: str, measured: bool) -> None:
    try:
        value = read_quantity(text, measured=measured, field="f")
    except InvalidCommand:
        return
    assert 0 <= value <= MAX_UNITS
    assert measured or value == value.to_integral_value()


@given(st.integers(0, MAX_UNITS))
def test_a_number_is_read_with_and_without_its_commas(number: int) -> None:
    assert read_quantity(str(number), measured=False, field="f") == number
    assert read_quantity(f"{number:,}", measured=True, field="f") == number


@pytest.mark.parametrize("text", ["1.000", "12.000", "999.000"])
def test_a_point_that_may_group_thousands_is_refused_where_units_are_whole(text: str) -> None:
    with pytest.raises(InvalidCommand, match=f"You entered {re.escape(text)}"):
        read_quantity(text, measured=False, field="units")
    assert read_quantity(text, measured=True, field="units") == Decimal(text)
