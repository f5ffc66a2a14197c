"""Calls of AWS, each ending within its time limit, and what their failures mean here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
from botocore.parsers import ResponseParserError
from django.utils.translation import gettext as _

from billing.domain.marketplaces.providers import RefusedToken, Unavailable, UnknownAgreement
from billing.marketplaces.aws.configuration import Configuration

logger = logging.getLogger(__name__)

ENTITLEMENT, METERING, AGREEMENT = (
    "marketplace-entitlement",
    "meteringmarketplace",
    "marketplace-agreement",
)
QUEUE = "sqs"
NOT_THEIRS = {"InvalidParameterException", "ResourceNotFoundException"}
"""Codes of a question about something that is not there, or not ours to ask about."""
MOST_PAGES = 4_000
"""A marketplace that never comes to an end of its pages is not believed."""


def client(configuration: Configuration, service: str, endpoint: str = "") -> Any:
    """A client of one service, with credentials from wherever boto3 looks for them.

    Raises Unavailable where there are none; they are looked for again the next time.
    """
    try:
        return kept_client(configuration, service, endpoint)
    except BotoCoreError as error:
        logger.error("aws_unavailable service=%s error=%s", service, type(error).__name__)
        raise Unavailable(service) from error


@lru_cache(maxsize=16)
def kept_client(configuration: Configuration, service: str, endpoint: str) -> Any:
    """One client a process: making one reads megabytes. It renews its credentials by itself."""
    session = boto3.session.Session()
    if session.get_credentials() is None:
        raise NoCredentialsError
    return session.client(
        service,
        region_name=configuration.region,
        endpoint_url=endpoint or None,
        config=Config(
            connect_timeout=configuration.connect_timeout,
            read_timeout=configuration.read_timeout,
            retries={"total_max_attempts": configuration.attempts, "mode": "standard"},
            user_agent_extra="credits-and-billing",
        ),
    )


def call(operation: Callable[..., Any], **arguments: Any) -> dict[str, Any]:
    """The answer of AWS to one call.

    Raises RefusedToken and UnknownAgreement where AWS says so; Unavailable for all that another
    try may mend: throttling, faults, the network, missing credentials or rights.
    """
    name = operation.__name__
    try:
        answer = operation(**arguments)
    except ClientError as error:
        raise refusal(name, error) from error
    except (BotoCoreError, ResponseParserError, ValueError, LookupError, OSError) as error:
        # Whatever cannot be read as an answer is none; a parser meets it as one of these.
        logger.warning("aws_unavailable call=%s error=%s", name, type(error).__name__)
        raise Unavailable(name) from error
    if not isinstance(answer, dict):
        raise Unavailable(name)
    return answer


def pages(
    operation: Callable[..., Any], token: str, rows: str, **arguments: Any
) -> Iterator[dict[str, Any]]:
    """Every row of an answer that comes in pages. `token` is spelled as a question spells it."""
    seen: set[str] = set()
    following: dict[str, str] = {}
    for _page in range(MOST_PAGES):
        answer = call(operation, **arguments, **following)
        yield from answer.get(rows) or ()
        after = answer.get(token)
        if not after:
            return
        if after in seen:
            break
        seen.add(after)
        following = {token: after}
    raise Unavailable(f"{operation.__name__} has no last page")


def refusal(name: str, error: ClientError) -> Exception:
    """What an error that AWS answered with means here."""
    code, status = str(error.response.get("Error", {}).get("Code", "")), status_of(error)
    if name == "resolve_customer" and is_about_token(code, error):
        logger.info("aws_token_refused code=%s", code)
        return RefusedToken(token_sentence(code))
    if code in NOT_THEIRS and status < 500:
        logger.info("aws_unknown call=%s code=%s", name, code)
        return UnknownAgreement(_("AWS Marketplace knows no such agreement of this buyer."))
    level = logging.ERROR if status in (401, 403) else logging.WARNING
    logger.log(level, "aws_unavailable call=%s code=%s status=%d", name, code, status)
    return Unavailable(f"{name}: {code}")


def status_of(error: ClientError) -> int:
    """The HTTP status of an error."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def is_about_token(code: str, error: ClientError) -> bool:
    """Whether the buyer's token was refused.

    AWS calls the portal's own expired credentials by the same code; those are no fault of the
    buyer's, and only their sentence and status tell them apart.
    """
    if code not in ("InvalidTokenException", "ExpiredTokenException"):
        return False
    words = str(error.response.get("Error", {}).get("Message", "")).lower()
    return status_of(error) == 400 and "security token" not in words


def token_sentence(code: str) -> str:
    """What a buyer can do whose token was refused."""
    if code == "ExpiredTokenException":
        return _(
            "The link from AWS Marketplace has expired. Open the product in AWS Marketplace and "
            "choose to set up your account once more."
        )
    return _(
        "AWS Marketplace does not know this link. Open the product in AWS Marketplace and choose "
        "to set up your account."
    )
