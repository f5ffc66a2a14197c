"""Rules of the stateful test: what systems report, in any order, corrected and withdrawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from credits.domain.sources import SetUsageSource
from credits.domain.usage import ReportUsage
from credits.exceptions import CreditsError, InvalidCommand, NotAllowed
from tests.oracle import Oracle, Report
from tests.properties.allocation_rules import AllocationRules
from tests.properties.checks import MICROSECOND, Book
from tests.properties.lab import DAY
from tests.properties.stage import HOUR, Stage, recently, whose
from tests.properties.statements import Statement, groups, statement_of, statements

OLDEST = 400 * DAY
AHEAD = timedelta(minutes=5)
"""How old a report may be, and how far ahead of the instant it is recorded at (#r9)."""
AGO = (*3 * (timedelta(0),), MICROSECOND, HOUR, DAY, 45 * DAY, 366 * DAY, 399 * DAY, -AHEAD)
LIMITS = (OLDEST, -AHEAD)
revisions = st.integers(0, 2)


def has_reports(stage: Stage) -> bool:
    return any(isinstance(sent.command, ReportUsage) for sent in stage.driver.sent)


class UsageRules(AllocationRules):
    """What systems state, and who may."""

    @rule(
        who=whose,
        acts=st.lists(
            st.tuples(statements, st.sampled_from(AGO), revisions), min_size=1, max_size=3
        ),
        by_hand=st.sampled_from((False, False, False, True)),
    )
    def report(self, who: int, acts: list[tuple[Statement, timedelta, int]], by_hand: bool) -> None:
        book = self.of(who)
        for wanted, ago, revision in acts:
            if not by_hand:
                self.connect(book, wanted.group)
            self.report_once(book, wanted, self.driver.now - ago, revision, by_hand=by_hand)

    @rule(
        who=whose,
        wanted=statements,
        limit=st.sampled_from(LIMITS),
        off=st.sampled_from((-1, 0, 1)),
    )
    def report_at_the_limit(self, who: int, wanted: Statement, limit: timedelta, off: int) -> None:
        """Just old or early enough, or a microsecond too much."""
        book = self.of(who)
        self.connect(book, wanted.group)
        recorded_at = book.next_instant(self.driver.now)
        self.report_once(book, wanted, recorded_at - limit + off * MICROSECOND, 0)

    @precondition(has_reports)
    @rule(back=recently, data=st.data(), tries=st.lists(revisions, min_size=1, max_size=3))
    def revise(self, back: int, data: st.DataObject, tries: list[int]) -> None:
        """More reports for the instant of an earlier one."""
        reports = [sent for sent in self.driver.sent if isinstance(sent.command, ReportUsage)]
        sent = reports[-1 - back % len(reports)]
        self.touched = book = sent.book
        assert isinstance(sent.command, ReportUsage)
        self.connect(book, sent.command.group)
        for revision in tries:
            wanted = data.draw(statement_of(sent.command.group))
            self.report_once(book, wanted, sent.command.at, revision)

    @rule(who=whose, group=groups, is_set=st.booleans())
    def set_source(self, who: int, group: str, is_set: bool) -> None:
        self.set_source_once(self.of(who), group, "Inventory" if is_set else None)

    def connect(self, book: Book, group: str) -> None:
        """A system may report a group only where it was set; before that it is refused."""
        if group not in book.sources:
            self.set_source_once(book, group, "Inventory")

    def set_source_once(self, book: Book, group: str, name: str | None) -> None:
        command = SetUsageSource(customer=book.customer, asked=self.asked(), group=group, name=name)
        answer = self.driver.attempt(book, command, lambda *_: None)
        assert answer is not None
        if name is None:
            book.sources.discard(group)
        else:
            book.sources.add(group)

    def report_once(
        self, book: Book, wanted: Statement, at: datetime, revision: int, *, by_hand: bool = False
    ) -> None:
        command = ReportUsage(
            customer=book.customer,
            asked=replace(self.asked(), reason="counted anew" if by_hand else ""),
            group=wanted.group,
            quantities=wanted.quantities,
            at=at,
            revision=revision,
            by_hand=by_hand,
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
                    typed=by_hand,
                )
            )

        def forbidden(recorded_at: datetime) -> type[CreditsError] | None:
            if at < recorded_at - OLDEST or at > recorded_at + AHEAD:
                return InvalidCommand
            return None if by_hand or wanted.group in book.sources else NotAllowed

        self.driver.attempt(book, command, state, forbidden=forbidden)
