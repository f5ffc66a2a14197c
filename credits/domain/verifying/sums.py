"""What is kept for speed beside what the rows make: balances, levels, days and license rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.db.models import F

from credits.domain.licenses import GRANTING
from credits.domain.verifying.checks import Batch, Problem, Seen, names_of, rows, withdrawn
from credits.models import GENESIS, DailyChange, License, LicenseTerm

BALANCES = """
SELECT balance.customer_id, balance.seq, balance.position, balance.chain_head,
    balance.last_recorded_at, balance.folded_until, balance.valid, balance.allocated,
    (SELECT coalesce(max(seq), 0) FROM credits_ledgerentry
        WHERE customer_id = balance.customer_id),
    coalesce(newest.position, 0), newest.hash, newest.recorded_at,
    coalesce(newest.recorded_at, balance.folded_until), made.valid, made.allocated
FROM credits_balance balance
LEFT JOIN LATERAL (
    SELECT position, hash, recorded_at FROM credits_operation
    WHERE customer_id = balance.customer_id ORDER BY position DESC LIMIT 1
) newest ON true
CROSS JOIN LATERAL (
    SELECT coalesce(sum(credits) FILTER (WHERE side = 'valid'), 0)::bigint AS valid,
        coalesce(sum(credits) FILTER (WHERE side = 'allocated'), 0)::bigint AS allocated
    FROM credits_ledgerentry WHERE customer_id = balance.customer_id
        AND effective_at <= coalesce(newest.recorded_at, balance.folded_until)
) made
WHERE balance.customer_id = ANY(%(customers)s) ORDER BY balance.customer_id
"""

LEVELS = """
WITH step AS (
    SELECT entry.customer_id, entry.side, coalesce(entry.license_id, entry.feature_id) AS subject,
        entry.effective_at, sum(entry.credits) AS credits
    FROM credits_ledgerentry entry
    JOIN credits_balance balance ON balance.customer_id = entry.customer_id
    LEFT JOIN LATERAL (
        SELECT recorded_at FROM credits_operation WHERE customer_id = balance.customer_id
        ORDER BY position DESC LIMIT 1
    ) newest ON true
    WHERE entry.customer_id = ANY(%(customers)s)
        AND entry.effective_at <= coalesce(newest.recorded_at, balance.folded_until)
    GROUP BY 1, 2, 3, 4
), course AS (
    SELECT *, sum(credits) OVER (PARTITION BY customer_id, side, subject ORDER BY effective_at)
        AS level FROM step
), made AS (
    SELECT customer_id, side, subject, sum(credits)::bigint AS credits,
        max(effective_at) FILTER (WHERE level > 0 AND level - credits <= 0) AS since
    FROM course GROUP BY 1, 2, 3
), kept AS (
    SELECT customer_id, side, coalesce(license_id, feature_id) AS subject, credits, held_since
    FROM credits_level WHERE customer_id = ANY(%(customers)s)
)
SELECT customer_id, side, subject, coalesce(kept.credits, 0), kept.held_since,
    coalesce(made.credits, 0), CASE WHEN made.credits > 0 THEN made.since END
FROM made FULL JOIN kept USING (customer_id, side, subject) ORDER BY 1, 2, 3
"""

DAYS = """
WITH made AS (
    SELECT customer_id, side, (effective_at AT TIME ZONE 'UTC')::date AS day,
        sum(credits)::bigint AS credits
    FROM credits_ledgerentry WHERE customer_id = ANY(%(customers)s) GROUP BY 1, 2, 3
), kept AS (
    SELECT customer_id, side, day, credits FROM credits_dailychange
    WHERE customer_id = ANY(%(customers)s)
)
SELECT customer_id, side, day, coalesce(kept.credits, 0), coalesce(made.credits, 0)
FROM made FULL JOIN kept USING (customer_id, side, day)
WHERE coalesce(kept.credits, 0) <> coalesce(made.credits, 0) ORDER BY 1, 2, 3
"""

LACKING = """
SELECT id FROM credits_customer customer WHERE id = ANY(%(customers)s)
    AND NOT EXISTS (SELECT FROM credits_balance WHERE customer_id = customer.id)
