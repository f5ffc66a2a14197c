"""Saving estimates: their own rows only, exactly once per form key. The books are not touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max

from credits import clock
from credits.domain.commands import Asked
from credits.domain.licenses import MAX_CREDITS
from credits.domain.pricing import Quantity
from credits.domain.quantities import stored
from credits.exceptions import (
    InvalidCommand,
    KeyConflict,
    RateClosed,
    StaleView,
    UnknownObject,
)
from credits.models import Customer, User
from estimator.domain.estimates import Draft, price_estimate
from estimator.domain.price_list import PriceList
from estimator.models import MAX_NAME, MAX_YEARS, Estimate, EstimateLine, EstimateVersion

MAX_LINES = 400
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
        }


@dataclass(frozen=True)
class Saved:
    """What became of a save. `repeated`: an earlier one with this key did it already."""

    estimate: Estimate
    repeated: bool = False


@transaction.atomic
def save_estimate(*, customer: Customer, wanted: Wanted, prices: PriceList, asked: Asked) -> Saved:
    """Save an estimate, new or over an earlier version of itself.

    Raises InvalidCommand, UnknownObject and RateClosed at the field, StaleView if somebody saved
    another version since `seen`, KeyConflict for a key used otherwise: then nothing was written.
    """
    # Numbers per customer and repeats of a key are decided one after the other. Not the lock of
    # the books: this keeps no writer of the ledger waiting.
    Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    if earlier := saved_before(customer, wanted, asked):
        return earlier
    level = check(wanted, prices)
    now, saver = clock.now(), person(asked)
    estimate = current(customer, wanted) or Estimate(
        customer=customer,
        number=next_number(customer),
        version=0,
        created_by=saver,
        created_at=now,
    )
    estimate.name, estimate.years = wanted.name, wanted.draft.years
    estimate.overlap, estimate.level = wanted.draft.overlap, level
    estimate.version += 1
    estimate.updated_by, estimate.updated_at = saver, now
    estimate.save()
    write_lines(estimate, wanted.draft.quantities, prices)
    EstimateVersion.objects.create(
        estimate=estimate,
        number=estimate.version,
        key=asked.key,
        content=wanted.content(),
        level=level,
        saved_by=saver,
        saved_at=now,
    )
    return Saved(estimate)


def duplicate_estimate(*, estimate: Estimate, prices: PriceList, asked: Asked) -> Saved:
    """Save a copy of an estimate under a new number, with its lines as they were saved."""
    name = estimate.name[: MAX_NAME - len(COPY)] + COPY
    return save_estimate(
        customer=estimate.customer,
        wanted=Wanted(name=name, draft=saved_draft(estimate)),
        prices=prices,
        asked=asked,
    )


def saved_draft(estimate: Estimate) -> Draft:
    """What a saved estimate says, in the order of its lines."""
    lines = estimate.lines.select_related("feature").order_by("position")
    return Draft(
        quantities={line.feature.key: read(line.quantities[line.feature.key]) for line in lines},
        years=estimate.years,
        overlap=estimate.overlap,
    )


def read(value: Any) -> Quantity:
    """A stored quantity as exact decimals."""
    if isinstance(value, dict):
        return {account: Decimal(units) for account, units in value.items()}
    return Decimal(value)


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


def check(wanted: Wanted, prices: PriceList) -> int:
    """Refuse what cannot be saved, at its field. Returns the level to hold (credits)."""
    if not wanted.name:
        raise InvalidCommand("Give the estimate a name.", field="name")
    if len(wanted.name) > MAX_NAME:
        raise InvalidCommand(
            f"A name has up to {MAX_NAME} characters. You entered {len(wanted.name)}.",
            field="name",
        )
    if not 1 <= wanted.draft.years <= MAX_YEARS:
        raise InvalidCommand(f"The term is 1 to {MAX_YEARS} years.", field="years")
    check_lines(wanted.draft.quantities, prices)
    level = price_estimate(wanted.draft, prices.now, {}).level
    if level > MAX_CREDITS:
        raise InvalidCommand(
            f"An estimate comes to {MAX_CREDITS:,} credits at most. This one comes to {level:,}."
        )
    return level


def check_lines(quantities: Mapping[str, Quantity], prices: PriceList) -> None:
    """Refuse too many lines, and features that are unknown or take no new allocations."""
    if len(quantities) > MAX_LINES:
        raise InvalidCommand(
            f"An estimate has up to {MAX_LINES} lines. You sent {len(quantities):,}."
        )
    for key in quantities:
        check_feature(key, prices)


def check_feature(key: str, prices: PriceList) -> None:
    """Refuse a feature that is not in the catalogue today, or closed."""
    offer = prices.offers.get(key)
    if offer is None:
        raise UnknownObject("There is no such feature in the catalogue.", field=key)
    if not offer.is_open and offer.rate.closes_at is not None:
        raise RateClosed(
            f"{offer.feature.name} takes no new allocations since "
            f"{offer.rate.closes_at:%Y-%m-%d}. Remove this line.",
            field=key,
        )


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


def write_lines(estimate: Estimate, quantities: Mapping[str, Quantity], prices: PriceList) -> None:
    """Put the lines in place of the ones before."""
    estimate.lines.all().delete()
    EstimateLine.objects.bulk_create(
        EstimateLine(
            estimate=estimate,
            position=place,
            feature=prices.offers[key].feature,
            quantities=stored({key: quantity}),
        )
        for place, (key, quantity) in enumerate(quantities.items(), start=1)
    )
