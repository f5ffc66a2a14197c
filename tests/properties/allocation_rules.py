"""Rules of the stateful test: allocate, release, undo, and what systems state."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from credits import clock
from credits.domain.allocations import Allocate, Release, Undo
from credits.domain.post import post
from credits.exceptions import NotAllowed, RateClosed, UnknownObject
from credits.models import Feature
from tests.oracle import Choice, Oracle, Report
from tests.properties.checks import MICROSECOND, Book
from tests.properties.driver import written
from tests.properties.lab import DAY, StateChoice, StateUsage
from tests.properties.stage import HOUR, Stage, has_history, recently, whose
from tests.properties.statements import RESTRICTED, Statement, holders, statements

AGO = (timedelta(0), MICROSECOND, HOUR, DAY, 45 * DAY, 399 * DAY, -timedelta(minutes=5))
rarely = st.sampled_from((False,) * 7 + (True,))
AHEAD = (-30 * DAY, -HOUR, timedelta(0), HOUR, 40 * DAY)


def state_choice(
    oracle: Oracle, number: int, recorded_at: datetime, feature: str, *, holds: bool
) -> None:
    oracle.state(
        Choice(
            operation=number, recorded_at=recorded_at, at=recorded_at, about=feature, holds=holds
        )
    )


class AllocationRules(Stage):
    """What customers do with their features, and what reporting systems will say."""

    @rule(who=whose, acts=st.lists(statements, min_size=1, max_size=4))
    def allocate(self, who: int, acts: list[Statement]) -> None:
        for wanted in acts:
            self.allocate_once(self.of(who), wanted)

    def allocate_once(self, book: Book, wanted: Statement) -> None:
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
            for feature, holds in wanted.switched().items():
                state_choice(oracle, number, at, feature, holds=holds)

        refusals = (NotAllowed, RateClosed) if wanted.group in RESTRICTED else ()
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
            state_choice(oracle, number, at, key, holds=False)

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

    def undo_once(self, book: Book, back: int) -> None:
        number = (len(book.operations) - 1) - back % len(book.operations)
        target = book.operations[number]
        command = Undo(customer=book.customer, asked=self.asked(), operation=target.public_id)
        was_undone = number in book.oracle.reversals
        has_facts = target.kind not in ("undo", "apply-rates")

        def state(oracle: Oracle, by: int, at: datetime) -> None:
            if has_facts and not was_undone:
                oracle.reverse(number, by=by, recorded_at=at)

        if was_undone or not has_facts:
            self.refuse(book, command, NotAllowed)
        else:
            self.driver.attempt(book, command, state)

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

    @rule(who=whose, wanted=statements, ago=st.sampled_from(AGO), revision=st.integers(0, 2))
    def report(self, who: int, wanted: Statement, ago: timedelta, revision: int) -> None:
        book, at = self.of(who), self.driver.now - ago
        command = StateUsage(
            customer=book.customer,
            asked=self.asked(),
            group=wanted.group,
            quantities=wanted.stored,
            happened_at=at,
            revision=revision,
        )

        def state(oracle: Oracle, number: int, recorded_at: datetime) -> None:
            oracle.state(
                Report(
                    operation=number,
                    recorded_at=recorded_at,
                    at=at,
                    about=wanted.group,
                    units=wanted.units,
                    revision=revision,
                )
            )

        self.driver.attempt(book, command, state)

    @rule(
        who=whose,
        key=holders,
        is_on=st.booleans(),
        ahead=st.sampled_from(AHEAD),
        days=st.none() | st.integers(1, 90),
    )
    def choose(self, who: int, key: str, is_on: bool, ahead: timedelta, days: int | None) -> None:
        book, at = self.of(who), self.driver.now + ahead
        until = at + DAY * days if days else None
        command = StateChoice(
            customer=book.customer,
            asked=self.asked(),
            feature=key,
            is_on=is_on,
            happens_at=at,
            until=until,
        )

        def state(oracle: Oracle, number: int, recorded_at: datetime) -> None:
            oracle.state(
                Choice(
                    operation=number,
                    recorded_at=recorded_at,
                    at=at,
                    about=key,
                    holds=is_on,
                    until=until,
                )
            )

        self.driver.attempt(book, command, state)
