"""The forms of a customer's members."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from credits.domain.people import MAX_EMAIL, checked_email
from credits.exceptions import InvalidCommand
from credits.models import Role


class InviteForm(forms.Form):
    """Whom to invite, and as what."""

    email = forms.CharField(
        label=_("Mail address"),
        max_length=MAX_EMAIL,
        error_messages={"required": _("Enter a mail address like name@example.org.")},
        widget=forms.EmailInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        required=False,
        help_text=_("Shown in the list until the person logs in."),
    )
    role = forms.ChoiceField(
        label=_("Role"),
        choices=Role.choices,
        initial=Role.VIEWER,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose one of the roles."),
            "invalid_choice": _("Choose one of the roles."),
        },
    )

    def clean_email(self) -> str:
        try:
            return checked_email(self.cleaned_data["email"])
        except InvalidCommand as error:
            raise ValidationError(error.message) from error


class RoleForm(forms.Form):
    """What a member is to be."""

    role = forms.ChoiceField(
        label=_("Role"),
        choices=Role.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose one of the roles."),
            "invalid_choice": _("Choose one of the roles."),
        },
    )
