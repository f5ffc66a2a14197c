"""How often people without an account may ask, counted without knowing who they are.

One row an address and hour, in the database because several processes serve the page; the address
stands in it only as a keyed digest that changes with the hour (docs/rules.md#visitors).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils.crypto import salted_hmac
from django.utils.translation import ngettext

from credits import clock
from credits.domain.door import network_of
from credits.exceptions import CreditsError
from estimator.models import VisitorCount

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
DIGITS = 32

COUNT = """
    INSERT INTO estimator_visitorcount AS kept (place, hour, minute, in_hour, in_minute)
    VALUES (%s, %s, %s, 1, 1)
    ON CONFLICT (place) DO UPDATE SET
        in_hour = kept.in_hour + 1,
        in_minute = CASE WHEN kept.minute = excluded.minute THEN kept.in_minute + 1 ELSE 1 END,
        minute = excluded.minute
    RETURNING in_hour, in_minute
"""


class TooManyVisits(CreditsError):
    """An address asked more often than a person does; `seconds` is how long to wait."""

    code = "too-many-visits"

    def __init__(self, message: str, *, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds


def count_visit(address: str | None) -> None:
    """Count one request, in one statement. Raises TooManyVisits for one above the limits."""
    now = clock.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [place_of(address, hour), hour, now.minute])
        in_hour, in_minute = cursor.fetchone()
    if in_hour > settings.VISITOR_REQUESTS_AN_HOUR:
        raise refused(hour + HOUR - now)
    if in_minute > settings.VISITOR_REQUESTS_A_MINUTE:
        raise refused(now.replace(second=0, microsecond=0) + MINUTE - now)


def place_of(address: str | None, hour: datetime) -> str:
    """The digest under which an address is counted in an hour; of IPv6, a household's network."""
    network = network_of(address)
    whole = network[0] if network else f"{address}"
    return salted_hmac("estimator.visits", f"{hour:%Y-%m-%dT%H}/{whole}").hexdigest()[:DIGITS]


def refused(wait: timedelta) -> TooManyVisits:
    """The refusal of one request, with how long to wait in words."""
    seconds = max(1, -(-wait // timedelta(seconds=1)))
    minutes = -(-seconds // 60)
    sentence = ngettext(
        "More was asked from your address than one person types. What you typed is still here: "
        "go on in %(minutes)d minute.",
        "More was asked from your address than one person types. What you typed is still here: "
        "go on in %(minutes)d minutes.",
        minutes,
    )
    return TooManyVisits(sentence % {"minutes": minutes}, seconds=seconds)


def forget_visits(as_of: datetime) -> dict[str, int]:
    """Remove the counts of hours that are over; a job's work (docs/rules.md#r24)."""
    removed, _by_model = VisitorCount.objects.filter(hour__lte=as_of - HOUR).delete()
    return {"counts": removed}
