"""What the support desk asks about seat licenses: forms, and the changes of their units."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from billing.domain.conversion.in_force import units_on
from billing.domain.conversion.rates import products
from billing.domain.conversion.reducing import ReduceSeats, reduce_units
from billing.domain.conversion.seats import MAX_UNITS
from billing.domain.conversion.terms import adding, convert
from billing.models import Entitlement, SeatKind
from credits import clock
from credits.admin.correcting import Correction
from credits.admin.correction_forms import CorrectionForm
from credits.admin.forms import CustomerField, MakingForm
from credits.domain.commands import Answer, Asked, Command
from credits.domain.preview import Draft
from credits.domain.terms import FIRST_YEAR, LAST_YEAR
from credits.templatetags.figures import grouped

SEAT_NUMBER = re.compile(r"EN-?([0-9]{1,9})", re.IGNORECASE)


class PlainDayField(forms.DateField):
    """A UTC day as YYYY-MM-DD."""

    def __init__(self, **kwargs: Any) -> None:
        wish = f"Enter a day from {FIRST_YEAR} to {LAST_YEAR} as YYYY-MM-DD, like 2027-03-31."
        super().__init__(
            input_formats=["%Y-%m-%d"],
            error_messages={"invalid": wish},
            widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "YYYY-MM-DD"}),
            **kwargs,
        )


def seat_number(word: str) -> int | None:
    """The number of a seat license (EN-1001), if the word is one."""
    found = SEAT_NUMBER.fullmatch(word)
    return int(found[1]) if found else None


class EntitlementField(forms.CharField):
    """A seat license named by its number: EN-1001."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        number = seat_number(text)
        found = Entitlement.objects.filter(number=number).first() if number is not None else None
        if found is None:
            raise forms.ValidationError(f"There is no seat license {text}.")
        return found


class ProductForm(MakingForm):
    """What every seat license says: product, units, type."""

    product = forms.ChoiceField()
    units = forms.IntegerField(min_value=1, max_value=MAX_UNITS, localize=False)
    kind = forms.ChoiceField(label="Type", choices=SeatKind, initial=SeatKind.FULL)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(rate.product, rate.name) for rate in products()]
        self.fields["product"].choices = [("", "Choose a product"), *named]  # type: ignore[attr-defined]


class SeatForm(ProductForm):
    """A seat license that a customer has, or its renewal."""

    taken = ("customer", "renews")

    customer = CustomerField(
        max_length=60, help_text="Its number or address part, like C-1001 or halden-energy."
    )
    renews = EntitlementField(
        label="Renews",
        max_length=20,
        required=False,
        help_text="The number of the seat license that this is a further term of, like EN-1001.",
    )
    starts = PlainDayField(label="First day", help_text="As YYYY-MM-DD, from 00:00 UTC on.")
    ends = PlainDayField(
        label="Last day", help_text="As YYYY-MM-DD. Usable to the end of this day, UTC."
    )
    code = forms.CharField(
        label="Activation code",
        max_length=60,
        required=False,
        help_text="The one it came with, if there is one. It is used up by this.",
    )
    unusual = forms.BooleanField(
        label="A term far back, or over, is meant as it stands", required=False
    )


class MoreUnitsForm(CorrectionForm):
    """More units, from a day on."""

    units = forms.IntegerField(
        label="Units it has then", min_value=1, max_value=MAX_UNITS, localize=False
    )
    starts = PlainDayField(
        label="From", help_text="As YYYY-MM-DD, UTC. The rate of this day is the rate of the rest."
    )


class FewerUnitsForm(CorrectionForm):
    """Fewer units, from now on."""

    units = forms.IntegerField(
        label="Units it is lowered to", min_value=1, max_value=MAX_UNITS, localize=False
    )


class LowerUnits(Correction):
    """Fewer units from now on, at the rates that they were converted at."""

    name = "lower"
    label = "Lower the units"
    form = FewerUnitsForm
    button = "Lower the units"
    done = "The units were lowered, and the credits with them."
    record: Entitlement

    @property
    def is_offered(self) -> bool:
        return units_on(self.record, clock.now()) > 1

    @property
    def title(self) -> str:
        return f"{self.label} of {self.record.label} of {self.record.customer.name}"

    @property
    def sentence(self) -> str:
        held = grouped(units_on(self.record, clock.now()))
        return (
            f"It has {held} units today. What was added last goes first; what was before stays as "
            "it was."
        )

    def command(self, form: Any, ask: Asked, seen: int | None) -> Command:
        return ReduceSeats(
            customer=self.record.customer,
            asked=ask,
            entitlement=self.record,
            units=form.cleaned_data["units"],
        )

    def carry_out(self, command: Any) -> Answer:
        return reduce_units(command)


class RaiseUnits(Correction):
    """More units from a day on, to the end of the running term."""

    name = "raise"
    label = "Raise the units"
    form = MoreUnitsForm
    button = "Raise the units"
    done = "The units were raised, by one more license."
    record: Entitlement

    @property
    def is_offered(self) -> bool:
        return bool(units_on(self.record, clock.now()))

    @property
    def title(self) -> str:
        return f"{self.label} of {self.record.label} of {self.record.customer.name}"

    @property
    def sentence(self) -> str:
        held = grouped(units_on(self.record, clock.now()))
        return (
            f"It has {held} units today. The rest becomes one more license, at the rate of its "
            "first day, with the last day of the running term."
        )

    def initial(self, draft: Draft) -> dict[str, Any]:
        return {"starts": clock.day_of(clock.now()).isoformat()}

    def command(self, form: Any, ask: Asked, seen: int | None) -> Command:
        told = form.cleaned_data
        return adding(self.record, told["units"], told["starts"], ask)

    def carry_out(self, command: Any) -> Answer:
        made = convert(command)
        return Answer(made.purchase.operation)
