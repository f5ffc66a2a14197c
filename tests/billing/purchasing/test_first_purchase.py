"""A new customer with its first admin and its first order: all of it, once, or nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from billing.domain.first_purchase import LooksAlike, NewCustomer, enter_first
from billing.domain.orders import Order
from billing.domain.purchases import OrderNumberTaken
from billing.models import DraftState, Purchase, PurchaseDraft
from credits.domain.commands import Asked
from credits.domain.figures import standing
from credits.domain.members import NoLongerAllowed
from credits.domain.people import customers_for
from credits.domain.verify import verify_books
from credits.exceptions import InvalidCommand, KeyConflict
from credits.models import Assignment, Customer, Membership, Operation, OutgoingMail, Role, User
from tests.billing.ordering import buy, order
from tests.billing.purchasing.typing_orders import large, typed_as
from tests.factories import credits as make

pytestmark = pytest.mark.django_db

NORDWIND = NewCustomer(
    name="Nordwind Logistik", admin_name="Ada Nord", admin_email="ada@nordwind.example"
)


@pytest.fixture(autouse=True)
def _catalogue(catalogue: None) -> None:
    """The catalogue is there."""


def enter(new: NewCustomer, asked: Asked, one: Order | None = None) -> Any:
    return enter_first(new, one or order(), typed_as(), asked)


def test_customer_rep_admin_and_order_are_one_act(rep: User) -> None:
    purchase = enter(NORDWIND, make.asked(actor=rep))

    found = purchase.customer
    assert (found.name, found.slug, found.domain) == (
        "Nordwind Logistik",
        "nordwind-logistik",
        "nordwind.example",
    )
    assert Assignment.objects.filter(customer=found, user=rep).exists()
    member = Membership.objects.get(customer=found)
    assert (member.role, member.user.email) == (Role.ADMIN, "ada@nordwind.example")
    assert OutgoingMail.objects.filter(kind="invitation", to="ada@nordwind.example").count() == 1
    assert standing(found, now=purchase.recorded_at).live.figure.valid == 15_000
    assert found in customers_for(rep)
    assert verify_books(found) == []


def test_a_repeat_makes_one_customer_and_one_purchase(rep: User) -> None:
    asked = make.asked(actor=rep)
    customers = Customer.objects.count()

    first = enter(NORDWIND, asked)
    again = enter(NORDWIND, asked)

    assert again == first
    assert Customer.objects.count() == customers + 1
    assert Purchase.objects.count() == 1


@pytest.mark.parametrize(
    ("new", "one"),
    [
        (replace(NORDWIND, name="Sudwind"), order()),
        (replace(NORDWIND, admin_email="bo@nordwind.example"), order()),
        (NORDWIND, order("SO-2")),
    ],
    ids=["name", "admin", "order"],
)
def test_another_content_under_the_key_is_refused(rep: User, new: NewCustomer, one: Order) -> None:
    asked = make.asked(actor=rep)
    enter(NORDWIND, asked)
    before = Operation.objects.count()

    with pytest.raises(KeyConflict):
        enter(new, asked, one)

    assert Operation.objects.count() == before


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"admin_email": "ada"}, "admin_email"),
        ({"domain": "not a domain"}, "domain"),
        ({"admin_email": "rep@vendor.example"}, "admin_email"),
    ],
    ids=["no-name", "long-name", "no-address", "no-domain", "oneself"],
)
def test_what_makes_no_sense_stands_at_its_field_and_makes_nothing(
    rep: User, wrong: dict[str, Any], field: str
) -> None:
    before = (Customer.objects.count(), Operation.objects.count())

    with pytest.raises(InvalidCommand) as refused:
        enter(replace(NORDWIND, **wrong), make.asked(actor=rep))

    assert refused.value.field == field
    assert (Customer.objects.count(), Operation.objects.count()) == before


def test_an_order_that_is_refused_makes_no_customer(customer: Customer, rep: User) -> None:
    buy(customer, "SO-7")
    before = Customer.objects.count()

    with pytest.raises(OrderNumberTaken):
        enter(NORDWIND, make.asked(actor=rep), order("so-7"))

    assert Customer.objects.count() == before


def test_slugs_find_a_place_of_their_own(rep: User) -> None:
    names = ["Nordwind Logistik", "Nordwind  Logistik!", "\u682a\u5f0f\u4f1a\u793e", "\u682a\u5f0f"]
    slugs = []
    for place, name in enumerate(names):
        new = replace(NORDWIND, name=name, domain=f"d{place}.example")
        slugs.append(enter(new, make.asked(actor=rep), order(f"SO-{place}")).customer.slug)

    assert slugs == ["nordwind-logistik", "nordwind-logistik-2", "customer", "customer-2"]


@pytest.mark.parametrize(
    "like",
    [{"name": "halden energy"}, {"domain": "Halden.example"}],
    ids=["name", "domain"],
)
def test_a_customer_that_looks_alike_is_named_to_who_may_see_it(
    customer: Customer, rep: User, like: dict[str, Any]
) -> None:
    Customer.objects.filter(pk=customer.pk).update(domain="halden.example")

    with pytest.raises(LooksAlike, match="Halden Energy") as asks:
        enter(replace(NORDWIND, **like), make.asked(actor=rep))

    assert asks.value.seen == [customer]
    confirmed = replace(NORDWIND, **like, alike_confirmed=True)
    assert enter(confirmed, make.asked(actor=rep)).customer != customer


def test_a_customer_of_another_rep_is_not_named(other_customer: Customer, rep: User) -> None:
    Customer.objects.filter(pk=other_customer.pk).update(domain="nordwind.example")

    with pytest.raises(LooksAlike, match="Ask a sales manager") as asks:
        enter(NORDWIND, make.asked(actor=rep))

    assert "Borealis" not in asks.value.message
    assert asks.value.seen == []


def test_a_manager_may_leave_it_to_nobody_or_choose_a_rep(rep: User, manager: User) -> None:
    alone = enter(NORDWIND, make.asked(actor=manager)).customer
    chosen = replace(NORDWIND, name="Sudwind", domain="sud.example", rep=rep.email)
    cared_for = enter(chosen, make.asked(actor=manager), order("SO-2")).customer

    assert not Assignment.objects.filter(customer=alone).exists()
    assert Assignment.objects.get(customer=cared_for).user == rep


@pytest.mark.parametrize("who", ["alice", "support"])
def test_only_sales_makes_customers(request: pytest.FixtureRequest, who: str) -> None:
    with pytest.raises(NoLongerAllowed):
        enter(NORDWIND, make.asked(actor=request.getfixturevalue(who)))


def test_a_large_first_order_waits_for_a_second_look(rep: User, manager: User) -> None:
    asked = make.asked(actor=rep)

    found = enter(NORDWIND, asked, large())

    assert isinstance(found, PurchaseDraft)
    assert found.state == DraftState.WAITING
    assert enter(NORDWIND, asked, large()) == found
    assert not Purchase.objects.exists()
