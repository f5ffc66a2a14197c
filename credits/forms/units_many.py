"""The form of a change of many features: a number of units for each, as drawn and as typed.

A form that was sent says by itself what it was drawn with, so that only what a person typed is
stated, and sending it twice states the same.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from credits.domain.allocate_many import GroupStatement
from credits.domain.pricing import SHARED
from credits.domain.quantities import MAX_UNITS
from credits.exceptions import CreditsError, InvalidCommand
from credits.forms.allocations import QuantityField
from credits.forms.notes import NoteForm

UNITS, TOGETHER = "u.", "s."
"""Names of numbers: of a feature, and of a group that shares one."""
KEY = re.compile(r"[us]\.[a-z0-9-]{1,60}", re.ASCII)
PERCENT = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{1,2})?", re.ASCII)
MINUS = "\N{MINUS SIGN}"
DRAWN = "drawn"


@dataclass(frozen=True)
class Number:
    """One number of the form, and what it was drawn with."""

    name: str
    group: str
    was: str
    on: frozenset[str] | None = None
    """The features that are on, where they share the number."""
    label: str = ""
    measured: bool = True

    @property
    def key(self) -> str:
        """The feature's key, or the name that features share."""
        return SHARED if self.name.startswith(TOGETHER) else self.name.removeprefix(UNITS)


class PercentField(forms.CharField):
    """By how much to change all numbers: 10, -5."""

    def __init__(self) -> None:
        super().__init__(
            label=gettext_lazy("Change all by"),
            required=False,
            widget=forms.TextInput(attrs={"class": "in", "autocomplete": "off", "size": 6}),
        )

    def clean(self, value: Any) -> Any:
        text = str(self.to_python(value)).replace(MINUS, "-").removesuffix("%").strip()
        if not text:
            return None
        if not PERCENT.fullmatch(text):
            raise forms.ValidationError(
                _("Enter a percentage from -100 to 999, such as 10 or -5."), code="invalid"
            )
        return max(Decimal(text), Decimal(-100))


class UnitsManyForm(NoteForm):
    """Numbers of units of several groups."""

    def __init__(self, numbers: Sequence[Number], data: QueryDict | None = None) -> None:
        super().__init__(data, initial={number.name: number.was for number in numbers})
        self.numbers = list(numbers)
        self.fields["percent"] = PercentField()
        for number in numbers:
            self.fields[number.name] = field = QuantityField(
                measured=number.measured, required=True, label=number.label
            )
            field.widget.attrs |= {"class": "in n", "size": 8}

    @property
    def drawn(self) -> str:
        """What the form is drawn with, as the hidden field that it sends back."""
        return json.dumps(
            [[n.name, n.group, n.was, None if n.on is None else sorted(n.on)] for n in self.numbers]
        )

    @property
    def statements(self) -> list[GroupStatement]:
        """What a person states: whole groups of which a number is not what it was drawn with."""
        by_group: dict[str, list[Number]] = defaultdict(list)
        for number in self.numbers:
            by_group[number.group].append(number)
        return [
            GroupStatement(
                group=group,
                quantities={number.key: self.cleaned_data[number.name] for number in own},
                on=own[0].on,
            )
            for group, own in by_group.items()
            if any(self.cleaned_data[number.name] != Decimal(number.was) for number in own)
        ]

    def put(self, error: CreditsError, group: str = "") -> None:
        """Say a refusal at the field it is about, else at the group's first, else on top."""
        own = [number for number in self.numbers if number.group == group]
        at = next((n.name for n in own if n.key == error.field), own[0].name if own else None)
        self.add_error(at, error.message)


def changed_by(was: str, percent: Decimal, *, measured: bool) -> Decimal:
    """A number changed by a percentage: whole, half up, or to hundredths where it is measured."""
    least = Decimal("0.01") if measured else Decimal(1)
    value = Decimal(was) * (100 + percent) / 100
    return min(value.quantize(least, rounding=ROUND_HALF_UP), Decimal(MAX_UNITS))


def drawn_numbers(text: str) -> list[Number]:
    """The numbers a form was drawn with. Raises InvalidCommand if it does not say."""
    try:
        rows = json.loads(text)
        if not isinstance(rows, list) or not rows:
            raise ValueError("no numbers")
        return [number_of(row) for row in rows]
    except (ValueError, TypeError, ArithmeticError, RecursionError):
        raise InvalidCommand(
            _("This form cannot be read any more. Choose the features again.")
        ) from None


def number_of(row: Any) -> Number:
    """One number as it was sent back. Raises ValueError or TypeError for anything else."""
    name, group, was, on = row
    texts = (name, group, was, *(on or ()))
    is_read = all(isinstance(text, str) for text in texts) and KEY.fullmatch(name)
    if not is_read or not Decimal(was).is_finite():
        raise ValueError("not a number that was drawn")
    return Number(name, group, was, None if on is None else frozenset(on), label=name)
