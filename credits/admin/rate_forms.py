"""The form of a dated rate: as a line of the catalogue's file, with its checks."""

from __future__ import annotations

from typing import Any

from django import forms

from credits.admin.forms import MakingForm
from credits.domain.catalogue_file import MODELS
from credits.domain.catalogue_file.single import cell, read_single, wish
from credits.models import AllocationModel, Feature, FeatureRate


class FeatureField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A feature, named with its solution: several have a Core package."""

    def label_from_instance(self, obj: Feature) -> str:
        return f"{obj.group.solution.name}: {obj.name}"


class RateForm(MakingForm):
    """A rate of a feature from a day on. `cleaned_data["row"]` is the whole of it."""

    taken = ("feature",)

    feature = FeatureField(
        queryset=Feature.objects.select_related("group__solution"),
        to_field_name="key",
        empty_label="Choose a feature",
    )
    valid_from = forms.CharField(
        label="First day",
        max_length=40,
        required=False,
        help_text="As YYYY-MM-DD. From 00:00 UTC of this day on, for what is held as well. "
        "At least 48 hours ahead; an earlier day is a correction and needs a reason.",
    )
    model = forms.ChoiceField(
        choices=[(model.value, model.label) for model in AllocationModel if model.value in MODELS]
    )
    credits = forms.CharField(max_length=20, required=False, help_text="Per block.")
    block = forms.CharField(
        max_length=20,
        required=False,
        initial="1",
        help_text="Units that the credits are for: 1, or 500 for 500 Mbps.",
    )
    cap = forms.CharField(
        label="Most an account holds",
        max_length=20,
        required=False,
        help_text="Credits, for tiers only.",
    )
    parts = forms.CharField(
        max_length=400,
        required=False,
        help_text="For bundles only: the keys of the features it stands in for, with spaces.",
    )
    valid_to = forms.CharField(
        label="Last day for new allocations",
        max_length=40,
        required=False,
        help_text="Left empty, the feature stays open. What is held stays at this rate.",
    )
    source = forms.CharField(max_length=200, required=False, help_text="Where it is announced.")
    assumed = forms.BooleanField(
        required=False, help_text="The source does not say all of it; the remark tells what."
    )
    note = forms.CharField(label="Remark", max_length=400, required=False)
    reason = forms.CharField(
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="For a correction: why it is entered so late. Kept with the operation.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        feature = cleaned.get("feature")
        if feature is None:
            return cleaned
        cells = {name: str(cleaned.get(name) or "") for name in ("model", *TYPED)} | {
            "feature": feature.key,
            "unit": feature.unit,
            "unit_plural": feature.unit_plural,
            "assumed": cell(cleaned.get("assumed", False)),
        }
        cleaned["row"], problems = read_single(cells)
        for problem in problems:
            if problem.column not in self.errors:
                self.add_error(
                    problem.column if problem.column in self.fields else None, wish(problem)
                )
        return cleaned


TYPED = ("valid_from", "credits", "block", "cap", "parts", "valid_to", "source", "note")
"""Fields that are read as the file's cells are."""


def from_rate(rate: FeatureRate) -> dict[str, Any]:
    """A form filled in with a rate that stands; its days are for the person to say."""
    return {
        "feature": rate.feature.key,
        "model": rate.model,
        "credits": cell(rate.credits),
        "block": cell(rate.block),
        "cap": cell(rate.cap),
        "parts": cell(tuple(rate.parts)),
    }
