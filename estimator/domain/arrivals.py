"""What is held while the lines of an estimate arrive (docs/rules.md#scenarios)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from credits import clock
from credits.domain.figures import Position, Step
from credits.models import Side
from estimator.domain.estimates import Draft
from estimator.domain.levels import Split, levels_at
from estimator.domain.plans import whole_from
from estimator.domain.price_list import PriceList


class Arrivals:
    """The lines of which some units come later than the first day.

    Until all of such a line has arrived, what its feature holds already stays where that is more.
    """

    def __init__(
        self,
        draft: Draft,
        parts: Split,
        prices: PriceList,
        instants: Sequence[datetime],
        holders: AbstractSet[str],
    ) -> None:
        begins = clock.day_of(instants[0])
        late = {key: plan for key, plan in draft.plans.items() if plan.is_late}
        # Where a feature never holds anything, nothing of it can stay.
        self._levels = {
            key: levels_at(instants, {key: parts.alone[key]}, late, prices)
            for key in late.keys() & parts.alone.keys() & holders
        }
        self._whole_at = {
            key: clock.start_of(whole_from(late[key], begins))
            for key in late.keys() & {*self._levels, *parts.together.quantities}
        }

    def at(self, at: datetime) -> frozenset[str]:
        """The lines of which some units have yet to come at an instant."""
        return frozenset(key for key, whole_at in self._whole_at.items() if at < whole_at)

    def levels(self, place: int, arriving: AbstractSet[str]) -> dict[str, int]:
        """What those of them hold that are priced by themselves, at the instant of a place."""
        return {key: levels[place] for key, levels in self._levels.items() if key in arriving}


class Holding:
    """What is booked, carried from step to step."""

    def __init__(self, position: Position, prices: PriceList, keys: AbstractSet[str]) -> None:
        self.prices, self.keys = prices, keys
        self.figure = position.figure
        self.by_feature = dict(position.by_feature)
        self._sum()
        booked = (entry.feature_id for step in position.ahead for entry in step.entries)
        ids = {*self.by_feature, *(pk for pk in booked if pk is not None)}
        self.ever = {prices.keys[pk] for pk in ids if pk in prices.keys}
        """Features that hold credits now, or for which something is booked ahead."""

    def follow(self, step: Step) -> None:
        """Take in what is booked at the next instant ahead."""
        self.figure = step.figure
        for entry in step.entries:
            if entry.side == Side.ALLOCATED and entry.feature_id is not None:
                before = self.by_feature.get(entry.feature_id, 0)
                self.by_feature[entry.feature_id] = before + entry.credits
        self._sum()

    def _sum(self) -> None:
        self.by_key = self.prices.held(self.by_feature)
        self.total = sum(self.by_key.get(key, 0) for key in self.keys)
        """What the features of lines that are priced by themselves hold together (credits)."""

    def above(self, levels: Mapping[str, int]) -> int:
        """What features hold above these levels (credits): it stays while their lines arrive."""
        return sum(max(0, self.by_key.get(key, 0) - level) for key, level in levels.items())
