"""Requests as tests make them: 5,400 credits in thirty days, in own words, if nothing else."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from billing.domain.requests import (
    AnswerRequest,
    RequestCredits,
    WithdrawRequest,
    answer_request,
    request_credits,
    withdraw_request,
)
from billing.models import CreditRequest, RequestCause
from credits.models import Customer, User
from tests.billing.ordering import today
from tests.factories import credits as make

FEATURE = "endpoint-sandbox-submission"
"""7 credits a unit."""


def in_days(days: int) -> date:
    """A UTC day from today on."""
    return today() + timedelta(days=days)


def command(customer: Customer, actor: User | None, **fields: Any) -> RequestCredits:
    """The command of a request."""
    ask = make.asked(fields.pop("key", ""), actor=actor, reason=fields.pop("words", "We grow."))
    wanted: dict[str, Any] = {
        "credits": 5_400,
        "needed_on": in_days(30),
        "cause": RequestCause.OTHER,
    } | fields
    return RequestCredits(customer=customer, asked=ask, **wanted)


def request_for(customer: Customer, actor: User | None = None, **fields: Any) -> CreditRequest:
    """A request that was sent."""
    return request_credits(command(customer, actor, **fields))


def answer(
    found: CreditRequest, actor: User | None = None, words: str = "A quote follows.", key: str = ""
) -> CreditRequest:
    """Sales answers a request."""
    ask = make.asked(key, actor=actor, reason=words)
    return answer_request(
        AnswerRequest(customer=found.customer, asked=ask, public_id=found.public_id)
    )


def withdraw(found: CreditRequest, actor: User | None = None, key: str = "") -> CreditRequest:
    """The customer takes a request back."""
    ask = make.asked(key, actor=actor)
    return withdraw_request(
        WithdrawRequest(customer=found.customer, asked=ask, public_id=found.public_id)
    )
