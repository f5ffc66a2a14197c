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


MEMBER_SAYINGS: Mapping[str, Callable[[Operation, str], str]] = {
    "invite-again": invited_again,
    "set-role": role_set,
    "remove-member": removed,
    "set-over-allocation": over_allocation_set,
    "set-recipients": recipients_set,
}
