"""What the sales desk shows of many customers at once: live figures, next end, first shortage.

Shown figures come from `desk_rows`, one page of customers in six queries; what a whole list is
sorted and filtered by is computed in the database by `with_figures`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import (
    BigIntegerField,
    Case,
    DateTimeField,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
    Window,
)
from django.db.models.functions import Coalesce, Greatest

from billing.domain.growth import Growth, growth_of, with_growth
from billing.domain.purchase_lists import as_ordered
from billing.domain.request_lists import next_requests
from billing.models import WITHDRAWN_STATES, CreditRequest, Purchase
from credits.domain.access_state import AccessState, state_of, with_held
from credits.domain.boundaries import newest_closed
from credits.domain.figures import Figure, Position, Step, read_now, steps
from credits.domain.finding import customers_called
from credits.domain.people import customers_for
from credits.domain.representatives import reps_of
from credits.models import Balance, Customer, LedgerEntry, License, Side, User

SOON = timedelta(days=90)
"""A license that ends within this is about to expire: the first notice goes out then."""

VALID = Case(When(side=Side.VALID, then=F("credits")), default=Value(0))
ALLOCATED = Case(When(side=Side.ALLOCATED, then=F("credits")), default=Value(0))
SIGNED = Case(When(side=Side.VALID, then=F("credits")), default=-F("credits"))
"""What an entry changes on one side, or of the balance."""


@dataclass(frozen=True)
class DeskRow:
    """One customer as the sales desk shows it."""

    customer: Customer
    live: Position
    next_end: License | None
    """The license that ends next, of those valid or still to start."""
    asks_for: CreditRequest | None
    """The open request that is needed first."""
    bought: Purchase | None
    """The newest order that stands, with its `credits` as ordered."""
    reps: Sequence[User]
    """Who looks after the customer."""

    @property
    def pk(self) -> int:
        """The customer's key."""
        return self.customer.pk

    @property
    def access(self) -> AccessState:
        """Where access stands; of customers as `desk_customers` reads them."""
        return state_of(self.customer, self.live.at)

    @property
    def shortage(self) -> Position | Step | None:
        """When credits are first short, and the figures then: now, or ahead."""
        return self.live if self.live.figure.balance < 0 else self.live.first_short

    @property
    def growth(self) -> Growth:
        """What allocated changed by lately; of customers as `desk_customers` reads them."""
        return growth_of(self.customer)

    @property
    def lasts(self) -> int | None:
        """For how many days the balance is enough if allocated goes on to grow like that."""
        return self.growth.lasts(self.live.figure.balance)

    @property
    def is_renewed(self) -> bool:
        """Whether a license takes the place of the one that ends next."""
        renewal = getattr(self.next_end, "renewal", None)
        return renewal is not None and renewal.voided_at is None


def desk_rows(customers: Sequence[Customer], now: datetime) -> list[DeskRow]:
    """The rows of a page of customers, in the order given, in six queries however many."""
    positions = live_positions(customers, now)
    ends, asking = next_ends(customers, now), next_requests(customers)
    bought, reps = last_purchases(customers), reps_of(customers)
    return [
        DeskRow(
            customer=one,
            live=positions[one.pk],
            next_end=ends.get(one.pk),
            asks_for=asking.get(one.pk),
            bought=bought.get(one.pk),
            reps=reps.get(one.pk, ()),
        )
        for one in customers
    ]


def desk_totals(customers: QuerySet[Customer], now: datetime) -> Figure:
    """The sum of the customers' live figures, in two queries however many there are."""
    folded = Balance.objects.filter(customer__in=customers.values("pk")).aggregate(
        valid=Sum("valid", default=0), allocated=Sum("allocated", default=0)
    )
    present = Greatest(Value(now), F("customer__standing__last_recorded_at"), newest_closed())
    ahead = LedgerEntry.objects.filter(
        customer__in=customers.values("pk"),
        effective_at__gt=F("recorded_at"),
        customer__standing__folded_until__lt=F("effective_at"),
        effective_at__lte=present,
    ).aggregate(valid=Sum(VALID, default=0), allocated=Sum(ALLOCATED, default=0))
    return Figure(
        folded["valid"] + ahead["valid"],
        folded["allocated"] + ahead["allocated"],
    )


def live_positions(customers: Sequence[Customer], now: datetime) -> dict[int, Position]:
    """Each customer's live figure and known course: `standing(...).live`, for many at once.

    The levels of single licenses and features are left out.
    """
    keys = [customer.pk for customer in customers]
    entries: Mapping[int, list[LedgerEntry]] = defaultdict(list)
    unfolded = LedgerEntry.objects.filter(
        customer__in=keys,
        effective_at__gt=F("recorded_at"),
        customer__standing__folded_until__lt=F("effective_at"),
    )
    for entry in unfolded.order_by("customer_id", "seq"):
        entries[entry.customer_id].append(entry)
    balances = Balance.objects.filter(customer__in=keys).annotate(newest_boundary=newest_closed())
    return {
        balance.customer_id: live_position(balance, entries[balance.customer_id], now)
        for balance in balances
    }


