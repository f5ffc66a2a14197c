"""What the calculator shows: the form as it was typed, joined with what it comes to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from django.utils.translation import gettext as _

from credits.domain.catalogue import Offer
from credits.domain.figures import Position
from credits.domain.pricing import total
from credits.exceptions import CreditsError
from credits.models import Customer
from credits.web.links import explain_url
from estimator.domain.advice import Advice, advice_of
from estimator.domain.course import Course, course_of
from estimator.domain.estimates import Draft, Priced, PricedLine, needs_of, price_estimate
from estimator.domain.needs import Basis
from estimator.domain.plans import NO_RESERVE
from estimator.domain.price_list import PriceList
from estimator.domain.saving import Wanted
from estimator.forms.estimate import EstimateForm
from estimator.forms.lines import LineInput, Lines
from estimator.models import Estimate, EstimateVersion
from estimator.web.helps import Helps
from estimator.web.importing import Imported
from estimator.web.months import Months
from estimator.web.proposed import PROPOSED, Questions
from estimator.web.rows import FOUND, Buys, Found, Row, changed, means


@dataclass
class Sheet:
    """The calculator of one customer at one instant, or of a visitor of whom nothing is known."""

    customer: Customer | None
    estimate: Estimate | None
    position: Position
    prices: PriceList
    form: EstimateForm
    lines: Lines
    basis: Basis
    questions: Questions
    act: str = ""
    find: str = ""
    seen: int | None = None
    opened: EstimateVersion | None = None
    """The version that was opened, where it was asked for by its number."""
    refusals: list[str] = field(default_factory=list)
    monthly: bool = False
    shown: str = ""
    """The marks of the lines as the page shows them that was typed in."""
    imported: Imported | None = None
    """What became of a file of units that was sent."""

    @property
    def form_name(self) -> str:
        """What the form's key is bound to."""
        which = self.estimate.public_id if self.estimate else "new"
        whose = self.customer.public_id if self.customer else ""
        return f"estimate/{whose}/{which}"

    @property
    def is_valid(self) -> bool:
        return self.form.is_valid() and self.lines.is_valid and not self.refusals

    @property
    def has_errors(self) -> bool:
        """Whether something that was typed cannot be meant."""
        return (self.form.is_bound and not self.is_valid) or self._answers_fail

    @property
    def is_refused(self) -> bool:
        """Whether something that was sent was not taken: a field, or a file of units."""
        return self.has_errors or bool(self.imported and self.imported.is_refused)

    @property
    def _answers_fail(self) -> bool:
        """Whether lines were asked for from answers that cannot be meant."""
        return self.act == PROPOSED and not self.questions.answered.is_valid

    @cached_property
    def draft(self) -> Draft:
        """What can be counted of the form."""
        values = self.form.cleaned_data if self.form.is_bound else self.form.initial
        return Draft(
            quantities=self.lines.quantities(),
            years=int(values.get("years") or 1),
            overlap=bool(values.get("overlap")),
            plans=self.lines.plans(),
            reserve=values.get("reserve") or NO_RESERVE,
        )

    @property
    def wanted(self) -> Wanted:
        """What is to be saved."""
        return Wanted(
            name=self.form.cleaned_data["name"],
            draft=self.draft,
            estimate=self.estimate,
            seen=self.seen,
        )

    @cached_property
    def held(self) -> dict[str, int]:
        return self.prices.held(self.position.by_feature)

    @cached_property
    def priced(self) -> Priced:
        return price_estimate(self.draft, self.prices.now, self.held, self.basis)

    @cached_property
    def course(self) -> Course:
        """What it needs over the term, and what that leaves."""
        return course_of(self.draft, self.prices, self.position, self.basis)

    @cached_property
    def advice(self) -> Advice:
        return advice_of(self.course)

    @property
    def buys(self) -> Buys:
        """What is to be bought, as it is told."""
        return Buys(self.advice.buys)

    @property
    def is_monthly(self) -> bool:
        """Whether it is shown month by month."""
        return bool(self.monthly and self.draft.quantities)

    @cached_property
    def months(self) -> Months:
        """The same, month by month."""
        return Months(
            self.customer, self.draft, self.prices, self.position, self.course, self.advice
        )

    @property
    def is_level(self) -> bool:
        """Whether the level is the same all through the term."""
        return all(moment.level == self.priced.level for moment in self.course.moments)

    @property
    def balance(self) -> int:
        return self.position.figure.balance

    @property
    def balance_url(self) -> str:
        """The rows of the live balance."""
        return explain_url(self.customer, self.position, "balance") if self.customer else ""

    @property
    def remaining(self) -> int:
        """What would be left of the balance, on the basis that is shown."""
        return self.balance - self.priced.change

    @property
    def cost(self) -> int:
        """What the balance changes by, as it is signed beside the balance."""
        return -self.priced.change

    @property
    def other_remaining(self) -> int:
        """What would be left on the other basis."""
        other = Basis.INSTEAD if self.basis == Basis.ON_TOP else Basis.ON_TOP
        needs = needs_of(self.draft, self.prices.now)
        return self.balance - needs.change(self.held, other)

    @property
    def level_then(self) -> int | None:
        """The level when it was saved, where the rates have changed it since."""
        if self.estimate is None or self.form.is_bound:
            return None
        then: int = (self.opened or self.estimate).level
        return then if then != self.priced.level else None

    @property
    def level_change(self) -> int:
        """What the rates have changed the level by since it was saved."""
        return self.priced.level - (self.level_then or 0)

    @cached_property
    def rows(self) -> list[Row]:
        in_use = self.in_use
        return [self._row(place, line, in_use) for place, line in enumerate(self.lines.inputs)]

    @property
    def marks(self) -> str:
        """The marks of all lines, which the page sends back while somebody types."""
        return " ".join(row.mark for row in self.rows)

    @property
    def changed_rows(self) -> Sequence[Row]:
        """The lines whose figures are other ones than the page shows."""
        return changed(self.rows, self.shown)

    @cached_property
    def in_use(self) -> frozenset[str]:
        """Features that hold credits or are estimated above zero, with the parts of bundles."""
        on = {key for key, credits in self.held.items() if credits > 0}
        on |= {key for key, quantity in self.draft.quantities.items() if total(quantity) > 0}
        return frozenset(on | {part for key in on for part in self._parts(key)})

    @cached_property
    def helps(self) -> Helps:
        """What is explained of several lines together."""
        return Helps(self.draft, self.prices, self.in_use)

    @property
    def bundles(self) -> Iterator[tuple[Offer, PricedLine]]:
        """Bundles that follow from their parts, though nobody added them."""
        for line in self.priced.bundles:
            yield self.prices.offers[line.key], line

    @property
    def can_add_held(self) -> bool:
        """Whether something is held that is not estimated yet."""
        there = {line.key for line in self.lines.inputs}
        held = {key for key, credits in self.held.items() if credits > 0 and self._is_open(key)}
        return bool(held - there)

    @property
    def is_browsing(self) -> bool:
        """Whether features to choose from are listed: asked for, searched for, or nothing else."""
        return bool(self.find or not self.lines.inputs or self.act == "browse")

    @property
    def added(self) -> str:
        """The feature that was added by this request; its field is the next to be typed in."""
        verb, *named = self.act.split(":")
        if verb == "take" and len(named) > 1:
            return named[1]
        return named[0] if verb == "add" and named else ""

    @property
    def found(self) -> Found:
        """The features to choose from: all that take allocations, or those a search means."""
        words = self.find.casefold().split()
        offers = [o for o in self.prices.offers.values() if o.is_open and means(o, words)]
        chosen = frozenset(line.key for line in self.lines.inputs)
        return Found(offers[:FOUND], len(offers), self.find, chosen)

    @property
    def problems(self) -> Iterator[tuple[str, str, str]]:
        """What is wrong, for the list on top: the field's id, its label, the sentence."""
        yield from (("", "", text) for text in [*self.refusals, self.lines.error] if text)
        for name, errors in self.form.errors.items():
            yield from ((f"id_{name}", str(self.form[name].label), str(text)) for text in errors)
        for place, line in enumerate(self.lines.inputs):
            yield from ((f"units-{place}-0", line.label, text) for text in line.errors)
        if self._answers_fail:
            yield from self.questions.problems

    def refuse(self, error: CreditsError) -> None:
        """Say at its field, or above all, why nothing was saved."""
        if error.field in self.form.fields:
            self.form.add_error(error.field, error.message)
            return
        for line in self.lines.inputs:
            if line.key == error.field:
                line.errors.append(error.message)
                return
        self.refusals.append(error.message)

    def _row(self, place: int, line: LineInput, in_use: frozenset[str]) -> Row:
        priced = self.priced.lines.get(line.key) if not line.errors else None
        return Row(
            place=str(place),
            line=line,
            priced=priced,
            bundle=self._names([priced.bundle]) if priced and priced.bundle else "",
            kept=self._names(priced.kept) if priced else "",
            missing=tuple(self._missing(line, in_use)),
        )

    def _missing(self, line: LineInput, in_use: frozenset[str]) -> Iterator[str]:
        for alternatives in line.offer.feature.requires if line.offer else ():
            if not in_use.intersection(alternatives):
                known = [key for key in alternatives if self._is_open(key)]
                yield self._names(known or alternatives, _(" or "))

    def _names(self, keys: Iterable[str], between: str = ", ") -> str:
        offers = self.prices.offers
        return between.join(offers[key].feature.name if key in offers else key for key in keys)

    def _parts(self, key: str) -> Sequence[str]:
        offer = self.prices.offers.get(key)
        return offer.rate.parts if offer else ()

    def _is_open(self, key: str) -> bool:
        offer = self.prices.offers.get(key)
        return offer is not None and offer.is_open
