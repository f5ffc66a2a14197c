"""Whom sales looks after: one mail a week to each rep, and to each sales manager.

A rep reads of the assigned customers, a manager of those that have no rep, and the totals of all.
It is told who is short or will be within 30 days, whose license ends within 90 days with no
renewal, whose access is ending or has ended, and which requests wait for an answer. No price is
named (docs/rules.md#r23).
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from billing.domain.desk import SOON
from billing.domain.digests.positions import in_batches, positions_at
from billing.domain.digests.sales_words import (
    CLOSING,
    ENDING,
    SECTIONS,
    SHORT,
    WAITING,
    Closing,
    Shortfall,
    sales_draft,
)
from billing.domain.digests.wording import Pile
from billing.models import CreditRequest, RequestState
from credits.domain.access_state import AccessState, Stage, state_of, with_held
from credits.domain.figures import Position
from credits.domain.jobs import JobFailed
from credits.domain.mail import save_mail
from credits.models import Assignment, Customer, License, OutgoingMail, User
from credits.roles import StaffRole

logger = logging.getLogger(__name__)

AHEAD = timedelta(days=30)
"""A shortage that begins within this is told."""

UNANSWERED = timedelta(days=2)
"""A request that has waited longer is told."""


@dataclass
class Desk:
    """What there is to tell of some customers, by section."""

    piles: Mapping[str, Pile] = field(default_factory=lambda: defaultdict(Pile))

    def joined(self, other: Desk) -> Desk:
        """Both desks as one."""
        return Desk({key: self.piles[key].joined(other.piles[key]) for key in SECTIONS})

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not any(pile.count for pile in self.piles.values())


@dataclass
class Desks:
    """Everything that was found: of each rep's customers, of those without a rep, and of all."""

    of_rep: dict[int, Desk] = field(default_factory=lambda: defaultdict(Desk))
    of_nobody: Desk = field(default_factory=Desk)
    totals: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    failed: int = 0
    """Customers that could not be looked at."""

    def add(
        self, section: str, reps: Sequence[int], at: datetime, order: int, thing: object
    ) -> None:
        """Put a thing on the desk of each rep, or on that of the managers."""
        self.totals[section] += 1
        for desk in [self.of_rep[rep] for rep in reps] or [self.of_nobody]:
            desk.piles[section].add(at, order, thing)


def send_sales(as_of: datetime) -> dict[str, int]:
    """Write the digests of a week to sales, once each; nobody gets an empty one.

    Raises JobFailed, after all mails were written, where customers could not be looked at.
    """
    desks = look_at(living_customers(), as_of)
    written = 0
    for person in sellers():
        mail = draft_for(person, desks, as_of)
        if mail is not None:
            save_mail(mail)
            written += 1
    if desks.failed:
        raise JobFailed(f"{desks.failed} customers are missing in the digests of sales.")
    return {"sales digests": written}


def sales_mail(person: User, as_of: datetime) -> OutgoingMail | None:
    """The digest that a person of sales would get as of an instant; not written."""
    seller = sellers().filter(pk=person.pk).first()
    if seller is None:
        return None
    customers = living_customers()
    if not is_manager(seller):
        customers = customers.filter(assignments__user=seller)
    return draft_for(seller, look_at(customers, as_of), as_of)


def sellers() -> QuerySet[User]:
    """Reps and managers who can log in, with what they are."""
    roles = (StaffRole.SALES_REP.value, StaffRole.SALES_MANAGER.value)
    managers = User.groups.through.objects.filter(
        user=OuterRef("pk"), group__name=StaffRole.SALES_MANAGER.value
    )
    found = User.objects.filter(is_active=True, groups__name__in=roles).distinct()
    return found.annotate(manages=Exists(managers)).order_by("pk")


def is_manager(seller: User) -> bool:
    """Whether a person as `sellers` reads them is a sales manager."""
    return bool(seller.manages)  # type: ignore[attr-defined]


def draft_for(seller: User, desks: Desks, as_of: datetime) -> OutgoingMail | None:
    """The mail of one person as `sellers` reads them; None where there is nothing to tell."""
    desk = desks.of_rep.get(seller.pk, Desk())
    if is_manager(seller):
        desk = desk.joined(desks.of_nobody)
    totals = dict(desks.totals) if is_manager(seller) else None
    if desk.is_empty and not totals:
        return None
    return sales_draft(seller, desk.piles, totals, desks.failed, as_of)


