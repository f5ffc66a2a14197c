"""What a person has corrected of an agreement's licenses stands (docs/rules.md#marketplaces).

A look changes nothing then; the nightly reconciliation lists what differs, and only its repair,
on a person's word that comes after the correction, applies what the marketplace says.
"""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from billing.models import MarketplaceAgreement
from credits.exceptions import CreditsError
from credits.models import LicenseTerm, Operation

REPAIR = "repair-agreement"
"""The kind of the operation that a person's word is; its answer names the reference."""

SENTENCE = gettext_noop(
    "A person has corrected what this agreement came to, and that stands. What differs is listed "
    "each night; repair it there to apply what the marketplace says."
)


class CorrectedByHand(CreditsError):
    """A person has corrected a license of the agreement since it was repaired last."""

    code = "corrected-by-hand"


def refuse_corrected(agreement: MarketplaceAgreement) -> None:
    """Leave an agreement to a person that was corrected by one. Raises CorrectedByHand."""
    repaired = (
        Operation.objects.filter(
            customer=agreement.customer_id, kind=REPAIR, answer__reference=agreement.reference
        )
        .order_by("-pk")
        .values_list("pk", flat=True)
        .first()
    )
    if corrections(agreement).filter(pk__gt=repaired or 0).exists():
        raise CorrectedByHand(_(SENTENCE))


def corrections(agreement: MarketplaceAgreement) -> QuerySet[Operation]:
    """What people have stated of the agreement's licenses, or withdrawn of what it had stated.

    An order that was cancelled or moved is withdrawn. A correction that was withdrawn itself is
    none.
    """
    terms = LicenseTerm.objects.filter(
        license__purchase_line__purchase__agreement_order__agreement=agreement
    )
    stated = Exists(terms.filter(operation=OuterRef("pk")))
    undone = Exists(Operation.objects.filter(reverses=OuterRef("pk")))
    withdrew = Exists(terms.filter(operation=OuterRef("reverses")))
    return Operation.objects.filter(
        Q(stated, ~undone) | Q(withdrew, reverses__actor__isnull=True),
        customer=agreement.customer_id,
        actor__isnull=False,
    )
