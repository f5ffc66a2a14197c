"""What the calculator explains of several lines together, each as a sentence with its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import chain, islice

from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from credits.domain.pricing import Quantity, total
from credits.templatetags.figures import credits_text, units
from estimator.domain.estimates import Draft
from estimator.domain.price_list import PriceList
from estimator.domain.proposals import (
    Kind,
    OverlapCount,
    Proposal,
    completed_bundles,
    joins,
    missing_needs,
    overlaps,
)
from estimator.domain.questions_file import questionnaire
from estimator.forms.lines import LineInput, texts_of

MOST = 8
"""Proposals that are shown at once."""

TAKE = "take:"
"""The act that takes a proposal, with its name behind."""


@dataclass(frozen=True)
class Help:
    """A proposal in words, and what its button says."""

    proposal: Proposal
    text: str
    button: str

    @property
    def act(self) -> str:
        return TAKE + self.proposal.name


@dataclass(frozen=True)
class PackageHelp:
    """How packages of one group are counted, both ways, with numbers."""

    name: str
    units_apart: str
    units_within: str
    sum_apart: str
    sum_within: str
    credits_apart: int
    credits_within: int
    example: str
    """What it means that they overlap, of the first two packages."""


@dataclass
class Helps:
    """All that is explained of an estimate."""

    draft: Draft
    prices: PriceList
    in_use: frozenset[str]
    """Features that hold credits now, or are estimated; with the parts of bundles."""

    @cached_property
    def proposals(self) -> list[Proposal]:
        """What the estimate could become, the most helpful first."""
        return [*islice(self._all(), MOST)]

    def _all(self) -> Iterator[Proposal]:
        rates, asked = self.prices.now, questionnaire()
        offers = {key: one for key, one in self.prices.offers.items() if one.is_open}
        requires = {key: one.feature.requires for key, one in self.prices.offers.items()}
        names = {key: one.feature.unit_plural for key, one in offers.items()}
        return chain(
            missing_needs(self.draft, rates, requires, names, self.in_use),
            joins(self.draft, rates, asked.together, offers.keys()),
            completed_bundles(self.draft, rates, offers.keys()),
        )

    def named(self, act: str) -> Proposal | None:
        """The proposal that an act takes; None where it is none of these, or no longer is."""
        return next((one for one in self._all() if TAKE + one.name == act), None)

    @property
    def rows(self) -> Iterator[Help]:
        """The proposals in words."""
        words = {Kind.NEED: self._need, Kind.JOIN: self._join, Kind.BUNDLE: self._bundle}
        for one in self.proposals:
            yield words[one.kind](one)

    @property
    def packages(self) -> Iterator[PackageHelp]:
        """Groups with several packages, and what their units come to either way."""
        for count in overlaps(self.draft, self.prices.now):
            yield self._packages(count)

    def _need(self, one: Proposal) -> Help:
        said = self._said(one) | {"why": questionnaire().reasons.get(one.others[0], "")}
        if not one.units:
            text = _("%(other)s needs %(name)s. %(why)s") % said
            return Help(one, text, _("Add %(name)s") % said)
        text = _("%(other)s needs %(name)s. %(why)s For %(units)s %(unit)s: +%(cost)s.") % said
        return Help(one, text, _("Add %(name)s for +%(cost)s") % said)

    def _join(self, one: Proposal) -> Help:
        said = self._said(one)
        if one.saving < 0:
            text = _(
                "%(others)s on the same %(unit)s are counted as %(name)s, which holds both: "
                "%(after)s credits to hold in all, not %(before)s."
            )
        elif one.saving:
            text = _(
                "Are these the same %(unit)s? %(name)s holds %(others)s: "
                "for %(units)s of them that saves %(saving)s."
            )
        else:
            text = _(
                "Are these the same %(unit)s? %(name)s holds %(others)s at the same credits, "
                "in one line."
            )
        return Help(one, text % said, _("Count %(units)s as %(name)s") % said)

    def _bundle(self, one: Proposal) -> Help:
        said = self._said(one) | {
            "each": units(Decimal(one.cost) / one.units),
            "apart": units(self.prices.offers[one.feature].rate.credits),
            "one": self.prices.offers[one.feature].feature.unit,
        }
        text = _(
            "Adding %(name)s to %(others)s costs %(each)s more per %(one)s, not %(apart)s: "
            "+%(cost)s for %(units)s %(unit)s."
        )
        return Help(one, text % said, _("Add %(name)s for +%(cost)s") % said)

    def _said(self, one: Proposal) -> dict[str, str]:
        feature = self.prices.offers[one.feature].feature
        return {
            "name": feature.name,
            "other": self._name(one.others[0]),
            "others": get_text_list([self._name(key) for key in one.others], _("and")),
            "units": units(one.units),
            "unit": feature.unit if one.units == 1 else feature.unit_plural,
            "cost": credits_text(one.cost),
            "saving": credits_text(one.saving),
            "before": credits_text(one.before),
            "after": credits_text(one.after),
        }

    def _packages(self, count: OverlapCount) -> PackageHelp:
        feature = self.prices.offers[count.keys[0]].feature
        high, low = count.keys[0], count.keys[1]
        example = _(
            "the %(few)s with %(high)s are among the %(many)s with %(low)s and counted as "
            "%(high)s only"
        ) % {
            "few": units(min(count.apart[high], count.apart[low])),
            "many": units(count.apart[low]),
            "high": self._name(high),
            "low": self._name(low),
        }
        return PackageHelp(
            name=feature.group.name,
            units_apart=self._units(count.apart),
            units_within=self._units(count.within),
            sum_apart=self._sum(count.keys, count.apart),
            sum_within=self._sum(count.keys, count.within),
            credits_apart=count.credits_apart,
            credits_within=count.credits_within,
            example=example,
        )

    def _units(self, counted: Mapping[str, Decimal]) -> str:
        number = sum(counted.values(), Decimal(0))
        feature = self.prices.offers[next(iter(counted))].feature
        name = feature.unit if number == 1 else feature.unit_plural
        return _("%(number)s %(name)s") % {"number": units(number), "name": name}

    def _sum(self, keys: Sequence[str], counted: Mapping[str, Decimal]) -> str:
        return " + ".join(
            f"{units(counted[key])} × {units(self.prices.offers[key].rate.credits)}"
            for key in reversed(keys)
            if counted[key]
        )

    def _name(self, key: str) -> str:
        return self.prices.offers[key].feature.name if key in self.prices.offers else key


def taken(lines: list[LineInput], one: Proposal, prices: PriceList) -> list[LineInput]:
    """Lines as they were typed, with a proposal's change."""
    there = {line.key: line for line in lines}
    source = there.get(one.others[0])
    for key, quantity in one.change.items():
        if quantity is None:
            lines = [line for line in lines if line.key != key]
        elif key in there:
            there[key].texts = texts_of(quantity)
        else:
            lines.append(new_line(key, quantity, source, prices))
    return lines


def new_line(
    key: str, quantity: Quantity, source: LineInput | None, prices: PriceList
) -> LineInput:
    """A line that a proposal adds: empty where its units are not known, planned as its source."""
    line = LineInput(key, texts_of(quantity) if total(quantity) else [""], prices.offers.get(key))
    if source is not None:
        line.growth, line.starts, line.ramp = source.growth, source.starts, source.ramp
    return line
