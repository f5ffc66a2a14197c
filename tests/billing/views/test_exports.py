"""Every list of the portal as a file: complete, adding up, for those who may, at a fixed cost."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from credits.domain.people import RIGHTS, Right
from credits.models import Customer, Role, User
from tests.billing.ordering import buy, line, today
from tests.factories import credits as make

ClientOf = Callable[[User], Client]
DAY = timedelta(days=1)
FEATURES = ("endpoint-sandbox-submission", "email-sensor", "email-core")

INSIDE = (
    ("billing:annual-credits", "features", "Credits"),
    ("billing:annual-credits", "purchase-history", "Credits"),
    ("billing:license-list", "licenses", "Credits"),
    ("billing:license-list", "all-licenses", "Credits"),
    ("billing:forecast", "forecast", ""),
    ("billing:time-machine", "licenses-then", "Credits"),
    ("billing:time-machine", "features-then", "Credits"),
    ("billing:explain", "rows", "Adds to the figure"),
    ("credits:activity", "activity", ""),
    ("credits:member-list", "members", ""),
)
DESK = (
    ("billing:sales-customers", "customers", "Balance"),
    ("billing:sales-purchases", "purchases", "Credits"),
)
ALL = INSIDE + DESK


def furnish(customer: Customer, rep: User, start: int, stop: int) -> None:
    """Orders with a license each, members, acts, and for the desk more customers."""
    for n in range(start, stop):
        buy(customer, f"SO-{n}", line(100 + n, today() + n * DAY), actor=rep)
        make.make_member(customer, make.make_user(), Role.VIEWER)
        make.allocate(customer, FEATURES[n % 3], n + 1)
        make.assign_rep(make.make_customer(name=f"Customer {n}"), rep)


@pytest.fixture
def desk(client_of: ClientOf, rep: User) -> Client:
    return client_of(rep)


def address(name: str, customer: Customer) -> str:
    return reverse(name, kwargs={} if "sales" in name else {"slug": customer.slug})


def content(response: Any) -> bytes:
    """A file, read to its end."""
    assert response.status_code == 200
    assert response.streaming
    return b"".join(response.streaming_content)


def take(client: Client, customer: Customer, name: str, key: str, kind: str, **more: str) -> bytes:
    asked = {"_export": kind, "_table": key, "_columns": "all"} | more
    return content(client.get(address(name, customer), asked))


def lines(client: Client, customer: Customer, name: str, key: str, **more: str) -> list[list[str]]:
    file = take(client, customer, name, key, "csv", **more).decode()
    return list(csv.reader(io.StringIO(file)))


@pytest.mark.parametrize(("name", "key", "summed"), ALL)
def test_both_formats_hold_the_same_list_and_its_sum(
    desk: Client, customer: Customer, rep: User, name: str, key: str, summed: str
) -> None:
    furnish(customer, rep, 0, 4)

    header, *rows = lines(desk, customer, name, key)
    book = load_workbook(io.BytesIO(take(desk, customer, name, key, "xlsx")))
    top, *cells = book.worksheets[0].iter_rows(values_only=True)

    assert list(top) == header
    assert len(set(header)) == len(header)
    assert len(cells) == len(rows) >= 1
    assert book.sheetnames[-1] == "About"
    if summed:
        place = header.index(summed)
        *values, total = (int(row[place]) for row in rows)
        assert sum(values) == total == cells[-1][place]
        assert rows[-1][0] == "Sum"


FOOTED = [row for row in ALL if row[2] and row[1] not in ("rows", "all-licenses")]


@pytest.mark.parametrize(("name", "key", "summed"), FOOTED)
def test_the_sum_is_that_of_the_pages_footer(
    desk: Client, customer: Customer, rep: User, name: str, key: str, summed: str
) -> None:
    furnish(customer, rep, 0, 4)

    header, *_rows, sums = lines(desk, customer, name, key)
    page = desk.get(address(name, customer)).content.decode()

    feet = re.findall(r"<tfoot.*?</tfoot>", page, re.S)
    shown = f"{int(sums[header.index(summed)]):,}".replace("-", "\N{MINUS SIGN}")
    assert any(re.search(rf">\s*{shown}\b", foot) for foot in feet)


@pytest.mark.parametrize(
    ("name", "key", "count"),
    [
        ("billing:license-list", "licenses", 27),
        ("billing:sales-purchases", "purchases", 27),
        ("billing:annual-credits", "purchase-history", 27),
        ("billing:sales-customers", "customers", 28),
    ],
)
def test_a_file_holds_more_rows_than_a_page(
    desk: Client, customer: Customer, rep: User, name: str, key: str, count: int
) -> None:
    furnish(customer, rep, 0, 27)

    _header, *rows, _sums = lines(desk, customer, name, key, page="2", per_page="25")

    assert len(rows) == count


def test_the_file_of_activity_goes_beyond_the_page(
    desk: Client, customer: Customer, rep: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("credits.tables.activity.READ_AT_ONCE", 7)
    furnish(customer, rep, 0, 10)

    header, *rows = lines(desk, customer, "credits:activity", "activity")
    before = lines(desk, customer, "credits:activity", "activity", before="5")[1:]

    operations = [row[header.index("Operation")] for row in rows]
    assert len(set(operations)) == len(operations) == customer.operations.count()
    assert before == rows


def test_the_desk_has_each_value_in_a_column_of_its_own(
    desk: Client, customer: Customer, rep: User
) -> None:
    make.grant(customer, 1_000, today(), today() + 9 * DAY)
    make.grant(customer, 300, today(), today() + 20 * DAY)
    make.allocate(customer, "endpoint-sandbox-submission", 100)

    header, first, *_rest = lines(desk, customer, "billing:sales-customers", "customers")
    row = dict(zip(header, first, strict=True))

    assert row["Customer"] == customer.name
    assert row["Number"] == customer.label
    assert row["Last day of what ends next"] == (today() + 9 * DAY).isoformat()
    assert (row["Valid"], row["Allocated"], row["Balance"]) == ("1300", "700", "600")
    assert row["First short on"] == (today() + 10 * DAY).isoformat()
    assert row["Balance then"] == "-400"
    assert "Enter a purchase" not in header


@pytest.mark.parametrize(("name", "key", "_summed"), INSIDE)
def test_a_viewer_may_take_files_away_and_nobody_without_the_right(
    client_of: ClientOf,
    customer: Customer,
    bob: User,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    key: str,
    _summed: str,
) -> None:
    viewer = client_of(bob)
    asked = {"_export": "csv", "_table": key}
    content(viewer.get(address(name, customer), asked))

    monkeypatch.setitem(RIGHTS, Role.VIEWER.value, frozenset({Right.VIEW}))

    assert viewer.get(address(name, customer), asked).status_code == 403
    page = viewer.get(address(name, customer))
    assert page.status_code == 200
    assert f"_table={key}" not in page.content.decode()


PAGES = sorted({name for name, _key, _summed in ALL if name != "billing:explain"})


@pytest.mark.parametrize("name", PAGES)
def test_every_offered_file_and_every_sorting_of_a_page_is_there(
    desk: Client, customer: Customer, rep: User, name: str
) -> None:
    furnish(customer, rep, 0, 3)
    page = desk.get(address(name, customer)).content.decode()
    links = {unescape(link) for link in re.findall(r'href="([^"#]+)"', page)}

    files = {link for link in links if "_export=" in link}
    sortings = {link for link in links if re.search(r"sort=", link) and link not in files}
    turned = {re.sub(r"(sort=)(-?)", lambda m: m[1] + ("" if m[2] else "-"), s) for s in sortings}

    assert files
    for link in files:
        assert len(
            content(desk.get(link if link.startswith("/") else address(name, customer) + link))
        )
    for link in sortings | turned:
        assert desk.get(address(name, customer) + link).status_code == 200


def costs(client: Client, customer: Customer) -> dict[tuple[str, str], int]:
    """The queries of every file, by table and kind."""
    found = {}
    for name, key, _summed in ALL:
        for kind in ("csv", "xlsx"):
            with CaptureQueriesContext(connection) as queries:
                take(client, customer, name, key, kind)
            found[key, kind] = len(queries)
    return found


def test_a_file_takes_as_many_queries_with_many_rows_as_with_few(
    desk: Client, customer: Customer, rep: User
) -> None:
    furnish(customer, rep, 0, 5)
    few = costs(desk, customer)
    furnish(customer, rep, 5, 50)

    assert costs(desk, customer) == few
    assert max(few.values()) <= 30
