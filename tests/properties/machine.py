"""The stateful test of the books: any history of commands, each step beside the oracle."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from credits import clock
from credits.domain.allocations import Allocate
from credits.domain.boundaries import boundary_at
from credits.domain.commands import Command
from credits.domain.licenses import GrantLicenses, Lot
from credits.domain.post import post
from credits.exceptions import KeyConflict
from credits.models import Boundary
from tests.properties.billing_rules import BillingRules
from tests.properties.crashing import LATEST
from tests.properties.driver import Sent, written
from tests.properties.lab import midnight
from tests.properties.license_rules import LicenseRules, terms
from tests.properties.move_rules import MoveRules
from tests.properties.reservation_rules import ReservationRules
from tests.properties.stage import HOUR, has_history, recently, whose
from tests.properties.statements import Statement, statements


class BooksMachine(LicenseRules, ReservationRules, BillingRules, MoveRules):
    """All rules: and with them repeated keys, crashes and boundaries."""

    @precondition(has_history)
    @rule(back=recently)
    def repeat_the_same_request(self, back: int) -> None:
        self.repeat_the_same(self.earlier(back))

    @precondition(has_history)
    @rule(back=recently, elsewhere=st.booleans())
    def use_a_key_again(self, back: int, elsewhere: bool) -> None:
        self.repeat_with_other_content(self.earlier(back), elsewhere=elsewhere)

    @rule(writes=st.integers(1, LATEST))
    def crash_with_the_next_command(self, writes: int) -> None:
        """Half-way through, nothing is left of it; sent again, it is in effect once."""
        self.driver.crash_after = writes

    @rule(who=whose, wanted=terms, first=statements)
    def take_a_purchase_back(
        self, who: int, wanted: tuple[int, int, int], first: Statement
    ) -> None:
        """Allocated meanwhile, its credits are short then: support's act is not judged for that."""
        book = self.of(who)
        self.grant_all(book, [wanted])
        bought = len(book.operations) - 1
        self.allocate_once(book, first)
        self.undo_once(book, len(book.operations) - 1 - bought)

    @rule(back=st.sampled_from((0, 3)))
    def close_the_boundary(self, back: int) -> None:
        """What is recorded from now on is recorded after it, even if the clock is set back."""
        due = boundary_at(self.driver.now)
        if all(book.boundary is None or due > book.boundary for book in self.books):
            Boundary.objects.create(at=due, closed_at=self.driver.now)
            for book in self.books:
                book.boundary = due
        self.driver.now -= back * HOUR

    @rule(who=whose)
    def bring_up_to_rates(self, who: int) -> None:
        """The hourly job comes by before the customer's next act."""
        self.driver.bring_up(self.of(who))

    def repeat_the_same(self, sent: Sent) -> None:
        """The first answer, and nothing written; the key is trimmed and has one case."""
        asked = replace(
            sent.command.asked,
            key=f"  {sent.command.asked.key.upper()} ",
            reason="again",
            confirmed_shortfall=1,
        )
        untouched = written(sent.book)
        with clock.moved_to(self.driver.now):
            answer = post(replace(sent.command, asked=asked))
        assert answer.repeated
        assert answer.operation == sent.answer.operation
        assert answer.data == sent.answer.data
        assert written(sent.book) == untouched

    def repeat_with_other_content(self, sent: Sent, *, elsewhere: bool) -> None:
        """For something else, or by another customer: refused, and nothing written."""
        first, second = self.books
        other = second if sent.book is first else first
        command = changed(sent.command)
        if elsewhere:
            command = replace(sent.command, customer=other.customer)
        untouched = [written(book) for book in self.books]
        with clock.moved_to(self.driver.now), pytest.raises(KeyConflict):
            post(command)
        assert [written(book) for book in self.books] == untouched

    def earlier(self, back: int) -> Sent:
        sent = self.driver.sent
        return sent[-1 - back % len(sent)]


def changed(command: Command) -> Command:
    """Another request under the key of a first one."""
    if isinstance(command, Allocate):
        return replace(command, quantities={**command.quantities, "surplus": Decimal(1)})
    lot = Lot(credits=1, starts_at=midnight(date(2030, 1, 1)), ends_at=midnight(date(2031, 1, 1)))
    return GrantLicenses(customer=command.customer, asked=command.asked, lots=[lot])
