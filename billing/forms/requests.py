"""The forms of credit requests: asked by a customer, answered by sales."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.domain.requests import MAX_TEXT
from billing.forms.fields import CreditsField, DayField
from billing.forms.order_lines import DayInput
from billing.forms.typed import keep_typed
from billing.models import RequestCause

CAUSES = (
    (RequestCause.SHORTAGE.value, _("The shortage that the portal knows")),
    (RequestCause.MORE.value, _("More is to be allocated")),
    (RequestCause.OTHER.value, _("Another reason, in my own words")),
)


class RequestForm(forms.Form):
    """How many credits, from which UTC day on, and why."""

    credits = CreditsField(
        label=_("Credits"), widget=forms.TextInput({"inputmode": "numeric", "class": "n"})
    )
    on = DayField(
        label=_("Needed by"),
        widget=DayInput(),
        help_text=_("The credits are needed from 00:00 UTC of this day."),
    )
    cause = forms.ChoiceField(
        label=_("Cause"),
        choices=CAUSES,
        error_messages={
            "required": _("Choose one of the causes."),
            "invalid_choice": _("Choose one of the causes."),
        },
    )
    words = forms.CharField(
        label=_("In your own words"),
        required=False,
        max_length=MAX_TEXT,
        widget=forms.Textarea({"rows": 3}),
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, initial: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(
            data, initial=dict(initial or {}), auto_id="%s", use_required_attribute=False
        )

    def full_clean(self) -> None:
        super().full_clean()
        keep_typed(self)

    def typed(self) -> tuple[int | None, date | None]:
        """Credits and day as far as they read, whatever else is missing."""
        credits = CreditsField(required=False).read(str(self["credits"].value() or "").strip())
        return credits, DayField(required=False).read(str(self["on"].value() or "").strip())


class AnswerForm(forms.Form):
    """What sales lets the customer know."""

    answer = forms.CharField(
        label=_("What the customer should know"),
        max_length=MAX_TEXT,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("The customer reads it here and gets it by mail."),
        error_messages={"required": _("Write what the customer should know.")},
    )

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, auto_id="%s", use_required_attribute=False)
