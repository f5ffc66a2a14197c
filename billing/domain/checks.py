"""What billing adds to the invariants of the books (settings.BOOKS_CHECKS)."""

from __future__ import annotations

from collections.abc import Iterator

from billing.domain.publication_check import verify_publications
from billing.models import Purchase
from credits.domain.verifying.checks import Batch, Check, Problem, Seen, rows
from credits.models import Publication

PARTIAL = """
SELECT purchase.customer_id, purchase.order_number,
    operation.customer_id IS DISTINCT FROM purchase.customer_id
FROM billing_purchase purchase JOIN credits_operation operation
    ON operation.id = purchase.operation_id
WHERE purchase.customer_id = ANY(%(customers)s) AND (
    operation.customer_id IS DISTINCT FROM purchase.customer_id
    OR (SELECT array_agg(line.license_id ORDER BY line.license_id) FROM billing_purchaseline line
        WHERE line.purchase_id = purchase.id AND EXISTS (
            SELECT FROM credits_licenseterm term WHERE term.license_id = line.license_id
                AND (term.operation_id = purchase.operation_id OR NOT EXISTS (
                    SELECT FROM credits_operation reversal
                    WHERE reversal.reverses_id = term.operation_id))))
    IS DISTINCT FROM (SELECT array_agg(DISTINCT license_id ORDER BY license_id)
        FROM credits_licenseterm WHERE operation_id = purchase.operation_id))
ORDER BY purchase.customer_id, purchase.id
"""


def purchases_whole(batch: Batch, seen: Seen) -> Iterator[Problem]:
    """An order lists exactly the licenses that its own operation granted.

    Beside them only those that were taken out of it since: nothing that was said of them stands.
    """
    seen["purchases"] += Purchase.objects.filter(customer__in=batch.ids).count()
    for customer, number, is_foreign in rows(PARTIAL, customers=batch.ids):
        if is_foreign:
            yield Problem(customer, f"Order {number} names an operation of another customer.")
        else:
            yield Problem(customer, f"Order {number} lists other licenses than were granted.")


def published(_: Batch, seen: Seen) -> Iterator[Problem]:
    """Every published hour is what the ledger makes of it today, and none goes back."""
    seen["published hours"] += Publication.objects.count()
    for sentence in verify_publications():
        yield Problem(None, sentence)


CHECKS = (
    Check("I12", "A purchase is whole", purchases_whole),
    Check("I20", "Published hours never change", published, is_whole=True),
)
