"""What lowered a balance, or will: kept in the facts of a notice, and told in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from billing.domain.annual.outlook import is_fall, totals
from billing.domain.annual.words import grouped
from billing.domain.notices.instants import day_text, instant_of, last_day_text
from credits.domain.figures import Step
from credits.models import LedgerEntry, Side

ENDS, VOID, REDUCED, WITHDRAWN, RISES = "ends", "void", "reduced", "withdrawn", "rises"

OF_OPERATION = {
    "void": VOID,
    "reduce": REDUCED,
    "restate-grant": REDUCED,
    "undo": WITHDRAWN,
    "move-order": WITHDRAWN,
}
"""What a fall of valid credits is called, by the kind of its operation; otherwise a term ends."""


def causes_of(step: Step) -> list[dict[str, Any]]:
    """What lowers the balance at one instant, as facts.

    The entries come with their license, feature and operation.
    """
    return [*falls(step), *rises(step)]


def falls(step: Step) -> Iterator[dict[str, Any]]:
    """Licenses that give less from an instant on."""
    for entry in step.entries:
        if is_fall(entry) and entry.license is not None:
            yield {
                "what": what_of(entry),
                "name": entry.license.label,
                "credits": -entry.credits,
                "at": step.at.isoformat(),
            }


def what_of(entry: LedgerEntry) -> str:
    """Why a license gives less: what is booked ahead is an end."""
    if entry.effective_at > entry.recorded_at:
        return ENDS
    return OF_OPERATION.get(entry.operation.kind, ENDS)


def rises(step: Step) -> Iterator[dict[str, Any]]:
    """Features that hold more from an instant on."""
    names = {e.feature_id: e.feature.name for e in step.entries if e.feature is not None}
    for pk, credits in totals(step.entries, Side.ALLOCATED).items():
        if credits > 0:
            yield {
                "what": RISES,
                "name": names[pk],
                "credits": credits,
                "at": step.at.isoformat(),
            }


def happened_text(cause: Mapping[str, Any]) -> str:
    """What lowered the balance, without a full stop."""
    text = {
        ENDS: _("license %(name)s with %(credits)s ended on %(last_day)s"),
        VOID: _("%(name)s with %(credits)s was voided on %(day)s"),
        REDUCED: _("%(name)s was reduced by %(credits)s on %(day)s"),
        WITHDRAWN: _("%(credits)s of %(name)s were withdrawn on %(day)s"),
        RISES: _("%(name)s rose by %(credits)s on %(day)s"),
    }[cause["what"]]
    return text % values_of(cause)


def ahead_text(cause: Mapping[str, Any]) -> str:
    """What will lower the balance, without a full stop."""
    text = (
        _("%(name)s rises by %(credits)s on %(day)s")
        if cause["what"] == RISES
        else _("license %(name)s with %(credits)s ends on %(last_day)s")
    )
    return text % values_of(cause)


def values_of(cause: Mapping[str, Any]) -> dict[str, str]:
    """What the words of a cause are made of."""
    at = instant_of(cause["at"])
    return {
        "name": cause["name"],
        "credits": grouped(cause["credits"]),
        "day": day_text(at),
        "last_day": last_day_text(at),
    }
