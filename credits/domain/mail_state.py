"""How the outbox stands: what waits, for how long, and what has failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, Count, F, Min, Q, When

from credits.models import OutgoingMail

LATE_AFTER = timedelta(minutes=15)
"""How old a mail may become before it is called late."""


@dataclass(frozen=True)
class Outbox:
    """What waits in the outbox at an instant."""

    unsent: int
    failed: int
    """Those of them that were tried and did not go out."""
    oldest: datetime | None
    """Since when the oldest mail waits that should have gone out by now."""


GIVEN_OVER = timedelta(days=1)
"""A mail that failed for so long is in the digest of support, and the outbox as a whole works."""

SINCE = Case(When(attempts=0, then=F("due_at")), default=F("created_at"))
"""Since when a mail waits: until it is due nobody waits, and a failure moves `due_at` on."""


def outbox(now: datetime) -> Outbox:
    """How the outbox stands, in one query over what is unsent."""
    unsent = OutgoingMail.objects.filter(sent_at__isnull=True).annotate(since=SINCE)
    found = unsent.aggregate(
        unsent=Count("pk"),
        failed=Count("pk", filter=~Q(problem="")),
        oldest=Min("since", filter=Q(since__lte=now)),
    )
    return Outbox(**found)


def is_mail_late(now: datetime) -> bool:
    """Whether a mail that should have gone out waits for more than 15 minutes.

    One that was tried and failed counts for a day: a mailbox that refuses for good must not hide
    whether mail goes out.
    """
    unsent = OutgoingMail.objects.filter(sent_at__isnull=True).annotate(since=SINCE)
    late = Q(since__lt=now - LATE_AFTER)
    return unsent.filter(late & (Q(attempts=0) | Q(since__gte=now - GIVEN_OVER))).exists()
