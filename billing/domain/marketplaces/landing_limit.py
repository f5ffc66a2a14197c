"""A buyer who arrives from a marketplace with a token: how often that may be tried.

Each try asks the marketplace, so those that came to nothing are counted like refused log-ins
(docs/rules.md#r21), by address and by token.
"""

from __future__ import annotations

from billing.domain.marketplaces.linking import claim
from billing.domain.marketplaces.providers import Provider, Unavailable
from credits.domain import door
from credits.models import SecurityEventKind

NO_TOKEN = "no-token"  # noqa: S105 It stands for none.


def arrive(marketplace: Provider, token: str, address: str | None) -> str:
    """The secret of the address where the agreement of a token can be linked.

    The token is kept nowhere. Raises RefusedToken, UnknownAgreement, Unavailable, and
    door.Delayed for too many tries: then the marketplace was not asked.
    """
    who = door.visitor(token or NO_TOKEN, address)
    place = door.take_place(who, SecurityEventKind.MARKETPLACE_REFUSED)
    try:
        truth = marketplace.resolve(token)
    except Unavailable:
        # The marketplace is at fault; the buyer may come again.
        door.take_back(place)
        raise
    door.take_back(place)
    return claim(truth)
