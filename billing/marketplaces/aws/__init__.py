"""AWS Marketplace: SaaS products whose buyers may hold several agreements at once.

An agreement is known by its license (LicenseArn) and the buyer's account. What is told by events
says only where to look; what holds is what AWS says of entitlements and agreements when asked
(docs/marketplace-aws.md).
"""

from __future__ import annotations

from billing.marketplaces.aws.configuration import configuration
from billing.marketplaces.aws.provider import AwsMarketplace


def configured() -> AwsMarketplace | None:
    """The marketplace as the settings describe it; None where no product is sold there."""
    found = configuration()
    return AwsMarketplace(found) if found.products else None
