"""The days that the history of Annual credits is asked for."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.domain.annual import Reach
from billing.domain.annual.words import day_words
from billing.forms.explain import YEARS
from billing.forms.fields import DayField
from billing.forms.order_lines import DayInput
from billing.forms.typed import keep_typed, printable

CUSTOM = "days"
"""What the address calls a range of one's own."""
MOST_YEARS = 10
FIRST, LAST = date(YEARS[0], 1, 1), date(YEARS[-1], 12, 31)


class RangeDayField(DayField):
    """A UTC day that addresses can name."""

    must = f"a day from {YEARS[0]} to {YEARS[-1]} that exists, written like 2027-04-01"

    def read(self, typed: str) -> date | None:
        day: date | None = super().read(typed)
        return day if day is not None and FIRST <= day <= LAST else None


class RangeForm(forms.Form):
    """From a UTC day to another, both whole; only read where the address asks for it."""

    def __init__(self, data: QueryDict, *, shown: Reach) -> None:
        """`shown` stands in the fields while no days are asked for."""
        asked = data.get("range") == CUSTOM
        typed = {name: printable(data.get(name, "")) for name in ("from", "to")}
        initial = {"from": shown.first, "to": shown.last}
        super().__init__(
            typed if asked else None,
            initial=initial,
            auto_id="range-%s",
            use_required_attribute=False,
        )
        for name, label in (("from", gettext_lazy("From")), ("to", gettext_lazy("To"))):
            self.fields[name] = RangeDayField(label=label, widget=DayInput)
        keep_typed(self)
        wrong = next((name for name in self.fields if name in self.errors), "")
        if wrong:
            self.fields[wrong].widget.attrs["data-focus"] = ""

    def clean(self) -> dict[str, Any]:
        """Put what is wrong with the two days together at the second."""
        found = super().clean() or {}
        first, last = found.get("from"), found.get("to")
        if first and last:
            if last < first:
                self.add_error("to", self.said(first, last))
            elif last.year - first.year > MOST_YEARS:
                self.add_error("to", self.too_long(first))
        return found

    def said(self, first: date, last: date) -> str:
        """The days are the wrong way round."""
        text = _("To must be %(first)s, the first day, or later. You entered %(last)s.")
        return text % {"first": day_words(first), "last": day_words(last)}

    def too_long(self, first: date) -> str:
        """The range is longer than one drawing can tell."""
        text = _("A range has at most %(years)s years: from %(first)s up to %(last)s.")
        last = date(min(first.year + MOST_YEARS, LAST.year), 12, 31)
        return text % {
            "years": MOST_YEARS,
            "first": day_words(first),
            "last": day_words(last),
        }

    @property
    def reach(self) -> Reach | None:
        """The days that are asked for, if they are and can be."""
        if not self.is_bound or not self.is_valid():
            return None
        return Reach.of_days(self.cleaned_data["from"], self.cleaned_data["to"])
