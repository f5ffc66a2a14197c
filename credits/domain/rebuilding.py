"""The projections made anew from ledger and facts, wherever they are not what the rows make.

Part of the writer: it holds the customer's lock, and it writes projections alone. Operations,
facts and ledger are read; what is wrong in them is `verify_books`'s to say and nobody's to mend.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from credits.domain.locks import lock_customer, lock_office
from credits.domain.projecting import days_moved, levels_set
from credits.domain.verifying.checks import Seen
from credits.domain.verifying.sums import (
    Difference,
    balance_differences,
    day_differences,
    level_differences,
    license_differences,
)
from credits.models import (
    GENESIS,
    Balance,
    Customer,
    License,
    OfficeJournal,
    Operation,
)
from credits.prepared import prepared


@transaction.atomic
def rebuild_projections(customer: Customer, *, dry_run: bool = False) -> list[Difference]:
    """Restore a customer's balance, levels, daily changes and license rows under the lock.

    Answers with every value that was not what its rows make; a second run finds nothing. Writes
    nothing at all on a dry run. Raises UnknownObject if the customer has no balance row.
    """
    lock_customer(customer.pk)
    own = [customer.pk]
    found = [
        difference
        for find in (
            balance_differences,
            level_differences,
            day_differences,
            license_differences,
        )
        for difference in find(own, Seen())
    ]
    if not dry_run:
        mend_balance(customer, [d for d in found if d.table == "balance"])
        mend_levels(customer, [d for d in found if d.table == "level"])
        mend_days(customer, [d for d in found if d.table == "day"])
        mend_licenses([d for d in found if d.table == "license"])
    return found


def mend_balance(customer: Customer, differences: Sequence[Difference]) -> None:
    """Set the columns of the balance row that differ."""
    columns = {d.column: d.made for d in differences}
    if columns:
        Balance.objects.filter(customer=customer).update(**columns)


def mend_levels(customer: Customer, differences: Sequence[Difference]) -> None:
    """Put the right level in place of each wrong one, as the writer would."""
    if differences:
        made = [(d.row, *d.made) for d in differences]
        with prepared(*levels_set(customer.pk, made)):
            pass


def mend_days(customer: Customer, differences: Sequence[Difference]) -> None:
    """Add what each wrong change lacks, as the writer would."""
    if differences:
        with prepared(*days_moved(customer.pk, {d.row: d.made - d.kept for d in differences})):
            pass


def mend_licenses(differences: Sequence[Difference]) -> None:
    """Set the columns of license rows that differ, each row's at once."""
    columns: dict[int, dict[str, object]] = {}
    for d in differences:
        columns.setdefault(d.row, {})[d.column] = d.made
    for pk, made in columns.items():
        License.objects.filter(pk=pk).update(**made)


@transaction.atomic
def rebuild_office(*, dry_run: bool = False) -> list[Difference]:
    """Restore the head of the office's chain from its operations, under its lock."""
    journal, _ = lock_office()
    newest = Operation.objects.filter(customer__isnull=True).order_by("position").last()
    made = {
        "position": newest.position if newest else 0,
        "chain_head": newest.hash if newest else GENESIS,
        "last_recorded_at": newest.recorded_at if newest else None,
    }
    found = [
        Difference(None, "office", None, column, f"office {column}", getattr(journal, column), new)
        for column, new in made.items()
        if getattr(journal, column) != new
    ]
    if found and not dry_run:
        OfficeJournal.objects.filter(pk=journal.pk).update(**made)
    return found
