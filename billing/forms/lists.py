"""What a list's address may ask for: words to search, and which rows to keep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

LONGEST_WORDS = 100


class ListForm(forms.Form):
    """A bound GET form. What it can't mean is ignored, so that a stale link still opens."""

    q = forms.CharField(required=False, max_length=LONGEST_WORDS, label=_("Search"))

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data, auto_id="%s", use_required_attribute=False)
        self.is_valid()

    @property
    def words(self) -> str:
        """What to search for."""
        return str(self.cleaned_data.get("q", "")).strip()


class KeptForm(ListForm):
    """A list that can be narrowed to one kind of row."""

    keep = forms.CharField(required=False)

    def kept(self, choices: Iterable[str]) -> str:
        """The kind of row to keep, if it is one there is."""
        wanted = str(self.cleaned_data.get("keep", ""))
        return wanted if wanted in set(choices) else ""
