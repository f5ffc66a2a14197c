"""One customer's Annual credits, part by part."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from billing.domain.annual.course import Course, course
from billing.domain.annual.lines import (
    FeatureLine,
    LicenseLine,
    SolutionLine,
    feature_lines,
    held_since,
    license_lines,
    solution_lines,
)
from billing.domain.annual.orders import PurchaseLine, purchase_lines
from billing.domain.annual.outlook import Outlook, outlook
from billing.domain.annual.pending import Names, Pending, entries_not_shown, pending
from billing.domain.annual.sources import (
    contract_ends_ahead,
    licenses_with_purchases,
    operations_with_reports,
    rates_known,
    rates_with_quantities,
)
from billing.domain.annual.told import feature_change
from billing.domain.annual.words import read_quantities
from credits.domain.boundaries import shown_from
from credits.domain.figures import Position, crossing, standing
from credits.domain.in_force import InForce
from credits.models import Customer, Feature, FeatureRate, License, Side


class AnnualCredits:
    """The figures of a customer at a boundary and as known at it, with what is live beside."""

    def __init__(
        self, customer: Customer, *, now: datetime, boundary: datetime | None = None
    ) -> None:
        self.customer = customer
        self.now = now
        self.standing = standing(customer, now=now, boundary=boundary)
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
    def _rates(self) -> list[FeatureRate]:
        at, known = self.position.at, self.position.known
        return rates_with_quantities(self.customer, at=at, known=known)

    @cached_property
    def _licenses(self) -> dict[int, License]:
        found = licenses_with_purchases(self.customer, known=self.position.known)
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
            found.update(Feature.objects.in_bulk(missing))
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
        return feature_lines(self._rates, self.position, self._since)

    @cached_property
    def _since(self) -> dict[int, datetime | None]:
        """Since when features have been held; read again where a later change moved it."""
        since = {
            pk: level.held_since
            for (side, pk), level in self.standing.levels.items()
            if side == Side.ALLOCATED and pk in self.position.by_feature
        }
        moved = {
            entry.feature_id
            for entry in entries_not_shown(self.standing)
            if entry.feature_id in since and self._moves(entry.feature_id, since[entry.feature_id])
        }
        if moved:
            since.update(held_since(self.customer, self.position, sorted(moved)))
        return since

    def _moves(self, feature: int, since: datetime | None) -> bool:
        """Whether the stored start of a feature's level cannot be the one known here."""
        late = (
            entry.effective_at <= self.position.at
            for entry in entries_not_shown(self.standing)
            if entry.feature_id == feature
        )
        return since is None or since > self.position.at or any(late)

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
        boundary = self.position.at
        new = [entry.operation_id for entry in entries if entry.recorded_at > boundary]
        names = Names(
            license=self.license_name,
            features=self._features,
            levels=dict(self.position.by_feature),
            quantities={
                rate.feature.group_id: read_quantities(rate.quantities)  # type: ignore[attr-defined]
                for rate in self._rates
            },
        )
        return pending(self.standing, operations_with_reports(new), names)

    def course(self, span: str) -> Course:
        """Valid and allocated over a span, back and ahead."""
        return course(
            self.customer,
            self.position,
            self.standing.beyond,
            span,
            self.license_name,
            self.feature_name,
            self.rate_change,
        )
