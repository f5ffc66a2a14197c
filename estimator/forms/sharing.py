"""What is chosen when an estimate is shared: a version of it, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from django import forms
from django.http import QueryDict
from django.utils.dateformat import format as date_text
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from credits.templatetags.figures import DAY, credits_text
from estimator.domain.sharing import CHOICES, USUAL, last_day_of
from estimator.models import EstimateVersion


class ShareForm(forms.Form):
    """A version, the newest unless another is chosen, and the days for which its link is open."""

    version = forms.TypedChoiceField(
        label=gettext_lazy("Version"),
        coerce=int,
        error_messages={
            "required": gettext_lazy("Choose a version."),
            "invalid_choice": gettext_lazy("Choose one of the versions of the list."),
        },
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("Open for"),
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Choose for how many days."),
            "invalid_choice": gettext_lazy("Choose one of these numbers of days."),
        },
    )

    def __init__(
        self,
        versions: Sequence[EstimateVersion],
        now: datetime,
        data: QueryDict | None = None,
        *,
        chosen: str = "",
    ) -> None:
        super().__init__(data, auto_id="%s", use_required_attribute=False)
        numbers = [(str(version.number), version_words(version)) for version in versions]
        self.choose("version", numbers)
        self.choose("days", [(str(days), days_words(days, now)) for days in CHOICES])
        # What the address asks for is preselected if it is there; else the newest.
        known = dict(numbers)
        self.initial = {"version": chosen if chosen in known else next(iter(known), "")}
        self.initial["days"] = str(USUAL)

    def choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        """Give a field its choices."""
        cast(forms.ChoiceField, self.fields[name]).choices = choices


def version_words(version: EstimateVersion) -> str:
    """3: 19,000 credits, 25 Nov 2026."""
    return _("%(number)d: %(credits)s credits, %(day)s") % {
        "number": version.number,
        "day": date_text(version.saved_at, DAY),
        "credits": credits_text(version.level),
    }


def days_words(days: int, now: datetime) -> str:
    """30 days, through 25 Dec 2026."""
    return _("%(days)d days, through %(day)s") % {
        "days": days,
        "day": date_text(last_day_of(days, now), DAY),
    }
