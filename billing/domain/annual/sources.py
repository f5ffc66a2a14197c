"""What Annual credits reads beside the customer's standing: one query each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef, Subquery

from billing.models import Purchase
from credits.domain.in_force import InForce
from credits.models import (
    Balance,
    Customer,
    FeatureChoice,
    FeatureRate,
    License,
    LicenseTerm,
    Operation,
    UsageReport,
)
from credits.models.facts import UsageReportQuerySet


def rates_with_quantities(
    customer: Customer, *, at: datetime, known: datetime
) -> list[FeatureRate]:
    """The rate in force of every feature, with the `quantities` reported for its group.

    A rate is known to a customer from the operation that booked it there, so the customer's
    own `rates_through` decides and not the day the rate was entered.
    """
    booked = Balance.objects.filter(customer=customer).values("rates_through")
    reported = (
        UsageReport.objects.filter(customer=customer, group=OuterRef("feature__group"))
        .standing(known)
        .filter(at__lte=at)
        .order_by(*UsageReportQuerySet.precedence)
    )
    rates = (
        FeatureRate.objects.filter(operation_id__lte=Subquery(booked))
        .first_in_force(at)
        .select_related("feature__group__solution")
        .annotate(quantities=Subquery(reported.values("quantities")[:1]))
    )
    return sorted(
        rates, key=lambda r: (r.feature.group.solution.position, r.feature.position, r.pk)
    )


def rates_known(customer: Customer) -> dict[int, InForce[FeatureRate]]:
    """Per feature the rates in force at any instant, as the customer's books know them."""
    booked = Balance.objects.filter(customer=customer).values("rates_through")
    known = FeatureRate.objects.filter(operation_id__lte=Subquery(booked)).standing()
    found: dict[int, list[FeatureRate]] = defaultdict(list)
    for rate in known.select_related("feature__group__solution"):
        found[rate.feature_id].append(rate)
    return defaultdict(
        lambda: InForce[FeatureRate]((), ()),
        {pk: InForce.by_instant(rates) for pk, rates in found.items()},
    )


def contract_ends_ahead(customer: Customer, *, at: datetime) -> set[tuple[int, datetime]]:
    """The features of pay-as-you-go contracts with the instants after `at` at which they end."""
    choices = FeatureChoice.objects.filter(customer=customer, until__gt=at).standing()
    return {(pk, until) for pk, until in choices.values_list("feature", "until") if until}


def licenses_with_purchases(customer: Customer, *, known: datetime) -> list[License]:
    """Every license with its purchase, and whether it `is_known` at an instant.

    What was ordered stays readable beside later corrections: `ordered_credits`, `ordered_from`
    and `ordered_until` are those of the term that the purchase brought.
    """
    terms = LicenseTerm.objects.filter(license=OuterRef("pk"))
    stated = terms.filter(operation__recorded_at__lte=known)
    ordered = terms.filter(operation=OuterRef("purchase_line__purchase__operation"))
    return list(
        License.objects.filter(customer=customer)
        .annotate(
            is_known=Exists(stated),
            ordered_credits=Subquery(ordered.values("credits")[:1]),
            ordered_from=Subquery(ordered.values("at")[:1]),
            ordered_until=Subquery(ordered.values("until")[:1]),
        )
        .select_related("purchase_line__purchase")
        .order_by("number")
    )


def purchase_of(license: License) -> Purchase | None:
    """The order that granted a license; a license may have been granted without one."""
    line = getattr(license, "purchase_line", None)
    return line.purchase if line is not None else None


def operations_with_reports(ids: Iterable[int]) -> dict[int, Operation]:
    """Operations by id, each with the `stated` quantities of its report, if it brought one."""
    report = UsageReport.objects.filter(operation=OuterRef("pk")).values("quantities")[:1]
    found = Operation.objects.filter(pk__in=set(ids)).annotate(stated=Subquery(report))
    return {operation.pk: operation for operation in found}
