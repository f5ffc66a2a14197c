"""The whole way over real HTTP: landing, linking, events, and what becomes of credits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from billing.domain.marketplaces.applying import apply_messages
from billing.domain.marketplaces.linking import claimed, link
from billing.domain.marketplaces.offers import EnterOffer, enter_offer
from billing.domain.marketplaces.reconciling import reconcile
from billing.models import (
    AgreementState,
    MarketplaceAgreement,
    MarketplaceDifference,
    MarketplaceMessage,
    MessageState,
    OfferKind,
    PaygContract,
    Purchase,
)
from credits import clock
from credits.models import Balance, Customer, License, User
from tests.billing.marketplaces.aws.conftest import NOW, PRODUCT, license_arn
from tests.billing.marketplaces.aws.sent import DEPROVISIONED, UPDATED, event, send
from tests.billing.marketplaces.aws.standin_aws import Held, Standin
from tests.factories import credits as make

Hold = Callable[..., Held]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("marketplace", "offers")]
FIRST, LAST = date(2026, 11, 20), date(2027, 11, 20)


@pytest.fixture(autouse=True)
def now(at: Any) -> Iterator[None]:
    with at(NOW):
        yield


@pytest.fixture
def offers(db: None) -> None:
    """What a unit is worth: a thousand credits; and one product is billed by usage."""
    for plan, fields in (
        ("credits_1000", {"credits": 1_000}),
        ("usage", {"kind_of_offer": OfferKind.PAYG}),
    ):
        enter_offer(
            EnterOffer(asked=make.asked(), marketplace="aws", product=PRODUCT, plan=plan, **fields)
        )


def arrive(standin: Standin, held: Held) -> str:
    """A buyer comes with a token; where to link what was bought."""
    standin.tokens["token"] = held
    page = Client().post(reverse("billing:aws-landing"), {"x-amzn-marketplace-token": "token"})
    assert page.status_code == 303, page.content
    return page.headers["Location"]


def come(standin: Standin, held: Held, customer: Customer, person: User) -> MarketplaceAgreement:
    """A buyer comes with a token and links what was bought to the customer."""
    secret = arrive(standin, held).split("/")[-2]
    return link(claimed(secret), customer, make.asked(actor=person))


def tell(number: int, kind: str = UPDATED, *, of: int = 1) -> None:
    """An event, sent and applied."""
    assert send(event(number, kind, of=of, at=clock.now())).status_code == 200
    apply_messages(clock.now())


def lots(customer: Customer) -> list[tuple[int, date, date]]:
    """Credits and days of the customer's licenses that stand."""
    found = License.objects.filter(customer=customer, voided_at=None).order_by("number")
    return [
        (one.credits, clock.day_of(one.starts_at), clock.day_of(one.ends_at - clock.DAY))
        for one in found
    ]


def test_a_buyer_links_a_purchase_on_the_page_and_has_its_credits_at_once(
    standin: Standin, hold: Hold, customer: Customer, alice: User, client_of: Any
) -> None:
    url, person = arrive(standin, hold()), client_of(alice)
    page = person.get(url)
    assert "5,000 credits" in " ".join(page.content.decode().split())

    chosen = {"customer": str(customer.public_id), "step": "choose"}
    done = person.post(url, {**chosen, "form_key": page.context["form_key"]})

    assert done.status_code == 303
    assert lots(customer) == [(5_000, FIRST, LAST)]
    assert person.post(url, {**chosen, "form_key": page.context["form_key"]}).status_code == 200
    apply_messages(clock.now())
    assert Purchase.objects.count() == 1


def test_a_purchase_comes_to_credits(
    standin: Standin, hold: Hold, customer: Customer, alice: User
) -> None:
    agreement = come(standin, hold(), customer, alice)
    tell(1)

    assert lots(customer) == [(5_000, FIRST, LAST)]
    purchase = Purchase.objects.get(customer=customer)
    assert purchase.channel == "aws"
    assert purchase.order_number.endswith("/1")
    assert Balance.objects.get(customer=customer).valid == 5_000
    agreement.refresh_from_db()
    assert (agreement.state, agreement.problem) == (AgreementState.ACTIVE, "")
    assert MarketplaceMessage.objects.get().state == MessageState.APPLIED


def test_an_event_before_the_buyer_is_applied_when_it_is_linked(
    standin: Standin, hold: Hold, customer: Customer, alice: User
) -> None:
    held = hold()
    tell(1)
    assert MarketplaceMessage.objects.get().state == MessageState.PARKED

    come(standin, held, customer, alice)
    apply_messages(clock.now())

    assert lots(customer) == [(5_000, FIRST, LAST)]
    assert MarketplaceMessage.objects.get().state == MessageState.APPLIED


def test_more_and_fewer_units(
    standin: Standin, hold: Hold, customer: Customer, alice: User
) -> None:
    held = hold()
    come(standin, held, customer, alice)
    tell(1)

    held.dimensions = {"credits_1000": 8}
    tell(2)
    today = clock.day_of(NOW)
    assert lots(customer) == [(5_000, FIRST, LAST), (3_000, today, LAST)]

    held.dimensions = {"credits_1000": 6}
    tell(3)
    assert lots(customer) == [(5_000, FIRST, LAST), (1_000, today, LAST)]


def test_a_renewal_begins_where_the_term_stops(
    standin: Standin, hold: Hold, customer: Customer, alice: User, at: Any
) -> None:
    held = hold()
    come(standin, held, customer, alice)
    tell(1)

    renewed = datetime(2027, 11, 20, 14, 23, tzinfo=UTC)
    held.starts_at, held.ends_at = renewed, renewed.replace(year=2028)
    with at(renewed + timedelta(minutes=1)):
        tell(2)

    next_term = (5_000, LAST + timedelta(days=1), date(2028, 11, 20))
    assert lots(customer) == [(5_000, FIRST, LAST), next_term]


