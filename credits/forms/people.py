"""The forms at the door: log-in, and asking for a link by mail."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, UsernameField
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables

from credits.domain import door
from credits.domain.people import MAX_EMAIL, checked_email
from credits.exceptions import InvalidCommand
from credits.models import SecurityEvent, User
from credits.web.address import client_address


class LogInForm(AuthenticationForm):
    """Mail address and password; a try too many is refused before the password is looked at."""

    delayed: door.Delayed | None = None
    """Why the try was not looked at, if it was not."""

    @sensitive_variables()
    def clean(self) -> dict[str, Any]:
        event = self.knock()
        cleaned = super().clean()
        user = self.get_user()
        if event is not None and isinstance(user, User):
            door.let_in(event, user)
        return cleaned

    def knock(self) -> SecurityEvent | None:
        """Take a place for this try; a form with an empty field is none."""
        typed = self.cleaned_data.get("username")
        if not typed or not self.cleaned_data.get("password"):
            return None
        address = client_address(self.request) if self.request else None
        try:
            return door.knock(door.visitor(typed, address))
        except door.Delayed as error:
            self.delayed = error
            raise ValidationError(error.message, code=error.code) from error


class ForgotPasswordForm(forms.Form):
    """The mail address to which a link to set a password is sent."""

    # The field of the log-in: one address is typed the same way in both.
    email = UsernameField(
        label=gettext_lazy("Mail address"),
        max_length=MAX_EMAIL,
        widget=forms.EmailInput(attrs={"autofocus": True, "autocomplete": "email"}),
    )

    def clean_email(self) -> str:
        try:
            return checked_email(self.cleaned_data["email"])
        except InvalidCommand as error:
            raise ValidationError(error.message) from error
