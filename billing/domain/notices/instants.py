"""Instants in the words of a notice: in UTC, and in the reader's zone beside it."""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils import timezone
from django.utils.dateformat import format as date_text
from django.utils.translation import gettext as _

from credits.domain.activity_words import day_text, last_day_text, moment_text

MOMENT = "j M Y, H:i"


def instant_of(stored: str) -> datetime:
    """An instant as facts carry it, in UTC."""
    return datetime.fromisoformat(stored).astimezone(UTC)


def both_clocks(at: datetime) -> str:
    """1 Apr 2027, 00:00 UTC (02:00 CEST): once where the reader's clock shows the same."""
    own = timezone.localtime(at)
    if not own.utcoffset():
        return moment_text(at)
    is_same_day = own.date() == at.astimezone(UTC).date()
    return _("%(utc)s (%(own)s %(zone)s)") % {
        "utc": moment_text(at),
        "own": date_text(own, "H:i" if is_same_day else MOMENT),
        "zone": own.tzname(),
    }


def last_moment(ends_at: datetime) -> str:
    """31 Mar 2027, end of day UTC (1 Apr 2027, 02:00 CEST)."""
    day = _("%(day)s, end of day UTC") % {"day": last_day_text(ends_at)}
    own = timezone.localtime(ends_at)
    if not own.utcoffset():
        return day
    return _("%(day)s (%(own)s %(zone)s)") % {
        "day": day,
        "own": date_text(own, MOMENT),
        "zone": own.tzname(),
    }


__all__ = ["both_clocks", "day_text", "instant_of", "last_day_text", "last_moment"]
