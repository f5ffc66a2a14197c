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
from credits.domain.catalogue import load_catalogue
from credits.domain.commands import Command
from credits.domain.licenses import GrantLicenses, Lot
from credits.domain.post import post
from credits.exceptions import KeyConflict
from tests.properties.allocation_rules import AllocationRules
from tests.properties.driver import Sent, written
from tests.properties.lab import DAY, FIRST_RATE_OPERATION, catalogue_text, midnight, rate_of
from tests.properties.license_rules import LicenseRules
from tests.properties.stage import has_history, recently, whose

RATED = ("email-core", "lab-half", "cloud-risk", "endpoint-pro", "ztsa-internet-ai-bundle")
CREDITS = ("0.5", "1.5", "30", "2500")


class BooksMachine(LicenseRules, AllocationRules):
    """All rules: licenses, allocations, repeated keys and dated rates."""

    @precondition(has_history)
    @rule(back=recently, how=st.sampled_from(("same", "same", "changed", "elsewhere")))
    def repeat(self, back: int, how: str) -> None:
        """The same key once more."""
        sent = self.earlier(back)
        if how == "same":
            self.repeat_the_same(sent)
        else:
            self.repeat_with_other_content(sent, elsewhere=how == "elsewhere")

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

    @rule(
        key=st.sampled_from(RATED),
        credits=st.sampled_from(CREDITS),
        days=st.none() | st.integers(2, 60),
        brought_up=st.none() | whose,
    )
    def enter_rate(self, key: str, credits: str, days: int | None, brought_up: int | None) -> None:
        """A later rate, or another figure for the one that is stated; known to all from now on.

        It is booked with a customer's next command, or at once where the hourly job came first.
        """
        newest = max(
            (row for row in self.rows if row["feature"] == key), key=lambda row: row["valid_from"]
        )
        if newest["credits"] != credits:
            row = newest
            if days is not None:
                first = max(self.driver.now.date(), date.fromisoformat(newest["valid_from"]))
                newest["valid_to"] = str(first + DAY * (days - 1))
                row = newest | {"valid_from": str(first + DAY * days), "valid_to": ""}
                self.rows.append(row)
            row["credits"] = credits
            self.load(row)
        if brought_up is not None:
            self.driver.bring_up(self.of(brought_up))

    def load(self, row: dict[str, str]) -> None:
        with clock.moved_to(self.driver.now):
            answer = load_catalogue(catalogue_text(self.rows))
            assert answer is not None
            assert load_catalogue(catalogue_text(self.rows)) is None
        number = FIRST_RATE_OPERATION + len(self.rows) + len(self.driver.rates)
        self.driver.rates.append(rate_of(row, operation=number))


def changed(command: Command) -> Command:
    """Another request under the key of a first one."""
    if isinstance(command, Allocate):
        return replace(command, quantities={**command.quantities, "surplus": Decimal(1)})
    lot = Lot(credits=1, starts_at=midnight(date(2030, 1, 1)), ends_at=midnight(date(2031, 1, 1)))
    return GrantLicenses(customer=command.customer, asked=command.asked, lots=[lot])
