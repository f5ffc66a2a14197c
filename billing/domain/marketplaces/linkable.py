"""Why an agreement cannot be linked, each cause in its own sentence, and what linking brings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from billing.domain.marketplaces.agreements import items_of, last_said
from billing.domain.marketplaces.offers import offers_of
from billing.domain.marketplaces.wanted import (
    NoEnd,
    UnknownOffer,
    Wanted,
    cut_down,
    wanted,
    worth,
)
from billing.models import AgreementState, Marketplace, MarketplaceAgreement
from credits import clock
from credits.exceptions import NotAllowed
from credits.models import Customer


class NotYet(NotAllowed):
    """Nothing stands in its way but time: to be tried again in some minutes."""

    code = "not-yet"


@dataclass(frozen=True)
class Brings:
    """What an agreement brings: whole credits over [starts_at, ends_at), or pay-as-you-go.

    `ends_at` is None while the marketplace does not say it, or where there is no end.
    """

    credits: int
    is_payg: bool
    starts_at: datetime
    ends_at: datetime | None


def check_goes_on(agreement: MarketplaceAgreement) -> None:
    """Refuse an agreement that is not ready, over, or of a plan nobody knows.

    Raises NotYet and NotAllowed, each with the reason for the buyer.
    """
    if agreement.state == AgreementState.ENDED:
        raise NotAllowed(
            _("This agreement has ended at the marketplace, so there is nothing left to link.")
        )
    if agreement.state == AgreementState.PENDING and not agreement.must_activate:
        raise NotYet(
            _(
                "The marketplace has not made this agreement active yet: it is being settled. That "
                "takes some minutes, sometimes an hour. Try again then; nothing is lost."
            )
        )
    if not any(item.units > 0 for item in items_of(agreement)):
        raise NotYet(
            _(
                "The marketplace does not say yet what this agreement contains: it is not synced. "
                "Try again in a few minutes."
            )
        )
    offers = offers_of(agreement.marketplace, agreement.product)
    try:
        wanted(last_said(agreement), offers, clock.now())
    except UnknownOffer:
        raise NotAllowed(
            _(
                "What was bought is none of the offers that this portal knows. Write to us with "
                "the number of the agreement, and we will see to it."
            )
        ) from None
    except NoEnd:
        raise NotAllowed(
            _(
                "The marketplace names no last day for this agreement, so it cannot become "
                "credits. Write to us with the number of the agreement."
            )
        ) from None


def check_customer(agreement: MarketplaceAgreement, customer: Customer) -> None:
    """Refuse what is linked already, and a second standing contract for credits on AWS.

    Raises NotAllowed; another customer is never named.
    """
    if agreement.customer_id == customer.pk:
        raise NotAllowed(_("This agreement is linked to this customer already."))
    if agreement.customer_id is not None:
        raise NotAllowed(
            _("This agreement is linked to another customer of this portal, so it stays there.")
        )
    if agreement.marketplace == Marketplace.AWS and is_for_credits(agreement):
        for other in standing(customer):
            if is_for_credits(other):
                raise NotAllowed(
                    _(
                        "%(name)s has a contract for credits on %(marketplace)s already, and can "
                        "have one at a time. Amend that one to get more credits."
                    )
                    % {
                        "name": customer.name,
                        "marketplace": other.get_marketplace_display(),
                    }
                )


def standing(customer: Customer) -> list[MarketplaceAgreement]:
    """The agreements of a customer on AWS that have not ended."""
    own = MarketplaceAgreement.objects.filter(customer=customer, marketplace=Marketplace.AWS)
    return list(own.exclude(state=AgreementState.ENDED))


def is_for_credits(agreement: MarketplaceAgreement) -> bool:
    """Whether any of its units is worth credits."""
    offers = offers_of(agreement.marketplace, agreement.product)
    known = [item for item in items_of(agreement) if item.plan in offers]
    return any(offers[item.plan].credits * item.units for item in known)


def brings(agreement: MarketplaceAgreement) -> Brings | None:
    """What linking an agreement brings, as far as it is known; None if nobody can say."""
    truth, at = last_said(agreement), clock.now()
    offers = offers_of(agreement.marketplace, agreement.product)
    try:
        want: Wanted | None = wanted(truth, offers, at)
        credits, is_payg = worth(truth, offers)
    except (UnknownOffer, NoEnd):
        return None
    starts_at = want.starts_at if want else None
    ends_at = want.ends_at if want and truth.ends_at else None
    return Brings(credits, is_payg, starts_at or cut_down(at), ends_at)
