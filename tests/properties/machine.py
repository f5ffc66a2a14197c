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
    @rule(back=recently)
    def repeat(self, back: int) -> None:
        """The same key once more: the first answer, and nothing written."""
        sent = self.earlier(back)
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

    @precondition(has_history)
    @rule(back=recently, elsewhere=st.booleans())
    def repeat_with_other_content(self, back: int, elsewhere: bool) -> None:
        """The same key for something else, or by another customer: refused, nothing written."""
        sent = self.earlier(back)
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

    @rule(key=st.sampled_from(RATED), credits=st.sampled_from(CREDITS), days=st.integers(2, 60))
    def enter_rate(self, key: str, credits: str, days: int) -> None:
        """A later rate: known to everyone from now on, in force from its own day."""
        newest = max(
            (row for row in self.rows if row["feature"] == key), key=lambda row: row["valid_from"]
        )
        day = max(self.driver.now.date(), date.fromisoformat(newest["valid_from"])) + DAY * days
        newest["valid_to"] = str(day - DAY)
        row = newest | {"valid_from": str(day), "valid_to": "", "credits": credits}
        self.rows.append(row)
        self.load(row)

    @rule(key=st.sampled_from(RATED), credits=st.sampled_from(CREDITS))
    def correct_rate(self, key: str, credits: str) -> None:
        """Another figure for a rate that is stated: its whole past is priced anew."""
        row = max(
            (row for row in self.rows if row["feature"] == key), key=lambda row: row["valid_from"]
        )
        if row["credits"] != credits:
            row["credits"] = credits
            self.load(row)

    def load(self, row: dict[str, str]) -> None:
        with clock.moved_to(self.driver.now):
            answer = load_catalogue(catalogue_text(self.rows))
            assert answer is not None
            assert load_catalogue(catalogue_text(self.rows)) is None
        number = FIRST_RATE_OPERATION + len(self.rows) + len(self.driver.rates)
        self.driver.rates.append(rate_of(row, operation=number))

    @rule(who=whose)
    def bring_up_to_rates(self, who: int) -> None:
        self.driver.bring_up(self.of(who))


def changed(command: Command) -> Command:
    """Another request under the key of a first one."""
    if isinstance(command, Allocate):
        return replace(command, quantities={**command.quantities, "surplus": Decimal(1)})
    lot = Lot(credits=1, starts_at=midnight(date(2030, 1, 1)), ends_at=midnight(date(2031, 1, 1)))
    return GrantLicenses(customer=command.customer, asked=command.asked, lots=[lot])
