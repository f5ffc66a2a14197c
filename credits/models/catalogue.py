"""The catalogue: what credits can be allocated to, and which features are priced together."""

from __future__ import annotations

import uuid

from django.db import models

COLORS = 12
"""Solutions that are told apart by color; as many stand in tokens.css."""


class Solution(models.Model):
    """A family of features shown together; its position gives its color on every page."""

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("position", "pk")

    def __str__(self) -> str:
        return self.name

    @property
    def color(self) -> str:
        """The color class s1 to s12; a catalogue of more solutions begins them again."""
        return f"s{(self.position - 1) % COLORS + 1}"


class AllocationGroup(models.Model):
    """Features priced together; every other feature is a group of its own."""

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    solution = models.ForeignKey(Solution, on_delete=models.PROTECT, related_name="groups")

    class Meta:
        ordering = ("solution__position", "pk")

    def __str__(self) -> str:
        return self.name


class Feature(models.Model):
    """Something that holds credits. Its group never changes; a new feature replaces it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    group = models.ForeignKey(AllocationGroup, on_delete=models.PROTECT, related_name="features")
    unit = models.CharField(max_length=60)
    unit_plural = models.CharField(max_length=60)
    requires = models.JSONField(
        default=list,
        help_text="All of these: each a list of feature keys, any of which serves.",
    )
    payg = models.CharField(max_length=8, default="unknown", help_text="yes, no or unknown.")
    retention_days = models.PositiveIntegerField(null=True)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("group__solution__position", "position", "pk")

    def __str__(self) -> str:
        return self.name
