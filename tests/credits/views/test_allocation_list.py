from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from django.test import Client

from credits import clock
from credits.models import Customer, User
from tests.credits.views.pages import HTMX, words
from tests.factories import credits as make


def listing(client: Client, customer: Customer, query: str = "") -> str:
    response = client.get(f"/c/{customer.slug}/allocate/{query}")
    assert response.status_code == 200
    return words(response)


def test_the_live_figures_stand_on_top(admin: Client, licensed: Customer) -> None:
    make.allocate(licensed, "email-core", 200)

    page = listing(admin, licensed)

    assert "Balance, live 10,000 " in page
    assert "Valid 15,000 " in page
    assert "Allocated 5,000 " in page


def test_the_first_short_date_is_named_with_its_cause(admin: Client, licensed: Customer) -> None:
    make.allocate(licensed, "email-core", 440)

    page = listing(admin, licensed)

    assert "First short: -1,000 · 1 Apr 2027, L-202 ends" in page


def test_without_a_shortage_it_says_until_when_credits_last(
    admin: Client, licensed: Customer
) -> None:
    make.allocate(licensed, "email-core", 100)

    assert "Covered until 31 Dec 2027, when the last license ends" in listing(admin, licensed)


def test_a_shortage_today_is_said_in_words(admin: Client, licensed: Customer) -> None:
    make.allocate(licensed, "email-core", 700)

    page = listing(admin, licensed)

    assert "Balance, live -2,500 short" in page
    assert "More is allocated than is valid." in page


def test_a_negative_figure_has_a_true_minus_sign(admin: Client, licensed: Customer) -> None:
    make.allocate(licensed, "email-core", 700)

    page = admin.get(f"/c/{licensed.slug}/allocate/").content.decode()

    assert "\N{MINUS SIGN}2,500" in page


def test_every_open_feature_is_listed_with_model_units_rate_and_credits(
    admin: Client, licensed: Customer
) -> None:
    make.allocate(licensed, "email-core", 200)

    page = listing(admin, licensed)

    assert "Core package Per user 200 users 25 5,000 24 Nov 2026 MoveChange" in page
    assert "Virtual Network Sensor Throughput block 0 Mbps 12,500 per 500 - not in use" in page


def test_a_retired_feature_is_listed_only_while_it_holds_credits(
    admin: Client, licensed: Customer
) -> None:
    assert "Advanced Endpoint Security" not in listing(admin, licensed)

    with clock.moved_to(datetime(2025, 10, 1, tzinfo=UTC)):
        other = make.make_customer()
        make.make_member(other, User.objects.get(email="alice@example.org"), "admin")
        make.allocate(other, "endpoint-advanced-protection", 10)

    page = listing(admin, other)
    assert "Advanced Endpoint Security no new allocations since 11 Nov 2025 Per unit" in page


def test_a_bundle_is_listed_only_while_it_holds_credits(
    admin: Client, licensed: Customer, allocate_bundle: Callable[[], None]
) -> None:
    assert "Internet + AI bundle" not in listing(admin, licensed)

    allocate_bundle()

    assert "Internet + AI bundle Bundle 20 users 85 1,700 " in listing(admin, licensed)


@pytest.mark.parametrize(
    ("query", "there", "gone"),
    [
        ("?q=sensor", "Email Sensor", "Private Access"),
        ("?q=zero+access", "Private Access", "Email Sensor"),
        ("?use=yes", "Email Sensor", "Private Access"),
        ("?use=no", "Private Access", "Email Sensor Per user"),
        ("?solution=network-security", "TippingPoint", "Private Access"),
        ("?q=sensor&use=yes&solution=network-security", "No feature matches", "TippingPoint"),
    ],
)
def test_the_filter_is_in_the_address(
    admin: Client, licensed: Customer, query: str, there: str, gone: str
) -> None:
    make.allocate(licensed, "email-sensor", 40)

    page = listing(admin, licensed, query)

    assert there in page
    assert gone not in page


@pytest.mark.parametrize("query", ["?use=maybe", "?solution=none", f"?q={'x' * 200}"])
def test_a_filter_that_means_nothing_is_left_out(
    admin: Client, licensed: Customer, query: str
) -> None:
    assert "Private Access" in listing(admin, licensed, query)


def test_htmx_gets_the_table_alone(admin: Client, licensed: Customer) -> None:
    response = admin.get(f"/c/{licensed.slug}/allocate/?use=no", headers=HTMX)

    page = response.content.decode()
    assert page.lstrip().startswith('<div id="table">')
    assert "<html" not in page
    assert 'id="counts" hx-swap-oob="true"' in page
    assert response["Vary"].count("HX-Request") == 1
    assert "30 features listed." in response["HX-Trigger"]


def test_those_who_may_not_allocate_see_no_button(
    licensed: Customer,
    bob: User,
    rep: User,
    manager: User,
    support: User,
    client_of: Callable[[User], Client],
) -> None:
    make.allocate(licensed, "email-core", 200)

    for person in (bob, rep, manager, support):
        page = listing(client_of(person), licensed)
        assert "Core package Per user 200 users 25 5,000 24 Nov 2026 Essentials package" in page


@pytest.mark.parametrize(
    ("instant", "valid"),
    [
        (datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC), "15,700"),
        (datetime(2026, 12, 1, tzinfo=UTC), "15,000"),
    ],
)
def test_a_license_counts_to_the_last_second_of_its_last_day(
    admin: Client, licensed: Customer, instant: datetime, valid: str
) -> None:
    make.grant(licensed, 700, date(2026, 1, 1), date(2026, 11, 30))

    with clock.moved_to(instant):
        assert f"Valid {valid} " in listing(admin, licensed)
