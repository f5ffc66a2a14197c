"""Rules of the stateful test: move units from one feature to another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st
from hypothesis.stateful import rule

from credits.domain.moving import Move
from credits.exceptions import InvalidCommand, NotAllowed, RateClosed
from tests.oracle import Choice, Oracle, Report
from tests.properties.allocation_rules import AllocationRules, on_payg
from tests.properties.checks import Book
from tests.properties.driver import Refusals
from tests.properties.stage import whose
from tests.properties.statements import (
    BUNDLE,
    RESTRICTED,
    Statement,
    group_of,
    holders,
    statements,
)

MOST = 10**9
TRIAL = 10**8
"""The number of an operation that only the oracle plays through, and forgets again."""
WRONG = (NotAllowed, InvalidCommand)

shares = st.sampled_from((1, 1, 2, 2, 0, -1))
"""All of the units, half of them, none, one more than there are."""


class MoveRules(AllocationRules):
    """Lower one feature, and give another what that pays for."""

    @rule(who=whose, first=statements, to=holders, share=shares)
    def allocate_and_move(self, who: int, first: Statement, to: str, share: int) -> None:
        """A move needs something to move: it is allocated before, and moves follow at once."""
        book = self.of(who)
        self.allocate_once(book, first)
        for source in sorted(first.switched())[:1]:
            self.move_once(book, source, to, share)

    @rule(who=whose, source=holders, to=holders, share=shares)
    def move(self, who: int, source: str, to: str, share: int) -> None:
        self.move_once(self.of(who), source, to, share)

    def move_once(self, book: Book, source: str, target: str, share: int) -> None:
        at = book.next_instant(self.driver.now)
        has = units_of(book.oracle, source, at) or Fraction(0)
        units = {0: 0, -1: int(has) + 1}.get(share) if share < 1 else int(has) // share
        command = Move(
            customer=book.customer,
            asked=self.asked(),
            source=source,
            units=Decimal(units or 0),
            target=target,
        )

        def state(oracle: Oracle, number: int, at: datetime) -> None:
            gained = most_units(oracle, at, source, Fraction(units or 0), target)
            assert gained is not None
            play(oracle, number, at, source, Fraction(-(units or 0)))
            play(oracle, number, at, target, Fraction(gained))

        def forbidden(at: datetime) -> Refusals:
            wrong = (
                group_of(source) == group_of(target)
                or not units
                or bool(book.sources & {group_of(source), group_of(target)})
                or on_payg(book, source, at)
                or on_payg(book, target, at)
                or most_units(book.oracle, at, source, Fraction(units), target) is None
            )
            return WRONG if wrong else None

        restricted = RESTRICTED.intersection({group_of(source), group_of(target)})
        refusals = (NotAllowed, RateClosed) if restricted else ()
        self.driver.attempt(book, command, state, refusals=refusals, forbidden=forbidden)


def units_of(oracle: Oracle, feature: str, at: datetime) -> Fraction | None:
    """A feature's own units in force; None where they are not one number of its own."""
    if group_of(feature) == BUNDLE:
        return None
    report = oracle.in_force(Report, group_of(feature), at, at)
    units = report.units.get(feature, Fraction(0)) if isinstance(report, Report) else Fraction(0)
    return None if isinstance(units, Mapping) else units


def held(oracle: Oracle, feature: str, at: datetime) -> int:
    return sum(oracle.group(group_of(feature), at, at).values())


def play(oracle: Oracle, number: int, at: datetime, feature: str, more: Fraction) -> None:
    """State so many units more of a feature by hand; what gains units is on."""
    group = group_of(feature)
    report = oracle.in_force(Report, group, at, at)
    units = dict(report.units) if isinstance(report, Report) else {}
    own = units_of(oracle, feature, at)
    assert own is not None
    if more > 0:
        if not oracle.holds(feature, at, at, by_itself=True):
            own = Fraction(0)
        oracle.state(Choice(operation=number, recorded_at=at, at=at, about=feature, on=True))
    units[feature] = own + more
    oracle.state(Report(operation=number, recorded_at=at, at=at, about=group, units=units))


def most_units(
    oracle: Oracle, at: datetime, source: str, units: Fraction, target: str
) -> int | None:
    """The most whole units of the target that the freed credits pay for.

    None where the move is none: nothing to lower, nothing freed, no unit paid for, or for free.
    """
    has, own = units_of(oracle, source, at), units_of(oracle, target, at)
    if has is None or own is None or units > has:
        return None
    before = held(oracle, source, at)
    freed = before - tried(
        oracle, lambda: play(oracle, TRIAL, at, source, -units), lambda: held(oracle, source, at)
    )
    before = held(oracle, target, at)

    def extra(more: int) -> int:
        return (
            tried(
                oracle,
                lambda: play(oracle, TRIAL, at, target, Fraction(more)),
                lambda: held(oracle, target, at),
            )
            - before
        )

    if freed <= 0 or extra(1) > freed:
        return None
    limit = int(MOST - own)
    low, high = 1, 2
    while high <= limit and extra(high) <= freed:
        low, high = high, 2 * high
    while low + 1 < high:
        middle = (low + high) // 2
        if middle <= limit and extra(middle) <= freed:
            low = middle
        else:
            high = middle
    return low if extra(low) > 0 else None


def tried(oracle: Oracle, act: Callable[[], None], ask: Callable[[], int]) -> int:
    """What the oracle would answer after an act that it then forgets."""
    act()
    try:
        return ask()
    finally:
        oracle.forget(TRIAL)
