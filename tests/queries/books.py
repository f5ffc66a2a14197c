"""Customers with books of a given length: a year of reports that a system sent, and what they made.

What people did (orders, allocations, sources) goes through the writer. The reports are written by
one statement, in the order in which they would have come in, so that the rows of one customer lie
between those of the others. Their operations carry no hashes: nothing that is measured reads them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db import connection

from credits import clock
from credits.domain.allocations import Allocate
from credits.domain.rebuilding import rebuild_projections
from credits.domain.sources import SetUsageSource
from credits.models import Customer, FeatureRate, Role, User
from credits.roles import StaffRole
from tests.billing.story import Story, instant
from tests.factories import credits as make

FOUNDED, FIRST_REPORT, NOW = "2025-11-01T08:00", "2025-11-23T09:00", "2026-11-24T11:20"
"""A year of reports; `NOW` is when the pages are opened, through 09:00."""

LINEAR = ("per_unit", "per_user", "daily_reserve", "throughput_block", "volume_pack")
"""Models whose credits are whole blocks times rate."""

PLENTY = 90_000_000
MARK = "cost/"
"""How the keys of the operations begin that no writer wrote."""

# Each customer's reports take turns over the groups that report. The newest of each group are an
# hour apart, those before a day ago as close as the length of the ledger makes them.
# Units go up by a block four times, then down by four, so that every report books something. They
# come in minutes after their instant, so that some stand before a boundary that does not know them.
REPORTS = """
CREATE TEMPORARY TABLE reported ON COMMIT DROP AS
SELECT nextval(pg_get_serial_sequence('credits_operation', 'id')) AS operation, act.*
FROM (
    SELECT customer, n, lane.*, balance.seq + n AS seq, balance.position + n AS position,
        %(last)s::timestamptz - CASE WHEN ago < daily THEN ago * (interval '1 day' / daily)
            ELSE interval '1 day' + (ago - daily)::float8 / (reports - daily)
                * (%(last)s::timestamptz - interval '1 day' - %(first)s::timestamptz)
            END AS recorded_at,
        (n - 1) / lanes + 1 AS turn
    FROM unnest(%(customers)s::bigint[], %(reports)s::bigint[], %(lanes)s::bigint[])
        AS wanted (customer, reports, lanes)
    JOIN credits_balance balance ON balance.customer_id = customer
    CROSS JOIN LATERAL generate_series(1, reports) AS n
    CROSS JOIN LATERAL (SELECT reports - n AS ago, 24 * lanes AS daily) AS counted
    JOIN unnest(%(groups)s::bigint[], %(features)s::bigint[], %(keys)s::text[],
        %(blocks)s::bigint[], %(rates)s::bigint[])
        WITH ORDINALITY AS lane (group_id, feature_id, key, block, rate, place)
        ON place = (n - 1) %% lanes + 1
    ORDER BY recorded_at, customer
) act;

INSERT INTO credits_operation (id, public_id, customer_id, position, kind, subject, source, key,
    fingerprint, answer, request_id, recorded_at, note_digest, previous_hash, hash)
SELECT operation, gen_random_uuid(), customer, position, 'report-usage', key, 'api',
    %(mark)s || customer || '/' || n, '', jsonb_build_object('reported_by', 'Inventory'), '',
    recorded_at, '', '', '' FROM reported ORDER BY operation;

INSERT INTO credits_usagereport (operation_id, customer_id, group_id, at, quantities, revision,
    by_hand)
SELECT operation, customer, group_id, recorded_at - interval '7 minutes',
    jsonb_build_object(key, (block * (100 + turn %% 5))::text), 0, false
FROM reported ORDER BY operation;

INSERT INTO credits_ledgerentry (customer_id, seq, operation_id, side, feature_id, credits,
    effective_at, recorded_at)
SELECT customer, seq, operation, 'allocated', feature_id,
    rate * CASE WHEN turn %% 5 = 0 THEN -4 ELSE 1 END, recorded_at - interval '7 minutes',
    recorded_at
