"""Operations on orders that are not recorded yet, and on files, in words; billing asks for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from credits.models import Operation

SUBMISSION_KINDS: Mapping[str, Any] = {
    "submit-order": gettext_lazy("Order submitted"),
    "refuse-order": gettext_lazy("Order sent back"),
    "attach-file": gettext_lazy("File added"),
    "detach-file": gettext_lazy("File removed"),
}


def submitted(operation: Operation, person: str) -> str:
    """Sent order SO-7 of 2,000,000 credits for a second look."""
    return _("Sent order %(order)s of %(credits)s credits for a second look") % told(operation)


def refused(operation: Operation, person: str) -> str:
    """Sent order SO-7 of 2,000,000 credits back."""
    return _("Sent order %(order)s of %(credits)s credits back") % told(operation)


def attached(operation: Operation, person: str) -> str:
    """Added a file to order SO-7."""
    return _("Added a file to order %(order)s") % {"order": operation.subject}


def detached(operation: Operation, person: str) -> str:
    """Removed a file from order SO-7."""
    return _("Removed a file from order %(order)s") % {"order": operation.subject}


def told(operation: Operation) -> dict[str, str]:
    """What an operation says of its order."""
    return {"order": operation.subject, "credits": f"{operation.answer.get('credits') or 0:,}"}


SUBMISSION_SAYINGS: Mapping[str, Callable[[Operation, str], str]] = {
    "submit-order": submitted,
    "refuse-order": refused,
    "attach-file": attached,
    "detach-file": detached,
}
