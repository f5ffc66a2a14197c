"""A buyer who arrives from Azure Marketplace."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from billing.domain.marketplaces.linking import claimed
from billing.models import LinkClaim, MarketplaceAgreement
from credits import clock
from credits.models import SecurityEvent
from tests.billing.marketplaces.azure.calling import rows
from tests.billing.marketplaces.azure.standin import StandIn, dropped, fine, status

pytestmark = pytest.mark.django_db

LANDING = "/marketplace/azure/landing/"


def arrive(query: str, **meta: Any) -> Any:
    return Client().get(f"{LANDING}?{query}" if query else LANDING, **meta)


def resolves(marketplace: StandIn) -> int:
    return marketplace.asked.count("POST /api/saas/subscriptions/resolve")


def test_a_buyer_is_led_to_the_page_where_the_purchase_is_linked(marketplace: StandIn) -> None:
    one = marketplace.buy("pool", 10)

    answer = arrive(marketplace.landing_query())

    assert answer.status_code == 302
    secret = answer.headers["Location"].rstrip("/").rsplit("/", 1)[1]
    assert answer.headers["Location"] == f"/marketplace/link/{secret}/"
    agreement = claimed(secret).agreement
    assert (agreement.reference, agreement.customer, agreement.must_activate) == (
        one.id,
        None,
        True,
    )
    assert one.status == "PendingFulfillmentStart"
    assert not SecurityEvent.objects.exists()


def test_the_token_is_decoded_once(marketplace: StandIn) -> None:
    """A plus sign stays one, whether it came encoded or not; what was encoded twice is another."""
    marketplace.buy()

    assert arrive("token=landing-1+/=").status_code == 302
    assert arrive("token=landing-1%2B%2F%3D").status_code == 302
    assert arrive("token=landing-1%252B%252F%253D").status_code == 400


def test_the_token_stands_nowhere_afterwards(
    marketplace: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    marketplace.buy()
    caplog.set_level("DEBUG")

    good = arrive(marketplace.landing_query())
    bad = arrive("token=landing-9-nobody")

    assert good.headers["Referrer-Policy"] == bad.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in good.headers["Cache-Control"]
    assert "no-store" in bad.headers["Cache-Control"]
    assert b"landing-9" not in bad.content
    own = [record.getMessage() for record in caplog.records if record.name.startswith("billing")]
    assert not [line for line in own if "landing-" in line]
    assert not SecurityEvent.objects.filter(account__contains="landing-").exists()


def test_an_unknown_token_is_refused_in_words(marketplace: StandIn) -> None:
    before = rows()

    answer = arrive("token=landing-9")

    assert answer.status_code == 400
    assert "We could not identify this purchase" in answer.content.decode()
    assert "Configure account" in answer.content.decode()
    changed = {table for table, count in rows().items() if count != before[table]}
    assert changed == {"credits_securityevent"}


@pytest.mark.parametrize(
    "query",
    [
        "token=",
        "token=a&token=b",
        "token=" + "x" * 5_000,
        "token=a%0D%0AX-Evil:%20yes",
        "token=a%20b",
        "token=%C3%A9",
        "other=landing-1",
    ],
    ids=["empty", "two", "huge", "two-lines", "space", "letters", "another-name"],
)
def test_what_is_no_token_asks_nobody(
    query: str, marketplace: StandIn, no_requests: list[Any]
) -> None:
    before = rows()

    answer = arrive(query)

    assert answer.status_code == 400
    assert "is not whole" in answer.content.decode()
    assert rows() == before


def test_who_comes_without_a_token_is_told_the_way(
    marketplace: StandIn, no_requests: list[Any]
) -> None:
    answer = arrive("")

    assert answer.status_code == 200
    assert "Azure Marketplace sends buyers here" in answer.content.decode()


@pytest.mark.parametrize(
    "fault",
    [dropped, status(500), status(429), status(403)],
    ids=["dropped", "500", "429", "403"],
)
def test_a_marketplace_that_does_not_answer_is_not_the_buyers_fault(
    fault: Any, marketplace: StandIn
) -> None:
    marketplace.buy()
    marketplace.faults = [fine, fault]

    answer = arrive(marketplace.landing_query())

    assert answer.status_code == 503
    assert "does not answer at the moment" in answer.content.decode()
    assert not MarketplaceAgreement.objects.exists()
    assert not SecurityEvent.objects.exists()


def test_guessing_is_limited_by_address(marketplace: StandIn) -> None:
    answers = [arrive(f"token=guess-{number}").status_code for number in range(22)]

    assert answers == [400] * 20 + [429] * 2
    assert resolves(marketplace) == 20
    assert int(arrive("token=guess-1").headers["Retry-After"]) > 0
    marketplace.buy()
    assert arrive(marketplace.landing_query()).status_code == 429
    assert arrive(marketplace.landing_query(), REMOTE_ADDR="192.0.2.9").status_code == 302
    with clock.moved_to(clock.now() + timedelta(minutes=16)):
        assert arrive(marketplace.landing_query()).status_code == 302


def test_a_buyer_may_come_again(marketplace: StandIn) -> None:
    marketplace.buy()

    places = {arrive(marketplace.landing_query()).headers["Location"] for _time in range(3)}

    assert len(places) == 3
    assert MarketplaceAgreement.objects.count() == 1
    assert LinkClaim.objects.count() == 3


def test_where_nothing_is_sold_there_is_no_landing(no_requests: list[Any]) -> None:
    assert arrive(f"token={quote('landing-1+/=')}").status_code == 404
