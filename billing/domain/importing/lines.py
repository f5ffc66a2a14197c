"""What the lines of a file of orders say: cells in, orders and problems out; nothing is looked up.

One line is one license; lines of one order number in one channel are one order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from re import compile as pattern
from typing import TypeVar

from billing.domain.files.reading import (
    Problem,
    Reading,
    Row,
    read_day,
    read_table,
    read_whole,
    shown,
)
from billing.domain.orders import check_price
from billing.models import Channel
from credits.domain.licenses import check_credits
from credits.domain.terms import last_day, term
from credits.exceptions import InvalidCommand
from credits.models import LicenseKind

T = TypeVar("T")

MAX_LINES = 2_000
MAX_MONTHS = 120
MAX_NOTE = 500
CHANNELS = (Channel.SALES, Channel.SUPPORT)
KINDS = (LicenseKind.BOUGHT, LicenseKind.TRIAL)
PRICE = pattern(r"[0-9]{1,12}(?:\.[0-9]{1,2})?")
YES, NO = ("yes", "true", "1"), ("", "no", "false", "0")

COLUMNS = {
    "customer": "customer",
    "order number": "order number",
    "channel": "channel",
    "credits": "credits",
    "first day": "first day",
    "last day": "last day",
    "months": "months",
    "kind": "kind",
    "renews": "renews",
    "price": "price",
    "currency": "currency",
    "note": "note",
    "unusual": "unusual",
    "name": "",
}
"""The columns by their names in the header; `name` is for people to read."""

NEEDED = ("customer", "order number", "credits", "first day")
HEADER = tuple(name for name in COLUMNS if name != "name")


@dataclass(frozen=True)
class ImportedLine:
    """One license of an order, with the number of its line in the file."""

    number: int
    credits: int
    first_day: date
    last_day: date
    kind: str
    renews: str
    """The label of the license it renews (L-204), or nothing."""
    unusual: bool
    """Whether a term far in the past, or one that is over, is meant."""


@dataclass
class ImportedOrder:
    """An order as the file has it. The customer is what was written, not looked up yet."""

    number: int
    """The number of its first line."""
    customer: str
    order_number: str
    channel: str
    price: Decimal | None
    currency: str
    note: str
    lines: list[ImportedLine] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, str]:
        """What names it: its channel and its number."""
        return self.channel, self.order_number.lower()

    @property
    def credits(self) -> int:
        """The sum of its licenses' credits."""
        return sum(line.credits for line in self.lines)


@dataclass
class Read:
    """The orders of a file in their order, and every problem of its form."""

    orders: list[ImportedOrder] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    separator: str = ","


def read_orders(data: bytes) -> Read:
    """The orders of a file. With any problem nothing may be entered."""
    table: Reading = read_table(data, COLUMNS, needed=NEEDED, most_lines=MAX_LINES)
    if table.problems:
        return Read(problems=table.problems, separator=table.separator)
    found = Read(separator=table.separator)
    by_key: dict[tuple[str, str], ImportedOrder] = {}
    for row in table.rows:
        read_row(row, by_key, found.problems)
    found.orders = list(by_key.values())
    return found


def read_row(
    row: Row, orders: dict[tuple[str, str], ImportedOrder], problems: list[Problem]
) -> None:
    """Add one line to its order; what is wrong with it to the problems, all of it at once."""
    wrong: list[str] = []
    details = read_details(row, wrong)
    line = read_line(row, wrong)
    if wrong or line is None:
        problems += [Problem(row.number, sentence) for sentence in wrong]
        return
    known = orders.setdefault(details.key, details)
    if known is not details:
        problems += [Problem(row.number, text) for text in differences(known, details, row)]
    known.lines.append(line)


def read_details(row: Row, wrong: list[str]) -> ImportedOrder:
    """What a line says of its order as a whole."""
    channel = row["channel"].lower() or Channel.SALES.value
    if channel not in CHANNELS:
        wrong.append(f"The channel is sales or support, not {shown(row['channel'])}.")
    for column in ("customer", "order number"):
        if not row[column]:
            wrong.append(f"The {column} is missing.")
    if len(row["note"]) > MAX_NOTE:
        wrong.append(f"The note takes up to {MAX_NOTE} characters.")
    price, currency = read_price(row, wrong)
    return ImportedOrder(
        number=row.number,
        customer=row["customer"],
        order_number=row["order number"],
        channel=channel,
        price=price,
        currency=currency,
        note=row["note"],
    )


