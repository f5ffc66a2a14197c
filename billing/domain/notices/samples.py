"""Notices as a real customer would get them, for whoever previews their mail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from billing.domain.digests.positions import positions_at
from billing.domain.digests.weekly import sample_week
from billing.domain.notices.access import access_notice
from billing.domain.notices.chosen import Chosen, chosen_at
from billing.domain.notices.state_facts import StateNotice, first_short, state_notices
from billing.domain.notices.terms import EVERYTHING, LEADS, Due, notices_of
from billing.models import Notice, NoticeKind
from credits import clock
from credits.domain.access_state import STANDS, access_state
from credits.domain.figures import Position
from credits.models import Customer, License

SampleOf = Callable[[NoticeKind, Customer, datetime], Notice | None]


def sample(kind: str, customer: Customer, as_of: datetime) -> Notice | None:
    """A notice of a kind, not saved, from the customer's own licenses and figures.

    Where none is due the nearest real thing stands for it: the license that ends next, else the
    one that ended last; the access that will end; the figure as it is. None where nothing fits.
    """
    wanted = NoticeKind(kind)
    return SAMPLES[wanted](wanted, customer, as_of)


def of_license(kind: NoticeKind, customer: Customer, as_of: datetime) -> Notice | None:
    """The license of the right kind that ends next, else the one that ended last."""
    told_of = next(lead.of for lead in LEADS if lead.kind == kind)
    own = License.objects.filter(STANDS, customer=customer, kind__in=told_of, credits__gt=0)
    licenses = own.select_related("renewal")
    last = licenses.filter(ends_at__lte=as_of).order_by("-ends_at", "number").first()
    coming = licenses.filter(ends_at__gt=as_of).order_by("ends_at", "number").first()
    found = last or coming if kind == NoticeKind.LICENSE_ENDED else coming or last
    if found is None:
        return None
    state = access_state(customer, as_of)
    return notices_of([Due(kind, found)], {customer.pk: (customer, state)}, as_of)[0]


def of_access(kind: NoticeKind, customer: Customer, as_of: datetime) -> Notice | None:
    """Access as it has ended or will end."""
    state = access_state(customer, as_of)
    return access_notice(kind, customer, state, as_of) if state.ends_at else None


def of_purge(kind: NoticeKind, customer: Customer, as_of: datetime) -> Notice:
    """The last mail of all."""
    key = f"{kind}/{customer.public_id}"
    return Notice(customer=customer, kind=kind, key=key, at=as_of, created_at=clock.now())


def of_state(kind: NoticeKind, customer: Customer, as_of: datetime) -> Notice | None:
    """The figure as it is, where the words of the kind can be true of it."""
    position = positions_at([customer], as_of, EVERYTHING)[customer.pk]
    facts = STATE_FACTS[kind](position, chosen_at([customer.pk], as_of)[customer.pk])
    if facts is None or position.figure.valid == position.figure.allocated == 0:
        return None
    return state_notices([StateNotice(kind, customer, position, facts)])[0]


def of_week(kind: NoticeKind, customer: Customer, as_of: datetime) -> Notice | None:
    """The newest week in which automatic usage changed something."""
    return sample_week(customer, as_of)


Facts = Mapping[str, Any] | None


def negative(position: Position, chosen: Chosen) -> Facts:
    """Below zero now."""
    return {} if position.figure.balance < 0 else None


def not_negative(position: Position, chosen: Chosen) -> Facts:
    """Zero or above."""
    return {} if position.figure.balance >= 0 else None


def short_ahead(position: Position, chosen: Chosen) -> Facts:
    """Short at some instant ahead, however far."""
    if position.figure.balance < 0 or first_short(position) is None:
        return None
    return {"days": chosen.days_ahead}


def not_short_ahead(position: Position, chosen: Chosen) -> Facts:
    """Not below zero; for so many days as the customer looks ahead, or as by default."""
    if position.figure.balance < 0:
        return None
    return {"days": chosen.days_ahead or Chosen().days_ahead}


def low(position: Position, chosen: Chosen) -> Facts:
    """The lowest level that the customer has chosen, or the default one; none below zero."""
    if position.figure.balance < 0:
        return None
    return {"level": min(chosen.low_levels or Chosen().low_levels)}


def not_low(position: Position, chosen: Chosen) -> Facts:
    """The highest level that the customer has chosen, or the default one; none below zero."""
    if position.figure.balance < 0:
        return None
    return {"level": max(chosen.low_levels or Chosen().low_levels), "still": None}


STATE_FACTS: Mapping[NoticeKind, Callable[[Position, Chosen], Facts]] = {
    NoticeKind.NEGATIVE: negative,
    NoticeKind.NEGATIVE_OVER: not_negative,
    NoticeKind.SHORT_AHEAD: short_ahead,
    NoticeKind.SHORT_AHEAD_OVER: not_short_ahead,
    NoticeKind.LOW_BALANCE: low,
    NoticeKind.LOW_BALANCE_OVER: not_low,
}

SAMPLES: Mapping[NoticeKind, SampleOf] = {
    **{lead.kind: of_license for lead in LEADS},
    NoticeKind.LOCKED: of_access,
    NoticeKind.PURGE_AHEAD: of_access,
    NoticeKind.PURGED: of_purge,
    **dict.fromkeys(STATE_FACTS, of_state),
    NoticeKind.WEEKLY: of_week,
}
