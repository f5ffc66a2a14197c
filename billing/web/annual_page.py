"""What the templates of Annual credits ask for, made when they ask for it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.domain.annual import DEFAULT_SPAN, SPANS, AnnualCredits, Course, Point
from billing.forms.features import ALL, FeatureFilter
from billing.tables.features import FeatureRow, FeatureTable
from billing.tables.shown_purchases import ShownPurchaseTable
from billing.web import annual_charts as charts
from billing.web.context import Freshness
from billing.web.links import Explain, instant_text
from credits.domain.people import Right
from credits.domain.sources import Reporting, reporting
from credits.models import Side
from credits.web import svg
from credits.web.access import CustomerRequest
from credits.web.htmx import is_fragment

SPAN_NAMES = {
    "3m": (gettext_lazy("3 m"), gettext_lazy("3 months back and ahead")),
    "6m": (gettext_lazy("6 m"), gettext_lazy("6 months back and ahead")),
    "1y": (gettext_lazy("1 y"), gettext_lazy("1 year back and ahead")),
    "3y": (gettext_lazy("3 y"), gettext_lazy("3 years back and ahead")),
}
TABLE = "table"
FILTER = "features-filter"


class AnnualPage:
    """One request's view of Annual credits."""

    def __init__(self, request: CustomerRequest, credits: AnnualCredits) -> None:
        self.request = request
        self.credits = credits
        self.explain = Explain.of(request.customer, credits.position)
        self.boundary = instant_text(credits.position.at)

    @cached_property
    def freshness(self) -> Freshness:
        """How old the figures are, and whether an update was missed."""
        return Freshness(self.credits.now, self.credits.standing.boundary)

    # Where the figures lead.

    @cached_property
    def links(self) -> dict[str, str]:
        """The rows behind the three figures, and behind the first shortage."""
        outlook = self.credits.outlook
        return {
            "balance": self.explain("balance"),
            "valid": self.explain(Side.VALID),
            "allocated": self.explain(Side.ALLOCATED),
            "ahead": self.explain("balance", at=outlook.at) if outlook.at else "",
        }

    @property
    def rows_export_url(self) -> str:
        """Every row behind the balance, as a file."""
        path = reverse("billing:explain-csv", args=[self.request.customer.slug])
        return f"{path}?{self.links['balance'].partition('?')[2]}"

    @cached_property
    def silent(self) -> list[Reporting]:
        """The systems that have been silent for too long, live: their figures may be old."""
        found = reporting(self.request.customer).values()
        return [source for source in found if source.is_stale(self.credits.now)]

    @property
    def may_allocate(self) -> bool:
        return Right.ALLOCATE in self.request.rights

    @property
    def first_step(self) -> tuple[str, str]:
        """The one thing to do where nothing was bought yet: words and address, if any."""
        slug = {"slug": self.request.customer.slug}
        if Right.ENTER_PURCHASES in self.request.rights:
            return _("Enter a purchase"), reverse("billing:purchase-new", kwargs=slug)
        if Right.ESTIMATE in self.request.rights:
            return _("Estimate what you need"), reverse("estimator:estimate-new", kwargs=slug)
        return "", ""

    @cached_property
    def helps(self) -> list[tuple[str, str]]:
        """What helps against a shortage, for those who may do it: words and address."""
        slug = {"slug": self.request.customer.slug}
        short = -self.credits.outlook.balance
        found = []
        if Right.ENTER_PURCHASES in self.request.rights:
            url = reverse("billing:purchase-new", kwargs=slug)
            found.append((_("Enter a purchase"), f"{url}?credits={short}"))
        elif Right.ESTIMATE in self.request.rights:
            found.append(
                (_("Estimate what to buy"), reverse("estimator:estimate-new", kwargs=slug))
            )
        if self.may_allocate:
            url = reverse("credits:allocation-list", kwargs=slug)
            found.append((_("Release credits"), f"{url}?use=yes"))
        return found

    # The drawings.

    @cached_property
    def parts(self) -> list[svg.Part]:
        return charts.parts(self.credits, self.explain)

    @cached_property
    def bar(self) -> svg.CapacityBar:
        return charts.capacity(self.credits, self.parts)

    @cached_property
    def donut(self) -> svg.Donut:
        return charts.ring(self.credits, self.parts)

    @cached_property
    def timelines(self) -> list[svg.Timeline]:
        return charts.timelines(self.credits, self.explain)

    @property
    def license_counts(self) -> str:
        """3 valid, 1 later, 2 ended."""
        valid = len(self.credits.valid_licenses)
        later = len(self.credits.licenses) - valid
        counts = [
            (valid, _("%(count)s valid")),
            (later, _("%(count)s later")),
            (self.credits.ended_licenses, _("%(count)s ended")),
        ]
        return ", ".join(text % {"count": count} for count, text in counts if count)

    # History and what is known ahead.

    @property
    def span(self) -> str:
        wanted = self.request.GET.get("range", DEFAULT_SPAN)
        return wanted if wanted in SPANS else DEFAULT_SPAN

    @property
    def span_name(self) -> str:
        return str(SPAN_NAMES[self.span][1])

    @property
    def shows_table(self) -> bool:
        return self.request.GET.get("history") == TABLE

    @cached_property
    def course(self) -> Course:
        return self.credits.course(self.span)

    @property
    def points(self) -> list[Point]:
        """The table's lines, newest first."""
        return list(reversed(self.course.points))

    @cached_property
    def chart(self) -> svg.StepChart:
        return charts.steps(self.credits, self.course)

    @property
    def spans(self) -> list[dict[str, Any]]:
        """The ranges one may choose."""
        return [
            {
                "short": short,
                "long": long,
                "url": self.with_query(range="" if key == DEFAULT_SPAN else key),
                "current": key == self.span,
            }
            for key, (short, long) in SPAN_NAMES.items()
        ]

    @property
    def other_view_url(self) -> str:
        """From the chart to its table and back."""
        return self.with_query(history="" if self.shows_table else TABLE)

    # Features that need credits.

    @cached_property
    def filter(self) -> FeatureFilter:
        return FeatureFilter(self.request.GET, self.credits.features)

    @cached_property
    def table(self) -> FeatureTable:
        lines = self.filter.matching()
        slug = self.request.customer.slug
        rows = [
            FeatureRow(
                line,
                explain_url=self.explain(Side.ALLOCATED, feature=line.feature.key),
                allocate_url=reverse("credits:allocation-edit", args=[slug, line.feature.group.key])
                if self.may_allocate
                else "",
            )
            for line in lines
        ]
        totals = {"credits": sum(line.credits for line in lines)}
        caption = _("Features that need credits")
        table = FeatureTable(rows, totals=totals, region="features", caption=caption)
        table.configure(self.request)
        return table

    # Purchase history.

    @cached_property
    def purchases(self) -> ShownPurchaseTable:
        """What was bought, as known at the boundary."""
        lines = self.credits.purchases
        table = ShownPurchaseTable(
            lines,
            now=self.credits.position.at,
            totals={"credits": sum(line.credits for line in lines)},
            region="purchases",
            prefix="bought-",
            caption=_("Purchase history"),
        )
        table.configure(self.request)
        return table

    # The filters of the features.

    @property
    def chips(self) -> list[tuple[str, str]]:
        """The filters in force, each with the address without it."""
        found = []
        if self.filter.only_in_use:
            found.append((_("In use"), self.with_query(use=ALL)))
        for name in ("solution", "model"):
            if chosen := self.filter.kept(name):
                found.append((self.filter.names[name][chosen], self.with_query(**{name: ""})))
        if words := self.filter.kept("q"):
            found.append((f"“{words}”", self.with_query(q="")))
        return found

    @property
    def kept_by_filter(self) -> list[tuple[str, str]]:
        """What else the address says, sent on with the filter."""
        typed = {"q", "solution", "model", "page"}
        query = self.request.GET
        return [(name, str(query[name])) for name in query if name not in typed]

    @property
    def redraws_filter(self) -> bool:
        """Whether a fragment brings the form as well: where something else changed the filter."""
        return is_fragment(self.request) and self.request.htmx.trigger != FILTER

    @property
    def only_in_use_url(self) -> str:
        """Back to what is in use, where everything is listed."""
        if self.filter.only_in_use or not self.credits.in_use:
            return ""
        return self.with_query(use="")

    @property
    def features_export_url(self) -> str:
        """The filtered list as a file."""
        url = reverse("billing:annual-features-csv", args=[self.request.customer.slug])
        return self.with_query(url)

    def with_query(self, path: str = "", **changes: str) -> str:
        """The page's address with some of its query changed; a page number never outlives it."""
        query = self.request.GET.copy()
        for name, value in {"page": "", **changes}.items():
            query.pop(name, None)
            if value:
                query[name] = value
        return f"{path or self.request.path}{'?' if query else ''}{safe(query)}"


def safe(query: QueryDict) -> str:
    """A query string."""
    return query.urlencode(safe=":")
