"""What the templates of Annual credits ask for, made when they ask for it."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.domain.annual import AnnualCredits
from billing.forms.features import ALL, FeatureFilter
from billing.tables.features import FeatureRow, FeatureTable
from billing.tables.shown_purchases import ShownPurchaseTable
from billing.web import annual_charts as charts
from billing.web.annual_history import History
from billing.web.annual_moments import Moment, moments
from billing.web.context import Freshness
from billing.web.links import Explain, instant_text
from credits.domain.people import Right
from credits.domain.sources import Reporting
from credits.models import Side
from credits.web import svg
from credits.web.access import CustomerRequest
from credits.web.htmx import is_fragment
from credits.web.links import request_url

FILTER = "features-filter"


class AnnualPage:
    """One request's view of Annual credits."""

    def __init__(self, request: CustomerRequest, credits: AnnualCredits) -> None:
        self.request = request
        self.credits = credits
        self.explain = Explain.of(request.customer, credits.position)
        self.boundary = instant_text(credits.position.at)

    @property
    def explain_live(self) -> Explain:
        """The rows behind figures that are not shown yet."""
        return Explain.of(self.request.customer, self.credits.live)

    @cached_property
    def freshness(self) -> Freshness:
        """How old the figures are, and whether an update was missed."""
        return Freshness(self.credits.now, self.credits.standing.boundary)

    @property
    def poll_url(self) -> str:
        """Where the page asks whether newer figures were published."""
        return reverse("billing:freshness", args=[self.request.customer.slug])

    @cached_property
    def moments(self) -> list[Moment]:
        """The instants of the "as of" menu."""
        return moments(self.request.customer, self.credits.position.at)

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
    def silent(self) -> list[Reporting]:
        """The systems that have been silent for too long, live: their figures may be old."""
        return self.credits.silent

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
        if Right.REQUEST_CREDITS in self.request.rights:
            found.append((_("Request credits"), request_url(self.request.customer, short)))
        if self.may_allocate:
            url = reverse("credits:allocation-list", kwargs=slug)
            found.append((_("Release credits"), f"{url}?use=yes"))
            found.append((_("Move credits"), reverse("credits:allocation-move", kwargs=slug)))
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

    @property
    def shows_all_licenses(self) -> bool:
        """Whether also those are drawn that are not among the next to end."""
        return self.request.GET.get("licenses") == ALL

    @cached_property
    def timeline(self) -> svg.Timeline | None:
        count = len(self.credits.licenses)
        most = count if self.shows_all_licenses else charts.LANES
        return charts.timeline(self.credits, self.explain, most)

    @property
    def folded_licenses(self) -> int:
        """How many licenses can be folded away, or are."""
        return max(0, len(self.credits.licenses) - charts.LANES)

    @property
    def other_licenses_url(self) -> str:
        """From the next to end to all of them and back."""
        return self.with_query(licenses="" if self.shows_all_licenses else ALL)

    @property
    def licenses_listed(self) -> str:
        """What the live region says of the licenses."""
        count = len(self.timeline.lanes) if self.timeline else 0
        listed = ngettext("%(count)s license listed.", "%(count)s licenses listed.", count)
        return listed % {"count": count}

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

    @cached_property
    def history(self) -> History:
        """Valid and allocated over time, and what is known ahead."""
        return History(self.request, self.credits, self.with_query)

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
        table = FeatureTable(
            rows,
            totals=totals,
            total_urls={"credits": self.sum_url},
            region="features",
            caption=caption,
            about=self.about,
        )
        table.configure(self.request)
        return table

    @property
    def sum_url(self) -> str:
        """The rows behind the sum of the table: of everything, or of one solution.

        A sum over any other choice of features is that of the figures above it.
        """
        chosen = self.filter.kept("solution")
        if self.filter.kept("q") or self.filter.kept("model"):
            return ""
        if not chosen:
            return self.explain(Side.ALLOCATED)
        return self.explain(Side.ALLOCATED, solution=chosen)

    @property
    def about(self) -> list[tuple[str, datetime]]:
        """Through which instant the figures of a file are, and as known when."""
        position = self.credits.position
        return [(_("Figures through"), position.at), (_("As known at"), position.known)]

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
            about=self.about,
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
