"""Any table as a file: the whole list, read piece by piece, in two formats that add up."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import django_tables2 as tables
import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.test import RequestFactory
from openpyxl import load_workbook

from credits import clock
from credits.domain.people import Right
from credits.models import Customer
from credits.web import spreadsheets
from credits.web.exports import export
from credits.web.spreadsheets import Sheet, csv_lines, sheet_name, written
from credits.web.tables import BaseTable, CreditsColumn, DayColumn, InstantColumn, NameColumn
from tests.credits.web.test_cells import RISKY

AT = datetime(2026, 11, 24, 9, 41, tzinfo=UTC)


class ThingTable(BaseTable):
    key = "things"
    is_adjustable = True
    default_columns = ("credits", "since", "span", "act")
    file_columns = {"span": ("since", "seen")}

    name = NameColumn(orderable=True)
    credits = CreditsColumn(orderable=True)
    rate = tables.Column()
    since = DayColumn()
    seen = InstantColumn()
    span = tables.TemplateColumn("<b>{{ record.name }}</b>")
    act = tables.TemplateColumn("<a>Edit</a>", verbose_name="")


def rows(count: int, name: str = "thing") -> list[dict[str, Any]]:
    return [
        {"name": f"{name} {n}", "credits": n - 3, "rate": Decimal("2.50"), "since": AT, "seen": AT}
        for n in range(count)
    ]


def get(query: str = "", rights: Any = (Right.EXPORT,)) -> HttpRequest:
    request = RequestFactory().get(f"/c/halden/things/{query}")
    request.rights = frozenset(rights)  # type: ignore[attr-defined]
    request.customer = Customer(slug="halden", name="Halden", number=7)  # type: ignore[attr-defined]
    return request


def table_for(request: HttpRequest, data: list[dict[str, Any]], **kwargs: Any) -> BaseTable:
    totals = {"credits": sum(row["credits"] for row in data)}
    return ThingTable(data, totals=totals, caption="All things", **kwargs).configure(request)


def file_of(query: str, data: list[dict[str, Any]], **kwargs: Any) -> Any:
    request = get(query)
    response = export(request, table_for(request, data, **kwargs))
    assert response is not None
    return response


def read_csv(query: str, data: list[dict[str, Any]]) -> list[list[str]]:
    response = file_of(f"?_export=csv{query}", data)
    return list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode())))


def read_xlsx(query: str, data: list[dict[str, Any]], **kwargs: Any) -> Any:
    response = file_of(f"?_export=xlsx{query}", data, **kwargs)
    book = load_workbook(io.BytesIO(b"".join(response.streaming_content)))
    response.file_to_stream.close()
    return book


def test_csv_holds_all_rows_of_more_than_a_page_and_the_pages_sum() -> None:
    header, *lines, sums = read_csv("&page=2", rows(120))

    assert header == ["Name", "Credits", "Since", "Seen"]
    assert len(lines) == 120
    assert lines[0] == ["thing 0", "-3", "2026-11-24", "2026-11-24T09:41:00Z"]
    assert sums == ["Sum", str(sum(int(line[1]) for line in lines)), "", ""]


def test_xlsx_holds_numbers_and_dates_as_such() -> None:
    book = read_xlsx("&page=2", rows(120))
    header, *lines, sums = book["All things"].iter_rows(values_only=True)

    assert header == ("Name", "Credits", "Since", "Seen")
    assert len(lines) == 120
    assert lines[0] == ("thing 0", -3, datetime(2026, 11, 24), datetime(2026, 11, 24, 9, 41))
    assert sums == ("Sum", sum(line[1] for line in lines), None, None)
    first = book["All things"][2]
    assert [cell.data_type for cell in first] == ["s", "n", "d", "d"]
    assert [cell.number_format for cell in first[2:]] == ["yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"]


def test_xlsx_filters_and_freezes_the_heading_and_leaves_the_sums_out() -> None:
    page = read_xlsx("", rows(3))["All things"]

    assert page.freeze_panes == "A2"
    assert page.auto_filter.ref == "A1:D4"
    assert page.max_row == 5


def test_xlsx_says_on_a_sheet_of_its_own_what_the_figures_are() -> None:
    with clock.moved_to(AT):
        query = "&q=x&_columns=all&sort=name"
        book = read_xlsx(query, rows(3), about=[("Figures through", AT)])
    about = dict(book["About"].iter_rows(values_only=True))

    assert about["Table"] == "All things"
    assert about["Customer"] == "Halden, C-7"
    assert about["Figures through"] == datetime(2026, 11, 24, 9, 41)
    assert about["Address"] == "http://testserver/c/halden/things/?q=x&sort=name"
    assert about["Rows"] == 3


def test_all_columns_are_there_when_asked_for_each_once() -> None:
    header, first, *_rest = read_csv("&_columns=all", rows(1))

    assert header == ["Name", "Credits", "Rate", "Since", "Seen"]
    assert first[2] == "2.5"


def test_the_columns_of_the_page_are_those_of_the_file() -> None:
    assert read_csv("&columns=rate", rows(1))[0] == ["Name", "Rate"]


def test_the_order_of_the_page_is_that_of_the_file() -> None:
    _header, *lines, _sums = read_csv("&sort=-credits", rows(5))

    assert [line[1] for line in lines] == ["1", "0", "-1", "-2", "-3"]


def test_a_file_is_named_by_customer_table_and_utc_day() -> None:
    with clock.moved_to(datetime(2026, 11, 24, 23, 59, tzinfo=UTC)):
        files = [file_of(f"?_export={kind}", rows(1)) for kind in ("csv", "xlsx")]
    for file in files:
        getattr(file, "file_to_stream", io.BytesIO()).close()

    assert [file["Content-Disposition"] for file in files] == [
        'attachment; filename="halden-things-2026-11-24.csv"',
        'attachment; filename="halden-things-2026-11-24.xlsx"',
    ]


@pytest.mark.parametrize("text", RISKY)
def test_no_spreadsheet_takes_a_name_for_a_formula(text: str) -> None:
    data = rows(1)
    data[0]["name"] = text

    (_header, line, _sums) = read_csv("", data)
    cell = read_xlsx("", data)["All things"]["A2"]

    assert line[0].startswith("'")
    assert (cell.data_type, cell.quotePrefix) == ("s", True)
    assert cell.hyperlink is None
    assert cell.value.replace("_x000D_", "\r").replace("\r", "\n") == text.replace("\r", "\n")


def test_numbers_in_a_text_stay_a_text() -> None:
    data = rows(1)
    data[0]["name"] = "0012"

    assert read_xlsx("", data)["All things"]["A2"].value == "0012"


@pytest.mark.parametrize("query", ["", "?_export=pdf", "?_export=", "?_export=csv&_table=others"])
def test_what_asks_for_no_file_gets_the_page(query: str) -> None:
    request = get(query)

    assert export(request, table_for(request, rows(2))) is None


@pytest.mark.parametrize("query", ["?_export=pdf", "?_export="])
def test_a_file_that_nobody_writes_leaves_the_page_in_pages(query: str) -> None:
    assert len(table_for(get(query), rows(80)).paginated_rows) == 50


def test_without_the_right_nothing_is_taken_away_and_nothing_offered() -> None:
    asking, looking = get("?_export=csv", rights=(Right.VIEW,)), get(rights=(Right.VIEW,))

    with pytest.raises(PermissionDenied):
        export(asking, table_for(asking, rows(2)))
    assert "_export" not in table_for(looking, rows(2)).as_html(looking)


def test_of_several_tables_the_one_that_is_named_is_taken() -> None:
    class OtherTable(ThingTable):
        key = "others"

    request = get("?_export=csv&_table=others")
    other = OtherTable(rows(1, "other")).configure(request)

    response: Any = export(request, table_for(request, rows(2)), other)

    assert b"other 0" in b"".join(response.streaming_content)


def endless() -> Iterator[list[Any]]:
    """More rows than any memory holds."""
    number = 0
    while True:
        yield [number, "x" * 1_000]
        number += 1


def test_csv_reads_a_row_when_its_line_is_asked_for() -> None:
    seen = []

    def watched() -> Iterator[list[Any]]:
        for number in (1, 2):
            seen.append(number)
            yield [number, 'a "b", c']

    file = csv_lines(Sheet("Rows", ["n", "text"], watched()))

    assert next(file) == "n,text\r\n"
    assert seen == []
    assert next(file) == '1,"a ""b"", c"\r\n'
    assert seen == [1]


def test_csv_of_endless_rows_starts_at_once() -> None:
    file = csv_lines(Sheet("Rows", ["n", "text"], endless()))

    assert [next(file)[:2] for _n in range(3)] == ["n,", "0,", "1,"]


def test_xlsx_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def broken() -> Iterator[list[Any]]:
        yield [1]
        raise ConnectionError

    with pytest.raises(ConnectionError):
        written(Sheet("Rows", ["n"], broken()))
    assert list(tmp_path.iterdir()) == []


def test_xlsx_leaves_no_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    with written(Sheet("Rows", ["n"], [[1]])) as file:
        assert file.read(2) == b"PK"
    assert list(tmp_path.iterdir()) == []


def test_more_rows_than_a_sheet_holds_go_on_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheets, "MOST_ROWS", 2)

    with written(Sheet("Rows", ["n"], ([n] for n in range(5)))) as file:
        book = load_workbook(io.BytesIO(file.read()))

    assert book.sheetnames == ["Rows", "Rows 2", "Rows 3", "About"]
    found = [[row[0] for row in book[name].iter_rows(values_only=True)] for name in book.sheetnames]
    assert found[:3] == [["n", 0, 1], ["n", 2, 3], ["n", 4]]
    assert book["About"]["B1"].value == 5


def test_xlsx_of_no_rows_has_its_heading() -> None:
    with written(Sheet("Rows", ["n"], [])) as file:
        page = load_workbook(io.BytesIO(file.read()))["Rows"]

    assert [cell.value for cell in page[1]] == ["n"]


@pytest.mark.parametrize("title", ["A/B: what [is] this? " * 3, "*", "'quoted'"])
def test_a_sheet_is_called_as_spreadsheets_allow(title: str) -> None:
    name = sheet_name(title)

    assert 0 < len(name) <= 31
    assert not set(name) & set("[]:*?/\\'")


def test_a_date_that_is_no_instant_stays_a_date() -> None:
    data = rows(1)
    data[0]["since"] = date(2026, 1, 2)

    assert read_csv("", data)[1][2] == "2026-01-02"
