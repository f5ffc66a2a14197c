"""The calculator's lines as they were typed: shape and types only. Rules are the domain's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.http import QueryDict
from django.utils.translation import gettext as _

from credits.domain.catalogue import Offer
from credits.domain.pricing import Quantity
from credits.domain.quantities import MEASURED, read_quantity
from credits.exceptions import CreditsError, InvalidCommand
from estimator.domain.checking import MAX_LINES, check_feature, check_plan
from estimator.domain.estimates import Draft
from estimator.domain.plans import FLAT, Plan
from estimator.domain.price_list import PriceList

PREFIX = "units."
"""A line is sent as `units.<feature key>`, once per account where accounts are priced apart."""

GROWTH, STARTS, RAMP = "growth.", "from.", "ramp."
"""How a line changes over the term is sent beside its units, each under its feature's key."""

PERCENT = re.compile(r"[-−]?\d{1,3}(?:\.\d{1,2})?")
MONTH = re.compile(r"(\d{4})-(\d{2})(?:-\d{2})?")

MAX_ACCOUNTS = 200
LONGEST_KEYS = 1_000
"""Characters of an address that are read for features."""

SHOWN = 60
"""Characters of an unknown feature that are shown again."""


@dataclass
class LineInput:
    """One line as it was typed, and what it means."""

    key: str
    texts: list[str]
    offer: Offer | None
    growth: str = ""
    """Percent a year, as typed."""
    starts: str = ""
    """The month from which it is needed, as typed: 2027-04."""
    ramp: str = ""
    """Over how many months the units arrive, as typed."""
    quantity: Quantity | None = None
    plan: Plan = FLAT
    errors: list[str] = field(default_factory=list)
    is_plan_wrong: bool = False
    """Whether the errors are about how it changes, and not about its units."""

    @property
    def by_account(self) -> bool:
        """Whether each account is typed apart."""
        return self.offer is not None and self.offer.rate.model == "tiered"

    @property
    def is_planned(self) -> bool:
        """Whether anything was typed of how it changes."""
        return any(text.strip() for text in (self.growth, self.starts, self.ramp))

    @property
    def label(self) -> str:
        """The feature's name, or what was sent in its place."""
        return self.offer.feature.name if self.offer else self.key[:SHOWN]


@dataclass
class Lines:
    """The lines of a form, in the order they were sent."""

    inputs: list[LineInput]
    error: str = ""
    """What is wrong with all of them together; then none is counted."""

    @property
    def is_valid(self) -> bool:
        return not self.error and not any(line.errors for line in self.inputs)

    def need_units(self) -> None:
        """An empty field is nothing yet while one computes; to be saved it must be filled."""
        for line in self.inputs:
            if line.quantity is None and not line.errors:
                line.errors.append(_("Enter the units, or remove this line."))

    def quantities(self) -> dict[str, Quantity]:
        """What can be counted: the lines that are filled, without an error."""
        return {
            line.key: line.quantity
            for line in self.inputs
            if line.quantity is not None and not line.errors
        }

    def plans(self) -> dict[str, Plan]:
        """How the lines that can be counted change, where they do."""
        return {
            line.key: line.plan
            for line in self.inputs
            if line.quantity is not None and not line.errors and not line.plan.is_flat
        }


def sent_lines(data: QueryDict, prices: PriceList) -> list[LineInput]:
    """The lines as they were sent; nothing that was typed is lost."""
    keys = [name.removeprefix(PREFIX) for name in data if name.startswith(PREFIX)]
    return [
        LineInput(
            key,
            data.getlist(PREFIX + key),
            prices.offers.get(key),
            growth=data.get(GROWTH + key, ""),
            starts=data.get(STARTS + key, ""),
            ramp=data.get(RAMP + key, ""),
        )
        for key in keys
    ]


def drafted_lines(draft: Draft, prices: PriceList) -> list[LineInput]:
    """The lines of a saved estimate as if they had been typed."""
    return [
        planned(LineInput(key, texts_of(quantity), prices.offers.get(key)), draft.plan(key))
        for key, quantity in draft.quantities.items()
    ]


def planned(line: LineInput, plan: Plan) -> LineInput:
    """A line with its plan as if it had been typed."""
    line.growth = f"{plan.growth.normalize():f}" if plan.growth else ""
    line.starts = f"{plan.starts_on:%Y-%m}" if plan.starts_on else ""
    line.ramp = str(plan.ramp) if plan.ramp else ""
    return line


def asked_for(text: str, prices: PriceList) -> list[str]:
    """The features that an address names, by key with commas between; unknown ones are left out."""
    keys = dict.fromkeys(text[:LONGEST_KEYS].split(","))
    return [key for key in keys if key in prices.offers][:MAX_LINES]


