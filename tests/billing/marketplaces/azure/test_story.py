"""From the marketplace's page to the books and back, as buyers live it: over HTTP, end to end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from billing.domain.marketplaces.applying import apply_messages
from billing.domain.marketplaces.linking import claimed, link
from billing.domain.marketplaces.reconciling import reconcile
from billing.models import (
    DifferenceState,
    MarketplaceAgreement,
    MarketplaceDifference,
    MarketplaceMessage,
    MessageState,
    PaygContract,
)
from credits import clock
from credits.domain.access_state import access_state
from credits.domain.verify import verify_books
from credits.models import Customer, Role, User
from tests.billing.marketplaces.azure.calling import tell
from tests.billing.marketplaces.azure.offering import offer
from tests.billing.marketplaces.azure.standin import StandIn, Wish
from tests.billing.marketplaces.core.reading import orders, standing, valid
from tests.factories import credits as make

pytestmark = pytest.mark.django_db

YEAR = ("2026-03-01", "2027-02-28")
NEXT_YEAR = ("2027-03-01", "2028-02-29")


@dataclass
class Buyer:
    """A customer's admin, the marketplace, and what happens between them."""

    customer: Customer
    admin: User
    marketplace: StandIn

    def lands(self, number: int = 1) -> str:
        """The buyer comes from the marketplace; the secret of the page to link on."""
        query = self.marketplace.landing_query(number)
        answer = Client().get(f"/marketplace/azure/landing/?{query}")
        assert answer.status_code == 302, answer.content
        return str(answer.headers["Location"].rstrip("/").rsplit("/", 1)[1])

    def links(self, number: int = 1) -> MarketplaceAgreement:
        """The buyer links the purchase on the page that the landing leads to."""
        place = f"/marketplace/link/{self.lands(number)}/"
        browser = Client()
        browser.force_login(self.admin)
        page = browser.get(place).content.decode()
        key = re.search('name="form_key" value="([^"]+)"', page)
        assert key, page
        form = {"step": "choose", "form_key": key[1], "customer": str(self.customer.public_id)}
        answer = browser.post(place, form)
        assert answer.status_code == 303, answer.content.decode()
        return MarketplaceAgreement.objects.get(customer=self.customer)

    def told(self, wish: Wish, status: int = 200) -> None:
        """The marketplace tells of an operation, and the job applies it."""
        assert tell(wish).status_code == status
        run()


def run() -> dict[str, int]:
    return apply_messages(clock.now())


@contextmanager
def at(when: str) -> Iterator[None]:
    """The present, with keys fetched as the hourly job would have."""
    with clock.moved_to(datetime.fromisoformat(when).replace(tzinfo=UTC)):
        run()
        yield


@pytest.fixture
def buyer(catalogue: None, marketplace: StandIn) -> Iterator[Buyer]:
    with at("2026-03-01T10:00"):
        offer("pool", 100)
        offer("large", 1_000)
        offer("flat", 5_000)
        offer("hourly", 0)
        customer = make.make_customer(name="Halden Energy")
        yield Buyer(customer, admin_of(customer, "alice@example.org"), marketplace)


def admin_of(customer: Customer, email: str) -> User:
    return make.make_member(customer, make.make_user(email=email), Role.ADMIN)


def test_a_purchase_lives_from_its_landing_to_its_end(buyer: Buyer) -> None:
    one = buyer.marketplace.buy("pool", 10)

    agreement = buyer.links()
    assert one.status == "Subscribed"
    assert valid(buyer.customer) == 1_000
    assert orders(buyer.customer) == [("1", 1_000, "2026-03-01", "2027-03-01", False, None)]

    with at("2026-04-01T10:00"):
        buyer.told(buyer.marketplace.wish(one, "ChangeQuantity", quantity=25))
        assert valid(buyer.customer) == 2_500
    with at("2026-05-01T10:00"):
        buyer.told(buyer.marketplace.wish(one, "ChangeQuantity", quantity=12))
        assert valid(buyer.customer) == 1_200
    with at("2026-06-01T10:00"):
        buyer.told(buyer.marketplace.wish(one, "ChangePlan", plan="large", quantity=2))
        assert valid(buyer.customer) == 2_000

    with at("2026-07-01T10:00"):
        buyer.told(buyer.marketplace.suspend(one))
        assert standing(agreement)["is_suspended"]
        assert valid(buyer.customer) == 2_000
        assert access_state(buyer.customer, clock.now()).is_locked
    with at("2026-07-09T10:00"):
        buyer.told(buyer.marketplace.wish(one, "Reinstate"))
        assert one.status == "Subscribed"
        assert not standing(agreement)["is_suspended"]
        assert not access_state(buyer.customer, clock.now()).is_locked

    with at("2027-03-01T00:05"):
        buyer.told(buyer.marketplace.renew(one, *NEXT_YEAR))
        assert valid(buyer.customer) == 2_000
        assert orders(buyer.customer)[-1][1:4] == (2_000, "2027-03-01", "2028-03-01")

    with at("2027-06-01T10:00"):
        buyer.told(buyer.marketplace.unsubscribe(one))
        assert valid(buyer.customer) == 0
        assert standing(agreement)["state"] == "ended"
    assert not MarketplaceMessage.objects.exclude(state=MessageState.APPLIED).exists()
    assert verify_books(buyer.customer) == []


