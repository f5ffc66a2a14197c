"""The keys by which the marketplace's calls are signed: fetched ahead by a job, read from a row.

So nothing that a caller sends makes us ask anybody. The directory publishes a new key days before
it signs with it, and says to look at least once a day.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from jwt import InvalidKeyError, PyJWK

from billing.domain.marketplaces.providers import Unavailable
from billing.marketplaces.azure.account import Account
from billing.marketplaces.azure.reading import Unreadable, parsed
from billing.marketplaces.azure.transport import ask
from billing.models import Marketplace, MarketplaceKeys
from credits import clock

logger = logging.getLogger(__name__)

FETCHED_EVERY = timedelta(hours=1)
GOOD_FOR = timedelta(hours=48)
"""Keys that could not be fetched anew for so long may have been withdrawn: they open nothing."""

SHORTEST_BITS = 2048
MOST_KEYS = 100
KEY_ID = re.compile("[A-Za-z0-9_-]{1,200}")


class NoKeys(Exception):
    """No keys were fetched yet, or not for too long: nobody's call can be checked."""


def refresh(account: Account) -> None:
    """Fetch the keys if the last ones are an hour old. Raises Unavailable; then the old stay."""
    row = MarketplaceKeys.objects.filter(marketplace=Marketplace.AZURE).first()
    now = clock.now()
    if row is not None and row.fetched_at <= now < row.fetched_at + FETCHED_EVERY:
        return
    answer = ask("GET", account.keys_address, headers={"Accept": "application/json"})
    if answer.status != 200:
        raise Unavailable(f"The directory answered {answer.status} instead of its keys.")
    try:
        found = parsed(answer.body).get("keys")
    except Unreadable as error:
        raise Unavailable("The directory's keys cannot be read.") from error
    fit = [kept(one) for one in found[:MOST_KEYS] if is_fit(one)] if isinstance(found, list) else []
    if not fit:
        raise Unavailable("The directory names no key that signs.")
    MarketplaceKeys.objects.update_or_create(
        marketplace=Marketplace.AZURE, defaults={"keys": fit, "fetched_at": now}
    )
    logger.info("azure_keys_fetched count=%d", len(fit))


def is_fit(key: object) -> bool:
    """Whether it is a key of RSA for signing, long enough, with a plain id."""
    if not isinstance(key, dict) or key.get("kty") != "RSA" or key.get("use", "sig") != "sig":
        return False
    if not isinstance(key.get("kid"), str) or not KEY_ID.fullmatch(key["kid"]):
        return False
    try:
        return bool(public(key).key_size >= SHORTEST_BITS)
    except (InvalidKeyError, ValueError, TypeError):
        return False


def kept(key: Mapping[str, Any]) -> dict[str, str]:
    """What is kept of a key: nothing of what it may say besides."""
    return {name: str(key[name]) for name in ("kty", "kid", "n", "e")}


def public(key: Mapping[str, Any]) -> Any:
    """The public key that a JSON Web Key writes down."""
    return PyJWK(kept(key), algorithm="RS256").key


def key_of(key_id: str) -> Any | None:
    """The key of an id; None if there is none of it. Asks nobody. Raises NoKeys."""
    row = MarketplaceKeys.objects.filter(marketplace=Marketplace.AZURE).first()
    if row is None or clock.now() > row.fetched_at + GOOD_FOR:
        raise NoKeys
    found = [key for key in row.keys if key["kid"] == key_id]
    return public(found[0]) if found else None
