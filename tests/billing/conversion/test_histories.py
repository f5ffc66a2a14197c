"""Whatever happens to a seat license, its credits on every day are those of a plain reckoning."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.domain.conversion.in_force import units_on
from billing.domain.conversion.rates import OWN_FILE
from billing.domain.conversion.terms import (
    adding,
    convert,
    enter_entitlement,
    renew_entitlement,
)
from billing.models import Entitlement
from credits import clock
from credits.domain.figures import standing
from credits.domain.verify import verify_books
from credits.exceptions import CreditsError
from tests.billing.conversion.conftest import asking, seats
from tests.factories import credits as make

FIRST = date(2024, 6, 1)
DAYS = 1_200
NOW = datetime(2028, 1, 1, 9, tzinfo=UTC)
PRODUCTS = ("xdr-email-sensor", "xdr-endpoint-sensor", "cloud-risk")

ACTS = st.lists(
    st.tuples(
        st.sampled_from(["renew", "add"]), st.integers(0, 400), st.integers(1, 300),
        st.integers(1, 500),
    ),
    max_size=5,
)  # fmt: skip


class Reckoning:
    """Terms as tuples of first day, last day, units and credits; the rates read for themselves."""

    def __init__(self, product: str) -> None:
        with OWN_FILE.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["entitlement"] == product]
        self.rates = {row["valid_from"]: Decimal(row["credits"]) for row in rows}
        self.terms: list[tuple[date, date, int, int]] = []

    def take(self, first: date, last: date, units: int) -> bool:
        """Add a further term; False where it overlaps one or begins with one."""
        if any(start <= last and first <= end for start, end, _u, _c in self.terms):
            return False
        self.keep(first, last, units)
        return True

    def add(self, first: date, units: int) -> bool:
        """Have more units from a day on; False where none run, or they are no more."""
        running = [term for term in self.terms if term[0] <= first <= term[1]]
        held = sum(term[2] for term in running)
        if not running or units <= held or any(term[0] == first for term in self.terms):
            return False
        self.keep(first, max(term[1] for term in running), units - held)
        return True

    def keep(self, first: date, last: date, units: int) -> None:
        rate = self.rates[max(day for day in self.rates if day <= str(first))]
        credits = int((units * rate).quantize(Decimal(1), rounding=ROUND_HALF_UP))
        self.terms.append((first, last, units, credits))

    def on(self, day: date, place: int) -> int:
        return sum(
            (units, credits)[place - 2]
            for first, last, units, credits in self.terms
            if first <= day <= last
        )


@pytest.mark.django_db
@pytest.mark.usefixtures("rates")
@settings(
    max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
@given(st.sampled_from(PRODUCTS), st.integers(1, 500), st.integers(1, 400), ACTS)
def test_credits_and_units_are_as_reckoned_on_every_day(
    product: str, units: int, length: int, acts: list[tuple[str, int, int, int]]
) -> None:
    with clock.moved_to(NOW):
        customer, plain = make.make_customer(), Reckoning(product)
        last = FIRST + timedelta(days=length)
        first_term = seats(product, units, str(FIRST), str(last))
        owned = enter_entitlement(customer, first_term, asking()).entitlement
        assert plain.take(FIRST, last, units)
        for kind, offset, days, wanted in acts:
            begins = FIRST + timedelta(days=offset)
            ends = begins + timedelta(days=days)
            is_right = plain.add(begins, wanted) if kind == "add" else False
            if kind == "renew":
                is_right = plain.take(begins, ends, wanted)
            assert act(owned, kind, begins, ends, wanted) == is_right
        live = standing(customer, now=clock.now())
        for offset in range(0, DAYS, 40):
            day = FIRST + timedelta(days=offset)
            assert units_on(owned, clock.start_of(day)) == plain.on(day, 2)
        granted = [(term.units, term.license.credits) for term in owned.terms.all()]
        assert sorted(granted) == sorted((term[2], term[3]) for term in plain.terms)
        ahead = NOW.date() + timedelta(days=30)
        assert live.live.figure_at(clock.start_of(ahead)).valid == plain.on(ahead, 3)
        assert verify_books(customer) == []


def act(owned: Entitlement, kind: str, begins: date, ends: date, units: int) -> bool:
    """Ask for a further term; whether it was taken."""
    try:
        if kind == "add":
            convert_more(owned, units, begins)
        else:
            term = seats(owned.product, units, str(begins), str(ends))
            renew_entitlement(owned, term, asking())
    except CreditsError:
        return False
    return True


def convert_more(owned: Entitlement, units: int, begins: date) -> None:
    """More units from a day on, however far back that is."""
    command = adding(owned, units, begins, asking())
    convert(replace(command, seats=replace(command.seats, unusual_confirmed=True)))
