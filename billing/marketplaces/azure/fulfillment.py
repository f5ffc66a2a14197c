"""The calls of the SaaS fulfillment API that the portal makes (version 2018-08-31)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from billing.domain.marketplaces.providers import Unavailable
from billing.marketplaces.azure import tokens
from billing.marketplaces.azure.account import Account
from billing.marketplaces.azure.reading import Unreadable, parsed
from billing.marketplaces.azure.transport import Answer, ask

VERSION = "api-version=2018-08-31"
MOST_PAGES = 10_000
"""Of 100 subscriptions each: a list that goes on for longer goes in a circle."""


def call(
    account: Account,
    method: str,
    address: str,
    *,
    content: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """One call with our token, and once more with a new one if it was refused.

    Raises Unavailable, also where we are not let in: that is never said of a subscription alone.
    """
    body = None if content is None else json.dumps(content).encode()
    for _ in range(2):
        token = tokens.token(account)
        answer = ask(
            method,
            address,
            headers={
                "Authorization": f"Bearer {token}",
                "Content-Type": "application/json",
                **(headers or {}),
            },
            body=body,
        )
        if answer.status != 401:
            break
        tokens.forget(account, token)
    if answer.status in (401, 403):
        raise Unavailable("The marketplace does not let us in: is the application the offer's?")
    return answer


def resolve(account: Account, landing_token: str) -> Answer:
    """Exchange a buyer's token for the subscription it stands for."""
    return call(
        account,
        "POST",
        f"{account.subscriptions_address}/resolve?{VERSION}",
        headers={"x-ms-marketplace-token": landing_token},
    )


def subscription(account: Account, reference: str) -> Answer:
    """One subscription as it stands."""
    return call(account, "GET", f"{account.subscriptions_address}/{reference}?{VERSION}")


def activate(account: Account, reference: str, plan: str, quantity: int | None) -> Answer:
    """Say that the buyer was let in: from now on it is billed."""
    content = {"planId": plan} | ({} if quantity is None else {"quantity": quantity})
    address = f"{account.subscriptions_address}/{reference}/activate?{VERSION}"
    return call(account, "POST", address, content=content)


def operation(account: Account, reference: str, operation: str) -> Answer:
    """What an operation wants, and how it stands."""
    return call(account, "GET", operation_address(account, reference, operation))


def answer_operation(
    account: Account, reference: str, operation: str, *, is_accepted: bool
) -> Answer:
    """Accept or refuse what an operation wants."""
    content = {"status": "Success" if is_accepted else "Failure"}
    return call(account, "PATCH", operation_address(account, reference, operation), content=content)


def operation_address(account: Account, reference: str, operation: str) -> str:
    return f"{account.subscriptions_address}/{reference}/operations/{operation}?{VERSION}"


def subscriptions(account: Account) -> Iterator[dict[str, Any]]:
    """Every subscription of our offers, page by page, ended ones included. Raises Unavailable."""
    address: str | None = f"{account.subscriptions_address}?{VERSION}"
    seen: set[str] = set()
    while address is not None:
        if address in seen or len(seen) == MOST_PAGES:
            raise Unavailable("The list of subscriptions goes in a circle.")
        seen.add(address)
        answer = call(account, "GET", address)
        page = readable(answer) if answer.body.strip() else {}
        found = page.get("subscriptions") or []
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise Unavailable("The list of subscriptions is none.")
        yield from found
        address = next_page(account, page.get("@nextLink") or page.get("nextLink"))


def next_page(account: Account, link: object) -> str | None:
    """Where the list goes on, if that is the list itself. Raises Unavailable for any other place.

    Our token goes to where the link leads.
    """
    if not link:
        return None
    own = urlsplit(account.subscriptions_address)
    try:
        parts = urlsplit(link) if isinstance(link, str) and link.isascii() else None
    except ValueError:
        parts = None
    if (
        parts is None
        or (parts.scheme, parts.netloc) != (own.scheme, own.netloc)
        or parts.path.rstrip("/") != own.path
        or parts.fragment
    ):
        raise Unavailable("The list of subscriptions goes on at another place.")
    return parts.geturl()


def readable(answer: Answer) -> dict[str, Any]:
    """The content of an answer that was good. Raises Unavailable for any other."""
    if answer.status != 200:
        raise Unavailable(f"The marketplace answered {answer.status}.")
    try:
        return parsed(answer.body)
    except Unreadable as error:
        raise Unavailable(f"The marketplace's answer cannot be read. {error}") from error
