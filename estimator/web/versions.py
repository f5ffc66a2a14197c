"""What the pages of saved versions show: what each save changed, and what rates changed since."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from estimator.domain.comparing import Counted
from estimator.domain.comparing_words import differences
from estimator.domain.contents import drafted
from estimator.domain.estimates import Draft
from estimator.domain.pipeline import hand_overs
from estimator.domain.price_list import PriceList, read_price_list
from estimator.domain.repricing import Repricing, reprice
from estimator.domain.statement import Statement, version_statement
from estimator.models import Estimate, EstimateVersion, HandOver


def versions(estimate: Estimate) -> QuerySet[EstimateVersion]:
    """An estimate's versions, each with what the one before it said and came to."""
    before = EstimateVersion.objects.filter(
        estimate=OuterRef("estimate"), number=OuterRef("number") - 1
    )
    return (
        EstimateVersion.objects.filter(estimate=estimate)
        .select_related("saved_by")
        .annotate(
            content_before=Subquery(before.values("content")[:1]),
            level_before=Subquery(before.values("level")[:1]),
        )
        .order_by("-number")
    )


class Saves:
    """What each save of an estimate changed, in words. One query for all of them."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    @cached_property
    def prices(self) -> PriceList:
        """Names and units; a rate of today on both sides changes nothing."""
        return read_price_list(self.now)

    def changes(self, version: EstimateVersion) -> list[str]:
        """What a version says otherwise than the one before it."""
        before: Mapping[str, Any] | None = version.content_before  # type: ignore[attr-defined]
        if before is None:
            return [_("First save")]
        found = [
            one.text for one in differences(self._counted(before), self._counted(version.content))
        ]
        if before["name"] != version.content["name"]:
            words = {"before": before["name"], "after": version.content["name"]}
            found.insert(0, _("Called %(after)s instead of %(before)s") % words)
        return found or [_("Saved as it was, at the rates of its day")]

    def _counted(self, content: Mapping[str, Any]) -> Counted:
        draft = drafted(content)
        kept = {key: one for key, one in draft.quantities.items() if key in self.prices.offers}
        plans = {key: plan for key, plan in draft.plans.items() if key in kept}
        return Counted(Draft(kept, draft.years, draft.overlap, plans, draft.reserve), self.prices)


class VersionPage:
    """One version as it was saved, and what today's rates make of it."""

    def __init__(self, version: EstimateVersion, now: datetime, *, at_today: bool) -> None:
        self.version = version
        self.now = now
        self.asks_today = at_today
        """Whether the address asks for today's rates."""

    @property
    def estimate(self) -> Estimate:
        found: Estimate = self.version.estimate
        return found

    @cached_property
    def statement(self) -> Statement:
        return version_statement(self.version)

    @cached_property
    def repricing(self) -> Repricing:
        """Then and now. It writes nothing."""
        statement = self.statement
        return reprice(statement.draft, statement.prices, read_price_list(self.now))

    @cached_property
    def handed(self) -> HandOver | None:
        """The hand-over of this version that was not taken back, with the order it became."""
        found = hand_overs().filter(estimate=self.estimate, taken_back__isnull=True)
        return found.filter(version=self.version.number).first()

    @property
    def is_newest(self) -> bool:
        newest: int = self.estimate.version
        return self.version.number == newest

    @property
    def earlier(self) -> int | None:
        """The number of the version before."""
        number: int = self.version.number
        return number - 1 if number > 1 else None

    @property
    def later(self) -> int | None:
        """The number of the version after."""
        number: int = self.version.number
        return None if self.is_newest else number + 1
