"""The forecast's one question: a UTC day from today on."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.domain.annual.words import day_words
from billing.forms.explain import YEARS
from billing.forms.fields import DayField
from billing.forms.order_lines import DayInput
from billing.forms.typed import keep_typed, printable


class DayForm(forms.Form):
    """A day from `today` to the last one that addresses can name; nothing asks nothing."""

    on = DayField(label=gettext_lazy("Date"), required=False, widget=DayInput)

    def __init__(self, data: QueryDict, *, today: date) -> None:
        typed = {"on": printable(data.get("on", ""))} if "on" in data else None
        super().__init__(typed, auto_id="%s", use_required_attribute=False)
        self.today = today
        self.last = date(YEARS[-1], 12, 31)
        self.fields["on"].widget.attrs |= {"min": today.isoformat(), "max": self.last.isoformat()}
        keep_typed(self)

    @property
    def day(self) -> date | None:
        """The day that is asked about, if one is."""
        return self.cleaned_data.get("on") if self.is_bound and self.is_valid() else None

    def clean_on(self) -> Any:
        day = self.cleaned_data["on"]
        if day is not None and not self.today <= day <= self.last:
            raise forms.ValidationError(
                _("A forecast is for a day from %(first)s to %(last)s. You entered %(typed)s.")
                % {
                    "first": day_words(self.today),
                    "last": day_words(self.last),
                    "typed": day_words(day),
                }
            )
        return day