def test_a_renewal_with_a_license_of_its_own_is_linked_as_the_one_before(
    standin: Standin, hold: Hold, customer: Customer, alice: User, at: Any
) -> None:
    held = hold()
    come(standin, held, customer, alice)
    tell(1)

    renewed = datetime(2027, 11, 20, 14, 23, tzinfo=UTC)
    held.status = "RENEWED"
    hold(
        2,
        starts_at=renewed,
        ends_at=renewed.replace(year=2028),
        chain=held.summary["agreementId"],
        dimensions={"credits_1000": 6},
    )
    with at(renewed + timedelta(minutes=1)):
        tell(2, of=2)
        tell(3, DEPROVISIONED)
        tell(2, of=2)

    assert lots(customer) == [(5_000, FIRST, LAST), (6_000, LAST, date(2028, 11, 20))]
    assert MarketplaceAgreement.objects.get(reference=license_arn(2)).customer == customer


def test_a_license_of_another_chain_waits_for_its_buyer(
    standin: Standin, hold: Hold, customer: Customer, alice: User
) -> None:
    come(standin, hold(), customer, alice)
    tell(1)

    hold(2)
    tell(2, of=2)

    assert MarketplaceAgreement.objects.get(reference=license_arn(2)).customer is None
    assert lots(customer) == [(5_000, FIRST, LAST)]


def test_a_license_that_replaces_one_takes_its_place(
    standin: Standin, hold: Hold, customer: Customer, alice: User
) -> None:
    held = hold()
    come(standin, held, customer, alice)
    tell(1)

    held.status = "REPLACED"
    hold(2, chain=held.summary["agreementId"], starts_at=NOW, dimensions={"credits_1000": 9})
    tell(2, of=2)

    assert lots(customer) == [(9_000, clock.day_of(NOW), LAST)]


def test_a_term_that_runs_out_keeps_its_last_day(
    standin: Standin, hold: Hold, customer: Customer, alice: User, at: Any
) -> None:
    held = hold()
    come(standin, held, customer, alice)
    tell(1)

    held.status = "EXPIRED"
    with at(datetime(2027, 11, 20, 15, tzinfo=UTC)):
        tell(2, DEPROVISIONED)

    assert lots(customer) == [(5_000, FIRST, LAST)]
    assert MarketplaceAgreement.objects.get().state == AgreementState.ENDED


def test_a_cancellation_voids(
    standin: Standin, hold: Hold, customer: Customer, alice: User
) -> None:
    held = hold()
    come(standin, held, customer, alice)
    tell(1)

    held.status = "CANCELLED"
    tell(2, DEPROVISIONED)

    assert lots(customer) == []
    assert License.objects.get().voided_at is not None


def test_a_product_billed_by_usage_becomes_a_contract(
    standin: Standin, hold: Hold, customer: Customer, alice: User
) -> None:
    held = hold(is_entitled=False, ends_at=datetime(9999, 1, 1, tzinfo=UTC))
    come(standin, held, customer, alice)
    tell(1)

    assert PaygContract.objects.get(customer=customer).ends_at > NOW
    assert lots(customer) == []


def test_while_aws_does_not_answer_an_event_waits(
    standin: Standin, hold: Hold, customer: Customer, alice: User, at: Any
) -> None:
    come(standin, hold(), customer, alice)
    apply_messages(clock.now())
    standin.failures = ["drop"] * 3
    tell(1)
    row = MarketplaceMessage.objects.get()
    assert (row.state, row.attempts) == (MessageState.STORED, 1)
    assert row.due_at > NOW

    with at(row.due_at):
        apply_messages(clock.now())

    row.refresh_from_db()
    assert row.state == MessageState.APPLIED


def test_the_nightly_comparison_agrees_and_finds_what_was_lost(
    standin: Standin, hold: Hold, customer: Customer, alice: User
) -> None:
    held = hold()
    hold(2, account="444455556666")
    come(standin, held, customer, alice)
    apply_messages(clock.now())

    assert reconcile(NOW)["open"] == 1
    assert MarketplaceDifference.objects.get().reference == license_arn(2)
    held.dimensions = {"credits_1000": 9}
    assert reconcile(NOW)["open"] == 2


ORDERS = list(permutations(range(1, 6)))[::24]
"""A sample of all 120."""


def test_any_order_of_events_ends_in_one_state(
    standin: Standin, hold: Hold, customer: Customer, alice: User
) -> None:
    held = hold(dimensions={"credits_1000": 5})
    ends = set()
    for order in ORDERS:
        with transaction.atomic():
            held.dimensions, held.status = {"credits_1000": 5}, "ACTIVE"
            come(standin, held, customer, alice)
            apply_messages(clock.now())
            held.dimensions = {"credits_1000": 7}
            for number in [*order, *reversed(order), *order]:
                kind = DEPROVISIONED if number == 5 else UPDATED
                assert send(event(number, kind)).status_code == 200
                apply_messages(clock.now())
            states = set(MarketplaceMessage.objects.values_list("state", "deliveries"))
            ends.add((tuple(lots(customer)), Purchase.objects.count(), frozenset(states)))
            transaction.set_rollback(True)

    today = clock.day_of(NOW)
    lots_then = ((5_000, FIRST, LAST), (2_000, today, LAST))
    assert ends == {(lots_then, 2, frozenset({(MessageState.APPLIED, 3)}))}
