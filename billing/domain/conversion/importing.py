"""Many seat licenses from a file: tried first, then entered, all of them or none.

A line is known by what it says: entered again, from this file or another, it changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date

from django.db import transaction

from billing.domain.conversion.codes import clean_code
from billing.domain.conversion.seats import Seats
from billing.domain.conversion.terms import enter_entitlement, renew_entitlement
from billing.domain.files.reading import (
    Problem,
    Row,
    in_order,
    read_day,
    read_table,
    read_whole,
    shown,
)
from billing.domain.orders import unusual
from billing.models import Entitlement, EntitlementTerm, SeatKind
from credits import clock
from credits.domain.commands import Asked, digest
from credits.domain.locks import lock_customers
from credits.domain.people import Right, customers_for
from credits.exceptions import CreditsError, InvalidCommand
from credits.models import Customer, User

SOURCE = "import"
MOST_LINES = 500

COLUMNS = {
    "customer": "customer",
    "product": "product",
    "units": "units",
    "type": "type",
    "first day": "first day",
    "last day": "last day",
    "activation code": "activation code",
    "renews": "renews",
    "name": "",
}
"""The columns by their names in the header; a name is for people to read."""

NEEDED = ("customer", "product", "units", "first day", "last day")


@dataclass(frozen=True)
class ImportLine:
    """What one line says, in plain values that a form can carry to be confirmed."""

    number: int
    customer: str
    """The customer's public id."""
    product: str
    units: int
    kind: str
    first_day: str
    last_day: str
    code: str = ""
    renews: str = ""
    """The public id of the seat license it renews."""

    @property
    def seats(self) -> Seats:
        """The seat license, its term as it is written."""
        return Seats(
            product=self.product,
            units=self.units,
            first_day=date.fromisoformat(self.first_day),
            last_day=date.fromisoformat(self.last_day),
            kind=self.kind,
            unusual_confirmed=True,
        )


@dataclass(frozen=True)
class Entered:
    """One line that was entered, or would be."""

    line: ImportLine
    term: EntitlementTerm
    customer: Customer
    is_known: bool
    """Whether it had been entered before."""
    unusual: str
    """What is unusual about its term, if anything is."""


@dataclass
class Import:
    """What a file says and what became of it."""

    lines: list[ImportLine] = field(default_factory=list)
    entered: list[Entered] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    separator: str = ","

    @property
    def new(self) -> list[Entered]:
        """The lines that were not known before."""
        return [one for one in self.entered if not one.is_known]

    @property
    def credits(self) -> int:
        """The credits that the new lines bring."""
        return sum(one.term.license.credits for one in self.new)

    @property
    def unusual(self) -> list[Entered]:
        """The new lines whose terms are asked about."""
        return [one for one in self.new if one.unusual]


def read_import(data: bytes, person: User) -> Import:
    """The lines of a file that a person may enter, or every problem by its line."""
    reading = read_table(data, COLUMNS, needed=NEEDED, most_lines=MOST_LINES)
    found = Import(problems=list(reading.problems), separator=reading.separator)
    customers = named(customers_for(person))
    for row in reading.rows:
        try:
            found.lines.append(read_line(row, customers))
        except CreditsError as error:
            found.problems.append(Problem(row.number, error.message))
    found.problems = list(in_order(found.problems))
    return found


def named(customers: Iterable[Customer]) -> dict[str, Customer]:
    """Customers by number and by address part, in small letters."""
    found = {}
    for one in customers:
        found[one.label.casefold()] = found[one.slug.casefold()] = one
    return found


