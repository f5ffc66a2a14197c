"""What the page "Estimate to reality" asks for: rows and sentences of a drift, and the ways out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from billing.web.links import Explain
from credits import clock
from credits.domain.figures import Figure
from credits.domain.people import Right
from credits.domain.pricing import total
from credits.models import Feature, License
from credits.templatetags.figures import credits_text
from credits.web.access import CustomerRequest
from estimator.domain.drift import Drift
from estimator.domain.line_words import counted, month_words, plan_words
from estimator.domain.plans import Plan
from estimator.domain.reality import Reality, Row, Use
from estimator.forms.estimate import reserve_text
from estimator.forms.lines import GROWTH, PREFIX, RAMP, STARTS, LineInput, planned, texts_of

TOLD = 3
"""The largest differences that are told in a sentence each."""


@dataclass(frozen=True)
class RowShown:
    """One row with its words."""

    row: Row
    features: Sequence[Feature]
    others: str
    """The names of features that share its units and were not estimated."""
    url: str
    """The ledger rows of what it holds; empty where it holds nothing."""

    @property
    def feature(self) -> Feature:
        return self.features[0]

    @property
    def name(self) -> str:
        return ", ".join(feature.name for feature in self.features)

    @property
    def estimated_units(self) -> str:
        """What was planned for now: 110 endpoints."""
        return counted(self.row.planned, self.feature)

    @property
    def typed_units(self) -> str:
        """What was typed, where a plan has made something else of it by now."""
        return counted(self.row.typed, self.feature) if self.row.is_planned else ""

    @property
    def plan(self) -> str:
        """How the units change: +10 % a year."""
        return plan_words(self.row.plan)

    @property
    def units(self) -> str:
        """What is there now: 137 endpoints."""
        return counted(self.row.units, self.feature)

    @property
    def state(self) -> str:
        """What a line is that does not simply hold credits."""
        return {
            Use.ON: "",
            Use.PAYG: _("On pay-as-you-go, so its units hold no credits"),
            Use.RELEASED: _("Released"),
            Use.NEVER: _("Not switched on yet"),
        }[self.row.use]

    @property
    def sentence(self) -> str:
        """What the row says in words, with what it makes in credits."""
        row = self.row
        words = {
            "name": self.name,
            "estimated": self.estimated_units,
            "units": self.units,
            "credits": credits_text(abs(row.difference)),
        }
        if row.use == Use.PAYG:
            text = _("%(name)s is on pay-as-you-go and holds no credits: %(credits)s fewer.")
        elif row.use == Use.RELEASED:
            text = _("%(name)s was released: %(credits)s credits fewer.")
        elif row.use == Use.NEVER:
            text = _("%(name)s is not switched on yet: %(credits)s credits fewer.")
        elif total(row.planned) == total(row.units) and row.difference > 0:
            text = _("%(name)s: %(units)s as estimated, %(credits)s credits more.")
        elif total(row.planned) == total(row.units):
            text = _("%(name)s: %(units)s as estimated, %(credits)s credits fewer.")
        elif row.difference > 0:
            text = _("%(name)s: %(estimated)s estimated, %(units)s now: %(credits)s credits more.")
        else:
            text = _("%(name)s: %(estimated)s estimated, %(units)s now: %(credits)s credits fewer.")
        return text % words


@dataclass(frozen=True)
class UnplannedShown:
    """A feature that was not estimated, with what it holds."""

    feature: Feature
    units: str
    held: int
    url: str


class RealityPage:
    """One request's view of a drift."""

    def __init__(self, request: CustomerRequest, drift: Drift) -> None:
        self.request = request
        self.drift = drift
        self.explain = Explain.of(request.customer, drift.position)

    @property
    def reality(self) -> Reality:
        return self.drift.reality

    @property
    def apart(self) -> int:
        """By how many credits the two differ, whichever is more."""
        return abs(self.reality.difference)

    @property
    def at(self) -> datetime:
        """The instant of all figures."""
        return self.drift.position.at

    @property
    def month(self) -> str:
        """The month that is compared: Nov 2026."""
        return month_words(clock.day_of(self.at))

    @cached_property
    def rows(self) -> list[RowShown]:
        return [self._shown(row) for row in self.reality.rows]

    @cached_property
    def told(self) -> list[str]:
        """The largest differences, a sentence each."""
        return [self._shown(row).sentence for row in self.reality.moved[:TOLD]]

    @cached_property
    def unplanned(self) -> list[UnplannedShown]:
        found = sorted(self.reality.unplanned, key=lambda one: (-one.held, one.key))
        return [
            UnplannedShown(
                feature=self._feature(one.key),
                units=counted(one.units, self._feature(one.key)),
                held=one.held,
                url=self.explain("allocated", feature=one.key),
            )
            for one in found
        ]

    @property
    def allocated_url(self) -> str:
        return self.explain("allocated")

    @property
    def balance_url(self) -> str:
        return self.explain("balance")

    # What it means for the balance.

    @property
    def first_license(self) -> License | None:
        """The order's license that stands first."""
        return self.drift.licenses[0] if self.drift.licenses else None

    @property
    def short_at(self) -> datetime | None:
        """When credits are first short; this instant where they are short now."""
        return self.drift.shortage.at if self.drift.shortage else None

    @property
    def short_figure(self) -> Figure | None:
        """The figures at that instant."""
        return self.drift.shortage.figure if self.drift.shortage else None

    @property
    def ahead_url(self) -> str:
        """The rows of the balance when it is first short."""
        return self.explain("balance", at=self.short_at) if self.short_at else ""

    # The ways out.

    @property
    def purchase_url(self) -> str:
        """The purchase of what is missing, for sales; empty for others, and where nothing is."""
        if not self.drift.missing or Right.ENTER_PURCHASES not in self.request.rights:
            return ""
        path = reverse("billing:purchase-new", kwargs=self._slug)
        first_day = clock.day_of(self.short_at or self.at).isoformat()
        filled = {"credits": str(self.drift.missing), "first_day": first_day}
        return f"{path}?{urlencode(filled)}"

    @property
    def may_estimate(self) -> bool:
        """Whether the person may save estimates, and there are units to put into one."""
        return Right.ESTIMATE in self.request.rights and bool(self._open_keys)

    @property
    def new_url(self) -> str:
        return reverse("estimator:estimate-new", kwargs=self._slug)

    @property
    def fields(self) -> Iterator[tuple[str, str]]:
        """The calculator's form with the units of now, as if they had been typed."""
        draft, saved = self.drift.draft, self.drift.found.estimate
        yield "name", saved.name
        yield "version", str(saved.version)
        yield "years", str(draft.years)
        yield "reserve", reserve_text(draft.reserve)
        if draft.overlap:
            yield "overlap", "on"
        for key in self._open_keys:
            for text in texts_of(draft.quantities[key]):
                yield PREFIX + key, text
            yield from plan_fields(key, draft.plan(key))

    @cached_property
    def _open_keys(self) -> list[str]:
        """Features that still take allocations."""
        offers = self.drift.prices.offers
        return [key for key in self.drift.draft.quantities if offers[key].is_open]

    @property
    def _slug(self) -> dict[str, str]:
        return {"slug": self.request.customer.slug}

    def _feature(self, key: str) -> Feature:
        feature: Feature = self.drift.prices.offers[key].feature
        return feature

    def _shown(self, row: Row) -> RowShown:
        holds = row.held - row.by_others
        return RowShown(
            row=row,
            features=[self._feature(key) for key in row.keys],
            others=", ".join(self._feature(key).name for key in row.others),
            url=self.explain("allocated", feature=row.keys[0])
            if holds and len(row.keys) == 1 and not row.others
            else "",
        )


def plan_fields(key: str, plan: Plan) -> Iterator[tuple[str, str]]:
    """How a line changes over the term, as its fields are sent."""
    line = planned(LineInput(key, [], None), plan)
    for prefix, text in ((GROWTH, line.growth), (STARTS, line.starts), (RAMP, line.ramp)):
        if text:
            yield prefix + key, text
