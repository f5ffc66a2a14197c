"""Amend an order: number, channel, price, note, and what was typed wrong of its licenses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from billing.domain.order_changes.allowed import check_asked, check_typed, standing_order
from billing.domain.order_changes.events import Change, change, keep_event
from billing.domain.orders import LineOrder, Order, UnusualTerm, check_order, unusual
from billing.domain.purchases import OrderNumberTaken, lot, overtaken, purchase_with
from billing.domain.second_look import BY_PEOPLE, NeedsSecondLook, needs_second_look
from billing.models import Purchase, PurchaseEventKind
from credits import clock
from credits.domain.books import Books
from credits.domain.commands import Asked, Command, Decision
from credits.domain.licenses import RESTATE
from credits.domain.post import post
from credits.domain.restating import (
    GrantChanged,
    Restated,
    granted_terms,
    restate,
    standing_grant,
)
from credits.exceptions import InvalidCommand
from credits.models import License, LicenseTerm, Operation


@dataclass(frozen=True, kw_only=True)
class AmendedLine:
    """One license of an order as it should have been: whole credits, first and last day (UTC)."""

    license: License
    credits: int
    first_day: date
    last_day: date


@dataclass(frozen=True, kw_only=True)
class Amendment:
    """An order as it should have been, all of it: with every license that stands."""

    order_number: str
    channel: str
    lines: Sequence[AmendedLine]
    price: Decimal | None = None
    currency: str = ""
    note: str = ""
    unusual_confirmed: bool = field(default=False, compare=False)
    """Whether a new term far in the past, or already over, was meant."""

    @property
    def order(self) -> Order:
        """The same as an order that is entered, so that it is held to the same checks."""
        return Order(
            order_number=self.order_number,
            channel=self.channel,
            lines=[line_of(line) for line in self.lines],
            price=self.price,
            currency=self.currency,
            note=self.note,
        )


@dataclass(frozen=True, kw_only=True)
class AmendOrder(Command):
    """State an order again as it should have been; what is as it was stays as it is.

    Where a license's credits or days change, the grant is withdrawn and stated again in the same
    operation; else nothing is booked. Raises InvalidCommand at the field (`lines.2.credits` is
    the second license's) or where nothing is different, OrderNumberTaken, UnusualTerm until it is
    confirmed, NeedsSecondLook for a rise above what one person alone may enter, GrantChanged where
    the order has other licenses by now, NotAllowed where a license was corrected since, or the
    order stands no more, and NoLongerAllowed.
    """

    kind: ClassVar[str] = RESTATE

    purchase: Purchase
    amendment: Amendment

    def content(self) -> Mapping[str, Any]:
        said = self.amendment
        lines = [
            [line.license.public_id, line.credits, line.first_day, line.last_day]
            for line in said.lines
        ]
        return {
            "purchase": self.purchase.public_id,
            "order": [said.order_number.strip(), said.channel, said.price, said.currency],
            "note": said.note.strip(),
            "lines": lines,
        }

    def decide(self, books: Books) -> Decision:
        check_asked(self.asked, books.customer)
        purchase, said = standing_order(books, self.purchase), self.amendment
        check_typed(purchase)
        granted = standing_grant(books, purchase.operation.public_id)
        terms = list(granted_terms(granted).values())
        if [line.license.pk for line in said.lines] != [term.license_id for term in terms]:
            raise GrantChanged
        self.check(purchase, terms)
        subject = f"{said.channel} {said.order_number.strip()}"
        if all(is_same(term, line) for term, line in zip(terms, said.lines, strict=True)):
            if not changes_of(purchase, terms, said):
                raise InvalidCommand(_("Nothing is different, so nothing was changed."))
            return Decision(answer={"licenses": [], "withdrawn": []}, subject=subject)
        return restate(granted, [as_stated(line) for line in said.lines], subject)

    def check(self, purchase: Purchase, terms: Sequence[LicenseTerm]) -> None:
        """Refuse what an order that is entered would be refused for."""
        said = self.amendment
        check_order(said.order)
        if said.channel not in BY_PEOPLE:
            raise InvalidCommand(_("Choose one of the channels listed."), field="channel")
        taken = purchase_with(said.order)
        if taken is not None and taken.pk != purchase.pk:
            raise OrderNumberTaken(taken)
        ask_unusual(said, terms)
        refuse_rise(said.order, sum(term.credits for term in terms), self.asked)


def ask_unusual(said: Amendment, terms: Sequence[LicenseTerm]) -> None:
    """Ask by name about a new term far in the past, or already over. Raises UnusualTerm."""
    if said.unusual_confirmed:
        return
    today = clock.day_of(clock.now())
    for place, (term, line) in enumerate(zip(terms, said.lines, strict=True), start=1):
        asks = unusual(line.first_day, line.last_day, today)
        if asks and days_of(term) != (line.first_day, line.last_day):
            name, sentence = asks
            raise UnusualTerm(
                _("%(sentence)s Confirm that it is meant.") % {"sentence": sentence},
                field=f"lines.{place}.{name}",
            )


def refuse_rise(order: Order, before: int, asked: Asked) -> None:
    """Refuse a rise above what one person alone may enter. Raises NeedsSecondLook."""
    if needs_second_look(order, asked.actor) and order.credits > before:
        raise NeedsSecondLook(
            _(
                "More than %(most)s credits need a second person. Enter what is missing as a "
                "further order."
            )
            % {"most": f"{settings.PURCHASE_SECOND_LOOK_CREDITS:,}"}
        )


def amend_purchase(purchase: Purchase, command: AmendOrder) -> Purchase:
    """Amend an order by its command, exactly once per key, and keep what was before.

    Raises what AmendOrder does, also where another customer's order took the number just now.
    """
    try:
        with transaction.atomic():
            answer = post(command)
            if not answer.repeated:
                keep_amended(purchase, command.amendment, answer.operation)
    except IntegrityError as error:
        raise overtaken(error, command.amendment.order) from error
    return Purchase.objects.get(pk=purchase.pk)


def keep_amended(purchase: Purchase, said: Amendment, operation: Operation) -> None:
    """Bring the order's row in line with what was posted, and write its history."""
    row = Purchase.objects.select_related("operation").get(pk=purchase.pk)
    terms = list(granted_terms(row.operation).values())
    changes = changes_of(row, terms, said)
    row.order_number, row.channel = said.order_number.strip(), said.channel
    row.price, row.currency, row.note = said.price, said.currency, said.note.strip()
    if operation.reverses_id is not None:
        row.operation = operation
    row.save(update_fields=["order_number", "channel", "price", "currency", "note", "operation"])
    keep_event(row, operation, PurchaseEventKind.AMENDED, changes)


def changes_of(purchase: Purchase, terms: Sequence[LicenseTerm], said: Amendment) -> list[Change]:
    """What an amendment changes, the order's own first, then license by license."""
    own = [
        change("order_number", purchase.order_number, said.order_number.strip()),
        change("channel", purchase.channel, said.channel),
        change(
            "price",
            price_text(purchase.price, purchase.currency),
            price_text(said.price, said.currency),
        ),
        change("note", purchase.note, said.note.strip()),
    ]
    lines = (
        one
        for term, line in zip(terms, said.lines, strict=True)
        for one in line_changes(term, line)
    )
    return [one for one in (*own, *lines) if one["before"] != one["after"]]


def line_changes(term: LicenseTerm, line: AmendedLine) -> Iterator[Change]:
    """What may change of one license."""
    (first, last), label = days_of(term), line.license.label
    yield change("credits", term.credits, line.credits, label)
    yield change("first_day", first, line.first_day, label)
    yield change("last_day", last, line.last_day, label)


def price_text(price: Decimal | None, currency: str) -> str:
    """A price as the history keeps it: 12500.00 EUR."""
    return "" if price is None else f"{price:.2f} {currency}"


def days_of(term: LicenseTerm) -> tuple[date, date]:
    """The first and the last day of a granted term."""
    assert term.until is not None  # noqa: S101 - a grant always has an end.
    return clock.day_of(term.at), clock.day_of(term.until - timedelta(microseconds=1))


def is_same(term: LicenseTerm, line: AmendedLine) -> bool:
    """Whether a license was granted with just these credits and days."""
    return term.credits == line.credits and days_of(term) == (line.first_day, line.last_day)


def line_of(line: AmendedLine) -> LineOrder:
    """A license as one that is ordered; what it renews is no part of an amendment."""
    return LineOrder(
        credits=line.credits,
        first_day=line.first_day,
        last_day=line.last_day,
        kind=line.license.kind,
    )


def as_stated(line: AmendedLine) -> Restated:
    """A license as the books state it again."""
    new = lot(line_of(line))
    return Restated(
        license=line.license, credits=new.credits, starts_at=new.starts_at, ends_at=new.ends_at
    )
