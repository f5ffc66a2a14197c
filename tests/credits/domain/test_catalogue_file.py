from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from credits.domain.catalogue_file import (
    COLUMNS,
    FeatureRow,
    GroupRow,
    RateRow,
    SolutionRow,
    read_catalogue,
)
from tests.credits.domain.catalogue_text import cells, places, refusal, text_of


def test_a_line_becomes_solution_group_feature_and_rate() -> None:
    line = cells(
        "network-sensor",
        unit="Mbps",
        unit_plural="Mbps",
        model="throughput_block",
        credits="12500.5",
        block="500",
        requires="hub|relay mail-core",
        payg="yes",
        retention_days="30",
        valid_to="2025-12-31",
        assumed="yes",
        note="Assumed, with a comma.",
    )

    read = read_catalogue(text_of(line, cells(), cells("hub"), cells("relay")))

    assert read.solutions == (SolutionRow("mail", "Mail Security"),)
    assert read.groups[0] == GroupRow("network-sensor", "Network-Sensor", "mail")
    assert read.features[0] == FeatureRow(
        key="network-sensor",
        name="Network-Sensor",
        solution="mail",
        group="network-sensor",
        unit="Mbps",
        unit_plural="Mbps",
        requires=(("hub", "relay"), ("mail-core",)),
        payg="yes",
        retention_days=30,
    )
    assert read.rates[0] == RateRow(
        feature="network-sensor",
        model="throughput_block",
        unit="Mbps",
        unit_plural="Mbps",
        credits=Decimal("12500.5"),
        block=Decimal(500),
        cap=None,
        parts=(),
        valid_from=date(2024, 1, 1),
        valid_to=date(2025, 12, 31),
        assumed=True,
        source="a page",
        note="Assumed, with a comma.",
        line=2,
    )


def test_rows_keep_the_order_of_the_file() -> None:
    read = read_catalogue(text_of(cells("zeta"), cells("alpha"), cells("mid")))

    assert [feature.key for feature in read.features] == ["zeta", "alpha", "mid"]
    assert [group.key for group in read.groups] == ["zeta", "alpha", "mid"]
    assert [rate.line for rate in read.rates] == [2, 3, 4]


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_feature_has_the_unit_of_its_newest_rate(newest_first: bool) -> None:
    flat = cells(
        "cloud-risk",
        unit="account",
        unit_plural="accounts",
        model="fixed_per_asset",
        credits="8000",
        valid_to="2026-01-04",
    )
    steps = cells(
        "cloud-risk",
        unit="resource",
        unit_plural="resources",
        model="tiered",
        credits="1000",
        block="500",
        cap="8000",
        valid_from="2026-01-05",
    )

    read = read_catalogue(text_of(*([steps, flat] if newest_first else [flat, steps])))

    assert len(read.features) == 1
    assert read.features[0].unit_plural == "resources"
    assert sorted(rate.unit for rate in read.rates) == ["account", "resource"]


def test_a_byte_order_mark_and_windows_line_ends_read_the_same() -> None:
    lines = [cells(), cells("hub")]

    read = read_catalogue("\ufeff" + text_of(*lines, newline="\r\n"))

    assert read == read_catalogue(text_of(*lines))


def test_columns_may_stand_in_any_order_and_empty_lines_anywhere() -> None:
    text = text_of(cells(), columns=COLUMNS[::-1])

    read = read_catalogue(text.replace("\n", "\n\n" + "," * (len(COLUMNS) - 1) + "\n"))

    assert [rate.feature for rate in read.rates] == ["mail-core"]
    assert read.rates[0].line == 4


def test_spaces_around_a_cell_do_not_count() -> None:
    padded = {column: f"  {value} " for column, value in cells().items()}

    assert read_catalogue(text_of(padded)) == read_catalogue(text_of(cells()))


NOT_DECIMALS = [
    "", "-1", "+1", "NaN", "sNaN", "Infinity", "-inf", "1e3", "1E+3", "0x1F", "1_000", "1,000",
    ".5", "5.", "1.2.3", "1.00001", "1234567890", "\uff14\uff15", "٤٥", "²", "½", "4 5", "1\x00",
    "9" * 5000,
]  # fmt: skip
NOT_DAYS = [
    "", "2024-13-01", "2025-02-29", "2024-1-1", "20240101", "2024-W01-1", "01.01.2024",
    "0000-01-01", "1999-12-31", "3000-01-01", "9999-12-31", "10000-01-01", "2024-01-01T00:00",
    "\uff12\uff10\uff12\uff14-01-01", "today",
]  # fmt: skip
NOT_WHOLE = ["0", "-1", "1.0", "1e3", "\uff13\uff10", "1234567890", "thirty"]
NOT_KEYS = [
    "", "Mail", "mail_core", "mail core", "-mail", "mail-", "mail--core", "mäil", "mail/core",
    "a" * 61,
]  # fmt: skip
NOT_NAMES = ["", "   ", "n" * 121, "two\nlines", "nul\x00", "bell\a", "right\u202eleft"]
BAD_CELLS = [
    *[("credits", value) for value in NOT_DECIMALS],
    *[("block", value) for value in [*NOT_DECIMALS, "0", "0.0", "2"]],
    *[("credits", value) for value in ("0", "0.0000")],
    *[("valid_from", value) for value in NOT_DAYS],
    *[("valid_to", value) for value in [*NOT_DAYS[1:], "2023-12-31"]],
    *[("retention_days", value) for value in NOT_WHOLE],
    *[("cap", value) for value in [*NOT_WHOLE, "8000"]],
    *[(column, value) for column in ("solution", "group", "feature") for value in NOT_KEYS],
    *[(column, value) for column in ("solution_name", "feature_name") for value in NOT_NAMES],
    *[("unit", value) for value in ("", "u" * 61)],
    *[("source", value) for value in ("", "s" * 201)],
    ("note", "n" * 401),
    *[("model", value) for value in ("", "per_seat", "Per_user", "per user")],
    *[("payg", value) for value in ("", "Yes", "perhaps", "true")],
    *[("assumed", value) for value in ("", "YES", "1")],
    *[("parts", value) for value in ("hub", "mail-core", "hub|relay", "hub nothing")],
    *[("requires", value) for value in ("nothing", "hub|nothing", "hub||relay", "mail-core", "|")],
]


