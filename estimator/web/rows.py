"""The parts of the calculator's page: lines as they were typed, joined with what they come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from credits.domain.catalogue import Offer
from estimator.domain.estimates import PricedLine
from estimator.domain.needs import BLOCK_MODELS
from estimator.forms.lines import LineInput

FOUND = 60
"""Features listed at once; more are found by typing."""


@dataclass(frozen=True)
class Row:
    """One line: what was typed, and what it comes to."""

    place: int
    line: LineInput
    priced: PricedLine | None
    bundle: str
    """The name of the bundle that holds credits in this line's place."""
    kept: str
    """The names of features that are on now and stay on with this line."""
    missing: tuple[str, ...]
    """The names of what the feature needs, where none of it is estimated or held."""

    @property
    def by(self) -> str:
        """What one click of the stepper adds: a unit, or a block."""
        if self.line.offer is None or self.line.offer.rate.model not in BLOCK_MODELS:
            return "1"
        return f"{self.line.offer.rate.block.normalize():f}"


@dataclass(frozen=True)
class PackageNote:
    """Packages of one group in the estimate together."""

    name: str
    units: int
    unit: str


@dataclass(frozen=True)
class Found:
    """The features that a search found, those shown first."""

    offers: Sequence[Offer]
    count: int
    text: str
    chosen: frozenset[str]


def means(offer: Offer, words: Sequence[str]) -> bool:
    """Whether each word of a search occurs in what a feature is, or what it protects."""
    feature = offer.feature
    said = (feature.name, feature.group.name, feature.group.solution.name, feature.unit_plural)
    text = " ".join(said).casefold()
    return all(word in text for word in words)
