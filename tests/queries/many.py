"""Thousands of rows for every list, with no more than the lists read."""

from __future__ import annotations

from datetime import date, timedelta

from billing.models import CreditRequest, Purchase, PurchaseLine, RequestCause
from credits.models import (
    Assignment,
    Balance,
    Customer,
    License,
    LicenseTerm,
    Membership,
    Operation,
    Role,
    User,
)
from estimator.models import Estimate
from tests.billing.story import instant
from tests.queries.books import FOUNDED, MARK

MANY = 3_000
DAY = timedelta(days=1)


def make_customers(rep: User, member: User) -> None:
    """Customers that a rep looks after and one person is a member of, with empty books."""
    founded = instant(FOUNDED)
    made = Customer.objects.bulk_create(
        Customer(number=100_000 + n, slug=f"many-{n}", name=f"Many {n:04}", created_at=founded)
        for n in range(MANY)
    )
    Balance.objects.bulk_create(Balance(customer=one, folded_until=founded) for one in made)
    Assignment.objects.bulk_create(Assignment(customer=one, user=rep) for one in made)
    Membership.objects.bulk_create(
        Membership(customer=one, user=member, role=Role.ADMIN) for one in made
    )


def make_rows(customer: Customer, person: User) -> None:
    """Licenses with their orders, requests and estimates of one customer."""
    founded, position = instant(FOUNDED), 10_000_000
    operations = Operation.objects.bulk_create(
        Operation(
            customer=customer,
            position=position + n,
            kind="purchase",
            source="portal",
            key=f"{MARK}many/{n}",
            recorded_at=founded + DAY * (n % 300),
        )
        for n in range(2 * MANY)
    )
    buying, asking = operations[:MANY], operations[MANY:]
    licenses = License.objects.bulk_create(
        License(
            customer=customer,
            number=1_000 + n,
            credits=100 + n,
            starts_at=founded,
            ends_at=instant("2026-12-01T00:00") + DAY * (n % 900),
        )
        for n in range(MANY)
    )
    LicenseTerm.objects.bulk_create(
        LicenseTerm(
            operation=operation,
            license=license,
            at=license.starts_at,
            until=license.ends_at,
            credits=license.credits,
        )
        for operation, license in zip(buying, licenses, strict=True)
    )
    purchases = Purchase.objects.bulk_create(
        Purchase(
            customer=customer,
            operation=operation,
            order_number=f"MANY-{n}",
            entered_by=person,
            recorded_at=operation.recorded_at,
        )
        for n, operation in enumerate(buying)
    )
    PurchaseLine.objects.bulk_create(
        PurchaseLine(purchase=purchase, position=1, license=license)
        for purchase, license in zip(purchases, licenses, strict=True)
    )
    CreditRequest.objects.bulk_create(
        CreditRequest(
            customer=customer,
            number=n + 1,
            operation=operation,
            credits=100 + n,
            needed_on=date(2026, 12, 1) + DAY * (n % 300),
            cause=RequestCause.MORE,
            asked_by=person,
            asked_at=operation.recorded_at,
        )
        for n, operation in enumerate(asking)
    )
    Estimate.objects.bulk_create(
        Estimate(
            customer=customer,
            number=n + 1,
            name=f"Estimate {n}",
            level=n,
            created_by=person,
            created_at=founded,
            updated_by=person,
            updated_at=founded + DAY * (n % 300),
        )
        for n in range(MANY)
    )
