"""Books of many customers loaded in bulk: the same rows as if every act had been posted."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, models, transaction

from credits import clock
from credits.domain.chain import operation_hash
from credits.domain.pricing import whole_credits
from credits.models import (
    GENESIS,
    Balance,
    Customer,
    Fact,
    FeatureChoice,
    FeatureRate,
    LedgerEntry,
    License,
    LicenseTerm,
    Operation,
    Side,
    UsageReport,
)

START = datetime(2024, 3, 1, 7, tzinfo=UTC)
PACE = timedelta(days=800)
"""Each customer's acts are spread over so long, whatever their number."""

GROUPS = 8
LICENSES = 3
AT_ONCE = 20_000
"""So many rows are copied in one transaction."""

BY_UNITS = ("per_unit", "per_user", "daily_reserve")
"""Models whose credits are units times rate."""


@dataclass
class Product:
    """A feature that is a group of its own, as one customer has it."""

    feature: int
    group: int
    key: str
    rate: Decimal
    units: int = 0
    is_on: bool = True

    @property
    def credits(self) -> int:
        return whole_credits(self.units * self.rate) if self.is_on else 0


@dataclass
class Writing:
    """One customer's books as far as they are written."""

    customer: Customer
    products: list[Product]
    position: int = 0
    seq: int = 0
    head: str = GENESIS


@dataclass
class Load:
    """Rows waiting to be copied, and the chance that picks what each act is."""

    rows: list[models.Model] = field(default_factory=list)
    ids: dict[type[models.Model], int] = field(default_factory=dict)
    chance: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311

    def grant(self, books: Writing, at: datetime) -> None:
        """Licenses whose terms meet each other, each with its start and its end booked."""
        facts, entries = [], []
        for number in range(LICENSES):
            starts_at = clock.start_of(clock.day_of(at)) + timedelta(days=365 * number)
            ends_at = starts_at + timedelta(days=365)
            license = License(
                customer=books.customer,
                number=201 + number,
                credits=100_000,
                starts_at=starts_at,
                ends_at=ends_at,
            )
            self.keep(license)
            facts.append(LicenseTerm(license=license, at=starts_at, credits=100_000, until=ends_at))
            entries += [(license, 100_000, starts_at), (license, -100_000, ends_at)]
        self.operation(books, "grant", at, facts, entries)

    def act(self, books: Writing, at: datetime) -> None:
        """Other units of a feature; now and then it is released, or the statement undone."""
        product = self.chance.choice(books.products)
        before, units, was_on = product.credits, product.units, product.is_on
        if product.is_on and units and self.chance.random() < 0.02:
            product.is_on = False
            facts: list[Fact] = [self.choice(books, product, at)]
            self.operation(books, "release", at, facts, [(product, -before, at)])
            return
        product.is_on = True
        product.units = units + self.chance.randint(1, 9) if units < 50 else 1
        change = [(product, product.credits - before, at)]
        facts = [
            UsageReport(
                customer=books.customer,
                group_id=product.group,
                at=at,
                quantities={product.key: str(product.units)},
            )
        ]
        facts += [] if was_on else [self.choice(books, product, at)]
        done = self.operation(books, "allocate", at, facts, change)
        if was_on and self.chance.random() < 0.02:
            back = [(product, before - product.credits, at)]
            product.units = units
            later = at + timedelta(seconds=30)
            self.operation(books, "undo", later, [], back, reverses=done)

    def choice(self, books: Writing, product: Product, at: datetime) -> FeatureChoice:
        return FeatureChoice(
            customer=books.customer, feature_id=product.feature, at=at, is_on=product.is_on
        )

    def operation(
        self,
        books: Writing,
        kind: str,
        at: datetime,
        facts: Sequence[Any],
        changes: Sequence[tuple[License | Product, int, datetime]],
        reverses: Operation | None = None,
    ) -> Operation:
        """One operation with its facts and entries, chained to the one before."""
        books.position += 1
        operation = Operation(
            customer=books.customer,
            position=books.position,
            kind=kind,
            source="bench",
            key=f"{books.customer.pk}/{books.position}",
            fingerprint=f"{books.position:064x}",
            reverses=reverses,
            recorded_at=at,
            previous_hash=books.head,
        )
        entries = []
        for about, credits, effective_at in changes:
            books.seq += 1
            is_license = isinstance(about, License)
            entries.append(
                LedgerEntry(
                    customer=books.customer,
                    seq=books.seq,
                    operation=operation,
                    side=Side.VALID if is_license else Side.ALLOCATED,
                    license_id=about.pk if isinstance(about, License) else None,
                    feature_id=about.feature if isinstance(about, Product) else None,
                    credits=credits,
                    effective_at=effective_at,
                    recorded_at=at,
                )
            )
        books.head = operation.hash = operation_hash(operation, facts, entries)
        self.keep(operation)
        for row in (*facts, *entries):
            row.operation_id = operation.pk
            self.keep(row)
        return operation

    def keep(self, row: models.Model) -> None:
        """Give a row its id and let it wait for the next copy."""
        model = type(row)
        if model not in self.ids:
            newest = model._default_manager.aggregate(newest=models.Max("pk"))["newest"]
            self.ids[model] = newest or 0
        self.ids[model] += 1
        row.pk = self.ids[model]
        self.rows.append(row)

    def copy(self) -> None:
        """Copy what waits into its tables, which check their references at the commit."""
        by_model: dict[type[models.Model], list[models.Model]] = {}
        for row in self.rows:
            by_model.setdefault(type(row), []).append(row)
        with transaction.atomic(), connection.cursor() as cursor:
            for model, rows in by_model.items():
                columns = model._meta.concrete_fields
                names = ", ".join(column.column or "" for column in columns)
                statement = f"COPY {model._meta.db_table} ({names}) FROM STDIN"
                with cursor.copy(statement) as copy:
                    for row in rows:
                        copy.write_row([stored(column, row) for column in columns])
        self.rows.clear()


