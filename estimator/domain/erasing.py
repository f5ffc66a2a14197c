"""What a purge erases of estimates (settings.ERASERS, docs/rules.md#r13)."""

from __future__ import annotations

from typing import Any

from credits.models import Customer
from estimator.models import Estimate, EstimateLine, EstimateLink, EstimateVersion

NAME = "Erased estimate"


def erase(customer: Customer) -> None:
    """Erase the names people gave to estimates and to the accounts in them; figures stay.

    Links to them open no more, whatever becomes of access.
    """
    mine = Estimate.objects.filter(customer=customer)
    EstimateLink.objects.filter(version__estimate__in=mine).delete()
    mine.exclude(name=NAME).update(name=NAME)
    EstimateVersion.objects.filter(estimate__in=mine).exclude(content={}).update(content={})
    for line in EstimateLine.objects.filter(estimate__in=mine):
        quantities = {key: without_names(value) for key, value in line.quantities.items()}
        if quantities != line.quantities:
            EstimateLine.objects.filter(pk=line.pk).update(quantities=quantities)


def without_names(quantity: Any) -> Any:
    """A quantity whose accounts are numbered, where it is stated per account."""
    if not isinstance(quantity, dict):
        return quantity
    return {f"Account {number}": units for number, units in enumerate(quantity.values(), start=1)}
