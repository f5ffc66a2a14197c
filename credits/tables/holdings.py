"""The rows of the allocate page: every feature with what it holds, by solution."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.core.paginator import EmptyPage, Page, PageNotAnInteger, Paginator
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

PAGE_SIZE, ORPHANS = 30, 10
"""Features on one page, so that it stays light, and how many more may be on the last one."""


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
    def key(self) -> str:
        return self.holding.offer.feature.key

    @property
    def move_url(self) -> str:
        """The drawer that moves credits of it elsewhere; nothing where none can be moved."""
        if not self.holding.is_movable or self.source is not None:
            return ""
        path = reverse("credits:allocation-move", kwargs={"slug": self.customer.slug})
        return with_state(path, **self.state, f=self.key)

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


def listed_page(rows: Sequence[Holding], number: str) -> Page[Holding]:
    """One page of the rows; of several, those in use come first.

    What makes no sense as a number is the first page, or the last.
    """
    pages = Paginator(rows, PAGE_SIZE, orphans=ORPHANS)
    if pages.num_pages > 1:
        in_use_first = sorted(rows, key=lambda row: not row.is_in_use)
        pages = Paginator(in_use_first, PAGE_SIZE, orphans=ORPHANS)
    try:
        return pages.page(number)
    except PageNotAnInteger:
        return pages.page(1)
    except EmptyPage:
        return pages.page(pages.num_pages)


def holding_rows(
    rows: Iterable[Holding],
    customer: Customer,
    position: Position,
    state: Mapping[str, str],
    sources: Mapping[int, Reporting],
) -> list[HoldingRow]:
    """The rows, each with its links and the system that reports it."""
    return [
        HoldingRow(row, customer, position, state, sources.get(row.offer.feature.group_id))
        for row in rows
    ]


def holding_sections(
    rows: Iterable[Holding],
    listed: Iterable[Holding],
    customer: Customer,
    position: Position,
    state: Mapping[str, str],
    sources: Mapping[int, Reporting],
) -> list[HoldingSection]:
    """The rows of a page by solution, each with its links and the system that reports it.

    A solution's credits are those of all that is listed, also on other pages.
    """
    totals: Counter[int] = Counter()
    for one in listed:
        totals[one.offer.feature.group.solution_id] += one.credits

    def section(found: Section) -> HoldingSection:
        return HoldingSection(
            found.solution,
            totals[found.solution.pk] if found.credits else 0,
            tuple(holding_rows(found.rows, customer, position, state, sources)),
            explain_url(customer, position, Side.ALLOCATED.value, solution=found.solution.key),
        )

    return [section(found) for found in sections(rows)]
