"""Usage reports: the units of a group from an instant on, as a system states them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from credits.domain.booking import GroupFacts
from credits.domain.books import Books
from credits.domain.commands import Command, Decision
from credits.domain.in_force import newest
from credits.domain.pricing import SHARED, Quantities
from credits.domain.quantities import MAX_UNITS, check_quantities, stored
from credits.domain.sources import find_group
from credits.exceptions import InvalidCommand, NotAllowed, UnknownObject
from credits.models import AllocationGroup, FeatureRate, UsageReport

OLDEST = timedelta(days=400)
"""A report older than this is refused: nobody can tell any more what it would change."""

AHEAD = timedelta(minutes=5)
"""How far a reporter's clock may be ahead of ours."""

MAX_REVISION = 2**63 - 1
MAX_DECIMALS = 12
MAX_ACCOUNTS = 10_000
BY_ACCOUNT = frozenset({"tiered", "fixed_per_asset"})
"""Models that take a number for each account."""


@dataclass(frozen=True, kw_only=True)
class ReportUsage(Command):
    """State a group's quantities from `at` on (docs/rules.md#r9). A fact, no act of a person.

    Quantities are units by feature key; "units" where features share one number (a bundle and
    its parts), and also for a feature alone in its group. At one instant the higher revision
    wins, then the later operation; so reports out of order, repeated or corrected end in the
    same state. Never refused for the balance, for what is missing, off or on pay-as-you-go, nor
    for a closed rate. `by_hand` is support's correction, with a reason.

    Raises InvalidCommand for bad quantities and for an instant older than 400 days or more than
    5 minutes ahead of the one it is recorded at, UnknownObject for an unknown group, NotAllowed
    for a system's report where units are stated by hand.
    """

    kind: ClassVar[str] = "report-usage"
    while_parked: ClassVar[bool] = True

    group: str
    quantities: Quantities
    at: datetime
    revision: int = 0
    by_hand: bool = False

    def __post_init__(self) -> None:
        """Refuse what makes no sense whatever the books say, before it is compared or kept."""
        if self.at.utcoffset() is None:
            raise InvalidCommand("A report needs an instant with its time zone.", field="at")
        if not 0 <= self.revision <= MAX_REVISION:
            raise InvalidCommand(
                f"A revision is a whole number from 0 to {MAX_REVISION:,}.", field="revision"
            )
        if not self.quantities:
            raise InvalidCommand("A report states at least one number of units.")
        for key, value in numbers_of(self.quantities):
            check_size(value, field=key)

    @property
    def passes_parked(self) -> bool:
        return not self.by_hand

    def content(self) -> Mapping[str, Any]:
        return {
            "group": self.group,
            "quantities": stored(self.quantities),
            "at": self.at,
            "revision": self.revision,
            "by_hand": self.by_hand,
        }

    def decide(self, books: Books) -> Decision:
        check_instant(self.at, books.now)
        group = find_group(self.group)
        facts = books.group_facts(group.pk, self.at)
        rates = rates_from(facts, self.at)
        if not rates:
            raise UnknownObject("There is no such group.", field="group")
        check_stated(self.quantities, rates, group)
        check_quantities(self.quantities, rates)
        report = UsageReport(
            customer=books.customer,
            group=group,
            at=self.at,
            quantities=stored(self.quantities),
            revision=self.revision,
            by_hand=self.by_hand,
        )
        return Decision(
            facts=[report],
            answer={"group": self.group, "reported_by": self.reporter(books, group)},
            subject=group.name,
        )

    def reporter(self, books: Books, group: AllocationGroup) -> str:
        """The name of the system whose report it is; nothing where support enters it."""
        if self.by_hand:
            if not self.asked.reason.strip():
                raise InvalidCommand("Units entered by hand need a reason.", field="reason")
            return ""
        source = books.source_of(group)
        if source is None:
            raise NotAllowed(
                f"Units of {group.name} are stated by hand. "
                "Nothing was recorded: ask support to set the system that reports them."
            )
        return source.name


def check_instant(at: datetime, now: datetime) -> None:
    """Refuse what is too old to be sorted in, and what has not happened yet."""
    if at < now - OLDEST:
        raise InvalidCommand(
            f"This report is for {at:%Y-%m-%d %H:%M}, more than {OLDEST.days} days ago. "
            "Nothing was recorded.",
            field="at",
        )
    if at > now + AHEAD:
        minutes = int(AHEAD.total_seconds()) // 60
        raise InvalidCommand(
            f"This report is for {at:%Y-%m-%d %H:%M}, more than {minutes} minutes ahead. "
            "Nothing was recorded: check the reporter's clock.",
            field="at",
        )


def rates_from(facts: GroupFacts, at: datetime) -> dict[str, FeatureRate]:
    """The rate of each feature at an instant; where none had begun, its first one after it."""
    found = {}
    for feature, key in facts.features.items():
        own = [rate for rate in facts.rates if rate.feature_id == feature]
        found[key] = newest(own, at) or min(own, key=lambda rate: rate.at)
    return found


def numbers_of(quantities: Quantities) -> Iterator[tuple[str, Decimal]]:
    """Every number of a report with the key it stands under."""
    for key, quantity in quantities.items():
        if not isinstance(quantity, Mapping):
            yield key, quantity
            continue
        if len(quantity) > MAX_ACCOUNTS:
            raise InvalidCommand(
                f"A report states at most {MAX_ACCOUNTS:,} accounts of a feature.", field=key
            )
        yield from ((key, units) for units in quantity.values())


def check_size(value: Decimal, *, field: str) -> None:
    """Refuse numbers whose plain text could not even be written down: NaN, 1e999999, 1e-99."""
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or value.is_signed() or value > MAX_UNITS:
        raise InvalidCommand(f"Units must be a number from 0 to {MAX_UNITS:,}.", field=field)
    if not -MAX_DECIMALS <= exponent <= MAX_DECIMALS:
        raise InvalidCommand(f"Units take at most {MAX_DECIMALS} decimals.", field=field)


def check_stated(
    quantities: Quantities, rates: Mapping[str, FeatureRate], group: AllocationGroup
) -> None:
    """Refuse numbers under keys by which the group's features are not counted."""
    is_shared = any(rate.parts for rate in rates.values())
    given = set(quantities)
    known = {SHARED} if is_shared else set(rates)
    if len(rates) == 1 and given == {SHARED}:
        known = {SHARED}
    if given <= known:
        by_account = {key for key, quantity in quantities.items() if isinstance(quantity, Mapping)}
        for key in by_account:
            rate = rates.get(key) or next(iter(rates.values()))
            if rate.model not in BY_ACCOUNT:
                raise InvalidCommand(f"{rate.feature.name} is not counted by account.", field=key)
        return
    wanted = f'"{SHARED}"' if is_shared else ", ".join(sorted(rates))
    raise InvalidCommand(f"Units of {group.name} are stated under {wanted}.")
