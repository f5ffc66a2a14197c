"""How the catalogue is narrowed: every bad value counts as none."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from billing.domain.solutions import Offering, Use
from credits.forms.filters import FilterForm, SearchField

CLOSED = "closed"
NAMES = ("q", "solution", "model", "use")


class SolutionFilter(FilterForm):
    """Words, solution, model, and whether a feature is in use."""

    q = SearchField()
    solution = forms.ChoiceField(label=_("Solution"), required=False)
    model = forms.ChoiceField(label=_("Model"), required=False)
    use = forms.ChoiceField(label=_("In use"), required=False)

    def __init__(self, data: QueryDict, offerings: Sequence[Offering]) -> None:
        super().__init__(data)
        self._all = offerings
        self.names: dict[str, dict[str, str]] = {
            "solution": {one.solution.key: one.solution.name for one in offerings},
            "model": {one.rate.model: one.rate.get_model_display() for one in offerings},
            "use": {str(value): str(label) for value, label in Use.choices},
        }
        self.closed = sum(one.closed_since is not None for one in offerings)
        if self.closed:
            self.names["use"][CLOSED] = str(_("Closed for new allocations"))
        anything = {
            "solution": _("Solution: any"),
            "model": _("Model: any"),
            "use": _("In use: any"),
        }
        for name, words in anything.items():
            self.offer(name, str(words), self.names[name].items())
        self.fields["q"].label = str(_("Filter features"))
        self.fields["q"].widget.attrs["placeholder"] = str(_("Filter features"))

    @property
    def is_narrowing(self) -> bool:
        """Whether anything is filtered out by intent."""
        return any(self.kept(name) for name in NAMES)

    def matching(self) -> list[Offering]:
        """The features that pass."""
        words = self.kept("q").casefold().split()
        solution, model, use = (self.kept(name) for name in NAMES[1:])
        return [
            one
            for one in self._all
            if (not solution or one.solution.key == solution)
            and (not model or one.rate.model == model)
            and is_meant(one, use)
            and all(word in names_of(one) for word in words)
        ]


def is_meant(one: Offering, use: str) -> bool:
    """Whether a feature is listed. What is closed and not in use only when it is asked for."""
    if use == CLOSED:
        return one.closed_since is not None
    return one.is_listed and (not use or one.use == use)


def names_of(one: Offering) -> str:
    """What a feature is searched by."""
    group = one.feature.group
    names = (one.feature.name, one.feature.key, group.name, group.solution.name)
    return " ".join(names).casefold()
