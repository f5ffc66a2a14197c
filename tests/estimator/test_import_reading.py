"""A file of units: what is read of it, and what is wrong, by its cell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

import pytest
from openpyxl import Workbook

from credits.exceptions import InvalidCommand
from estimator.domain.importing.reading import UnitsFile
from tests.estimator.unit_files import csv_of, problems_in, read, saved, units_in, workbook

pytestmark = pytest.mark.usefixtures("catalogue")

WHOLE = "Units must be a whole number from 0 to 1,000,000,000."
KEYED = ("Feature key", "Units")


def test_a_csv_is_read_by_names_keys_and_solutions() -> None:
    found = read(
        csv_of(
            "Feature,Solution,Units,Owner,Price",
            "essentials PACKAGE,Endpoint Security,100,Ann,1",
            "Core  package,email and collaboration security,500,,",
            'email-sensor,,"1,200",,',
            "Core package (endpoint-core),,7,,",
            "Static IP,,,,",
        )
    )

    assert problems_in(found) == []
    assert units_in(found) == {
        "endpoint-essentials": ["100"],
        "email-core": ["500"],
        "email-sensor": ["1200"],
        "endpoint-core": ["7"],
    }
    assert found.unread == ["Owner", "Price"]
    assert found.without_units == 1


@pytest.mark.parametrize("start", ["\ufeff", "", "sep=;\n", "Units of 2027, by Ann\n\n"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_marks_and_lines_above_the_header_are_no_matter(start: str, newline: str) -> None:
    text = f"{start}Feature key;units\nemail-core;5\n".replace("\n", newline)

    found = read(text.encode())

    assert units_in(found) == {"email-core": ["5"]}
    assert found.separator == ";"


def test_a_workbook_is_read_wherever_its_header_stands() -> None:
    data = workbook(
        ["Plan 2027"],
        [],
        [None, "Solution", "FEATURE", "Growth % a year", "From month", "Ramp months", "Units"],
        [None, "Endpoint Security", "Essentials package", 10, date(2027, 4, 15), 6.0, 12.0],
        [],
        [None, None, "email-core", (-0.055, "0.0%"), "2027-04", "3", 500],
        [None, None, "Email Sensor", "12.5 %", None, None, "300"],
        [None, None, "XDR for Cloud", None, None, None, 0.1 + 0.2],
        Notes=[["Nothing here"], ["Feature", "Price"]],
    )

    found = read(data, "Plan.XLSX")

    assert problems_in(found) == []
    assert found.sheet == "Units"
    said = [
        (line.key, [str(units) for units in line.units], line.growth, line.starts_on, line.ramp)
        for line in found.lines
    ]
    april = date(2027, 4, 1)
    assert [(key, units) for key, units, *_plan in said] == [
        ("endpoint-essentials", ["12"]),
        ("email-core", ["500"]),
        ("email-sensor", ["300"]),
        ("xdr-for-cloud", ["0.3"]),
    ]
    assert [[str(growth), starts, ramp] for *_line, growth, starts, ramp in said] == [
        ["10", april, 6],
        ["-5.500", april, 3],
        ["12.5", None, None],
        ["None", None, None],
    ]


def test_the_sheet_called_estimate_leads() -> None:
    header, other = list(KEYED), ["email-core", 9]
    data = workbook(header, ["email-core", 5], sheet="Estimate", First=[header, other])

    assert units_in(read(data, "plan.xlsx")) == {"email-core": ["5"]}


def test_a_hidden_sheet_is_not_read() -> None:
    book = Workbook()
    shown, hidden = book.worksheets[0], book.create_sheet("Estimate")
    hidden.sheet_state = "hidden"
    for sheet, units in ((shown, 5), (hidden, 9)):
        sheet.append(KEYED)
        sheet.append(["email-core", units])

    assert units_in(read(saved(book), "plan.xlsx")) == {"email-core": ["5"]}


def one_cell(value: Any, column: str = "Units", feature: str = "email-core") -> UnitsFile:
    row = [feature, value] if column == "Units" else [feature, 5, value]
    header = KEYED if column == "Units" else (*KEYED, column)
    return read(workbook(list(header), row), "plan.xlsx")


AMBIGUOUS = "This may be 1200 or 1.2. Write the one that is meant."
RESULT = (
    "The formula's result is not in the file. Open the file in a spreadsheet program and save it, "
    "or enter the number itself."
)
DATE = "A date stands here. Enter the number itself, and give the cell no date format."
NO_NUMBER = "This is no number of its own. Enter the number itself."


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (12.5, f"12.5: {WHOLE}"),
        (-1, f"-1: {WHOLE}"),
        (10**12, f"1000000000000: {WHOLE}"),
        ("many", f"many: {WHOLE}"),
        ("1e3", f"1e3: {WHOLE}"),
        ("\N{FULLWIDTH DIGIT ONE}", f"\N{FULLWIDTH DIGIT ONE}: {WHOLE}"),
        ("1,200", f"1,200: {AMBIGUOUS}"),
        ("1.200", f"1.200: {AMBIGUOUS}"),
        ((0.5, "0 %"), "50 %: A percentage is no number of units. Enter the number itself."),
        (datetime(2027, 4, 1), f"2027-04-01: {DATE}"),
        (time(3, 4), f"03:04:00: {NO_NUMBER}"),
        (True, f"TRUE: {NO_NUMBER}"),
        ("=1+1", f"a formula: {RESULT}"),
        (
            "#REF!",
            "#REF!: The formula here has an error. Correct it, or enter the number itself.",
        ),
    ],
    ids=str,
)
def test_what_is_no_number_of_units_is_said_at_its_cell(value: Any, problem: str) -> None:
    assert problems_in(one_cell(value)) == [f"B2: {problem}"]


@pytest.mark.parametrize(
    ("lines", "units"),
    [
        (["a;units", "email-core;1200"], "1200"),
        (["a;units", "email-core;12,0"], "12"),
        (["a;units", "email-core;1.234.567"], "1234567"),
        (["a;units", "email-core;1.200,00"], "1200"),
        (["a;units", "email-core;1 200"], "1200"),
        (["a;units", "email-core;1'234'567"], "1234567"),
        (["a;units", "xdr-for-cloud;0,125"], "0.125"),
        (["a;units", "xdr-for-cloud;1,5"], "1.5"),
        (["a,units", "xdr-for-cloud,1.125"], "1.125"),
        (["a,units", 'email-core,"1,200"'], "1200"),
        (["a,units", 'email-core,"1,200.0"'], "1200"),
        (["a,units", "email-core,12.0"], "12"),
    ],
    ids=lambda value: value[1] if isinstance(value, list) else None,
)
def test_numbers_that_can_mean_one_thing_are_read(lines: list[str], units: str) -> None:
    header, *rows = lines
    found = read(csv_of(header.replace("a", "Feature key", 1), *rows))

    assert list(units_in(found).values()) == [[units]]


@pytest.mark.parametrize(
    ("separator", "text"),
    [(";", "1,200"), (";", "1.200"), (",", "1.200")],
    ids=["comma, semicolons", "point, semicolons", "point, commas"],
)
def test_numbers_that_can_mean_two_are_refused(separator: str, text: str) -> None:
    found = read(csv_of(f"Feature key{separator}Units", f"email-core{separator}{text}"))

    assert problems_in(found) == [f"line 2, Units: {text}: {AMBIGUOUS}"]


GROWTH = "Growth is a percentage a year with up to two decimals, as 10 %."
SIGN = "This may be a share or a percentage. Write it with the sign %."


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("Growth", 0.1, f"0.1: {SIGN}"),
        ("Growth", "a lot", f"a lot: {GROWTH}"),
        ("Growth", 10.125, f"10.125: {GROWTH}"),
        ("Growth", (9.0, "0%"), "900 %: Growth is -90 to 500 percent a year. You entered 900."),
        ("From", 46113, "46113: Write a month as 2027-04, or as a date."),
        ("From", "04/2027", "04/2027: Write a month as 2027-04, or as a date."),
        ("From", "2027-13", "2027-13: Write a month as 2027-04, or as a date."),
        ("From", date(1999, 1, 1), "1999-01-01: Write a month as 2027-04, or as a date."),
        ("Ramp", 2.5, "2.5: A ramp is a whole number of months."),
        ("Ramp", 61, "61: A ramp takes up to 60 months. You entered 61."),
    ],
    ids=str,
)
def test_what_a_plan_cannot_be_is_said_at_its_cell(column: str, value: Any, said: str) -> None:
    assert problems_in(one_cell(value, column)) == [f"C2: {said}"]


def test_features_that_cannot_be_told_are_said_at_their_cell() -> None:
    found = read(
        csv_of(
            "Feature;Feature key;Solution;Units",
            "Emial Sensor;;;1",
            "Core package;;;2",
            "Email Sensor;;Network Security;3",
            "Email Sensor;email-core;;4",
            ";endpoint-pro-without-xdr;;5",
            "Former name;email-pro;;6",
            ";;;7",
        )
    )

    none = "There is no such feature in the catalogue. The nearest are:"
    first, *others = problems_in(found)
    assert first.startswith(f"line 2, Feature: Emial Sensor: {none} Email Sensor ·")
    assert others == [
        "line 3, Feature: Core package: Several features are called that. Name the solution as "
        "well: Email and Collaboration Security · Endpoint Security.",
        "line 4, Feature: Email Sensor: The solution of this feature is Email and Collaboration "
        "Security. Correct one of the two.",
        "line 5, Feature: Email Sensor: The key beside it is that of Core package. Correct one of "
        "the two.",
        "line 6, Feature key: endpoint-pro-without-xdr: Pro features without XDR takes no new "
        "allocations since 2026-01-01. Remove this line.",
        "line 8, Units: 7: These units belong to no feature. Name it, or empty the cell.",
    ]
    assert units_in(found) == {"email-pro": ["6"]}


def test_accounts_are_put_together_and_other_repetitions_refused() -> None:
    found = read(
        workbook(
            ["Feature key", "Account", "Units", "Growth"],
            ["cloud-risk", "north", 2_200, "10 %"],
            ["email-core", None, 5],
            ["cloud-risk", "south", 300],
            ["cloud-risk", None, 40],
            ["Email-Core", None, 6],
        ),
        "plan.xlsx",
    )

    assert units_in(found) == {"cloud-risk": ["2200", "300", "40"]}
    repeated = "This feature stands at A3 already. Put its units into one row."
    assert problems_in(found) == [f"A6: Email-Core: {repeated}"]


def test_rows_of_one_feature_do_not_contradict_each_other() -> None:
    found = read(
        workbook(
            ["Feature key", "Account", "Units", "Growth"],
            ["cloud-risk", "north", 2_200, "10 %"],
            ["cloud-risk", "north", 300, "11 %"],
        ),
        "plan.xlsx",
    )

    assert problems_in(found) == [
        "B3: north: This account stands at B2 already. Put its units into one row.",
        "D3: 11 %: A row above says something else of the same feature. Let both say the same.",
    ]
    assert found.lines == []


def test_a_column_that_is_there_twice_spoils_every_line() -> None:
    found = read(csv_of("Feature key,Units,units", "email-core,5,6"))

    twice = "This column is there twice. Keep one of them, or rename the other."
    assert problems_in(found) == [f"line 1: units: {twice}"]
    assert found.lines == []


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["Feature key,Units", *["cloud-risk,1"] * 4_001], "more than 4,000 lines."),
        (["Feature key,Units", "email-core,1" + "," * 49 + "x"], "up to 50 columns."),
        (["Feature key,Units", "email-core,"], "No line of the file has units."),
        (["Feature key,Price", "email-core,4"], "No row names a column of features"),
        (['Feature key,Units\n"email-core,4'], "Line 2: The line cannot be read: a quotation"),
        (["Feature key,Units\nemail-core,\udcff"], "Line 2: This is no UTF-8 text."),
        ([" ", ""], "The file is empty."),
    ],
    ids=["lines", "columns", "no units", "no header", "quotation mark", "no UTF-8", "blank"],
)
def test_a_text_that_cannot_be_read_is_refused_as_a_whole(rows: Sequence[str], said: str) -> None:
    data = "\n".join(rows).encode(errors="surrogateescape")

    with pytest.raises(InvalidCommand) as refusal:
        read(data)

    assert said in refusal.value.message


def test_accounts_beyond_the_most_are_said_at_their_cell() -> None:
    found = read(csv_of("Feature key,Units", *["cloud-risk,1"] * 202))

    most = "A feature has up to 200 accounts."
    assert problems_in(found) == [f"line {n}, Units: 1: {most}" for n in (202, 203)]
