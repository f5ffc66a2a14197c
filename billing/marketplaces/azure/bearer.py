"""Who calls the webhook: the bearer token that Azure's directory signs for the marketplace.

It names the caller and is no signature of the body: the same token carries every message for as
long as it holds. What a message says is checked against the marketplace itself before anything
is done (`provider.settle`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import jwt

from billing.marketplaces.azure.account import Account
from billing.marketplaces.azure.keys import KEY_ID, key_of
from credits import clock

LONGEST = 16_384
BEARER = re.compile(r"(?i:Bearer) ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)")
ALGORITHM = "RS256"
LEEWAY = timedelta(seconds=60)
"""How far the two clocks may differ."""

OWN_KEYS = frozenset({"jku", "jwk", "x5u", "x5c", "crit", "b64", "zip"})
"""Headers by which a token says itself how it is to be checked."""


class Forged(Exception):
    """The caller is not the marketplace. The word is for our log alone."""


def check(header: str, account: Account) -> None:
    """Refuse every caller but the marketplace.

    Raises Forged, and NoKeys while nobody can be checked. Asks nobody.
    """
    token = token_in(header)
    key = key_of(key_id(token))
    if key is None:
        raise Forged("unknown_key")
    try:
        # Its times are looked at by our own clock below, and who it is for in words of our own.
        claims = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            options={
                "verify_signature": True,
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "verify_aud": False,
                "verify_iss": False,
            },
        )
    except (jwt.InvalidTokenError, ValueError, RecursionError) as error:
        raise Forged("signature") from error
    check_claims(claims, account)


def token_in(header: str) -> str:
    """The one token of the header. Two headers come as one with a comma, and are refused."""
    found = BEARER.fullmatch(header) if len(header) <= LONGEST else None
    if found is None:
        raise Forged("no_bearer_token")
    return found[1]


def key_id(token: str) -> str:
    """Which key a token says it was signed with, if it says all else as it must."""
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.InvalidTokenError, ValueError, RecursionError) as error:
        raise Forged("header") from error
    if header.get("alg") != ALGORITHM:
        raise Forged("algorithm")
    if header.get("typ", "JWT") != "JWT" or OWN_KEYS & header.keys():
        raise Forged("header")
    named = header.get("kid")
    if not isinstance(named, str) or not KEY_ID.fullmatch(named):
        raise Forged("key_id")
    return named


def check_claims(claims: Mapping[str, Any], account: Account) -> None:
    """Refuse a token of another issuer, directory, recipient, caller or time."""
    expected = {"aud": account.client_id, "tid": account.tenant}
    for name, value in expected.items():
        if not is_id(claims.get(name), value):
            raise Forged(name)
    if claims.get("iss") not in account.issuers:
        raise Forged("iss")
    # Version 1 names the caller `appid`, version 2 `azp`; one that has both must mean one caller.
    callers = [claims[name] for name in ("appid", "azp") if name in claims]
    if not callers or not all(is_id(caller, account.caller) for caller in callers):
        raise Forged("caller")
    check_times(claims)


def is_id(value: object, expected: str) -> bool:
    return isinstance(value, str) and value.isascii() and value.lower() == expected


def check_times(claims: Mapping[str, Any]) -> None:
    """Refuse what does not hold now, with a minute's leeway on each side."""
    begins, ends = claims.get("nbf"), claims.get("exp")
    if type(begins) is not int or type(ends) is not int:
        raise Forged("times")
    now = clock.now().timestamp()
    if now < begins - LEEWAY.total_seconds():
        raise Forged("nbf")
    if now >= ends + LEEWAY.total_seconds():
        raise Forged("exp")
