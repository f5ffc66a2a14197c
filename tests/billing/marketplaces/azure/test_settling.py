"""What is done with a message before the subscription is looked at: its operation, answered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing.domain.marketplaces.providers import Message, Unavailable, Unsettled
from billing.marketplaces.azure.provider import AzureProvider
from billing.marketplaces.azure.webhook import message
from billing.models import MarketplaceMessage
from credits.domain.licenses import MAX_CREDITS
from tests.billing.marketplaces.azure.calling import call, tell
from tests.billing.marketplaces.azure.offering import offer
from tests.billing.marketplaces.azure.standin import OFFER, StandIn, Wish, dropped, fine, uuid

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def offers(db: None) -> None:
    offer("pool", 100)
    offer("large", 1_000)
    offer("vast", MAX_CREDITS)
    offer("hourly", 0)


def sent(wish: Wish, **other: object) -> Message:
    return message(wish.told(**other))[0]


def patched(marketplace: StandIn) -> int:
    return len([one for one in marketplace.asked if one.startswith("PATCH")])


@pytest.mark.parametrize(
    ("action", "wanted"),
    [
        ("ChangeQuantity", {"quantity": 20}),
        ("ChangeQuantity", {"quantity": 3}),
        ("ChangePlan", {"plan": "large"}),
        ("ChangePlan", {"plan": "hourly", "quantity": None}),
        ("Reinstate", {}),
    ],
    ids=["more", "fewer", "plan", "payg", "reinstate"],
)
def test_what_we_sell_is_accepted_once(
    action: str, wanted: dict[str, object], marketplace: StandIn, azure: AzureProvider
) -> None:
    one = marketplace.buy("pool", 10, status="Subscribed")
    wish = marketplace.wish(one, action, **wanted)
    told = sent(wish)

    azure.settle(told)
    azure.settle(told)

    assert wish.status == "Succeeded"
    assert (one.plan, one.quantity) == (wish.plan, wish.quantity)
    assert patched(marketplace) == 1


@pytest.mark.parametrize(
    ("action", "wanted", "reason"),
    [
        ("ChangePlan", {"plan": "silver"}, "silver is none that we sell"),
        ("ChangePlan", {"plan": "vast"}, "10 units of the plan vast are more than we can sell"),
    ],
    ids=["unknown", "too-much"],
)
def test_what_we_do_not_sell_is_refused_and_told_to_a_person(
    action: str,
    wanted: dict[str, object],
    reason: str,
    marketplace: StandIn,
    azure: AzureProvider,
) -> None:
    one = marketplace.buy("pool", 10, status="Subscribed")
    wish = marketplace.wish(one, action, **wanted)

    for _time in range(2):
        with pytest.raises(Unsettled, match=reason):
            azure.settle(sent(wish))

    assert (wish.status, one.plan, one.quantity) == ("Failed", "pool", 10)
    assert patched(marketplace) == 1


def test_what_was_accepted_for_us_meanwhile_stays_so(
    marketplace: StandIn, azure: AzureProvider
) -> None:
    """After ten seconds nothing can be refused; what it comes to is for the look that follows."""
    wish = marketplace.wish(marketplace.buy("pool", 10), "ChangePlan", plan="silver")
    told = sent(wish)
    marketplace.accept(wish)

    azure.settle(told)

    assert patched(marketplace) == 0


def test_an_operation_that_somebody_was_quicker_with_is_settled(
    marketplace: StandIn, azure: AzureProvider
) -> None:
    wish = marketplace.wish(marketplace.buy("pool", 10), "ChangeQuantity", quantity=20)
    told = sent(wish)

    def quicker(handler: object) -> bool:
        marketplace.accept(wish)
        return False

    azure.truth(wish.subscription.id, "", "")
    marketplace.faults = [fine, quicker]
    azure.settle(told)

    assert wish.status == "Succeeded"
    assert patched(marketplace) == 1


def test_an_operation_that_is_gone_is_settled(marketplace: StandIn, azure: AzureProvider) -> None:
    wish = marketplace.wish(marketplace.buy("pool", 10), "ChangeQuantity", quantity=20)
    told = sent(wish)
    marketplace.wishes.clear()

    azure.settle(told)

    assert patched(marketplace) == 0


def test_an_operation_is_waited_for_until_the_subscription_shows_it(
    marketplace: StandIn, azure: AzureProvider
) -> None:
    wish = marketplace.wish(marketplace.buy("pool", 10), "ChangeQuantity", quantity=20)
    told = sent(wish)
    marketplace.lags = 1

    with pytest.raises(Unavailable, match="not over yet"):
        azure.settle(told)
    azure.settle(told)

    assert patched(marketplace) == 1


def test_an_answer_that_got_lost_is_given_again(marketplace: StandIn, azure: AzureProvider) -> None:
    wish = marketplace.wish(marketplace.buy("pool", 10), "ChangeQuantity", quantity=20)
    told = sent(wish)
    azure.truth(wish.subscription.id, "", "")
    marketplace.faults = [fine, dropped]

    with pytest.raises(Unavailable):
        azure.settle(told)
    azure.settle(told)

    assert wish.status == "Succeeded"


@pytest.mark.parametrize("action", ["Renew", "Suspend", "Unsubscribe", "Subscribe", "Transfer"])
def test_what_only_tells_is_not_answered(
    action: str, marketplace: StandIn, azure: AzureProvider
) -> None:
    """Actions that nobody documented as well: all that follows is a look."""
    wish = marketplace.wish(marketplace.buy("pool", 10), action)

    azure.settle(sent(wish))

    assert patched(marketplace) == 0
    assert wish.status == "InProgress"


@pytest.mark.parametrize(
    ("other", "differs"),
    [
        ({"action": "ChangePlan"}, "action"),
        ({"quantity": 2_000}, "quantity"),
        ({"planId": "large"}, "plan"),
        ({"offerId": "another"}, "offer"),
        ({"action": "ChangePlan", "planId": "large"}, "action, plan"),
    ],
    ids=["action", "quantity", "plan", "offer", "two"],
)
def test_a_message_that_says_other_than_its_operation_is_for_a_person(
    other: dict[str, object], differs: str, marketplace: StandIn, azure: AzureProvider
) -> None:
    wish = marketplace.wish(marketplace.buy("pool", 10), "ChangeQuantity", quantity=20)

    with pytest.raises(Unsettled, match=f"does: {differs}.$"):
        azure.settle(sent(wish, **other))
    assert wish.status == "InProgress"
    assert patched(marketplace) == 0


def test_an_operation_of_another_subscription_is_not_touched(
    marketplace: StandIn, azure: AzureProvider
) -> None:
    wish = marketplace.wish(marketplace.buy("pool", 10), "ChangeQuantity", quantity=20)
    other = marketplace.buy("pool", 10)

    azure.settle(sent(wish, subscriptionId=other.id, subscription=other.shown()))

    assert wish.status == "InProgress"
    assert patched(marketplace) == 0


def test_a_message_that_cannot_be_read_any_more_is_for_a_person(
    marketplace: StandIn, azure: AzureProvider
) -> None:
    told = sent(marketplace.wish(marketplace.buy(), "Renew"))

    with pytest.raises(Unsettled, match="cannot be read"):
        azure.settle(replace(told, body=""))


# The webhook's own answer


def test_what_we_sell_is_answered_at_once(
    marketplace: StandIn, keys_known: None, no_requests: list[object]
) -> None:
    wish = marketplace.wish(marketplace.buy("pool", 10), "ChangeQuantity", quantity=20)

    answer = tell(wish)

    assert (answer.status_code, answer.json()) == (200, {"answer": "stored"})


def test_what_we_do_not_sell_is_refused_at_once_and_kept(
    marketplace: StandIn, keys_known: None, no_requests: list[object]
) -> None:
    """Ten seconds later it would be accepted for us."""
    wish = marketplace.wish(marketplace.buy("pool", 10), "ChangePlan", plan="silver")

    answer = tell(wish)

    assert answer.status_code == 400
    assert answer.json() == {"answer": "The plan silver is none that we sell."}
    assert MarketplaceMessage.objects.get().message_id.startswith(wish.id)


def test_the_same_body_again_is_one_message_and_another_status_another(
    marketplace: StandIn, keys_known: None, no_requests: list[object]
) -> None:
    wish = marketplace.wish(marketplace.buy("pool", 10), "ChangeQuantity", quantity=20)

    for body in (wish.told(), wish.told(), wish.told(status="Succeeded")):
        assert call(body).status_code == 200

    found = MarketplaceMessage.objects.order_by("pk").values_list("deliveries", flat=True)
    assert list(found) == [2, 1]


def test_a_message_is_kept_as_it_came(
    marketplace: StandIn, keys_known: None, no_requests: list[object]
) -> None:
    wish = marketplace.wish(marketplace.buy("pool", 10), "Subscribe")
    body = wish.told(somethingNew={"of": uuid(4)})

    assert call(body).status_code == 200

    row = MarketplaceMessage.objects.get()
    assert row.body == body.decode()
    assert (row.action, row.reference, row.product) == ("Subscribe", wish.subscription.id, OFFER)
    assert row.account == ""
    assert row.said_at is not None
    assert row.said_at.isoformat() == "2026-02-10T18:48:58.444993+00:00"
