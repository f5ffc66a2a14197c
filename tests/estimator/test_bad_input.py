"""What cannot be meant: a sentence at its field, what was typed kept, nothing written."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from credits.models import Customer, User
from tests.estimator.page import (
    ESSENTIALS,
    LogIn,
    body,
    new_url,
    nothing_saved,
    save,
    send,
    text_in,
    value_of,
    words,
)

YEARS = "The term is a whole number of years from 1 to 10. You entered"
UNITS = "Units must be a whole number from 0 to 1,000,000,000. You entered {}."


@pytest.mark.parametrize(
    "typed",
    [
        "-1",
        "12.5",
        "NaN",
        "Infinity",
        "1e20",
        "100000000000000000000",
        "10^20",
        "\N{FULLWIDTH DIGIT ONE}2",
        "1_000",
        "12 34",
        "<b>",
        "1000000001",
    ],
)
def test_units_that_are_none_get_a_sentence_at_their_field(
    customer: Customer, alice: User, client_of: LogIn, typed: str
) -> None:
    client, url = client_of(alice), new_url(customer)
    key = value_of(client.get(url), "form_key")
    lines = {ESSENTIALS: "100", "email-core": typed}
    shown = typed if len(typed) <= 20 else typed[:20] + "\N{HORIZONTAL ELLIPSIS}"

    for act, target in product(("price", "save"), ("", "calculator")):
        page = send(client, url, lines, act, target=target, name="Plan", form_key=key)

        assert page.status_code == 422
        assert text_in(page, "error-1") == UNITS.format(shown)
        assert 'href="#units-1-0"' in body(page)
        assert value_of(page, "units.email-core") == typed
        assert text_in(page, "level") == "6,500"
    assert nothing_saved()


def test_an_empty_field_is_nothing_yet_and_cannot_be_saved(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    client, url = client_of(alice), new_url(customer)
    lines = {ESSENTIALS: "100", "email-core": " "}

    priced, saved = send(client, url, lines), save(client, url, lines)

    assert (priced.status_code, text_in(priced, "level")) == (200, "6,500")
    assert saved.status_code == 422
    assert text_in(saved, "error-1") == "Enter the units, or remove this line."
    assert nothing_saved()


def test_typing_bad_units_keeps_the_other_figures(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    lines = {ESSENTIALS: "100", "email-core": "-"}

    answer = send(client_of(alice), new_url(customer), lines, target="summary")

    assert answer.status_code == 422
    assert text_in(answer, "error-1") == UNITS.format("-")
    assert text_in(answer, "credits-0") == "6,500"
    assert "left out of these figures" in words(answer)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": ""}, "Give the estimate a name of 1 to 120 characters."),
        ({"name": "   "}, "Give the estimate a name of 1 to 120 characters."),
        ({"name": "n" * 121}, "A name has up to 120 characters. You entered 121."),
        ({"years": "0"}, f"{YEARS} 0."),
        ({"years": "\N{FULLWIDTH DIGIT THREE}"}, f"{YEARS} \N{FULLWIDTH DIGIT THREE}."),
        ({"years": "1.5"}, f"{YEARS} 1.5."),
        ({"form_key": "forged"}, "This form was made for another page or person."),
    ],
)
def test_what_else_cannot_be_meant_is_said(
    customer: Customer, alice: User, client_of: LogIn, fields: dict[str, str], said: str
) -> None:
    page = save(client_of(alice), new_url(customer), {ESSENTIALS: "100"}, **fields)

    assert page.status_code == 422
    assert said in words(page)
    assert value_of(page, f"units.{ESSENTIALS}") == "100"
    if "name" in fields:
        assert value_of(page, "name").strip() == fields["name"].strip()
    assert nothing_saved()


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ({"no-such-feature": "1"}, "There is no such feature in the catalogue."),
        ({"": "1"}, "There is no such feature in the catalogue."),
        (
            {"endpoint-pro-without-xdr": "5"},
            "Pro features without XDR takes no new allocations since 2026-01-01.",
        ),
        ({ESSENTIALS: ["1", "2"]}, "This line has up to 1 fields. You sent 2."),
        ({"cloud-risk": ["1"] * 201}, "This line has up to 200 fields. You sent 201."),
        ({f"f-{n}": "1" for n in range(401)}, "An estimate has up to 400 lines. You sent 401."),
    ],
)
def test_lines_that_cannot_be_are_refused(
    customer: Customer, alice: User, client_of: LogIn, lines: dict[str, Any], said: str
) -> None:
    page = save(client_of(alice), new_url(customer), lines)

    assert page.status_code == 422
    assert said in words(page)
    assert nothing_saved()


def test_a_closed_feature_cannot_be_added(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    url = new_url(customer)
    page = send(client_of(alice), url, {}, "add:endpoint-pro-without-xdr")

    assert page.status_code == 422
    assert "takes no new allocations" in text_in(page, "error-0")
    assert text_in(page, "level") == "0"


def test_more_credits_than_can_be_meant_are_not_saved(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    page = save(client_of(alice), new_url(customer), {"endpoint-sap-scanner": "1000000000"})

    assert page.status_code == 422
    assert "An estimate comes to 1,000,000,000,000 credits at most." in words(page)
    assert nothing_saved()
