"""A forecast as a calendar file (RFC 5545): whole-day events that keep their names."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from uuid import uuid5

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from billing.domain.annual.words import grouped, signed
from billing.domain.forecast import Forecast, Happening, Line
from credits import clock
from credits.models import Customer

LONGEST = 75
"""Bytes of a line; a longer one is folded."""


def calendar(forecast: Forecast) -> str:
    """The file: one event for each thing that happens, lines ended by CRLF."""
    return "".join(f"{folded(line)}\r\n" for line in lines(forecast))


def lines(forecast: Forecast) -> Iterator[str]:
    """The file's lines before they are folded."""
    customer = forecast.customer
    name = _("%(name)s: credits") % {"name": customer.name}
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Credits & Billing//Forecast//EN")
    yield from ("CALSCALE:GREGORIAN", "METHOD:PUBLISH", f"X-WR-CALNAME:{escaped(name)}")
    for line in forecast.lines:
        for happening in line.happenings:
            yield from event(customer, line, happening, forecast.position.known)
    yield "END:VCALENDAR"


def event(customer: Customer, line: Line, happening: Happening, stamped: datetime) -> Iterator[str]:
    """One event on its UTC day. Its name stays the same when a license's end is moved."""
    day = clock.day_of(line.at)
    summary = f"{customer.name}: {happening.sentence}"
    page = reverse("billing:forecast", args=[customer.slug])
    yield "BEGIN:VEVENT"
    yield f"UID:{uuid5(customer.public_id, happening.key)}"
    yield f"DTSTAMP:{stamped.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    yield f"DTSTART;VALUE=DATE:{compact(day)}"
    yield f"DTEND;VALUE=DATE:{compact(day + clock.DAY)}"
    yield f"SUMMARY:{escaped(summary)}"
    yield f"DESCRIPTION:{escaped(description(line, happening))}"
    yield f"URL:{settings.PORTAL_URL}{page}"
    yield from ("TRANSP:TRANSPARENT", "END:VEVENT")


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


def compact(day: date) -> str:
    """20270401."""
    return day.isoformat().replace("-", "")


def escaped(text: str) -> str:
    """A text value: backslash, semicolon, comma and line ends escaped, other controls left out."""
    for char in ("\\", ";", ","):
        text = text.replace(char, f"\\{char}")
    shown = "".join(char for char in text if char == "\n" or char.isprintable())
    return shown.replace("\n", "\\n")


def folded(line: str) -> str:
    """A line of at most 75 bytes, continued on lines that begin with a space."""
    pieces, size = [""], 0
    for char in line:
        width = len(char.encode())
        if size + width > LONGEST:
            pieces.append(" ")
            size = 1
        pieces[-1] += char
        size += width
    return "\r\n".join(pieces)
