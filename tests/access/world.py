"""Two customers with everything in them, and one person of every kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from billing.domain.contracts import EnterContract, enter_contract
from billing.domain.conversion.issuing import IssueCodes, issue_codes
from billing.domain.conversion.rates import OWN_FILE, load_conversion_rates
from billing.domain.conversion.seats import Seats
from billing.domain.conversion.terms import enter_entitlement
from billing.domain.importing.running import check_import
from billing.domain.lifecycle import advance
from billing.domain.marketplaces.offers import EnterOffer, enter_offer
from billing.domain.orders import LineOrder, Order
from billing.domain.purchase_files import Upload, attach_waiting, keep_waiting
from billing.domain.purchases import record_purchase
from billing.domain.requests import RequestCredits, request_credits
from billing.models import (
    ContractChannel,
    CreditRequest,
    MarketplaceAgreement,
    MarketplaceDifference,
    MarketplaceMessage,
    Purchase,
    PurchaseDraft,
    PurchaseFile,
    PurchaseImport,
    RequestCause,
)
from credits import clock
from credits.domain.allocations import Release
from credits.domain.commands import Answer
from credits.domain.post import post
from credits.domain.sources import SetUsageSource
from credits.domain.view_as import start_viewing
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
from estimator.domain.hand_over import HandOverEstimate, hand_over, to_buy
from estimator.domain.needs import Basis
from estimator.domain.saving import Wanted, save_estimate
from estimator.domain.sharing import ShareEstimate, share
from estimator.models import Estimate, EstimateLink
from tests.billing.notices_pages.telling import tell
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
    imported: PurchaseImport
    draft: PurchaseDraft
    file: PurchaseFile
    link: EstimateLink


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
    wanted = Wanted(name=f"{mark} plan", draft=Draft(years=1, quantities={FEATURE: Decimal(50)}))
    saved = save_estimate(customer=customer, wanted=wanted, asked=make.asked(actor=who))
    hand_over_to_sales(saved.estimate, who)
    seats(customer, mark, today)
    license = License.objects.get(purchase_line__purchase=purchase)
    asking = ask_for_credits(customer, who, mark, today)
    rep = User.objects.get(email="rep@vendor.example")
    file = f"customer,order number,credits,first day,months\n{customer.label},{mark}-2,1,{today},1"
    imported, _plan = check_import(file.encode(), "orders.csv", rep)
    return Place(
        customer,
        purchase,
        license,
        answer.operation,
        saved.estimate,
        who,
        asking,
        imported,
        draft_of(customer, mark),
        file_of(purchase, mark),
        link_to(saved.estimate, who),
    )


def link_to(estimate: Estimate, who: User) -> EstimateLink:
    """A link to the newest version."""
    return share(
        ShareEstimate(
            customer=estimate.customer,
            asked=make.asked(actor=who),
            estimate=estimate.public_id,
            version=estimate.version,
            days=7,
        )
    )


def draft_of(customer: Customer, mark: str) -> PurchaseDraft:
    """An order that was begun, by nobody who is tried here."""
    typed = {"order_number": f"{mark}-SO-9", "note": f"{mark} draft"}
    made = PurchaseDraft(customer=customer, form_key=f"test/{mark}", typed=typed)
    made.saved_by, made.saved_at = User.objects.get(email="rep@vendor.example"), clock.now()
    made.save(force_insert=True)
    return made


def file_of(purchase: Purchase, mark: str) -> PurchaseFile:
    """A file of an order."""
    upload = Upload(f"{mark} form.txt", f"{mark} signed".encode())
    asked = make.asked()
    keep_waiting(purchase.customer, [upload], asked)
    attach_waiting(purchase, asked.key)
    return PurchaseFile.objects.get(purchase=purchase)


def hand_over_to_sales(estimate: Estimate, who: User) -> None:
    """Hand the estimate over; it waits for sales."""
    wanted = to_buy(estimate, Basis.INSTEAD, clock.now())
    hand_over(
        HandOverEstimate(
            customer=estimate.customer,
            asked=make.asked(actor=who),
            estimate=estimate.public_id,
            version=estimate.version,
            basis=Basis.INSTEAD,
            credits=wanted.credits,
            first_day=wanted.first_day,
        )
    )


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


def seats(customer: Customer, mark: str, today: date) -> None:
    """A seat license that is over, and a code that waits."""
    load_conversion_rates(OWN_FILE.read_bytes())
    product = "xdr-endpoint-sensor"
    ended = Seats(
        product=product,
        units=1,
        first_day=today - timedelta(days=60),
        last_day=today - timedelta(days=31),
        unusual_confirmed=True,
    )
    enter_entitlement(customer, ended, make.asked(reason=f"{mark} seats"))
    ask = make.asked(reason=f"{mark} code")
    issue_codes(IssueCodes(asked=ask, product=product, units=1, months=1, customer=customer))


def sell_on_a_marketplace() -> None:
    """A plan that is worth something."""
    enter_offer(
        EnterOffer(
            asked=make.asked(), marketplace="aws", product="trailhead", plan="credits", credits=1
        )
    )


def agree(customer: Customer, mark: str) -> None:
    """An agreement on a marketplace with a message of it, and one thing that differs."""
    now = clock.now()
    agreement = MarketplaceAgreement.objects.create(
        marketplace="aws",
        reference=f"{mark}-license",
        account=f"{mark}-account",
        product="trailhead",
        customer=customer,
        found_at=now,
    )
    MarketplaceMessage.objects.create(
        marketplace="aws",
        message_id=f"{mark}-message",
        sha256="0" * 64,
        body=f"{mark} body",
        action="changed",
        reference=agreement.reference,
        received_at=now,
        due_at=now,
        agreement=agreement,
    )
    MarketplaceDifference.objects.create(
        marketplace="aws",
        reference=agreement.reference,
        agreement=agreement,
        kind="units",
        ours=f"{mark} 1",
        theirs=f"{mark} 2",
        found_at=now,
        seen_at=now,
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
    start_viewing(customer, bob, make.asked(actor=staff["support"], reason="Asked on the phone"))
    tell(customer, at=clock.now())
    sell_on_a_marketplace()
    for place, mark in ((own, "halden"), (other, "borealis")):
        agree(place.customer, mark)
    people: dict[str, User | None] = {"nobody": None, "viewer": bob, "admin": alice}
    return World(own, other, {**people, "stranger": carol, "rep": rep, **staff})
