"""What a file of orders would enter, for one person, as things are now: every problem by line.

However many orders there are, it takes a fixed number of queries.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, Value
from django.db.models.functions import Concat, Lower

from billing.domain.files.reading import Problem, in_order, shown
from billing.domain.importing.lines import ImportedLine, ImportedOrder, read_orders
from billing.domain.orders import LineOrder, Order, check_order, unusual
from billing.domain.second_look import NeedsSecondLook, refuse_alone
from billing.models import WITHDRAWN_STATES, Purchase
from credits import clock
from credits.domain.people import RIGHTS, Right, is_sales, role_in, with_roles
from credits.domain.terms import term
from credits.exceptions import InvalidCommand
from credits.models import Customer, License, LicenseTerm, User

CUSTOMER_SENTENCE = (
    "There is no customer {said} among yours. Write the number, as C-1001, or the exact name."
)


@dataclass(frozen=True)
class PlannedOrder:
    """An order that would be entered, with the customer whose it is."""

    number: int
    customer: Customer
    order: Order


Lot = tuple[int, datetime, datetime | None, str]
"""Credits, first instant, first instant without, and kind of a license."""


@dataclass(frozen=True)
class Recorded:
    """An order that stands, with its licenses as they were ordered."""

    purchase: Purchase
    lots: Counter[Lot]


@dataclass
class Plan:
    """What a file comes to. With any problem nothing is entered."""

    orders: list[PlannedOrder] = field(default_factory=list)
    already: list[ImportedOrder] = field(default_factory=list)
    """Orders that are recorded just as they stand in the file."""
    problems: list[Problem] = field(default_factory=list)
    separator: str = ","
    lines: int = 0

    @property
    def credits(self) -> int:
        """The credits of all orders that would be entered."""
        return sum(planned.order.credits for planned in self.orders)


def plan_import(data: bytes, user: User) -> Plan:
    """Read a file and look up what it names, among what the person may enter orders for."""
    read = read_orders(data)
    plan = Plan(problems=read.problems, separator=read.separator)
    plan.lines = sum(len(order.lines) for order in read.orders)
    if read.orders:
        check_orders(read.orders, user, plan)
    plan.problems = list(in_order(plan.problems))
    if plan.problems:
        plan.orders = []
    return plan


def check_orders(found: list[ImportedOrder], user: User, plan: Plan) -> None:
    """Sort the orders into those to enter, those that are there, and problems."""
    customers = Customers(found, user)
    recorded = recorded_with({order.key for order in found})
    licenses = renewable_of(customers.found)
    renewed = Counter(
        (customers.of(order), line.renews)
        for order in found
        for line in order.lines
        if line.renews and customers.of(order)
    )
    for order in found:
        customer = customers.of(order)
        if customer is None:
            plan.problems.append(Problem(order.number, customers.refusal(order)))
            continue
        earlier = recorded.get(order.key)
        if earlier is not None:
            if is_same(earlier, order, customer):
                plan.already.append(order)
            else:
                plan.problems.append(Problem(order.number, taken(earlier, order, customers)))
            continue
        check_one(order, customer, licenses, renewed, user, plan)


def check_one(
    order: ImportedOrder,
    customer: Customer,
    licenses: Mapping[tuple[int, str], License],
    renewed: Mapping[Any, int],
    user: User,
    plan: Plan,
) -> None:
    """Add an order to the plan, or what is wrong with it to the problems."""
    problems = list(line_problems(order, customer, licenses, renewed))
    if not problems:
        planned = order_of(order, customer, licenses)
        try:
            check_order(planned)
            refuse_alone(planned, user)
        except (InvalidCommand, NeedsSecondLook) as refusal:
            problems.append(Problem(order.number, refusal.message))
        else:
            plan.orders.append(PlannedOrder(order.number, customer, planned))
    plan.problems += problems


def line_problems(
    order: ImportedOrder,
    customer: Customer,
    licenses: Mapping[tuple[int, str], License],
    renewed: Mapping[Any, int],
) -> Iterable[Problem]:
    """What is wrong with the licenses of an order, each at its line."""
    today = clock.day_of(clock.now())
    for line in order.lines:
        asks = unusual(line.first_day, line.last_day, today)
        if asks and not line.unusual:
            sentence = f"{asks[1]} Write yes in the column unusual if that is meant."
            yield Problem(line.number, sentence)
        if not line.renews:
            continue
        license = licenses.get((customer.pk, line.renews))
        if license is None:
            yield Problem(
                line.number, f"{customer.name} has no license {shown(line.renews)} to renew."
            )
        elif getattr(license, "renewal", None) is not None or renewed[(customer, line.renews)] > 1:
            yield Problem(
                line.number, f"{license.label} has one renewal already. Leave the column empty."
            )


def order_of(
    order: ImportedOrder, customer: Customer, licenses: Mapping[tuple[int, str], License]
) -> Order:
    """The order as it is recorded. What is unusual was confirmed line by line, in the file."""

    def line_of(line: ImportedLine) -> LineOrder:
        return LineOrder(
            credits=line.credits,
            first_day=line.first_day,
            last_day=line.last_day,
            kind=line.kind,
            renews=licenses[(customer.pk, line.renews)] if line.renews else None,
        )

    return Order(
        order_number=order.order_number,
        channel=order.channel,
        lines=[line_of(line) for line in order.lines],
        price=order.price,
        currency=order.currency,
        note=order.note,
        unusual_confirmed=True,
    )


class Customers:
    """The customers that a file names, of those for whom the person may enter orders."""

    def __init__(self, orders: Iterable[ImportedOrder], user: User) -> None:
        said = {order.customer.casefold() for order in orders}
        numbers = {int(text) for text in map(number_in, said) if text}
        named = with_roles(user).annotate(called=Lower("name"))
        wanted = named.filter(Q(number__in=numbers) | Q(called__in=said))
        self.found = [one for one in wanted if may_enter(one)] if is_sales(user) else []
        self._by_number = {customer.number: customer for customer in self.found}
        self._by_name: dict[str, list[Customer]] = {}
        for customer in self.found:
            self._by_name.setdefault(customer.name.casefold(), []).append(customer)

    def of(self, order: ImportedOrder) -> Customer | None:
        """The one customer that an order names."""
        number = number_in(order.customer.casefold())
        if number and (found := self._by_number.get(int(number))):
            return found
        called = self._by_name.get(order.customer.casefold(), [])
        return called[0] if len(called) == 1 else None

    def refusal(self, order: ImportedOrder) -> str:
        """Why an order's customer cannot be told; another one's customer is not there."""
        called = self._by_name.get(order.customer.casefold(), [])
        if len(called) > 1:
            numbers = ", ".join(sorted(one.label for one in called))
            return f"Several customers are called {shown(order.customer)}: {numbers}. Write which."
        return CUSTOMER_SENTENCE.format(said=shown(order.customer))


def may_enter(customer: Any) -> bool:
    """Whether the person who was asked for may enter orders here; read by `with_roles`."""
    role = role_in(customer.member_role, customer.staff_roles, is_assigned=customer.is_assigned)
    return role is not None and Right.ENTER_PURCHASES in RIGHTS[role]


def number_in(text: str) -> str:
    """The digits of C-1001 or 1001; nothing where it is no number."""
    number = text.removeprefix("c-")
    return number if number.isascii() and number.isdigit() and len(number) < 10 else ""


def recorded_with(keys: set[tuple[str, str]]) -> dict[tuple[str, str], Recorded]:
    """The standing orders that have one of these channels and numbers."""
    said = Concat("channel", Value(" "), Lower("order_number"))
    texts = [f"{channel} {number}" for channel, number in keys]
    orders = Purchase.objects.alias(said=said).filter(said__in=texts).select_related("customer")
    found = list(orders.exclude(state__in=WITHDRAWN_STATES))
    terms: dict[int, Counter[Lot]] = {one.operation_id: Counter() for one in found}
    ordered = LicenseTerm.objects.filter(operation__in=terms).select_related("license")
    for stated in ordered:
        lot = (stated.credits, stated.at, stated.until, stated.license.kind)
        terms[stated.operation_id][lot] += 1
    return {
        (one.channel, one.order_number.lower()): Recorded(one, terms[one.operation_id])
        for one in found
    }


def is_same(earlier: Recorded, order: ImportedOrder, customer: Customer) -> bool:
    """Whether a recorded order is the one of the file: customer, money, and terms as ordered."""
    purchase = earlier.purchase
    if purchase.customer_id != customer.pk:
        return False
    if (purchase.price, purchase.currency) != (order.price, order.currency):
        return False
    return earlier.lots == Counter(
        (line.credits, *term(line.first_day, line.last_day), line.kind) for line in order.lines
    )


def taken(earlier: Recorded, order: ImportedOrder, customers: Customers) -> str:
    """That another order has the number; whose it is only if the person may see that."""
    customer = earlier.purchase.customer
    if customer in customers.found:
        return (
            f"Order number {order.order_number} is recorded for {customer.name} with "
            "other licenses or another price. Correct the line, or correct that order."
        )
    return f"Order number {order.order_number} is used already in its channel."


def renewable_of(customers: Iterable[Customer]) -> dict[tuple[int, str], License]:
    """The licenses of these customers that can be named, by customer and label."""
    found = License.objects.filter(customer__in=[one.pk for one in customers])
    standing = found.filter(voided_at__isnull=True).select_related("renewal")
    return {(license.customer_id, license.label): license for license in standing}
