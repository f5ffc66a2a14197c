"""What the calculator's form sends beside its lines: name, term, reserve, and what is looked at."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from credits.exceptions import InvalidCommand
from estimator.domain.checking import check_reserve
from estimator.domain.estimates import Draft
from estimator.domain.needs import Basis
from estimator.domain.plans import NO_RESERVE, Reserve
from estimator.models import MAX_NAME, MAX_YEARS

PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,2})?)\s*%")
CREDITS = re.compile(r"\d{1,3}(?:,\d{3}){0,4}|\d{1,15}")
SHOWN = 40
"""Characters of what was typed that are shown again."""


class ReserveField(forms.Field):
    """Credits kept free, as a number or as a percentage: 2,000 or 10 %."""

    def to_python(self, value: Any) -> Reserve:
        text = str(value or "").strip()
        if not text:
            return NO_RESERVE
        if percent := PERCENT.fullmatch(text):
            reserve = Reserve(percent=Decimal(percent[1]))
        elif CREDITS.fullmatch(text):
            reserve = Reserve(credits=int(text.replace(",", "")))
        else:
            raise forms.ValidationError(
                _(
                    "A reserve is whole credits or a percentage: 2,000 or 10 %%. "
                    "You entered %(text)s."
                )
                % {"text": text[:SHOWN]}
            )
        try:
            check_reserve(reserve)
        except InvalidCommand as error:
            raise forms.ValidationError(error.message) from error
        return reserve

    def prepare_value(self, value: Any) -> str:
        """What stands in the field: as it was typed, or as it was kept."""
        return reserve_text(value) if isinstance(value, Reserve) else str(value or "")


def reserve_text(reserve: Reserve) -> str:
    """A reserve as it may be typed."""
    if reserve.percent:
        return f"{reserve.percent.normalize():f} %"
    return f"{reserve.credits:,}" if reserve.credits else ""


class EstimateForm(forms.Form):
    """All of an estimate but its lines."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=MAX_NAME,
        required=False,
        error_messages={
            "max_length": gettext_lazy(
                "A name has up to %(limit_value)d characters. You entered %(show_value)d."
            ),
        },
    )
    years = forms.TypedChoiceField(
        label=gettext_lazy("Term"),
        choices=[(n, ngettext_lazy("%d year", "%d years") % n) for n in range(1, MAX_YEARS + 1)],
        coerce=int,
        required=False,
        error_messages={
            "invalid_choice": gettext_lazy(
                "The term is a whole number of years from 1 to 10. You entered %(value)s."
            ),
        },
    )
    overlap = forms.BooleanField(required=False)
    reserve = ReserveField(label=gettext_lazy("Reserve"), required=False)

    def need_name(self) -> None:
        """A name is asked for when the estimate is saved, and only then."""
        if "name" not in self.errors and not self.cleaned_data.get("name"):
            self.add_error(
                "name",
                _("Give the estimate a name of 1 to %(most)d characters.") % {"most": MAX_NAME},
            )


def initial(name: str, draft: Draft) -> dict[str, Any]:
    """The form's values for a draft that was not typed."""
    return {"name": name, "years": draft.years, "overlap": draft.overlap, "reserve": draft.reserve}


def basis_of(text: str | None) -> Basis:
    """The basis that is asked for. It is a view, not a statement: nonsense is the default."""
    return Basis.ON_TOP if text == Basis.ON_TOP else Basis.INSTEAD


def version_of(text: str | None) -> int | None:
    """The version a form was drawn from."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None
