"""What the questionnaire shows: its questions, the lines they lead to, and why each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from django.http import QueryDict
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from credits.domain.catalogue import Offer
from credits.domain.pricing import Quantity, total
from estimator.domain.estimates import Draft, Priced, PricedLine, price_estimate
from estimator.domain.price_list import PriceList
from estimator.domain.questions import Counted, ProposedLine, propose
from estimator.domain.questions_file import questionnaire
from estimator.forms.lines import LineInput, text_of, texts_of
from estimator.forms.questions import AnsweredQuestions, read_answers

TAKE, OFFERED = "take", "offered"
"""The features that are chosen of a proposal, and those that could be."""

PROPOSE, PROPOSED = "propose", "proposed"
"""What is asked of the form: show where answers lead, and add it to the lines."""

DONE = "answered"
"""Says that what the answers lead to was added, until one of them is changed."""


@dataclass(frozen=True)
class ProposalRow:
    """One proposed line: what it is, why, what it holds, and what stands in its way."""

    offer: Offer
    line: ProposedLine
    quantity: Quantity
    priced: PricedLine
    bundle: str
    """The name of the bundle that holds credits in its place."""
    chosen: bool
    typed: str
    """The units that the estimate has of it already, where they are others."""
    replaces: str
    """The names of packages in the estimate whose place it takes."""

    @property
    def key(self) -> str:
        key: str = self.offer.feature.key
        return key

    @property
    def why(self) -> str:
        """Rate, units, what they were counted from, and the reason: a sentence."""
        feature = self.offer.feature
        units = total(self.quantity)
        said = {
            "credits": f"{self.offer.rate.credits.normalize():,f}",
            "block": text_of(self.offer.rate.block),
            "units": text_of(units),
            "unit": feature.unit if units == 1 else feature.unit_plural,
            "counted": self._counted,
            "reasons": get_text_list(list(self.line.reasons), _("and")),
        }
        if not self.offer.rate.credits:
            return _("No credits for %(units)s %(unit)s: %(counted)s, %(reasons)s.") % said
        if self.offer.rate.block == 1:
            return (
                _("%(credits)s credits each for %(units)s %(unit)s: %(counted)s, %(reasons)s.")
                % said
            )
        return (
            _(
                "%(credits)s credits for every %(block)s of %(units)s %(unit)s: "
                "%(counted)s, %(reasons)s."
            )
            % said
        )

    @property
    def _counted(self) -> str:
        numbers = get_text_list([told(one) for one in self.line.counted], _("and"))
        if not self.line.months:
            return numbers
        return _("%(numbers)s over %(months)d months") % {
            "numbers": numbers,
            "months": self.line.months,
        }


def told(one: Counted) -> str:
    """A number and what it is of: 300 desktops and laptops."""
    name = one.question.one if one.number == 1 else one.question.many
    return _("%(number)s %(name)s") % {"number": text_of(one.number), "name": name}


@dataclass
class Questions:
    """The questionnaire of a calculator, as it was answered."""

    answered: AnsweredQuestions
    prices: PriceList
    years: int
    lines: Sequence[LineInput]
    """The lines as they were sent, before anything was added."""
    act: str
    taken: frozenset[str]
    offered: frozenset[str]
    is_done: bool = False
    """Whether what the answers lead to is in the estimate."""

    @property
    def is_open(self) -> bool:
        """Whether it is worked in: something is answered that was not added yet."""
        return not self.is_done and self.answered.is_begun

    @property
    def was_added(self) -> bool:
        """Whether this request added what the answers lead to."""
        return self.is_done and self.act == PROPOSED

    @property
    def can_add(self) -> bool:
        return self.answered.is_valid and any(row.chosen for row in self.rows)

    @property
    def problems(self) -> Iterator[tuple[str, str, str]]:
        """What is wrong with the answers: the field's id, its label, the sentence."""
        for key, answer in self.answered.answers.items():
            if answer.error:
                yield f"q-{key}", answer.question.ask, answer.error

    @cached_property
    def rows(self) -> list[ProposalRow]:
        """The proposed lines, with their credits if those that are chosen are taken."""
        found: list[ProposalRow] = []
        said: set[int] = set()
        for line in self._proposed:
            offer = self.prices.offers[line.feature]
            quantity = self._quantities[line.feature]
            priced = self.priced.lines.get(line.feature)
            found.append(
                ProposalRow(
                    offer=offer,
                    line=line,
                    quantity=quantity,
                    priced=priced or self._alone(line.feature, quantity),
                    bundle=self._name(priced.bundle) if priced else "",
                    chosen=line.feature in self._chosen,
                    typed=self._typed(line.feature, quantity),
                    replaces="" if offer.feature.group_id in said else self._replaced(line.feature),
                )
            )
            said.add(offer.feature.group_id)
        return found

    @cached_property
    def priced(self) -> Priced:
        """What is chosen, as an estimate of its own."""
        chosen = {key: self._quantities[key] for key in self._quantities if key in self._chosen}
        return price_estimate(Draft(chosen, years=self.years), self.prices.now, {})

    @property
    def bundles(self) -> Iterator[tuple[Offer, PricedLine]]:
        """Bundles that follow from what is chosen."""
        for line in self.priced.bundles:
            yield self.prices.offers[line.key], line

    def added_to(self, lines: list[LineInput]) -> list[LineInput]:
        """The lines with those that are chosen: units take the place of others of the same
        feature, packages that of other packages for the same things."""
        chosen = [row for row in self.rows if row.chosen]
        gone = {id(one) for row in chosen for one in self._in_the_way(row.key)}
        kept = [line for line in lines if id(line) not in gone]
        there = {line.key: line for line in kept}
        for row in chosen:
            line = there.get(row.key)
            if line is None:
                kept.append(LineInput(row.key, texts_of(row.quantity), row.offer))
            else:
                line.texts = texts_of(row.quantity)
        return kept

    @property
    def takes_packages(self) -> bool:
        """Whether packages are among what is chosen; each of its units stands under one."""
        return any(row.chosen and row.offer.rate.model == "package" for row in self.rows)

    @cached_property
    def _proposed(self) -> list[ProposedLine]:
        groups = {
            key: offer.feature.group.key
            for key, offer in self.prices.offers.items()
            if offer.is_open
        }
        return propose(questionnaire(), self.answered.meant, groups=groups, years=self.years)

    @cached_property
    def _quantities(self) -> dict[str, Quantity]:
        return {
            line.feature: suited(line.quantity, self.prices.offers[line.feature])
            for line in self._proposed
        }

    @cached_property
    def _chosen(self) -> frozenset[str]:
        """All that is proposed, but for what was left out by hand and what is typed otherwise."""
        return frozenset(
            key
            for key, quantity in self._quantities.items()
            if (key in self.taken if key in self.offered else not self._typed(key, quantity))
        )

    def _typed(self, key: str, quantity: Quantity) -> str:
        typed = next((line.texts for line in self.lines if line.key == key), [])
        filled = [text.strip() for text in typed if text.strip()]
        return "" if not filled or filled == texts_of(quantity) else ", ".join(filled)

    def _in_the_way(self, key: str) -> list[LineInput]:
        """Packages in the estimate for what this package is proposed for."""
        offer = self.prices.offers[key]
        if offer.rate.model != "package":
            return []
        return [
            line
            for line in self.lines
            if line.offer is not None
            and line.offer.rate.model == "package"
            and line.offer.feature.group_id == offer.feature.group_id
            and line.key not in self._quantities
            and any(text.strip() for text in line.texts)
        ]

    def _replaced(self, key: str) -> str:
        return ", ".join(line.label for line in self._in_the_way(key))

    def _alone(self, key: str, quantity: Quantity) -> PricedLine:
        return price_estimate(Draft({key: quantity}), self.prices.now, {}).lines[key]

    def _name(self, key: str) -> str:
        return self.prices.offers[key].feature.name if key in self.prices.offers else ""


def suited(quantity: Quantity, offer: Offer) -> Quantity:
    """Units as the feature's line takes them: by account only where each is priced apart."""
    if not isinstance(quantity, Mapping) or offer.rate.model == "tiered":
        return quantity
    if offer.rate.model == "fixed_per_asset":
        return Decimal(len(quantity))
    return total(quantity)


def questions_of(
    data: QueryDict, prices: PriceList, lines: Sequence[LineInput], *, years: int, act: str
) -> Questions:
    """The questionnaire as it was answered in a form, or an address."""
    return Questions(
        answered=read_answers(questionnaire(), data),
        prices=prices,
        years=years,
        lines=[*lines],
        act=act,
        taken=frozenset(data.getlist(TAKE)),
        offered=frozenset(data.getlist(OFFERED)),
        is_done=DONE in data and act not in (PROPOSE, PROPOSED),
    )
