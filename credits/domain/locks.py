"""The locks of the writer. Order everywhere: gate, customer balances by id, then the office.

A customer that was made in the same transaction comes after the office: nobody else sees it yet.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from credits.domain.boundaries import GATE
from credits.exceptions import UnknownObject
from credits.models import Balance, OfficeJournal
from credits.prepared import prepared


@dataclass(frozen=True)
class Known:
    """What is true for everybody at the moment a lock was taken."""

    newest_rates: int
    """The newest operation that brought rates; 0 before the first."""
    newest_boundary: datetime | None
    """The newest closed boundary, after which everything is recorded."""


KNOWN = """
coalesce((SELECT max(operation_id) FROM credits_featurerate), 0),
(SELECT max(at) FROM credits_boundary)
"""


COLUMNS = [field.attname for field in Balance._meta.concrete_fields]
NAMES = ", ".join(f"balance.{column}" for column in COLUMNS)


def pass_gate() -> None:
    """Hold the gate together with other writers until the transaction ends.

    A closing boundary takes it alone. Its own statement, so that the next one sees what a
    closing did that was waited for.
    """
    with prepared("SELECT pg_advisory_xact_lock_shared(%s)", [GATE]):
        pass


def lock_customer(customer_id: int) -> tuple[Balance, Known]:
    """Lock a customer's books until the transaction ends, before any insert.

    FOR NO KEY UPDATE: it stands against every other writer but not against the key locks that
    inserting children takes.

    Raises UnknownObject if there is no such customer.
    """
    pass_gate()
    lock = (
        f"SELECT {NAMES}, {KNOWN} FROM credits_balance balance "  # noqa: S608
        "WHERE customer_id = %s FOR NO KEY UPDATE"
    )
    with prepared(lock, [customer_id]) as cursor:
        row = cursor.fetchone()
    if row is None:
        raise UnknownObject("There is no such customer.")
    balance = Balance.from_db("default", COLUMNS, row[: len(COLUMNS)])
    return balance, Known(*row[len(COLUMNS) :])


def lock_customers(customer_ids: Iterable[int]) -> None:
    """Lock the books of several customers, in the one order, before any of them is written.

    Raises UnknownObject if one of them does not exist.
    """
    for customer_id in sorted(set(customer_ids)):
        lock_customer(customer_id)


def lock_office() -> tuple[OfficeJournal, Known]:
    """Lock the chain of catalogue and staff changes; made on first use."""
    pass_gate()
    OfficeJournal.objects.get_or_create(pk=1)
    journal = OfficeJournal.objects.select_for_update(no_key=True).get(pk=1)
    with prepared(f"SELECT {KNOWN}", []) as cursor:
        return journal, Known(*cursor.fetchone())
