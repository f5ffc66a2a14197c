"""What the calculator's form sends: shape and types only. Prices and rules are the domain's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from billing.domain.orders import MAX_ORDER_NUMBER
from billing.forms.fields import CreditsField, DayField
from credits.domain.catalogue import Offer
from credits.domain.pricing import Quantity
from credits.domain.quantities import MEASURED, read_quantity
from credits.exceptions import CreditsError, InvalidCommand
from estimator.domain.estimates import Draft
from estimator.domain.needs import Basis
from estimator.domain.price_list import PriceList
from estimator.domain.saving import MAX_LINES, check_feature
from estimator.models import MAX_NAME, MAX_YEARS

PREFIX = "units."
"""A line is sent as `units.<feature key>`, once per account where accounts are priced apart."""

MAX_ACCOUNTS = 200
LONGEST_KEYS = 1_000
"""Characters of an address that are read for features."""

SHOWN = 60
"""Characters of an unknown feature that are shown again."""


class EstimateForm(forms.Form):
    """All of an estimate but its lines."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=MAX_NAME,
        required=False,
        error_messages={
            "max_length": gettext_lazy(
                "A name has up to %(limit_value)d characters. You entered %(show_value)d."
            ),
        },
    )
    years = forms.TypedChoiceField(
        label=gettext_lazy("Term"),
        choices=[(n, ngettext_lazy("%d year", "%d years") % n) for n in range(1, MAX_YEARS + 1)],
        coerce=int,
        required=False,
        error_messages={
            "invalid_choice": gettext_lazy(
                "The term is a whole number of years from 1 to 10. You entered %(value)s."
            ),
        },
    )
    overlap = forms.BooleanField(required=False)

    def need_name(self) -> None:
        """A name is asked for when the estimate is saved, and only then."""
        if "name" not in self.errors and not self.cleaned_data.get("name"):
            self.add_error(
                "name",
                _("Give the estimate a name of 1 to %(most)d characters.") % {"most": MAX_NAME},
            )


@dataclass
class LineInput:
    """One line as it was typed, and what it means."""

    key: str
    texts: list[str]
    offer: Offer | None
    quantity: Quantity | None = None
    errors: list[str] = field(default_factory=list)

    @property
    def by_account(self) -> bool:
        """Whether each account is typed apart."""
        return self.offer is not None and self.offer.rate.model == "tiered"

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


def sent_lines(data: QueryDict, prices: PriceList) -> list[LineInput]:
    """The lines as they were sent; nothing that was typed is lost."""
    keys = [name.removeprefix(PREFIX) for name in data if name.startswith(PREFIX)]
    return [LineInput(key, data.getlist(PREFIX + key), prices.offers.get(key)) for key in keys]


def drafted_lines(draft: Draft, prices: PriceList) -> list[LineInput]:
    """The lines of a saved estimate as if they had been typed."""
    return [
        LineInput(key, texts_of(quantity), prices.offers.get(key))
        for key, quantity in draft.quantities.items()
    ]


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


def texts_of(quantity: Quantity) -> list[str]:
    """A quantity as it is shown in its fields."""
    if isinstance(quantity, Mapping):
        return [text_of(units) for units in quantity.values()] or [""]
    return [text_of(quantity)]


def text_of(units: Decimal) -> str:
    """Units grouped by commas, as they may be typed."""
    return f"{units.normalize():,f}"


def initial(name: str, draft: Draft) -> dict[str, Any]:
    """The form's values for a draft that was not typed."""
    return {"name": name, "years": draft.years, "overlap": draft.overlap}


class HandOverForm(forms.Form):
    """The figures that were seen when an estimate was handed over; none of them is typed."""

    version = forms.IntegerField(min_value=1)
    credits = CreditsField()
    first_day = DayField()
    basis = forms.ChoiceField(choices=[(basis.value, basis.value) for basis in Basis])


class OrderForm(forms.Form):
    """What is asked before an estimate becomes a purchase: the order's number."""

    order_number = forms.CharField(
        label=gettext_lazy("Order number"),
        max_length=MAX_ORDER_NUMBER,
        help_text=gettext_lazy("Must be new among the orders of sales representatives."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={
            "required": gettext_lazy("Enter the order number."),
            "max_length": gettext_lazy("The order number takes up to %(limit_value)d characters."),
        },
    )
    first_day = DayField(label=gettext_lazy("First day"), widget=forms.HiddenInput)

    def __init__(
        self, data: QueryDict | None = None, *, initial: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(
            data, initial=dict(initial or {}), auto_id="%s", use_required_attribute=False
        )


def basis_of(text: str | None) -> Basis:
    """The basis that is asked for. It is a view, not a statement: nonsense is the default."""
    return Basis.ON_TOP if text == Basis.ON_TOP else Basis.INSTEAD


def version_of(text: str | None) -> int | None:
    """The version a form was drawn from."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None
