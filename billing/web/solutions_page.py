"""What the page of all available solutions shows: the filtered catalogue, and one feature."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.domain.solutions import Catalogue, Offering, Use
from billing.forms.solutions import CLOSED, NAMES, SolutionFilter
from billing.tables.solutions import SolutionRow, SolutionTable
from billing.web.links import Explain
from billing.web.solution_words import (
    coming_words,
    example_words,
    notes,
    per_words,
    rules,
    unit_sentence,
)
from credits.domain.people import Right
from credits.models import FeatureRate, Side
from credits.web.access import CustomerRequest
from credits.web.htmx import is_fragment
from credits.web.links import with_state

FILTER = "solutions-filter"


class Links:
    """Where a feature of the catalogue leads, for one person inside one customer."""

    def __init__(self, request: CustomerRequest, catalogue: Catalogue) -> None:
        self._slug = request.customer.slug
        self._explain = Explain.of(request.customer, catalogue.position)
        self._may_allocate = Right.ALLOCATE in request.rights

    @property
    def list(self) -> str:
        """The whole catalogue."""
        return self._url("billing:solution-list")

    def feature(self, one: Offering) -> str:
        """The feature's own page."""
        return self._url("billing:solution-feature", feature=one.feature.key)

    def explain(self, one: Offering) -> str:
        """The rows of what it holds."""
        return self._explain(Side.ALLOCATED.value, feature=one.feature.key)

    def estimate(self, one: Offering) -> str:
        """A new estimate with the feature in it; with a bundle's parts, which bring it."""
        if not one.is_open:
            return ""
        keys = one.rate.parts or [one.feature.key]
        return with_state(self._url("estimator:estimate-new"), feature=",".join(keys))

    def allocate(self, one: Offering) -> str:
        """The drawer of its group. A bundle follows from its parts, and is not switched on."""
        may = one.is_open and not one.is_bundle and one.use != Use.PAYG
        if not (may and self._may_allocate):
            return ""
        group = one.feature.group.key
        own = {} if one.feature.key == group else {"feature": one.feature.key}
        return with_state(self._url("credits:allocation-edit", group=group), **own)

    def _url(self, name: str, **kwargs: str) -> str:
        return reverse(name, kwargs={"slug": self._slug, **kwargs})


class SolutionsPage:
    """The catalogue as one address asks for it."""

    def __init__(self, request: CustomerRequest, catalogue: Catalogue) -> None:
        self.request = request
        self.catalogue = catalogue
        self.links = Links(request, catalogue)

    @cached_property
    def filter(self) -> SolutionFilter:
        return SolutionFilter(self.request.GET, self.catalogue.offerings)

    @cached_property
    def table(self) -> SolutionTable:
        rows = [self.row(one) for one in self.filter.matching()]
        table = SolutionTable(
            rows,
            totals={"credits": sum(row.credits for row in rows)},
            caption=_("All available solutions"),
            home=self.links.list,
            about=[(_("Figures as of"), self.catalogue.position.at)],
        )
        table.configure(self.request)
        return table

    def row(self, one: Offering) -> SolutionRow:
        """A feature with its words and links."""
        return SolutionRow(
            one=one,
            per=per_words(one.rate),
            notes=list(notes(one, self.catalogue)),
            coming=[coming_words(rate) for rate in one.coming] if one.current else [],
            url=self.links.feature(one),
            explain_url=self.links.explain(one) if one.use == Use.CREDITS else "",
            estimate_url=self.links.estimate(one),
            allocate_url=self.links.allocate(one),
        )

    @property
    def counts(self) -> str:
        """How much there is: 35 features in 9 solutions, 8 in use."""
        listed = [one for one in self.catalogue.offerings if one.is_listed]
        text = ngettext(
            "%(count)d feature in %(solutions)d solutions, %(used)d in use",
            "%(count)d features in %(solutions)d solutions, %(used)d in use",
            len(listed),
        )
        solutions = len({one.solution.pk for one in listed})
        used = self.catalogue.in_use
        return text % {"count": len(listed), "solutions": solutions, "used": used}

    @property
    def closed_words(self) -> str:
        """How many take no new allocations."""
        count = self.filter.closed
        return ngettext("%(count)d closed feature", "%(count)d closed features", count) % {
            "count": count
        }

    @property
    def closed_url(self) -> str:
        """The list of those; nothing where there are none, or where they are shown."""
        is_shown = self.filter.kept("use") == CLOSED
        return (
            with_state(self.links.list, use=CLOSED) if self.filter.closed and not is_shown else ""
        )

    @property
    def said(self) -> str:
        """What the live region says after a filter or a sort."""
        count = len(self.table.rows)
        listed = ngettext("%(count)d feature listed.", "%(count)d features listed.", count)
        return f"{listed % {'count': count}} {self.table.sorted_by}".strip()

    @property
    def chips(self) -> list[tuple[str, str]]:
        """The filters in force, each with the address without it."""
        found = []
        for name in NAMES:
            if chosen := self.filter.kept(name):
                words = self.filter.names.get(name, {}).get(chosen, f"“{chosen}”")
                found.append((words, self.without(name)))
        return found

    def without(self, name: str) -> str:
        """The list with one filter less."""
        query = self.request.GET.copy()
        for gone in (name, "page"):
            query.pop(gone, None)
        return f"{self.links.list}?{query.urlencode()}" if query else self.links.list

    @property
    def kept_by_filter(self) -> list[tuple[str, str]]:
        """What else the address says, sent on with the filter."""
        query = self.request.GET
        return [(name, str(query[name])) for name in query if name not in (*NAMES, "page")]

    @property
    def redraws_filter(self) -> bool:
        """Whether a fragment brings the form as well: where something else changed the filter."""
        return is_fragment(self.request) and self.request.htmx.trigger != FILTER


@dataclass(frozen=True)
class DatedRate:
    """One rate and the days on which it is in force."""

    rate: FeatureRate
    until: datetime | None
    """The start of the next one."""
    state: str
    per: str
    example: str
    credits: int

    @property
    def is_current(self) -> bool:
        return self.state == "current"


class FeaturePage:
    """One feature of the catalogue, for its drawer."""

    def __init__(self, page: SolutionsPage, one: Offering) -> None:
        self.one = one
        self.row = page.row(one)
        self.close_url = page.links.list
        self._catalogue = page.catalogue

    @property
    def title(self) -> str:
        return self.one.feature.name

    @property
    def sentence(self) -> str:
        """Its solution and how it is counted."""
        return f"{self.one.solution.name} · {self.one.rate.get_model_display()}"

    @property
    def unit(self) -> str:
        return unit_sentence(self.one.rate)

    @property
    def rules(self) -> list[str]:
        return list(rules(self.one, self._catalogue))

    @cached_property
    def rates(self) -> list[DatedRate]:
        """Every rate, the latest first."""
        return list(reversed(list(self._dated())))

    def _dated(self) -> Iterator[DatedRate]:
        ends: list[Any] = [rate.at for rate in self.one.rates[1:]]
        for rate, until in zip(self.one.rates, [*ends, None], strict=True):
            words, credits = example_words(self.one, rate)
            state = "past"
            if rate.at > self.one.at:
                state = "coming"
            elif rate is self.one.current:
                state = "current"
            yield DatedRate(rate, until, state, per_words(rate), words, credits)

    @property
    def examples(self) -> list[DatedRate]:
        """What 100 units cost now, and at the rates to come."""
        return [dated for dated in reversed(self.rates) if dated.state != "past"]
