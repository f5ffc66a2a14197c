"""Notices of access: that it has ended, and that everything will be erased (docs/rules.md#r13)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Q

from billing.domain.notices.terms import Standings
from billing.domain.notices.windows import Window, stored
from billing.models import MarketplaceAgreement, Notice, NoticeKind, PaygContract
from credits import clock
from credits.domain.access_state import GRACE, KEPT, AccessState
from credits.models import Customer, License

WARNED = timedelta(days=7)
"""How long before anything may be erased it is told."""

AFTER_END = {NoticeKind.LOCKED: timedelta(0), NoticeKind.PURGE_AHEAD: KEPT - WARNED}
"""What is told of a customer without access, by how long after access ended."""


def customers_without(window: Window) -> list[int]:
    """Customers of which access may have ended so that a notice is due, by key; a few too many."""
    found: set[int] = set()
    for after in AFTER_END.values():
        at_once, graced = window.moved(-after), window.moved(-after - GRACE)
        ended = Q(**at_once.holds("ends_at")) | Q(**graced.holds("ends_at"))
        licenses = License.objects.filter(ended | Q(**at_once.holds("voided_at")))
        contracts = PaygContract.objects.filter(**graced.holds("ends_at"))
        for terms in (licenses, contracts):
            found.update(terms.order_by().values_list("customer_id", flat=True))
    suspended = MarketplaceAgreement.objects.filter(**window.holds("suspended_at"))
    linked = suspended.filter(customer__isnull=False).order_by()
    found.update(linked.values_list("customer_id", flat=True))
    return sorted(found)


def access_due(customers: Standings, window: Window) -> list[Notice]:
    """What is due of some customers' access, by the terms as they are known now."""
    return [
        notice for customer, state in customers.values() for notice in due(customer, state, window)
    ]


def due(customer: Customer, state: AccessState, window: Window) -> Iterator[Notice]:
    """What is due of one customer's access; nothing while it has access."""
    if not state.is_locked or state.ends_at is None:
        return
    for kind, after in AFTER_END.items():
        if kind == NoticeKind.PURGE_AHEAD and state.purge_from is None:
            continue  # Nothing is erased by a suspension alone.
        if state.ends_at + after in window:
            yield access_notice(kind, customer, state, window.until)


def access_notice(
    kind: NoticeKind, customer: Customer, state: AccessState, as_of: datetime
) -> Notice:
    """A notice about access that has ended, not saved yet."""
    ends_at = stored(state.ends_at)
    return Notice(
        customer=customer,
        kind=kind,
        key=f"{kind}/{customer.public_id}/{ends_at}",
        facts={
            "cause": state.cause,
            "valid_until": stored(state.valid_until),
            "ends_at": ends_at,
            "purge_from": stored(state.purge_from),
        },
        at=as_of,
        created_at=clock.now(),
    )
