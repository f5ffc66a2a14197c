"""Handing an estimate over to sales, taking it back, and the purchase it becomes.

The two commands book nothing: each is an operation of the customer's chain, and the row of the
hand-over follows it in the same transaction. Rules: docs/rules.md#hand-over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from billing.domain.orders import LineOrder, Order
from billing.domain.purchases import record_purchase
from billing.domain.requests import check_right
from billing.models import WITHDRAWN_STATES, Channel, Purchase
from credits.domain.activity_words import last_day_text
from credits.domain.books import Books
from credits.domain.commands import Asked, Command, Decision
from credits.domain.figures import standing
from credits.domain.locks import lock_customer
from credits.domain.people import Right
from credits.domain.post import clean_key, post
from credits.domain.terms import last_day
from credits.exceptions import NotAllowed, StaleView
from credits.models import Customer, Operation
from estimator.domain.advice import Advice, advise
from estimator.domain.checking import check_lines
from estimator.domain.contents import saved_draft
from estimator.domain.hand_over_mail import tell_purchase, tell_sales
from estimator.domain.needs import Basis
from estimator.domain.pipeline import Stage, hand_overs, one_estimate, stage_of, stage_text
from estimator.domain.price_list import read_price_list
from estimator.domain.saving import person
from estimator.models import Estimate, HandOver


@dataclass(frozen=True)
class ToBuy:
    """What is handed over: credits that are bought at once, from a UTC day on."""

    credits: int
    first_day: date


def to_buy(estimate: Estimate, basis: Basis, now: datetime) -> ToBuy:
    """What must be bought to hold a saved estimate, as its page advises at an instant.

    Where more is needed later, it is bought with the rest from the first day on. Raises NotAllowed
    where nothing is missing, and RateClosed for a feature that is closed by now.
    """
    advice = advice_on(estimate, basis, now)
    if not advice.buys:
        raise NotAllowed(
            _(
                "There is nothing to buy: the balance stays at or above zero through %(day)s. "
                "Nothing was sent."
            )
            % {"day": last_day_text(advice.ends_at)}
        )
    return ToBuy(advice.credits, advice.buys[0].first_day)


def advice_on(estimate: Estimate, basis: Basis, now: datetime) -> Advice:
    """What its page advises of an estimate as it is saved."""
    position = standing(estimate.customer, now=now).live
    prices = read_price_list(position.at)
    draft = saved_draft(estimate)
    check_lines(draft.quantities, prices)
    return advise(draft, prices, position, basis)


@dataclass(frozen=True, kw_only=True)
class HandOverEstimate(Command):
    """Hand a saved estimate over to sales, with the figures that were seen.

    Raises UnknownObject for another customer's, StaleView where it was saved again or its figures
    have changed since, NotAllowed where nothing is to be bought or it is handed over already,
    NoLongerAllowed for an actor who may not, and InvalidCommand where no person asks.
    """

    kind: ClassVar[str] = "hand-over-estimate"

    estimate: UUID
    version: int
    basis: Basis
    credits: int
    first_day: date

    def content(self) -> Mapping[str, Any]:
        return {
            "estimate": self.estimate,
            "version": self.version,
            "basis": self.basis.value,
            "credits": self.credits,
            "first_day": self.first_day,
        }

    def decide(self, books: Books) -> Decision:
        person(self.asked)
        check_right(self.asked, books.customer, Right.REQUEST_CREDITS)
        # As saving does: the version and its lines are read as one.
        Customer.objects.select_for_update(no_key=True).get(pk=books.customer.pk)
        found = one_estimate(books.customer, self.estimate)
        if standing_one := standing_hand_over(found):
            raise NotAllowed(
                _("%(state)s Nothing was changed.") % {"state": stage_text(standing_one)}
            )
        if found.version != self.version:
            raise StaleView(
                _(
                    "Version %(version)d was saved meanwhile. Nothing was sent. Look at what is to "
                    "be bought now, and send that."
                )
                % {"version": found.version}
            )
        if to_buy(found, self.basis, books.now) != ToBuy(self.credits, self.first_day):
            raise StaleView(
                _(
                    "What is to be bought has changed meanwhile. Nothing was sent. Look at the "
                    "new figures, and send those."
                )
            )
        return Decision(
            answer={
                "estimate": str(found.public_id),
                "version": found.version,
                "credits": self.credits,
                "first_day": self.first_day.isoformat(),
                "years": found.years,
            },
            subject=found.label,
        )


@dataclass(frozen=True, kw_only=True)
class TakeBackEstimate(Command):
    """Take an estimate back that waits for sales. Raises as HandOverEstimate does."""

    kind: ClassVar[str] = "take-back-estimate"

    estimate: UUID

    def content(self) -> Mapping[str, Any]:
        return {"estimate": self.estimate}

    def decide(self, books: Books) -> Decision:
        check_right(self.asked, books.customer, Right.REQUEST_CREDITS)
        found = one_estimate(books.customer, self.estimate)
        waiting = standing_hand_over(found)
        if waiting is None:
            raise NotAllowed(_("This estimate is not handed over. Nothing was changed."))
        refuse_settled(waiting)
        return Decision(
            answer={
                "estimate": str(found.public_id),
                "credits": waiting.credits,
                "first_day": waiting.first_day.isoformat(),
            },
            subject=found.label,
        )


@dataclass(frozen=True, kw_only=True)
class SettleEstimate(Command):
    """Say that an order entered by itself is the one of an estimate that waits.

    So an order that needed a second person's look finds back to its estimate. Raises UnknownObject
    for another customer's estimate or order, NotAllowed where either is taken or stands no more,
    and NoLongerAllowed for an actor who may not enter purchases.
    """

    kind: ClassVar[str] = "settle-estimate"

    estimate: UUID
    purchase: UUID

    def content(self) -> Mapping[str, Any]:
        return {"estimate": self.estimate, "purchase": self.purchase}

    def decide(self, books: Books) -> Decision:
        check_right(self.asked, books.customer, Right.ENTER_PURCHASES)
        found = one_estimate(books.customer, self.estimate)
        waiting = standing_hand_over(found)
        if waiting is None:
            raise NotAllowed(_("This estimate is not handed over. Nothing was changed."))
        refuse_settled(waiting)
        purchase = free_orders(waiting).filter(public_id=self.purchase).first()
        if purchase is None:
            raise NotAllowed(_("This order belongs to another estimate, or stands no more."))
        return Decision(
            answer={"estimate": str(found.public_id), "order": purchase.order_number},
            subject=found.label,
        )


@transaction.atomic
def settle_estimate(command: SettleEstimate) -> None:
    """Mark a waiting estimate as purchased by an order, once per key, and tell who handed it."""
    answer = post(command)
    if answer.repeated:
        return
    found = hand_overs().get(
        estimate__public_id=command.estimate,
        estimate__customer=command.customer,
        taken_back__isnull=True,
    )
    mark_purchased(found, Purchase.objects.get(public_id=command.purchase))


@transaction.atomic
def hand_over(command: HandOverEstimate) -> HandOver:
    """Hand an estimate over, exactly once per key, and write the mails to sales."""
    answer = post(command)
    if answer.repeated:
        return hand_overs().get(operation=answer.operation)
    made = HandOver.objects.create(
        estimate=one_estimate(command.customer, command.estimate),
        version=command.version,
        credits=command.credits,
        first_day=command.first_day,
        years=answer.data["years"],
        operation=answer.operation,
        handed_by=person(command.asked),
        handed_at=answer.operation.recorded_at,
    )
    found = hand_overs().get(pk=made.pk)
    tell_sales(found)
    return found


@transaction.atomic
def take_back(command: TakeBackEstimate) -> None:
    """Take an estimate back, exactly once per key."""
    answer = post(command)
    if not answer.repeated:
        waiting = HandOver.objects.filter(
            estimate__public_id=command.estimate, taken_back__isnull=True
        )
        waiting.update(taken_back=answer.operation)


@transaction.atomic
def purchase_from_estimate(found: HandOver, order: Order, asked: Asked) -> Purchase:
    """Enter the order of an estimate that waits, and mark it purchased, once per key.

    Confirmations of one customer wait for each other, so that an estimate has at most one order
    that stands. Raises NotAllowed for an estimate that waits no more, and what recording raises.
    """
    customer = found.estimate.customer
    lock_customer(customer.pk)
    is_repeat = Operation.objects.filter(source=asked.source, key=clean_key(asked.key)).exists()
    current = hand_overs().get(pk=found.pk)
    if not is_repeat:
        check_right(asked, customer, Right.ENTER_PURCHASES)
        refuse_settled(current)
    purchase = record_purchase(customer, order, asked)
    if not is_repeat:
        mark_purchased(current, purchase)
    return purchase


def mark_purchased(found: HandOver, purchase: Purchase) -> None:
    """Keep the order that an estimate became, and write the mail to who handed it over."""
    HandOver.objects.filter(pk=found.pk).update(purchase=purchase)
    tell_purchase(found, purchase)


def free_orders(found: HandOver) -> QuerySet[Purchase]:
    """The orders that a waiting estimate may have become: entered since, and of no other one."""
    return (
        Purchase.objects.filter(
            customer=found.estimate.customer,
            recorded_at__gt=found.handed_at,
            hand_over__isnull=True,
        )
        .exclude(state__in=WITHDRAWN_STATES)
        .order_by("-recorded_at", "-pk")
    )


def order_of(found: HandOver, order_number: str, first_day: date) -> Order:
    """The order that a hand-over stands for: one license with what the customer has seen."""
    line = LineOrder(
        credits=found.credits,
        first_day=first_day,
        last_day=last_day(first_day, 12 * found.years),
    )
    return Order(order_number=order_number, channel=Channel.SALES, lines=[line])


def proposed_number(found: HandOver) -> str:
    """An order number that says what it came of: C-1003-E-57."""
    return f"{found.estimate.customer.label}-{found.estimate.label}"


def standing_hand_over(estimate: Estimate) -> HandOver | None:
    """The hand-over of an estimate that was not taken back; there is at most one."""
    return hand_overs().filter(estimate=estimate, taken_back__isnull=True).first()


def refuse_settled(found: HandOver) -> None:
    """Refuse what is for those that wait only, saying how this one stands."""
    if stage_of(found) != Stage.WAITING:
        raise NotAllowed(_("%(state)s Nothing was changed.") % {"state": stage_text(found)})
