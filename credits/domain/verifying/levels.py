"""The ledger beside the level function of all facts that stand, over all of time."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from django.db import connection
from django.db.models.base import ModelState

from credits import clock
from credits.domain.booking import Course, GroupFacts, difference, group_courses, license_course
from credits.domain.books import Subject
from credits.domain.verifying.checks import INSTANT, Batch, Problem, Seen, Steps, names_of
from credits.domain.verifying.sums import terms_of
from credits.models import (
    Balance,
    FeatureChoice,
    FeatureRate,
    License,
    Side,
    UsageReport,
)

AT_ONCE = 2000

REPORTS = """
SELECT id, operation_id, customer_id, group_id, INSTANT, quantities, revision, by_hand
FROM credits_usagereport WHERE customer_id = ANY(%(customers)s) ORDER BY customer_id, group_id
""".replace("INSTANT", INSTANT.format("at"))

Held = dict[Subject, dict[datetime, int]]


def levels_follow_facts(batch: Batch, seen: Seen) -> Iterator[Problem]:
    """The ledger of every license and feature is the level function of the facts that stand.

    Compared at every instant at which either changes; entries about anything else have no fact
    behind them.
    """
    steps = {customer: dict(own) for customer, own in batch.steps.items()}
    yield from licenses_follow_terms(batch, steps, seen)
    yield from groups_follow_facts(batch, steps, seen)
    for customer, left in steps.items():
        names = names_of(left)
        for subject in left:
            name = names.get(subject, subject)
            yield Problem(customer, f"Entries of {name} have no fact behind them.")


def licenses_follow_terms(batch: Batch, steps: Mapping[int, Held], seen: Seen) -> Iterator[Problem]:
    """Licenses beside their terms; takes what it compared out of the steps."""
    _, standing = terms_of(batch.ids)
    for license in License.objects.filter(customer__in=batch.ids).order_by("customer", "number"):
        seen["licenses"] += 1
        own = steps.get(license.customer_id, {}).pop((Side.VALID.value, license.pk), {})
        terms = standing[license.pk]
        start = earliest([term.at for term in terms], own)
        wanted = license_course(terms, start) if start else {}
        if sentence := unequal(license.label, wanted, own):
            yield Problem(license.customer_id, sentence)


def groups_follow_facts(batch: Batch, steps: Mapping[int, Held], seen: Seen) -> Iterator[Problem]:
    """Allocation groups beside their facts; takes what it compared out of the steps."""
    for customer, facts in groups_of(batch):
        seen["groups"] += 1
        own = steps.get(customer, {})
        held = {pk: own.pop((Side.ALLOCATED.value, pk), {}) for pk in facts.features}
        stated = [fact.at for fact in (*facts.reports, *facts.choices, *facts.rates)]
        start = earliest(stated, *held.values())
        courses = group_courses(facts, start) if start else {}
        for pk, key in facts.features.items():
            if sentence := unequal(key, courses.get(pk, {}), held[pk]):
                yield Problem(customer, sentence)


def earliest(stated: Sequence[datetime], *held: Steps) -> datetime | None:
    """The instant before which neither facts nor the ledger say anything."""
    firsts = [min(instants) for instants in (stated, *held) if instants]
    return min(firsts, default=None)


def unequal(name: str, wanted: Course, held: Steps) -> str:
    """The first instant at which the ledger holds something else than is wanted, or nothing."""
    steps = difference(wanted, held)
    if not steps:
        return ""
    at, _ = steps[0]
    return (
        f"{name} has {level_of(held, at):,} credits in the ledger from "
        f"{at:%Y-%m-%d %H:%M:%S.%f} on, but its facts make {level_of(wanted, at):,}."
    )


def level_of(steps: Course, at: datetime) -> int:
    """The level at an instant."""
    return sum(credits for instant, credits in steps.items() if instant <= at)


def groups_of(batch: Batch) -> Iterator[tuple[int, GroupFacts]]:
    """All standing facts of each group that a customer ever stated quantities for, one by one."""
    choices: dict[tuple[int, int], list[FeatureChoice]] = defaultdict(list)
    for choice in choices_of(batch):
        choices[choice.customer_id, choice.feature.group_id].append(choice)
    rates = Rates(batch)
    reports = UsageReport.objects.filter(customer__in=batch.ids)
    reported = dict.fromkeys(reports.values_list("customer", "group").distinct())
    for (customer, group), own in groupby(
        standing_reports(batch), attrgetter("customer_id", "group_id")
    ):
        del reported[customer, group]
        yield customer, rates.facts(customer, group, list(own), choices[customer, group])
    for customer, group in reported:
        yield customer, rates.facts(customer, group, [], choices[customer, group])


def standing_reports(batch: Batch) -> Iterator[UsageReport]:
    """The reports that stand, those of one customer's group together, streamed.

    Their models are filled without `Model.__init__`, which for a million of them would take as
    long as everything else together.
    """
    taken_back = batch.withdrawn
    with connection.chunked_cursor() as cursor:
        cursor.execute(REPORTS, {"customers": batch.ids})
        while some := cursor.fetchmany(AT_ONCE):
            for pk, operation, customer, group, at, quantities, revision, by_hand in some:
                if operation in taken_back:
                    continue
                report = UsageReport.__new__(UsageReport)
                report.__dict__.update(
                    _state=ModelState(),
                    id=pk,
                    operation_id=operation,
                    customer_id=customer,
                    group_id=group,
                    at=datetime.fromisoformat(at),
                    quantities=json.loads(quantities),
                    revision=revision,
                    by_hand=by_hand,
                )
                yield report


def choices_of(batch: Batch) -> Iterator[FeatureChoice]:
    """The choices that stand, with their features."""
    choices = FeatureChoice.objects.filter(customer__in=batch.ids).select_related("feature")
    return (choice for choice in choices if choice.operation_id not in batch.withdrawn)


class Rates:
    """The rates that each customer's books know, read once for a batch."""

    def __init__(self, batch: Batch) -> None:
        kept = Balance.objects.filter(customer__in=batch.ids)
        self.through = dict(kept.values_list("customer", "rates_through"))
        self.by_group: dict[int, list[FeatureRate]] = defaultdict(list)
        for rate in FeatureRate.objects.standing().select_related("feature"):
            self.by_group[rate.feature.group_id].append(rate)

    def facts(
        self,
        customer: int,
        group: int,
        reports: Sequence[UsageReport],
        choices: Sequence[FeatureChoice],
    ) -> GroupFacts:
        """A group's facts with the rates that the customer's books know."""
        through = self.through.get(customer, 0)
        rates = [rate for rate in self.by_group[group] if rate.operation_id <= through]
        return GroupFacts(
            features={rate.feature_id: rate.feature.key for rate in rates},
            reports=reports,
            choices=choices,
            rates=rates,
        )


