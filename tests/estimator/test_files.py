"""Estimates as files: who gets them, how they are named, and what a CSV holds."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal as D
from io import BytesIO, StringIO
from uuid import UUID

import pytest
from django.http import Http404
from django.urls import reverse
from openpyxl import load_workbook

from credits import clock
from credits.models import Customer, User
from estimator.domain.estimates import Draft
from estimator.domain.importing.reading import UnitsFile
from estimator.domain.plans import Plan
from estimator.domain.statement import version_statement
from estimator.files import FILES, columns, rows, workbook
from estimator.models import Estimate, EstimateVersion
from estimator.web.files import file_response
from tests.estimator.made_up import price_list, statement
from tests.estimator.page import ESSENTIALS, NOW, LogIn
from tests.estimator.priced import PARTS, independent_level
from tests.estimator.unit_files import problems_in, read

INTERNET, AI = PARTS
DRAFT = Draft(
    {
        "endpoint-core": D(200),
        ESSENTIALS: D(310),
        "network-virtual-sensor": D("500.1"),
        "cloud-risk": {"1": D(2_200), "2": D(9_000)},
        INTERNET: D(120),
        AI: D(100),
    },
    plans={
        ESSENTIALS: Plan(growth=D("-12.5")),
        "cloud-risk": Plan(starts_on=date(2027, 4, 1), ramp=6),
    },
)


def file_url(
    estimate: Estimate, number: int = 1, kind: str = "csv", public_id: UUID | None = None
) -> str:
    kwargs = {"slug": estimate.customer.slug, "public_id": public_id or estimate.public_id}
    return reverse("estimator:estimate-file", kwargs={**kwargs, "number": number, "kind": kind})


def told(data: bytes) -> list[dict[str, str]]:
    """The rows of a CSV by their headings."""
    return list(csv.DictReader(StringIO(data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("kind", sorted(FILES))
def test_a_version_is_a_file_of_each_kind(
    kind: str, estimate: Estimate, bob: User, client_of: LogIn
) -> None:
    response = client_of(bob).get(file_url(estimate, kind=kind))

    assert response.status_code == 200
    assert response["Content-Type"] == FILES[kind].content_type
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response["Cache-Control"]
    named = f'attachment; filename="{estimate.label}-v1-plan-2027.{kind}"'
    assert response["Content-Disposition"] == named
    starts = {"xlsx": b"PK", "csv": b"\xef\xbb\xbf", "pdf": b"%PDF"}
    assert response.content.startswith(starts[kind])


def test_a_file_holds_what_its_version_said_whatever_was_saved_later(
    estimate: Estimate, bob: User, client_of: LogIn
) -> None:
    version = EstimateVersion.objects.select_related("estimate__customer").get()

    with clock.moved_to(NOW.replace(year=2028)):
        written = client_of(bob).get(file_url(estimate, kind="xlsx")).content

    assert written == workbook.write(version_statement(version))
    book = load_workbook(BytesIO(written), data_only=True)
    figures = [cell.value for row in book[columns.SHEET].iter_rows() for cell in row]
    assert figures.count(19_000) >= 3


@pytest.mark.parametrize(
    "lost",
    [
        {"number": 2},
        {"kind": "exe"},
        {"kind": "xlsx-x"},
        {"public_id": UUID(int=7)},
    ],
    ids=["version", "kind", "another kind", "estimate"],
)
def test_what_is_not_there_is_not_found(
    lost: Mapping[str, object], estimate: Estimate, alice: User, client_of: LogIn
) -> None:
    url = file_url(estimate, **lost)  # type: ignore[arg-type]

    assert client_of(alice).get(url).status_code == 404


def test_an_estimate_of_another_customer_is_not_found(
    estimate: Estimate, other_customer: Customer, carol: User, client_of: LogIn
) -> None:
    kwargs = {"slug": other_customer.slug, "public_id": estimate.public_id}
    url = reverse("estimator:estimate-file", kwargs={**kwargs, "number": 1, "kind": "csv"})

    assert client_of(carol).get(url).status_code == 404
    assert client_of(carol).get(file_url(estimate)).status_code == 404


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("Plan 2027", 'attachment; filename="E-57-v3-plan-2027.csv"'),
        ('a"; evil=1\r\nX: y', 'attachment; filename="E-57-v3-a-evil1-x-y.csv"'),
        (
            "Über 北",
            'attachment; filename="E-57-v3-uber.csv"; '
            "filename*=UTF-8''E-57-v3-%C3%BCber-%E5%8C%97.csv",
        ),
        ("???", 'attachment; filename="E-57-v3.csv"'),
    ],
)
def test_a_name_is_safe_for_every_browser(name: str, header: str) -> None:
    response = file_response(statement(Draft({}), name=name), "csv")

    assert response["Content-Disposition"] == header


def test_what_is_not_saved_is_named_by_its_day() -> None:
    visitor = replace(statement(Draft({}), name=""), label="", version=0, customer="")

    response = file_response(visitor, "csv")

    assert response["Content-Disposition"] == 'attachment; filename="estimate-2026-11-25.csv"'
    with pytest.raises(Http404):
        file_response(visitor, "exe")


def test_rows_of_a_csv_are_the_lines_and_add_up() -> None:
    said = statement(DRAFT)

    found = told(rows.write(said))

    assert tuple(found[0]) == columns.COLUMNS
    assert sum(int(row[columns.CREDITS]) for row in found) == said.in_use
    assert said.in_use == independent_level(DRAFT.quantities)
    assert [(row[columns.KEY], row[columns.ACCOUNT], row[columns.UNITS]) for row in found] == [
        ("endpoint-core", "", "200"),
        (ESSENTIALS, "", "310"),
        ("network-virtual-sensor", "", "500.1"),
        ("cloud-risk", "1", "2200"),
        ("cloud-risk", "2", "9000"),
        (INTERNET, "", "120"),
        (AI, "", "100"),
        ("ztsa-internet-ai-bundle", "", ""),
    ]
    second = found[4]
    assert second[columns.ARITHMETIC] == "9,000 → 18 blocks × 1,000, at most 8,000"
    assert (second[columns.FROM], second[columns.RAMP]) == ("2027-04", "6")


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_file_is_read_again_as_it_was_said(kind: str) -> None:
    found: UnitsFile = read(FILES[kind].write(statement(DRAFT)), f"plan.{kind}")

    assert problems_in(found) == []
    assert found.unread == []
    units = {
        key: list(quantity.values()) if isinstance(quantity, Mapping) else [quantity]
        for key, quantity in DRAFT.quantities.items()
    }
    assert {line.key: line.units for line in found.lines} == units
    plans = {
        line.key: Plan(line.growth or D(0), line.starts_on, line.ramp or 0) for line in found.lines
    }
    assert plans == {key: DRAFT.plan(key) for key in units}


def test_no_cell_of_a_csv_is_a_formula() -> None:
    prices = price_list()
    feature = prices.offers["cloud-risk"].feature
    feature.name = "=1+1"
    feature.unit_plural = "@SUM(A1)"
    feature.group.solution.name = "+cmd|' /C calc'!A0"

    written = rows.write(statement(Draft({"cloud-risk": {"-2": D(5)}}), prices))

    cells = [cell for row in csv.reader(StringIO(written.decode("utf-8-sig"))) for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []
    assert "'=1+1" in cells
