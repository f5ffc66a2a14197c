"""The form of a move: from which feature, how much, and to which."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from credits.domain.holdings import Holding, sections
from credits.domain.quantities import MAX_LENGTH, MAX_UNITS
from credits.exceptions import CreditsError
from credits.forms.allocations import QuantityField
from credits.forms.notes import NoteForm
from credits.templatetags.figures import credits_text

CREDITS, UNITS = "credits", "units"
FEATURE_KEY = re.compile(r"[a-z0-9-]{1,60}", re.ASCII)
HINT = gettext_lazy(
    "Whole units are moved: the fewest that free so many credits. What does not pay for a whole "
    "unit of the other feature returns to the balance."
)
FIELDS = {"source": "source", "units": "amount", "target": "target"}
"""The field of the form at which a refusal of the books is said."""


class AmountField(QuantityField):
    """A whole number of credits or units, above zero."""

    def __init__(self) -> None:
        super().__init__(measured=False, required=True, label=_("How much"), help_text=HINT)

    def clean(self, value: Any) -> Any:
        typed = str(value or "").strip()[:MAX_LENGTH]
        try:
            amount = super().clean(value)
        except forms.ValidationError:
            amount = None
        if not amount:
            text = _("Enter a whole number from 1 to %(most)s.") % {"most": credits_text(MAX_UNITS)}
            typed_text = _("You entered %(typed)s.") % {"typed": typed} if typed else ""
            raise forms.ValidationError(f"{text} {typed_text}".strip())
        return amount


class FeatureSelect(forms.Select):
    """Features to choose among, each with its group: what is priced together is no move.

    A script leaves out of `To` what is priced together with the choice of `From`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.groups: dict[str, int] = {}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        if value in self.groups:
            option["attrs"]["data-group"] = self.groups[value]
        return option


class FeatureField(forms.ChoiceField):
    """One of the features offered; another one is left to the books, which say why not.

    What is sent a second time may no longer be offered, and is to get the first answer.
    """

    widget = FeatureSelect

    def valid_value(self, value: Any) -> bool:
        return FEATURE_KEY.fullmatch(str(value)) is not None


class MoveForm(NoteForm):
    """What a person moves. An amount is credits to free, or whole units to take away."""

    source = FeatureField(
        label=gettext_lazy("From"),
        error_messages={
            "required": gettext_lazy("Choose the feature to move credits from."),
            "invalid_choice": gettext_lazy("There is no such feature."),
        },
    )
    by = forms.ChoiceField(
        label=gettext_lazy("Counted in"),
        choices=((CREDITS, gettext_lazy("credits")), (UNITS, gettext_lazy("units"))),
        initial=CREDITS,
    )
    target = FeatureField(
        label=gettext_lazy("To"),
        error_messages={
            "required": gettext_lazy("Choose the feature to move credits to."),
            "invalid_choice": gettext_lazy("There is no such feature."),
        },
    )

    field_order = ("source", "amount", "by", "target", "note")

    def __init__(
        self,
        rows: Iterable[Holding],
        reported: Iterable[int],
        data: QueryDict | None = None,
        *,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.fields["amount"] = AmountField()
        self.order_fields(self.field_order)
        by_hand = [row for row in rows if row.offer.feature.group_id not in set(reported)]
        self.offer("source", (row for row in by_hand if row.is_movable), with_credits=True)
        self.offer("target", (row for row in by_hand if row.takes_units))
        focus = "amount" if self.initial.get("source") else "source"
        self.fields[focus].widget.attrs |= {"autofocus": True, "data-focus": True}
        self.fields["source"].widget.attrs["data-apart"] = self["target"].auto_id

    def offer(self, name: str, rows: Iterable[Holding], *, with_credits: bool = False) -> None:
        """Let a field choose among features, by solution."""
        offered = list(rows)

        def text(row: Holding) -> str:
            words = {"name": row.offer.feature.name, "credits": credits_text(row.credits)}
            return _("%(name)s, holds %(credits)s") % words if with_credits else words["name"]

        choices = [
            (found.solution.name, [(row.offer.feature.key, text(row)) for row in found.rows])
            for found in sections(offered)
        ]
        field = cast(FeatureField, self.fields[name])
        widget = cast(FeatureSelect, field.widget)
        widget.groups = {row.offer.feature.key: row.offer.feature.group_id for row in offered}
        field.choices = [("", _("Choose a feature")), *choices]

    @property
    def typed(self) -> str:
        """What decides the act, as one text: it is what a person has seen the effect of."""
        return "|".join(self.data.get(name, "").strip() for name in ("source", "by", "target"))

    @property
    def amount(self) -> Decimal:
        """How many credits or units."""
        return Decimal(self.cleaned_data["amount"])

    def put(self, error: CreditsError) -> None:
        """Say a refusal at the field it is about, else above the form."""
        self.add_error(FIELDS.get(error.field or ""), error.message)