def stored(column: models.Field[Any, Any], row: models.Model) -> Any:
    """A value as COPY takes it."""
    value = getattr(row, column.attname)
    return json.dumps(value) if isinstance(column, models.JSONField) else value


def load_books(customers: int, entries: int) -> None:
    """Write books of so many customers with so many ledger entries together, and no projections.

    Their acts take turns, so that rows of one customer lie as far apart as in real life. Balances
    stand at zero: rebuilding the projections is part of what is measured.
    """
    books = [Writing(customer, products()) for customer in made(customers)]
    load = Load()
    turns = max(1, entries // customers - 2 * LICENSES)
    for turn in range(turns):
        at = START + PACE / turns * turn
        for one in books:
            if turn == 0:
                load.grant(one, at)
            elif one.seq < entries // customers:
                load.act(one, at)
        if len(load.rows) >= AT_ONCE:
            load.copy()
    load.copy()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def made(count: int) -> list[Customer]:
    """Customers with empty books."""
    rows = [
        Customer(
            number=100_001 + number,
            slug=f"bench-{number}",
            name=f"Bench {number}",
            created_at=START - timedelta(days=1),
        )
        for number in range(count)
    ]
    customers = Customer.objects.bulk_create(rows, batch_size=1000)
    through = FeatureRate.objects.aggregate(newest=models.Max("operation_id"))["newest"]
    Balance.objects.bulk_create(
        [
            Balance(customer=customer, folded_until=customer.created_at, rates_through=through)
            for customer in customers
        ],
        batch_size=1000,
    )
    return customers


def products() -> list[Product]:
    """Some features that are groups of their own, with the only rate each ever had."""
    rates = FeatureRate.objects.filter(model__in=BY_UNITS, credits__gt=0, at__lt=START)
    alone = (
        rates.alias(
            rated=models.Count("feature__rates", distinct=True),
            grouped=models.Count("feature__group__features", distinct=True),
        )
        .filter(rated=1, grouped=1)
        .select_related("feature")
    )
    return [
        Product(rate.feature_id, rate.feature.group_id, rate.feature.key, rate.credits)
        for rate in alone.order_by("pk")[:GROUPS]
    ]
