"""What the writer reads of a group: the rows as they stand, at a cost that does not grow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DataError, connection, transaction
from django.test.utils import CaptureQueriesContext

from credits import clock
from credits.domain.allocations import Undo
from credits.domain.books import Books
from credits.domain.post import post
from credits.domain.reading import STATEMENT, read_group
from credits.models import Balance, Customer, FeatureRate, Operation, UsageReport
from credits.prepared import prepared
from tests.factories import credits as make
from tests.queries.books import analyze

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
KEY = "email-core"


@pytest.fixture
def holding(customer: Customer) -> Customer:
    with clock.moved_to(NOON):
        make.grant(customer, 4000, date(2026, 1, 1), date(2027, 12, 31))
        make.allocate(customer, KEY, 10)
    return customer


def asked(customer: Customer, **changed: Any) -> dict[str, Any]:
    """What the statement is asked for a customer now."""
    balance = Balance.objects.get(customer=customer)
    now = balance.folded_until + timedelta(hours=1)
    return {
        "customer": customer.pk,
        "key": KEY,
        "group": 0,
        "start": now,
        "through": balance.rates_through,
        "folded": balance.folded_until,
        "now": now,
        "without": 0,
    } | changed


def buffers(customer: Customer) -> int:
    """The pages that the statement touches, planned for the values it is asked with."""
    analyze()
    explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {STATEMENT}"
    with prepared(explain, asked(customer)):
        pass
    with prepared(explain, asked(customer)) as cursor:
        plan = cursor.fetchone()[0]
    plan = json.loads(plan) if isinstance(plan, str) else plan
    root = plan[0]["Plan"]
    return int(root["Shared Hit Blocks"]) + int(root["Shared Read Blocks"])


def report_often(customer: Customer, times: int) -> Iterator[UsageReport]:
    """Many statements of the same group, written behind the writer's back: only reads count."""
    operation = Operation.objects.filter(customer=customer).latest("pk")
    latest = UsageReport.objects.filter(customer=customer).latest("pk")
    for number in range(times):
        yield UsageReport(
            operation=operation,
            customer=customer,
            group=latest.group,
            at=NOON + timedelta(milliseconds=number + 1),
            quantities={KEY: str(number)},
        )


def test_it_touches_as_many_pages_after_10_000_statements_as_after_one(holding: Customer) -> None:
    before = buffers(holding)
    UsageReport.objects.bulk_create(report_often(holding, 10_000))
    after = buffers(holding)

    # The 10,000 rows are more than 150 pages; dead rows of earlier tests may lie in between.
    assert after <= before + 40, f"{before} pages before, {after} after"


def test_it_finds_what_is_in_force_and_what_follows(holding: Customer) -> None:
    with clock.moved_to(NOON + timedelta(minutes=1)):
        make.allocate(holding, KEY, 20)
    balance = Balance.objects.get(customer=holding)

    def units(start: datetime) -> list[str]:
        rows = read_group(
            holding.pk,
            key=KEY,
            start=start,
            through=balance.rates_through,
            folded=balance.folded_until,
            now=balance.folded_until,
        )
        return sorted(report.quantities[KEY] for report in rows.facts.reports)

    assert units(NOON - timedelta(days=1)) == ["10", "20"]
    assert units(NOON) == ["10", "20"]
    assert units(NOON + timedelta(minutes=1)) == ["20"]


def test_what_was_undone_does_not_stand(holding: Customer) -> None:
    with clock.moved_to(NOON + timedelta(minutes=1)):
        second = make.allocate(holding, KEY, 20).operation
        post(Undo(customer=holding, asked=make.asked(), operation=second.public_id))
    balance = Balance.objects.get(customer=holding)
    books = Books(holding, balance, NOON + timedelta(minutes=2))
    group = books.group_by_key(KEY)

    assert [r.quantities for r in books.group_facts(group.pk, books.now).reports] == [{KEY: "10"}]


def test_rows_come_back_exactly_as_the_database_has_them(holding: Customer) -> None:
    balance = Balance.objects.get(customer=holding)
    rows = read_group(
        holding.pk,
        key="endpoint-packages",
        start=NOON,
        through=balance.rates_through,
        folded=balance.folded_until,
        now=NOON,
    )

    assert rows.facts.rates
    for rate in rows.facts.rates:
        stored = FeatureRate.objects.select_related("feature__group").get(pk=rate.pk)
        for column in FeatureRate._meta.concrete_fields:
            mine, theirs = getattr(rate, column.attname), getattr(stored, column.attname)
            assert (mine, type(mine)) == (theirs, type(theirs)), column.attname
        assert rate.feature.group == stored.feature.group


def test_numbers_that_a_float_cannot_hold_are_read_exactly(holding: Customer) -> None:
    row = FeatureRate.objects.filter(feature__key=KEY).first()
    assert row is not None
    operation = Operation.objects.filter(customer=None).latest("pk")
    exact = Decimal("1234567890.1234")
    FeatureRate.objects.create(
        operation=operation, feature=row.feature, at=NOON, model=row.model, credits=exact
    )
    balance = Balance.objects.get(customer=holding)
    rows = read_group(
        holding.pk,
        key=KEY,
        start=NOON,
        through=operation.pk,
        folded=balance.folded_until,
        now=NOON,
    )

    assert [rate.credits for rate in rows.facts.rates] == [exact]


def test_an_allocation_asks_five_questions(holding: Customer) -> None:
    with clock.moved_to(NOON + timedelta(hours=1)), CaptureQueriesContext(connection) as captured:
        make.allocate(holding, KEY, 30)

    sent = [query["sql"] for query in captured.captured_queries if "SAVEPOINT" not in query["sql"]]
    assert len(sent) == 5, "\n".join(sent)


def test_a_value_longer_than_its_column_is_refused_and_not_cut(holding: Customer) -> None:
    count = Operation.objects.count()

    with (
        clock.moved_to(NOON + timedelta(hours=1)),
        pytest.raises(DataError, match="too long"),
        transaction.atomic(),
    ):
        make.allocate(holding, KEY, 30, request_id="x" * 65)

    assert Operation.objects.count() == count
