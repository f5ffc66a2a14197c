"""The filters of the allocate and activity pages; what makes no sense in a URL is left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from credits.domain.activity import SYSTEM, Asking
from credits.domain.activity_words import KINDS
from credits.domain.holdings import Holding
from credits.models import Solution, User

MAX_POSITION_DIGITS = 15
USES = (
    ("", gettext_lazy("In use: any")),
    ("yes", gettext_lazy("In use")),
    ("no", gettext_lazy("Not in use")),
)


class SearchField(forms.CharField):
    """Words to look for."""

    def __init__(self) -> None:
        attrs = {"type": "search", "size": 30, "autocomplete": "off", "data-search": True}
        super().__init__(
            label=gettext_lazy("Filter"),
            required=False,
            max_length=120,
            widget=forms.TextInput(attrs=attrs),
        )


class FilterForm(forms.Form):
    """A filter: each field that is valid narrows the list."""

    def kept(self, name: str) -> str:
        """The value of a field, or nothing where it was not valid."""
        self.is_valid()
        value: Any = self.cleaned_data.get(name, "")
        return str(value or "")

    def offer(self, name: str, none: str, choices: Iterable[tuple[str, Any]]) -> None:
        """Let a field choose among these, or none of them."""
        cast(forms.ChoiceField, self.fields[name]).choices = [("", none), *choices]


class HoldingFilter(FilterForm):
    """Which features the allocate page lists."""

    q = SearchField()
    use = forms.ChoiceField(label=gettext_lazy("In use"), required=False, choices=USES)
    solution = forms.ChoiceField(label=gettext_lazy("Solution"), required=False)

    def __init__(self, data: QueryDict, rows: Iterable[Holding]) -> None:
        super().__init__(data)
        self.rows = list(rows)
        solutions: dict[str, Solution] = {}
        for row in self.rows:
            solution = row.offer.feature.group.solution
            solutions[solution.key] = solution
        self.offer("solution", _("Solution: any"), ((key, s.name) for key, s in solutions.items()))
        placeholder = _("Filter %(count)d features") % {"count": len(self.rows)}
        self.fields["q"].widget.attrs["placeholder"] = placeholder

    def listed(self) -> list[Holding]:
        """The rows that the filter lets through."""
        text, use, solution = (self.kept(name) for name in ("q", "use", "solution"))
        return [
            row
            for row in self.rows
            if matches(row, text)
            and (not use or row.is_in_use == (use == "yes"))
            and (not solution or row.offer.feature.group.solution.key == solution)
        ]

    @property
    def is_narrowing(self) -> bool:
        """Whether anything is filtered out by intent."""
        return any(self.kept(name) for name in ("q", "use", "solution"))


class ActivityFilter(FilterForm):
    """Which operations the activity page lists."""

    q = SearchField()
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), required=False)
    person = forms.ChoiceField(label=gettext_lazy("Person"), required=False)

    def __init__(self, data: QueryDict, people: Sequence[User]) -> None:
        super().__init__(data)
        self.offer("kind", _("Kind: any"), KINDS.items())
        names = [(str(user.public_id), user.name) for user in people]
        self.offer("person", _("Person: any"), [*names, (SYSTEM, _("System"))])
        self.fields["q"].widget.attrs["placeholder"] = _("Order, license, feature or note")

    def asking(self) -> Asking:
        """What the URL asks for."""
        return Asking(
            kind=self.kept("kind"),
            person=self.kept("person"),
            text=self.kept("q"),
            before=position(self.data.get("before", "")),
            after=position(self.data.get("after", "")),
        )

    @property
    def is_narrowing(self) -> bool:
        """Whether anything is filtered out by intent."""
        return any(self.kept(name) for name in ("q", "kind", "person"))


def matches(row: Holding, text: str) -> bool:
    """Whether every word typed occurs in the names of a feature, its group or its solution."""
    feature = row.offer.feature
    names = f"{feature.name} {feature.group.name} {feature.group.solution.name}".casefold()
    return all(word in names for word in text.casefold().split())


def position(text: str) -> int | None:
    """A place in the list of operations, or None."""
    digits = text.isascii() and text.isdigit() and len(text) <= MAX_POSITION_DIGITS
    return int(text) if digits else None


def operation_id(text: str) -> UUID | None:
    """The public id of an operation, or None."""
    try:
        return UUID(text)
    except ValueError:
        return None