@pytest.mark.parametrize(("column", "value"), BAD_CELLS)
def test_a_bad_cell_is_refused_by_line_and_column(column: str, value: str) -> None:
    text = text_of(cells("hub"), cells("relay"), cells() | {column: value})

    error = refusal(text)

    found = [problem for problem in error.problems if problem.column == column]
    assert found
    assert {problem.line for problem in error.problems} == {4}
    assert found[0].value == value.strip()
    assert f"line 4, {column}: found " in str(error)
    assert found[0].expected in str(error)


def test_a_refusal_says_what_was_found_and_what_is_expected() -> None:
    error = refusal(text_of(cells(credits="\uff14\uff15")))

    assert str(error).splitlines() == [
        "The catalogue was not loaded.",
        "line 2, credits: found '\uff14\uff15', expected a number such as 45 or 0.5, "
        "up to 9 digits and 4 decimals.",
    ]
    assert error.code == "catalogue"


def test_every_problem_is_reported_at_once_in_the_order_of_the_lines() -> None:
    error = refusal(
        text_of(
            cells("one", requires="absent"),
            cells("two", credits="NaN", valid_from="soon"),
            cells("three"),
            cells("four", model="magic"),
        )
    )

    assert places(error) == [
        (2, "requires"),
        (3, "credits"),
        (3, "valid_from"),
        (5, "model"),
    ]


def test_a_long_list_of_problems_is_cut_in_the_message_and_kept_whole_beside_it() -> None:
    error = refusal(text_of(*[cells(f"f-{n}", credits="x") for n in range(60)]))

    assert len(error.problems) == 60
    assert str(error).endswith("\nAnd 10 more.")


def test_a_long_value_is_shortened_in_the_message() -> None:
    error = refusal(text_of(cells(credits="9" * 5000)))

    assert len(str(error)) < 300


@pytest.mark.parametrize("text", ["", "\ufeff", "\n\n", " ", ",,,\n"])
def test_an_empty_file_is_refused(text: str) -> None:
    assert "a header and one line a rate" in str(refusal(text))


def test_a_header_without_rates_is_refused() -> None:
    assert "at least one rate" in str(refusal(text_of()))


@pytest.mark.parametrize("column", COLUMNS)
def test_a_missing_column_is_named(column: str) -> None:
    columns = tuple(name for name in COLUMNS if name != column)
    line = {name: value for name, value in cells().items() if name != column}

    error = refusal(text_of(line, columns=columns))

    assert places(error) == [(1, column)]


def test_an_unknown_and_a_doubled_column_are_named() -> None:
    header, line = text_of(cells()).splitlines()

    error = refusal(f"{header},price,unit\n{line},1,user\n")

    assert places(error) == [(1, "unit"), (1, "price")]


def test_semicolons_are_not_taken_for_commas() -> None:
    error = refusal(text_of(cells()).replace(",", ";"))

    assert len(error.problems) == len(COLUMNS) + 1


@pytest.mark.parametrize("change", [lambda line: line + ",", lambda line: line.rpartition(",")[0]])
def test_a_line_with_more_or_fewer_cells_is_refused(change: Callable[[str], str]) -> None:
    header, good, bad = text_of(cells(), cells("hub")).splitlines()

    error = refusal("\n".join([header, good, change(bad)]))

    assert places(error) == [(3, "")]
    assert f"expected {len(COLUMNS)} cells" in str(error)


def test_an_open_quote_is_refused_at_its_line() -> None:
    error = refusal(text_of(cells()) + '"open,\n' + text_of(cells("hub")))

    assert places(error) == [(3, "")]


def test_text_after_a_closing_quote_is_refused_and_not_guessed_at() -> None:
    error = refusal(text_of(cells(), cells("hub")).replace(",Hub,user,", ',"Hub"s,user,'))

    assert places(error) == [(3, "")]


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    error = refusal(text_of(cells("one", note="over\ntwo lines"), cells("two", credits="x")))

    assert places(error) == [(2, "note"), (4, "credits")]
