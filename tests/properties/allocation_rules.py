"""Rules of the stateful test: allocate, release and undo."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from credits import clock
from credits.domain.allocations import Allocate, Release, Undo
from credits.domain.post import post
from credits.exceptions import CreditsError, NotAllowed, RateClosed, UnknownObject
from credits.models import Feature
from tests.oracle import Choice, Oracle, Report
from tests.properties.checks import Book
from tests.properties.driver import written
from tests.properties.lab import DAY, StateChoice
from tests.properties.stage import HOUR, Stage, has_history, recently, whose
from tests.properties.statements import (
    RESERVED,
    RESTRICTED,
    SWITCHABLE,
    Statement,
    holders,
    statements,
)

rarely = st.sampled_from((False,) * 7 + (True,))
AGO = (30 * DAY, HOUR, timedelta(0))
BY_CUSTOMERS = frozenset({"allocate", "release", "move"})
"""What customers may undo (docs/rules.md#r17)."""
IN_TIME = timedelta(hours=24)
"""For so long a customer may withdraw what was stated of a reservation (docs/rules.md#r10)."""


def state_choice(
    oracle: Oracle, number: int, recorded_at: datetime, feature: str, *, on: bool
) -> None:
    """A person switches a feature; what it is paid with stays as it is."""
    current = oracle.choice(feature, recorded_at, recorded_at)
    is_payg = current is not None and current.is_payg(recorded_at)
    oracle.state(
        Choice(
            operation=number,
            recorded_at=recorded_at,
            at=recorded_at,
            about=feature,
            on=on,
            payg=is_payg,
            until=current.until if current is not None and is_payg else None,
        )
    )


def on_payg(book: Book, feature: str, at: datetime) -> bool:
    choice = book.oracle.choice(feature, at, at)
    return choice is not None and choice.is_payg(at)


class AllocationRules(Stage):
    """What customers do with their features."""

    @rule(who=whose, acts=st.lists(statements, min_size=1, max_size=4))
    def allocate(self, who: int, acts: list[Statement]) -> None:
        for wanted in acts:
            self.allocate_once(self.of(who), wanted)

    def allocate_once(self, book: Book, wanted: Statement) -> None:
        """By the customer; where a system reports, only support may type, with a reason."""
        command = Allocate(
            customer=book.customer,
            asked=self.asked(),
            group=wanted.group,
            quantities=wanted.quantities,
            on=wanted.on,
        )

        def state(oracle: Oracle, number: int, at: datetime) -> None:
            report = Report(
                operation=number, recorded_at=at, at=at, about=wanted.group, units=wanted.units
            )
            oracle.state(report)
            for feature, on in wanted.switched().items():
                if not on_payg(book, feature, at):
                    state_choice(oracle, number, at, feature, on=on)

        now = book.next_instant(self.driver.now)
        may_stand = any(on_payg(book, feature, now) for feature in wanted.switched())
        refusals = (NotAllowed, RateClosed) if wanted.group in RESTRICTED or may_stand else ()
        if wanted.group in book.sources:
            self.driver.attempt(book, command, state, forbidden=lambda _: NotAllowed)
            asked = replace(self.asked(), reason="counted by hand")
            command = replace(command, asked=asked, by_support=True)
        self.driver.attempt(book, command, state, refusals=refusals)

    @rule(who=whose, acts=st.lists(statements, min_size=2, max_size=3))
    def allocate_and_undo_the_first(self, who: int, acts: list[Statement]) -> None:
        book = self.of(who)
        before = len(book.operations)
        for wanted in acts:
            self.allocate_once(book, wanted)
        if len(book.operations) > before:
            self.undo_once(book, len(book.operations) - 1 - before)

    @rule(who=whose, key=holders)
    def release(self, who: int, key: str) -> None:
        book = self.of(who)
        feature = Feature.objects.select_related("group").get(key=key)
        command = Release(
            customer=book.customer, asked=self.asked(), group=feature.group.key, features=[feature]
        )

        def state(oracle: Oracle, number: int, at: datetime) -> None:
            state_choice(oracle, number, at, key, on=False)

        refusals = (NotAllowed,) if feature.group.key in RESTRICTED else ()
        self.driver.attempt(book, command, state, refusals=refusals)

    @precondition(has_history)
    @rule(who=whose, backs=st.lists(recently, min_size=1, max_size=3), elsewhere=rarely)
    def undo(self, who: int, backs: list[int], elsewhere: bool) -> None:
        book = self.of(who)
        for back in backs if book.operations else ():
            if elsewhere:
                self.undo_what_another_did(book, self.books[1 - who])
            else:
                self.undo_once(book, back)

    @precondition(has_history)
    @rule(who=whose, back=recently, wait=st.sampled_from((0, 0, 23, 25)))
    def undo_as_customer(self, who: int, back: int, wait: int) -> None:
        book = self.of(who)
        self.driver.now += HOUR * wait
        if book.operations:
            self.undo_once(book, back, by_customer=True)

    def undo_once(self, book: Book, back: int, *, by_customer: bool = False) -> None:
        """By support with a reason; or by the customer, who has a day for a reservation."""
        number = (len(book.operations) - 1) - back % len(book.operations)
        target = book.operations[number]
        command = Undo(
            customer=book.customer,
            asked=replace(self.asked(), reason="" if by_customer else "entered twice"),
            operation=target.public_id,
            kinds=BY_CUSTOMERS if by_customer else None,
        )
        own = list(book.oracle.stated_by(number))
        reserved = any(isinstance(fact, Report) and fact.about in RESERVED for fact in own)
        was_undone = number in book.oracle.reversals

        def state(oracle: Oracle, by: int, at: datetime) -> None:
            oracle.reverse(number, by=by, recorded_at=at)

        def forbidden(at: datetime) -> type[CreditsError] | None:
            if by_customer and target.kind not in BY_CUSTOMERS:
                return UnknownObject
            too_late = by_customer and reserved and at > target.recorded_at + IN_TIME
            wrong = was_undone or too_late or not own or target.kind == "switch-billing"
            return NotAllowed if wrong else None

        self.driver.attempt(book, command, state, forbidden=forbidden)

    def undo_what_another_did(self, book: Book, other: Book) -> None:
        if other.operations:
            target = other.operations[-1]
            command = Undo(customer=book.customer, asked=self.asked(), operation=target.public_id)
            self.refuse(book, command, UnknownObject)

    def refuse(self, book: Book, command: Undo, refusal: type[Exception]) -> None:
        untouched = written(book)
        with clock.moved_to(self.driver.now), pytest.raises(refusal):
            post(command)
        assert written(book) == untouched

    @rule(
        who=whose,
        key=holders.filter(lambda key: key not in SWITCHABLE),
        is_on=st.booleans(),
        ago=st.sampled_from(AGO),
    )
    def switch(self, who: int, key: str, is_on: bool, ago: timedelta) -> None:
        """A feature is on or off from an instant on, with the units it has."""
        book, at = self.of(who), self.driver.now - ago
        command = StateChoice(
            customer=book.customer,
            asked=self.asked(),
            feature=key,
            is_on=is_on,
            happens_at=at,
        )

        def state(oracle: Oracle, number: int, recorded_at: datetime) -> None:
            oracle.state(
                Choice(
                    operation=number,
                    recorded_at=recorded_at,
                    at=at,
                    about=key,
                    on=is_on,
                )
            )

        self.driver.attempt(book, command, state)
