"""What the template of the forecast asks for, made when it asks for it."""

from __future__ import annotations

from functools import cached_property

from django.urls import reverse
from django.utils.translation import gettext as _

from billing.domain.annual.words import grouped
from billing.domain.forecast import DayEnd, Forecast, Holding
from billing.forms.forecast import DayForm
from billing.tables.forecast import ForecastTable, LineRow
from billing.web.forecast_chart import chart
from billing.web.links import Explain, machine_url
from credits import clock
from credits.domain.people import Right
from credits.models import Side
from credits.web import svg
from credits.web.access import CustomerRequest
from credits.web.links import request_url

TABLE = "happenings"
ANSWER = "answer"
LISTED = 20
"""Features that are listed each by itself; more are counted."""


class ForecastPage:
    """One request's view of a forecast."""

    def __init__(self, request: CustomerRequest, forecast: Forecast) -> None:
        self.request = request
        self.forecast = forecast
        self.form = DayForm(request.GET, today=forecast.today)
        self.explain = Explain.of(request.customer, forecast.position)

    @property
    def links(self) -> dict[str, str]:
        """The rows behind the live figures, the first shortage and what ends it."""
        at, recovery = self.forecast.short_at, self.forecast.recovery
        return {
            "balance": self.explain("balance"),
            "valid": self.explain(Side.VALID),
            "allocated": self.explain(Side.ALLOCATED),
            "ahead": self.explain("balance", at=at) if at else "",
            "recovery": self.explain("balance", at=recovery.at) if recovery else "",
        }

    @cached_property
    def helps(self) -> list[tuple[str, str]]:
        """What helps against a shortage, for those who may do it: words and address."""
        slug, short = {"slug": self.request.customer.slug}, -self.forecast.outlook.balance
        found = []
        if Right.ENTER_PURCHASES in self.request.rights:
            url = reverse("billing:purchase-new", kwargs=slug)
            found.append((_("Enter a purchase"), f"{url}?credits={short}"))
        elif Right.ESTIMATE in self.request.rights:
            url = reverse("estimator:estimate-new", kwargs=slug)
            found.append((_("Estimate what to buy"), url))
        if Right.REQUEST_CREDITS in self.request.rights:
            found.append((_("Request credits"), request_url(self.request.customer, short)))
        if Right.ALLOCATE in self.request.rights:
            url = reverse("credits:allocation-list", kwargs=slug)
            found.append((_("Release credits"), f"{url}?use=yes"))
            found.append((_("Move credits"), reverse("credits:allocation-move", kwargs=slug)))
        return found

    @cached_property
    def answer(self) -> DayEnd | None:
        """The figures on the day that was asked about."""
        return self.forecast.at_end_of(self.form.day) if self.form.day else None

    @property
    def answer_links(self) -> dict[str, str]:
        """The rows behind the answer."""
        if self.answer is None:
            return {}
        sides = ("balance", Side.VALID.value, Side.ALLOCATED.value)
        return {side: self.explain(side, at=self.answer.at) for side in sides}

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What else the address says, sent on with the question."""
        names = ("page", "per_page")
        return [(n, str(self.request.GET[n])) for n in names if n in self.request.GET]

    # What holds credits when they are first short.

    @property
    def touched(self) -> list[Holding]:
        """The largest of them."""
        return self.forecast.touched[:LISTED]

    @property
    def untold(self) -> list[Holding]:
        """The others, which are only counted."""
        return self.forecast.touched[LISTED:]

    @property
    def untold_credits(self) -> int:
        """What the others hold together."""
        return sum(holding.credits for holding in self.untold)

    @property
    def touched_url(self) -> str:
        """All of them, in the time machine."""
        at = self.forecast.short_at
        is_now = at is None or at == self.forecast.position.at
        return machine_url(self.request.customer, at=None if is_now else at)

    @cached_property
    def chart(self) -> svg.StepChart:
        return chart(self.forecast)

    @cached_property
    def table(self) -> ForecastTable:
        short_at = self.forecast.short_at
        today = self.forecast.today
        rows = [
            LineRow(
                line,
                explain_url=self.explain("balance", at=line.at),
                valid_url=self.explain(Side.VALID, at=line.at),
                allocated_url=self.explain(Side.ALLOCATED, at=line.at),
                is_first_short=line.at == short_at,
                days_ahead=(clock.day_of(line.at) - today).days,
            )
            for line in self.forecast.lines
        ]
        about = [(_("As known at"), self.forecast.position.known)]
        caption = _("What is known to happen")
        table = ForecastTable(rows, region=TABLE, caption=caption, about=about)
        table.configure(self.request)
        return table

    def told(self, region: str) -> str:
        """What the live region says of a part that has changed."""
        if region == TABLE:
            return self.table.sorted_by
        if region != ANSWER or self.answer is None:
            return ""
        return _("Balance on that day: %(credits)s.") % {
            "credits": grouped(self.answer.figure.balance)
        }
