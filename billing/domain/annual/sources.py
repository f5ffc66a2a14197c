"""What Annual credits reads beside the customer's standing: one query each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Subquery

from billing.models import Purchase, PurchaseLine
from credits.domain.figures import Standing
from credits.domain.in_force import InForce
from credits.domain.reading import instances, loaded
from credits.domain.standing_reading import OPERATION_IS_KNOWN, Known
from credits.domain.usage import AHEAD
from credits.models import (
    AllocationGroup,
    Balance,
    Customer,
    Feature,
    FeatureChoice,
    FeatureRate,
    License,
    LicenseTerm,
    Side,
    Solution,
    UsageSource,
)

# The newest report of a group is in force unless it was withdrawn by then; only where it was, the
# ones before it are gone through.
IN_FORCE = f"""
WITH rated AS MATERIALIZED (
    SELECT * FROM credits_featurerate
), rate AS MATERIALIZED (
    SELECT DISTINCT ON (feature_id) * FROM rated
    WHERE at <= %(at)s AND operation_id <= %(rates_through)s
        AND operation_id <> ALL (ARRAY(
            SELECT reverses_id FROM credits_operation WHERE reverses_id = ANY (ARRAY(
                SELECT DISTINCT operation_id FROM rated))))
    ORDER BY feature_id, at DESC, operation_id DESC, id DESC
), feature AS MATERIALIZED (
    SELECT * FROM credits_feature
), source AS MATERIALIZED (
    SELECT * FROM credits_usagesource WHERE customer_id = %(customer)s
), newest AS MATERIALIZED (
    SELECT asked.group_id, report.* FROM (
        SELECT group_id FROM feature WHERE id = ANY (%(features)s)
        UNION
        SELECT group_id FROM source
    ) asked CROSS JOIN LATERAL (
        SELECT fact.operation_id, at, quantities, by_hand FROM credits_usagereport fact
        WHERE customer_id = %(customer)s AND group_id = asked.group_id AND at <= %(at)s
            AND {OPERATION_IS_KNOWN}
        ORDER BY at DESC, revision DESC, operation_id DESC, id DESC LIMIT 1
    ) report
), withdrawn AS MATERIALIZED (
    SELECT reverses_id AS id, recorded_at <= %(known)s AS is_known FROM credits_operation
    WHERE reverses_id = ANY (ARRAY(SELECT operation_id FROM newest))
), stated AS MATERIALIZED (
    SELECT group_id, quantities FROM newest
    WHERE operation_id NOT IN (SELECT id FROM withdrawn WHERE is_known)
    UNION ALL
    SELECT newest.group_id, report.quantities FROM newest CROSS JOIN LATERAL (
        SELECT fact.quantities FROM credits_usagereport fact
        WHERE fact.customer_id = %(customer)s AND fact.group_id = newest.group_id
            AND fact.at <= %(at)s AND {OPERATION_IS_KNOWN}
            AND NOT EXISTS (
                SELECT FROM credits_operation reversal
                WHERE reversal.reverses_id = fact.operation_id
                    AND reversal.recorded_at <= %(known)s)
        ORDER BY fact.at DESC, fact.revision DESC, fact.operation_id DESC, fact.id DESC LIMIT 1
    ) report
    WHERE newest.operation_id IN (SELECT id FROM withdrawn WHERE is_known)
), silent AS MATERIALIZED (
    SELECT source.* FROM source
    LEFT JOIN newest ON newest.group_id = source.group_id AND NOT by_hand
        AND operation_id NOT IN (SELECT id FROM withdrawn)
        AND at > since + %(ahead)s AND at >= %(now)s - stale_after_hours * interval '1 hour'
    WHERE newest.group_id IS NULL
        AND since < %(now)s - stale_after_hours * interval '1 hour'
)
SELECT (SELECT json_agg(rate) FROM rate)::text,
    (SELECT json_agg(feature) FROM feature)::text,
    (SELECT json_agg(g) FROM credits_allocationgroup g)::text,
    (SELECT json_agg(solution) FROM credits_solution solution)::text,
    (SELECT json_object_agg(group_id, quantities) FROM stated)::text,
    (SELECT json_agg(silent) FROM silent)::text
"""  # noqa: S608 (no value is put into the text)


@dataclass(frozen=True)
class Stated:
    """What the books state of a customer's features at a position."""

    rates: list[FeatureRate]
    """The rate in force of every feature, in catalogue order, with the `quantities` reported for
    its group."""
    doubtful: list[UsageSource]
    """The systems whose newest report there does not prove that they are not silent now."""


