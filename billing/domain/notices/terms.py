"""Notices of licenses: before they end and when they have, by the terms as they are known now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from billing.domain.digests.positions import positions_at
from billing.domain.notices.holding import Held, holdings_at
from billing.domain.notices.windows import Window, stored
from billing.models import Notice, NoticeKind
from credits import clock
from credits.domain.access_state import STANDS, AccessState, Cause
from credits.domain.figures import Figure, Position
from credits.models import Customer, License, LicenseKind

EVERYTHING = datetime.max.replace(tzinfo=UTC)
"""As known whenever: all that the books say."""


Standings = Mapping[int, tuple[Customer, AccessState]]
"""Customers by their keys, each with where its access stands."""


@dataclass(frozen=True)
class Lead:
    """A notice that is due so long before a license ends."""

    kind: NoticeKind
    before: timedelta
    of: frozenset[LicenseKind]

    def is_of(self, license: License) -> bool:
        """Whether licenses of its kind are told of."""
        return license.kind in self.of


TRIALS = frozenset({LicenseKind.TRIAL})
PAID = frozenset(LicenseKind) - TRIALS

LEADS = (
    Lead(NoticeKind.LICENSE_90, timedelta(days=90), PAID),
    Lead(NoticeKind.LICENSE_30, timedelta(days=30), PAID),
    Lead(NoticeKind.LICENSE_7, timedelta(days=7), PAID),
    Lead(NoticeKind.TRIAL_15, timedelta(days=15), TRIALS),
    Lead(NoticeKind.LICENSE_ENDED, timedelta(0), PAID | TRIALS),
)


@dataclass(frozen=True)
class Due:
    """A license of which something is to be told."""

    kind: NoticeKind
    license: License

    @property
    def at(self) -> datetime:
        """The instant from which the license gives nothing any more."""
        return self.license.ends_at


@dataclass(frozen=True)
class Known:
    """What is known of a license's customer when it is told."""

    as_of: datetime
    state: AccessState
    position: Position
    touched: Sequence[Held]
    """What holds credits from the end on, the largest first, where it will be short."""


def licenses_due(window: Window) -> QuerySet[License]:
    """The licenses of which an instant of notice lies in the window."""
    any_lead = Q()
    for lead in LEADS:
        any_lead |= Q(kind__in=lead.of, **window.moved(lead.before).holds("ends_at"))
    return License.objects.filter(STANDS, any_lead, credits__gt=0)


def customers_with(window: Window) -> Iterator[int]:
    """The customers of whose licenses something may be due, by their keys."""
    keys = licenses_due(window).order_by("customer_id").values_list("customer_id", flat=True)
    return keys.distinct().iterator()


def terms_due(customers: Standings, window: Window) -> list[Notice]:
    """What is due of some customers' licenses; nothing of those that are renewed in full.

    While access has ended nothing is told of licenses.
    """
    open_ones = {pk: one for pk, one in customers.items() if not one[1].is_locked}
    found = licenses_due(window).filter(customer__in=open_ones).select_related("renewal")
    due = [
        one
        for license in found.order_by("customer", "number")
        if not is_renewed_in_full(license) and (one := due_of(license, window))
    ]
    return notices_of(due, open_ones, window.until)


def due_of(license: License, window: Window) -> Due | None:
    """What is due of a license: leads lie further apart than a window is long.

    Nothing where the instant of notice lies before its term.
    """
    ends_at = license.ends_at.astimezone(UTC)
    for lead in LEADS:
        told_at = ends_at - lead.before
        if lead.is_of(license) and told_at in window and told_at >= license.starts_at:
            return Due(lead.kind, license)
    return None


def renewal_of(license: License) -> License | None:
    """The license that renews it, unless it was voided."""
    renewal: License | None = getattr(license, "renewal", None)
    return renewal if renewal is not None and renewal.voided_at is None else None


def follows(renewal: License, license: License) -> bool:
    """Whether a renewal is valid where the license ends."""
    return renewal.starts_at <= license.ends_at < renewal.ends_at