def read_line(row: Row, customers: dict[str, Customer]) -> ImportLine:
    """One line. Raises InvalidCommand with the first thing that is wrong with it."""
    customer = customers.get(row["customer"].casefold())
    if customer is None:
        raise InvalidCommand(f"You look after no customer {shown(row['customer'])}.")
    kind = row["type"].casefold() or SeatKind.FULL.value
    if kind not in SeatKind.values:
        raise InvalidCommand(f"The column type takes full or trial, not {shown(row['type'])}.")
    return ImportLine(
        number=row.number,
        customer=str(customer.public_id),
        product=row["product"].casefold(),
        units=read_whole(row["units"], "units"),
        kind=kind,
        first_day=read_day(row["first day"], "first day").isoformat(),
        last_day=read_day(row["last day"], "last day").isoformat(),
        code=clean_code(row["activation code"]) if row["activation code"] else "",
        renews=renewed(row["renews"], customer) if row["renews"] else "",
    )


def renewed(text: str, customer: Customer) -> str:
    """The seat license of a customer that a line renews, by its number: EN-1001."""
    number = text.casefold().removeprefix("en-")
    own = Entitlement.objects.filter(customer=customer)
    found = None
    if number.isascii() and number.isdigit() and len(number) < 10:
        found = own.filter(number=int(number)).first()
    if found is None:
        raise InvalidCommand(f"{customer.name} has no seat license {shown(text)}.")
    return str(found.public_id)


class Tried(Exception):
    """Ends a try, so that nothing of it stays."""


def try_import(found: Import, person: User) -> Import:
    """Enter the lines and take all of it back: what the import would do, or every problem."""
    if not found.problems:
        with suppress(Tried):
            carry_out(found, person, keeps=False)
    return found


def carry_out(found: Import, person: User, *, keeps: bool = True) -> Import:
    """Enter every line in one transaction, none if one of them has a problem.

    With `keeps` off all of it is taken back by raising Tried.
    """
    with suppress(Refused), transaction.atomic():
        enter_all(found, person)
        found.problems = list(in_order(found.problems))
        if found.problems:
            raise Refused
        if not keeps:
            raise Tried
    return found


class Refused(Exception):
    """A line has a problem, so that nothing is entered."""


def enter_all(found: Import, person: User) -> None:
    """Enter each line, noting its problem where it has one."""
    own = customers_for(person).in_bulk(
        [one.customer for one in found.lines], field_name="public_id"
    )
    customers = {str(public_id): customer for public_id, customer in own.items()}
    lock_customers(customer.pk for customer in customers.values())
    seen: Counter[ImportLine] = Counter()
    today = clock.day_of(clock.now())
    for line in found.lines:
        if line.customer not in customers:
            found.problems.append(Problem(line.number, "You look after this customer no more."))
            continue
        customer, key = customers[line.customer], key_of(line, seen)
        ask = Asked(source=SOURCE, key=key, actor=person)
        known = EntitlementTerm.objects.filter(
            purchase__operation__source=SOURCE, purchase__operation__key=key
        )
        is_known = known.exists()
        try:
            with transaction.atomic():
                term = entering(line, customer)(ask)
        except CreditsError as error:
            found.problems.append(Problem(line.number, error.message))
            continue
        asks = unusual(line.seats.first_day, line.seats.last_day, today)
        found.entered.append(Entered(line, term, customer, is_known, asks[1] if asks else ""))


def key_of(line: ImportLine, seen: Counter[ImportLine]) -> str:
    """What a line says, and for how many lines the file has said it before."""
    said = ImportLine(**{**vars(line), "number": 0})
    seen[said] += 1
    parts = [str(value) for value in vars(said).values()]
    return f"seats/{digest(*parts, str(seen[said]))}"


def entering(line: ImportLine, customer: Customer) -> Callable[[Asked], EntitlementTerm]:
    """How a line is entered."""
    right, code = Right.ENTER_PURCHASES, line.code
    if not line.renews:
        return lambda ask: enter_entitlement(customer, line.seats, ask, code=code, right=right)
    entitlement = Entitlement.objects.get(customer=customer, public_id=line.renews)
    return lambda ask: renew_entitlement(entitlement, line.seats, ask, code=code, right=right)