def test_a_flat_plan_is_bought_and_renewed(buyer: Buyer) -> None:
    one = buyer.marketplace.buy("flat", None)

    buyer.links()

    assert one.status == "Subscribed"
    assert valid(buyer.customer) == 5_000
    with at("2027-03-01T08:00"):
        buyer.told(buyer.marketplace.renew(one, *NEXT_YEAR))
        assert valid(buyer.customer) == 5_000


def test_a_monthly_plan_goes_on_without_a_gap(buyer: Buyer) -> None:
    buyer.marketplace.today = ("2026-03-01", "2026-03-31")
    one = buyer.marketplace.buy("pool", 3)

    buyer.links()
    with at("2026-04-01T06:00"):
        buyer.told(buyer.marketplace.renew(one, "2026-04-01", "2026-04-30"))
    with at("2026-05-01T06:00"):
        buyer.told(buyer.marketplace.renew(one, "2026-05-01", "2026-05-31"))

    days = [(one[2], one[3]) for one in orders(buyer.customer)]
    assert days == [
        ("2026-03-01", "2026-04-01"),
        ("2026-04-01", "2026-05-01"),
        ("2026-05-01", "2026-06-01"),
    ]


def test_pay_as_you_go_opens_a_contract_and_ends_it(buyer: Buyer) -> None:
    one = buyer.marketplace.buy("hourly", None)

    buyer.links()

    contract = PaygContract.objects.get()
    assert (contract.customer, contract.channel) == (buyer.customer, "azure")
    assert valid(buyer.customer) == 0
    with at("2026-06-01T10:00"):
        buyer.told(buyer.marketplace.unsubscribe(one))
        contract.refresh_from_db()
        assert contract.ends_at <= clock.now() + clock.DAY


def test_a_buyer_who_manages_the_account_comes_to_what_is_linked(buyer: Buyer) -> None:
    """The marketplace leads there each time, not only after the purchase."""
    buyer.marketplace.buy("pool", 10)
    buyer.links()
    browser = Client()
    browser.force_login(buyer.admin)

    page = browser.get(f"/marketplace/link/{buyer.lands()}/").content.decode()

    assert buyer.customer.name in page
    assert 'value="choose"' not in page
    assert valid(buyer.customer) == 1_000


def test_a_message_may_come_before_the_buyer_does(buyer: Buyer) -> None:
    one = buyer.marketplace.buy("pool", 10)
    buyer.told(buyer.marketplace.wish(one, "Subscribe"))
    assert valid(buyer.customer) == 0

    buyer.links()

    assert valid(buyer.customer) == 1_000


@pytest.mark.parametrize("end", ["lost", "told-late"])
def test_what_got_lost_is_found_by_night(end: str, buyer: Buyer) -> None:
    one = buyer.marketplace.buy("pool", 10)
    buyer.links()
    wish = buyer.marketplace.wish(one, "ChangeQuantity", quantity=30)
    buyer.marketplace.accept(wish)

    reconcile(clock.now())

    found = MarketplaceDifference.objects.filter(state=DifferenceState.OPEN)
    assert {(row.reference, row.kind) for row in found} == {(one.id, "units")}
    if end == "told-late":
        buyer.told(wish)
        assert valid(buyer.customer) == 3_000
        reconcile(clock.now())
        assert not found.all().exists()


def test_a_day_without_network_loses_nothing(buyer: Buyer) -> None:
    one = buyer.marketplace.buy("pool", 10)
    buyer.links()
    wish = buyer.marketplace.wish(one, "ChangeQuantity", quantity=20)
    port, buyer.marketplace.faults = buyer.marketplace.port, [gone] * 8

    buyer.told(wish)
    assert valid(buyer.customer) == 1_000
    buyer.marketplace.faults = []
    with at("2026-03-02T10:00"):
        assert valid(buyer.customer) == 2_000
    assert port == buyer.marketplace.port


def gone(handler: Any) -> bool:
    handler.close_connection = True
    handler.connection.close()
    return True


def test_what_we_do_not_sell_leaves_everything_as_it_was(buyer: Buyer) -> None:
    one = buyer.marketplace.buy("pool", 10)
    buyer.links()

    buyer.told(buyer.marketplace.wish(one, "ChangePlan", plan="silver"), status=400)

    assert (one.plan, valid(buyer.customer)) == ("pool", 1_000)
    message = MarketplaceMessage.objects.get()
    assert message.state == MessageState.PARKED
    assert message.problem == "The plan silver is none that we sell."


def test_a_stranger_does_not_get_what_another_bought(buyer: Buyer) -> None:
    other = make.make_customer(name="Borealis Freight")
    carol = admin_of(other, "carol@example.org")
    buyer.marketplace.buy("pool", 10)
    agreement = buyer.links()
    secret = buyer.lands()

    with pytest.raises(Exception, match="linked to another customer"):
        link(claimed(secret), other, make.asked(actor=carol))
    agreement.refresh_from_db()
    assert agreement.customer == buyer.customer