def living_customers() -> QuerySet[Customer]:
    """All customers that were not erased."""
    return Customer.objects.filter(standing__purged_at=None).select_related("standing")


def look_at(customers: QuerySet[Customer], as_of: datetime) -> Desks:
    """Find what there is to tell of customers, as of an instant, in a few queries a batch."""
    desks = Desks()
    for batch in in_batches(with_held(customers)):
        reps, ends, waiting = reps_of(batch), ending_of(batch, as_of), waiting_of(batch, as_of)
        positions = positions_at(batch, as_of)
        for customer in batch:
            pk = customer.pk
            try:
                state = state_of(customer, as_of)
                tell_balance(desks, reps[pk], customer, positions[pk], state, as_of)
            except Exception:
                logger.exception("sales_digest_failed customer=%d", pk)
                desks.failed += 1
            for license in ends[pk]:
                license.customer = customer
                desks.add(ENDING, reps[pk], license.ends_at, license.pk, license)
            for row in waiting[pk]:
                row.customer = customer
                desks.add(WAITING, reps[pk], row.asked_at, row.pk, row)
    return desks


def tell_balance(
    desks: Desks,
    reps: Sequence[int],
    customer: Customer,
    position: Position,
    state: AccessState,
    as_of: datetime,
) -> None:
    """Put a customer on the desks whose access is ending or has ended, or whose credits are short.

    One whose licenses have all ended is short of everything: then only the former is said. The
    balance of a parked customer may be wrong, and is not told.
    """
    if state.stage in (Stage.GRACE, Stage.LOCKED):
        ends_at, held = state.ends_at or as_of, position.figure.allocated
        closing = Closing(customer, held, ends_at, state.purge_from, is_locked=state.is_locked)
        desks.add(CLOSING, reps, ends_at, customer.pk, closing)
        return
    if customer.standing.parked_at is not None:
        return
    first = position.first_short
    if position.figure.balance < 0:
        short = Shortfall(customer, -position.figure.balance, as_of, is_now=True)
    elif first is not None and first.at <= as_of + AHEAD:
        short = Shortfall(customer, -first.figure.balance, first.at, is_now=False)
    else:
        return
    desks.add(SHORT, reps, short.at, customer.pk, short)


def reps_of(customers: Iterable[Customer]) -> Mapping[int, list[int]]:
    """Per customer the sales reps who look after it and can log in."""
    found: Mapping[int, list[int]] = defaultdict(list)
    assigned = Assignment.objects.filter(
        customer__in=[customer.pk for customer in customers],
        user__is_active=True,
        user__groups__name=StaffRole.SALES_REP.value,
    )
    for customer, user in assigned.values_list("customer_id", "user_id"):
        found[customer].append(user)
    return found


def ending_of(customers: Iterable[Customer], as_of: datetime) -> Mapping[int, list[License]]:
    """Per customer the licenses that end within 90 days with no renewal, as terms are known now."""
    renewed = License.objects.filter(renews=OuterRef("pk"), voided_at__isnull=True)
    ending = License.objects.filter(
        ~Exists(renewed),
        customer__in=[customer.pk for customer in customers],
        voided_at__isnull=True,
        credits__gt=0,
        ends_at__gt=as_of,
        ends_at__lte=as_of + SOON,
    )
    found: Mapping[int, list[License]] = defaultdict(list)
    for license in ending:
        found[license.customer_id].append(license)
    return found


def waiting_of(customers: Iterable[Customer], as_of: datetime) -> Mapping[int, list[CreditRequest]]:
    """Per customer the requests that had waited for an answer for more than two days."""
    was_open = (
        Q(state=RequestState.OPEN)
        | Q(answer__recorded_at__gt=as_of)
        | Q(withdrawal__recorded_at__gt=as_of)
        | Q(purchase__operation__recorded_at__gt=as_of)
    )
    waiting = CreditRequest.objects.filter(
        was_open,
        customer__in=[customer.pk for customer in customers],
        asked_at__lt=as_of - UNANSWERED,
    )
    found: Mapping[int, list[CreditRequest]] = defaultdict(list)
    for row in waiting:
        found[row.customer_id].append(row)
    return found
