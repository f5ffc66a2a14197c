"""Calendar files (RFC 5545): whole-day events that keep their names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import uuid5

from credits import clock
from credits.domain.links import portal_url
from credits.models import Customer

LONGEST = 75
"""Bytes of a line; a longer one is folded."""


@dataclass(frozen=True)
class Event:
    """One thing on one UTC day."""

    key: str
    """Names it within its customer for as long as it is known, whatever else changes."""
    day: date
    summary: str
    description: str
    path: str
    """The page inside the portal where more is to be seen."""


def end_key(license: object) -> str:
    """The key of a license's end, by the license's public id: the same in every file."""
    return f"{license}:ends"


def calendar_text(customer: Customer, name: str, events: Iterable[Event], stamped: datetime) -> str:
    """The file as of an instant, lines ended by CRLF."""
    return "".join(f"{folded(line)}\r\n" for line in lines(customer, name, events, stamped))


def lines(
    customer: Customer, name: str, events: Iterable[Event], stamped: datetime
) -> Iterator[str]:
    """The file's lines before they are folded."""
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Credits & Billing//Forecast//EN")
    yield from ("CALSCALE:GREGORIAN", "METHOD:PUBLISH", f"X-WR-CALNAME:{escaped(name)}")
    for event in events:
        yield from event_lines(customer, event, stamped)
    yield "END:VCALENDAR"


def event_lines(customer: Customer, event: Event, stamped: datetime) -> Iterator[str]:
    """One event on its UTC day."""
    yield "BEGIN:VEVENT"
    yield f"UID:{uuid5(customer.public_id, event.key)}"
    yield f"DTSTAMP:{stamped.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    yield f"DTSTART;VALUE=DATE:{compact(event.day)}"
    yield f"DTEND;VALUE=DATE:{compact(event.day + clock.DAY)}"
    yield f"SUMMARY:{escaped(event.summary)}"
    yield f"DESCRIPTION:{escaped(event.description)}"
    yield f"URL:{portal_url(event.path)}"
    yield from ("TRANSP:TRANSPARENT", "END:VEVENT")


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
