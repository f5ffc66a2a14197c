"""The forms by which a buyer links what was bought at a marketplace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.domain.first_purchase import MAX_NAME, NewCustomer
from credits.domain.people import MAX_EMAIL
from credits.exceptions import CreditsError
from credits.models import Customer


class ChooseForm(forms.Form):
    """Which of one's own customers it is for."""

    customer = forms.ChoiceField(
        label=_("Link it to"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose one of your customers."),
            "invalid_choice": _("Choose one of your customers."),
        },
    )

    def __init__(self, customers: Sequence[Customer], data: Mapping[str, Any] | None = None):
        super().__init__(data, auto_id="%s", use_required_attribute=False)
        self.customers = {str(one.public_id): one for one in customers}
        field: Any = self.fields["customer"]
        field.choices = [(key, one.name) for key, one in self.customers.items()]
        if len(customers) == 1:
            field.initial = field.choices[0][0]

    def chosen(self) -> Customer:
        """The customer; of a valid form."""
        return self.customers[self.cleaned_data["customer"]]


class NewCustomerForm(forms.Form):
    """A customer that is not there yet, with its first admin."""

    name = forms.CharField(
        label=_("Name of the company"),
        max_length=MAX_NAME,
        widget=forms.TextInput({"autocomplete": "organization"}),
        error_messages={"required": _("Enter the name of the company.")},
    )
    admin_name = forms.CharField(
        label=_("Your name"),
        max_length=MAX_NAME,
        widget=forms.TextInput({"autocomplete": "name"}),
        error_messages={"required": _("Enter your name.")},
    )
    admin_email = forms.CharField(
        label=_("Your mail address"),
        max_length=MAX_EMAIL,
        widget=forms.EmailInput({"autocomplete": "email"}),
        help_text=_("The way into the portal is sent there, and it becomes your log-in."),
        error_messages={"required": _("Enter a mail address like name@example.org.")},
    )

    def __init__(self, data: Mapping[str, Any] | None = None, initial: Any = None):
        super().__init__(data, auto_id="%s", use_required_attribute=False, initial=initial)

    def new(self) -> NewCustomer:
        """What is made; of a valid form."""
        told = self.cleaned_data
        return NewCustomer(
            name=told["name"],
            admin_name=told["admin_name"],
            admin_email=told["admin_email"],
            alike_confirmed=True,
        )

    def refuse(self, refusal: CreditsError) -> None:
        """Put what the domain refused at the field it names."""
        self.add_error(refusal.field if refusal.field in self.fields else None, refusal.message)