def read_price(row: Row, wrong: list[str]) -> tuple[Decimal | None, str]:
    """The price of the order with its currency, or neither."""
    text, currency = row["price"], row["currency"].upper()
    if not text and not currency:
        return None, ""
    try:
        price = Decimal(text) if PRICE.fullmatch(text) else None
        if price is None:
            raise InvalidOperation
        check_price(price, currency)
    except InvalidOperation:
        wrong.append(f"Write the price as 1234.50, with a point, not {shown(text)}.")
    except InvalidCommand as refusal:
        wrong.append(refusal.message)
    else:
        return price, currency
    return None, ""


def read_line(row: Row, wrong: list[str]) -> ImportedLine | None:
    """The license of a line; None where something is wrong with it."""
    before = len(wrong)
    credits = tried(lambda: checked_credits(row["credits"]), wrong)
    first = tried(lambda: read_day(row["first day"], "first day"), wrong)
    last = read_last(row, first, wrong)
    kind = row["kind"].lower() or LicenseKind.BOUGHT.value
    if kind not in KINDS:
        wrong.append(f"The kind is bought or trial, not {shown(row['kind'])}.")
    if row["unusual"].lower() not in (*YES, *NO):
        wrong.append(f"The column unusual takes yes or no, not {shown(row['unusual'])}.")
    if len(wrong) > before or credits is None or first is None or last is None:
        return None
    return ImportedLine(
        number=row.number,
        credits=credits,
        first_day=first,
        last_day=last,
        kind=kind,
        renews=row["renews"].upper(),
        unusual=row["unusual"].lower() in YES,
    )


def read_last(row: Row, first: date | None, wrong: list[str]) -> date | None:
    """The last day, as it stands or by the months; both only where they agree."""
    if not row["last day"] and not row["months"]:
        wrong.append("The last day is missing, or the months from which it follows.")
        return None
    typed = tried(lambda: read_day(row["last day"], "last day"), wrong) if row["last day"] else None
    months = tried(lambda: checked_months(row["months"]), wrong) if row["months"] else None
    if first is None or (typed is None and months is None):
        return None
    by_months = last_day(first, months) if months is not None else None
    if typed is not None and by_months is not None and typed != by_months:
        wrong.append(
            f"{months} months from {first:%Y-%m-%d} end on {by_months:%Y-%m-%d}, "
            f"not on {typed:%Y-%m-%d}. Leave one of the two empty."
        )
        return None
    last = typed or by_months
    if last is not None and tried(lambda: term(first, last), wrong) is None:
        return None
    return last


def checked_credits(text: str) -> int:
    """The credits of a license. Raises InvalidCommand."""
    credits = read_whole(text, "credits")
    check_credits(credits)
    return credits


def checked_months(text: str) -> int:
    """The length of a term. Raises InvalidCommand."""
    months = read_whole(text, "months")
    if not 1 <= months <= MAX_MONTHS:
        raise InvalidCommand(f"A term has 1 to {MAX_MONTHS} months, not {months:,}.")
    return months


def tried(read: Callable[[], T], wrong: list[str]) -> T | None:
    """What a reader gives, or None with its refusal among the problems."""
    try:
        return read()
    except InvalidCommand as refusal:
        wrong.append(refusal.message)
        return None


def differences(known: ImportedOrder, other: ImportedOrder, row: Row) -> Iterable[str]:
    """What a later line of an order says otherwise than its first; an empty cell says nothing."""
    said: Sequence[tuple[str, object, object]] = (
        ("customer", known.customer.casefold(), other.customer.casefold()),
        ("price", (known.price, known.currency), (other.price, other.currency)),
        ("note", known.note, other.note),
    )
    for column, first, later in said:
        if row[column] and first != later:
            yield (
                f"Line {known.number} has another {column} for order {known.order_number}. "
                "One order has one, so correct the line or the order number."
            )
