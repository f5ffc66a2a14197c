"""Forecast: what is known to happen from now on, and what it makes of a customer's credits.

Live: as known now. Ends, dated rates and roll-overs are booked ahead, so it is exact
(docs/rules.md#r15).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from django.db.models import Exists, OuterRef
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from billing.domain.annual.outlook import Outlook, outlook, totals
from billing.domain.annual.sources import rates_known
from billing.domain.annual.told import feature_change
from billing.domain.annual.words import last_day_words, licenses_end, licenses_start, moves_by
from billing.domain.calendar_text import end_key
from credits import clock
from credits.domain.figures import Figure, Position, Step, crossing, standing
from credits.domain.in_force import InForce
from credits.models import (
    Customer,
    Feature,
    FeatureChoice,
    FeatureRate,
    LedgerEntry,
    License,
    Side,
)

MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Happening:
    """One thing that is known to happen at an instant."""

    key: str
    """Names it for as long as it is known, whatever else changes."""
    label: str
    """Its words where there is little room."""
    words: str
    detail: str
    effect: int
    """What it makes of the balance (credits)."""
    is_license: bool = False

    @property
    def sentence(self) -> str:
        """Its words with the detail, without a full stop."""
        return f"{self.words}, {self.detail}" if self.detail else self.words


@dataclass(frozen=True)
class Line:
    """All that happens at one instant, and the figure from there on."""

    at: datetime
    figure: Figure
    effect: int
    """What the instant makes of the balance (credits)."""
    happenings: tuple[Happening, ...]

    @property
    def words(self) -> str:
        """All of it on one line."""
        return "; ".join(happening.sentence for happening in self.happenings)


@dataclass(frozen=True)
class Holding:
    """What one feature holds at an instant (credits)."""

    feature: Feature
    credits: int


@dataclass(frozen=True)
class DayEnd:
    """The figure at the end of a UTC day, as known now."""

    day: date
    at: datetime
    """The day's last instant."""
    figure: Figure


