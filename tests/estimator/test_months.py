"""Growth, ramps and reserves in the calculator's form, and the estimate month by month."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from credits import clock
from credits.models import Customer, User
from tests.estimator.page import (
    ESSENTIALS,
    LogIn,
    Response,
    Sent,
    body,
    edit_url,
    new_url,
    nothing_saved,
    save,
    send,
    text_in,
    value_of,
    words,
)
from tests.estimator.test_advice import raise_rate
from tests.factories import credits as make

GROWTH, STARTS, RAMP = f"growth.{ESSENTIALS}", f"from.{ESSENTIALS}", f"ramp.{ESSENTIALS}"
LINE: Sent = {ESSENTIALS: "100"}
PLAN: dict[str, Any] = {GROWTH: "10", STARTS: "2027-04", RAMP: "6"}
NO_BREAK = "\N{NO-BREAK SPACE}"
IN_WORDS = f"+10{NO_BREAK}% a year, from Apr 2027, over 6 months"


def planned(client: Client, customer: Customer, act: str = "price", **fields: Any) -> Response:
    """100 endpoints that grow from April on, with a reserve of a tenth."""
    return send(client, new_url(customer), LINE, act, **{"reserve": "10 %", **PLAN, **fields})


def spaced(text: str) -> str:
    return text.replace(NO_BREAK, " ")


def test_a_plan_is_told_in_words_and_its_fields_are_open(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    page = planned(client_of(alice), customer)

    assert spaced(text_in(page, "plan-0")) == spaced(f"Changes over the term: {IN_WORDS}")
    assert '<details class="plan small muted" open>' in body(page)


def test_a_line_without_a_plan_keeps_its_fields_folded_away(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    page = send(client_of(alice), new_url(customer), LINE)

    assert text_in(page, "plan-0") == "Changes over the term"
    assert '<details class="plan small muted">' in body(page)


@pytest.mark.parametrize(
    "act",
    [
        "price",
        "find",
        "browse",
        "held",
        "add:email-core",
        "remove:email-core",
        "months",
        "no-months",
    ],
)
def test_what_is_typed_of_a_plan_survives_every_act(
    customer: Customer, alice: User, client_of: LogIn, act: str
) -> None:
    make.allocate(customer, "email-core", 5)

    page = planned(client_of(alice), customer, act, months="on")

    typed = [value_of(page, name) for name in (GROWTH, STARTS, RAMP, "reserve")]
    assert typed == ["10", "2027-04", "6", "10 %"]


def test_a_reserve_survives_the_last_line_and_ends_with_a_reset(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    client = client_of(alice)

    left = planned(client, customer, f"remove:{ESSENTIALS}")
    reset = planned(client, customer, "reset")

    assert value_of(left, "reserve") == "10 %"
    assert 'name="reserve"' not in body(reset)
    assert "Reserve" not in words(reset)


def test_lines_and_reserve_add_up_to_the_level(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    client = client_of(alice)

    share = send(client, new_url(customer), LINE, reserve="12.5 %")
    number = send(client, new_url(customer), LINE, reserve="2,000")

    assert [text_in(share, name) for name in ("credits-0", "reserve-credits", "level")] == [
        "6,500",
        "813",
        "7,313",
    ]
    assert text_in(share, "reserve-counted") == "12.5 % of 6,500"
    assert text_in(number, "reserve-counted") == "on top of 6,500"
    assert text_in(number, "level") == "8,500"
    assert text_in(number, "change").endswith("+8,500")


@pytest.mark.parametrize(
    ("field", "typed", "place", "said"),
    [
        (GROWTH, "fast", "plan-error-0", "You entered fast."),
        (GROWTH, "501", "plan-error-0", "You entered 501."),
        (STARTS, "2027-13", "plan-error-0", "A month is written as 2027-04."),
        (RAMP, "6.5", "plan-error-0", "A ramp is a whole number of months."),
        (RAMP, "61", "plan-error-0", "A ramp takes up to 60 months."),
        ("reserve", "some", "error-reserve", "You entered some."),
        ("reserve", "101 %", "error-reserve", "A reserve is 0 to 100 percent."),
    ],
)
def test_bad_input_gets_a_sentence_at_its_field(
    customer: Customer, alice: User, client_of: LogIn, field: str, typed: str, place: str, said: str
) -> None:
    client = client_of(alice)

    page = planned(client, customer, **{field: typed})
    typing = send(client, new_url(customer), LINE, target="summary", **{field: typed})

    assert page.status_code == typing.status_code == 422
    assert said in text_in(page, place)
    assert said in text_in(typing, place)
    assert text_in(page, "error-0") == ""
    assert value_of(page, field) == typed
    assert nothing_saved()


def test_a_saved_plan_stands_in_the_fields_again(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    client = client_of(alice)
    save(client, new_url(customer), LINE, reserve="10%", **PLAN)
    estimate = customer.estimates.select_related("customer").get()

    page = client.get(edit_url(estimate))

    typed = [value_of(page, name) for name in (GROWTH, STARTS, RAMP, "reserve")]
    assert typed == ["10", "2027-04", "6", "10 %"]


def test_term_highest_level_and_credit_years_stand_side_by_side(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    growing = {GROWTH: "10"}
    page = send(client_of(alice), new_url(customer), LINE, years="2", **growing)

    said = words(page)
    # 100 endpoints are 110 after twelve months and 120.08, rounded up, after twenty-three.
    assert "Term 2 years" in said
    assert "Highest level 7,865 from Oct 2028" in said
    # At the end of the first year, in November 2027, 110 of them are held already.
    assert "Level × years 15,015 credit-years" in said
    assert "add up the highest level of each year" in said


def test_typing_sends_only_the_figures_that_changed(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    client, lines = client_of(alice), {ESSENTIALS: "100", "email-core": "500"}
    shown = value_of(send(client, new_url(customer), lines), "shown")

    answer = send(
        client, new_url(customer), {**lines, "email-core": "510"}, target="summary", shown=shown
    )
    stale = send(client, new_url(customer), lines, target="summary", shown="0 0")

    assert text_in(answer, "credits-1") == "12,750"
    assert 'id="credits-0"' not in body(answer)
    assert text_in(stale, "credits-0") == "6,500"
    assert text_in(stale, "credits-1") == "12,500"


@pytest.mark.parametrize("target", ["", "summary"])
def test_growth_that_nobody_means_is_counted_all_the_same(
    customer: Customer, alice: User, client_of: LogIn, target: str
) -> None:
    absurd = {GROWTH: "500", STARTS: "2000-01", RAMP: "60", "years": "10"}

    page = send(
        client_of(alice), new_url(customer), {ESSENTIALS: "1000000000"}, target=target, **absurd
    )

    assert page.status_code == 200
    assert "Highest level 65,000,000,000,000,000" in text_in(page, "summary")


def test_four_hundred_lines_fit_into_the_form(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    """Each line has four fields: more than a form may have by default."""
    lines = {f"unknown-{place}": "1" for place in range(400)}
    plans = {f"{name}.{key}": "" for key in lines for name in ("growth", "from", "ramp")}

    page = send(client_of(alice), new_url(customer), lines, **plans)

    assert page.status_code == 422
    assert text_in(page, "error-399") == "There is no such feature in the catalogue."


def rows_of(page: Response) -> dict[str, list[str]]:
    """The months' cells by month, without what stands in them for phones alone."""
    table = re.search(r'<section id="months".*?<tbody>(.*?)</tbody>', body(page), re.DOTALL)
    assert table
    found = {}
    for row in table[1].split("</tr>")[:-1]:
        text = re.sub(r'<span class="on-phone">.*?</span>', "", row)
        cells = [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in text.split("</t")]
        found[cells[0]] = [cell.removeprefix("d>").removeprefix("h>").strip() for cell in cells[1:]]
    return found


