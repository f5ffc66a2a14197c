"""Whom a first order is for: the customer and its first admin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.domain.first_purchase import MAX_DOMAIN, MAX_NAME, NewCustomer
from credits.domain.people import MAX_EMAIL
from credits.models import User

FIELDS = ("name", "admin_name", "admin_email", "domain", "rep")


class NewCustomerForm(forms.Form):
    """A new customer. Its mail domain is that of its admin unless another one is typed."""

    name = forms.CharField(
        label=_("Customer"),
        max_length=MAX_NAME,
        error_messages={"required": _("Enter the customer's name.")},
    )
    admin_name = forms.CharField(
        label=_("First admin"),
        max_length=MAX_NAME,
        error_messages={"required": _("Enter the name of the first admin.")},
    )
    admin_email = forms.CharField(
        label=_("Mail address"),
        max_length=MAX_EMAIL,
        help_text=_("The invitation goes there once the purchase is confirmed."),
        error_messages={"required": _("Enter the mail address of the first admin.")},
    )
    domain = forms.CharField(
        label=_("Mail domain"),
        max_length=MAX_DOMAIN,
        required=False,
        help_text=_("Left empty, it is that of the mail address."),
    )
    rep = forms.ChoiceField(
        label=_("Sales rep"),
        required=False,
        error_messages={"invalid_choice": _("Choose one of the reps listed.")},
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        reps: Iterable[User] | None,
        initial: Mapping[str, Any],
    ) -> None:
        """With `reps` somebody is chosen to look after the customer; else it is who enters it."""
        super().__init__(data, initial=dict(initial), auto_id="%s", use_required_attribute=False)
        if reps is None:
            del self.fields["rep"]
        else:
            choice = cast(forms.ChoiceField, self.fields["rep"])
            choice.choices = [
                ("", _("Nobody yet")),
                *((person.email, person.name) for person in reps),
            ]
        for name in ("name", "admin_name", "admin_email", "domain"):
            self.fields[name].widget.attrs.update(autocomplete="off", spellcheck="false")
        self.fields["admin_email"].widget.input_type = "email"
        self.fields["admin_email"].widget.attrs["inputmode"] = "email"
        first = "admin_name" if initial.get("name") and data is None else "name"
        self.fields[first].widget.attrs["data-focus"] = ""

    @property
    def alike_token(self) -> str:
        """The very customer that is asked about: another one has to be confirmed anew."""
        said = (str(self[name].value() or "").strip().lower() for name in FIELDS[:4])
        return "/".join(said)[:400]

    def new_customer(self, confirmed: str = "") -> NewCustomer:
        """Who is to be made; of a valid form."""
        said = self.cleaned_data
        return NewCustomer(
            name=said["name"],
            admin_name=said["admin_name"],
            admin_email=said["admin_email"],
            domain=said["domain"],
            rep=said.get("rep", ""),
            alike_confirmed=bool(confirmed) and confirmed == self.alike_token,
        )
