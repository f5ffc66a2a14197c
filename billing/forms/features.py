"""How the table of features is narrowed: every bad value counts as none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from billing.domain.annual import FeatureLine
from credits.forms.filters import FilterForm

ALL = "all"


class FeatureFilter(FilterForm):
    """Search, solution, model, and whether features that hold nothing are listed as well."""

    q = forms.CharField(
        label=_("Filter features"),
        max_length=100,
        required=False,
        widget=forms.SearchInput(attrs={"placeholder": _("Filter features"), "data-search": ""}),
    )
    solution = forms.ChoiceField(label=_("Solution"), required=False)
    model = forms.ChoiceField(label=_("Model"), required=False)
    use = forms.ChoiceField(required=False, choices=((ALL, ""),), widget=forms.HiddenInput)

    def __init__(self, data: QueryDict, lines: Sequence[FeatureLine]) -> None:
        super().__init__(data)
        solutions = {line.solution.key: line.solution.name for line in lines}
        models = {line.rate.model: line.model for line in lines}
        self.names: dict[str, dict[str, str]] = {"solution": solutions, "model": models}
        self._lines = lines
        for name, any_label in (("solution", _("Solution: any")), ("model", _("Model: any"))):
            field = cast(forms.ChoiceField, self.fields[name])
            field.choices = [("", any_label), *self.names[name].items()]

    @property
    def only_in_use(self) -> bool:
        """Features that hold nothing are left out until they are asked for, or nothing is held."""
        return self.kept("use") != ALL and any(line.credits for line in self._lines)

    def matching(self) -> list[FeatureLine]:
        """The lines that pass."""
        words = self.kept("q").casefold().split()
        solution, model = self.kept("solution"), self.kept("model")
        return [
            line
            for line in self._lines
            if (not self.only_in_use or line.credits)
            and (not solution or line.solution.key == solution)
            and (not model or line.rate.model == model)
            and all(word in f"{line.name} {line.solution_name}".casefold() for word in words)
        ]
