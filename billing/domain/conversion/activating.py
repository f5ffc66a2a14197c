"""A seat license is added by its activation code (docs/rules.md#activation-codes).

What cannot be used here is refused in one sentence, found by one query, whatever it is: a code
that nobody made, one that was used elsewhere, one of another customer. Only a customer's own codes
have sentences of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from billing.domain.conversion.in_force import likely_renewal
from billing.domain.conversion.seats import Conversion, Seats, conversion_of
from billing.domain.conversion.terms import ConvertSeats, keep_term, refuse_overlap
from billing.domain.requests import check_right
from billing.models import ActivationCode, EntitlementTerm
from credits import clock
from credits.domain.activity_words import day_text
from credits.domain.books import Books
from credits.domain.commands import Asked, Decision
from credits.domain.people import Right
from credits.domain.post import post
from credits.domain.terms import last_day
from credits.exceptions import InvalidCommand, NotAllowed
from credits.models import Customer

NOTHING_YET = Seats(product="", units=0, first_day=date.min, last_day=date.min)


class CodeRefused(NotAllowed):
    """A code that does not work here."""

    code = "code-refused"


def refused() -> CodeRefused:
    """The one sentence for unknown, used elsewhere, and another customer's."""
    return CodeRefused(
        _(
            "This code cannot be used here. Compare it with what you were sent. If it is right, "
            "ask your sales representative or support."
        ),
        field="code",
    )


@dataclass(frozen=True)
class Offered:
    """What a code would become, were it entered now."""

    code: ActivationCode
    seats: Seats
    conversion: Conversion


def codes_of(customer: Customer) -> QuerySet[ActivationCode]:
    """The codes that may be told apart by a customer: unused ones that fit, and those it used."""
    is_open = Q(term__isnull=True) & (Q(customer=customer) | Q(customer__isnull=True))
    return ActivationCode.objects.filter(is_open | Q(term__entitlement__customer=customer))


def offer(customer: Customer, code: str, now: datetime) -> Offered:
    """What a code, as it is stored, would become for a customer. Raises CodeRefused."""
    found = codes_of(customer).filter(code=code)
    return judged(customer, found.select_related("used_by", "term__license", "renews").first(), now)


def judged(customer: Customer, code: ActivationCode | None, now: datetime) -> Offered:
    """A code that was found, or refused in the sentence it deserves."""
    if code is None:
        raise refused()
    if code.term is not None and code.used_at is not None:
        raise CodeRefused(used_sentence(code, code.term, code.used_at), field="code")
    today = clock.day_of(now)
    if sentence := why_not(code, today):
        # Nothing is told of a code that is nobody's yet.
        raise CodeRefused(sentence, field="code") if code.customer_id else refused()
    try:
        seats = seats_of(code, now)
        becomes = conversion_of(seats)
    except InvalidCommand as error:
        # It would name the product of a code that is nobody's yet.
        own = CodeRefused(error.message, field="code")
        raise (own if code.customer_id else refused()) from error
    if code.renews is not None:
        try:
            refuse_overlap(code.renews, seats, adds=False)
        except NotAllowed as error:
            raise CodeRefused(error.message, field="code") from error
    return Offered(code, seats, becomes)


def used_sentence(code: ActivationCode, term: EntitlementTerm, used_at: datetime) -> str:
    """When and by whom one's own code was used, and what it became."""
    words = {
        "day": day_text(used_at),
        "name": code.used_by.name if code.used_by else _("the portal"),
        "license": term.license.label,
    }
    return _("This code was used on %(day)s by %(name)s: it became %(license)s.") % words


def why_not(code: ActivationCode, today: date) -> str:
    """Why a code that nobody used cannot be used any more; empty if it can."""
    if code.withdrawn_at is not None:
        return _(
            "This code was withdrawn on %(day)s. Ask support for the one that replaces it."
        ) % {"day": day_text(code.withdrawn_at)}
    if code.use_by is not None and code.use_by < today:
        return _("This code could be used until %(day)s. Ask support for a new one.") % {
            "day": day_text(clock.start_of(code.use_by))
        }
    if code.last_day is not None and code.last_day < today:
        return _("The term of this code ended on %(day)s. Ask sales for its renewal.") % {
            "day": day_text(clock.start_of(code.last_day))
        }
    return ""


def seats_of(code: ActivationCode, now: datetime) -> Seats:
    """The seat license that a code stands for, from an instant's day on.

    A renewal begins where the term that it renews ends, or today once that has ended.
    """
    today = clock.day_of(now)
    first_day = code.first_day or today
    if code.first_day is None and code.renews is not None:
        first_day = likely_renewal(code.renews, now).first_day
    last = code.last_day or last_day(first_day, code.months or 0)
    return Seats(
        product=code.product,
        units=code.units,
        first_day=first_day,
        last_day=last,
        kind=code.kind,
        unusual_confirmed=True,
    )


@dataclass(frozen=True, kw_only=True)
class ActivateCode(ConvertSeats):
    """Convert what a code stands for, if it may be used by this customer now.

    The code is locked after the customer's books, so that of two who enter it at once one waits
    and reads what the other made of it. Raises CodeRefused, and what ConvertSeats raises.
    """

    seats: Seats = NOTHING_YET
    """What the code stands for is read from it under the lock."""
    activates: UUID
    """The code's public id."""

    def content(self) -> Mapping[str, Any]:
        return {"code": self.activates}

    def decide(self, books: Books) -> Decision:
        if self.right is not None:
            check_right(self.asked, books.customer, self.right)
        locked = ActivationCode.objects.select_for_update().filter(public_id=self.activates)
        list(locked.values_list("pk"))
        found = codes_of(books.customer).filter(public_id=self.activates)
        related = found.select_related("used_by", "term__license", "renews")
        offered = judged(books.customer, related.first(), books.now)
        return self.convert(books, offered.seats, offered.code.renews)


@transaction.atomic
def activate_code(
    customer: Customer, code: UUID, asked: Asked, *, right: Right | None = Right.ADD_LICENSES
) -> EntitlementTerm:
    """Use a code, once for all and once per key; a repeat finds the term it became.

    Raises CodeRefused in the sentence that the customer may read.
    """
    command = ActivateCode(customer=customer, asked=asked, activates=code, right=right)
    answer = post(command)
    if answer.repeated:
        return EntitlementTerm.objects.get(purchase__operation=answer.operation)
    made = keep_term(customer, asked, answer)
    ActivationCode.objects.filter(public_id=code).update(
        term=made, used_by=asked.actor, used_at=answer.operation.recorded_at
    )
    return made
