"""Rules of the stateful test: the life of a usage reservation, several acts in a row."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.oracle import Choice, Oracle
from tests.properties.checks import MICROSECOND, Book
from tests.properties.lab import DAY, StateChoice
from tests.properties.rate_rules import CREDITS, RateRules
from tests.properties.stage import HOUR, whose
from tests.properties.statements import RESERVED, Statement, volumes
from tests.properties.usage_rules import UsageRules

KEY = RESERVED[0]
PAUSES = (HOUR, DAY, 200 * DAY, 366 * DAY)
ROLL_OVER = "to the roll-over"

Act = tuple[str, object]
acts = st.one_of(
    st.tuples(st.just("type"), volumes),
    st.tuples(st.just("type"), volumes),
    st.tuples(st.just("use"), volumes),
    st.tuples(st.just("switch"), st.booleans()),
    st.tuples(st.just("rate"), st.sampled_from(CREDITS)),
    st.tuples(st.just("wait"), st.sampled_from((*PAUSES, ROLL_OVER, ROLL_OVER))),
)


class ReservationRules(UsageRules, RateRules):
    """What a period is made of: typed, used, off, on, re-rated, rolled over."""

    @rule(who=whose, first=volumes, then=st.lists(acts, min_size=1, max_size=3))
    def reserve(self, who: int, first: Decimal, then: list[Act]) -> None:
        """A volume in use, which no balance stands against, and what follows at once."""
        self.act_on_it(self.of(who), [("use", first + 1), *then])

    @rule(who=whose, sequence=st.lists(acts, min_size=4, max_size=12))
    def live_with_a_reservation(self, who: int, sequence: list[Act]) -> None:
        self.act_on_it(self.of(who), sequence)

    @rule(who=whose, first=volumes, hours=st.sampled_from((0, 23, 24, 25)))
    def withdraw_a_reservation(self, who: int, first: Decimal, hours: int) -> None:
        """The customer has a day for it; an hour later only support may."""
        book = self.of(who)
        before = len(book.operations)
        self.act_on_it(book, [("type", first)])
        self.driver.now += HOUR * hours
        if len(book.operations) > before:
            self.undo_once(book, 0, by_customer=True)

    def act_on_it(self, book: Book, sequence: list[Act]) -> None:
        for kind, value in sequence:
            if kind == "type" and isinstance(value, Decimal):
                if KEY in book.sources:
                    self.set_source_once(book, KEY, None)
                self.allocate_once(book, Statement(KEY, {KEY: value}))
            elif kind == "use" and isinstance(value, Decimal):
                self.connect(book, KEY)
                self.report_once(book, Statement(KEY, {KEY: value}), self.driver.now, 0)
            elif kind == "switch":
                self.switch_once(book, KEY, is_on=bool(value))
            elif kind == "rate":
                self.enter_once(KEY, str(value), None)
                self.driver.bring_up(book)
            else:
                self.pause(book, value)

    def pause(self, book: Book, value: object) -> None:
        """For a while, or until a microsecond before the running period ends."""
        at = book.next_instant(self.driver.now)
        if isinstance(value, timedelta):
            self.driver.now += value
        elif period := book.oracle.period(KEY, at, at):
            self.driver.now = max(self.driver.now, period.end - MICROSECOND)

    def switch_once(self, book: Book, key: str, *, is_on: bool) -> None:
        """The feature is on or off from now on, with the units it has."""
        at = book.next_instant(self.driver.now)
        command = StateChoice(
            customer=book.customer, asked=self.asked(), feature=key, is_on=is_on, happens_at=at
        )

        def state(oracle: Oracle, number: int, recorded_at: datetime) -> None:
            oracle.state(
                Choice(operation=number, recorded_at=recorded_at, at=at, about=key, on=is_on)
            )

        self.driver.attempt(book, command, state)