def read_stated(customer: Customer, standing: Standing, *, now: datetime) -> Stated:
    """Rates and reported quantities in force at the shown position; one query.

    A rate is known to a customer from the operation that booked it there, so the customer's
    own `rates_through` decides and not the day the rate was entered.
    """
    asked: dict[str, Any] = standing.known.asked | {
        "customer": customer.pk,
        "at": standing.shown.at,
        "rates_through": standing.rates_through,
        "features": [pk for side, pk in standing.levels if side == Side.ALLOCATED],
        "now": now,
        "ahead": AHEAD,
    }
    with connection.cursor() as cursor:
        cursor.execute(IN_FORCE, asked)
        columns = [loaded(column) for column in cursor.fetchone()]
    rates = instances(FeatureRate, columns[0])
    features = {row.pk: row for row in instances(Feature, columns[1])}
    groups = {row.pk: row for row in instances(AllocationGroup, columns[2])}
    solutions = {row.pk: row for row in instances(Solution, columns[3])}
    quantities = {int(group): stated for group, stated in (columns[4] or {}).items()}
    for group in groups.values():
        group.solution = solutions[group.solution_id]
    for feature in features.values():
        feature.group = groups[feature.group_id]
    for rate in rates:
        rate.feature = features[rate.feature_id]
        rate.quantities = quantities.get(rate.feature.group_id)  # type: ignore[attr-defined]
    rates.sort(key=lambda r: (r.feature.group.solution.position, r.feature.position, r.pk))
    return Stated(rates, instances(UsageSource, columns[5]))


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


# Each part is looked for at once for all licenses.
LICENSES = f"""
WITH license AS MATERIALIZED (
    SELECT * FROM credits_license WHERE customer_id = %(customer)s
), line AS MATERIALIZED (
    SELECT * FROM billing_purchaseline WHERE license_id = ANY (ARRAY(SELECT id FROM license))
), purchase AS MATERIALIZED (
    SELECT * FROM billing_purchase WHERE id = ANY (ARRAY(SELECT purchase_id FROM line))
), term AS MATERIALIZED (
    SELECT fact.*, {OPERATION_IS_KNOWN} AS is_known FROM credits_licenseterm fact
    WHERE license_id = ANY (ARRAY(SELECT id FROM license))
)
SELECT (SELECT json_agg(license ORDER BY number) FROM license)::text,
    (SELECT json_agg(line) FROM line)::text,
    (SELECT json_agg(purchase) FROM purchase)::text,
    (SELECT json_agg(term ORDER BY id) FROM term)::text,
    (SELECT json_agg(DISTINCT license_id) FROM term WHERE is_known)::text,
    (SELECT json_agg(DISTINCT operation_id) FROM term WHERE is_known)::text
"""  # noqa: S608 (no value is put into the text)


def licenses_with_purchases(customer: Customer, known: Known) -> list[License]:
    """Every license with its purchase, and whether it `is_known`; one query.

    What was ordered stays readable beside later corrections: `ordered_credits`, `ordered_from`
    and `ordered_until` are those of the term that the purchase brought, as it was amended by then;
    None for a license that the order has no more.
    """
    with connection.cursor() as cursor:
        cursor.execute(LICENSES, known.asked | {"customer": customer.pk})
        licenses, lines, purchases, terms, told, heard = map(loaded, cursor.fetchone())
    orders = {purchase.pk: purchase for purchase in instances(Purchase, purchases)}
    bought = {line.license_id: line for line in instances(PurchaseLine, lines)}
    stated: dict[int, list[LicenseTerm]] = defaultdict(list)
    for term in instances(LicenseTerm, terms):
        stated[term.license_id].append(term)
    found: list[License] = instances(License, licenses)
    for license in found:
        line = bought.get(license.pk)
        if line is not None:
            line.purchase = orders[line.purchase_id]
        license._state.fields_cache["purchase_line"] = line
        license.is_known = license.pk in (told or ())  # type: ignore[attr-defined]
        tell(license, stated[license.pk], line, frozenset(heard or ()))
    return found


def tell(
    license: Any, terms: Sequence[LicenseTerm], line: PurchaseLine | None, known: Collection[int]
) -> None:
    """Let a license say what was ordered; of an amendment not known yet, what was before."""
    by = line.purchase.operation_id if line is not None else None
    ordered = next((term for term in terms if term.operation_id == by), None)
    if line is not None and by not in known:
        before = [term for term in terms if term.operation_id in known and term.credits > 0]
        ordered = before[-1] if before else ordered
    license.ordered_credits = ordered.credits if ordered else None
    license.ordered_from = ordered.at if ordered else None
    license.ordered_until = ordered.until if ordered else None


def purchase_of(license: License) -> Purchase | None:
    """The order that granted a license; a license may have been granted without one."""
    line = getattr(license, "purchase_line", None)
    return line.purchase if line is not None else None
