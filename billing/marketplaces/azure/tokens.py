"""The access token by which the marketplace knows us: asked for once, kept until it ends."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from urllib.parse import urlencode

from billing.domain.marketplaces.providers import Unavailable
from billing.marketplaces.azure.account import Account
from billing.marketplaces.azure.reading import Unreadable, parsed
from billing.marketplaces.azure.transport import ask
from credits import clock

logger = logging.getLogger(__name__)

EARLY = timedelta(minutes=5)
"""How long before its end a token is not used any more."""

LONGEST_SECONDS = 86_400


@dataclass(frozen=True)
class Token:
    """An access token of this process, and until when it is used."""

    value: str
    since: datetime
    until: datetime

    def is_good(self) -> bool:
        return self.since <= clock.now() < self.until


_tokens: dict[Account, Token] = {}
_guard = Lock()


def token(account: Account) -> str:
    """An access token that still holds, asked for if there is none. Raises Unavailable."""
    with _guard:
        kept = _tokens.get(account)
        if kept is None or not kept.is_good():
            kept = _tokens[account] = asked_for(account)
    return kept.value


def forget(account: Account, value: str) -> None:
    """Use a token no more that the marketplace refused; a newer one stays."""
    with _guard:
        if (kept := _tokens.get(account)) and kept.value == value:
            del _tokens[account]


def forget_all() -> None:
    """Use no token any more."""
    with _guard:
        _tokens.clear()


def asked_for(account: Account) -> Token:
    """A new token, for our application's id and secret. Raises Unavailable."""
    form = {
        "grant_type": "client_credentials",
        "client_id": account.client_id,
        "client_secret": account.secret,
        "scope": f"{account.caller}/.default",
    }
    answer = ask(
        "POST",
        account.token_address,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        body=urlencode(form).encode(),
    )
    if answer.status != 200:
        # A secret that has expired looks like this; what the answer says may quote it.
        logger.error("azure_token_refused status=%s", answer.status)
        raise Unavailable("The directory gave no token: is the secret still valid?")
    try:
        found = parsed(answer.body)
    except Unreadable as error:
        raise Unavailable("The directory's answer was not its own.") from error
    value, seconds = found.get("access_token"), found.get("expires_in")
    # Version 1 writes the number in quotes.
    seconds = int(seconds) if isinstance(seconds, str) and seconds.isdecimal() else seconds
    if not isinstance(value, str) or not re.fullmatch("[!-~]+", value) or type(seconds) is not int:
        raise Unavailable("The directory's answer holds no token.")
    now = clock.now()
    return Token(value, now, now + timedelta(seconds=min(seconds, LONGEST_SECONDS)) - EARLY)