def is_renewed_in_full(license: License) -> bool:
    """Whether as many credits go on without a gap, so that there is nothing to tell."""
    renewal = renewal_of(license)
    return renewal is not None and follows(renewal, license) and renewal.credits >= license.credits


def notices_of(due: Sequence[Due], customers: Standings, as_of: datetime) -> list[Notice]:
    """The notices, not saved yet, in a fixed number of queries however many."""
    asked = {one.license.customer_id: customers[one.license.customer_id][0] for one in due}
    positions = positions_at(list(asked.values()), as_of, EVERYTHING)
    short = [
        (one.license.customer_id, one.at)
        for one in due
        if positions[one.license.customer_id].figure_at(one.at).balance < 0
    ]
    touched = holdings_at(short)
    notices = []
    for one in due:
        pk = one.license.customer_id
        customer, state = customers[pk]
        known = Known(as_of, state, positions[pk], touched.get((pk, one.at), ()))
        notices.append(license_notice(one, customer, known))
    return notices


def license_notice(due: Due, customer: Customer, known: Known) -> Notice:
    """The notice of one license, not saved yet: once for each last day and kind."""
    last_day = clock.day_of(due.at) - clock.DAY
    return Notice(
        customer=customer,
        license=due.license,
        kind=due.kind,
        key=f"license/{due.license.public_id}/{last_day}/{due.kind}",
        facts=facts_of(due, known),
        at=known.as_of,
        created_at=clock.now(),
    )


def facts_of(due: Due, known: Known) -> dict[str, Any]:
    """What ends, what it makes of the balance, what follows, and when access ends."""
    license, position = due.license, known.position
    figure = position.figure_at(due.at)
    renewal = renewal_of(license)
    return {
        "as_of": stored(known.as_of),
        "license": told_license(license),
        "days": max(0, (license.ends_at - known.as_of) // clock.DAY),
        "valid": figure.valid,
        "allocated": figure.allocated,
        "missing": missing_of(figure),
        "short": first_short(position),
        **touched_facts(known.touched),
        "renewal": told_license(renewal) if renewal else None,
        "renewal_missing": max(0, license.credits - renewal.credits)
        if renewal and follows(renewal, license)
        else 0,
        "access": access_facts(license, known.state),
    }


def told_license(license: License) -> dict[str, Any]:
    """A license as facts name it."""
    return {
        "id": str(license.public_id),
        "label": license.label,
        "kind": license.kind,
        "credits": license.credits,
        "starts_at": stored(license.starts_at),
        "ends_at": stored(license.ends_at),
        "last_day": (clock.day_of(license.ends_at) - clock.DAY).isoformat(),
    }


def missing_of(figure: Figure) -> int:
    """Credits that are missing."""
    return max(0, -figure.balance)


def first_short(position: Position) -> dict[str, Any] | None:
    """From when on credits are missing first, and how many; nothing where none will be."""
    course = ((position.at, position.figure), *((step.at, step.figure) for step in position.ahead))
    for at, figure in course:
        if figure.balance < 0:
            return {"at": stored(at), "missing": -figure.balance}
    return None


MOST_TOUCHED = 5


def touched_facts(touched: Sequence[Held]) -> dict[str, Any]:
    """The features that hold most, and how many more there are."""
    named = [
        {"key": held.key, "name": held.name, "credits": held.credits}
        for held in touched[:MOST_TOUCHED]
    ]
    return {"touched": named, "touched_more": max(0, len(touched) - MOST_TOUCHED)}


def access_facts(license: License, state: AccessState) -> dict[str, Any] | None:
    """When access ends, where the license's end decides that."""
    cause = Cause.TRIAL if license.kind == LicenseKind.TRIAL else Cause.LICENSE
    if state.cause != cause or state.valid_until != license.ends_at or state.ends_at is None:
        return None
    return {"ends_at": stored(state.ends_at), "has_grace": state.ends_at > license.ends_at}
