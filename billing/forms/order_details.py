"""What an order says as a whole: number, channel, price, note."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.domain.orders import MAX_ORDER_NUMBER
from billing.forms.fields import PriceField
from billing.models import Channel

CURRENCIES = ("EUR", "USD", "GBP", "CHF", "JPY", "CAD", "AUD", "SGD", "SEK", "NOK", "DKK", "PLN")
CHANNELS = (Channel.SALES, Channel.SUPPORT)
"""Channels a person enters orders for; the others arrive by message."""


class DetailsForm(forms.Form):
    """What concerns the order as a whole."""

    order_number = forms.CharField(
        label=_("Order number"),
        max_length=MAX_ORDER_NUMBER,
        help_text=_("Must be new for this channel."),
        error_messages={
            "required": _("Enter the order number."),
            "max_length": _("The order number takes up to %(limit_value)d characters."),
        },
    )
    channel = forms.ChoiceField(
        label=_("Channel"),
        choices=[(channel.value, channel.label) for channel in CHANNELS],
        error_messages={
            "required": _("Choose the channel the order came through."),
            "invalid_choice": _("Choose one of the channels listed."),
        },
    )
    price = PriceField(label=_("Price"), required=False)
    currency = forms.ChoiceField(
        label=_("Currency"),
        required=False,
        choices=[(code, code) for code in CURRENCIES],
        error_messages={"invalid_choice": _("Choose one of the currencies listed.")},
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=500)

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, initial: Mapping[str, Any]
    ) -> None:
        super().__init__(data, initial=dict(initial), auto_id="%s", use_required_attribute=False)
        self.fields["order_number"].widget.attrs.update(autocomplete="off", spellcheck="false")
        self.fields["price"].widget = forms.TextInput(
            attrs={
                "inputmode": "decimal",
                "class": "n",
                "autocomplete": "off",
                "placeholder": _("never used in credit sums"),
            }
        )

    def clean(self) -> dict[str, Any]:
        """A currency says nothing without a price."""
        cleaned = super().clean() or {}
        if cleaned.get("price") is None and "price" not in self.errors:
            cleaned["currency"] = ""
        return cleaned
