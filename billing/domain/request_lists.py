"""Credit requests as they are read: one customer's, a sales desk's, and each in words."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Case, Q, QuerySet, Value, When
from django.utils.translation import gettext as _

from billing.models import CreditRequest, RequestCause, RequestState
from credits.domain.activity_words import day_text
from credits.domain.people import customers_for
from credits.exceptions import UnknownObject
from credits.models import Customer, User

RELATED = (
    "customer",
    "asked_by",
    "license",
    "operation__note",
    "answer__actor",
    "answer__note",
    "withdrawal__actor",
    "withdrawal__note",
    "purchase__operation",
    "purchase__entered_by",
)
"""What a request's page shows beside it, read with it."""


def requests_of(customer: Customer) -> QuerySet[CreditRequest]:
    """A customer's requests, the newest first, with what their pages show."""
    return CreditRequest.objects.filter(customer=customer).select_related(*RELATED)


def requests_for(user: User) -> QuerySet[CreditRequest]:
    """The requests of every customer a person may see, in the order of the sales desk.

    Open ones lead, then answered, purchased and withdrawn; within a state the earliest needed.
    """
    found = CreditRequest.objects.filter(customer__in=customers_for(user))
    states = [When(state=state, then=Value(n)) for n, state in enumerate(RequestState.values)]
    ranked = found.select_related(*RELATED).annotate(rank=Case(*states))
    return ranked.order_by("rank", "needed_on", "pk")


def open_requests_for(user: User) -> int:
    """How many requests wait for an answer at a person's desk."""
    waiting = CreditRequest.objects.filter(state=RequestState.OPEN)
    return waiting.filter(customer__in=customers_for(user)).count()


def matching(requests: QuerySet[CreditRequest], words: str) -> QuerySet[CreditRequest]:
    """Those whose customer, number or asker holds what was searched for."""
    if not words:
        return requests
    found = Q(customer__name__icontains=words) | Q(asked_by__name__icontains=words)
    number = words.lower().removeprefix("r-")
    if number.isascii() and number.isdigit() and len(number) < 10:
        found |= Q(number=int(number))
    return requests.filter(found)


def next_requests(customers: Sequence[Customer]) -> dict[int, CreditRequest]:
    """Per customer the open request that is needed first, in one query."""
    found = CreditRequest.objects.filter(customer__in=customers, state=RequestState.OPEN)
    first = found.order_by("customer_id", "needed_on", "pk").distinct("customer_id")
    return {row.customer_id: row for row in first}


def one_request(customer: Customer, public_id: UUID) -> CreditRequest:
    """A customer's request. Raises UnknownObject for anybody else's."""
    found = requests_of(customer).filter(public_id=public_id).first()
    if found is None:
        raise UnknownObject(_("There is no such request."), field="request")
    return found


def cause_text(row: CreditRequest) -> str:
    """Why the credits are asked for: 1,450 short from 1 Apr 2027, when L-204 ends."""
    if row.cause != RequestCause.SHORTAGE or row.short_at is None:
        return str(row.get_cause_display())
    words = {
        "credits": f"{row.shortfall:,}",
        "day": day_text(row.short_at),
        "license": row.license.label if row.license else "",
    }
    if row.short_at <= row.asked_at:
        return _("%(credits)s credits short when asked") % words
    if row.license is not None:
        return _("%(credits)s short from %(day)s, when %(license)s ends") % words
    return _("%(credits)s short from %(day)s") % words


def state_text(row: CreditRequest) -> str:
    """A sentence on how a request stands."""
    words = {"number": row.label}
    if row.state == RequestState.WITHDRAWN:
        return _("Request %(number)s was withdrawn.") % words
    if row.state == RequestState.PURCHASED:
        return _("Request %(number)s was settled by a purchase.") % words
    if row.state == RequestState.ANSWERED:
        return _("Request %(number)s was answered.") % words
    return _("Request %(number)s is open.") % words
