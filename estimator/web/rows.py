"""The parts of the calculator's page: lines as they were typed, joined with what they come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from zlib import crc32

from credits.domain.catalogue import Offer
from estimator.domain.advice import Buy
from estimator.domain.estimates import PricedLine
from estimator.domain.line_words import plan_words
from estimator.domain.needs import BLOCK_MODELS
from estimator.forms.lines import LineInput

TOLD_BUYS = 3
"""Days to buy on that are named."""

FOUND = 60
"""Features listed at once; more are found by typing."""


@dataclass(frozen=True)
class Row:
    """One line: what was typed, and what it comes to."""

    place: str
    """Which line it is, counted from 0: part of the ids of its elements."""
    line: LineInput
    priced: PricedLine | None
    bundle: str
    """The name of the bundle that holds credits in this line's place."""
    kept: str
    """The names of features that are on now and stay on with this line."""
    missing: tuple[str, ...]
    """The names of what the feature needs, where none of it is estimated or held."""

    @cached_property
    def mark(self) -> str:
        """A short name of what stands beside its fields, by which one sees whether that changed."""
        said = (
            self.line.key,
            self.line.errors,
            self.line.is_plan_wrong,
            self.plan,
            self.bundle,
            self.kept,
            self.missing,
            self.priced,
        )
        return f"{crc32(repr(said).encode()):x}"

    @cached_property
    def plan(self) -> str:
        """How it changes over the term, in words; nothing where it stays as it is."""
        return "" if self.line.errors else plan_words(self.line.plan)

    @property
    def by(self) -> str:
        """What one click of the stepper adds: a unit, or a block."""
        if self.line.offer is None or self.line.offer.rate.model not in BLOCK_MODELS:
            return "1"
        return f"{self.line.offer.rate.block.normalize():f}"


def changed(rows: Sequence[Row], shown: str) -> Sequence[Row]:
    """The lines whose figures are other ones than a page shows, by the marks that it has of them.

    All of them for a page that has other lines, or none to tell.
    """
    marks = shown.split()
    if len(marks) != len(rows):
        return rows
    return [row for row, mark in zip(rows, marks, strict=True) if row.mark != mark]


@dataclass(frozen=True)
class Buys:
    """What is to be bought, as it is told: a few days one by one, more of them as one purchase.

    Growth asks for a little more in many months; nobody reads them one by one, nor buys so.
    """

    steps: Sequence[Buy]

    @property
    def are_few(self) -> bool:
        return len(self.steps) <= TOLD_BUYS

    @property
    def headline(self) -> Buy:
        """The purchase that is told first."""
        first = self.steps[0]
        return first if self.are_few else Buy(self.credits, first.first_day)

    @property
    def credits(self) -> int:
        """All that is to be bought (credits)."""
        return sum(buy.credits for buy in self.steps)


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
