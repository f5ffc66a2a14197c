"""What a check of the books is: whom it looks at, what it counts, what it finds broken."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import connection

from credits.domain.books import Subject
from credits.models import Customer, Feature, License, Side

Steps = Mapping[datetime, int]
"""The signed changes of one subject, by the instant from which they count, in time order."""

Seen = Counter[str]
"""How many of each thing a check has looked at, by its name in the plural."""

SHOWN = 20
"""So many broken rows of one invariant are named; the rest are counted."""

INSTANT = """
replace(to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'), '.000000', '')
"""
"""An instant as Python's isoformat has it, which leaves out a fraction of nothing."""

STEPS = """
SELECT customer_id, side, subject, INSTANT, credits FROM (
    SELECT customer_id, side, coalesce(license_id, feature_id) AS subject, effective_at,
        sum(credits)::bigint AS credits
    FROM credits_ledgerentry WHERE customer_id = ANY(%(customers)s) GROUP BY 1, 2, 3, 4
) step ORDER BY customer_id, side, subject, effective_at
""".replace("INSTANT", INSTANT.format("effective_at"))

WITHDRAWN = """
SELECT reverses_id FROM credits_operation
WHERE customer_id = ANY(%(customers)s) AND reverses_id IS NOT NULL
"""


@dataclass(frozen=True)
class Problem:
    """One sentence that names a broken row, and whose it is (None: the office's)."""

    customer_id: int | None
    sentence: str


@dataclass(frozen=True)
class Batch:
    """Customers whose books are checked together, seen in one snapshot."""

    customers: Mapping[int, Customer]

    @classmethod
    def of(cls, customers: Iterable[Customer]) -> Batch:
        return cls({customer.pk: customer for customer in customers})

    @property
    def ids(self) -> list[int]:
        return list(self.customers)

    def entry(self, customer_id: int, seq: int) -> str:
        """How an entry is named in a sentence: C-1001/17."""
        return f"Entry {self.customers[customer_id].label}/{seq}"

    @cached_property
    def withdrawn(self) -> set[int]:
        """The operations that were reversed; read once for all checks."""
        return withdrawn(self.ids)

    @cached_property
    def steps(self) -> dict[int, dict[Subject, dict[datetime, int]]]:
        """What the ledger holds, by customer and subject; read once for all checks."""
        found: dict[int, dict[Subject, dict[datetime, int]]] = defaultdict(dict)
        for customer, side, subject, at, credits in rows(STEPS, customers=self.ids):
            own = found[customer].setdefault((side, subject), {})
            own[datetime.fromisoformat(at)] = credits
        return found


@dataclass(frozen=True)
class Check:
    """One invariant. `find` yields what is broken and adds what it looked at to what it is given.

    `is_whole` marks a check of what belongs to no customer; its batch is empty.
    """

    number: str
    words: str
    find: Callable[[Batch, Seen], Iterator[Problem]]
    is_whole: bool = False


@dataclass
class Outcome:
    """What one check found over all batches."""

    check: Check
    seen: Seen = field(default_factory=Counter)
    broken: int = 0
    shown: list[Problem] = field(default_factory=list)
    customers: set[int] = field(default_factory=set)
    """All whose books are broken, whether or not their row is among those shown."""

    def look_at(self, batch: Batch) -> None:
        """Run the check over one more batch."""
        self.seen.update({"customers": len(batch.customers)} if batch.customers else {})
        for problem in self.check.find(batch, self.seen):
            self.add(Counter(), 1, [problem], {problem.customer_id})

    def add(
        self, seen: Seen, broken: int, shown: list[Problem], customers: AbstractSet[int | None]
    ) -> None:
        """Take in what was found elsewhere; only the first broken rows are kept by name."""
        self.seen.update(seen)
        self.broken += broken
        self.shown += shown[: SHOWN - len(self.shown)]
        self.customers.update(pk for pk in customers if pk is not None)


def rows(statement: str, **parameters: Any) -> Iterator[tuple[Any, ...]]:
    """The rows of one question put to the database.

    Lists of ids go as one text, since composing thousands of numbers one by one takes longer than
    the question.
    """
    given = {
        name: "{" + ",".join(map(str, value)) + "}" if isinstance(value, list) else value
        for name, value in parameters.items()
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return iter(cursor.fetchall())


def withdrawn(customers: Sequence[int]) -> set[int]:
    """The operations that customers reversed: their facts do not stand.

    Asked by customer, since no fact's row tells it and joining each would read all operations.
    """
    return {operation for (operation,) in rows(WITHDRAWN, customers=list(customers))}


def names_of(subjects: Iterable[Subject]) -> dict[Subject, str]:
    """How licenses and features are named in a sentence: L-204, email-core."""
    wanted = set(subjects)
    licenses = License.objects.in_bulk([pk for side, pk in wanted if side == Side.VALID])
    features = Feature.objects.in_bulk([pk for side, pk in wanted if side == Side.ALLOCATED])
    return {
        **{(Side.VALID.value, pk): license.label for pk, license in licenses.items()},
        **{(Side.ALLOCATED.value, pk): feature.key for pk, feature in features.items()},
    }
