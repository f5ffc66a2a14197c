"""Whether this process can serve: asked by the launcher, by load balancers and by watchdogs."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from credits import clock
from credits.domain.boundaries import missed, newest_boundary
from credits.web.access import public_view


@require_safe
@public_view(reason="A load balancer has no account; it learns one word.")
@never_cache
def health(request: HttpRequest) -> JsonResponse:
    """503 while the database does not answer, else 200, also where a publication is late.

    No page is wrong because a job is late, so a late hour takes no process out of service; a
    watchdog reads it here, from what was closed and not from whether a worker runs.
    """
    try:
        newest = newest_boundary()
    except DatabaseError:
        return JsonResponse({"status": "the database does not answer"}, status=503)
    return JsonResponse({"status": "ok", "publication": publication(newest, clock.now())})


def publication(newest: datetime | None, now: datetime) -> str:
    """On time, or late: an hour is due and not closed 75 minutes after the one before was."""
    if newest is None:
        return "none yet"
    if missed(newest, now):
        return f"late: through {newest.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return "on time"