@pytest.fixture
def halden(customer: Customer) -> Customer:
    """A license that ends in the term, and 50 endpoints held."""
    make.grant(customer, 8_000, date(2026, 1, 1), date(2027, 3, 31))
    make.allocate(customer, ESSENTIALS, 50, group="endpoint-packages")
    return customer


def test_month_by_month_tells_what_is_needed_held_left_and_happens(
    halden: Customer, alice: User, client_of: LogIn
) -> None:
    page = send(client_of(alice), new_url(halden), LINE, "months", **{STARTS: "2027-02"})

    rows = rows_of(page)
    assert next(iter(rows)) == "Nov 2026"
    assert len(rows) == 13
    # What is held stays until the line starts: nothing is added before.
    assert rows["Jan 2027"][:6] == ["0", "8,000", "3,250", "0", "4,750", "4,750"]
    assert rows["Feb 2027"] == [
        "6,500", "8,000", "3,250", "+3,250", "1,500", "1,500", "Essentials package starts", "",
    ]  # fmt: skip
    assert rows["Apr 2027"][:6] == ["6,500", "0", "3,250", "+3,250", "−6,500", "0"]
    assert "L-201 ends, last day 31 Mar 2027, −8,000" in rows["Apr 2027"][6]
    assert "buy 6,500" in rows["Apr 2027"][6]
    assert "valid once bought" in text_in(page, "months")
    assert value_of(page, "months") == "on"
    assert "Hide month by month" in words(page)


def test_a_rate_that_changes_is_told_in_its_month(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    raise_rate(ESSENTIALS, Decimal(90), clock.start_of(date(2027, 2, 1)))

    page = send(client_of(alice), new_url(customer), LINE, "months")

    rows = rows_of(page)
    words = "the rate of Essentials package goes from 65 to 90 credits per endpoint"
    assert [month for month, cells in rows.items() if words in cells[6]] == ["Feb 2027"]
    assert [rows[month][0] for month in ("Jan 2027", "Feb 2027")] == ["6,500", "9,000"]
    assert "Highest level 9,000 from Feb 2027" in text_in(page, "summary")


def test_open_months_follow_typing_and_close(
    halden: Customer, alice: User, client_of: LogIn
) -> None:
    client = client_of(alice)

    opened = send(client, new_url(halden), LINE, "months", target="months")
    typing = send(client, new_url(halden), {ESSENTIALS: "200"}, target="summary", months="on")
    closed = send(client, new_url(halden), LINE, "no-months", target="summary", months="on")

    assert '<section id="months" class="panel months"' in body(opened)
    assert 'id="summary" hx-swap-oob="true"' in body(opened)
    assert '<section id="months" hx-swap-oob="true" class="panel months"' in body(typing)
    assert rows_of(typing)["Nov 2026"][0] == "13,000"
    assert '<section id="months" hx-swap-oob="true" hidden>' in body(closed)
    assert 'name="months"' not in body(closed)


def test_a_visitor_sees_no_columns_of_what_is_held(
    client: Client, catalogue: None, settings: Any
) -> None:
    settings.ANONYMOUS_ESTIMATES = True

    page = send(client, reverse("estimator:visitor-estimate"), LINE, "months", **PLAN)

    assert "Allocated already" not in words(page)
    assert rows_of(page)["Apr 2027"][:2] == ["1,105", "1,105"]
