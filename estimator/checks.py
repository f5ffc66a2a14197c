"""What a start says of the file of questions (docs/rules.md#questionnaire)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import OperationalError, ProgrammingError

from credits import clock
from estimator.domain.price_list import PriceList, read_price_list
from estimator.domain.questions import Questionnaire, counted_twice
from estimator.domain.questions_file import QuestionsError, questionnaire

UNREADABLE, CLOSED, TWICE = "estimator.E001", "estimator.W001", "estimator.W002"


@register()
def check_questions(**_: Any) -> Sequence[CheckMessage]:
    """Nothing starts with a file of questions that cannot be used; each fault is named."""
    try:
        questionnaire()
    except QuestionsError as error:
        hint = "Correct the file that ESTIMATE_QUESTIONS names."
        return [Error(f"Questions: {fault}.", hint=hint, id=UNREADABLE) for fault in error.faults]
    return []


@register(Tags.database)
def check_questions_against_catalogue(
    databases: Sequence[str] | None = None, **_: Any
) -> Sequence[CheckMessage]:
    """Say which features of the questions are left out, since nobody can allocate to them."""
    if not databases:
        return []
    try:
        asked, prices = questionnaire(), read_price_list(clock.now())
    except (QuestionsError, OperationalError, ProgrammingError):
        # The first is said above; a database without tables has no catalogue yet.
        return []
    return [*left_out(asked, prices), *twice(asked, prices)] if prices.offers else []


def left_out(asked: Questionnaire, prices: PriceList) -> Sequence[CheckMessage]:
    """Features that are not in the catalogue, or take no new allocations."""
    named = [rule.feature for rule in asked.lines]
    named += [key for one in asked.together for key in (one.feature, *one.parts)]
    known = {key for key, offer in prices.offers.items() if offer.is_open}
    return [
        Warning(
            f"Questions: {key} is not in the catalogue, or closed. What leads to it is left out.",
            id=CLOSED,
        )
        for key in dict.fromkeys(named)
        if key not in known
    ]


def twice(asked: Questionnaire, prices: PriceList) -> Sequence[CheckMessage]:
    """Answers that lead to two features priced together; only the first of them counts."""
    groups = {key: offer.feature.group.key for key, offer in prices.offers.items() if offer.is_open}
    return [
        Warning(
            f"Questions: {key} is counted twice in {group}. Only the first line counts it.",
            id=TWICE,
        )
        for group, key in counted_twice(asked, groups)
    ]