def never_below_zero(batch: Batch, seen: Seen) -> Iterator[Problem]:
    """No license gives, and no feature holds, less than nothing at any instant."""
    found: list[tuple[int, Subject, datetime, int]] = []
    for customer, subjects in batch.steps.items():
        for subject, steps in subjects.items():
            seen["licenses and features"] += 1
            level = 0
            for at, credits in steps.items():
                level += credits
                if level < 0:
                    found.append((customer, subject, at, level))
                    break
    names = names_of(subject for _, subject, _, _ in found) if found else {}
    for customer, subject, at, level in found:
        name = names.get(subject, subject)
        yield Problem(
            customer, f"{name} has {level:,} credits in the ledger from {at:%Y-%m-%d %H:%M} on."
        )


def lots_add_up(batch: Batch, seen: Seen) -> Iterator[Problem]:
    """All credits ever granted are valid, not started yet, expired or voided; none is lost."""
    instants = now_of(batch)
    for license in License.objects.filter(customer__in=batch.ids).order_by("customer", "number"):
        now = instants.get(license.customer_id, clock.now())
        if license.voided_at is not None:
            state = "voided"
        elif license.ends_at <= now:
            state = "expired"
        else:
            state = "valid" if license.starts_at <= now else "not started yet"
        seen["licenses"] += 1
        seen.update({"credits granted": license.credits, f"credits {state}": license.credits})
        subjects = batch.steps.get(license.customer_id, {})
        held = level_of(subjects.get((Side.VALID.value, license.pk), {}), now)
        wanted = license.credits if state == "valid" else 0
        if held != wanted:
            yield Problem(
                license.customer_id,
                f"{license.label} is {state}, so it gives {wanted:,} credits, "
                f"but the ledger has {held:,}.",
            )


def now_of(batch: Batch) -> dict[int, datetime]:
    """The present of each customer's books: the clock, or their last act if that is later."""
    kept = Balance.objects.filter(customer__in=batch.ids)
    last = dict(kept.values_list("customer", "last_recorded_at"))
    return {pk: max(clock.now(), at) if at else clock.now() for pk, at in last.items()}
