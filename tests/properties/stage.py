"""What every rule stands on: two customers in a savepoint, a clock, and the check after a step.

The savepoint is rolled back after each example, so that the rates it enters are gone with it.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from credits import clock
from credits.domain.commands import Asked
from credits.models import Feature
from tests.factories import credits as make
from tests.properties.checks import MICROSECOND, Book, check
from tests.properties.driver import Driver
from tests.properties.lab import DAY, FIRST_RATE_OPERATION, catalogue_rows, rate_of
from tests.properties.statements import favorites as some_groups

STARTS = (
    datetime(2025, 11, 10, 22, 30, tzinfo=UTC),
    datetime(2027, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2028, 2, 28, 9, 0, tzinfo=UTC),
)
HOUR = timedelta(hours=1)
MOVES = (MICROSECOND, HOUR, 7 * HOUR, DAY, 30 * DAY, 366 * DAY, 400 * DAY, -HOUR, -5 * HOUR)
LEAP_DAY = "29 February"
TOO_FAR = 2090

whose = st.sampled_from((0, 0, 0, 0, 1))
setting = st.sampled_from(("confirm", "confirm", "refuse"))
settings_of_both = st.tuples(setting, setting)
recently = st.integers(0, 12)
known_instants = st.tuples(st.integers(0, 3), st.sampled_from((-1, 0, 0, 1)))


def has_history(stage: Stage) -> bool:
    return bool(stage.driver.sent)


class Stage(RuleBasedStateMachine):
    """The part without commands."""

    books: tuple[Book, ...] = ()
    favorites: list[str]

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.savepoint()
        self.steps = 0
        self.driver = Driver(STARTS[0])

    def teardown(self) -> None:
        try:
            for book in self.books:
                check(book, self.driver.now, random.Random(self.steps), step=0)
        finally:
            transaction.savepoint_rollback(self.savepoint)
            transaction.set_rollback(False)

    @initialize(start=st.sampled_from(STARTS), settings=settings_of_both, groups=some_groups)
    def begin(self, start: datetime, settings: tuple[str, str], groups: list[str]) -> None:
        self.driver = Driver(start)
        self.favorites = groups
        features = dict(Feature.objects.values_list("pk", "key"))
        with clock.moved_to(start - HOUR):
            customers = [make.make_customer(over_allocation=setting) for setting in settings]
        self.books = tuple(Book(customer, features) for customer in customers)
        self.rows = catalogue_rows()
        for number, row in enumerate(self.rows):
            for book in self.books:
                book.oracle.state(rate_of(row, operation=FIRST_RATE_OPERATION + number))
        self.touched = self.books[0]

    def of(self, who: int) -> Book:
        self.touched = self.books[who]
        return self.touched

    def asked(self) -> Asked:
        """Each key comes from two sources, and those are two different acts."""
        number = self.driver.asked = self.driver.asked + 1
        return Asked(source=f"test-{number % 2}", key=f"Key {number // 2}")

    @rule(move=st.sampled_from(MOVES) | known_instants | st.just(LEAP_DAY))
    def wait(self, move: timedelta | tuple[int, int] | str) -> None:
        """For a while, to the leap day, or to what is known to come, or a microsecond beside it."""
        if isinstance(move, timedelta):
            self.driver.now += move
        elif isinstance(move, tuple):
            coming = [at for at in self.touched.oracle.instants() if at > self.driver.now]
            if coming:
                ahead, off = move
                self.driver.now = coming[ahead % len(coming)] + off * MICROSECOND
        else:
            year = self.driver.now.year + 1
            year += -year % 4
            if year < TOO_FAR:
                self.driver.now = datetime(year, 2, 29, tzinfo=UTC) - MICROSECOND

    @invariant()
    def books_say_what_the_oracle_says(self) -> None:
        if self.books:
            self.steps += 1
            chance = random.Random(self.steps)
            check(self.touched, self.driver.now, chance, step=self.steps)
