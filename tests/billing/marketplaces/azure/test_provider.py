"""What the portal asks of Azure Marketplace, and what it makes of the answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from billing.domain.marketplaces.providers import (
    Item,
    RefusedToken,
    Truth,
    Unavailable,
    UnknownAgreement,
    provider,
)
from billing.marketplaces.azure.provider import AzureProvider
from billing.marketplaces.azure.reading import Unreadable, truth_of
from billing.models import AgreementState
from tests.billing.marketplaces.azure.standin import (
    BUYER,
    OFFER,
    StandIn,
    dropped,
    status,
    text,
    uuid,
)

OTHER_BUYER = "44444444-dddd-4ddd-8ddd-000000000004"


def instant(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def test_the_settings_lead_to_it(marketplace: StandIn) -> None:
    assert isinstance(provider("azure"), AzureProvider)


def test_without_settings_nothing_is_sold_there() -> None:
    assert provider("azure") is None


def test_a_landing_token_stands_for_a_subscription(
    marketplace: StandIn, azure: AzureProvider
) -> None:
    one = marketplace.buy("pool", 10)

    assert azure.resolve("landing-1+/=") == Truth(
        marketplace="azure",
        reference=one.id,
        account=BUYER,
        product=OFFER,
        state=AgreementState.PENDING,
        items=(Item("pool", 10),),
        must_activate=True,
        buyer_email="buyer@buyer.example",
    )


def test_a_landing_token_that_is_none_is_refused(
    marketplace: StandIn, azure: AzureProvider
) -> None:
    with pytest.raises(RefusedToken, match="could not identify this purchase"):
        azure.resolve("landing-9+/=")


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("Subscribed", AgreementState.ACTIVE),
        ("Suspended", AgreementState.SUSPENDED),
        ("Unsubscribed", AgreementState.ENDED),
        (" Subscribed ", AgreementState.ACTIVE),
    ],
    ids=["subscribed", "suspended", "unsubscribed", "with-spaces"],
)
def test_the_truth_is_what_the_subscription_says(
    said: str, state: AgreementState, marketplace: StandIn, azure: AzureProvider
) -> None:
    one = marketplace.buy("pool", 10, status=said, first_day="2026-03-04", last_day="2026-04-03")

    truth = azure.truth(one.id, BUYER, OFFER)

    assert (truth.state, truth.must_activate) == (state, False)
    # The end that is told is the last day; ours is the first instant after it.
    assert (truth.starts_at, truth.ends_at) == (instant("2026-03-04"), instant("2026-04-04"))


def test_before_activation_no_term_holds(marketplace: StandIn, azure: AzureProvider) -> None:
    one = marketplace.buy(first_day="0001-01-01", last_day="0001-01-01")

    truth = azure.truth(one.id, "", "")

    assert (truth.starts_at, truth.ends_at, truth.must_activate) == (None, None, True)


def test_a_flat_plan_is_one_unit(marketplace: StandIn, azure: AzureProvider) -> None:
    one = marketplace.buy("flat", None, status="Subscribed")

    assert list(azure.truth(one.id, "", "").items) == [Item("flat", 1)]


@pytest.mark.parametrize("reference", [uuid(5), "not-an-id", f"{uuid(5)}/activate", ""])
def test_a_subscription_that_is_not_there_is_unknown(
    reference: str, marketplace: StandIn, azure: AzureProvider
) -> None:
    with pytest.raises(UnknownAgreement):
        azure.truth(reference, "", "")


def test_another_buyers_subscription_is_unknown(marketplace: StandIn, azure: AzureProvider) -> None:
    one = marketplace.buy()

    with pytest.raises(UnknownAgreement, match="another buyer"):
        azure.truth(one.id, OTHER_BUYER, OFFER)


def test_activation_sends_back_what_was_bought(marketplace: StandIn, azure: AzureProvider) -> None:
    one = marketplace.buy("pool", 10)

    azure.activate(one.id, [Item("pool", 10)])
    azure.activate(one.id, [Item("pool", 10)])

    assert one.status == "Subscribed"
    assert marketplace.asked.count(f"POST /api/saas/subscriptions/{one.id}/activate") == 1


@pytest.mark.parametrize("quantity", [None, 1], ids=["flat", "one-seat"])
def test_activation_tells_a_flat_plan_from_one_seat(
    quantity: int | None, marketplace: StandIn, azure: AzureProvider
) -> None:
    one = marketplace.buy("plan", quantity)

    azure.activate(one.id, [Item("plan", 1)])

    assert one.status == "Subscribed"


def test_activation_of_what_was_bought_otherwise_meanwhile_is_put_off(
    marketplace: StandIn, azure: AzureProvider
) -> None:
    one = marketplace.buy("pool", 11)

    with pytest.raises(Unavailable):
        azure.activate(one.id, [Item("pool", 10)])
    assert one.status == "PendingFulfillmentStart"


def test_activation_of_what_was_cancelled_is_settled(
    marketplace: StandIn, azure: AzureProvider
) -> None:
    one = marketplace.buy(status="Unsubscribed")

    azure.activate(one.id, [Item("pool", 10)])

    assert one.status == "Unsubscribed"


def test_activation_that_somebody_was_quicker_with_is_settled(
    marketplace: StandIn, azure: AzureProvider
) -> None:
    one = marketplace.buy()

    def quicker(handler: Any) -> bool:
        one.status = "Subscribed"
        return status(400)(handler)

    azure.truth(one.id, "", "")
    marketplace.faults = [lambda handler: False, quicker]
    azure.activate(one.id, [Item("pool", 10)])

    assert one.status == "Subscribed"


def test_all_subscriptions_are_listed_page_by_page(
    marketplace: StandIn, azure: AzureProvider
) -> None:
    bought = [marketplace.buy("pool", number) for number in range(1, 8)]
    bought[3].status = "Unsubscribed"
    marketplace.per_page = 3

    found = list(azure.agreements())

    assert [one.reference for one in found] == [one.id for one in bought]
    assert found[3].state == AgreementState.ENDED
    assert marketplace.asked.count("GET /api/saas/subscriptions/") == 2


def test_a_list_of_nothing_is_empty(marketplace: StandIn, azure: AzureProvider) -> None:
    assert list(azure.agreements()) == []


@pytest.mark.parametrize(
    "link",
    [
        "http://127.0.0.1:9/api/saas/subscriptions?continuationToken=3",
        "https://example.org/api/saas/subscriptions",
        "//example.org/api/saas/subscriptions",
        "{origin}@example.org/api/saas/subscriptions",
        "{origin}/api/saas/other",
        "{origin}/api/saas/subscriptions/../../evil",
        "https://[::1/",
        "http://127.0.0.1:{port}0/api/saas/subscriptions",
    ],
    ids=["port", "host", "no-scheme", "user", "path", "dots", "broken", "longer-port"],
)
def test_a_list_goes_on_nowhere_else(link: str, marketplace: StandIn, azure: AzureProvider) -> None:
    for number in range(1, 5):
        marketplace.buy("pool", number)
    marketplace.per_page = 3
    marketplace.next_link = link.format(origin=marketplace.origin, port=marketplace.port)

    with pytest.raises(Unavailable):
        list(azure.agreements())
    assert len(marketplace.asked) == 2


def test_a_list_that_goes_in_a_circle_ends(marketplace: StandIn, azure: AzureProvider) -> None:
    for number in range(1, 5):
        marketplace.buy("pool", number)
    marketplace.per_page = 3
    marketplace.next_link = f"{marketplace.origin}/api/saas/subscriptions?api-version=2018-08-31"

    with pytest.raises(Unavailable, match="circle"):
        list(azure.agreements())


def test_a_list_that_breaks_off_is_no_list(marketplace: StandIn, azure: AzureProvider) -> None:
    for number in range(1, 5):
        marketplace.buy("pool", number)
    azure.truth(uuid(1001), "", "")
    marketplace.per_page = 3
    marketplace.faults = [lambda handler: False, dropped]

    with pytest.raises(Unavailable):
        list(azure.agreements())


GOOD = {
    "id": uuid(1),
    "offerId": OFFER,
    "planId": "pool",
    "quantity": 5,
    "saasSubscriptionStatus": "Subscribed",
    "term": {"startDate": "2026-03-04T00:00:00Z", "endDate": "2027-03-03T00:00:00Z"},
    "beneficiary": {"tenantId": BUYER.upper(), "emailId": " buyer@buyer.example "},
}


@pytest.mark.parametrize(
    "other",
    [
        {"id": "7"},
        {"offerId": None},
        {"planId": "a/b"},
        {"quantity": -1},
        {"quantity": True},
        {"quantity": "many"},
        {"saasSubscriptionStatus": "Elsewhere"},
        {"saasSubscriptionStatus": None},
    ],
    ids=lambda other: "-".join(f"{name}-{value}" for name, value in other.items()),
)
def test_a_subscription_is_read_strictly_where_it_counts(other: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        truth_of(GOOD | other)


@pytest.mark.parametrize(
    ("other", "last"),
    [
        ({"startDate": "2026-03-04", "endDate": "2027-03-03"}, "2027-03-04"),
        ({"endDate": "2027-03-03T17:30:00.1234567Z"}, "2027-03-04"),
        ({"endDate": "2027-03-03T23:30:00-02:00"}, "2027-03-05"),
        ({"endDate": "2027-03-03T00:00:00"}, "2027-03-04"),
        ({"endDate": "0001-01-01T00:00:00"}, None),
        ({"endDate": "soon"}, None),
        ({"endDate": None}, None),
        ({}, None),
    ],
    ids=["days", "hour", "zone", "no-zone", "year-1", "words", "none", "absent"],
)
def test_the_last_day_is_whole(other: dict[str, Any], last: str | None) -> None:
    truth = truth_of(GOOD | {"term": other})

    assert truth.ends_at == (instant(last) if last else None)


def test_new_fields_are_passed_over() -> None:
    assert truth_of(GOOD | {"more": {"of": ["it"]}}) == truth_of(GOOD)
    assert truth_of(GOOD).account == BUYER


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{", b"\xff", b'{"id": NaN}', b'{"id": 1, "id": 2}', b"{}", b"null"],
    ids=["nothing", "list", "half", "no-utf-8", "nan", "twice", "empty", "null"],
)
def test_an_answer_that_is_not_its_own_is_no_answer(
    content: bytes, marketplace: StandIn, azure: AzureProvider
) -> None:
    one = marketplace.buy()
    azure.truth(one.id, "", "")
    marketplace.faults = [text(content)]

    with pytest.raises(Unavailable):
        azure.truth(one.id, "", "")


def test_an_answer_about_another_subscription_is_no_answer(
    marketplace: StandIn, azure: AzureProvider
) -> None:
    one, other = marketplace.buy(), marketplace.buy()
    marketplace.subscriptions[one.id] = other

    with pytest.raises(Unavailable, match="another subscription"):
        azure.truth(one.id, "", "")
