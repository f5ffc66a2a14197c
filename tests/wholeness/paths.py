"""Every way in which credits come in or an order is mended, as an act that can be killed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from billing.domain.conversion.activating import activate_code
from billing.domain.conversion.seats import Seats
from billing.domain.conversion.terms import enter_entitlement
from billing.domain.drafts import Typed, confirm_order
from billing.domain.first_purchase import NewCustomer, enter_first
from billing.domain.importing.running import run_imports
from billing.domain.marketplaces.applying import apply_messages
from billing.domain.order_changes.amending import (
    AmendedLine,
    Amendment,
    AmendOrder,
    amend_purchase,
)
from billing.domain.order_changes.cancelling import cancel, cancel_purchase
from billing.domain.order_changes.moving import move, move_purchase
from billing.domain.order_changes.voiding import VoidLine, void_line
from billing.domain.orders import LineOrder
from billing.domain.purchases import record_purchase
from billing.models import ActivationCode, Purchase, PurchaseDraft
from credits.domain.commands import Asked
from estimator.domain.hand_over import order_of, purchase_from_estimate
from estimator.models import HandOver
from tests.billing.marketplaces.core import fake
from tests.billing.ordering import line, order
from tests.factories import credits as make
from tests.wholeness.scene import FIRST, LAST, NOW, SENSOR, borealis, halden, large_order, person


@dataclass(frozen=True)
class Path:
    """One way. `prepare` runs before, and is part of what was there."""

    name: str
    act: Callable[[], Any]
    prepare: Callable[[], Any] = lambda: None
    in_steps: bool = False
    """Whether it commits more than once on purpose: then each purchase is whole, and a repeat
    comes to the same end; otherwise there is all of it or nothing."""

    def __str__(self) -> str:
        return self.name


def by(name: str, reason: str = "") -> Asked:
    """Who asks, always under the same key."""
    return make.asked("killed", actor=person(name), reason=reason)


def two_licenses() -> list[LineOrder]:
    return [line(3_000, FIRST, last_day=LAST), line(2_000, FIRST, last_day=LAST)]


def first_order() -> Purchase:
    """The order that was there before."""
    return Purchase.objects.earliest("pk")


def enter_order() -> None:
    record_purchase(borealis(), order("SO-2", *two_licenses()), by("rep"))


def enter_with_customer() -> None:
    new = NewCustomer(name="Newcomer", admin_email="ada@newcomer.example", admin_name="Ada")
    enter_first(new, order("SO-3", *two_licenses()), Typed(fields={}), by("rep"))


def confirm_large() -> None:
    draft = PurchaseDraft.objects.select_related("customer").get()
    confirm_order(draft, draft.version, large_order(), by("boss"))


def confirm_estimate() -> None:
    found = HandOver.objects.get()
    purchase_from_estimate(found, order_of(found, "SO-4", FIRST), by("rep"))


def amend() -> None:
    purchase = first_order()
    license = purchase.lines.get().license
    said = AmendedLine(license=license, credits=6_000, first_day=FIRST, last_day=LAST)
    amendment = Amendment(order_number="SO-1b", channel="sales", lines=[said])
    command = AmendOrder(
        customer=purchase.customer,
        asked=by("rep", "Typed wrong"),
        purchase=purchase,
        amendment=amendment,
    )
    amend_purchase(purchase, command)


def void() -> None:
    purchase = first_order()
    command = VoidLine(
        customer=purchase.customer,
        asked=by("rep", "Not wanted"),
        license=purchase.lines.get().license,
        purchase=purchase,
    )
    void_line(purchase, command)


def cancel_order() -> None:
    purchase = first_order()
    cancel_purchase(purchase, cancel(purchase, by("rep", "Entered twice")))


def move_order() -> None:
    purchase = first_order()
    move_purchase(purchase, move(purchase, borealis(), by("rep", "Wrong customer")))


def enter_seats() -> None:
    seats = Seats(product=SENSOR, units=40, first_day=FIRST, last_day=LAST)
    enter_entitlement(halden(), seats, by("rep"))


def use_code() -> None:
    activate_code(halden(), ActivationCode.objects.get().public_id, by("admin@halden"))


def agreement_waits() -> None:
    """An agreement that was linked, and a message of it."""
    truth = agreed()
    fake.linked(truth, borealis())
    fake.send(truth)


def agreed() -> Any:
    return fake.agreement(starts_at=NOW, ends_at=NOW.replace(year=2027))


def apply() -> None:
    agreed()
    apply_messages(NOW)


PATHS = [
    Path("an order is entered", enter_order),
    Path("a customer is made with its first order", enter_with_customer),
    Path("a second person confirms", confirm_large),
    Path("an estimate becomes an order", confirm_estimate),
    Path("a file is entered", run_imports, in_steps=True),
    Path("seats are converted", enter_seats),
    Path("a code is used", use_code),
    Path("a marketplace's message is applied", apply, agreement_waits, in_steps=True),
    Path("an order is amended", amend),
    Path("a license is voided", void),
    Path("an order is cancelled", cancel_order),
    Path("an order is moved", move_order),
]
