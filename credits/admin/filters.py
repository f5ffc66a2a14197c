"""States that lists are narrowed by, each said once for the filter and for the column."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest

from credits import clock
from credits.domain.commands import Command, OfficeCommand
from credits.models import License

SOURCES = ("portal", "admin", "command", "rates", "verify-books", "lifecycle", "demonstration")


def license_state(license: License, now: datetime) -> str:
    """What a license is at an instant, in one word."""
    if license.voided_at is not None and license.voided_at <= now:
        return "voided"
    if now < license.starts_at:
        return "future"
    return "valid" if now < license.ends_at else "ended"


def not_voided(now: datetime) -> Q:
    return Q(voided_at__isnull=True) | Q(voided_at__gt=now)


LICENSE_STATES: dict[str, Callable[[datetime], Q]] = {
    "valid": lambda now: not_voided(now) & Q(starts_at__lte=now, ends_at__gt=now),
    "future": lambda now: not_voided(now) & Q(starts_at__gt=now),
    "ended": lambda now: not_voided(now) & Q(ends_at__lte=now),
    "voided": lambda now: Q(voided_at__lte=now),
}


class LicenseStateFilter(admin.SimpleListFilter):
    """Valid, future, ended or voided, today."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state, state.capitalize()) for state in LICENSE_STATES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        state = LICENSE_STATES.get(self.value() or "")
        return queryset.filter(state(clock.now())) if state else queryset


class CustomerStateFilter(admin.SimpleListFilter):
    """Short or not, who has never held credits, whose books are parked or held.

    The list carries the figures.
    """

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("short", "Short"),
            ("covered", "Covered"),
            ("empty", "Nothing booked"),
            ("parked", "Parked"),
            ("held", "Under a legal hold"),
            ("purged", "Purged"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        states = {
            "short": Q(balance__lt=0),
            "covered": Q(balance__gte=0, standing__seq__gt=0),
            "empty": Q(standing__seq=0),
            "parked": Q(standing__parked_at__isnull=False),
            "held": Q(held_at__isnull=False),
            "purged": Q(standing__purged_at__isnull=False),
        }
        return queryset.filter(states.get(self.value() or "", Q()))


class BookedAheadFilter(admin.SimpleListFilter):
    """Entries that were known before they counted."""

    title = "clock"
    parameter_name = "clock"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("ahead", "Booked ahead"), ("back", "Back-dated"), ("future", "Not yet effective")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        clocks = {
            "ahead": Q(effective_at__gt=F("recorded_at")),
            "back": Q(effective_at__lt=F("recorded_at")),
            "future": Q(effective_at__gt=clock.now()),
        }
        return queryset.filter(clocks.get(self.value() or "", Q()))


class KindFilter(admin.SimpleListFilter):
    """The commands there are; asking the table for its kinds would read all of it."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind, kind.replace("-", " ").capitalize()) for kind in kinds()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() in kinds() else queryset


class SourceFilter(admin.SimpleListFilter):
    """Through what the operation was asked."""

    title = "source"
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(source, source.capitalize()) for source in SOURCES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(source=self.value()) if self.value() in SOURCES else queryset


def kinds() -> list[str]:
    """The kinds of all commands, in order."""
    return sorted({command.kind for command in concrete(Command, OfficeCommand)})


def concrete(*commands: type[Any]) -> Iterator[type[Any]]:
    """The command classes below these that have a kind of their own."""
    for command in commands:
        if "kind" in vars(command):
            yield command
        yield from concrete(*command.__subclasses__())
