"""The nightly reconciliation: what differs is listed, and repaired on a person's word.

Rules: docs/rules.md#marketplaces.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.db import transaction
from django.utils.translation import gettext as _

from billing.domain.marketplaces.agreements import agreement_of, last_said, short
from billing.domain.marketplaces.comparing import UNKNOWN_TO_THEM, Difference, differences
from billing.domain.marketplaces.corrected import REPAIR
from billing.domain.marketplaces.looking import visit
from billing.domain.marketplaces.providers import (
    Provider,
    Truth,
    Unavailable,
    provider,
    providers,
)
from billing.models import (
    DifferenceState,
    Marketplace,
    MarketplaceAgreement,
    MarketplaceDifference,
)
from credits import clock
from credits.domain.access import may_correct
from credits.domain.books import Books
from credits.domain.commands import Answer, Asked, Command, Decision
from credits.domain.post import post
from credits.exceptions import InvalidCommand, NotAllowed

logger = logging.getLogger(__name__)


class NotAllReconciled(Exception):
    """A marketplace could not be asked for its agreements. All others were."""


def reconcile(as_of: datetime) -> dict[str, int]:
    """Compare every marketplace's agreements with ours; how many differ. Nothing is repaired.

    A second run of a slot finds the same. Raises NotAllReconciled, after all others, where a
    marketplace did not answer; what was known of it stays as it was.
    """
    counts = Counter(agreements=0, open=0, gone=0)
    silent = []
    for asks in providers():
        try:
            said = {truth.reference: truth for truth in asks.agreements()}
        except Unavailable as problem:
            logger.warning("marketplace_unavailable name=%s problem=%s", asks.name, problem)
            silent.append(asks.name)
            continue
        counts.update(compare(asks.name, said, as_of))
    if silent:
        raise NotAllReconciled(f"No answer: {', '.join(silent)}.")
    return dict(counts)


def compare(marketplace: str, said: Mapping[str, Truth], as_of: datetime) -> dict[str, int]:
    """Note what differs now between one marketplace and us, and what agrees again."""
    own = MarketplaceAgreement.objects.filter(marketplace=marketplace)
    ours = {one.reference: one for one in own.select_related("contract")}
    now = clock.now()
    found = 0
    seen: set[int] = set()
    for reference in sorted({*ours, *said}):
        differing = differences(ours.get(reference), said.get(reference), now)
        found += len(differing)
        for one in differing:
            seen.add(note(marketplace, reference, ours.get(reference), one, as_of))
    open_ones = MarketplaceDifference.objects.filter(
        marketplace=marketplace, state=DifferenceState.OPEN, found_at__lte=as_of
    )
    gone = open_ones.exclude(pk__in=seen).update(state=DifferenceState.GONE, closed_at=now)
    return {"agreements": len(said), "open": found, "gone": gone}


def note(
    marketplace: str,
    reference: str,
    agreement: MarketplaceAgreement | None,
    one: Difference,
    as_of: datetime,
) -> int:
    """Keep a difference, new or seen again; its key."""
    said = {"ours": one.ours, "theirs": one.theirs, "agreement": agreement, "seen_at": as_of}
    row, _is_new = MarketplaceDifference.objects.update_or_create(
        marketplace=marketplace,
        reference=reference,
        kind=one.kind,
        state=DifferenceState.OPEN,
        defaults=said,
        create_defaults={**said, "found_at": as_of},
    )
    return row.pk


@dataclass(frozen=True, kw_only=True)
class RepairAgreement(Command):
    """A person's word that what the marketplace says of an agreement is to be applied anew.

    It writes nothing but itself; what comes of it are the marketplace's own operations. Raises
    InvalidCommand without a reason, NotAllowed for anybody but support.
    """

    kind: ClassVar[str] = REPAIR

    reference: str
    subject: str

    def content(self) -> Mapping[str, Any]:
        return {"reference": self.reference}

    def decide(self, books: Books) -> Decision:
        if not self.asked.reason.strip():
            raise InvalidCommand(_("Say why it is to be repaired."), field="reason")
        if self.asked.actor is None or not may_correct(self.asked.actor, books.customer):
            raise NotAllowed(_("Only support repairs agreements."))
        return Decision(answer={"reference": self.reference}, subject=self.subject)


def repair(difference: MarketplaceDifference, asked: Asked) -> list[MarketplaceDifference]:
    """Look at the agreement of a difference once more and apply what is said; what still differs.

    The word is given first, and stands also where the marketplace does not answer then. An
    agreement that was missing in the night and is missing now has ended by that word. Raises what
    `repairing` and the look raise.
    """
    command = repairing(difference, asked)
    asks = asked_of(difference)
    answer = post(command)
    agreement = agreement_of(difference.marketplace, difference.reference)
    visit(agreement, asks, gone_is_over=difference.kind == UNKNOWN_TO_THEM)
    agreement.refresh_from_db()
    return closed(agreement, answer)


def repairing(difference: MarketplaceDifference, asked: Asked) -> RepairAgreement:
    """The command that a repair is. Raises NotAllowed for what no look can repair."""
    agreement = difference.agreement
    if agreement is None or agreement.customer is None:
        raise NotAllowed(
            _(
                "No customer has linked this agreement, so there is nothing to apply it to. "
                "The buyer links it from the marketplace's own page."
            )
        )
    name = Marketplace(agreement.marketplace).label
    return RepairAgreement(
        customer=agreement.customer,
        asked=asked,
        reference=agreement.reference,
        subject=f"{name} {short(agreement.reference)}",
    )


def asked_of(difference: MarketplaceDifference) -> Provider:
    """The marketplace to ask. Raises NotAllowed where this installation has none of it."""
    asks = provider(difference.marketplace)
    if asks is None:
        raise NotAllowed(_("This installation sells nothing on this marketplace now."))
    return asks


@transaction.atomic
def closed(agreement: MarketplaceAgreement, answer: Answer) -> list[MarketplaceDifference]:
    """Close the differences that a repair has mended; those that still stand."""
    still = {one.kind for one in differences(agreement, last_said(agreement), clock.now())}
    open_ones = MarketplaceDifference.objects.filter(
        marketplace=agreement.marketplace,
        reference=agreement.reference,
        state=DifferenceState.OPEN,
    )
    open_ones.exclude(kind__in=still).update(
        state=DifferenceState.REPAIRED, closed_at=clock.now(), repair=answer.operation
    )
    return list(open_ones)
