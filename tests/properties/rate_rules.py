"""Rules of the stateful test: dated rates."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st
from hypothesis.stateful import rule

from credits import clock
from credits.domain.catalogue import load_catalogue
from tests.properties.lab import DAY, FIRST_RATE_OPERATION, catalogue_text, rate_of
from tests.properties.stage import Stage, whose
from tests.properties.statements import rated

CREDITS = ("0.5", "1.5", "30", "2500")


class RateRules(Stage):
    """What catalogue managers do, and the job that books it."""

    @rule(
        key=rated,
        credits=st.sampled_from(CREDITS),
        days=st.none() | st.integers(2, 60),
        brought_up=st.none() | whose,
    )
    def enter_rate(self, key: str, credits: str, days: int | None, brought_up: int | None) -> None:
        """A later rate, or another figure for the one that is stated; known to all from now on.

        It is booked with a customer's next command, or at once where the hourly job came first.
        """
        self.enter_once(key, credits, days)
        if brought_up is not None:
            self.driver.bring_up(self.of(brought_up))

    def enter_once(self, key: str, credits: str, days: int | None) -> None:
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

    def load(self, row: dict[str, str]) -> None:
        with clock.moved_to(self.driver.now):
            answer = load_catalogue(catalogue_text(self.rows))
            assert answer is not None
            assert load_catalogue(catalogue_text(self.rows)) is None
        number = FIRST_RATE_OPERATION + len(self.rows) + len(self.driver.rates)
        self.driver.rates.append(rate_of(row, operation=number))
