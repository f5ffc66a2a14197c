import re
from datetime import UTC, date, datetime
from typing import Any

import django_tables2 as tables
import pytest
from django.http import HttpRequest
from django.test import RequestFactory

from credits.models import User
from credits.web.tables import (
    BaseTable,
    CreditsColumn,
    DayColumn,
    FigureLinkColumn,
    InstantColumn,
    NameColumn,
)


class FeatureTable(BaseTable):
    name = NameColumn(orderable=True)
    secret = tables.Column()
    credits = FigureLinkColumn(
        orderable=True,
        url=lambda row: f"/rows/{row['name']}/",
        explain=lambda row: f"Explain {row['credits']} credits",
    )
    held = CreditsColumn()
    since = DayColumn()
    seen = InstantColumn()


class PeopleTable(BaseTable):
    email = NameColumn(orderable=True)
    name = tables.Column(orderable=True)
    password = tables.Column()


def rows(count: int) -> list[dict[str, Any]]:
    at = datetime(2026, 11, 24, 9, 41, tzinfo=UTC)
    return [
        {
            "name": f"f{i:03}",
            "secret": i,
            "credits": 1_000 - i,
            "held": -i,
            "since": at,
            "seen": at,
        }
        for i in range(count)
    ]


def get(query: str = "") -> HttpRequest:
    return RequestFactory().get(f"/c/halden/allocate/{query}")


def drawn(table: BaseTable, request: HttpRequest) -> str:
    return str(table.configure(request).as_html(request))


def people(query: str) -> tuple[str, ...]:
    table = PeopleTable(User.objects.order_by("name")).configure_order(get(query))
    return tuple(str(key) for key in table.data.data.query.order_by)


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("", ("name", "pk")),
        ("?sort=email", ("email", "pk")),
        ("?sort=-email", ("-email", "pk")),
        ("?sort=password", ("name", "pk")),
        ("?sort=-password", ("name", "pk")),
        ("?sort=user__password", ("name", "pk")),
        ("?sort=--email", ("name", "pk")),
        ("?sort=", ("name", "pk")),
        ("?sort=email,password", ("name", "pk")),
    ],
)
def test_rows_are_sorted_by_offered_columns_only_and_the_key_breaks_ties(
    query: str, order: tuple[str, ...]
) -> None:
    assert people(query) == order


@pytest.mark.parametrize("column", ["name", "credits"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_every_sortable_column_renders_both_ways(column: str, sign: str) -> None:
    page = drawn(FeatureTable(rows(3)), get(f"?sort={sign}{column}"))

    falls = "descending" if sign else "ascending"
    assert page.count("aria-sort=") == 1
    assert f'aria-sort="{falls}"' in page


def test_links_keep_the_other_query_parameters_and_start_at_the_first_page() -> None:
    page = drawn(FeatureTable(rows(120)), get("?q=mail&in_use=1&page=2"))

    header = re.search(r'href="([^"]+)"[^>]*id="table-by-name"', page)
    assert header
    assert header[1] == "?q=mail&amp;in_use=1&amp;sort=name"
    assert "?q=mail&amp;in_use=1&amp;page=3" in page


def test_a_figure_is_first_sorted_largest_first() -> None:
    page = drawn(FeatureTable(rows(2)), get())

    assert 'href="?sort=-credits"' in page


def test_columns_that_are_not_offered_have_no_link() -> None:
    page = drawn(FeatureTable(rows(2)), get())

    assert "sort=secret" not in page
    assert "sort=-secret" not in page


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("", "1-50 of 412"),
        ("?page=9", "401-412 of 412"),
        ("?page=10", "401-412 of 412"),
        ("?page=0", "1-50 of 412"),
        ("?page=-3", "1-50 of 412"),
        ("?page=x", "1-50 of 412"),
        ("?page=\u0663", "1-50 of 412"),
        ("?page=99999999999999999999", "1-50 of 412"),
        ("?per_page=100&page=2", "101-200 of 412"),
        ("?per_page=100000", "1-50 of 412"),
    ],
)
def test_a_page_says_which_rows_it_shows(query: str, text: str) -> None:
    assert text in drawn(FeatureTable(rows(412)), get(query)).replace("\u2013", "-")


def test_a_short_table_says_no_page() -> None:
    assert 'class="pager"' not in drawn(FeatureTable(rows(6)), get())


def test_the_footer_sums_all_filtered_rows_and_not_the_page() -> None:
    page = drawn(FeatureTable(rows(120), totals={"credits": 999_999_999}), get())

    footer = page[page.index("<tfoot") :]
    assert "999,999,999" in footer
    assert "Sum" in footer


def test_without_totals_there_is_no_footer() -> None:
    assert "<tfoot" not in drawn(FeatureTable(rows(2)), get())


def test_a_figure_leads_to_its_rows_by_an_accessible_name() -> None:
    page = drawn(FeatureTable(rows(1)), get())

    assert re.search(
        r'<a (?=[^>]*class="fig")(?=[^>]*href="/rows/f000/")'
        r'(?=[^>]*aria-label="Explain 1000 credits")[^>]*>1,000</a>',
        page,
    )


def test_credits_and_instants_are_written_as_everywhere() -> None:
    page = drawn(FeatureTable(rows(3)), get())

    assert "\u22122" in page
    assert ">24 Nov 2026</time>" in page
    assert ">24 Nov 2026, 09:41 UTC</time>" in page


def test_exports_carry_bare_values() -> None:
    header, *lines = FeatureTable(rows(2)).as_values()

    assert header[2] == "Credits"
    assert lines[1][2] == 999
    assert lines[1][3] == -1
    assert lines[1][4] == date(2026, 11, 24)
    assert lines[1][5] == datetime(2026, 11, 24, 9, 41, tzinfo=UTC)


def test_cells_know_their_place_on_a_card() -> None:
    page = drawn(FeatureTable(rows(1)), get())

    assert re.search(r'<td class="name">f000</td>', page)
    assert 'class="amount n"' in page


def test_an_empty_table_says_so() -> None:
    page = drawn(FeatureTable([], empty_text="No feature is in use yet."), get())

    assert "No feature is in use yet." in page
    assert "<table" not in page


def test_what_a_row_holds_is_escaped() -> None:
    row = rows(1)[0] | {"name": "<script>alert(1)</script>"}

    assert "<script>" not in drawn(FeatureTable([row]), get())


def test_the_live_region_hears_how_rows_are_sorted() -> None:
    assert FeatureTable(rows(2)).configure(get("?sort=-credits")).sorted_by == (
        "Sorted by credits, falling."
    )
    assert FeatureTable(rows(2)).configure(get("?sort=name")).sorted_by == "Sorted by name."
    assert FeatureTable(rows(2)).configure(get()).sorted_by == ""