def live_position(balance: Balance, unfolded: Sequence[LedgerEntry], now: datetime) -> Position:
    """The live position that a balance and the entries beyond its fold make."""
    present = read_now(balance, now, balance.newest_boundary)  # type: ignore[attr-defined]
    due = [entry for entry in unfolded if entry.effective_at <= present]
    figure = Figure(
        balance.valid + sum(e.credits for e in due if e.side == Side.VALID),
        balance.allocated + sum(e.credits for e in due if e.side == Side.ALLOCATED),
    )
    ahead = [entry for entry in unfolded if entry.effective_at > present]
    return Position(
        at=present,
        known=present,
        figure=figure,
        by_license={},
        by_feature={},
        ahead=tuple(steps(figure, ahead)),
    )


def next_ends(customers: Sequence[Customer], now: datetime) -> dict[int, License]:
    """Per customer the license that ends next."""
    found = (
        License.objects.filter(
            customer__in=[customer.pk for customer in customers],
            voided_at__isnull=True,
            ends_at__gt=now,
        )
        .select_related("renewal")
        .order_by("customer_id", "ends_at", "number")
        .distinct("customer_id")
    )
    return {license.customer_id: license for license in found}


def last_purchases(customers: Sequence[Customer]) -> dict[int, Purchase]:
    """Per customer the newest order that stands, with the credits that were ordered."""
    found = (
        as_ordered(Purchase.objects.filter(customer__in=[customer.pk for customer in customers]))
        .exclude(state__in=WITHDRAWN_STATES)
        .prefetch_related(None)
        .order_by("customer_id", "-recorded_at", "-pk")
        .distinct("customer_id")
    )
    return {purchase.customer_id: purchase for purchase in found}


def desk_customers(user: User, words: str, now: datetime) -> QuerySet[Customer]:
    """The customers of a person's desk whose name, number or mail domain holds the words."""
    found = with_figures(customers_called(customers_for(user), words), now)
    return with_held(with_growth(found, now))


def short_ones(customers: QuerySet[Customer]) -> QuerySet[Customer]:
    """Those that are short, now or at a known instant; annotated by `with_figures`."""
    return customers.filter(Q(short_at__isnull=False))


def ending_soon(customers: QuerySet[Customer], now: datetime) -> QuerySet[Customer]:
    """Those with a license that ends within the notice time; annotated by `with_figures`."""
    return customers.filter(Q(next_end_at__lte=now + SOON))


def with_figures(customers: QuerySet[Customer], now: datetime) -> QuerySet[Customer]:
    """Customers with what a list is sorted and filtered by, computed in the database.

    `live_valid`, `live_allocated`, `live_balance`; `next_end_at`; `last_bought_at`; `short_at`, the
    first instant of a shortage: now, or ahead while credits are still valid (docs/rules.md,
    negative balance).
    """
    bought = Purchase.objects.filter(customer=OuterRef("pk")).exclude(state__in=WITHDRAWN_STATES)
    upcoming = License.objects.filter(
        customer=OuterRef("pk"), voided_at__isnull=True, ends_at__gt=now
    ).order_by("ends_at")
    present = Greatest(Value(now), F("standing__last_recorded_at"), newest_closed())
    return customers.annotate(
        live_valid=F("standing__valid") + due(VALID, now),
        live_allocated=F("standing__allocated") + due(ALLOCATED, now),
        live_balance=F("standing__valid") - F("standing__allocated") + due(SIGNED, now),
        next_end_at=Subquery(upcoming.values("ends_at")[:1]),
        last_bought_at=Subquery(bought.order_by("-recorded_at").values("recorded_at")[:1]),
    ).annotate(
        short_at=Case(
            When(live_balance__lt=0, then=present),
            default=first_shortage(now),
            output_field=DateTimeField(),
        )
    )


def unfolded() -> QuerySet[LedgerEntry]:
    """Of the outer query's customer, what was booked ahead and lies beyond the balance's fold."""
    return LedgerEntry.objects.filter(
        customer=OuterRef("pk"), effective_at__gt=F("recorded_at")
    ).filter(effective_at__gt=OuterRef("standing__folded_until"))


def due(change: Case, now: datetime) -> Coalesce:
    """What was booked ahead and has come due since the balance was folded."""
    present = Greatest(Value(now), OuterRef("standing__last_recorded_at"), newest_closed())
    found = unfolded().filter(effective_at__lte=present).order_by().values("customer")
    total = Subquery(found.annotate(total=Sum(change)).values("total"))
    return Coalesce(total, 0, output_field=BigIntegerField())


def first_shortage(now: datetime) -> Subquery:
    """The first known instant with a balance below zero, unless nothing is valid from there on.

    Entries of one instant are peers of the window, so each carries the sum of them all.
    """
    present = Greatest(Value(now), OuterRef("standing__last_recorded_at"), newest_closed())
    valid = OuterRef("standing__valid") + running(VALID)
    balance = OuterRef("standing__valid") - OuterRef("standing__allocated") + running(SIGNED)
    short = (
        unfolded()
        .annotate(
            valid=ExpressionWrapper(valid, output_field=BigIntegerField()),
            balance=Case(
                When(
                    effective_at__gt=present,
                    then=ExpressionWrapper(balance, output_field=BigIntegerField()),
                )
            ),
        )
        .filter(balance__lt=0)
        .order_by("effective_at")
    )
    at = Case(When(valid__gt=0, then=F("effective_at")), output_field=DateTimeField())
    return Subquery(short.annotate(at=at).values("at")[:1])


def running(change: Case) -> Window:
    """The sum of a change up to and including an entry's instant."""
    return Window(Sum(change), order_by=F("effective_at").asc())
