"""Rules of the stateful test: pay-as-you-go and back."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from credits.domain.billing_choice import SwitchBillingModel
from credits.exceptions import CreditsError, NotAllowed, RateClosed
from tests.oracle import Choice, Oracle, Report
from tests.properties.allocation_rules import AllocationRules, on_payg
from tests.properties.checks import MICROSECOND, Book
from tests.properties.driver import Forbidden, State
from tests.properties.lab import DAY, midnight
from tests.properties.stage import whose
from tests.properties.statements import (
    RESERVED,
    RESTRICTED,
    Statement,
    group_of,
    statement_of,
    switchables,
)

REST = 30 * DAY
"""From the UTC day of a switch to the day of the next one by a person (docs/rules.md#r12)."""

patience = st.sampled_from((None, None, -MICROSECOND, timedelta(0), DAY))
"""Switch now; or wait for the day from which it may be switched, or just not long enough."""


class BillingRules(AllocationRules):
    """What customers do once they have a pay-as-you-go contract."""

    @rule(who=whose, key=switchables, days=st.integers(1, 120), waits=patience)
    def pay_as_you_go(self, who: int, key: str, days: int, waits: timedelta | None) -> None:
        book = self.of(who)
        self.rest(book, key, waits)
        ends_at = midnight(book.next_instant(self.driver.now).date()) + DAY * days
        command = SwitchBillingModel(
            customer=book.customer, asked=self.asked(), feature=key, contract_ends_at=ends_at
        )

        def state(oracle: Oracle, number: int, at: datetime) -> None:
            current = oracle.choice(key, at, at)
            oracle.state(
                Choice(
                    operation=number,
                    recorded_at=at,
                    at=at,
                    about=key,
                    on=current is None or current.on,
                    payg=True,
                    until=ends_at,
                )
            )

        def forbidden(at: datetime) -> type[CreditsError] | None:
            runs = key in RESERVED and book.oracle.period(key, at, at) is not None
            wrong = runs or on_payg(book, key, at) or not rested(book, key, at)
            return NotAllowed if wrong else None

        self.switch_billing(book, command, key, state, forbidden)

    @rule(who=whose, key=switchables, data=st.data(), edits=st.booleans(), waits=patience)
    def back_to_credits(
        self, who: int, key: str, data: st.DataObject, edits: bool, waits: timedelta | None
    ) -> None:
        book = self.of(who)
        self.rest(book, key, waits)
        anew: Statement | None = data.draw(statement_of(group_of(key))) if edits else None
        command = SwitchBillingModel(
            customer=book.customer,
            asked=self.asked(),
            feature=key,
            contract_ends_at=None,
            quantities=anew.quantities if anew else None,
        )

        def state(oracle: Oracle, number: int, at: datetime) -> None:
            current = oracle.choice(key, at, at)
            was_on = current is not None and current.on
            oracle.state(
                Choice(
                    operation=number,
                    recorded_at=at,
                    at=at,
                    about=key,
                    on=was_on or anew is not None,
                )
            )
            if anew is not None:
                oracle.state(
                    Report(
                        operation=number, recorded_at=at, at=at, about=anew.group, units=anew.units
                    )
                )

        def forbidden(at: datetime) -> type[CreditsError] | None:
            typed_over = anew is not None and anew.group in book.sources
            wrong = typed_over or not on_payg(book, key, at) or not rested(book, key, at)
            return NotAllowed if wrong else None

        self.switch_billing(book, command, key, state, forbidden)

    def switch_billing(
        self,
        book: Book,
        command: SwitchBillingModel,
        key: str,
        state: State,
        forbidden: Forbidden,
    ) -> None:
        refusals = (NotAllowed, RateClosed) if group_of(key) in RESTRICTED else ()
        answer = self.driver.attempt(book, command, state, refusals=refusals, forbidden=forbidden)
        if answer is not None:
            book.switched[key] = answer.operation.recorded_at

    def rest(self, book: Book, key: str, waits: timedelta | None) -> None:
        if waits is not None and key in book.switched:
            self.driver.now = max(self.driver.now, rests_until(book.switched[key]) + waits)


def rests_until(switched_at: datetime) -> datetime:
    return midnight(switched_at.date()) + REST


def rested(book: Book, key: str, at: datetime) -> bool:
    return key not in book.switched or at >= rests_until(book.switched[key])
