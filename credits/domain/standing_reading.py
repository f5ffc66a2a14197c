"""What a customer's standing is made of, read in one statement.

Balance, levels, the boundary in force, and the ledger rows that are not in every figure yet: so
that they are of one moment, and cost the same however long the ledger is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from credits.domain.books import Subject
from credits.domain.reading import instances, loaded
from credits.models import Balance, Customer, LedgerEntry, Level, Operation, subject_of

# Rows recorded after an instant are the last by seq, named one by one: for a range whose start the
# planner does not know it may read the whole ledger. Of the others, only what was booked ahead can
# be effective after it, and has an index of its own: that of the customer, which the pair of
# columns asks for; the one by the instant alone goes across all customers and must not be walked.
# Where nothing was recorded since, nothing is looked for. What operations said is wanted on few
# pages: all of them are looked for at once, since one at a time costs three pages of an index each.
STATEMENT = """
WITH balance AS MATERIALIZED (
    SELECT b.*, (SELECT at FROM credits_boundary ORDER BY at DESC LIMIT 1) AS newest
    FROM credits_balance b WHERE customer_id = %(customer)s
), since AS MATERIALIZED (
    SELECT least(coalesce(%(boundary)s::timestamptz, newest, folded_until), folded_until)
        - %(before)s::interval AS at FROM balance
), last_seen AS MATERIALIZED (
    SELECT seq, operation_id FROM credits_ledgerentry
    WHERE customer_id = %(customer)s AND recorded_at <= (SELECT at FROM since)
        AND (SELECT last_recorded_at FROM balance) > (SELECT at FROM since)
    ORDER BY customer_id DESC, seq DESC LIMIT 1
), seen AS MATERIALIZED (
    SELECT CASE WHEN last_recorded_at > (SELECT at FROM since)
        THEN coalesce((SELECT seq FROM last_seen), 0) ELSE seq END AS seq FROM balance
), ahead AS MATERIALIZED (
    SELECT * FROM credits_ledgerentry
    WHERE customer_id = %(customer)s AND effective_at > recorded_at
        AND (customer_id, effective_at) > (%(customer)s, (SELECT at FROM since))
), beyond AS MATERIALIZED (
    SELECT * FROM credits_ledgerentry
    WHERE customer_id = %(customer)s AND seq = ANY (ARRAY(
        SELECT generate_series((SELECT seq FROM seen) + 1, (SELECT seq FROM balance))))
    UNION ALL
    SELECT * FROM ahead WHERE seq <= (SELECT seq FROM seen)
), telling AS MATERIALIZED (
    SELECT ARRAY(
        SELECT DISTINCT operation_id FROM beyond CROSS JOIN balance
        WHERE %(told)s AND recorded_at > coalesce(%(boundary)s::timestamptz, newest)
    ) AS operations
), stated AS MATERIALIZED (
    SELECT operation_id, group_id, quantities FROM credits_usagereport
    WHERE operation_id = ANY((SELECT operations FROM telling)::bigint[])
)
SELECT (SELECT to_json(balance) FROM balance)::text,
    (SELECT newest FROM balance),
    (SELECT operation_id FROM last_seen),
    (SELECT json_agg(level ORDER BY id) FROM credits_level level
     WHERE customer_id = %(customer)s)::text,
    (SELECT json_agg(beyond ORDER BY seq) FROM beyond)::text,
    (SELECT json_agg(operation) FROM credits_operation operation
     WHERE id = ANY((SELECT operations FROM telling)::bigint[]))::text,
    (SELECT json_agg(stated) FROM stated)::text
"""


LATEST = 2**63 - 1
"""An id that no operation reaches."""

OPERATION_IS_KNOWN = """(fact.operation_id <= %(through)s OR fact.operation_id < %(before)s AND (
    SELECT recorded_at FROM credits_operation WHERE id = fact.operation_id) <= %(known)s)"""
"""Whether a fact is known, for a statement with the `asked` of a `Known`."""


@dataclass(frozen=True)
class Known:
    """What is known at an instant, by the ids of operations: in one customer's books they rise.

    Told by the entries in hand, so that no operation is read. Between the two ids lie at most
    some operations without entries, which have to be looked at.
    """

    at: datetime
    through: int
    """Every operation up to this one was recorded by then."""
    before: int
    """From this operation on, every one was recorded later."""

    @property
    def asked(self) -> dict[str, Any]:
        """The parameters of `OPERATION_IS_KNOWN`."""
        return {"known": self.at, "through": self.through, "before": self.before}


@dataclass(frozen=True)
class StandingRows:
    """The rows of one moment."""

    balance: Balance
    levels: dict[Subject, Level]
    """As of the balance's `folded_until`."""
    newest: datetime | None
    """The newest closed boundary; None before the first one."""
    last_seen: int
    """The operation of the newest entry that is not among those beyond by its record; 0: none."""
    beyond: tuple[LedgerEntry, ...]
    """Every entry recorded or effective after the boundary or the fold, by seq."""
    operations: dict[int, Operation]
    """If asked for: those recorded after the boundary, each with the quantities `stated` by its
    reports, by allocation group."""

    def known(self, at: datetime) -> Known:
        """Which operations are known at the boundary that was read at, or later."""
        if (self.balance.last_recorded_at or at) <= at:
            return Known(at, LATEST, LATEST)
        seen = (row.operation_id for row in self.beyond if row.recorded_at <= at)
        later = (row.operation_id for row in self.beyond if row.recorded_at > at)
        return Known(at, max(seen, default=self.last_seen), min(later, default=LATEST))


def read_standing(
    customer: Customer,
    boundary: datetime | None = None,
    *,
    told: bool = False,
    before: timedelta = timedelta(0),
) -> StandingRows:
    """Read a customer's standing at a boundary; the newest closed one unless another is given.

    `told` brings the operations that the boundary does not show, `before` entries of so long
    before it. Raises Balance.DoesNotExist for a customer without books.
    """
    asked: dict[str, Any] = {
        "customer": customer.pk,
        "boundary": boundary,
        "told": told,
        "before": before,
    }
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, asked)
        balance, newest, last_seen, *columns = cursor.fetchone()
    levels, beyond, operations, stated = map(loaded, columns)
    if balance is None:
        raise Balance.DoesNotExist
    told_operations = {operation.pk: operation for operation in instances(Operation, operations)}
    for operation in told_operations.values():
        operation.stated = {}  # type: ignore[attr-defined]
    for report in stated or ():
        of_group = told_operations[report["operation_id"]].stated  # type: ignore[attr-defined]
        of_group[report["group_id"]] = report["quantities"]
    return StandingRows(
        balance=instances(Balance, [loaded(balance)])[0],
        levels={subject_of(level): level for level in instances(Level, levels)},
        newest=newest,
        last_seen=last_seen or 0,
        beyond=tuple(instances(LedgerEntry, beyond)),
        operations=told_operations,
    )
