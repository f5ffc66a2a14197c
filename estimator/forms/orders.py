"""What is sent when an estimate is handed over, and when it becomes an order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy

from billing.domain.orders import MAX_ORDER_NUMBER
from billing.forms.fields import CreditsField, DayField
from estimator.domain.needs import Basis


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
