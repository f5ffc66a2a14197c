"""Whether a customer's pages are open: new, trial, active, grace, locked (docs/rules.md#r13).

One rule for pages, writer, desk and jobs. It is computed from the terms on every read, so that
nothing is open or closed because a job is late.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    Case,
    DateTimeField,
    F,
    Func,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    When,
)
from django.utils.module_loading import import_string

from credits.models import Customer, License, LicenseKind

GRACE = timedelta(days=30)
"""How long everything goes on working after the end of what was paid for."""

KEPT = timedelta(days=30)
"""How long after the end of access everything is kept at least."""


class Stage(StrEnum):
    """Where a customer's access stands."""

    NEW = "new"
    TRIAL = "trial"
    ACTIVE = "active"
    GRACE = "grace"
    LOCKED = "locked"


class Cause(StrEnum):
    """What access ends with, or has ended with."""

    LICENSE = "license"
    CONTRACT = "contract"
    TRIAL = "trial"
    VOID = "void"
    SUSPENSION = "suspension"
    """No end: a marketplace has suspended all that would keep access open."""


@dataclass(frozen=True)
class Held:
    """What a customer holds or has held, as the books are known now.

    `first` is the earliest instant of anything that was ever valid or will be; the others are the
    latest end of each kind, None where there is none of it. A license that was withdrawn, or
    voided before it began, was never held.
    """

    first: datetime | None = None
    license: datetime | None = None
    license_void: datetime | None = None
    trial: datetime | None = None
    trial_void: datetime | None = None
    contract: datetime | None = None

    def ends(self) -> Iterator[tuple[datetime, datetime, Cause]]:
        """Each kind's access end, the end it follows from, and its name."""
        for end, grace, cause in (
            (self.license, GRACE, Cause.LICENSE),
            (self.contract, GRACE, Cause.CONTRACT),
            (self.trial, timedelta(0), Cause.TRIAL),
            (self.license_void, timedelta(0), Cause.VOID),
            (self.trial_void, timedelta(0), Cause.VOID),
        ):
            if end is not None:
                # A day is 24 hours in UTC alone: elsewhere Python adds days by the wall clock.
                end = end.astimezone(UTC)
                yield end + grace, end, cause


@dataclass(frozen=True)
class AccessState:
    """Where access stands at an instant. All instants are UTC, and ends are exclusive."""

    stage: Stage
    cause: Cause | None = None
    valid_until: datetime | None = None
    """On trial: its end. Otherwise the end that decides when access ends."""
    ends_at: datetime | None = None
    """The first instant without access, also where it lies behind; None for a new customer."""

    @property
    def is_locked(self) -> bool:
        """Whether access has ended; since `ends_at`."""
        return self.stage is Stage.LOCKED

    @property
    def purge_from(self) -> datetime | None:
        """The earliest instant at which anything may be erased; none by a suspension alone."""
        if self.cause is Cause.SUSPENSION:
            return None
        return self.ends_at + KEPT if self.ends_at else None


def access_rule(held: Held, at: datetime) -> AccessState:
    """Where access stands at an instant: the pure rule.

    Something that is on its way counts like something valid: it has been bought, and its end
    decides. Who has never held anything yet is new, and never locked.
    """
    if held.first is None or held.first > at:
        return AccessState(Stage.NEW)
    ends_at, end, cause = max(held.ends(), key=lambda one: one[0])
    if after(at, held.license, held.license_void, held.contract):
        return AccessState(Stage.ACTIVE, cause, end, ends_at)
    if on_trial := after(at, held.trial, held.trial_void):
        return AccessState(Stage.TRIAL, cause, max(on_trial), ends_at)
    return AccessState(Stage.GRACE if at < ends_at else Stage.LOCKED, cause, end, ends_at)


@dataclass(frozen=True)
class Suspended:
    """What does not count for access while it is suspended, as a higher app knows it.

    `since` finds rows of customers with the instant of their suspension in `suspended_at`; the
    others narrow licenses, and each of settings.ACCESS_CONTRACTS in turn, to what is suspended.
    """

    since: Callable[[], QuerySet[Any]]
    licenses: Q
    contracts: Sequence[Q]


