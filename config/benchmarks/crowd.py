"""Many customers made by the database itself: a few licenses and entries each, in seconds.

Their hashes are none (what reads chains is measured on books of `config.benchmarks.ledger`), all
else is as the writer would have left it. Each did something in the hour before `BUSY`, and to each
tenth something happens on `DAY`: a license ends, the balance is low, below zero, has grown by a
system's report, or does not know the newest rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from config.benchmarks.acts import asked
from credits import clock
from credits.domain.catalogue_file import RateRow
from credits.domain.post import post_office
from credits.domain.rate_entry import EnterRate
from credits.models import Feature, FeatureRate

SIGNED = datetime(2026, 6, 1, 7, tzinfo=UTC)
DAY = datetime(2027, 3, 1, tzinfo=UTC)
"""A Monday."""
BUSY = DAY + timedelta(hours=4)
"""The boundary of the hour in which every customer did something; the next hour is quiet."""
FEATURE = "email-core"

STATEMENTS = (
    """
INSERT INTO credits_user (id, password, is_superuser, public_id, email, name, time_zone, locale,
    is_active, is_staff, created_at)
SELECT %(user)s + n, '!', false, gen_random_uuid(), 'person-' || n || '@crowd.example',
    'Person ' || n, 'Europe/Oslo', 'en', true, false, %(signed)s
FROM generate_series(1, %(customers)s) n
""",
    """
INSERT INTO credits_customer (id, public_id, number, slug, name, domain, over_allocation,
    created_at)
SELECT %(customer)s + n, gen_random_uuid(), 100000 + n, 'crowd-' || n, 'Crowd ' || n, '', 'confirm',
    %(signed)s
FROM generate_series(1, %(customers)s) n
""",
    """
INSERT INTO credits_membership (customer_id, user_id, role, invited_as, gets_notices)
SELECT %(customer)s + n, %(user)s + n, 'admin', '', false
FROM generate_series(1, %(customers)s) n
""",
    """
INSERT INTO credits_license (id, public_id, customer_id, number, kind, credits, starts_at, ends_at)
SELECT %(license)s + 2 * n + part, gen_random_uuid(), %(customer)s + n, 201 + part, 'bought',
    %(rate)s * CASE part WHEN 0 THEN 900 ELSE 100 END, %(starts)s,
    CASE WHEN part = 0 AND NOT %(all_end)s OR part = 1 AND n %% 10 <> 0 AND NOT %(all_end)s
        THEN %(later)s ELSE %(day)s END
FROM generate_series(1, %(customers)s) n, generate_series(0, 1) part ORDER BY 1
""",
    """
INSERT INTO credits_operation (id, public_id, customer_id, position, kind, subject, source, key,
    fingerprint, answer, request_id, recorded_at, note_digest, previous_hash, hash)
SELECT %(operation)s + turn * %(customers)s + n, gen_random_uuid(), %(customer)s + n, turn + 1,
    CASE turn WHEN 0 THEN 'grant' WHEN 1 THEN 'allocate' ELSE 'report-usage' END, '', 'crowd',
    'crowd/' || n || '/' || turn, md5(n::text) || md5(turn::text), '{}', '',
    CASE turn WHEN 0 THEN %(signed)s::timestamptz WHEN 1 THEN %(signed)s + interval '1 day'
        ELSE %(busy)s - interval '1 hour' END + interval '1 hour' * n / %(customers)s, '',
    md5(n || '/' || turn) || md5('before'), md5(n || '/' || turn + 1) || md5('before')
FROM generate_series(0, 2) turn, generate_series(1, %(customers)s) n ORDER BY 1
""",
    """
INSERT INTO credits_licenseterm (at, operation_id, license_id, credits, until)
SELECT license.starts_at, operation.id, license.id, license.credits, license.ends_at
FROM credits_license license
JOIN credits_operation operation USING (customer_id) WHERE position = 1 ORDER BY license.id
""",
    """
CREATE TEMP TABLE stated AS
SELECT operation.id AS operation_id, customer_id, position, recorded_at AS at, n,
    CASE n %% 10 WHEN 1 THEN 960 WHEN 2 THEN 1100 ELSE 400 END + position - 2 AS units
FROM credits_operation operation, LATERAL (SELECT customer_id - %(customer)s AS n) part
WHERE customer_id > %(customer)s AND position > 1
""",
    """
INSERT INTO credits_usagereport (at, operation_id, customer_id, group_id, quantities, revision,
    by_hand)
SELECT at, operation_id, customer_id, %(group)s, jsonb_build_object(%(key)s, units::text), 0,
    position = 2 OR n %% 10 <> 3
FROM stated ORDER BY operation_id
""",
    """
INSERT INTO credits_featurechoice (at, operation_id, customer_id, feature_id, is_on, billing_model)
SELECT at, operation_id, customer_id, %(feature)s, true, 'credits'
FROM stated WHERE position = 2 ORDER BY operation_id
""",
    """
INSERT INTO credits_ledgerentry (customer_id, seq, operation_id, side, license_id, feature_id,
    credits, effective_at, recorded_at)
SELECT license.customer_id, 2 * (license.number - 201) + way + 1, operation.id, 'valid', license.id,
    NULL, CASE way WHEN 0 THEN license.credits ELSE -license.credits END,
    CASE way WHEN 0 THEN license.starts_at ELSE license.ends_at END, operation.recorded_at
FROM credits_license license JOIN credits_operation operation USING (customer_id),
    generate_series(0, 1) way
WHERE position = 1 ORDER BY license.customer_id, license.number, way
""",
    """