"""


@dataclass(frozen=True)
class Difference:
    """One kept value that is not what the rows make.

    `row` identifies it in its table: nothing for the balance, (side, subject) for a level,
    (side, day) for a day, the id for a license; `column` where a row has several such values.
    The office's one row belongs to no customer.
    """

    customer_id: int | None
    table: Literal["balance", "level", "day", "license", "office"]
    row: Any
    column: str
    what: str
    kept: Any
    made: Any

    def __str__(self) -> str:
        what = self.what if self.table == "license" else f"The {self.what}"
        return f"{what} is {said(self.kept)}, but its rows make {said(self.made)}."


def said(value: Any) -> str:
    """A value as a sentence says it."""
    if isinstance(value, tuple):
        credits, since = value
        return f"{credits:,} since {said(since)}" if since else f"{credits:,}"
    if value is None:
        return "empty"
    if isinstance(value, int):
        return f"{value:,}"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


COLUMNS = (
    "seq",
    "position",
    "chain_head",
    "last_recorded_at",
    "folded_until",
    "valid",
    "allocated",
)
HEADS = COLUMNS[:4]
"""Those of the balance row that say where the books end."""


def balance_differences(customers: Sequence[int], seen: Seen) -> Iterator[Difference]:
    """The balance row of each customer: credits as of the last operation, and the heads."""
    for customer, *values in rows(BALANCES, customers=list(customers)):
        seen["balances"] += 1
        kept, made = values[: len(COLUMNS)], values[len(COLUMNS) :]
        made[COLUMNS.index("chain_head")] = made[COLUMNS.index("chain_head")] or GENESIS
        for column, old, new in zip(COLUMNS, kept, made, strict=True):
            if old != new:
                what = f"balance {column}"
                yield Difference(customer, "balance", None, column, what, old, new)


def level_differences(customers: Sequence[int], seen: Seen) -> Iterator[Difference]:
    """What each license gives and each feature holds as of then, and since when above zero."""
    found = []
    for customer, side, subject, *values in rows(LEVELS, customers=list(customers)):
        seen["levels"] += 1
        kept, made = tuple(values[:2]), tuple(values[2:])
        if kept != made:
            found.append((customer, (side, subject), kept, made))
    names = names_of(subject for _, subject, _, _ in found) if found else {}
    for customer, subject, kept, made in found:
        what = f"level of {names.get(subject, subject)}"
        yield Difference(customer, "level", subject, "", what, kept, made)


def day_differences(customers: Sequence[int], seen: Seen) -> Iterator[Difference]:
    """What each UTC day changed on each side."""
    seen["days"] += DailyChange.objects.filter(customer__in=customers).count()
    for customer, side, day, kept, made in rows(DAYS, customers=list(customers)):
        what = f"daily change of {side} on {day}"
        yield Difference(customer, "day", (side, day), "", what, kept, made)


def license_differences(customers: Sequence[int], seen: Seen) -> Iterator[Difference]:
    """The dates and credits on license rows beside the terms that stand."""
    stated, standing = terms_of(customers)
    for license in License.objects.filter(customer__in=customers).order_by("customer", "number"):
        seen["licenses"] += 1
        for column, made in stated_columns(stated[license.pk], standing[license.pk]).items():
            kept = getattr(license, column)
            if kept != made:
                what = f"{license.label} {column}"
                yield Difference(
                    license.customer_id, "license", license.pk, column, what, kept, made
                )


def terms_of(
    customers: Sequence[int],
) -> tuple[dict[int, list[LicenseTerm]], dict[int, list[LicenseTerm]]]:
    """The terms of licenses by license, as they were stated: all, and those that stand."""
    stated: dict[int, list[LicenseTerm]] = defaultdict(list)
    standing: dict[int, list[LicenseTerm]] = defaultdict(list)
    own = LicenseTerm.objects.filter(license__customer__in=customers)
    taken_back = withdrawn(customers)
    for term in own.annotate(kind=F("operation__kind")).order_by("operation_id", "pk"):
        stated[term.license_id].append(term)
        if term.operation_id not in taken_back:
            standing[term.license_id].append(term)
    return stated, standing


def stated_columns(
    stated: Sequence[LicenseTerm], standing: Sequence[LicenseTerm]
) -> dict[str, Any]:
    """What the terms of a license make of its row, the newest standing statement last."""
    columns: dict[str, Any] = {}
    if not stated:
        return columns
    columns["starts_at"] = begins(stated)
    given = [term for term in standing if term.credits > 0]
    if given and given[-1].until is not None:
        columns |= {"credits": given[-1].credits, "ends_at": given[-1].until}
    voided = not given or standing[-1].credits == 0
    columns["voided_at"] = (standing[-1].at if given else columns["starts_at"]) if voided else None
    return columns


def begins(stated: Sequence[Any]) -> datetime:
    """When a license starts: as the newest grant of it said, withdrawn or not."""
    granted = [term.at for term in stated if term.kind in GRANTING]
    at: datetime = granted[-1] if granted else stated[0].at
    return at


def summed(batch: Batch, seen: Seen) -> Iterator[Problem]:
    """Each stored figure is the sum over its ledger entries, and license rows are their terms."""
    for (customer,) in rows(LACKING, customers=batch.ids):
        yield Problem(customer, "There is no balance row.")
    for find in (balance_differences, level_differences, license_differences):
        for difference in find(batch.ids, seen):
            yield Problem(difference.customer_id, str(difference))


def daily(batch: Batch, seen: Seen) -> Iterator[Problem]:
    """The change of every day, and so the balance of every day, is the sum of its entries."""
    for difference in day_differences(batch.ids, seen):
        yield Problem(difference.customer_id, str(difference))