def edited(
    lines: list[LineInput], act: str, prices: PriceList, held: Mapping[str, Quantity]
) -> list[LineInput]:
    """The lines after a button that adds, removes or empties them.

    A feature that is `held` comes with the units it is held for.
    """
    verb, _colon, subject = act.partition(":")
    key, _colon, place = subject.partition(":")
    if verb == "reset":
        return []
    if verb == "remove":
        return [line for line in lines if line.key != key]
    if verb in ("add", "held"):
        there = {line.key for line in lines}
        new = [one for one in ([key] if verb == "add" else held) if one not in there]
        return [*lines, *(fresh(one, prices, held) for one in new)]
    for line in lines:
        if line.key == key and verb == "account":
            line.texts.append("")
        if line.key == key and verb == "drop" and place.isdecimal() and len(line.texts) > 1:
            del line.texts[int(place) : int(place) + 1]
    return lines


def fresh(key: str, prices: PriceList, held: Mapping[str, Quantity]) -> LineInput:
    """A new line, filled with what is held or empty."""
    texts = texts_of(held[key]) if key in held else [""]
    return LineInput(key, texts, prices.offers.get(key))


def read_lines(inputs: list[LineInput], prices: PriceList) -> Lines:
    """Give each line its meaning, or its errors."""
    if len(inputs) > MAX_LINES:
        sent = {"most": MAX_LINES, "sent": len(inputs)}
        return Lines(inputs, _("An estimate has up to %(most)d lines. You sent %(sent)d.") % sent)
    for line in inputs:
        try:
            check_feature(line.key, prices)
            line.quantity = read_quantities(line)
            line.is_plan_wrong = True
            line.plan = read_plan(line)
            check_plan(line.key, line.plan)
            line.is_plan_wrong = False
        except CreditsError as error:
            line.errors.append(error.message)
    return Lines(inputs)


def read_quantities(line: LineInput) -> Quantity | None:
    """The typed units as exact numbers, None for nothing yet. Raises InvalidCommand."""
    measured = line.offer is not None and line.offer.rate.model in MEASURED
    most = MAX_ACCOUNTS if line.by_account else 1
    if len(line.texts) > most:
        raise InvalidCommand(
            _("This line has up to %(most)d fields. You sent %(sent)d.")
            % {"most": most, "sent": len(line.texts)}
        )
    numbers = [
        read_quantity(text, measured=measured, field=line.key)
        for text in line.texts
        if text.strip()
    ]
    if not numbers:
        return None
    if line.by_account:
        return {str(place): units for place, units in enumerate(numbers, start=1)}
    return numbers[0]


def read_plan(line: LineInput) -> Plan:
    """How the line changes over the term. Raises InvalidCommand for what cannot be meant."""
    return Plan(
        growth=read_growth(line.growth.strip(), line.key),
        starts_on=read_month(line.starts.strip(), line.key),
        ramp=read_ramp(line.ramp.strip(), line.key),
    )


def read_growth(text: str, key: str) -> Decimal:
    """Percent a year; nothing typed is no growth."""
    text = text.removesuffix("%").strip()
    if not text:
        return Decimal(0)
    if not PERCENT.fullmatch(text):
        raise InvalidCommand(
            _("Growth is a percentage a year: 10 or -5. You entered %(text)s.")
            % {"text": text[:SHOWN]},
            field=key,
        )
    return Decimal(text.replace("−", "-"))


def read_month(text: str, key: str) -> date | None:
    """The first day of a month; nothing typed is the beginning of the term."""
    if not text:
        return None
    found = MONTH.fullmatch(text)
    if found is None or not 1 <= int(found[2]) <= 12 or not 2000 <= int(found[1]) <= 2100:
        raise InvalidCommand(
            _("A month is written as 2027-04. You entered %(text)s.") % {"text": text[:SHOWN]},
            field=key,
        )
    return date(int(found[1]), int(found[2]), 1)


def read_ramp(text: str, key: str) -> int:
    """Whole months; nothing typed is all at once."""
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise InvalidCommand(
            _("A ramp is a whole number of months. You entered %(text)s.") % {"text": text[:SHOWN]},
            field=key,
        )
    return int(text)


def texts_of(quantity: Quantity) -> list[str]:
    """A quantity as it is shown in its fields."""
    if isinstance(quantity, Mapping):
        return [text_of(units) for units in quantity.values()] or [""]
    return [text_of(quantity)]


def text_of(units: Decimal) -> str:
    """Units grouped by commas, as they may be typed."""
    return f"{units.normalize():,f}"
