"""What the template of the time machine asks for."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from django.urls import reverse
from django.utils.translation import gettext as _

from billing.domain.annual.words import grouped
from billing.domain.time_machine import Shown, Then, present, shown, then
from billing.forms.time_machine import ShownForm, ThenForm
from billing.tables.forecast import FeatureLevelTable, LevelRow, LicenseLevelTable
from billing.web.links import Explain
from credits.models import Side
from credits.web.access import CustomerRequest

MACHINE = "machine"


class TimeMachinePage:
    """One request's question, answered: a figure then, or what Annual credits showed."""

    def __init__(self, request: CustomerRequest, *, now: datetime) -> None:
        self.request = request
        self.now = present(request.customer, now=now)
        self.then_form = ThenForm(request.GET, now=self.now)
        self.shown_form = ShownForm(request.GET, now=self.now)

    @property
    def is_wrong(self) -> bool:
        """Whether something asked cannot be answered."""
        return bool(self.then_form.errors or self.shown_form.errors)

    @cached_property
    def shown(self) -> Shown | None:
        """What the page showed, if that is asked."""
        form = self.shown_form
        asked = form.cleaned_data.get("shown") if form.is_valid() else None
        return shown(self.request.customer, asked) if asked else None

    @cached_property
    def then(self) -> Then:
        """The figures at both clocks; each is now unless the address says otherwise."""
        if self.shown is not None:
            return self.shown.then
        asked = self.then_form.cleaned_data if self.then_form.is_valid() else {}
        at, known = asked.get("at") or self.now, asked.get("known") or self.now
        return then(self.request.customer, at=at, known=known)

    @property
    def is_now(self) -> bool:
        return self.then.at == self.now == self.then.known

    @cached_property
    def explain(self) -> Explain:
        return Explain(self.request.customer, self.then.at, self.then.known)

    @property
    def links(self) -> dict[str, str]:
        """The rows behind the three figures."""
        return {side: self.explain(side) for side in ("balance", *Side.values)}

    @cached_property
    def licenses(self) -> LicenseLevelTable:
        """What each license gave."""
        slug = self.request.customer.slug
        rows = [
            LevelRow(
                name=level.license.label,
                credits=level.credits,
                url=reverse("billing:license-detail", args=[slug, level.license.public_id]),
                explain_url=self.explain(Side.VALID, license=str(level.license.public_id)),
                explain=_("Explain %(credits)s credits of %(name)s")
                % {"credits": grouped(level.credits), "name": level.license.label},
            )
            for level in self.then.licenses
        ]
        totals = {"credits": self.then.figure.valid}
        table = LicenseLevelTable(
            rows,
            totals=totals,
            total_urls={"credits": self.links[Side.VALID]},
            region=MACHINE,
            prefix="license-",
            caption=_("Valid by license"),
            about=self.about,
        )
        table.configure(self.request)
        return table

    @cached_property
    def features(self) -> FeatureLevelTable:
        """What each feature held."""
        rows = [
            LevelRow(
                name=level.feature.name,
                credits=level.credits,
                color=level.feature.group.solution.color,
                explain_url=self.explain(Side.ALLOCATED, feature=level.feature.key),
                explain=_("Explain %(credits)s credits allocated to %(name)s")
                % {"credits": grouped(level.credits), "name": level.feature.name},
            )
            for level in self.then.features
        ]
        totals = {"credits": self.then.figure.allocated}
        table = FeatureLevelTable(
            rows,
            totals=totals,
            total_urls={"credits": self.links[Side.ALLOCATED]},
            region=MACHINE,
            prefix="feature-",
            caption=_("Allocated by feature"),
            about=self.about,
        )
        table.configure(self.request)
        return table

    @property
    def about(self) -> list[tuple[str, datetime]]:
        """Both clocks, for a file."""
        return [(_("The figures at"), self.then.at), (_("As known at"), self.then.known)]

    @property
    def told(self) -> str:
        """What the live region says once the answer has changed."""
        if self.is_wrong:
            return ""
        return _("Balance then: %(credits)s.") % {"credits": grouped(self.then.figure.balance)}
