"""What the notices' pages are asked: which notices to list, what to be told of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from billing.domain.notices.choosing import FARTHEST, HIGHEST, LOWEST, MOST_LEVELS
from billing.domain.notices.inbox import GROUPS, Asking
from billing.models import NoticeSettings

GROUP_NAMES = {
    "licenses": _("Licenses"),
    "balance": _("Balance"),
    "access": _("Access"),
    "usage": _("Usage"),
}
NOT_HERE = _("This notification is not in the list, so nothing was marked as read.")
UNREAD = "yes"


class NoticeFilter(forms.Form):
    """A bound GET form. What it can't mean is ignored, so that a stale link still opens."""

    group = forms.ChoiceField(
        label=_("About"), required=False, choices=[("", _("About: all")), *GROUP_NAMES.items()]
    )
    unread = forms.ChoiceField(
        label=_("Read or not"),
        required=False,
        choices=[("", _("Read and unread")), (UNREAD, _("Unread only"))],
    )

    def __init__(self, data: Mapping[str, Any], *, reads: bool) -> None:
        super().__init__(data, auto_id="id_%s", use_required_attribute=False)
        if not reads:
            del self.fields["unread"]
        self.is_valid()

    def kept(self, name: str) -> str:
        """The value of a field, or nothing where it was not valid."""
        return str(self.cleaned_data.get(name) or "")

    def asking(self) -> Asking:
        """What the address asks for."""
        return Asking(
            group=self.kept("group") if self.kept("group") in GROUPS else "",
            is_unread=self.kept("unread") == UNREAD,
            before=uuid_or_none(self.data.get("before", "")),
            after=uuid_or_none(self.data.get("after", "")),
        )

    @property
    def is_narrowing(self) -> bool:
        """Whether anything is filtered out by intent."""
        return bool(self.kept("group") or self.kept("unread"))


class ReadForm(forms.Form):
    """The notice through which all is read."""

    through = forms.UUIDField(error_messages={"required": NOT_HERE, "invalid": NOT_HERE})


class NoticeSettingsForm(forms.Form):
    """What a customer's admins want to be told of; the rules are judged with the command."""

    low_levels = forms.CharField(
        label=_("Tell when less than this is left of the valid credits"),
        required=False,
        max_length=60,
        help_text=format_lazy(
            _("Up to {most} whole percentages from {lowest} to {highest}, such as 25, 10."),
            most=MOST_LEVELS,
            lowest=LOWEST,
            highest=HIGHEST,
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    days_ahead = forms.IntegerField(
        label=_("Tell this long before credits will be short"),
        help_text=format_lazy(_("Days from 0 to {most}; 0: not told ahead."), most=FARTHEST),
        error_messages={
            "required": _("Enter a whole number of days; 0 tells nothing ahead."),
            "invalid": _("Enter a whole number of days; 0 tells nothing ahead."),
        },
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    weekly = forms.BooleanField(
        label=_("Send the weekly digest"),
        required=False,
        help_text=_("On Mondays, what automatic usage changed; nothing where it changed nothing."),
    )

    def __init__(self, now: NoticeSettings, data: Any = None) -> None:
        levels = sorted(now.low_levels, reverse=True)
        initial = {
            "low_levels": ", ".join(str(level) for level in levels),
            "days_ahead": now.days_ahead,
            "weekly": now.weekly,
        }
        super().__init__(data, initial=initial, label_suffix="")

    def clean_low_levels(self) -> tuple[int, ...]:
        typed = str(self.cleaned_data["low_levels"]).replace("%", " ").replace(";", ",")
        parts = typed.replace(",", " ").split()
        if not all(part.isascii() and part.isdigit() for part in parts):
            raise ValidationError(
                _("The levels are whole percentages with commas between them, such as 25, 10.")
            )
        return tuple(int(part) for part in parts)


def uuid_or_none(text: str) -> UUID | None:
    """A public id, or None."""
    try:
        return UUID(text)
    except ValueError:
        return None
