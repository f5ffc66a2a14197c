"""Up to four estimates, or versions of them, side by side on one page."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal as D
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from credits import clock
from credits.models import Customer, User
from estimator.models import Estimate
from tests.credits.rates.entering import enter
from tests.estimator.comparisons import compare_url, version_url, versions_url
from tests.estimator.page import (
    ESSENTIALS,
    NOW,
    LogIn,
    Reader,
    body,
    edit_url,
    list_url,
    new_url,
    save,
    text_in,
    words,
)

DAY = timedelta(days=1)
NOBODY = UUID(int=1)


@pytest.fixture
def other(estimate: Estimate, alice: User, client_of: LogIn) -> Estimate:
    """140 endpoints and private access for three years: 14,100 credits."""
    lines = {ESSENTIALS: "140", "ztsa-private-access": "100"}
    save(client_of(alice), new_url(estimate.customer), lines, name="Plan B", years="3")
    return Estimate.objects.select_related("customer").get(name="Plan B")


def boxes(page: str) -> dict[str, bool]:
    """The boxes to choose from, and which are checked."""
    inputs = Reader(page).inputs
    return {own["value"]: "checked" in own for own in inputs if own.get("name") == "e"}


def test_two_stand_side_by_side_with_their_difference_in_words(
    estimate: Estimate, other: Estimate, alice: User, client_of: LogIn
) -> None:
    url = compare_url(estimate.customer, estimate.public_id, other.public_id)

    page = client_of(alice).get(url)

    said = words(page)
    assert "B Plan B, against A, Plan 2027" in said
    assert "40 more endpoints with Essentials package +2,600" in said
    assert "With Private Access for 100 users +5,000" in said
    assert "No Core package −12,500" in said
    assert "A term of 3 years instead of 1 year within the term" in said
    assert "4,900 credits fewer in all −4,900" in said
    assert "Over the terms: +23,300 credit-years." in said
    assert "Level to hold 19,000 14,100" in said
    assert "Credit-years 19,000 1 year 42,300 3 years" in said
    assert "19,000 from 25 Nov 2026 14,100 from 25 Nov 2026" in said
    assert "25 Nov 2027 – 14,100" in said
    assert boxes(body(page)) == {str(estimate.public_id): True, str(other.public_id): True}


def test_an_older_version_stands_at_its_own_rates_and_is_named_so(
    estimate: Estimate, alice: User, client_of: LogIn
) -> None:
    client = client_of(alice)
    with clock.moved_to(NOW + DAY):
        enter((NOW + 10 * DAY).date(), credits=D(30))
    with clock.moved_to(NOW + 20 * DAY):
        save(client, edit_url(estimate), {ESSENTIALS: "100", "email-core": "500"}, name="Plan C")

        page = client.get(
            compare_url(estimate.customer, f"{estimate.public_id}@1", estimate.public_id)
        )

    said = words(page)
    assert "as saved on 25 Nov 2026 , at the rates then" in said
    assert "B Plan C, against A, Plan 2027, version 1" in said
    assert "Core package at 30 credits instead of 25 +2,500" in said
    assert "Level to hold 19,000 21,500" in said
    # What to buy is of today for both.
    assert "21,500 from 15 Dec 2026 21,500 from 15 Dec 2026" in said
    assert f'href="{version_url(estimate, 1)}"' in body(page)


def test_what_cannot_be_had_today_is_named(
    estimate: Estimate, alice: User, client_of: LogIn
) -> None:
    client = client_of(alice)
    with clock.moved_to(NOW + DAY):
        enter((NOW + 10 * DAY).date(), credits=D(25), valid_to=(NOW + 12 * DAY).date())

    with clock.moved_to(NOW + 20 * DAY):
        said = words(client.get(compare_url(estimate.customer, estimate.public_id)))

    assert "without Core package, which can't be had today" in said
    assert "Level to hold 6,500" in said


def test_choosing_works_without_scripts(
    estimate: Estimate, other: Estimate, alice: User, client_of: LogIn
) -> None:
    client = client_of(alice)

    listed = body(client.get(list_url(estimate.customer)))
    alone = client.get(compare_url(estimate.customer, estimate.public_id))
    empty = client.get(compare_url(estimate.customer))

    chosen = {str(estimate.public_id): False, str(other.public_id): False}
    assert boxes(listed) == chosen
    assert f'action="{compare_url(estimate.customer)[:-1]}"' in listed
    assert boxes(body(alone)) == {**chosen, str(estimate.public_id): True}
    assert boxes(body(empty)) == chosen
    assert compare_url(estimate.customer, estimate.public_id) in body(
        client.get(edit_url(estimate))
    )
    assert boxes(body(client.get(versions_url(other)))) == {f"{other.public_id}@1": False}


def test_five_are_refused_with_a_sentence(
    estimate: Estimate, alice: User, client_of: LogIn
) -> None:
    chosen = [f"{estimate.public_id}@{number}" for number in range(1, 6)]

    page = client_of(alice).get(compare_url(estimate.customer, *chosen))

    assert page.status_code == 422
    assert "Up to 4 estimates stand side by side. You chose 5: leave some out." in words(page)


@pytest.mark.parametrize("which", ["nobody", "version", "text", "foreign"])
def test_what_is_not_the_customers_is_not_found(
    estimate: Estimate, other_customer: Customer, carol: User, client_of: LogIn, which: str
) -> None:
    client = client_of(carol)
    save(client, new_url(other_customer), {ESSENTIALS: "1"}, name="Secret")
    own = Estimate.objects.get(name="Secret").public_id
    asked = {
        "nobody": NOBODY,
        "version": f"{own}@2",
        "text": "all",
        "foreign": estimate.public_id,
    }

    found = client.get(compare_url(other_customer, own, asked[which]))

    assert found.status_code == 404
    assert client.get(compare_url(other_customer, own)).status_code == 200


def test_four_take_the_queries_of_one_and_a_price_list_for_each_older_version(
    estimate: Estimate, other: Estimate, alice: User, client_of: LogIn
) -> None:
    client = client_of(alice)
    save(client, edit_url(estimate), {ESSENTIALS: "1", "cloud-risk": "500"})
    save(client, edit_url(estimate), {ESSENTIALS: "2", "endpoint-pro": "7"})
    cases = {
        (): 5,
        (estimate.public_id,): 8,
        (estimate.public_id, other.public_id): 8,
        (estimate.public_id, other.public_id, f"{estimate.public_id}@1"): 9,
        (estimate.public_id, *(f"{estimate.public_id}@{number}" for number in (1, 2))): 10,
    }

    for chosen, queries in cases.items():
        with CaptureQueriesContext(connection) as asked:
            client.get(compare_url(estimate.customer, *chosen))

        assert len(asked) == queries, "\n".join(query["sql"] for query in asked)


def test_the_chart_is_drawn_and_has_its_table(
    estimate: Estimate, other: Estimate, alice: User, client_of: LogIn
) -> None:
    url = compare_url(estimate.customer, estimate.public_id, other.public_id)

    page = body(client_of(alice).get(url))

    assert 'class="level side-a"' in page
    assert 'class="level side-b"' in page
    assert "style=" not in page
    assert text_in(client_of(alice).get(url), "levels-title") == "Levels to hold over the term"
