"""What the address of an explanation asks about, read strictly: a wrong value gets a sentence."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from billing.domain.explanation import BALANCE
from credits.models import Side

YEARS = range(2000, 2200)
SUBJECTS = ("license", "feature", "solution", "group")
SIDES = (BALANCE, Side.VALID.value, Side.ALLOCATED.value)


class InstantField(forms.Field):
    """An instant with its zone, as addresses carry it."""

    def to_python(self, value: Any) -> datetime | None:
        typed = str(value or "").strip()
        if not typed:
            return None
        try:
            at = parse_datetime(typed)
        except ValueError:
            at = None
        if at is None or at.tzinfo is None or at.year not in YEARS:
            raise ValidationError(
                _("An instant is written like 2026-11-24T09:00:00Z. You entered %(typed)s.")
                % {"typed": typed[:40]}
            )
        return at.astimezone(UTC)


class ExplainForm(forms.Form):
    """Side, subject and the two clocks. The subject says the side where none is named.

    `page` is the page of the licenses and features where they are many.
    """

    side = forms.ChoiceField(required=False, choices=[(side, side) for side in SIDES])
    license = forms.UUIDField(required=False)
    feature = forms.CharField(required=False, max_length=60)
    solution = forms.CharField(required=False, max_length=60)
    group = forms.CharField(required=False, max_length=60)
    at = InstantField(required=False)
    known = InstantField(required=False)
    through = InstantField(required=False)
    """Both clocks at once."""
    page = forms.IntegerField(required=False, min_value=1, max_value=100_000)

    def clean(self) -> dict[str, Any]:
        cleaned = dict(super().clean() or {})
        subjects = [name for name in SUBJECTS if cleaned.get(name)]
        if len(subjects) > 1:
            raise ValidationError(_("A figure is of one license, feature, group or solution."))
        of_side = (
            {"license": Side.VALID.value}.get(subjects[0], Side.ALLOCATED.value) if subjects else ""
        )
        side = cleaned.get("side") or of_side or BALANCE
        if of_side and side != of_side:
            raise ValidationError(_("Licenses give valid credits; features hold allocated ones."))
        if through := cleaned.get("through"):
            if cleaned.get("at") or cleaned.get("known"):
                raise ValidationError(_("“Through” says both clocks, so no other is named."))
            cleaned |= {"at": through, "known": through}
        return {**cleaned, "side": side}

    @property
    def sentences(self) -> list[str]:
        """What is wrong with the address."""
        return [str(error) for errors in self.errors.values() for error in errors]
