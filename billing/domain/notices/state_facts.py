"""The notices of states, with what they say: the figure, and what caused a shortage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from billing.domain.notices.cause_words import causes_of
from billing.domain.notices.windows import stored
from billing.models import Notice, NoticeKind
from credits import clock
from credits.domain.figures import Position, Step, crossing
from credits.models import Customer, LedgerEntry


@dataclass(frozen=True)
class StateNotice:
    """What is told of a customer's balance, at the position at which it was judged."""

    kind: NoticeKind
    customer: Customer
    position: Position
    facts: Mapping[str, Any]


def state_notices(found: Sequence[StateNotice]) -> list[Notice]:
    """The notices, not saved yet.

    What makes a balance negative is looked for customer by customer, for those that are told it.
    """
    steps = steps_told(found)
    return [notice_of(one, steps.get(one.customer.pk)) for one in found]


def notice_of(one: StateNotice, short: Step | None) -> Notice:
    """One notice, not saved yet: once for each kind and slot."""
    at = one.position.at
    return Notice(
        customer=one.customer,
        kind=one.kind,
        key=f"{one.kind}/{one.customer.public_id}/{stored(at)}",
        facts=facts_of(one, short),
        at=at,
        created_at=clock.now(),
    )


def facts_of(one: StateNotice, short: Step | None) -> dict[str, Any]:
    """The figure; of a shortage, now or ahead, what causes it."""
    figure = one.position.figure
    facts = {"valid": figure.valid, "allocated": figure.allocated, **one.facts}
    if one.kind == NoticeKind.NEGATIVE:
        crossed = crossing(one.customer, at=one.position.at, known=one.position.known)
        facts["causes"] = [causes_of(step) for step in crossed]
    if one.kind == NoticeKind.SHORT_AHEAD and short is not None:
        facts["short"] = {
            "at": stored(short.at),
            "missing": -short.figure.balance,
            "valid": short.figure.valid,
            "allocated": short.figure.allocated,
            "causes": causes_of(short),
        }
    return facts


def steps_told(found: Sequence[StateNotice]) -> dict[int, Step]:
    """Per customer the first short step, its entries with all that names them; one query."""
    steps = {
        one.customer.pk: step
        for one in found
        if one.kind == NoticeKind.SHORT_AHEAD and (step := first_short(one.position))
    }
    wanted = [entry.pk for step in steps.values() for entry in step.entries]
    if not wanted:
        return {}
    entries = LedgerEntry.objects.select_related("operation", "license", "feature")
    told = entries.in_bulk(wanted)
    return {
        pk: replace(step, entries=tuple(told[entry.pk] for entry in step.entries))
        for pk, step in steps.items()
    }


def first_short(position: Position) -> Step | None:
    """The first step ahead at which credits are short, the end of the last license included."""
    return next((step for step in position.ahead if step.figure.balance < 0), None)
