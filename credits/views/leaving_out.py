"""What is left out of an act on several features, said before it: why, and which."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from credits.domain.holdings import Holding
from credits.models import Customer
from credits.views.choosing import drawer_url

MOST_NAMES = 12


@dataclass(frozen=True)
class Link:
    """A feature, and its drawer."""

    name: str
    url: str


@dataclass(frozen=True)
class LeftOut:
    """Features that are left out for one reason."""

    why: str
    links: Sequence[Link]
    count: int

    @property
    def more(self) -> int:
        """How many are not named."""
        return self.count - len(self.links)


def left_out(customer: Customer, rows: Iterable[tuple[str, Holding]]) -> list[LeftOut]:
    """Rows with the reason for each, by reason; of many only the first are named."""
    by_reason: dict[str, list[Holding]] = defaultdict(list)
    for why, row in rows:
        by_reason[why].append(row)
    return [
        LeftOut(
            why,
            [Link(row.offer.feature.name, drawer_url(customer, row)) for row in own[:MOST_NAMES]],
            len(own),
        )
        for why, own in by_reason.items()
    ]
