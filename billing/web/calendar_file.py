"""A forecast as a calendar file: one event for each thing that is known to happen."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from billing.domain.annual.words import grouped, signed
from billing.domain.calendar_text import Event, calendar_text
from billing.domain.forecast import Forecast, Happening, Line
from credits import clock


def calendar(forecast: Forecast) -> str:
    """The file of a customer's forecast."""
    customer = forecast.customer
    name = _("%(name)s: credits") % {"name": customer.name}
    return calendar_text(customer, name, events(forecast), forecast.position.known)


def events(forecast: Forecast) -> Iterator[Event]:
    """What happens, each on its day. A name stays the same when a license's end is moved."""
    page = reverse("billing:forecast", args=[forecast.customer.slug])
    for line in forecast.lines:
        for happening in line.happenings:
            yield Event(
                key=happening.key,
                day=clock.day_of(line.at),
                summary=f"{forecast.customer.name}: {happening.sentence}",
                description=description(line, happening),
                path=page,
            )


def description(line: Line, happening: Happening) -> str:
    """What it changes, and the figures once all of that day has happened."""
    figure = line.figure
    return _(
        "From 00:00 UTC. Change of the balance: %(effect)s credits.\n"
        "After that day's changes: %(valid)s valid, %(allocated)s allocated, balance %(balance)s."
    ) % {
        "effect": signed(happening.effect),
        "valid": grouped(figure.valid),
        "allocated": grouped(figure.allocated),
        "balance": grouped(figure.balance),
    }
