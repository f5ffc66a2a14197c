"""What a customer's admins want to be told of: low levels, how far ahead, the weekly digest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from billing.models import NoticeSettings
from credits.domain.books import Books
from credits.domain.commands import Command, Decision
from credits.domain.customer_settings import UNCHANGED
from credits.domain.members import check_manages
from credits.domain.people import Right
from credits.exceptions import InvalidCommand
from credits.models import Customer

MOST_LEVELS = 5
LOWEST, HIGHEST = 1, 90
"""Percentages of valid that can be a level."""

FARTHEST = 365
"""Days ahead that a shortfall can be told."""

CHOSEN = ("low_levels", "days_ahead", "weekly")
"""What is chosen, by the names of its columns."""


@dataclass(frozen=True, kw_only=True)
class SetNotices(Command):
    """Choose what the customer's people are told of, from the next notices on.

    Raises InvalidCommand at `low_levels` or `days_ahead` for what cannot be chosen, and where all
    of it is in force already; NoLongerAllowed for an actor who may not.
    """

    kind: ClassVar[str] = "set-notices"

    low_levels: Sequence[int]
    """Percentages of valid; told when less than one of them is left. Empty: not at all."""
    days_ahead: int
    """How far ahead a shortfall is told; 0: not at all."""
    weekly: bool
    """Whether the digest of automatic usage comes."""

    def content(self) -> Mapping[str, Any]:
        return {
            "low_levels": sorted(self.low_levels, reverse=True),
            "days_ahead": self.days_ahead,
            "weekly": self.weekly,
        }

    def decide(self, books: Books) -> Decision:
        check_manages(self.asked, books.customer, Right.CHANGE_SETTINGS)
        check_levels(self.low_levels)
        check_days(self.days_ahead)
        wanted = dict(self.content())
        now = settings_of(books.customer)
        if wanted == {name: getattr(now, name) for name in CHOSEN}:
            raise InvalidCommand(_(UNCHANGED))

        def save() -> None:
            NoticeSettings.objects.update_or_create(customer=books.customer, defaults=wanted)

        return Decision(save_rows=save, answer=wanted)


def settings_of(customer: Customer) -> NoticeSettings:
    """What a customer has chosen; the defaults, not saved, where nobody has."""
    found = NoticeSettings.objects.filter(customer=customer).first()
    return found or NoticeSettings(customer=customer)


def check_levels(levels: Sequence[int]) -> None:
    """Refuse too many levels, one twice, or one that says nothing."""
    if len(levels) > MOST_LEVELS:
        raise InvalidCommand(
            _("There can be up to %(most)d levels. You entered %(count)d.")
            % {"most": MOST_LEVELS, "count": len(levels)},
            field="low_levels",
        )
    for level in levels:
        if not LOWEST <= level <= HIGHEST:
            raise InvalidCommand(
                _("A level is a whole percentage from %(lowest)d to %(highest)d.")
                % {"lowest": LOWEST, "highest": HIGHEST},
                field="low_levels",
            )
    if len(set(levels)) < len(levels):
        raise InvalidCommand(_("Enter each level once."), field="low_levels")


def check_days(days: int) -> None:
    """Refuse a number of days that cannot be looked ahead."""
    if not 0 <= days <= FARTHEST:
        raise InvalidCommand(
            _("Enter a whole number of days from 0 to %(most)d.") % {"most": FARTHEST},
            field="days_ahead",
        )