def suspended_rule(held: Held, others: Held, since: datetime, at: datetime) -> AccessState:
    """Where access stands of a customer of which something is suspended since an instant.

    `others` is what it holds beside that. Pages that nothing else keeps open are locked; what has
    ended anyway has ended as if nothing were suspended.
    """
    whole = access_rule(held, at)
    if at < since or whole.stage in (Stage.NEW, Stage.LOCKED):
        return whole
    state = access_rule(others, at)
    if state.stage not in (Stage.NEW, Stage.LOCKED):
        return state
    from_then = max(since, state.ends_at or since).astimezone(UTC)
    return AccessState(Stage.LOCKED, Cause.SUSPENSION, from_then, from_then)


def after(at: datetime, *ends: datetime | None) -> list[datetime]:
    """Those ends that lie ahead."""
    return [end for end in ends if end is not None and end > at]


def access_state(customer: Customer, at: datetime) -> AccessState:
    """Where a customer's access stands at an instant, as the books are known now; one query."""
    return access_states([customer.pk], at)[customer.pk]


def access_states(customers: Iterable[int], at: datetime) -> dict[int, AccessState]:
    """The same for many customers by their keys, in one query however many."""
    found = with_held(Customer.objects.filter(pk__in=list(customers)))
    return {customer.pk: state_of(customer, at) for customer in found}


def with_held(customers: QuerySet[Customer]) -> QuerySet[Customer]:
    """Customers with what `state_of` reads, without a further query."""
    contracts = [import_string(path)() for path in settings.ACCESS_CONTRACTS]
    suspended: Suspended = import_string(settings.ACCESS_SUSPENDED)
    own = suspended.since().filter(customer=OuterRef("pk")).order_by("suspended_at")
    others = [terms.exclude(out) for terms, out in zip(contracts, suspended.contracts, strict=True)]
    licenses = License.objects.filter(WAS_HELD)
    return customers.annotate(
        suspended_since=Subquery(own.values("suspended_at")[:1]),
        **held_of(licenses, contracts, "held"),
    ).annotate(
        **{
            name: Case(When(suspended_since__isnull=False, then=found))
            for name, found in held_of(
                licenses.exclude(suspended.licenses), others, "other"
            ).items()
        }
    )


def held_of(
    licenses: QuerySet[License], contracts: Sequence[QuerySet[Any]], name: str
) -> dict[str, Subquery]:
    """What is read of a customer's licenses and contracts, by the names of the columns."""
    found = {f"{name}_licenses": of_customer(licenses, *LICENSE_ENDS)}
    for number, terms in enumerate(contracts):
        columns = Min("starts_at"), Max("ends_at")
        found[f"{name}_contracts_{number}"] = of_customer(terms, *columns)
    return found


def state_of(customer: Customer, at: datetime) -> AccessState:
    """Where access stands of a customer that was read by `with_held`."""
    known: Any = customer
    if known.suspended_since is None:
        return access_rule(held_by(customer), at)
    others = held_by(customer, "other")
    return suspended_rule(held_by(customer), others, known.suspended_since, at)


def held_by(customer: Any, name: str = "held") -> Held:
    """What `with_held` has read of a customer: all of it, or what is not suspended (`other`)."""
    held = Held(*(getattr(customer, f"{name}_licenses") or ()))
    for number in range(len(settings.ACCESS_CONTRACTS)):
        if found := getattr(customer, f"{name}_contracts_{number}"):
            first, contract = found
            held = replace(
                held,
                first=min(held.first or first, first),
                contract=max(held.contract or contract, contract),
            )
    return held


WAS_HELD = Q(voided_at__isnull=True) | Q(voided_at__gt=F("starts_at"))
TRIAL = Q(kind=LicenseKind.TRIAL)
CUT = Q(voided_at__lt=F("ends_at"))
"""Ended by its void: one that comes after the end, since an extension was undone, ends nothing."""

STANDS = Q(voided_at__isnull=True) | Q(voided_at__gte=F("ends_at"))

LICENSE_ENDS = (
    Min("starts_at"),
    Max("ends_at", filter=STANDS & ~TRIAL),
    Max("voided_at", filter=CUT & ~TRIAL),
    Max("ends_at", filter=STANDS & TRIAL),
    Max("voided_at", filter=CUT & TRIAL),
)
"""What is read of a customer's licenses, in the order of `Held`."""


def of_customer(terms: QuerySet[Any], *figures: Max | Min) -> Subquery:
    """Figures over the outer customer's rows as one array; nothing where there are no rows."""
    array = Func(
        *figures, template="ARRAY[%(expressions)s]", output_field=ArrayField(DateTimeField())
    )
    own = terms.filter(customer=OuterRef("pk")).order_by().values("customer")
    return Subquery(own.annotate(of_customer=array).values("of_customer"))