INSERT INTO credits_ledgerentry (customer_id, seq, operation_id, side, license_id, feature_id,
    credits, effective_at, recorded_at)
SELECT customer_id, position + 3, operation_id, 'allocated', NULL, %(feature)s,
    %(rate)s * CASE position WHEN 2 THEN units ELSE 1 END, at, at
FROM stated ORDER BY operation_id
""",
    """
INSERT INTO credits_level (customer_id, side, license_id, feature_id, credits, held_since)
SELECT customer_id, side, license_id, feature_id, sum(credits),
    CASE WHEN sum(credits) > 0 THEN min(effective_at) END
FROM credits_ledgerentry JOIN (
    SELECT customer_id, at FROM stated WHERE position = 3) newest USING (customer_id)
WHERE effective_at <= at GROUP BY 1, 2, 3, 4 ORDER BY 1
""",
    """
INSERT INTO credits_dailychange (customer_id, side, day, credits)
SELECT customer_id, side, (effective_at AT TIME ZONE 'UTC')::date, sum(credits)
FROM credits_ledgerentry WHERE customer_id > %(customer)s GROUP BY 1, 2, 3 ORDER BY 1
""",
    """
INSERT INTO credits_balance (customer_id, position, chain_head, last_recorded_at, seq, valid,
    allocated, folded_until, rates_through)
SELECT customer_id, 3, hash, recorded_at, 6, valid, allocated, recorded_at,
    CASE WHEN (customer_id - %(customer)s) %% 10 = 4 THEN %(rates_before)s ELSE %(rates)s END
FROM credits_operation JOIN (
    SELECT customer_id, coalesce(sum(credits) FILTER (WHERE side = 'valid'), 0) AS valid,
        coalesce(sum(credits) FILTER (WHERE side = 'allocated'), 0) AS allocated
    FROM credits_level GROUP BY 1) made USING (customer_id)
WHERE position = 3 ORDER BY customer_id
""",
    """
INSERT INTO credits_outgoingmail (public_id, key, kind, customer_id, recipient_id, "to", subject,
    text, html, calendar, created_at, due_at, attempts, problem)
SELECT gen_random_uuid(), 'crowd/' || n, 'crowd', %(customer)s + n, %(user)s + n,
    'person-' || n || '@crowd.example', 'Crowd', repeat('A line of text. ', 60), '', '', %(busy)s,
    %(busy)s + interval '1 microsecond' * n, 0, ''
FROM generate_series(1, %(customers)s) n WHERE n %% 10 = 0
""",
    """
WITH boundary AS (
    INSERT INTO credits_boundary (at, closed_at)
    VALUES (%(busy)s - interval '1 hour', %(busy)s + interval '1 hour') RETURNING id, closed_at)
INSERT INTO credits_publication (boundary_id, entries, heads, previous_hash, hash, recorded_at)
SELECT id, 0, '{}', repeat('0', 64), repeat('0', 64), closed_at FROM boundary
""",
    "DROP TABLE stated",
)

NUMBERED = (
    "credits_user",
    "credits_customer",
    "credits_license",
    "credits_operation",
)
"""Tables whose ids were given here, so that theirs go on from there."""


def load_crowd(customers: int, *, all_end: bool = False) -> None:
    """Make so many customers in an empty, migrated database with a catalogue.

    `all_end`: every license of everybody ends at the start of `DAY`.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '10min'")
    fill(parameters(customers, all_end=all_end))
    with connection.cursor() as cursor:
        # As on a server that has run for a while: summaries of the block ranges, and statistics.
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("RESET statement_timeout")


def fill(asked_for: Mapping[str, Any]) -> None:
    """Run the statements, and let the ids go on from there."""
    with connection.cursor() as cursor:
        for statement in STATEMENTS:
            cursor.execute(statement, asked_for)
        for table in NUMBERED:
            sequence = f"pg_get_serial_sequence('{table}', 'id')"
            cursor.execute(f"SELECT setval({sequence}, max(id)) FROM {table}")  # noqa: S608


def parameters(customers: int, *, all_end: bool) -> dict[str, Any]:
    """What the statements are given: the first ids, the instants, and one feature with its rate."""
    feature = Feature.objects.get(key=FEATURE)
    rate = feature.rates.filter(at__lte=SIGNED).latest("at")
    before = newest_rates()
    enter_rate(rate)
    first = dict.fromkeys(("user", "customer", "license", "operation"), 1_000_000)
    return first | {
        "customers": customers,
        "all_end": all_end,
        "signed": SIGNED,
        "starts": clock.start_of(clock.day_of(SIGNED)),
        "later": DAY + timedelta(days=400),
        "day": DAY,
        "busy": BUSY,
        "feature": feature.pk,
        "group": feature.group_id,
        "key": feature.key,
        "rate": int(rate.credits),
        "rates_before": before,
        "rates": newest_rates(),
    }


@transaction.atomic
def enter_rate(rate: FeatureRate) -> None:
    """A further rate a month ahead, which a tenth of the customers does not know yet."""
    row = RateRow(
        feature=FEATURE,
        model=rate.model,
        unit=rate.feature.unit,
        unit_plural=rate.feature.unit_plural,
        credits=rate.credits + 1,
        block=rate.block,
        cap=rate.cap,
        parts=tuple(rate.parts),
        valid_from=date(2027, 4, 1),
        valid_to=None,
        assumed=False,
        source="bench",
        note="",
        line=1,
    )
    with clock.moved_to(SIGNED):
        post_office(EnterRate(asked=asked(), row=row))


def newest_rates() -> int:
    """The newest operation that brought rates."""
    return FeatureRate.objects.latest("operation_id").operation_id
