"""Facts among themselves: terms with a beginning and an end, and one statement at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from credits.domain.books import Subject
from credits.domain.in_force import InForce
from credits.domain.verifying.checks import Batch, Problem, Seen, rows
from credits.domain.verifying.levels import choices_of
from credits.models import BillingModel, FeatureChoice, Side

BACKWARDS = """
SELECT license.customer_id, license.number, term.at, term.until
FROM credits_licenseterm term JOIN credits_license license ON license.id = term.license_id
WHERE license.customer_id = ANY(%(customers)s) AND term.credits <> 0
    AND (term.until IS NULL OR term.until <= term.at OR term.credits < 0)
UNION ALL SELECT customer_id, number, starts_at, ends_at FROM credits_license
WHERE customer_id = ANY(%(customers)s) AND ends_at <= starts_at
ORDER BY 1, 2
"""

TWICE = """
SELECT fact.customer_id, operation.kind, operation.public_id, fact.about, fact.at
FROM (
    SELECT license.customer_id, term.operation_id, 'L-' || license.number AS about, term.at,
        0 AS revision
    FROM credits_licenseterm term JOIN credits_license license ON license.id = term.license_id
    WHERE license.customer_id = ANY(%(customers)s)
    UNION ALL
    SELECT report.customer_id, report.operation_id, grouped.key, report.at, report.revision
    FROM credits_usagereport report JOIN credits_allocationgroup grouped
        ON grouped.id = report.group_id
    WHERE report.customer_id = ANY(%(customers)s)
) fact JOIN credits_operation operation ON operation.id = fact.operation_id
GROUP BY 1, 2, 3, 4, 5, fact.revision HAVING count(*) > 1 ORDER BY 1, 5
"""

COUNTED = """
SELECT (SELECT count(*) FROM credits_licenseterm term
    JOIN credits_license license ON license.id = term.license_id
    WHERE license.customer_id = ANY(%(customers)s)),
    (SELECT count(*) FROM credits_usagereport WHERE customer_id = ANY(%(customers)s))
"""

CHOSEN_TWICE = """
SELECT choice.customer_id, operation.kind, operation.public_id, feature.key, choice.at
FROM credits_featurechoice choice
JOIN credits_operation operation ON operation.id = choice.operation_id
JOIN credits_feature feature ON feature.id = choice.feature_id
WHERE choice.customer_id = ANY(%(customers)s)
GROUP BY 1, 2, 3, 4, 5 HAVING count(*) > 1 ORDER BY 1, 5
"""


def one_in_force(batch: Batch, seen: Seen) -> Iterator[Problem]:
    """Terms start before they end; no operation says two things about one subject and instant."""
    terms, reports = next(rows(COUNTED, customers=batch.ids))
    seen["terms"] += terms
    seen["reports"] += reports
    for customer, number, at, until in rows(BACKWARDS, customers=batch.ids):
        ends = f"{until:%Y-%m-%d}" if until else "never"
        yield Problem(customer, f"L-{number} starts on {at:%Y-%m-%d} and ends {ends}.")
    yield from said_twice(TWICE, batch)


def said_twice(statement: str, batch: Batch) -> Iterator[Problem]:
    """Statements of one operation that contradict each other."""
    for customer, kind, public_id, about, at in rows(statement, customers=batch.ids):
        yield Problem(
            customer,
            f"{kind} {public_id} says two things about {about} from {at:%Y-%m-%d %H:%M} on.",
        )


def one_billing_model(batch: Batch, seen: Seen) -> Iterator[Problem]:
    """A feature has one billing model at an instant; on pay-as-you-go it holds no credits."""
    yield from said_twice(CHOSEN_TWICE, batch)
    choices: dict[tuple[int, int], list[FeatureChoice]] = defaultdict(list)
    for choice in choices_of(batch):
        seen["choices"] += 1
        choices[choice.customer_id, choice.feature_id].append(choice)
    for (customer, feature), own in choices.items():
        if any(choice.billing_model == BillingModel.PAYG for choice in own):
            subject = (Side.ALLOCATED.value, feature)
            yield from holds_nothing_on_payg(batch, customer, subject, own)


def holds_nothing_on_payg(
    batch: Batch, customer: int, subject: Subject, choices: list[FeatureChoice]
) -> Iterator[Problem]:
    """The first instant at which a feature on pay-as-you-go holds credits, if any."""
    steps = batch.steps.get(customer, {}).get(subject, {})
    in_force = InForce.by_operation(choices)
    level = 0
    for at in sorted({*steps, *(choice.at for choice in choices)}):
        level += steps.get(at, 0)
        choice = in_force.at(at)
        ended = choice is None or (choice.until is not None and choice.until <= at)
        if choice is None or ended or choice.billing_model != BillingModel.PAYG:
            continue
        if level != 0:
            yield Problem(
                customer,
                f"{choice.feature.key} is on pay-as-you-go from {at:%Y-%m-%d %H:%M} on "
                f"and holds {level:,} credits.",
            )
            return
