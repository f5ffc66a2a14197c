"""The rows of the allocate page: every feature with what it holds, by solution."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from credits.domain.figures import Position
from credits.domain.holdings import Holding, Section, sections
from credits.domain.quantities import plain_units, unit_name
from credits.domain.sources import Reporting
from credits.models import Customer, FeatureRate, Side, Solution
from credits.templatetags.figures import credits_text
from credits.web.links import explain_url, with_state


@dataclass(frozen=True)
class HoldingRow:
    """One feature as the table shows it."""

    holding: Holding
    customer: Customer
    position: Position
    state: Mapping[str, str]
    source: Reporting | None = None
    """The system that reports its units."""

    @property
    def is_silent(self) -> bool:
        """Whether that system has been silent for longer than is expected of it."""
        return self.source is not None and self.source.is_stale(self.position.at)

    @property
    def name(self) -> str:
        return self.holding.offer.feature.name

    @property
    def edit_url(self) -> str:
        """The drawer of the feature's group, opened for this feature."""
        feature = self.holding.offer.feature
        kwargs = {"slug": self.customer.slug, "group": feature.group.key}
        path = reverse("credits:allocation-edit", kwargs=kwargs)
        own = {} if feature.key == feature.group.key else {"feature": feature.key}
        return with_state(path, **self.state, **own)

    @property
    def explain_url(self) -> str:
        """The ledger rows that make what it holds."""
        key = self.holding.offer.feature.key
        return explain_url(self.customer, self.position, Side.ALLOCATED.value, feature=key)

    @property
    def explain(self) -> str:
        """The accessible name of its figure."""
        return _("Explain %(credits)s credits held by %(name)s") % {
            "credits": credits_text(self.holding.credits),
            "name": self.name,
        }

    @property
    def unit(self) -> str:
        """The unit's name in the number that its units ask for."""
        return unit_name(self.holding.offer.feature, self.holding.units)

    @property
    def accounts(self) -> str:
        """The number of accounts, where they are priced apart."""
        count = self.holding.accounts
        if not count:
            return ""
        return ngettext("%(count)d account", "%(count)d accounts", count) % {"count": count}

    @property
    def rate(self) -> str:
        """What a unit, or a block of units, costs: 65, or 1,000 per 500."""
        return rate_text(self.holding.offer.rate)

    @property
    def rate_following(self) -> str:
        """The same of the next rate that is known ahead."""
        following = self.holding.offer.following
        return rate_text(following) if following else ""


def rate_text(rate: FeatureRate) -> str:
    """65, or 1,000 per 500."""
    credits = plain_units(rate.credits, grouped=True)
    if rate.block == 1:
        return credits
    block = plain_units(rate.block, grouped=True)
    return _("%(credits)s per %(block)s") % {"credits": credits, "block": block}


@dataclass(frozen=True)
class HoldingSection:
    """The features of one solution as the table shows them."""

    solution: Solution
    credits: int
    rows: tuple[HoldingRow, ...]
    explain_url: str


def holding_sections(
    rows: Iterable[Holding],
    customer: Customer,
    position: Position,
    state: Mapping[str, str],
    sources: Mapping[int, Reporting],
) -> list[HoldingSection]:
    """The rows by solution, each with its links and the system that reports it."""

    def row_of(row: Holding) -> HoldingRow:
        source = sources.get(row.offer.feature.group_id)
        return HoldingRow(row, customer, position, state, source)

    def section(found: Section) -> HoldingSection:
        return HoldingSection(
            found.solution,
            found.credits,
            tuple(row_of(row) for row in found.rows),
            explain_url(customer, position, Side.ALLOCATED.value, solution=found.solution.key),
        )

    return [section(found) for found in sections(rows)]
