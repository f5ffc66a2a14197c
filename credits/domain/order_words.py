"""Operations that correct an order in words; a higher app asks for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils.dateformat import format as date_text
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from credits.domain.licenses import RESTATE
from credits.models import Operation

MOVE = "move-order"
"""The kind of an operation that withdraws an order since it is another customer's."""

ORDER_KINDS: Mapping[str, Any] = {
    RESTATE: gettext_lazy("Order amended"),
    MOVE: gettext_lazy("Order moved"),
}


def restated(operation: Operation, person: str) -> str:
    """Amended order SO-1: L-204 has 15,000 credits from 1 Apr 2026 to 31 Mar 2027."""
    order = {"order": number_of(operation)}
    lots = [lot_text(lot) for lot in operation.answer.get("lots", ())]
    lots += [_("%(license)s never was") % {"license": one} for one in gone(operation)]
    if not lots:
        return _("Amended order %(order)s") % order
    return _("Amended order %(order)s: %(lots)s") % {**order, "lots": "; ".join(lots)}


def moved(operation: Operation, person: str) -> str:
    """Withdrew order SO-1, which was entered for the wrong customer."""
    text = _("Withdrew order %(order)s, which was entered for the wrong customer")
    return text % {"order": number_of(operation)}


def number_of(operation: Operation) -> str:
    """The order's number; the subject names its channel before it."""
    _channel, _space, number = operation.subject.partition(" ")
    return number or operation.subject


def gone(operation: Operation) -> list[str]:
    """The licenses that were left out, by their labels."""
    return list(operation.answer.get("gone", ()))


def lot_text(lot: Mapping[str, Any]) -> str:
    """What a license was stated to have been."""
    ends = datetime.fromisoformat(lot["ends_at"]) - timedelta(microseconds=1)
    return _("%(license)s has %(credits)s credits from %(first)s to %(last)s") % {
        "license": lot["license"],
        "credits": f"{lot['credits']:,}",
        "first": date_text(datetime.fromisoformat(lot["starts_at"]), "j M Y"),
        "last": date_text(ends, "j M Y"),
    }


ORDER_SAYINGS: Mapping[str, Callable[[Operation, str], str]] = {RESTATE: restated, MOVE: moved}
