"""Seat licenses become credits: entered, renewed, changed in units (docs/rules.md#conversion).

Each term converts once, at the rate of its first day, into a license of its own with the term's
own end, and is never re-rated. How many units a seat license has on a day is the sum over its
terms in force on that day: an increase is a further term, from its own first day and at that day's
rate, with the end of the term it adds to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Max

from billing.domain.conversion.codes import clean_code
from billing.domain.conversion.in_force import renewed_by, standing_terms, terms_on
from billing.domain.conversion.seats import Seats, check_units, conversion_of
from billing.domain.orders import LineOrder, Order, UnusualTerm, unusual
from billing.domain.purchases import keep
from billing.domain.requests import check_right
from billing.models import (
    ActivationCode,
    Channel,
    Entitlement,
    EntitlementTerm,
    SeatKind,
)
from credits import clock
from credits.domain.books import Books
from credits.domain.commands import Answer, Asked, Decision, digest
from credits.domain.licenses import GrantLicenses, Lot
from credits.domain.people import Right
from credits.domain.post import post
from credits.domain.terms import term
from credits.exceptions import InvalidCommand, NotAllowed, UnknownObject
from credits.models import Customer, License, LicenseKind

FIRST_NUMBER = 1000
NUMBERS = 7201
"""The advisory lock under which seat licenses are numbered; taken after a customer's books."""

DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class ConvertSeats(GrantLicenses):
    """Convert one term of a seat license: a new one, or a further term of `entitlement`.

    With `adds`, the units are what the seat license is to have from the first day on; the term is
    the difference, and ends with the terms in force on that day.

    Raises InvalidCommand at `product`, `units`, `first_day`, `starts`, `ends` or `kind`,
    UnusualTerm until it is confirmed, NotAllowed for terms that overlap, UnknownObject for another
    customer's seat license, and NoLongerAllowed for an actor without the right.
    """

    lots: Sequence[Lot] = ()
    seats: Seats
    entitlement: Entitlement | None = None
    adds: bool = False
    code: str = ""
    """The activation code that the seat license came with, as it is stored."""
    right: Right | None = None
    """What the actor must be allowed under the lock; None where the caller knows better."""

    def content(self) -> Mapping[str, Any]:
        return {
            "product": self.seats.product,
            "units": self.seats.units,
            "first_day": self.seats.first_day,
            "last_day": self.seats.last_day,
            "seats": str(self.seats.kind),
            "entitlement": self.entitlement.public_id if self.entitlement else None,
            "adds": self.adds,
            "code": digest(self.code) if self.code else "",
        }

    def decide(self, books: Books) -> Decision:
        if self.right is not None:
            check_right(self.asked, books.customer, self.right)
        refuse_known(self.code)
        return self.convert(books, self.seats, self.entitlement)

    def convert(self, books: Books, seats: Seats, entitlement: Entitlement | None) -> Decision:
        """The grant that a term is, once nothing stands against it."""
        if entitlement is not None and entitlement.customer_id != books.customer.pk:
            raise UnknownObject("There is no such seat license.")
        if entitlement is not None:
            check_same(entitlement, seats)
        if entitlement is not None and self.adds:
            seats = difference(entitlement, seats)
        found = conversion_of(seats)
        refuse_unusual(seats, clock.day_of(books.now))
        renewed = None
        if entitlement is not None:
            refuse_overlap(entitlement, seats, adds=self.adds)
            renewed = None if self.adds else renewed_by(entitlement, seats.first_day)
        number = entitlement.number if entitlement else next_number()
        starts_at, ends_at = term(seats.first_day, seats.last_day)
        is_trial = seats.kind == SeatKind.TRIAL
        lot = Lot(
            credits=found.credits,
            starts_at=starts_at,
            ends_at=ends_at,
            kind=LicenseKind.TRIAL if is_trial else LicenseKind.CONVERTED,
            renews=renewed,
        )
        order = order_number(number, seats.first_day)
        granting = GrantLicenses(
            customer=self.customer,
            asked=self.asked,
            lots=[lot],
            subject=f"{Channel.CONVERSION.value} {order}",
        )
        decision = granting.decide(books)
        decision.answer = {
            **decision.answer,
            "product": seats.product,
            "seats": str(seats.kind),
            "units": seats.units,
            "rate": found.rate.pk,
            "credits": found.credits,
            "number": number,
            "first_day": seats.first_day.isoformat(),
            "last_day": seats.last_day.isoformat(),
            "entitlement": str(entitlement.public_id) if entitlement else None,
            "renews": str(renewed.public_id) if renewed else None,
        }
        return decision


