"""Where a buyer arrives from AWS Marketplace, with a form of AWS's page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from billing.domain.marketplaces.linking import claimed
from billing.models import LinkClaim, MarketplaceAgreement
from credits.models import SecurityEvent
from tests.access.probing import stored
from tests.billing.marketplaces.aws.conftest import NOW, license_arn
from tests.billing.marketplaces.aws.standin_aws import Held, Refusal, Standin

Hold = Callable[..., Held]
TOKEN = "token"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("marketplace")]


@pytest.fixture(autouse=True)
def now(at: Any) -> Any:
    with at(NOW):
        yield


def arrive(token: str = TOKEN, **fields: str) -> Any:
    """What AWS's page sends: a form from elsewhere, of somebody who is not logged in."""
    client = Client(enforce_csrf_checks=True, headers={"Origin": "https://aws.amazon.com"})
    return client.post(
        reverse("billing:aws-landing"), {"x-amzn-marketplace-token": token, **fields}
    )


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_a_buyer_is_led_to_the_page_where_it_is_linked(standin: Standin, hold: Hold) -> None:
    standin.tokens["token"] = hold()

    response = arrive(offerType="private")

    assert response.status_code == 303
    secret = response.headers["Location"].split("/")[-2]
    assert claimed(secret).agreement.reference == license_arn(1)
    assert response.headers["Location"] == reverse("billing:marketplace-link", args=[secret])
    assert "no-store" in response.headers["Cache-Control"]
    assert not SecurityEvent.objects.exists()


def test_a_buyer_may_come_twice(standin: Standin, hold: Hold) -> None:
    standin.tokens["token"] = hold()

    assert arrive().headers["Location"] != arrive().headers["Location"]
    assert LinkClaim.objects.count() == 2
    assert MarketplaceAgreement.objects.count() == 1


def test_the_address_says_what_it_is_for() -> None:
    before = stored()

    response = Client().get(reverse("billing:aws-landing"))

    assert response.status_code == 200
    assert "AWS Marketplace sends buyers here" in text(response)
    assert stored() == before


@pytest.mark.parametrize(
    ("found", "status", "words"),
    [
        ("InvalidTokenException", 400, "does not know this link"),
        ("ExpiredTokenException", 400, "has expired"),
        ({"product": "other"}, 400, "not sold through this portal"),
        ({"status": "CANCELLED"}, 400, "has ended"),
        ({"is_entitled": False, "is_proposed": False}, 503, "does not show this purchase yet"),
    ],
    ids=["unknown", "expired", "another product", "over", "not shown yet"],
)
def test_a_buyer_is_told_what_is_wrong(
    standin: Standin, hold: Hold, found: Any, status: int, words: str
) -> None:
    standin.tokens["token"] = found if isinstance(found, str) else hold(**found)

    response = arrive()

    assert response.status_code == status
    assert words in text(response)
    assert not LinkClaim.objects.exists()
    assert not MarketplaceAgreement.objects.exists()


@pytest.mark.parametrize(
    "token",
    ["", "   ", "x" * 8_001, "a b", "tok\u00e9n"],
    ids=["none", "spaces", "too long", "two words", "no ASCII"],
)
def test_without_a_token_nobody_is_asked(standin: Standin, token: str) -> None:
    before = stored()

    response = arrive(token)

    assert response.status_code == 400
    assert "There is no link from AWS Marketplace" in text(response)
    assert standin.asked == []
    assert stored() == before


def test_aws_not_answering_is_said_and_not_counted(standin: Standin) -> None:
    for _time in range(6):
        standin.failures = [Refusal("AccessDeniedException", status=403)]
        response = arrive()

    assert response.status_code == 503
    assert "does not answer at the moment" in text(response)
    assert not SecurityEvent.objects.exists()


def test_who_tries_too_often_is_not_asked_about(standin: Standin, settings: Settings) -> None:
    settings.DOOR_TRIES_PER_ADDRESS = 3
    for number in range(3):
        assert arrive(f"token-{number}").status_code == 400

    response = arrive("token-4")

    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0
    assert standin.asked == ["ResolveCustomer"] * 3


def test_where_nothing_is_sold_there_is_no_such_address(settings: Settings) -> None:
    settings.AWS_MARKETPLACE_PRODUCTS = []

    assert arrive().status_code == 404
    assert Client().get(reverse("billing:aws-landing")).status_code == 404


def test_the_token_is_written_nowhere(
    standin: Standin, hold: Hold, caplog: pytest.LogCaptureFixture
) -> None:
    standin.tokens["a-token-of-the-buyer"] = hold()

    for token in ("a-token-of-the-buyer", "a-token-of-nobody"):
        arrive(token)

    events = SecurityEvent.objects.values_list("account", flat=True)
    assert not any("a-token" in account for account in events)
    assert "a-token" not in caplog.text
