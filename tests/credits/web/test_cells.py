"""Values as cells: numbers stay numbers, and no text is ever taken for a formula."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

from credits.web.cells import csv_cell, is_risky, plain

RISKY = (
    '=HYPERLINK("http://example.org","x")',
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\rtext",
    "\ntext",
    "\N{MINUS SIGN}5",
    "\N{FULLWIDTH EQUALS SIGN}1+1",
    "\N{FULLWIDTH PLUS SIGN}1",
    "\N{FULLWIDTH HYPHEN-MINUS}1",
    "\N{FULLWIDTH COMMERCIAL AT}A1",
    "\N{SMALL PLUS SIGN}1",
    "\N{SMALL HYPHEN-MINUS}1",
    "\N{SUPERSCRIPT PLUS SIGN}1",
    " =1+1",
    "\N{NO-BREAK SPACE}=1+1",
    "\N{ZERO WIDTH SPACE}=1+1",
    "\N{ZERO WIDTH NO-BREAK SPACE}=1+1",
    "'=1+1",
    '"=1+1',
)


@pytest.mark.parametrize("text", RISKY)
def test_text_is_never_taken_for_a_formula(text: str) -> None:
    assert is_risky(text)
    assert csv_cell(text).startswith("'")
    assert csv_cell(text).endswith(text[-1])


@pytest.mark.parametrize("text", ["Core package", "L-204", "a=b", "(1)", "5 - 3", "", " ", "'x'"])
def test_ordinary_text_is_left_as_it_is(text: str) -> None:
    assert not is_risky(text)
    assert csv_cell(text) == text


@pytest.mark.parametrize("mark", [";", "\t", "\n", "\r"])
def test_no_cell_of_its_own_begins_with_a_formula_after_a_separator(mark: str) -> None:
    assert csv_cell(f"order{mark}=1+1") == f"order{mark}'=1+1"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (-650, -650),
        (Decimal("65.0000"), "65"),
        (Decimal("-2.50"), "-2.5"),
        (Decimal("1E+3"), "1000"),
        (0.5, 0.5),
        (None, None),
        (datetime(2026, 11, 24, 9, tzinfo=UTC), "2026-11-24T09:00:00Z"),
        (datetime(2026, 11, 24, 1, tzinfo=timezone(timedelta(hours=2))), "2026-11-23T23:00:00Z"),
        (date(2026, 11, 24), "2026-11-24"),
    ],
)
def test_numbers_and_instants_are_bare(value: Any, expected: Any) -> None:
    assert csv_cell(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (mark_safe('<span class="x">R&amp;D\n <b>5</b></span>'), "R&D 5"),
        (gettext_lazy("Credits"), "Credits"),
        ("R&amp;D", "R&amp;D"),
        ("<b>typed</b>", "<b>typed</b>"),
        (True, "yes"),
        ("", None),
        (0, 0),
    ],
)
def test_a_cell_is_what_a_reader_sees(value: Any, expected: Any) -> None:
    assert plain(value) == expected
    assert type(plain(value)) is type(expected)
