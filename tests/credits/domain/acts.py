"""Short ways to ask the books for something, for the tests of the domain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from credits import clock
from credits.domain import figures, verify
from credits.domain.allocations import Allocate, Release, Undo
from credits.domain.commands import Answer
from credits.domain.post import post
from credits.models import Balance, Customer, Feature, LedgerEntry, License, Operation
from tests.factories import credits as make

NOON = datetime(2027, 6, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ANYTHING = 10**15
"""A confirmation that no shortfall exceeds."""


def allocate(
    customer: Customer,
    group: str,
    units: Any,
    *,
    on: set[str] | None = None,
    seen: int | None = None,
    **asked: Any,
) -> Answer:
    """Units of the group's one feature, or quantities by key; any shortfall is confirmed."""
    quantities = units if isinstance(units, dict) else {group: units}
    exact = {
        key: {name: Decimal(n) for name, n in value.items()}
        if isinstance(value, dict)
        else Decimal(value)
        for key, value in quantities.items()
    }
    asked.setdefault("confirmed_shortfall", ANYTHING)
    return post(
        Allocate(
            customer=customer,
            asked=make.asked(**asked),
            group=group,
            quantities=exact,
            on=on,
            seen=seen,
        )
    )


def release(customer: Customer, *keys: str, group: str = "", **fields: Any) -> Answer:
    features = list(Feature.objects.filter(key__in=keys))
    command = Release(
        customer=customer,
        asked=make.asked(),
        group=group or keys[0],
        features=features,
        **fields,
    )
    return post(command)


def undo(customer: Customer, done: Answer, **fields: Any) -> Answer:
    return post(
        Undo(
            customer=customer,
            asked=make.asked(confirmed_shortfall=ANYTHING),
            operation=done.operation.public_id,
            **fields,
        )
    )


def grant(customer: Customer, credits: int, *, days: int = 365, start: int = 0) -> License:
    """A license that starts so many days from today."""
    first = clock.day_of(clock.now()) + DAY * start
    return make.grant(customer, credits, first, first + DAY * (days - 1))


def held(customer: Customer, key: str, at: datetime | None = None) -> int:
    """What a feature holds, now or at an instant, as known now."""
    now = now_of(customer)
    feature = Feature.objects.get(key=key)
    return figures.level(customer, at=at or now, known=now, feature_id=feature.pk)


def figure(customer: Customer, at: datetime | None = None) -> tuple[int, int]:
    """Valid and allocated, now or at an instant, as known now."""
    now = now_of(customer)
    read = figures.figure(customer, at=at or now, known=now)
    return read.valid, read.allocated


def now_of(customer: Customer) -> datetime:
    return figures.read_now(Balance.objects.get(customer=customer), clock.now())


@contextmanager
def nothing_written(customer: Customer) -> Iterator[None]:
    """What happens inside leaves no trace in the customer's books."""
    before = trace(customer)
    yield
    assert trace(customer) == before
    assert verify.verify_books(customer) == []


def trace(customer: Customer) -> tuple[Any, ...]:
    balance = Balance.objects.filter(customer=customer).values()
    licenses = License.objects.filter(customer=customer).order_by("pk").values()
    return (
        list(balance),
        list(licenses),
        Operation.objects.filter(customer=customer).count(),
        LedgerEntry.objects.filter(customer=customer).count(),
    )
