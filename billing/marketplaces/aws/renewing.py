"""A license that goes on where another one stopped.

Where an agreement is renewed or replaced, AWS gives the new one a license of its own, and tells
which agreements form one chain. Its buyer linked the first of them, and need not do so again.
"""

from __future__ import annotations

import logging
from typing import Protocol

from billing.domain.marketplaces.linking import claim, claimed, link
from billing.domain.marketplaces.looking import visit
from billing.domain.marketplaces.providers import Message, Provider
from billing.models import Marketplace, MarketplaceAgreement
from credits.domain.commands import Asked
from credits.exceptions import CreditsError

logger = logging.getLogger(__name__)


class Chained(Provider, Protocol):
    """A marketplace that knows which agreements belong together."""

    def chain_of(self, reference: str, account: str) -> list[str]:
        """The licenses of all agreements in the chain of one license."""


def carry_on(marketplace: Chained, message: Message) -> None:
    """Link the license of a message to the customer of the one before it in its chain.

    Nothing is done for a license that is linked, for the first of a chain, and where the licenses
    before are linked to several customers. The one before is looked at first, so that it has
    ended. What the books refuse is left to a person. Raises Unavailable and UnknownAgreement.
    """
    own = MarketplaceAgreement.objects.filter(marketplace=Marketplace.AWS)
    linked = own.filter(customer__isnull=False).select_related("customer")
    if linked.filter(reference=message.reference).exists():
        return
    chain = marketplace.chain_of(message.reference, message.account)
    before = list(linked.filter(reference__in=chain, account=message.account).order_by("pk"))
    customers = {one.customer for one in before if one.customer is not None}
    if len(customers) != 1:
        return
    for one in before:
        visit(one, marketplace)
    truth = marketplace.truth(message.reference, message.account, message.product)
    customer = customers.pop()
    asked = Asked(source=Marketplace.AWS, key=f"carry-on/{message.reference}")
    try:
        link(claimed(claim(truth)), customer, asked)
    except CreditsError as refusal:
        logger.warning("aws_not_carried_on message=%s reason=%s", message.message_id, refusal.code)