FROM reported ORDER BY operation;
"""


@dataclass(frozen=True)
class Books:
    """The customers that are measured, with those who look at them."""

    small: Customer
    large: Customer
    """Ordinary: eight groups in use, of which two report every hour; five licenses."""
    heavy: Customer
    """As many rows as the large one, from sixteen groups that report every hour."""
    admin: User
    rep: User


def make_books(small: int, large: int, *, others: int = 20, each: int = 1_000) -> Books:
    """Customers with so many ledger rows, among others of whom only the reports are there."""
    admin, rep = make.make_user(name="Maria Keller"), make.make_user(name="Rina Holm")
    rep = make.make_staff(rep, StaffRole.SALES_REP)
    measured = {"Small": small, "Large": large, "Heavy": large}
    names = measured | {f"Other {n}": each for n in range(others)}
    with clock.moved_to(instant(FOUNDED)):
        found = {name: make.make_customer(name=name) for name in names}
        for customer in found.values():
            make.make_member(customer, admin, Role.ADMIN)
            make.assign_rep(customer, rep)
    lanes = linear()
    reporting = dict.fromkeys(found, 2) | {"Heavy": len(lanes)}
    for number, name in enumerate(measured):
        in_use = lanes if name == "Heavy" else lanes[:8]
        begin(Story(found[name], admin), number, in_use, reporting[name])
    write_reports(lanes, {found[name].pk: (rows, reporting[name]) for name, rows in names.items()})
    analyze()
    for customer in found.values():
        rebuild_projections(customer)
    make.publish(instant(NOW))
    analyze()
    return Books(found["Small"], found["Large"], found["Heavy"], admin, rep)


def begin(story: Story, number: int, in_use: Sequence[FeatureRate], reporting: int) -> None:
    """Licenses that are valid, ended and to come; features allocated; systems that report."""
    orders = (
        ("2025-11-02T09:00", 5_000, "2025-11-02", "2026-05-01"),
        ("2025-11-03T09:00", PLENTY, "2025-11-03", "2027-11-02"),
        ("2025-11-04T09:00", 20_000, "2025-11-04", "2026-11-03"),
        ("2025-11-05T09:00", 30_000, "2026-06-01", "2027-05-31"),
        ("2025-11-06T09:00", 40_000, "2027-01-01", "2027-12-31"),
    )
    for n, order in enumerate(orders):
        story.buy(*order, f"SO-{number}-{n}")
    for n, rate in enumerate(in_use):
        when = f"2025-11-{10 + n // 10}T09:{n:02}"
        units = {rate.feature.key: 100 * rate.block}
        story.post(when, Allocate, group=rate.feature.group.key, quantities=units)
        if n < reporting:
            story.post(when, SetUsageSource, group=rate.feature.group.key, name="Inventory")


def linear() -> Sequence[FeatureRate]:
    """The rates of the features that need nothing else and are groups of their own."""
    rates = FeatureRate.objects.first_in_force(instant(NOW)).select_related("feature__group")
    return [
        rate
        for rate in rates
        if rate.model in LINEAR
        and rate.credits
        and rate.closes_at is None
        and rate.feature.key == rate.feature.group.key
        and not rate.feature.requires
    ]


def write_reports(lanes: Sequence[FeatureRate], wanted: Mapping[int, tuple[int, int]]) -> None:
    """So many reports that each customer has so many ledger rows, from so many first groups."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT customer_id, seq FROM credits_balance")
        written = dict(cursor.fetchall())
        values: dict[str, Any] = {
            "customers": list(wanted),
            "reports": [rows - written[pk] for pk, (rows, _) in wanted.items()],
            "lanes": [reporting for _, reporting in wanted.values()],
            "first": instant(FIRST_REPORT),
            "last": instant(NOW) - timedelta(minutes=1),
            "groups": [rate.feature.group_id for rate in lanes],
            "features": [rate.feature_id for rate in lanes],
            "keys": [rate.feature.key for rate in lanes],
            "blocks": [int(rate.block) for rate in lanes],
            "rates": [int(rate.credits) for rate in lanes],
            "mark": MARK,
        }
        cursor.execute(REPORTS, values)


def analyze() -> None:
    """Let the planner know the product's tables; those of the server are shared with others."""
    run(f"ANALYZE {', '.join(tables())}")


@contextmanager
def swept() -> Iterator[None]:
    """Tables without what tests before left behind, which would be counted as well."""
    run(f"VACUUM {', '.join(tables())}")
    yield


def tables() -> list[str]:
    return sorted(model._meta.db_table for model in apps.get_models(include_auto_created=True))


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
