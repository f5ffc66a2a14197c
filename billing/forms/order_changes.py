"""The forms that correct an order: a reason always; the rest by what is mended."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from billing.domain.order_changes.allowed import MAX_REASON
from billing.domain.order_changes.amending import AmendedLine, Amendment, days_of, price_text
from billing.forms.fields import CreditsField, DayField
from billing.forms.order_details import CURRENCIES, DetailsForm
from billing.forms.order_lines import FIELD_OF, DayInput
from billing.forms.typed import keep_typed
from billing.models import Purchase
from credits.exceptions import CreditsError
from credits.models import LicenseTerm

LINE = re.compile(r"lines\.([0-9]+)\.([a-z]+)")


class Reason(forms.CharField):
    """Why: kept with the operation, and read by the customer's people."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Reason"),
            max_length=MAX_REASON,
            widget=forms.Textarea({"rows": 2}),
            help_text=_("Kept with the order. The customer's people read it in their activity."),
            error_messages={"required": _("Write why. It is kept with the order.")},
        )


class ReasonForm(forms.Form):
    """A reason alone."""

    reason = Reason()

    def __init__(self, data: Mapping[str, Any] | None = None, *, purchase: Purchase) -> None:
        super().__init__(data, auto_id="%s", use_required_attribute=False)
        self.purchase = purchase

    def refuse(self, refusal: CreditsError) -> None:
        """Put what the domain refused at the field it names."""
        self.add_error(refusal.field if refusal.field in self.fields else None, refusal.message)


class MoveForm(ReasonForm):
    """A reason that the people of two customers read."""

    def __init__(self, data: Mapping[str, Any] | None = None, *, purchase: Purchase) -> None:
        super().__init__(data, purchase=purchase)
        self.fields["reason"].help_text = _now(
            "The people of both customers read it in their activity, so leave out the names."
        )


class FinalForm(ReasonForm):
    """A reason, and the order's number typed again, since the act cannot be undone."""

    number = forms.CharField(
        label=_("Type the order number"),
        required=False,
        help_text=_("This cannot be undone."),
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_number(self) -> str:
        """Just this order's number, in whatever case."""
        typed = str(self.cleaned_data["number"]).strip()
        if typed.casefold() != self.purchase.order_number.casefold():
            number = {"number": self.purchase.order_number}
            raise forms.ValidationError(_now("Type %(number)s to confirm.") % number)
        return typed


class CustomerSearch(forms.Form):
    """Who an order is for instead, searched among one's own customers."""

    q = forms.CharField(
        label=_("Customer"),
        required=False,
        max_length=100,
        strip=True,
        widget=forms.TextInput(
            {"type": "search", "autocomplete": "off", "placeholder": _("Name, number or domain")}
        ),
    )

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data, auto_id="%s", use_required_attribute=False)

    @property
    def words(self) -> str:
        """What is searched for; nothing for what cannot be read."""
        return str(self.cleaned_data.get("q", "")) if self.is_valid() else ""


class AmendForm(DetailsForm):
    """An order as it stands, to be typed over; a reason last."""

    reason = Reason()

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        purchase: Purchase,
        terms: Sequence[LicenseTerm],
    ) -> None:
        super().__init__(data, initial=details_of(purchase))
        self.purchase, self.terms = purchase, terms
        codes = dict.fromkeys([*CURRENCIES, purchase.currency or CURRENCIES[0]])
        self.fields["currency"].choices = [(code, code) for code in codes]  # type: ignore[attr-defined]
        for place, term in enumerate(terms, start=1):
            self.add_line(place, term)
        self.order_fields([name for name in self.fields if name != "reason"])

    def add_line(self, place: int, term: LicenseTerm) -> None:
        """The fields of one license, filled with what was granted."""
        first_day, last_day = days_of(term)
        of = {"license": term.license.label}
        fields: dict[str, tuple[forms.Field, Any]] = {
            "credits": (
                CreditsField(
                    label=_now("Credits of %(license)s") % of,
                    widget=forms.TextInput({"inputmode": "numeric", "class": "n"}),
                ),
                f"{term.credits:,}",
            ),
            "first_day": (
                DayField(label=_now("First day of %(license)s") % of, widget=DayInput()),
                first_day.isoformat(),
            ),
            "last_day": (
                DayField(label=_now("Last day of %(license)s") % of, widget=DayInput()),
                last_day.isoformat(),
            ),
        }
        for name, (field, value) in fields.items():
            self.fields[f"line-{place}-{name}"] = field
            self.initial[f"line-{place}-{name}"] = value

    @property
    def lines(self) -> list[tuple[str, list[Any]]]:
        """Each license's label and fields."""
        names = ("credits", "first_day", "last_day")
        return [
            (term.license.label, [self[f"line-{place}-{name}"] for name in names])
            for place, term in enumerate(self.terms, start=1)
        ]

    def full_clean(self) -> None:
        super().full_clean()
        keep_typed(self)

    def amendment(self, *, confirmed: bool) -> Amendment:
        """What a valid form says the order should have been."""
        said = self.cleaned_data
        return Amendment(
            order_number=said["order_number"],
            channel=said["channel"],
            price=said["price"],
            currency=said["currency"],
            note=said["note"],
            lines=[self.line(place, term) for place, term in enumerate(self.terms, start=1)],
            unusual_confirmed=confirmed,
        )

    def line(self, place: int, term: LicenseTerm) -> AmendedLine:
        """One license as it was typed."""
        said = self.cleaned_data
        return AmendedLine(
            license=term.license,
            credits=said[f"line-{place}-credits"],
            first_day=said[f"line-{place}-first_day"],
            last_day=said[f"line-{place}-last_day"],
        )

    @property
    def days_token(self) -> str:
        """The very days that are asked about: others have to be confirmed anew."""
        names = [
            f"line-{place}-{name}"
            for place in range(1, len(self.terms) + 1)
            for name in ("first_day", "last_day")
        ]
        return ";".join(str(self.cleaned_data.get(name, "")) for name in names)

    def refuse(self, refusal: CreditsError) -> None:
        """Put what the domain refused at the field it names."""
        field = refusal.field or ""
        if named := LINE.fullmatch(field):
            field = f"line-{named[1]}-{FIELD_OF.get(named[2], named[2])}"
        self.add_error(field if field in self.fields else None, refusal.message)


def details_of(purchase: Purchase) -> dict[str, Any]:
    """What an order says as a whole, as its form shows it."""
    price = price_text(purchase.price, "").strip()
    return {
        "order_number": purchase.order_number,
        "channel": purchase.channel,
        "price": price,
        "currency": purchase.currency or CURRENCIES[0],
        "note": purchase.note,
    }
