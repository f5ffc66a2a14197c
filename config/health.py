"""Whether this process can serve: asked by the launcher, by load balancers and by watchdogs."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from credits import clock
from credits.domain.boundaries import missed, newest_boundary
from credits.domain.job_states import job_states
from credits.domain.mail_state import is_mail_late
from credits.web.access import public_view


@require_safe
@public_view(reason="A load balancer has no account; it learns which job is late.")
@never_cache
def health(request: HttpRequest) -> JsonResponse:
    """503 while the database does not answer, else 200, also where a job is late.

    No page is wrong because a job is late, so it takes no process out of service; a watchdog
    reads it here, from what was done and not from whether a worker runs.
    """
    now = clock.now()
    try:
        told = {
            "status": "ok",
            "publication": publication(newest_boundary(), now),
            "jobs": {state.job.name: punctual(state.is_late) for state in job_states(now)},
            "mail": punctual(is_mail_late(now)),
        }
    except DatabaseError:
        return JsonResponse({"status": "the database does not answer"}, status=503)
    return JsonResponse(told)


def punctual(is_late: bool) -> str:
    """Late, or on time."""
    return "late" if is_late else "on time"


def publication(newest: datetime | None, now: datetime) -> str:
    """On time, or late: an hour is due and not closed 75 minutes after the one before was."""
    if newest is None:
        return "none yet"
    if missed(newest, now):
        return f"late: through {newest.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return "on time"
