"""Operations on members and settings in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from credits.models import Operation, OverAllocation

MEMBER_KINDS: Mapping[str, Any] = {
    "invite-again": gettext_lazy("Invitation sent again"),
    "set-role": gettext_lazy("Role"),
    "remove-member": gettext_lazy("Member removed"),
    "set-over-allocation": gettext_lazy("Beyond the balance"),
    "set-recipients": gettext_lazy("Recipients of notices"),
    "set-notices": gettext_lazy("What notices tell"),
    "set-legal-hold": gettext_lazy("Legal hold"),
    "purge": gettext_lazy("Purged"),
    "unassign-rep": gettext_lazy("Sales rep removed"),
}


def invited_again(operation: Operation, person: str) -> str:
    """Sent Bob Nygaard the invitation again."""
    return _("Sent %(name)s the invitation again") % {"name": person or _("somebody")}


def role_set(operation: Operation, person: str) -> str:
    """Changed the role of Bob Nygaard: viewer → admin."""
    return _("Changed the role of %(name)s: %(before)s → %(role)s") % {
        "name": person or _("somebody"),
        "before": operation.answer.get("before", ""),
        "role": operation.subject,
    }


def removed(operation: Operation, person: str) -> str:
    """Removed bob@example.org from the members."""
    return _("Removed %(name)s from the members") % {"name": person or _("somebody")}


def over_allocation_set(operation: Operation, person: str) -> str:
    """Allocating beyond the balance: refused from then on."""
    if operation.subject == OverAllocation.REFUSE:
        return _("Allocating beyond the balance: refused from then on")
    return _("Allocating beyond the balance: asks for confirmation from then on")


def recipients_set(operation: Operation, person: str) -> str:
    """Chose 2 admins to get notices; or all of them again."""
    count = int(operation.subject or 0)
    if not count:
        return _("Notices go to all admins")
    text = ngettext(
        "Chose %(count)d admin to get notices", "Chose %(count)d admins to get notices", count
    )
    return text % {"count": count}


def notices_set(operation: Operation, person: str) -> str:
    """Chose what is told: a balance below 10 %, a shortage 30 days ahead, the weekly digest."""
    chosen = operation.answer
    levels = ", ".join(str(level) for level in chosen.get("low_levels", ()))
    days = int(chosen.get("days_ahead") or 0)
    said = [
        _("a balance below %(levels)s %%") % {"levels": levels} if levels else "",
        ngettext("a shortage %(days)d day ahead", "a shortage %(days)d days ahead", days)
        % {"days": days}
        if days
        else "",
        _("the weekly digest") if chosen.get("weekly") else "",
    ]
    words = ", ".join(filter(None, said))
    if not words:
        return _("Chose what is told: only what ends, and a balance below zero")
    return _("Chose what is told: %(words)s") % {"words": words}


def legal_hold_set(operation: Operation, person: str) -> str:
    """Set a legal hold: nothing is erased while it stands; or lifted it."""
    if operation.subject == "on":
        return _("Set a legal hold: nothing is erased while it stands")
    return _("Lifted the legal hold")


def purged(operation: Operation, person: str) -> str:
    """Released everything and erased what was personal, for good."""
    return _("Released everything and erased what was personal, for good")


def unassigned(operation: Operation, person: str) -> str:
    """Took the customer from the sales rep Rina Holm."""
    return _("Took the customer from sales rep %(name)s") % {"name": person or _("somebody")}


MEMBER_SAYINGS: Mapping[str, Callable[[Operation, str], str]] = {
    "invite-again": invited_again,
    "set-role": role_set,
    "remove-member": removed,
    "set-over-allocation": over_allocation_set,
    "set-recipients": recipients_set,
    "set-notices": notices_set,
    "set-legal-hold": legal_hold_set,
    "purge": purged,
    "unassign-rep": unassigned,
}
