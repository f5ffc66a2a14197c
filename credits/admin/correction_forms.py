"""The forms of support's corrections: shape and types only; the commands decide."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django import forms

from credits import clock
from credits.admin.forms import MakingForm
from credits.admin.rate_forms import FeatureField
from credits.domain.licenses import MAX_CREDITS
from credits.domain.terms import FIRST_YEAR, LAST_YEAR
from credits.forms.allocations import AllocationForm, Fields, QuantityField
from credits.models import BillingModel, Feature

WHY = "Kept with the operation and shown in the customer's Activity, with your name."
REASON_LENGTH = 500


class LastDayField(forms.DateField):
    """A last day as YYYY-MM-DD, usable to its end: read as the first instant without."""

    def __init__(self, **kwargs: Any) -> None:
        wish = f"Enter a day from {FIRST_YEAR} to {LAST_YEAR} as YYYY-MM-DD, like 2027-03-31."
        super().__init__(
            input_formats=["%Y-%m-%d"],
            error_messages={"invalid": wish},
            widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "YYYY-MM-DD"}),
            **kwargs,
        )

    def clean(self, value: Any) -> datetime | None:
        day: date | None = super().clean(value)
        if day is None:
            return None
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return clock.start_of(day + timedelta(days=1))


class CorrectionForm(MakingForm):
    """A reason is asked for every correction."""

    reason = forms.CharField(
        max_length=REASON_LENGTH, widget=forms.Textarea(attrs={"rows": 2}), help_text=WHY
    )


class ExtendForm(CorrectionForm):
    """A later last day."""

    ends = LastDayField(
        label="New last day", help_text="As YYYY-MM-DD. Usable to the end of this day, UTC."
    )


class ReduceForm(CorrectionForm):
    """Fewer credits."""

    credits = forms.IntegerField(
        label="Credits it is reduced to",
        min_value=1,
        max_value=MAX_CREDITS,
        localize=False,
        help_text="What the license holds from now on. To take all of them, void it.",
        error_messages={"invalid": "Enter a whole number of credits."},
    )


class SwitchForm(CorrectionForm):
    """What a feature is paid with."""

    feature = FeatureField(
        queryset=Feature.objects.filter(payg="yes").select_related("group__solution"),
        to_field_name="key",
        empty_label="Choose a feature",
        help_text="Only features that can be paid either way.",
    )
    to = forms.ChoiceField(label="Paid with", choices=BillingModel.choices)
    contract_ends_at = LastDayField(
        label="Contract's last day",
        required=False,
        help_text="For pay-as-you-go, as YYYY-MM-DD. After it the feature is back on credits.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        to, ends_at = cleaned.get("to"), cleaned.get("contract_ends_at")
        if "contract_ends_at" in self.errors:
            return cleaned
        if to == BillingModel.PAYG and ends_at is None:
            self.add_error("contract_ends_at", "Pay-as-you-go needs the last day of its contract.")
        if to == BillingModel.CREDITS and ends_at is not None:
            self.add_error("contract_ends_at", "Leave this empty: credits need no contract.")
        return cleaned


class MoveForm(CorrectionForm):
    """Units taken from one feature for another."""

    source = FeatureField(
        label="From",
        queryset=Feature.objects.select_related("group__solution"),
        to_field_name="key",
        empty_label="Choose a feature",
    )
    units = QuantityField(
        label="Units to take away", required=True, measured=False, help_text="Whole units."
    )
    target = FeatureField(
        label="To",
        queryset=Feature.objects.select_related("group__solution"),
        to_field_name="key",
        empty_label="Choose a feature",
        help_text="It gets as many whole units as the freed credits pay for; "
        "the rest returns to the balance.",
    )


class ReleaseForm(CorrectionForm):
    """Which of a group's features are switched off."""

    features = forms.MultipleChoiceField(
        label="Features to release",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose what to release."},
    )

    def __init__(self, *args: Any, features: list[Feature], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [(feature.key, feature.name) for feature in features]
        self.fields["features"].choices = offered  # type: ignore[attr-defined]


class UnitsForm(AllocationForm):
    """A group's units as the allocation drawer asks for them, with a reason in place of a note."""

    note = None  # type: ignore[assignment]
    reason = forms.CharField(
        max_length=REASON_LENGTH, widget=forms.Textarea(attrs={"rows": 2}), help_text=WHY
    )

    def __init__(self, named: Fields, data: Any = None) -> None:
        super().__init__(named, data)
        self.order_fields([name for name in self.fields if name != "reason"])
        for name, field in self.fields.items():
            if unit := named.units.get(name.removeprefix("q.")):
                field.help_text = f"In {unit}. {field.help_text}".strip()
