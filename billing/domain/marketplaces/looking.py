"""A look at a marketplace, and what comes of it: number, question, truth, books.

The question is asked outside of every transaction. What was told is applied under the locks of
customer and agreement, and only if no later look was (docs/rules.md#marketplaces).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from billing.domain.marketplaces.agreements import (
    Overtaken,
    items_of,
    locked,
    remember,
    take_number,
)
from billing.domain.marketplaces.corrected import SENTENCE, CorrectedByHand
from billing.domain.marketplaces.granting import grant
from billing.domain.marketplaces.offers import offers_of
from billing.domain.marketplaces.providers import Provider, Truth, Unavailable, Vanished
from billing.domain.marketplaces.wanted import wanted
from billing.models import AgreementState, MarketplaceAgreement
from credits import clock
from credits.exceptions import CreditsError
from credits.models import Balance

logger = logging.getLogger(__name__)

TRIES = 3
"""So often a look begins anew that somebody linked the agreement under."""


NOT_LINKED = "not-linked"

WORDS: Mapping[str, Any] = {
    NOT_LINKED: gettext_noop("No customer has linked this agreement yet."),
    "unknown-offer": gettext_noop("Nobody has said yet what a unit of one of its plans is worth."),
    "no-end": gettext_noop("The marketplace names no last day."),
    CorrectedByHand.code: SENTENCE,
}
"""Why an agreement has come to nothing so far. Any other word is the code of a refusal."""

REFUSED = gettext_noop("The books refused it; a newer message says why.")


@dataclass(frozen=True)
class Outcome:
    """What a look has come to. `problem` is a code, `words` a sentence; both empty: all is well."""

    problem: str = ""
    words: str = ""


def words_of(problem: str) -> str:
    """A problem in words; nothing where there is none."""
    return _(WORDS.get(problem, REFUSED)) if problem else ""


def visit(
    agreement: MarketplaceAgreement, asks: Provider, *, gone_is_over: bool = False
) -> Outcome:
    """Look at an agreement and apply what is said; tell the marketplace that the buyer is in.

    After it was told, a second look brings what that changed. `gone_is_over` is a person's word
    that an agreement has ended of which nothing is said any more. Raises Unavailable,
    UnknownAgreement.
    """
    outcome = look(agreement, asks, gone_is_over=gone_is_over)
    if waits_for_activation(agreement, outcome):
        asks.activate(agreement.reference, items_of(agreement))
        outcome = look(agreement, asks)
    return outcome


def waits_for_activation(agreement: MarketplaceAgreement, outcome: Outcome) -> bool:
    """Whether the buyer was let in and the marketplace does not know it yet."""
    agreement.refresh_from_db()
    is_in = agreement.customer_id is not None and not outcome.problem
    return is_in and agreement.must_activate and agreement.state != AgreementState.ENDED


def look(agreement: MarketplaceAgreement, asks: Provider, *, gone_is_over: bool = False) -> Outcome:
    """One look: a number, the question, and the truth applied. Raises what the question raises."""
    number = take_number(agreement)
    try:
        truth = asks.truth(agreement.reference, agreement.account, agreement.product)
    except Vanished as gone:
        if not gone_is_over:
            raise
        truth = gone.ended
    for _try in range(TRIES):
        try:
            return apply_truth(agreement.pk, number, truth)
        except Overtaken:
            continue
    raise Unavailable("The agreement is being linked at this moment.")


@transaction.atomic
def apply_truth(pk: int, number: int, truth: Truth) -> Outcome:
    """Bring an agreement to what a look was told, unless a later look was applied before.

    What the books refuse is kept with the agreement as its problem, and nothing of it is written.
    Raises Overtaken, and Unavailable while the customer's books are parked.
    """
    agreement = locked(pk)
    if agreement.applied >= number:
        return Outcome(agreement.problem, words_of(agreement.problem))
    refuse_parked(agreement)
    remember(agreement, truth)
    outcome = come_to(agreement, truth)
    agreement.applied, agreement.applied_at = number, clock.now()
    agreement.problem = outcome.problem
    agreement.save(update_fields=["applied", "applied_at", "problem"])
    return outcome


def come_to(agreement: MarketplaceAgreement, truth: Truth) -> Outcome:
    """What the truth is for the books; a refusal in words, with nothing written."""
    if agreement.customer_id is None:
        return Outcome(NOT_LINKED, words_of(NOT_LINKED))
    now = clock.now()
    try:
        with transaction.atomic():
            bring(agreement, truth, now)
    except CreditsError as refusal:
        logger.warning(
            "agreement_refused agreement=%s reason=%s", agreement.public_id, refusal.code
        )
        agreement.refresh_from_db(fields=["contract"])
        return Outcome(refusal.code, refusal.message)
    return Outcome()


def bring(agreement: MarketplaceAgreement, truth: Truth, now: datetime) -> int:
    """Bring a linked agreement's licenses and contract to the truth; how many steps."""
    offers = offers_of(agreement.marketplace, agreement.product)
    want = wanted(truth, offers, now)
    return grant(agreement, want, now) if want is not None else 0


def refuse_parked(agreement: MarketplaceAgreement) -> None:
    """Parked books take the truth as soon as they are opened again. Raises Unavailable."""
    parked = Balance.objects.filter(customer=agreement.customer_id, parked_at__isnull=False)
    if agreement.customer_id is not None and parked.exists():
        raise Unavailable("The customer's books are parked; it is applied once they are open.")
