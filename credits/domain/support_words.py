"""What support did without changing credits, in words: looked as a member, checked the books."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from credits.models import Operation

SUPPORT_KINDS: Mapping[str, Any] = {
    "view-as": gettext_lazy("Looked as a member"),
    "end-viewing": gettext_lazy("Stopped looking"),
    "check-books": gettext_lazy("Books checked"),
    "resend-notice": gettext_lazy("Notice sent again"),
}


def looked(operation: Operation, person: str) -> str:
    """Looked at these pages as Alice Brandt."""
    return _("Looked at these pages as %(name)s") % {"name": person or _("somebody")}


def stopped(operation: Operation, person: str) -> str:
    """Stopped looking as Alice Brandt."""
    return _("Stopped looking as %(name)s") % {"name": person or _("somebody")}


def checked(operation: Operation, person: str) -> str:
    """Checked the books: whole."""
    if operation.answer.get("broken"):
        return _("Checked the books: something does not add up, and support looks at it")
    return _("Checked the books: everything adds up")


def sent_again(operation: Operation, person: str) -> str:
    """Sent a notice again: 30 days before a license ends."""
    return _("Sent a notice again: %(about)s") % {"about": operation.subject}


SUPPORT_SAYINGS: Mapping[str, Callable[[Operation, str], str]] = {
    "view-as": looked,
    "end-viewing": stopped,
    "check-books": checked,
    "resend-notice": sent_again,
}
