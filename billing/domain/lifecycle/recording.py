"""The starts and ends of licenses, recorded after the fact (docs/rules.md#r13)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from credits.models import License

PAGE = 5_000
"""Licenses of one transaction, by key; a statement over so many takes a fraction of a second."""

STARTED = """
INSERT INTO billing_lifeevent (customer_id, license_id, kind, at, recorded_at)
SELECT license.customer_id, license.id, 'started', license.starts_at, %(as_of)s
FROM credits_license license
WHERE license.id > %(after)s AND license.id <= %(through)s AND license.starts_at <= %(as_of)s
    AND (license.voided_at IS NULL OR license.voided_at > license.starts_at)
    AND NOT EXISTS (
        SELECT FROM billing_lifeevent event
        WHERE event.license_id = license.id AND event.kind = 'started'
            AND event.at = license.starts_at
    )
    AND {known}
ON CONFLICT DO NOTHING
"""

ENDED = """
INSERT INTO billing_lifeevent (customer_id, license_id, kind, at, recorded_at)
SELECT license.customer_id, license.id, 'expired',
    least(license.ends_at, license.voided_at), %(as_of)s
FROM credits_license license
WHERE license.id > %(after)s AND license.id <= %(through)s
    AND least(license.ends_at, license.voided_at) <= %(as_of)s
    AND (license.voided_at IS NULL OR license.voided_at > license.starts_at)
    AND NOT EXISTS (
        SELECT FROM billing_lifeevent event
        WHERE event.license_id = license.id AND event.kind = 'expired'
            AND event.at = least(license.ends_at, license.voided_at)
    )
    AND {known}
ON CONFLICT DO NOTHING
"""

KNOWN = """EXISTS (
        SELECT FROM credits_licenseterm term JOIN credits_operation operation
            ON operation.id = term.operation_id
        WHERE term.license_id = license.id AND operation.recorded_at <= %(as_of)s
    )"""
"""Entered by then: a slot that is made up later records what it would have recorded in time."""


def record_terms(as_of: datetime) -> dict[str, int]:
    """Record every start and end of a license up to an instant that has no event yet.

    What a license holds is never read from these rows. A license that was voided before it began
    was never held; one that was cut by its void ends with it. Run again, it finds nothing.
    """
    counts = {"started": 0, "ended": 0}
    for after, through in pages():
        values: dict[str, Any] = {"as_of": as_of, "after": after, "through": through}
        with transaction.atomic(), connection.cursor() as cursor:
            for name, text in (("started", STARTED), ("ended", ENDED)):
                cursor.execute(text.format(known=KNOWN), values)
                counts[name] += cursor.rowcount
    return counts


def pages() -> Iterator[tuple[int, int]]:
    """The keys of all licenses in steps: after one, through another."""
    newest = License.objects.aggregate(newest=Max("pk"))["newest"] or 0
    for after in range(0, newest, PAGE):
        yield after, after + PAGE
