"""What a reader chose for a table: kept in a cookie, overridden by the address, never trusted."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.http import HttpRequest
from django.template import RequestContext, Template
from django.test import Client, RequestFactory
from django.urls import reverse

from credits.models import User
from credits.web.table_choice import MOST_TEXT, Choice, asked, kept
from tests.credits.web.test_exports import ThingTable, rows

COOKIE = "table-things"
POST = {"table": "things", "columns": ["rate", "seen"], "density": "compact", "per_page": "25"}


def get(query: str = "", cookie: str = "") -> HttpRequest:
    request = RequestFactory().get(f"/things/{query}")
    if cookie:
        request.COOKIES[COOKIE] = cookie
    return request


def shown(request: HttpRequest) -> list[str]:
    table = ThingTable(rows(60)).configure(request)
    return [column.name for column in table.columns]


DEFAULT = ["name", "credits", "since", "span", "act"]


def test_unless_chosen_the_default_columns_are_shown() -> None:
    assert shown(get()) == DEFAULT


def test_the_cookie_says_which_columns_are_shown_the_first_and_the_act_always() -> None:
    assert shown(get(cookie="rate.seen~~")) == ["name", "rate", "seen", "act"]


def test_the_address_says_so_over_the_cookie() -> None:
    assert shown(get("?columns=rate", "seen~~")) == ["name", "rate", "act"]
    assert shown(get("?columns=rate&columns=seen")) == ["name", "rate", "seen", "act"]
    assert shown(get("?columns=rate.seen")) == ["name", "rate", "seen", "act"]


BAD = (
    "",
    "~",
    "~~",
    "~~~",
    "nothing~~",
    "act~loose~7",
    "<script>~<b>~1e9",
    "..~~-25",
    "rate",
    "rate~compact~25~more",
    "x" * (MOST_TEXT + 1),
    "\x00~\x00~\x00",
    "~~٢٥",
)


@pytest.mark.parametrize("text", BAD)
def test_a_cookie_that_means_nothing_is_ignored(text: str) -> None:
    table = ThingTable(rows(60)).configure(get(cookie=text))

    assert [column.name for column in table.columns] == DEFAULT
    assert table.per_page == 50
    assert "compact" not in table.attrs["class"]


@pytest.mark.parametrize("text", BAD)
def test_an_address_that_means_nothing_is_ignored(text: str) -> None:
    request = RequestFactory().get("/", {"columns": text, "density": text, "per_page": text})
    table = ThingTable(rows(60)).configure(request)

    assert "name" in [column.name for column in table.columns]
    assert table.per_page == 50
    assert "compact" not in table.attrs["class"]


def test_what_is_written_is_read_again() -> None:
    choice = Choice(("rate", "seen"), "compact", 100)

    assert kept(get(cookie=choice.text), "things") == choice
    assert kept(get(cookie=Choice().text), "things") == Choice()


def test_density_and_page_size_are_those_of_the_cookie() -> None:
    table = ThingTable(rows(60)).configure(get(cookie="~compact~25"))

    assert len(table.page.object_list) == 25
    assert "compact" in table.attrs["class"].split()


def test_a_prefix_keeps_two_tables_of_a_page_apart() -> None:
    query = RequestFactory().get("/?bought-columns=rate&columns=seen").GET

    assert asked(query, "bought-").columns == ("rate",)
    assert asked(query).columns == ("seen",)


@pytest.fixture
def reader(client: Client, bob: User) -> Client:
    client.force_login(bob)
    return client


def choose(client: Client, **changes: Any) -> Any:
    return client.post(reverse("credits:table-choice"), POST | changes)


def test_a_choice_is_kept_by_a_plain_form_and_leads_back(reader: Client) -> None:
    there = "/c/halden-energy/licenses/?q=L"

    response = choose(reader, next=there)

    assert (response.status_code, response["Location"]) == (303, there)
    cookie = response.cookies[COOKIE]
    assert cookie.value == "rate.seen~compact~25"
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert shown(get(cookie=cookie.value)) == ["name", "rate", "seen", "act"]


def test_a_reset_forgets_the_choice(reader: Client) -> None:
    choose(reader)

    response = choose(reader, reset="1", next="/")

    assert response.cookies[COOKIE]["max-age"] == 0


@pytest.mark.parametrize("key", ["", "Things", "a b", "a;b", "x" * 41, "sessionid="])
def test_a_table_that_no_cookie_can_name_leaves_none(reader: Client, key: str) -> None:
    assert not choose(reader, table=key, next="/").cookies


@pytest.mark.parametrize(
    "there", ["", "https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)", "x"]
)
def test_nobody_is_led_elsewhere(reader: Client, there: str) -> None:
    assert choose(reader, next=there)["Location"] == reverse("credits:home")


def test_what_was_sent_is_kept_only_as_far_as_it_can_be_meant(reader: Client) -> None:
    response = choose(reader, columns=["rate", "<b>", "a~b"], density="x", per_page="9", next="/")

    assert response.cookies[COOKIE].value == "rate~~"


def drawn(query: str = "", cookie: str = "") -> str:
    request = get(query, cookie)
    page = Template("{% load django_tables2 %}{% render_table table %}")
    table = ThingTable(rows(60)).configure(request)
    return page.render(RequestContext(request, {"table": table, "request": request}))


def test_on_a_phone_a_chosen_column_says_what_it_is() -> None:
    assert 'data-label="Rate"' in drawn("?columns=rate")
    assert "data-label" not in drawn()


def test_the_bar_works_without_scripts() -> None:
    page = drawn("?q=x&page=2&columns=rate&_export=no")

    form = re.search(r"<form[^>]*>.*?</form>", page, re.S)
    assert form
    assert 'method="post"' in form[0]
    assert f'action="{reverse("credits:table-choice")}"' in form[0]
    assert 'name="next" value="/things/?q=x"' in form[0]
    assert "csrfmiddlewaretoken" in form[0]
    checked = re.findall(r'name="columns" value="(\w+)" checked', form[0])
    assert checked == ["rate"]


def test_the_bar_offers_the_filtered_list_in_both_formats() -> None:
    links = re.findall(r'href="([^"]*_export[^"]*)"', drawn("?q=x&page=2&sort=name"))

    assert [link.replace("&amp;", "&") for link in links] == [
        "/things/?q=x&sort=name&_export=csv&_table=things",
        "/things/?q=x&sort=name&_export=xlsx&_table=things",
        "/things/?q=x&sort=name&_export=csv&_table=things&_columns=all",
        "/things/?q=x&sort=name&_export=xlsx&_table=things&_columns=all",
    ]
    assert "Export 60 rows" in drawn()


@pytest.mark.parametrize("column", ["name", "credits"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_a_hidden_column_can_be_sorted_by(column: str, sign: str) -> None:
    table = ThingTable(rows(60)).configure(get(f"?columns=rate&sort={sign}{column}"))

    assert len(list(table.paginated_rows)) == 50
