"""Units from a file in the calculator: what becomes of the form, and what is said."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO
from itertools import pairwise
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from credits import clock
from credits.models import Customer, User
from estimator.domain.estimates import Draft
from estimator.domain.importing.reading import MAX_BYTES
from estimator.domain.plans import Reserve
from estimator.domain.price_list import read_price_list
from estimator.domain.statement import Statement
from estimator.files import FILES
from estimator.files.columns import OVERLAP, RESERVE_CREDITS, RESERVE_PERCENT, YEARS
from estimator.forms.importing import written
from estimator.models import Estimate
from tests.estimator.page import (
    ESSENTIALS,
    LogIn,
    Reader,
    Response,
    body,
    edit_url,
    new_url,
    nothing_saved,
    send,
    text_in,
    value_of,
    words,
)
from tests.estimator.unit_files import csv_of, problems_in, read, saved, workbook

GOOD = csv_of("Feature key,Units,Owner", f"{ESSENTIALS},100,Ann", "email-core,500,Bob")
MIXED = csv_of("Feature key;Units", f"{ESSENTIALS};250", "email-core;12.5", "nobody;3")


def upload(
    client: Client, url: str, data: bytes | None, lines: dict[str, Any] | None = None, **fields: Any
) -> Response:
    """Send the form with a file, as the browser does from its button."""
    name = fields.pop("name_of_file", "plan.csv")
    chosen: dict[str, Any] = {} if data is None else {"units_file": SimpleUploadedFile(name, data)}
    return send(client, url, lines or {}, "import", **chosen, **fields)


def field_of(response: Response, name: str) -> str:
    """What a hidden field of the form holds."""
    inputs = Reader(response.content.decode()).inputs
    return next(own["value"] for own in inputs if own.get("name") == name)


def test_a_files_lines_stand_in_the_form_and_nothing_is_saved(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    client, url = client_of(alice), new_url(customer)
    typed = {ESSENTIALS: "1", "email-sensor": "7"}
    others = {"name": "Plan", "years": "3", f"growth.{ESSENTIALS}": "10", "find": "end"}

    for target in ("", "calculator"):
        page = upload(client, url, GOOD, typed, target=target, **others)

        assert page.status_code == 200
        assert value_of(page, f"units.{ESSENTIALS}") == "100"
        assert value_of(page, "units.email-core") == "500"
        assert value_of(page, "units.email-sensor") == "7"
        assert value_of(page, "name") == "Plan"
        assert value_of(page, f"growth.{ESSENTIALS}") == "10"
        assert text_in(page, "level") == "19,035"
        assert "2 lines read from plan.csv: 1 new, 1 changed, 0 as before." in words(page)
        assert "Essentials package: 1 → 100" in words(page)
        assert "Columns that were not read: Owner." in words(page)
    assert nothing_saved()


def test_problems_are_listed_by_cell_and_nothing_is_taken_over(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    page = upload(client_of(alice), new_url(customer), MIXED, {ESSENTIALS: "1"})

    assert page.status_code == 422
    assert value_of(page, f"units.{ESSENTIALS}") == "1"
    assert "There are 2 problems in plan.csv, so nothing was taken over." in words(page)
    for problem in problems_in(read(MIXED)):
        assert all(part in words(page) for part in problem.split(": "))
    assert "The file was read with semicolons between its cells." in words(page)
    assert "Take over the one line without problems" in words(page)


def test_the_lines_without_problems_are_taken_over_when_asked(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    client, url = client_of(alice), new_url(customer)
    refused = upload(client, url, MIXED, {ESSENTIALS: "1"})
    waiting = field_of(refused, "file_lines")

    page = send(client, url, {ESSENTIALS: "2"}, "take-over", file_lines=waiting)

    assert page.status_code == 200
    assert value_of(page, f"units.{ESSENTIALS}") == "250"
    assert "Essentials package: 2 → 250" in words(page)
    assert "file_lines" not in body(page)


def test_lines_that_wait_are_checked_like_typed_ones(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    client, url = client_of(alice), new_url(customer)
    rows = ["[]", '[["a"]]', '[["a", ["1"], 5]]', '[[{}, ["1"]]]', '[["a", [1]]]', '[["a", []]]']
    forged = ["", "[", "[" * 5_000, "7", '["x", [["a", ["1"]]], 5]', written("x", [], {})]

    for waiting in [*forged, *(f'["x", {row}, {{}}]' for row in rows)]:
        page = send(client, url, {ESSENTIALS: "2"}, "take-over", file_lines=waiting)

        assert page.status_code == 422
        assert "These lines cannot be read any more. Choose the file again." in words(page)
        assert value_of(page, f"units.{ESSENTIALS}") == "2"
    odd = '["x", [["nobody", ["1"]], ["email-core", ["-1"]]], {"years": "99", "act": "save"}]'
    page = send(client, url, {}, "take-over", file_lines=odd)
    assert page.status_code == 422
    assert "The term is a whole number of years from 1 to 10. You entered 99." in words(page)
    assert "There is no such feature in the catalogue." in words(page)
    assert value_of(page, "units.email-core") == "-1"


def test_a_file_that_cannot_be_read_is_said_with_its_name(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    client, url = client_of(alice), new_url(customer)

    none = upload(client, url, None, {ESSENTIALS: "1"})
    wrong = upload(client, url, b"%PDF", {ESSENTIALS: "1"}, name_of_file="<b>plan.pdf")
    large = upload(client, url, b"x" * (MAX_BYTES + 1), {ESSENTIALS: "1"})

    assert "Choose a file first." in words(none)
    said = "Nothing was taken over from <b>plan.pdf. Choose an XLSX or a CSV file."
    assert said in body(wrong)
    assert "<b>plan.pdf" not in wrong.content.decode()
    assert "The file is larger than 2 MB." in words(large)
    for page in (none, wrong, large):
        assert page.status_code == 422
        assert value_of(page, f"units.{ESSENTIALS}") == "1"


def test_what_a_file_does_not_say_of_a_plan_stays_as_typed(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    data = workbook(
        ["Feature key", "Units", "Growth %", "From month", "Ramp months"],
        [ESSENTIALS, 100, None, "2027-06", None],
        ["email-core", 500, 0, None, 0],
    )
    plan = {"growth": "10", "from": "2027-04", "ramp": "6"}
    typed = {
        f"{part}.{key}": said for part, said in plan.items() for key in (ESSENTIALS, "email-core")
    }

    page = upload(
        client_of(alice),
        new_url(customer),
        data,
        {ESSENTIALS: "100", "email-core": "500"},
        name_of_file="plan.xlsx",
        **typed,
    )

    expected = {ESSENTIALS: ("10", "2027-06", "6"), "email-core": ("", "2027-04", "")}
    for key, said in expected.items():
        assert tuple(value_of(page, f"{part}.{key}") for part in plan) == said
    assert "Core package: how its units change over the term" in words(page)


def own_workbook(draft: Draft) -> bytes:
    """What is sent out of an estimate."""
    prices = read_price_list(clock.now())
    statement = Statement("Plan", "", 0, "", prices.at, draft, prices)
    return FILES["xlsx"].write(statement)


def test_an_estimates_own_workbook_brings_its_term_and_reserve(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    packages = {"email-core": Decimal(5), "email-pro": Decimal(3)}
    reserve = Reserve(percent=Decimal("12.5"))
    data = own_workbook(Draft(packages, years=3, overlap=True, reserve=reserve))
    typed: dict[str, Any] = {"email-core": "5", "email-pro": "3"}
    client, url = client_of(alice), new_url(customer)

    page = upload(client, url, data, typed, name_of_file="a.xlsx", reserve="2,000")

    assert "2 lines read from a.xlsx: 0 new, 0 changed, 2 as before." in words(page)
    for said in ("Term in years: 1 → 3", "Packages overlap: No → Yes", "Reserve: 2,000 → 12.5 %"):
        assert said in words(page)
    assert value_of(page, "reserve") == "12.5 %"
    assert 'value="3" selected' in body(page)
    other = {"reserve": "12.5%", "years": "3", "overlap": "on"}
    again = upload(client, url, data, typed, name_of_file="a.xlsx", **other)
    assert "→" not in text_in(again, "imported")


@pytest.mark.usefixtures("catalogue")
def test_what_stands_beside_the_lines_is_checked_at_its_cell() -> None:
    other = {YEARS: 2.5, OVERLAP: "maybe", RESERVE_PERCENT: 10, RESERVE_CREDITS: 20}
    data, places = with_settings(own_workbook(Draft({"email-core": Decimal(5)})), other)

    assert problems_in(read(data, "a.xlsx")) == [
        f"{places[YEARS]}: 2.5: The term is a whole number of years from 1 to 10.",
        f"{places[OVERLAP]}: maybe: Write Yes or No.",
        f"{places[RESERVE_CREDITS]}: 20: A reserve is credits or a percentage, not both. Empty "
        "one of the two.",
    ]


def with_settings(data: bytes, other: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    """A workbook with other settings than it was sent out with, and their places."""
    book = load_workbook(BytesIO(data))
    places = {}
    for row in book["Estimate"].iter_rows(max_row=12):
        for label, value in pairwise(row):
            if label.value in other:
                value.value = other[label.value]
                places[label.value] = value.coordinate
    return saved(book), places


def test_a_saved_estimate_takes_a_file_and_keeps_its_version(
    estimate: Estimate, alice: User, client_of: LogIn
) -> None:
    client, url = client_of(alice), edit_url(estimate)
    seen = value_of(client.get(url), "version")

    page = upload(client, url, GOOD, {ESSENTIALS: "100"}, version=seen)

    assert value_of(page, "version") == seen
    assert "1 new, 0 changed, 1 as before" in words(page)
    estimate.refresh_from_db()
    assert estimate.version == 1


def test_a_file_takes_no_more_queries_than_a_price(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    client, url = client_of(alice), new_url(customer)
    send(client, url, {}, target="calculator")

    with CaptureQueriesContext(connection) as typing:
        send(client, url, {ESSENTIALS: "1"}, target="calculator")
    with CaptureQueriesContext(connection) as importing:
        upload(client, url, MIXED, target="calculator")

    assert len(importing) == len(typing), "\n".join(query["sql"] for query in importing)


def test_the_template_can_be_filled_in_and_read(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    client = client_of(alice)
    url = reverse("estimator:estimate-template", kwargs={"slug": customer.slug})
    assert url in body(client.get(new_url(customer)))

    template = client.get(url).content.decode("utf-8-sig")
    rows = [line.split(",") for line in template.splitlines()]
    place, keys = rows[0].index("Units"), rows[0].index("Feature key")
    filled = [rows[0], *([*row[:place], "3", *row[place + 1 :]] for row in rows[1:])]
    found = read("\ufeff".encode() + csv_of(*(",".join(row) for row in filled)))

    assert problems_in(found) == []
    assert [line.key for line in found.lines] == [row[keys] for row in rows[1:]]
    assert "endpoint-pro-without-xdr" not in template
    empty = upload(client, new_url(customer), template.encode())
    assert "No line of the file has units." in words(empty)


def test_a_visitor_imports_as_well_and_is_offered_no_template(
    catalogue: None, client: Client, settings: Any
) -> None:
    settings.ANONYMOUS_ESTIMATES = True
    url = reverse("estimator:visitor-estimate")

    page = upload(client, url, GOOD, {"email-sensor": "7"})
    refused = upload(client, url, MIXED)

    assert text_in(page, "level") == "19,035"
    assert "2 lines read from plan.csv, all of them new here." in words(page)
    assert "template.csv" not in body(page)
    assert refused.status_code == 422
    assert nothing_saved()
