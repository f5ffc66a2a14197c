"""Who states the units of a customer's groups: people by hand, or a system (docs/rules.md#r9)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db.models import OuterRef, QuerySet, Subquery

from credits.domain.books import Books
from credits.domain.commands import Command, Decision
from credits.exceptions import InvalidCommand, NotAllowed, UnknownObject
from credits.models import AllocationGroup, Customer, UsageReport, UsageSource

NAME_LENGTH = 80
STALE_AFTER_HOURS = 48
MOST_HOURS = 24 * 365
GROUP_KEY = re.compile(r"[a-z0-9-]{1,60}", re.ASCII)


@dataclass(frozen=True)
class Reporting:
    """A system that reports the units of a customer's group, with its newest report."""

    source: UsageSource
    last_at: datetime | None
    """The instant of its newest report that stands; None: it has not reported yet."""

    @property
    def name(self) -> str:
        """What people call the system: Endpoint inventory."""
        return self.source.name

    @property
    def stale_since(self) -> datetime:
        """From when on its figures are called stale, if it does not report before."""
        return (self.last_at or self.source.since) + timedelta(hours=self.source.stale_after_hours)

    def is_stale(self, now: datetime) -> bool:
        """Whether it has been silent for longer than is expected of it."""
        return now > self.stale_since


def with_last_report(
    sources: QuerySet[UsageSource], known: datetime | None = None
) -> QuerySet[UsageSource]:
    """Sources with `last_at`, the instant of each one's newest report, today or as known then.

    Only what a system stated since it was set counts as its own, and only if it stands.
    """
    newest = (
        UsageReport.objects.all()
        .standing(known)
        .filter(
            customer=OuterRef("customer"),
            group=OuterRef("group"),
            by_hand=False,
            operation__recorded_at__gt=OuterRef("since"),
        )
        .order_by("-at")
        .values("at")[:1]
    )
    return sources.annotate(last_at=Subquery(newest))


def reporting(customer: Customer) -> dict[int, Reporting]:
    """The systems that report for a customer, by group id, in one query."""
    sources = with_last_report(UsageSource.objects.filter(customer=customer))
    return {
        source.group_id: Reporting(source, source.last_at)  # type: ignore[attr-defined]
        for source in sources.select_related("group").order_by("group__key")
    }


def check_by_hand(
    books: Books, group: AllocationGroup, *, by_support: bool = False, reason: str = ""
) -> None:
    """Refuse units typed for a group that a system reports, unless support gives a reason.

    Raises NotAllowed. Releasing needs no such check: what a person gives back is a choice.
    """
    source = books.source_of(group)
    if source is not None:
        refuse_by_hand(source, group, by_support=by_support, reason=reason)


def refuse_by_hand(
    source: UsageSource, group: AllocationGroup, *, by_support: bool, reason: str
) -> None:
    """The refusal itself, for those who have read the source."""
    reported = f"Units of {group.name} are reported by {source.name}."
    if not by_support:
        raise NotAllowed(f"{reported} Ask support to enter them by hand.")
    if not reason.strip():
        raise NotAllowed(f"{reported} Give a reason for entering them by hand.", field="reason")


@dataclass(frozen=True, kw_only=True)
class SetUsageSource(Command):
    """Say that from now on a system reports the units of a group, or people type them again.

    `name` is what people read ("Endpoint inventory"), None is back to by hand. Silent for longer
    than `stale_after_hours` (1 to 8,760), the system's figures are called stale; they go on
    counting. What is in force stays so until somebody states something newer.

    Raises InvalidCommand for a bad name or number of hours, UnknownObject for an unknown group.
    """

    kind: ClassVar[str] = "set-usage-source"

    group: str
    name: str | None
    stale_after_hours: int = STALE_AFTER_HOURS

    def content(self) -> Mapping[str, Any]:
        return {
            "group": self.group,
            "name": self.name,
            "stale_after_hours": self.stale_after_hours,
        }

    def decide(self, books: Books) -> Decision:
        group = find_group(self.group)
        name = None if self.name is None else checked_name(self.name)
        if not 1 <= self.stale_after_hours <= MOST_HOURS:
            raise InvalidCommand(
                f"A system is called silent after 1 to {MOST_HOURS:,} hours.",
                field="stale_after_hours",
            )

        def save() -> None:
            own = UsageSource.objects.filter(customer=books.customer, group=group)
            current = own.first()
            if name is None:
                own.delete()
                return
            is_same = current is not None and current.name == name
            UsageSource.objects.update_or_create(
                customer=books.customer,
                group=group,
                defaults={
                    "name": name,
                    "stale_after_hours": self.stale_after_hours,
                    "since": current.since if current is not None and is_same else books.now,
                },
            )

        return Decision(
            save_rows=save,
            answer={"group": self.group, "reported_by": name or ""},
            subject=group.name,
        )


def find_group(key: str) -> AllocationGroup:
    """The allocation group of a key. Raises UnknownObject."""
    found = AllocationGroup.objects.filter(key=key).first() if GROUP_KEY.fullmatch(key) else None
    if found is None:
        raise UnknownObject("There is no such group.", field="group")
    return found


def checked_name(name: str) -> str:
    """A system's name, trimmed. Raises InvalidCommand if nobody could read it."""
    cleaned = name.strip()
    if not 1 <= len(cleaned) <= NAME_LENGTH or not cleaned.isprintable():
        raise InvalidCommand(
            f"A system needs a printable name of 1 to {NAME_LENGTH} characters.", field="name"
        )
    return cleaned
