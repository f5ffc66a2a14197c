"""A note that goes with an act on several features."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy

from credits.forms.allocations import NOTE_LENGTH


class NoteForm(forms.Form):
    """Why an act was done, in a person's own words."""

    use_required_attribute = False

    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=NOTE_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Shown in Activity, where this can be undone."),
    )
