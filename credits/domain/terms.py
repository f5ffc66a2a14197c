"""The calendar of terms: first day and length in, half-open UTC instants out."""

from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta

from credits import clock
from credits.exceptions import InvalidCommand

FIRST_YEAR, LAST_YEAR = 2000, 2100
"""Days outside these years are typing errors, not terms."""

YEAR = 12
"""The usual length of a term, in months."""


def last_day(first_day: date, months: int) -> date:
    """The last day of a term: the anniversary of its first day minus one.

    Where the anniversary does not exist, the last day of that month (docs/rules.md, term):
    12 months from 1 Apr 2027 end on 31 Mar 2028, from 29 Feb 2028 on 28 Feb 2029.
    """
    year, month = divmod(first_day.year * 12 + first_day.month - 1 + months, 12)
    month += 1
    days = calendar.monthrange(year, month)[1]
    if first_day.day > days:
        return date(year, month, days)
    return date(year, month, first_day.day) - timedelta(days=1)


def term(first_day: date, last: date) -> tuple[datetime, datetime]:
    """The instants of a term whose last day is usable to its end: [start, end).

    Raises InvalidCommand if the last day comes before the first or a year is out of range.
    """
    for name, day in (("starts", first_day), ("ends", last)):
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise InvalidCommand(
                f"A term lies between {FIRST_YEAR} and {LAST_YEAR}. You entered {day:%Y-%m-%d}.",
                field=name,
            )
    if last < first_day:
        raise InvalidCommand("The last day must not be before the first day.", field="ends")
    return clock.start_of(first_day), clock.start_of(last + timedelta(days=1))
