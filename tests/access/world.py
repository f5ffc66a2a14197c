"""Two customers with everything in them, and one person of every kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from billing.domain.contracts import EnterContract, enter_contract
from billing.domain.lifecycle import advance
from billing.domain.orders import LineOrder, Order
from billing.domain.purchases import record_purchase
from billing.domain.requests import RequestCredits, request_credits
from billing.models import ContractChannel, CreditRequest, Purchase, RequestCause
from credits import clock
from credits.domain.allocations import Release
from credits.domain.commands import Answer
from credits.domain.post import post
from credits.domain.sources import SetUsageSource
from credits.models import (
    Customer,
    Feature,
    JobRun,
    License,
    Operation,
    SecurityEvent,
    SecurityEventKind,
    User,
)
from credits.roles import StaffRole
from estimator.domain.estimates import Draft
from estimator.domain.price_list import read_price_list
from estimator.domain.saving import Wanted, save_estimate
from estimator.models import Estimate
from tests.factories import credits as make

FEATURE, SWITCHED_OFF = "endpoint-sandbox-submission", "network-virtual-sensor"
REPORTED = "email-sensor"


@dataclass(frozen=True)
class Place:
    """A customer and one of each of its records."""

    customer: Customer
    purchase: Purchase
    license: License
    operation: Operation
    estimate: Estimate
    member: User
    request: CreditRequest


@dataclass(frozen=True)
class World:
    """Own is the place of Alice and Bob, other is Carol's."""

    own: Place
    other: Place
    people: dict[str, User | None] = field(default_factory=dict)

    def client(self, who: str) -> Client:
        """A client that is logged in as one of the people, or as nobody."""
        client = Client()
        user = self.people[who]
        if user is not None:
            client.force_login(user)
        return client


def furnish(customer: Customer, who: User, allocate: Callable[..., Answer], mark: str) -> Place:
    """Give a customer a purchase with a license, an allocation and an estimate."""
    today = clock.day_of(clock.now())
    purchase = record_purchase(
        customer, order(mark, today), make.asked(actor=who, reason=f"{mark} on the phone")
    )
    answer = allocate(customer, FEATURE, 310, actor=who, reason=f"{mark} roll-out")
    release(customer, SWITCHED_OFF, allocate, who)
    report(customer, mark)
    contract(customer, mark, today)
    prices = read_price_list(clock.now())
    wanted = Wanted(name=f"{mark} plan", draft=Draft(years=1, quantities={FEATURE: Decimal(50)}))
    saved = save_estimate(
        customer=customer, wanted=wanted, prices=prices, asked=make.asked(actor=who)
    )
    license = License.objects.get(purchase_line__purchase=purchase)
    asking = ask_for_credits(customer, who, mark, today)
    return Place(customer, purchase, license, answer.operation, saved.estimate, who, asking)


def ask_for_credits(customer: Customer, who: User, mark: str, today: date) -> CreditRequest:
    """Ask sales for credits; the request is open."""
    return request_credits(
        RequestCredits(
            customer=customer,
            asked=make.asked(actor=who, reason=f"{mark} grows"),
            credits=5_400,
            needed_on=today + timedelta(days=30),
            cause=RequestCause.OTHER,
        )
    )


def release(customer: Customer, feature: str, allocate: Callable[..., Answer], who: User) -> None:
    """Allocate a feature and release it again, so that there is a choice."""
    allocate(customer, feature, 1, actor=who)
    features = [Feature.objects.get(key=feature)]
    ask = make.asked(actor=who)
    post(Release(customer=customer, asked=ask, group=feature, features=features))


def report(customer: Customer, mark: str) -> None:
    """Let a system report a feature's units."""
    ask = make.asked(reason=f"{mark} directory is connected")
    name = f"{mark} directory"
    post(SetUsageSource(customer=customer, asked=ask, group=REPORTED, name=name))


def contract(customer: Customer, mark: str, today: date) -> None:
    """Let features be paid as one goes."""
    starts_at = clock.start_of(today)
    enter_contract(
        EnterContract(
            customer=customer,
            asked=make.asked(reason=f"{mark} subscribed"),
            channel=ContractChannel.AWS,
            agreement=f"{mark}-agreement",
            starts_at=starts_at,
            ends_at=starts_at + timedelta(days=200),
        )
    )


def order(mark: str, today: date) -> Order:
    line = LineOrder(
        credits=52_000, first_day=today - timedelta(days=30), last_day=today + timedelta(days=200)
    )
    return Order(
        order_number=f"{mark}-SO-1",
        channel="sales",
        lines=[line],
        price=Decimal("1200.00"),
        currency="EUR",
        note=f"{mark} note",
    )


@pytest.fixture
def staff(manager: User, support: User) -> dict[str, User | None]:
    """The vendor's people who are assigned to no customer."""

    def person(name: str) -> User:
        address = f"{name.replace(' ', '-')}@vendor.example"
        return User.objects.create_user(address, make.PASSWORD, name=name)

    free_rep = make.make_staff(person("free rep"), StaffRole.SALES_REP)
    operator = make.make_staff(person("operator"), StaffRole.OPERATOR)
    catalogue = make.make_staff(person("catalogue"), StaffRole.CATALOGUE_MANAGER)
    root = User.objects.create_superuser("root@vendor.example", make.PASSWORD, name="Root")
    return {
        "free": free_rep,
        "boss": manager,
        "support": support,
        "operator": operator,
        "catalogue": catalogue,
        "root": root,
    }


@pytest.fixture
def world(
    customer: Customer,
    other_customer: Customer,
    alice: User,
    bob: User,
    carol: User,
    rep: User,
    staff: dict[str, User | None],
    allocate: Callable[..., Answer],
) -> World:
    """Everything there is to be opened, and everybody who might try."""
    own = furnish(customer, alice, allocate, "halden")
    other = furnish(other_customer, carol, allocate, "borealis")
    JobRun.objects.create(job="apply-rates", slot=clock.now(), started_at=clock.now())
    advance(clock.now())
    SecurityEvent.objects.create(
        kind=SecurityEventKind.LOGGED_IN, at=clock.now(), account=alice.email, user=alice
    )
    people: dict[str, User | None] = {"nobody": None, "viewer": bob, "admin": alice}
    return World(own, other, {**people, "stranger": carol, "rep": rep, **staff})