def enter_entitlement(
    customer: Customer, seats: Seats, asked: Asked, *, code: str = "", right: Right | None = None
) -> EntitlementTerm:
    """Enter a seat license: its first term converts, exactly once per key.

    `code` is the activation code it came with, which is used up by it. Raises what ConvertSeats
    raises, and KeyConflict for a key used otherwise.
    """
    command = ConvertSeats(
        customer=customer,
        asked=asked,
        seats=seats,
        code=clean_code(code) if code else "",
        right=right,
    )
    return convert(command)


def renew_entitlement(
    entitlement: Entitlement,
    seats: Seats,
    asked: Asked,
    *,
    code: str = "",
    right: Right | None = None,
) -> EntitlementTerm:
    """Renew a seat license: a new term, and a new license linked to the one it renews.

    Once per key and per first day: what was renewed from that day already is refused by name.
    """
    command = ConvertSeats(
        customer=entitlement.customer,
        asked=asked,
        seats=seats,
        entitlement=entitlement,
        code=clean_code(code) if code else "",
        right=right,
    )
    return convert(command)


def adding(
    entitlement: Entitlement,
    units: int,
    first_day: date,
    asked: Asked,
    *,
    right: Right | None = None,
) -> ConvertSeats:
    """The command that lets a seat license have more units from a day on, until its term ends.

    The difference is one more license, converted at the rate of that day. To lower the units is a
    correction of what was converted (reducing.ReduceSeats).
    """
    seats = Seats(
        product=entitlement.product,
        units=units,
        first_day=first_day,
        last_day=first_day,
        kind=entitlement.kind,
    )
    return ConvertSeats(
        customer=entitlement.customer,
        asked=asked,
        seats=seats,
        entitlement=entitlement,
        adds=True,
        right=right,
    )


def add_units(
    entitlement: Entitlement, units: int, first_day: date, asked: Asked
) -> EntitlementTerm:
    """Let a seat license have more units from a day on. Raises what ConvertSeats raises."""
    return convert(adding(entitlement, units, first_day, asked))


@transaction.atomic
def convert(command: ConvertSeats) -> EntitlementTerm:
    """Post a conversion and keep its term, purchase and line, all or none; a repeat finds them."""
    answer = post(command)
    if answer.repeated:
        return EntitlementTerm.objects.get(purchase__operation=answer.operation)
    made = keep_term(command.customer, command.asked, answer)
    if command.code:
        keep_code(command, made, answer)
    return made


def keep_code(command: ConvertSeats, made: EntitlementTerm, answer: Answer) -> None:
    """The activation code of what was just converted, used up by it. Raises NotAllowed."""
    try:
        with transaction.atomic():
            save_code(command, made, answer)
    except IntegrityError:
        # Another customer's entry took it at the same moment.
        refuse_known(command.code)
        raise


def save_code(command: ConvertSeats, made: EntitlementTerm, answer: Answer) -> None:
    """The row of a code that is used from the beginning."""
    ActivationCode.objects.create(
        code=command.code,
        product=made.entitlement.product,
        kind=made.entitlement.kind,
        units=made.units,
        first_day=clock.day_of(made.starts_at),
        last_day=clock.day_of(made.ends_at - DAY),
        customer=command.customer,
        issued_at=answer.operation.recorded_at,
        issuing=answer.operation,
        term=made,
        used_by=command.asked.actor,
        used_at=answer.operation.recorded_at,
    )


def refuse_known(code: str) -> None:
    """Refuse an activation code that is there already; one that waits is activated instead."""
    if code and ActivationCode.objects.filter(code=code).exists():
        raise NotAllowed(
            "This activation code is known already. Where it waits to be activated, an admin of "
            "the customer does so under Seat licenses.",
            field="code",
        )


