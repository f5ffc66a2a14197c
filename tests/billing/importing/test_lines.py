"""What the lines of a file of orders say, and every way in which they can be wrong."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from billing.domain.importing.lines import read_orders
from tests.billing.importing.files import file_of

ALL = (
    "customer,order number,channel,credits,first day,last day,months,kind,renews,price,currency,"
    "note,unusual"
)
GOOD = "C-1001,SO-1,sales,5000,2027-04-01,2028-03-31,,bought,L-201,12.50,eur,By phone,yes"


def test_a_line_is_read_column_by_column() -> None:
    read = read_orders(file_of(GOOD, header=ALL))

    assert read.problems == []
    [order] = read.orders
    assert (order.customer, order.order_number, order.channel) == ("C-1001", "SO-1", "sales")
    assert (order.price, order.currency, order.note) == (Decimal("12.50"), "EUR", "By phone")
    [line] = order.lines
    assert (line.credits, line.kind, line.renews) == (5000, "bought", "L-201")
    assert (line.first_day, line.last_day) == (date(2027, 4, 1), date(2028, 3, 31))
    assert line.unusual


def test_months_stand_for_the_last_day() -> None:
    header = "customer,order number,credits,first day,months"

    [order] = read_orders(file_of("X,SO-1,10,2028-02-29,12", header=header)).orders

    assert order.lines[0].last_day == date(2029, 2, 28)


def test_lines_of_one_number_are_one_order() -> None:
    read = read_orders(
        file_of(
            "X,SO-1,10,2027-01-01,2027-12-31",
            "Y,SO-2,20,2027-01-01,2027-12-31",
            "x,so-1,30,2027-02-01,2027-12-31",
        )
    )

    assert [(order.order_number, order.credits) for order in read.orders] == [
        ("SO-1", 40),
        ("SO-2", 20),
    ]


def test_semicolons_and_a_byte_order_mark_are_read() -> None:
    data = "\ufeff" + file_of("X,SO-1,10,2027-01-01,2027-12-31").decode().replace(",", ";")

    read = read_orders(data.encode())

    assert (read.separator, len(read.orders)) == (";", 1)


@pytest.mark.parametrize(
    ("column", "cell", "sentence"),
    [
        ("customer", "", "The customer is missing."),
        ("order number", "", "The order number is missing."),
        ("channel", "aws", "The channel is sales or support, not “aws”."),
        ("credits", "5.000", "Write the credits as a whole number without separators"),
        ("credits", "0", "Credits must be a whole number from 1 to"),
        ("credits", "1e3", "Write the credits as a whole number"),
        ("first day", "01/04/2027", "Write the first day as a day that exists, like 2027-04-01"),
        ("first day", "2027-02-30", "Write the first day as a day that exists"),
        ("first day", "1999-01-01", "A term lies between 2000 and 2100."),
        ("last day", "2027-03-31", "The last day must not be before the first day."),
        ("last day", "", "The last day is missing, or the months from which it follows."),
        ("months", "0", "A term has 1 to 120 months, not 0."),
        ("months", "24", "24 months from 2027-04-01 end on 2029-03-31, not on 2028-03-31."),
        ("kind", "gift", "The kind is bought or trial, not “gift”."),
        ("price", "1,250.00", "Write the price as 1234.50, with a point, not “1,250.00”."),
        ("price", "", "Write the price as 1234.50"),
        ("currency", "euro", "A price needs a currency of three letters."),
        ("note", "x" * 401, "A cell is longer than 400 characters."),
        ("unusual", "maybe", "The column unusual takes yes or no, not “maybe”."),
    ],
)
def test_what_is_wrong_is_said_at_its_line(column: str, cell: str, sentence: str) -> None:
    names, cells = ALL.split(","), GOOD.split(",")
    cells[names.index(column)] = f'"{cell}"'

    read = read_orders(file_of(GOOD.replace("SO-1", "SO-0"), ",".join(cells), header=ALL))

    assert [problem.line for problem in read.problems] == [3]
    assert read.problems[0].text.startswith(sentence)


def test_every_problem_of_a_line_is_told_at_once() -> None:
    read = read_orders(file_of(",,x,y,z"))

    assert len(read.problems) == 5
    assert {problem.line for problem in read.problems} == {2}


@pytest.mark.parametrize(
    ("second", "column"),
    [
        ("Y,SO-1,10,2027-01-01,2027-12-31,5,EUR,", "customer"),
        ("X,SO-1,10,2027-01-01,2027-12-31,6,EUR,", "price"),
        ("X,SO-1,10,2027-01-01,2027-12-31,,,Other", "note"),
    ],
)
def test_one_order_says_one_thing(second: str, column: str) -> None:
    header = "customer,order number,credits,first day,last day,price,currency,note"
    first = "X,SO-1,10,2027-01-01,2027-12-31,5,EUR,Hello"

    [problem] = read_orders(file_of(first, second, header=header)).problems

    assert problem.line == 3
    assert problem.text.startswith(f"Line 2 has another {column} for order SO-1.")


def test_an_empty_cell_of_a_later_line_says_nothing() -> None:
    header = "customer,order number,credits,first day,last day,price,currency,note"
    lines = ("X,SO-1,10,2027-01-01,2027-12-31,5,EUR,Hello", "X,SO-1,10,2027-01-01,2027-12-31,,,")

    read = read_orders(file_of(*lines, header=header))

    assert read.problems == []
    assert read.orders[0].price == 5
