"""Activation codes are issued, imported and withdrawn by support (docs/rules.md#conversion)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from django.db import IntegrityError, transaction

from billing.domain.conversion.codes import clean_code, new_code
from billing.domain.conversion.rates import rate_on
from billing.domain.conversion.seats import check_units
from billing.models import ActivationCode, Entitlement, SeatKind
from credits import clock
from credits.domain.commands import Answer, Decision, OfficeCommand, digest
from credits.domain.post import post_office
from credits.domain.terms import term
from credits.exceptions import InvalidCommand, NotAllowed, UnknownObject
from credits.models import Customer

MOST_CODES = 500
MOST_MONTHS = 120
CODE_ONCE = "billing_activationcode_code_key"


@dataclass(frozen=True, kw_only=True)
class IssueCodes(OfficeCommand):
    """Make codes for one kind of seat license each, or take over those another system made.

    The term is `months` from the day of activation on, or ends on `last_day`, with its first day
    fixed or the day of activation. A code with a customer works for that one alone; one that
    `renews` a seat license is its renewal. The codes stand in no operation.

    Raises InvalidCommand at the field, and NotAllowed at `codes` for one that is there already.
    """

    kind: ClassVar[str] = "issue-codes"

    product: str
    units: int
    seats: str = SeatKind.FULL
    months: int | None = None
    first_day: date | None = None
    last_day: date | None = None
    use_by: date | None = None
    customer: Customer | None = None
    renews: Entitlement | None = None
    count: int = 1
    imported: Sequence[str] = ()
    """Codes of another system, as they were typed; empty: `count` new ones are made."""

    def content(self) -> Mapping[str, Any]:
        return {
            "product": self.product,
            "units": self.units,
            "seats": str(self.seats),
            "months": self.months,
            "first_day": self.first_day,
            "last_day": self.last_day,
            "use_by": self.use_by,
            "customer": self.customer.public_id if self.customer else None,
            "renews": self.renews.public_id if self.renews else None,
            "count": self.count,
            "imported": digest(*self.imported) if self.imported else "",
        }

    def decide(self, now: datetime) -> Decision:
        today = clock.day_of(now)
        check_units(self.units)
        rate_on(self.product, self.first_day or today)
        if self.seats not in SeatKind.values:
            raise InvalidCommand("The type is full or trial.", field="seats")
        self.check_term(today)
        if self.renews is not None:
            self.check_renewed(self.renews)
        if not self.imported and not 1 <= self.count <= MOST_CODES:
            raise InvalidCommand(f"Make from 1 to {MOST_CODES} codes at once.", field="count")
        codes = cleaned(self.imported)
        refuse_known(codes)
        made = len(codes) or self.count
        return Decision(
            answer={
                "codes": made,
                "customer": str(self.customer.public_id) if self.customer else None,
            },
            subject=f"{made} activation codes",
        )

    def check_term(self, today: date) -> None:
        """A term by months, or by its last day."""
        if (self.months is None) == (self.last_day is None):
            raise InvalidCommand("Enter the months of the term, or its last day.", field="months")
        if self.months is not None and not 1 <= self.months <= MOST_MONTHS:
            raise InvalidCommand(f"A term has from 1 to {MOST_MONTHS} months.", field="months")
        if self.months is not None and self.first_day is not None:
            raise InvalidCommand(
                "A term by months begins on the day of activation.", field="first_day"
            )
        if self.last_day is not None:
            if self.last_day < today:
                raise InvalidCommand("This term is over already.", field="last_day")
            term(self.first_day or today, self.last_day)
        if self.use_by is not None and self.use_by < today:
            raise InvalidCommand("This day has passed.", field="use_by")

    def check_renewed(self, renewed: Entitlement) -> None:
        """A renewal is for the customer of what it renews, and of the same product."""
        if self.customer is None or renewed.customer_id != self.customer.pk:
            raise UnknownObject("This customer has no such seat license.", field="renews")
        if renewed.product != self.product or renewed.kind != self.seats:
            raise InvalidCommand(f"{renewed.label} is of another product or type.", field="renews")


def cleaned(typed: Sequence[str]) -> list[str]:
    """Imported codes as they are stored. Raises InvalidCommand with every problem by its line."""
    if len(typed) > MOST_CODES:
        raise InvalidCommand(f"Import up to {MOST_CODES} codes at once.", field="codes")
    codes: list[str] = []
    problems = []
    for line, text in enumerate(typed, start=1):
        try:
            code = clean_code(text)
        except InvalidCommand as error:
            problems.append(f"Code {line}: {error.message}")
            continue
        if code in codes:
            problems.append(f"Code {line} is there twice.")
        codes.append(code)
    if problems:
        raise InvalidCommand(" ".join(problems[:10]), field="codes")
    return codes


def refuse_known(codes: Sequence[str]) -> None:
    """Refuse codes that are there already, by their places."""
    known = set(ActivationCode.objects.filter(code__in=codes).values_list("code", flat=True))
    places = [str(place) for place, code in enumerate(codes, start=1) if code in known]
    if places:
        raise NotAllowed(
            f"Known already, so nothing was imported: code {', '.join(places[:10])}.",
            field="codes",
        )


@transaction.atomic
def issue_codes(command: IssueCodes) -> list[ActivationCode]:
    """Issue codes, exactly once per key; a repeat returns those issued first."""
    answer = post_office(command)
    if answer.repeated:
        return list(ActivationCode.objects.filter(issuing=answer.operation).order_by("pk"))
    made = cleaned(command.imported) or [new_code() for _one in range(command.count)]
    try:
        with transaction.atomic():
            return ActivationCode.objects.bulk_create(row(command, code, answer) for code in made)
    except IntegrityError:
        refuse_known(made)
        raise


def row(command: IssueCodes, code: str, answer: Answer) -> ActivationCode:
    """The record of one code."""
    return ActivationCode(
        code=code,
        product=command.product,
        kind=command.seats,
        units=command.units,
        months=command.months,
        first_day=command.first_day,
        last_day=command.last_day,
        use_by=command.use_by,
        customer=command.customer,
        renews=command.renews,
        issued_at=answer.operation.recorded_at,
        issuing=answer.operation,
    )


@dataclass(frozen=True, kw_only=True)
class WithdrawCode(OfficeCommand):
    """Take a code back that nobody has used. Raises UnknownObject, and NotAllowed otherwise."""

    kind: ClassVar[str] = "withdraw-code"

    code: UUID
    """The code's public id."""

    def content(self) -> Mapping[str, Any]:
        return {"code": self.code}

    def decide(self, now: datetime) -> Decision:
        found = ActivationCode.objects.select_for_update().filter(public_id=self.code).first()
        if found is None:
            raise UnknownObject("There is no such code.")
        if found.used_at is not None:
            raise NotAllowed("This code was used. Correct the license that it became.")
        if found.withdrawn_at is not None:
            raise NotAllowed("This code was withdrawn before.")

        def save() -> None:
            ActivationCode.objects.filter(pk=found.pk).update(withdrawn_at=now)

        customer = str(found.customer.public_id) if found.customer else None
        return Decision(
            save_rows=save,
            answer={"code": str(found.public_id), "customer": customer},
            subject="1 activation code",
        )


def withdraw_code(command: WithdrawCode) -> Answer:
    """Withdraw a code, once per key."""
    return post_office(command)
