"""Saving estimates: their own rows only, exactly once per form key. The books are not touched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from credits import clock
from credits.domain.commands import Asked
from credits.domain.locks import lock_office
from credits.domain.quantities import stored
from credits.exceptions import InvalidCommand, KeyConflict, StaleView
from credits.models import Customer, User
from estimator.domain.checking import check_estimate
from estimator.domain.contents import plans_stored, reserve_stored, saved_draft
from estimator.domain.estimates import Draft
from estimator.domain.plans import Plan, month_of
from estimator.domain.price_list import PriceList, read_price_list
from estimator.models import MAX_NAME, Estimate, EstimateLine, EstimateVersion

COPY = " (copy)"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be saved. `estimate` is the one to save over, drawn at version `seen`."""

    name: str
    draft: Draft
    estimate: Estimate | None = None
    seen: int | None = None

    def content(self) -> dict[str, Any]:
        """What is compared when the key comes again."""
        return {
            "estimate": str(self.estimate.public_id) if self.estimate else "",
            "name": self.name,
            "years": self.draft.years,
            "overlap": self.draft.overlap,
            "lines": [
                [key, stored({key: quantity})[key]]
                for key, quantity in self.draft.quantities.items()
            ],
            # Left out where nothing was said, as in the versions that were saved before.
            **({"plans": plans_stored(self.draft)} if self.draft.plans else {}),
            **({"reserve": reserve_stored(self.draft.reserve)} if self.draft.reserve else {}),
        }


@dataclass(frozen=True)
class Saved:
    """What became of a save. `repeated`: an earlier one with this key did it already."""

    estimate: Estimate
    repeated: bool = False


@transaction.atomic
def save_estimate(*, customer: Customer, wanted: Wanted, asked: Asked) -> Saved:
    """Save an estimate at the rates of this instant, new or over an earlier version of itself.

    Raises InvalidCommand, UnknownObject and RateClosed at the field, StaleView if somebody saved
    another version since `seen`, KeyConflict for a key used otherwise: then nothing was written.
    """
    # No rate is entered while one is saved: what its instant freezes is what it was priced at.
    known, now = last_recorded(), clock.now()
    # Numbers per customer and repeats of a key are decided one after the other. Not the lock of
    # the books: this keeps no writer of the ledger waiting.
    Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    if earlier := saved_before(customer, wanted, asked):
        return earlier
    prices = read_price_list(now, known)
    level = check_estimate(wanted.name, wanted.draft, prices)
    saver = person(asked)
    estimate = current(customer, wanted) or Estimate(
        customer=customer,
        number=next_number(customer),
        version=0,
        created_by=saver,
        created_at=now,
    )
    estimate.name, estimate.years = wanted.name, wanted.draft.years
    estimate.overlap, estimate.level = wanted.draft.overlap, level
    estimate.reserve_credits = wanted.draft.reserve.credits
    estimate.reserve_percent = wanted.draft.reserve.percent
    estimate.version += 1
    estimate.updated_by, estimate.updated_at = saver, now
    estimate.save()
    write_lines(estimate, wanted.draft, prices)
    EstimateVersion.objects.create(
        estimate=estimate,
        number=estimate.version,
        key=asked.key,
        content=wanted.content(),
        level=level,
        saved_by=saver,
        saved_at=now,
        known_at=known,
    )
    return Saved(estimate)


def duplicate_estimate(*, estimate: Estimate, asked: Asked) -> Saved:
    """Save a copy of an estimate under a new number, with its lines as they were saved."""
    name = estimate.name[: MAX_NAME - len(COPY)] + COPY
    return save_estimate(
        customer=estimate.customer,
        wanted=Wanted(name=name, draft=saved_draft(estimate)),
        asked=asked,
    )


def last_recorded() -> datetime:
    """The instant of the newest change of the catalogue, under its lock.

    Whatever is entered later is recorded later, also where the clock stands still or goes back;
    the present itself could be the instant of the next change.
    """
    journal, _known = lock_office()
    found: datetime | None = journal.last_recorded_at
    return found or clock.now()


def person(asked: Asked) -> User:
    """Who saves. Raises InvalidCommand where nobody is named: an estimate is a person's."""
    if asked.actor is None:
        raise InvalidCommand("An estimate is saved by a person.")
    return asked.actor


def saved_before(customer: Customer, wanted: Wanted, asked: Asked) -> Saved | None:
    """The estimate this key saved before, looked up under the lock before any other check."""
    earlier = EstimateVersion.objects.filter(key=asked.key).select_related("estimate").first()
    if earlier is None:
        return None
    if earlier.estimate.customer_id != customer.pk or earlier.content != wanted.content():
        raise KeyConflict(
            "This form was sent before with something else, so nothing was saved. "
            "Open the estimate again to go on from what is saved."
        )
    return Saved(earlier.estimate, repeated=True)


def current(customer: Customer, wanted: Wanted) -> Estimate | None:
    """The estimate to save over as it is now; StaleView if it is not the one that was seen."""
    if wanted.estimate is None:
        return None
    estimate = (
        Estimate.objects.for_customer(customer)
        .select_related("updated_by")
        .get(pk=wanted.estimate.pk)
    )
    if wanted.seen != estimate.version:
        raise StaleView(
            f"{estimate.updated_by.name} saved version {estimate.version} meanwhile. Nothing was "
            "written, and what you typed is still here: save again to put it in its place."
        )
    return estimate


def next_number(customer: Customer) -> int:
    """The customer's next number, under the lock."""
    newest = Estimate.objects.for_customer(customer).aggregate(newest=Max("number"))["newest"]
    return (newest or 0) + 1


def write_lines(estimate: Estimate, draft: Draft, prices: PriceList) -> None:
    """Put the lines in place of the ones before."""
    estimate.lines.all().delete()
    EstimateLine.objects.bulk_create(
        EstimateLine(
            estimate=estimate,
            position=place,
            feature=prices.offers[key].feature,
            quantities=stored({key: quantity}),
            growth=draft.plan(key).growth,
            starts_on=first_of(draft.plan(key)),
            ramp_months=draft.plan(key).ramp,
        )
        for place, (key, quantity) in enumerate(draft.quantities.items(), start=1)
    )


def first_of(plan: Plan) -> date | None:
    """The first day of the month in which a line starts."""
    return month_of(plan.starts_on) if plan.starts_on else None