class Forecast:
    """Where a customer stands now, and at every instant ahead at which that is known to change."""

    def __init__(self, customer: Customer, *, now: datetime) -> None:
        self.customer = customer
        self.standing = standing(customer, now=now)
        self.position: Position = self.standing.live

    @property
    def is_empty(self) -> bool:
        """Nothing was ever bought or allocated."""
        return self.standing.seq == 0

    @property
    def today(self) -> date:
        """The UTC day on which the forecast begins."""
        return clock.day_of(self.position.at)

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """Everything that is known to happen, in time order; what cancels out is left out."""
        return tuple(line for line in self._all_lines() if line.happenings)

    def _all_lines(self) -> Iterator[Line]:
        before = self.position.figure
        licenses = Counter(self.position.by_license)
        for step in self.position.ahead:
            licenses.update(totals(step.entries, Side.VALID))
            effect = step.figure.balance - before.balance
            yield Line(step.at, step.figure, effect, tuple(self._happenings(step, licenses)))
            before = step.figure

    def _happenings(self, step: Step, levels: Counter[int]) -> Iterator[Happening]:
        """Licenses that end or start, then features that need more or less; `levels` after it."""
        for pk, credits in totals(step.entries, Side.VALID).items():
            if credits:
                yield self._license_happening(pk, credits, levels[pk], step.at)
        for pk, credits in totals(step.entries, Side.ALLOCATED).items():
            if credits:
                yield self._feature_happening(pk, credits, step.at)

    def _license_happening(self, pk: int, credits: int, level: int, at: datetime) -> Happening:
        license, detail = self._licenses[pk], ""
        key, words = f"{license.public_id}:{at:%Y-%m-%d}", moves_by(license.label, credits)
        if level == 0:
            key, words = end_key(license.public_id), licenses_end([license.label])
            detail = last_day_detail(at)
        elif level == credits:
            key, words = f"{license.public_id}:starts", licenses_start([license.label])
        return Happening(
            key, label=words, words=words, detail=detail, effect=credits, is_license=True
        )

    def _feature_happening(self, pk: int, credits: int, at: datetime) -> Happening:
        feature = self._features[pk]
        told = self.feature_change(pk, at)
        is_end = told and self._rates[pk].at(at) == self._rates[pk].at(at - MICROSECOND)
        return Happening(
            key=f"{feature.key}:{at:%Y-%m-%d}",
            label=feature.name,
            words=capfirst(told) or moves_by(feature.name, credits),
            detail=last_day_detail(at) if is_end else "",
            effect=-credits,
        )

    # Names, and what changes a feature's level.

    def license_name(self, pk: int) -> str:
        """L-204."""
        return self._licenses[pk].label

    def feature_name(self, pk: int) -> str:
        """The feature as the catalogue names it."""
        return self._features[pk].name

    def feature_change(self, pk: int, at: datetime) -> str:
        """What changes a feature's level at an instant ahead; empty where no cause is known."""
        return feature_change(
            self.feature_name(pk),
            self._rates[pk],
            at,
            is_contract_end=lambda: (pk, at) in self._contract_ends,
        )

    @cached_property
    def _ahead(self) -> list[LedgerEntry]:
        """What is booked ahead, each entry with its license and whether a contract ends at it."""
        booked = [entry.pk for step in self.position.ahead for entry in step.entries]
        contracts = FeatureChoice.objects.filter(
            customer=self.customer, feature=OuterRef("feature"), until=OuterRef("effective_at")
        )
        entries = LedgerEntry.objects.filter(pk__in=booked).select_related("license")
        return list(entries.annotate(ends_contract=Exists(contracts.standing()))) if booked else []

    @cached_property
    def _licenses(self) -> dict[int, License]:
        return {e.license.pk: e.license for e in self._ahead if e.license is not None}

    @cached_property
    def _contract_ends(self) -> set[tuple[int | None, datetime]]:
        """The features and instants at which pay-as-you-go contracts end."""
        return {
            (entry.feature_id, entry.effective_at)
            for entry in self._ahead
            if entry.ends_contract  # type: ignore[attr-defined]
        }

    @cached_property
    def _features(self) -> dict[int, Feature]:
        """Every feature that holds credits or will, with its solution."""
        ahead = {e.feature_id for step in self.position.ahead for e in step.entries if e.feature_id}
        named = ahead | set(self.position.by_feature)
        found = {pk: self._rates[pk].facts[-1].feature for pk in named if self._rates[pk].facts}
        if missing := named - found.keys():
            features = Feature.objects.select_related("group__solution")
            found.update(features.in_bulk(missing))
        return found

    @cached_property
    def _rates(self) -> dict[int, InForce[FeatureRate]]:
        return rates_known(self.customer)

    # What the page answers.

    @cached_property
    def outlook(self) -> Outlook:
        """When credits will be short, by how much and why; or since when they are."""
        at, known = self.position.at, self.position.known
        is_short = self.position.figure.balance < 0
        crossed = crossing(self.customer, at=at, known=known) if is_short else []
        return outlook(
            self.position, self.license_name, self.feature_name, crossed, self.feature_change
        )

    @property
    def recovery(self) -> Line | None:
        """Where the balance is below zero: the first line at which it no longer is."""
        if self.position.figure.balance >= 0:
            return None
        return next((line for line in self.lines if line.figure.balance >= 0), None)

    @property
    def short_at(self) -> datetime | None:
        """The instant the outlook is about: now, the first short date, or the last credits' end."""
        if self.position.figure.balance < 0:
            return self.position.at
        return self.outlook.at

    @cached_property
    def touched(self) -> list[Holding]:
        """The features that hold credits when they are first short, the largest first."""
        return self.holdings(self.short_at) if self.short_at else []

    def holdings(self, at: datetime) -> list[Holding]:
        """What each feature holds at an instant from now on, the largest first."""
        levels = Counter(self.position.by_feature)
        for step in self.position.ahead:
            if step.at <= at:
                levels.update(totals(step.entries, Side.ALLOCATED))
        held = [Holding(self._features[pk], n) for pk, n in levels.items() if n]
        return sorted(held, key=lambda holding: (-holding.credits, holding.feature.name))

    def at_end_of(self, day: date) -> DayEnd:
        """The figure at the end of a UTC day, today or later."""
        at = clock.start_of(day) + clock.DAY - MICROSECOND
        return DayEnd(day, at, self.position.figure_at(at))


def last_day_detail(at: datetime) -> str:
    """The last day of what ends at 00:00 UTC."""
    return _("last day %(day)s") % {"day": last_day_words(at)}
