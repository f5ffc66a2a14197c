"""What support and operators must mend: one mail a day, on days on which there is anything.

Support reads of parked customers, silent systems and customers marked for purge; with operators, of
mail that has failed for a day and of slots of jobs that failed (docs/rules.md#r23).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Coalesce

from billing.domain.digests.positions import BATCH
from billing.domain.digests.support_words import support_draft
from billing.domain.digests.wording import MOST
from billing.models import LifeEvent, LifeEventKind
from credits.domain.access_state import access_states
from credits.domain.mail import save_mail
from credits.domain.sources import with_last_report
from credits.models import Balance, JobRun, OutgoingMail, RunState, UsageSource, User
from credits.roles import StaffRole

DAY, MONDAY = timedelta(days=1), 0

FAILED_FOR = timedelta(days=1)
"""Mail that has failed for so long needs a person."""


@dataclass(frozen=True)
class Broken:
    """Rows of one kind that somebody must look at: the oldest, and how many there are."""

    rows: list[Any]
    count: int


def send_support(as_of: datetime) -> dict[str, int]:
    """Write the digest of a day to everybody it concerns, once; nobody gets an empty one.

    On a day that brings nothing new to a person there is none, save for Mondays.
    """
    found, written = broken_at(as_of), 0
    before = {} if as_of.weekday() == MONDAY else broken_at(as_of - DAY)
    for person in desk_people():
        mine = mended_by(person, found)
        mail = support_draft(person, mine, as_of)
        if mail is not None and has_news(mine, before):
            save_mail(mail)
            written += 1
    return {"support digests": written}


def has_news(found: dict[str, Broken], before: dict[str, Broken]) -> bool:
    """Whether anything of it was not there the day before."""
    return any(
        kind not in before
        or broken.count > before[kind].count
        or {row.pk for row in broken.rows} - {row.pk for row in before[kind].rows}
        for kind, broken in found.items()
    )


def support_mail(person: User, as_of: datetime) -> OutgoingMail | None:
    """The digest that a person would get as of an instant, not written; None where all is well."""
    return support_draft(person, mended_by(person, broken_at(as_of)), as_of)


def desk_people() -> QuerySet[User]:
    """Support and operators who can log in."""
    roles = (StaffRole.SUPPORT.value, StaffRole.OPERATOR.value)
    return User.objects.filter(is_active=True, groups__name__in=roles).distinct().order_by("pk")


def mended_by(person: User, found: dict[str, Broken]) -> dict[str, Broken]:
    """What of it concerns a person: support all of it, operators mail and jobs."""
    roles = set(person.groups.values_list("name", flat=True))
    if StaffRole.SUPPORT.value in roles:
        return found
    if StaffRole.OPERATOR.value in roles:
        return {kind: found[kind] for kind in ("mail", "slots")}
    return {}


def broken_at(as_of: datetime) -> dict[str, Broken]:
    """Everything that must be mended at an instant, by kind, the most urgent kind first."""
    return {
        "parked": oldest(parked(as_of)),
        "marked": oldest(marked(as_of)),
        "silent": silent(as_of),
        "mail": oldest(failed_mail(as_of)),
        "slots": oldest(failed_slots(as_of)),
    }


def oldest(found: QuerySet[Any]) -> Broken:
    """The first rows, and how many there are."""
    rows = list(found[: MOST + 1])
    return Broken(rows[:MOST], len(rows) if len(rows) <= MOST else found.count())


def parked(as_of: datetime) -> QuerySet[Balance]:
    """Customers whose books are broken: people write nothing there."""
    found = Balance.objects.filter(parked_at__lte=as_of, purged_at__isnull=True)
    return found.select_related("customer").order_by("parked_at", "pk")


def marked(as_of: datetime) -> QuerySet[LifeEvent]:
    """Marks of customers that will be erased unless they renew; those on hold are not.

    Read from what was recorded by then, so that a day that is made up tells what stood there.
    """
    since = LifeEvent.objects.filter(
        customer=OuterRef("customer"),
        kind__in=(LifeEventKind.RESTORED, LifeEventKind.PURGED, LifeEventKind.MARKED),
        recorded_at__gt=OuterRef("recorded_at"),
        recorded_at__lte=as_of,
    )
    found = LifeEvent.objects.filter(~Exists(since), kind=LifeEventKind.MARKED)
    not_held = Q(customer__held_at__isnull=True) | Q(customer__held_at__gt=as_of)
    mine = found.filter(not_held, recorded_at__lte=as_of)
    return mine.select_related("customer").order_by("recorded_at", "pk")


def silent(as_of: datetime) -> Broken:
    """Systems that have not reported for longer than is expected of them, as known then.

    Nobody expects those of a customer without access to report.
    """
    patience = ExpressionWrapper(
        F("stale_after_hours") * Value(timedelta(hours=1)), output_field=DateTimeField()
    )
    stale_since = ExpressionWrapper(
        Coalesce("last_at", "since") + patience, output_field=DateTimeField()
    )
    asked = UsageSource.objects.filter(customer__standing__purged_at=None, since__lte=as_of)
    found = with_last_report(asked, as_of).annotate(stale_since=stale_since)
    late = found.filter(stale_since__lt=as_of).order_by("stale_since", "pk")
    keys = list(late.values_list("pk", "customer_id"))
    shut = shut_ones({customer for _, customer in keys}, as_of)
    left = [pk for pk, customer in keys if customer not in shut]
    rows = late.filter(pk__in=left[:MOST]).select_related("customer", "group")
    return Broken(list(rows), len(left))


def shut_ones(customers: Iterable[int], as_of: datetime) -> set[int]:
    """Those of some customers whose access had ended at an instant."""
    shut: set[int] = set()
    for batch in batched(sorted(customers), BATCH):
        states = access_states(batch, as_of)
        shut |= {pk for pk, state in states.items() if state.is_locked}
    return shut


def batched(keys: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """Keys so many at a time."""
    return (keys[start : start + size] for start in range(0, len(keys), size))


def failed_mail(as_of: datetime) -> QuerySet[OutgoingMail]:
    """Mail that has been tried for a day and did not go out."""
    unsent = OutgoingMail.objects.filter(sent_at__isnull=True, attempts__gt=0)
    found = unsent.filter(created_at__lte=as_of - FAILED_FOR).exclude(problem="")
    return found.order_by("created_at", "pk")


def failed_slots(as_of: datetime) -> QuerySet[JobRun]:
    """Slots of jobs that failed; each is tried again by every tick."""
    found = JobRun.objects.filter(state=RunState.FAILED, started_at__lte=as_of)
    return found.order_by("slot", "job")
