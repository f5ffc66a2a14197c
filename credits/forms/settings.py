"""The forms of a customer's settings and of one's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.contrib.auth.forms import PasswordChangeForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from credits.domain import door
from credits.domain.own_details import is_zone, zone_choices
from credits.models import Membership, OverAllocation, User


class OverAllocationForm(forms.Form):
    """Whether a person may allocate beyond the balance."""

    policy = forms.ChoiceField(
        label=_("When an allocation goes below zero"),
        choices=OverAllocation.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose one of the settings."),
            "invalid_choice": _("Choose one of the settings."),
        },
    )


class RecipientsForm(forms.Form):
    """Which of the admins get notices."""

    chosen = forms.MultipleChoiceField(
        label=_("Who gets notices"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "invalid_choice": _("Only admins of this customer can be chosen."),
        },
    )

    def __init__(self, admins: Iterable[Membership], data: Any = None) -> None:
        members = list(admins)
        chosen = [str(m.user.public_id) for m in members if m.gets_notices]
        super().__init__(data, initial={"chosen": chosen}, auto_id="id_%s")
        field = cast(forms.MultipleChoiceField, self.fields["chosen"])
        field.choices = [(str(m.user.public_id), told(m)) for m in members]


def told(member: Membership) -> str:
    """A member by name and address, or by the address where no name is known."""
    name, email = member.label, member.user.email
    return email if name == email else f"{name}, {email}"


class OwnForm(forms.Form):
    """A person's own name and time zone."""

    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        error_messages={"required": _("Enter the name that others see.")},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    time_zone = forms.CharField(
        label=_("Time zone"),
        max_length=64,
        help_text=_("Instants are written in UTC; pointing at one tells it in your zone too."),
        error_messages={"required": _("Choose a time zone from the list.")},
        widget=forms.Select,
    )

    def __init__(self, person: User, data: Any = None) -> None:
        initial = {"name": person.name, "time_zone": person.time_zone}
        super().__init__(data, initial=initial)
        select = cast(forms.Select, self.fields["time_zone"].widget)
        select.choices = zone_choices(person.time_zone)

    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"]
        if not is_zone(zone):
            raise ValidationError(_("Choose a time zone from the list."))
        return zone


class PasswordForm(PasswordChangeForm):
    """The old password and the new one twice; tries at the old one are counted as at the door."""

    delayed: door.Delayed | None = None

    def __init__(self, person: User, data: Any = None, *, address: str | None = None) -> None:
        super().__init__(person, data)
        self.address = address
        self.fields["old_password"].label = _("Password now")
        self.fields["old_password"].widget.attrs.pop("autofocus", None)
        self.fields["new_password2"].label = _("New password again")
        for name in ("old_password", "new_password1", "new_password2"):
            self.fields[name].error_messages["required"] = _("This field is empty.")

    @sensitive_variables()
    def clean_old_password(self) -> str:
        try:
            event = door.knock(door.visitor(self.user.email, self.address))
        except door.Delayed as error:
            self.delayed = error
            raise ValidationError(error.message, code=error.code) from error
        try:
            old = super().clean_old_password()
        except ValidationError as error:
            raise ValidationError(_("This is not your password.")) from error
        door.take_back(event)
        return old
