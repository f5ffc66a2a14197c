from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from billing.web.exports import cell, lines


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\N{MINUS SIGN}"])
def test_text_is_never_taken_for_a_formula(start: str) -> None:
    assert cell(f"{start}1+1") == f"'{start}1+1"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (-650, -650),
        (Decimal("65.0000"), "65"),
        (Decimal("-2.50"), "-2.5"),
        (None, None),
        ("Core package", "Core package"),
        (datetime(2026, 11, 24, 9, tzinfo=UTC), "2026-11-24T09:00:00Z"),
    ],
)
def test_numbers_and_instants_are_bare(value: Any, expected: Any) -> None:
    assert cell(value) == expected


def test_lines_come_one_by_one() -> None:
    seen = []

    def rows() -> Any:
        for number in (1, 2):
            seen.append(number)
            yield (number, 'a "b", c')

    file = lines(("n", "text"), rows())

    assert next(file) == "n,text\r\n"
    assert seen == []
    assert next(file) == '1,"a ""b"", c"\r\n'
    assert seen == [1]
