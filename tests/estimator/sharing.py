"""Links to estimates, as tests make and open them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import reverse

from credits.models import Customer, User
from estimator.domain.sharing import RevokeEstimateLink, ShareEstimate, revoke, secret_of, share
from estimator.models import Estimate, EstimateLink
from tests.factories import credits as make


def share_command(
    estimate: Estimate, actor: User | None, key: str = "", **fields: Any
) -> ShareEstimate:
    """A link to the newest version for 30 days, but for what is named."""
    told = {"customer": estimate.customer, "version": estimate.version, "days": 30, **fields}
    return ShareEstimate(asked=make.asked(key, actor=actor), estimate=estimate.public_id, **told)


def shared(
    estimate: Estimate, actor: User | None = None, key: str = "", **fields: Any
) -> EstimateLink:
    """A link that was made."""
    return share(share_command(estimate, actor or estimate.created_by, key, **fields))


def revoke_command(
    link: EstimateLink, actor: User | None, key: str = "", *, customer: Customer | None = None
) -> RevokeEstimateLink:
    """The command that closes a link, as its own customer asks or another."""
    estimate = link.version.estimate
    return RevokeEstimateLink(
        customer=customer or estimate.customer,
        asked=make.asked(key, actor=actor),
        estimate=estimate.public_id,
        link=link.public_id,
    )


def revoked(link: EstimateLink, actor: User | None = None, key: str = "") -> None:
    """A link is closed, by who made it unless somebody else is named."""
    revoke(revoke_command(link, actor or link.shared_by, key))


def link_url(secret: str | EstimateLink, kind: str = "") -> str:
    """The path a link leads to, or the file of a kind there."""
    args = [secret if isinstance(secret, str) else secret_of(secret)]
    if kind:
        return reverse("estimator:shared-estimate-file", args=[*args, kind])
    return reverse("estimator:shared-estimate", args=args)


def revoke_url(link: EstimateLink) -> str:
    estimate = link.version.estimate
    kwargs: dict[str, str | UUID] = {
        "slug": estimate.customer.slug,
        "public_id": estimate.public_id,
        "link": link.public_id,
    }
    return reverse("estimator:estimate-link-revoke", kwargs=kwargs)
