"""Operations on credit requests, and on estimates handed over, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django.utils.dateformat import format as date_text
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from credits.models import Operation

REQUEST_KINDS: Mapping[str, Any] = {
    "request-credits": gettext_lazy("Credits requested"),
    "answer-request": gettext_lazy("Request answered"),
    "withdraw-request": gettext_lazy("Request withdrawn"),
    "hand-over-estimate": gettext_lazy("Estimate handed over"),
    "take-back-estimate": gettext_lazy("Estimate taken back"),
    "settle-estimate": gettext_lazy("Estimate purchased"),
    "share-estimate": gettext_lazy("Estimate shared"),
    "revoke-estimate-link": gettext_lazy("Link to an estimate revoked"),
}


def requested(operation: Operation, person: str) -> str:
    """Asked sales for 5,400 credits by 3 Apr 2027 (R-3)."""
    return _("Asked sales for %(credits)s credits by %(day)s (%(number)s)") % told(operation)


def answered(operation: Operation, person: str) -> str:
    """Answered request R-3 for 5,400 credits by 3 Apr 2027."""
    return _("Answered request %(number)s for %(credits)s credits by %(day)s") % told(operation)


def withdrawn(operation: Operation, person: str) -> str:
    """Withdrew request R-3 for 5,400 credits by 3 Apr 2027."""
    return _("Withdrew request %(number)s for %(credits)s credits by %(day)s") % told(operation)


def handed_over(operation: Operation, person: str) -> str:
    """Handed estimate E-3 over to sales: 5,400 credits from 3 Apr 2027."""
    return _("Handed estimate %(number)s over to sales: %(credits)s credits from %(day)s") % (
        to_buy(operation)
    )


def taken_back(operation: Operation, person: str) -> str:
    """Took estimate E-3 back from sales: 5,400 credits from 3 Apr 2027."""
    return _("Took estimate %(number)s back from sales: %(credits)s credits from %(day)s") % (
        to_buy(operation)
    )


def settled(operation: Operation, person: str) -> str:
    """Marked estimate E-3 as purchased by order SO-118204."""
    return _("Marked estimate %(number)s as purchased by order %(order)s") % {
        "number": operation.subject,
        "order": operation.answer["order"],
    }


def shared(operation: Operation, person: str) -> str:
    """Made a link to version 3 of estimate E-3, open through 3 Apr 2027."""
    return _("Made a link to version %(version)d of estimate %(number)s, open through %(day)s") % {
        "version": operation.answer["version"],
        "number": operation.subject,
        "day": date_text(date.fromisoformat(operation.answer["last_day"]), "j M Y"),
    }


def link_revoked(operation: Operation, person: str) -> str:
    """Revoked a link to version 3 of estimate E-3."""
    return _("Revoked a link to version %(version)d of estimate %(number)s") % {
        "version": operation.answer["version"],
        "number": operation.subject,
    }


def to_buy(operation: Operation) -> dict[str, str]:
    """What an operation says of its estimate."""
    return {
        "number": operation.subject,
        "credits": f"{operation.answer['credits']:,}",
        "day": date_text(date.fromisoformat(operation.answer["first_day"]), "j M Y"),
    }


def told(operation: Operation) -> dict[str, str]:
    """What an operation says of its request."""
    return {
        "number": operation.subject,
        "credits": f"{operation.answer['credits']:,}",
        "day": date_text(date.fromisoformat(operation.answer["needed_on"]), "j M Y"),
    }


REQUEST_SAYINGS: Mapping[str, Callable[[Operation, str], str]] = {
    "request-credits": requested,
    "answer-request": answered,
    "withdraw-request": withdrawn,
    "hand-over-estimate": handed_over,
    "take-back-estimate": taken_back,
    "settle-estimate": settled,
    "share-estimate": shared,
    "revoke-estimate-link": link_revoked,
}