def keep_term(customer: Customer, asked: Asked, answer: Answer) -> EntitlementTerm:
    """The term beside the license it has just been converted to."""
    told = answer.data
    first_day, last = (date.fromisoformat(told[name]) for name in ("first_day", "last_day"))
    license = License.objects.get(public_id=told["licenses"][0])
    line = LineOrder(
        credits=license.credits,
        first_day=first_day,
        last_day=last,
        kind=license.kind,
        renews=license.renews,
    )
    order = Order(
        order_number=order_number(told["number"], first_day),
        channel=Channel.CONVERSION,
        lines=[line],
    )
    purchase = keep(customer, order, asked, answer)
    if told["entitlement"]:
        entitlement = Entitlement.objects.get(public_id=told["entitlement"])
    else:
        entitlement = Entitlement.objects.create(
            customer=customer,
            number=told["number"],
            product=told["product"],
            kind=told["seats"],
            created_at=answer.operation.recorded_at,
        )
    return EntitlementTerm.objects.create(
        entitlement=entitlement,
        starts_at=license.starts_at,
        ends_at=license.ends_at,
        units=told["units"],
        rate_id=told["rate"],
        license=license,
        purchase=purchase,
    )


def order_number(number: int, first_day: date) -> str:
    """The order number of a conversion: EN-1001 2027-07-01."""
    return f"EN-{number} {first_day}"


def next_number() -> int:
    """The number of a new seat license; nobody else takes it until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [NUMBERS])
    newest = Entitlement.objects.aggregate(newest=Max("number"))["newest"]
    return (newest or FIRST_NUMBER) + 1


def difference(entitlement: Entitlement, seats: Seats) -> Seats:
    """What is missing to the units that are wanted, to the end of the running term."""
    check_units(seats.units)
    running = terms_on(entitlement, clock.start_of(seats.first_day))
    if not running:
        raise NotAllowed(
            f"{entitlement.label} has no term on {seats.first_day}. Enter a renewal instead.",
            field="starts",
        )
    held = sum(one.units for one in running)
    if seats.units <= held:
        raise InvalidCommand(
            f"{entitlement.label} has {held:,} units on {seats.first_day}. Enter more than that.",
            field="units",
        )
    last = clock.day_of(max(one.ends_at for one in running) - DAY)
    return Seats(
        product=entitlement.product,
        units=seats.units - held,
        first_day=seats.first_day,
        last_day=last,
        kind=entitlement.kind,
        unusual_confirmed=seats.unusual_confirmed,
    )


def check_same(entitlement: Entitlement, seats: Seats) -> None:
    """A further term is of the same product and type; else it is a seat license of its own."""
    if (seats.product, seats.kind) != (entitlement.product, entitlement.kind):
        raise InvalidCommand(
            f"{entitlement.label} is of another product or type. Enter a seat license of its own.",
            field="product",
        )


def refuse_unusual(seats: Seats, today: date) -> None:
    """Ask about a term far in the past, or one that is over, by name."""
    if seats.unusual_confirmed:
        return
    if asks := unusual(seats.first_day, seats.last_day, today):
        field_name, sentence = asks
        raise UnusualTerm(f"{sentence} Confirm that it is meant.", field=field_name)


def refuse_overlap(entitlement: Entitlement, seats: Seats, *, adds: bool) -> None:
    """A further term overlaps no other, unless it adds; and a first day has one term."""
    starts_at, ends_at = term(seats.first_day, seats.last_day)
    same = EntitlementTerm.objects.filter(entitlement=entitlement, starts_at=starts_at)
    if (taken := same.select_related("license").first()) is not None:
        raise NotAllowed(
            f"{entitlement.label} has a term from {seats.first_day} already: "
            f"{taken.license.label}. Nothing was changed.",
            field="starts",
        )
    if adds:
        return
    others = standing_terms(entitlement).filter(starts_at__lt=ends_at, ends_at__gt=starts_at)
    if (other := others.first()) is not None:
        raise NotAllowed(
            f"{entitlement.label} has a term from {clock.day_of(other.starts_at)} to "
            f"{clock.day_of(other.ends_at - DAY)} ({other.license.label}), which this one would "
            "overlap.",
            field="starts",
        )
