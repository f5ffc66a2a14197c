"""One customer's Annual credits, part by part."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from functools import cached_property

from billing.domain.annual.course import Course, Reach, course
from billing.domain.annual.lines import (
    FeatureLine,
    LicenseLine,
    SolutionLine,
    feature_lines,
    license_lines,
    solution_lines,
)
from billing.domain.annual.orders import PurchaseLine, purchase_lines
from billing.domain.annual.outlook import Outlook, outlook
from billing.domain.annual.pending import Names, Pending, entries_not_shown, pending
from billing.domain.annual.since import RECALLED, features_since
from billing.domain.annual.sources import (
    Stated,
    contract_ends_ahead,
    licenses_with_purchases,
    rates_known,
    read_stated,
)
from billing.domain.annual.told import feature_change
from billing.domain.annual.words import read_quantities
from credits.clock import day_of
from credits.domain.boundaries import shown_from
from credits.domain.figures import Position, crossing, standing
from credits.domain.in_force import InForce
from credits.domain.sources import Reporting, reporting
from credits.models import Customer, Feature, FeatureRate, License


class AnnualCredits:
    """The figures of a customer at a boundary and as known at it, with what is live beside."""

    def __init__(
        self, customer: Customer, *, now: datetime, boundary: datetime | None = None
    ) -> None:
        self.customer = customer
        self.now = now
        self.standing = standing(customer, now=now, boundary=boundary, told=True, before=RECALLED)
        self.position: Position = self.standing.shown
        self.live: Position = self.standing.live

    @property
    def is_empty(self) -> bool:
        """Nothing was ever bought or allocated."""
        return self.standing.seq == 0

    @property
    def unpublished(self) -> bool:
        """Nothing is visible at the boundary yet; the live figures stand there."""
        return self.standing.unpublished

    @property
    def first_shown_from(self) -> datetime | None:
        """The hour at which the first of what is not published yet will be.

        None where no boundary was ever closed, or its update is late: then no hour is known.
        """
        if self.standing.boundary is None:
            return None
        hour = shown_from(min(entry.recorded_at for entry in self.standing.beyond))
        return hour if hour > self.now else None

    @cached_property
    def _stated(self) -> Stated:
        return read_stated(self.customer, self.standing, now=self.now)

    @property
    def _rates(self) -> list[FeatureRate]:
        return self._stated.rates

    @cached_property
    def silent(self) -> list[Reporting]:
        """The systems that have been silent for too long, live: their figures may be old.

        Read only where what is shown leaves it in doubt.
        """
        found = reporting(self.customer).values() if self._stated.doubtful else ()
        return [source for source in found if source.is_stale(self.now)]

    @cached_property
    def _licenses(self) -> dict[int, License]:
        found = licenses_with_purchases(self.customer, self.standing.known)
        return {license.pk: license for license in found}

    @cached_property
    def _known_licenses(self) -> list[License]:
        return [one for one in self._licenses.values() if one.is_known]  # type: ignore[attr-defined]

    @cached_property
    def _features(self) -> dict[int, Feature]:
        """Every feature that is named, also one whose first rate came after the boundary."""
        found = {rate.feature_id: rate.feature for rate in self._rates}
        named = {entry.feature_id for entry in self.standing.beyond if entry.feature_id}
        if missing := named - found.keys():
            named_late = Feature.objects.select_related("group__solution")
            found.update(named_late.in_bulk(missing))
        return found

    def license_name(self, pk: int) -> str:
        """L-204."""
        return self._licenses[pk].label

    def feature_name(self, pk: int) -> str:
        """The feature as the catalogue names it."""
        return self._features[pk].name

    def rate_change(self, pk: int, at: datetime) -> str:
        """What changes a feature's level at an instant ahead: its rate, or what ends there.

        A pay-as-you-go contract or a reservation's period; empty where it is none of these.
        """
        return feature_change(
            self.feature_name(pk),
            self._rates_known[pk],
            at,
            is_contract_end=lambda: (pk, at) in self._contract_ends,
        )

    @cached_property
    def _contract_ends(self) -> set[tuple[int, datetime]]:
        """The features and instants at which pay-as-you-go contracts end."""
        return contract_ends_ahead(self.customer, at=self.position.at)

    @cached_property
    def _rates_known(self) -> dict[int, InForce[FeatureRate]]:
        """Each feature's rates from the position on; read only where one changes something."""
        return rates_known(self.customer)

    @cached_property
    def features(self) -> list[FeatureLine]:
        """Every feature that needs credits."""
        since = features_since(self.customer, self.standing)
        return feature_lines(self._rates, self.position, since)

    @cached_property
    def in_use(self) -> list[FeatureLine]:
        """The features that hold credits."""
        return [line for line in self.features if line.credits]

    @cached_property
    def solutions(self) -> list[SolutionLine]:
        """What each solution holds, the largest first."""
        return solution_lines(self.features)

    @cached_property
    def licenses(self) -> list[LicenseLine]:
        """Licenses that are valid or will be, by expiry."""
        return license_lines(self._known_licenses, self.position)

    @property
    def valid_licenses(self) -> list[LicenseLine]:
        return [line for line in self.licenses if not line.is_later]

    @property
    def ended_licenses(self) -> int:
        """How many licenses have ended or were voided."""
        return len(self._known_licenses) - len(self.licenses)

    @cached_property
    def purchases(self) -> list[PurchaseLine]:
        """The purchases known at the position, newest first."""
        return purchase_lines(self.customer, self._known_licenses, self.licenses, self.position.at)

    @cached_property
    def outlook(self) -> Outlook:
        """What is ahead at the boundary and as known at it."""
        return self._outlook(self.position)

    @cached_property
    def live_outlook(self) -> Outlook:
        """What is ahead now; a shortage of today needs no cause here."""
        return outlook(
            self.live, self.license_name, self.feature_name, rate_change=self.rate_change
        )

    def _outlook(self, position: Position) -> Outlook:
        crossed = (
            crossing(self.customer, at=position.at, known=position.known)
            if position.figure.balance < 0
            else []
        )
        return outlook(position, self.license_name, self.feature_name, crossed, self.rate_change)

    @cached_property
    def pending(self) -> Pending:
        """What is not shown yet."""
        entries = entries_not_shown(self.standing)
        if not entries:
            return Pending(())
        names = Names(
            license=self.license_name,
            features=self._features,
            levels=dict(self.position.by_feature),
            quantities={
                rate.feature.group_id: read_quantities(rate.quantities)  # type: ignore[attr-defined]
                for rate in self._rates
            },
        )
        return pending(self.standing, self.standing.operations, names)

    def reach(self, span: str) -> Reach:
        """What a span covers, seen from the position's day. Raises KeyError for an unknown one."""
        return Reach.of_span(span, day_of(self.position.at))

    def course(self, span: str) -> Course:
        """Valid and allocated over a span, back and ahead."""
        return self.course_over(self.reach(span))

    def course_over(self, reach: Reach) -> Course:
        """Valid and allocated over any days, past and ahead."""
        return course(
            self.customer,
            self.position,
            self.standing.beyond,
            reach,
            self.license_name,
            self.feature_name,
            self.rate_change,
            self._ended,
        )

    def _ended(self) -> dict[datetime, list[str]]:
        """The licenses that were not voided, by the instant of their end."""
        found: dict[datetime, list[str]] = defaultdict(list)
        for license in self._known_licenses:
            if license.voided_at is None:
                found[license.ends_at].append(license.label)
        return found
