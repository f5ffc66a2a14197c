"""A rate that is known ahead is named on every page beside the one in force."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from billing.domain.annual import AnnualCredits
from billing.domain.explanation import Explanation, Question
from credits import clock
from credits.domain.rate_run import apply_rates
from credits.models import Customer, Feature, Side, User
from tests.admin.pages import text_of
from tests.credits.rates.entering import enter
from tests.factories import credits as make

NOW = datetime(2027, 1, 10, 9, tzinfo=UTC)
LATER = datetime(2027, 1, 10, 15, tzinfo=UTC)
FIRST = date(2027, 3, 1)
MIDNIGHT = datetime(2027, 3, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def present(catalogue: None) -> Iterator[None]:
    with clock.moved_to(NOW):
        yield


@pytest.fixture
def holder(customer: Customer) -> Customer:
    make.grant(customer, 260, date(2027, 1, 1), date(2027, 12, 31))
    make.allocate(customer, "email-core", 10)
    return customer


def page(customer: Customer) -> AnnualCredits:
    return AnnualCredits(customer, now=LATER, boundary=NOW.replace(hour=13))


def facts(customer: Customer, at: datetime) -> list[str]:
    """What Explain says of the rows of Email Core at an instant."""
    question = Question(
        customer=customer,
        side=Side.ALLOCATED,
        at=at,
        known=LATER,
        feature=Feature.objects.get(key="email-core"),
    )
    return [row.cause.fact for row in Explanation(question).all_rows()]


def test_the_outlook_names_the_rate_that_makes_credits_short(holder: Customer) -> None:
    enter(FIRST)
    apply_rates()

    outlook = page(holder).outlook

    assert (outlook.at, outlook.balance) == (MIDNIGHT, -40)
    assert outlook.cause == "when the rate of Core package goes from 25 to 30 credits per user"


def test_the_graph_names_a_rate_in_blocks(holder: Customer) -> None:
    make.allocate(holder, "network-virtual-sensor", 600)
    fields = {"feature": "network-virtual-sensor", "model": "throughput_block"}
    enter(FIRST, credits=Decimal(13_000), block=Decimal(500), **fields)
    enter(date(2027, 4, 1), credits=Decimal(9_000), block=Decimal(250), **fields)
    apply_rates()

    said = [point.what for point in page(holder).course("1y").points if point.is_ahead]

    assert said[:2] == [
        "the rate of Virtual Network Sensor goes from 12,500 to 13,000 credits per 500 Mbps",
        "the rate of Virtual Network Sensor goes from 13,000 per 500 to 9,000 credits per 250 Mbps",
    ]


def test_the_graph_follows_a_rate_that_falls(holder: Customer) -> None:
    enter(FIRST, credits=Decimal(20))
    apply_rates()

    annual = page(holder)
    point = next(point for point in annual.course("1y").points if point.at == MIDNIGHT)

    assert point.figure.allocated == 200
    assert point.what == "the rate of Core package goes from 25 to 20 credits per user"
    assert annual.outlook.at == datetime(2028, 1, 1, tzinfo=UTC)


def test_explain_tells_the_old_rate_and_the_new_with_their_arithmetic(holder: Customer) -> None:
    enter(FIRST)
    apply_rates()
    enter(FIRST, credits=Decimal(28))
    apply_rates()

    times = "\N{MULTIPLICATION SIGN}"
    assert facts(holder, MIDNIGHT) == [
        f"10 users {times} 25",
        f"rate changed: 10 users {times} 30 in place of 10 users {times} 25",
        f"rate changed: 10 users {times} 28 in place of 10 users {times} 30",
    ]


def test_explain_tells_a_correction_of_the_past(holder: Customer) -> None:
    with clock.moved_to(LATER.replace(day=9)):
        enter(date(2027, 1, 5), reason="late")
    apply_rates()

    assert facts(holder, LATER)[-1].startswith("rate changed: 10 users")


def test_allocate_and_estimator_name_the_next_rate(
    holder: Customer, alice: User, client_of: Callable[[User], Client]
) -> None:
    enter(FIRST)
    client = client_of(alice)

    allocate = text_of(client.get(reverse("credits:allocation-list", args=[holder.slug])))
    address = reverse("estimator:estimate-new", args=[holder.slug])
    estimator = text_of(client.post(address, {"act": "browse"}, headers={"HX-Request": "true"}))

    assert "25 30 from 1 Mar 2027" in allocate
    assert "25 per user · from 1 Mar 2027 30 per user" in estimator
