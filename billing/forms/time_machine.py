"""What the time machine is asked: minutes in UTC, read strictly."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.dateformat import format as date_text
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.forms.explain import YEARS
from billing.forms.fields import StrictField
from billing.forms.typed import keep_typed, printable
from credits.templatetags.figures import MOMENT

MINUTE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2})(?::00(?:\.0+)?)?Z?")


class MinuteInput(forms.DateTimeInput):
    """The browser's own field for a day and a time, which sends YYYY-MM-DDTHH:MM."""

    input_type = "datetime-local"

    def format_value(self, value: Any) -> str | None:
        return f"{value:%Y-%m-%dT%H:%M}" if isinstance(value, datetime) else value


class MinuteField(StrictField):
    """A minute in UTC; an address may name it with Z."""

    widget = MinuteInput
    must = f"a minute from {YEARS[0]} to {YEARS[-1]}, written like 2026-11-24T09:41"

    def read(self, typed: str) -> datetime | None:
        found = MINUTE.fullmatch(typed)
        if found is None:
            return None
        try:
            at = datetime.fromisoformat(f"{found[1]}T{found[2]}").replace(tzinfo=UTC)
        except ValueError:
            return None
        return at if at.year in YEARS else None


class MachineForm(forms.Form):
    """A question about the past; what lies ahead of `now` is known to nobody."""

    def __init__(self, data: QueryDict, *, now: datetime) -> None:
        names = [name for name in self.base_fields if name in data]
        typed = {name: printable(str(data[name])) for name in names}
        super().__init__(typed if names else None, auto_id="%s", use_required_attribute=False)
        self.now = now
        keep_typed(self)

    def past(self, name: str) -> Any:
        """An instant that has come. Raises ValidationError for one ahead."""
        at = self.cleaned_data[name]
        if at is not None and at > self.now:
            raise forms.ValidationError(
                _(
                    "%(label)s must be a minute that has passed, up to %(now)s. "
                    "You entered %(typed)s."
                )
                % {
                    "label": self.fields[name].label,
                    "now": date_text(self.now, MOMENT),
                    "typed": date_text(at, MOMENT),
                }
            )
        return at


class ThenForm(MachineForm):
    """As of an instant, as known at an instant; left empty, both are now."""

    at = MinuteField(
        label=gettext_lazy("As of (UTC)"),
        required=False,
        help_text=gettext_lazy("May lie ahead. Empty is now."),
    )
    known = MinuteField(
        label=gettext_lazy("As known at (UTC)"),
        required=False,
        help_text=gettext_lazy("What was entered later is left out. Empty is now."),
    )

    def clean_known(self) -> Any:
        return self.past("known")


class ShownForm(MachineForm):
    """What Annual credits showed at an instant."""

    shown = MinuteField(
        label=gettext_lazy("Shown at (UTC)"),
        required=False,
        help_text=gettext_lazy("The figures that were published by then."),
    )

    def clean_shown(self) -> Any:
        return self.past("shown")
