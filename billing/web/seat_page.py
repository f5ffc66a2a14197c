"""What the templates of seat licenses ask for: the arithmetic, and what it does to the balance."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.dateformat import format as date_text
from django.utils.translation import gettext as _

from billing.domain.conversion.listing import SeatRow
from billing.domain.conversion.rates import products
from billing.domain.conversion.seats import Conversion, Seats, conversion_of
from billing.domain.order_effect import Effect, effect_of
from billing.domain.orders import LineOrder
from billing.forms.fields import DayField
from billing.forms.seats import UnitsField
from billing.models import ConversionRate, Entitlement, EntitlementTerm
from billing.web.links import Explain
from credits.domain.figures import Position
from credits.domain.terms import term
from credits.exceptions import CreditsError
from credits.models import Customer
from credits.tables.effects import EffectRow
from credits.templatetags.figures import DAY, credits_text, grouped, last_day_text


class SeatEffect:
    """What a seat license converts to, and the balance without it and with it."""

    def __init__(
        self, customer: Customer, position: Position, seats: Seats | None, *, is_shut: bool = False
    ) -> None:
        self.customer = customer
        self.position = position
        self.seats = seats
        self.is_shut = is_shut
        """Whether the person may open no rows, because access has ended."""

    @cached_property
    def conversion(self) -> Conversion | None:
        """The arithmetic; None while what was typed has none."""
        try:
            return conversion_of(self.seats) if self.seats else None
        except CreditsError:
            return None

    @property
    def arithmetic(self) -> str:
        """400 endpoints and servers × 20 = 8,000 credits."""
        found = self.conversion
        if found is None:
            return ""
        return _("%(units)s × %(rate)s = %(credits)s credits") % {
            "units": units_text(found.rate, found.units),
            "rate": rate_text(found.rate),
            "credits": credits_text(found.credits),
        }

    @property
    def rate_day(self) -> str:
        """The first day of the rate."""
        return date_text(self.conversion.rate.valid_from, DAY) if self.conversion else ""

    @property
    def last_day(self) -> str:
        """The last day on which the credits are usable."""
        return date_text(self.seats.last_day, DAY) if self.seats else ""

    @cached_property
    def effect(self) -> Effect | None:
        """The known course with the credits."""
        if self.conversion is None or self.seats is None:
            return None
        line = LineOrder(
            credits=self.conversion.credits,
            first_day=self.seats.first_day,
            last_day=self.seats.last_day,
        )
        return effect_of({0: line}, self.position, [])

    @property
    def rows(self) -> list[EffectRow]:
        """The balance when it begins, and once it has ended."""
        if self.conversion is None or self.seats is None:
            return []
        starts_at, ends_at = term(self.seats.first_day, self.seats.last_day)
        now = self.position.at
        found = []
        if ends_at > now:
            found.append(self.row(max(starts_at, now), self.conversion.credits))
        found.append(self.row(max(ends_at, now), 0))
        return found

    def row(self, at: Any, credits: int) -> EffectRow:
        """The balance at an instant, and with so many credits more."""
        before = self.position.figure_at(at).balance
        explain = Explain.of(self.customer, self.position)
        return EffectRow(
            label=_("Balance"),
            before=before,
            after=before + credits,
            detail=_("today") if at == self.position.at else date_text(at, DAY),
            total=bool(credits),
            before_url="" if self.is_shut else explain("balance", at=at),
        )

    @property
    def outlook(self) -> str:
        """Whether credits are short with it, and from when; also what a live region says."""
        effect = self.effect
        if effect is None:
            return _("Enter product, units and days to see what they become.")
        if effect.short_now:
            return _("The balance stays short today.")
        if effect.short is not None:
            words = {"day": date_text(effect.short.at, DAY), "credits": f"{-effect.short.after:,}"}
            return _("Still %(credits)s short from %(day)s.") % words
        if effect.covered_until is not None:
            return _("Not short before %(day)s.") % {"day": last_day_text(effect.covered_until)}
        return _("Not short on any known date.")


def typed_seats(data: Mapping[str, Any]) -> Seats | None:
    """What was typed so far, once product, units and days read; nothing is judged."""
    units = UnitsField(required=False).read(str(data.get("units") or "").strip())
    days = [
        DayField(required=False).read(str(data.get(name) or "").strip())
        for name in ("first_day", "last_day")
    ]
    known = {rate.product for rate in products()}
    product = str(data.get("product") or "")
    if product not in known or units is None or days[0] is None or days[1] is None:
        return None
    return Seats(
        product=product,
        units=units,
        first_day=days[0],
        last_day=days[1],
        kind=str(data.get("kind") or "full"),
        unusual_confirmed=True,
    )


def prefilled(seats: Seats) -> dict[str, Any]:
    """A seat license as its form is filled in with."""
    return {
        "product": seats.product,
        "units": f"{seats.units:,}",
        "kind": seats.kind,
        "first_day": seats.first_day.isoformat(),
        "last_day": seats.last_day.isoformat(),
    }


def units_text(rate: ConversionRate, units: int) -> str:
    """400 endpoints and servers."""
    return f"{grouped(units)} {rate.unit if units == 1 else rate.unit_plural}"


def rate_text(rate: ConversionRate) -> str:
    """A rate without needless zeros: 20, 25,000, 0.5."""
    return f"{rate.credits.normalize():,f}"


def row_arithmetic(row: SeatRow) -> str:
    """400 endpoints and servers × 20 = 8,000 at the rate from 1 Jan 2020."""
    if row.rate is None:
        return ""
    return _("%(units)s × %(rate)s = %(credits)s at the rate from %(day)s") % {
        "units": units_text(row.rate, row.units),
        "rate": rate_text(row.rate),
        "credits": credits_text(row.converted),
        "day": date_text(row.rate.valid_from, DAY),
    }


def told(made: EntitlementTerm) -> str:
    """What is said once a seat license is converted."""
    return _("%(number)s is converted: %(credits)s credits, license %(license)s.") % {
        "number": made.entitlement.label,
        "credits": credits_text(made.license.credits),
        "license": made.license.label,
    }


def license_url(made: EntitlementTerm) -> str:
    """The page of the license that a term became."""
    kwargs = {"slug": made.license.customer.slug, "public_id": made.license.public_id}
    return reverse("billing:license-detail", kwargs=kwargs)


def entitlement_named(customer: Customer, public_id: str) -> Entitlement | None:
    """A customer's seat license by its public id, as an address or a form names it."""
    try:
        named = UUID(public_id)
    except ValueError:
        return None
    return Entitlement.objects.filter(customer=customer, public_id=named).first()
