"""The row locks of the writer. Order everywhere: customer balances by id, then the office."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Coalesce

from credits.exceptions import UnknownObject
from credits.models import Balance, FeatureRate, OfficeJournal


def lock_customer(customer_id: int) -> Balance:
    """Lock a customer's books until the transaction ends, before any insert.

    FOR NO KEY UPDATE: it stands against every other writer but not against the key locks that
    inserting children takes. The row carries `newest_rates`, read in the same statement.

    Raises UnknownObject if there is no such customer, TransactionManagementError outside a
    transaction.
    """
    newest = FeatureRate.objects.order_by("-operation_id").values("operation_id")[:1]
    locked = (
        Balance.objects.select_for_update(no_key=True, of=("self",))
        .annotate(
            newest_rates=Coalesce(models.Subquery(newest), 0, output_field=models.BigIntegerField())
        )
        .filter(pk=customer_id)
        .first()
    )
    if locked is None:
        raise UnknownObject("There is no such customer.")
    return locked


def lock_office() -> OfficeJournal:
    """Lock the chain of catalogue and staff changes; made on first use."""
    OfficeJournal.objects.get_or_create(pk=1)
    return OfficeJournal.objects.select_for_update(no_key=True).get(pk=1)
