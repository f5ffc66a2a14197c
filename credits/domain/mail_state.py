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
    """Whether a mail that should have gone out waits for more than 15 minutes."""
    unsent = OutgoingMail.objects.filter(sent_at__isnull=True).annotate(since=SINCE)
    return unsent.filter(since__lt=now - LATE_AFTER).exists()
