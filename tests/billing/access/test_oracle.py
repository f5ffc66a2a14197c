"""Random histories against brute force: an oracle that walks the days and knows no maximum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.domain.contracts import EnterContract, enter_contract
from billing.models import ContractChannel
from credits import clock
from credits.domain.access_state import Stage, access_state
from credits.domain.allocations import Undo
from credits.domain.commands import Answer
from credits.domain.licenses import (
    ExtendLicense,
    GrantLicenses,
    Lot,
    ReduceLicense,
    VoidLicense,
)
from credits.domain.post import post
from credits.exceptions import CreditsError
from credits.models import Customer, License, LicenseKind
from tests.factories import credits as make

pytestmark = pytest.mark.django_db

DAY, TICK = timedelta(days=1), timedelta(microseconds=1)
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
DAWN = FIRST - 5 * DAY
"""No term of these begins earlier."""

HORIZON = 305
"""No history of these reaches further, with grace and all."""


@dataclass
class Holding:
    """One license or contract: its start, and each statement of its end that was made."""

    starts_at: datetime
    is_trial: bool
    license: License | None = None
    statements: list[tuple[datetime, bool]] = field(default_factory=list)
    """The end stated, and whether it is a void."""

    @property
    def voided_at(self) -> datetime | None:
        if not self.statements:
            return self.starts_at
        at, is_void = self.statements[-1]
        return at if is_void and at < self.end else None

    @property
    def end(self) -> datetime:
        return next((at for at, is_void in reversed(self.statements) if not is_void), FIRST)

    def is_valid(self, at: datetime) -> bool:
        begun = self.starts_at <= at < self.end
        return begun and (self.voided_at is None or at < self.voided_at)

    def is_open(self, at: datetime) -> bool:
        """Whether it is what opens the pages at an instant, by itself or by its grace."""
        in_grace = not self.is_trial and self.end <= at < self.end + 30 * DAY
        return self.is_valid(at) or (self.voided_at is None and in_grace)


def walk(at: datetime) -> Iterator[datetime]:
    """An instant, and every 00:00 UTC after it."""
    yield at
    for number in range(HORIZON):
        if (midnight := DAWN + number * DAY) > at:
            yield midnight


def brute_force(holdings: list[Holding], at: datetime) -> Stage:
    """Where access stands, by trying every day that is still to come."""
    past = [DAWN + n * DAY for n in range(HORIZON) if DAWN + n * DAY <= at]
    if not any(one.is_valid(when) for one in holdings for when in [*past, at]):
        return Stage.NEW
    ahead = list(walk(at))
    if any(one.is_valid(when) for one in holdings if not one.is_trial for when in ahead):
        return Stage.ACTIVE
    if any(one.is_valid(when) for one in holdings for when in ahead):
        return Stage.TRIAL
    if any(one.is_open(when) for one in holdings for when in ahead):
        return Stage.GRACE
    return Stage.LOCKED


@dataclass
class History:
    """One customer to whom things happen, at an hour of their own, a day or more apart."""

    customer: Customer
    now: datetime = FIRST + timedelta(hours=9, minutes=41, microseconds=7)
    holdings: list[Holding] = field(default_factory=list)
    undoable: list[tuple[Answer, Holding, tuple[datetime, bool]]] = field(default_factory=list)

    def happen(self, what: str, which: int, first: int, days: int) -> None:
        """One thing, unless the rules refuse it."""
        try:
            with clock.moved_to(self.now):
                getattr(self, what)(which, first, days)
        except CreditsError:
            return

    def day(self, offset: int) -> datetime:
        return clock.start_of(clock.day_of(self.now)) + offset * DAY

    def paid(self, _: int, first: int, days: int, kind: str = LicenseKind.BOUGHT) -> None:
        lot = Lot(credits=10, starts_at=self.day(first), ends_at=self.day(first + days), kind=kind)
        answer = self.post(GrantLicenses, lots=[lot])
        license = License.objects.get(public_id=answer.data["licenses"][0])
        holding = Holding(lot.starts_at, kind == LicenseKind.TRIAL, license)
        self.holdings.append(holding)
        self.stated(answer, holding, (lot.ends_at, False))

    def trial(self, which: int, first: int, days: int) -> None:
        self.paid(which, first, days, LicenseKind.TRIAL)

    def contract(self, _: int, first: int, days: int) -> None:
        starts_at, ends_at = self.day(first), self.day(first + days)
        enter_contract(
            EnterContract(
                customer=self.customer,
                asked=make.asked(reason="Accepted."),
                channel=ContractChannel.AWS,
                agreement=f"{self.customer.pk}-{len(self.holdings)}",
                starts_at=starts_at,
                ends_at=ends_at,
            )
        )
        self.holdings.append(Holding(starts_at, False, None, [(ends_at, False)]))

    def extend(self, which: int, first: int, days: int) -> None:
        holding = self.licensed(which)
        ends_at = holding.end + days * DAY
        answer = self.post(ExtendLicense, license=holding.license, ends_at=ends_at)
        self.stated(answer, holding, (ends_at, False))

    def reduce(self, which: int, first: int, days: int) -> None:
        holding = self.licensed(which)
        answer = self.post(ReduceLicense, license=holding.license, credits=5)
        self.stated(answer, holding, (holding.end, False))

    def void(self, which: int, first: int, days: int) -> None:
        holding = self.licensed(which)
        answer = self.post(VoidLicense, license=holding.license)
        self.stated(answer, holding, (answer.operation.recorded_at, True))

    def undo(self, which: int, first: int, days: int) -> None:
        if not self.undoable:
            return
        answer, holding, statement = self.undoable[which % len(self.undoable)]
        if statement is holding.statements[0] and len(holding.statements) > 1:
            return  # What was corrected since is not taken back before the corrections are.
        self.post(Undo, operation=answer.operation.public_id)
        holding.statements = [one for one in holding.statements if one is not statement]
        self.undoable = [one for one in self.undoable if one[2] is not statement]

    def licensed(self, which: int) -> Holding:
        found = [one for one in self.holdings if one.license and one.statements]
        if not found:
            raise CreditsError("There is no license yet.")
        return found[which % len(found)]

    def stated(self, answer: Answer, holding: Holding, statement: tuple[datetime, bool]) -> None:
        holding.statements.append(statement)
        self.undoable.append((answer, holding, statement))

    def post(self, command: Any, **fields: Any) -> Answer:
        return post(command(customer=self.customer, asked=make.asked(), **fields))

    def edges(self) -> set[datetime]:
        """The instants at which anything may change, and the last one before each."""
        ends = {at for one in self.holdings for at, _ in one.statements}
        starts = {one.starts_at for one in self.holdings}
        graced = {at + 30 * DAY for at in ends}
        exact = {FIRST, self.now, *ends, *starts, *graced}
        return {*exact, *(at - TICK for at in exact if at > FIRST)}


ACTS = st.tuples(
    st.sampled_from(["paid", "trial", "contract", "extend", "reduce", "void", "undo"]),
    st.integers(0, 5),
    st.integers(-3, 20),
    st.integers(1, 40),
    st.integers(0, 15),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(ACTS, min_size=1, max_size=7))
def test_access_stands_where_trying_every_day_says(acts: list[Any], db: None) -> None:
    with clock.moved_to(FIRST):
        history = History(make.make_customer())
    for what, which, first, days, later in acts:
        history.happen(what, which, first, days)
        history.now += later * DAY + timedelta(minutes=1)

    for at in sorted(history.edges()):
        found = access_state(history.customer, at)
        assert found.stage is brute_force(history.holdings, at), at
        if found.ends_at is not None and found.ends_at > FIRST:
            closed = brute_force(history.holdings, found.ends_at)
            still = brute_force(history.holdings, found.ends_at - TICK)
            assert closed is Stage.LOCKED
            assert still is not Stage.LOCKED
