"""The licenses of an order as a form holds them: read, added, joined, renewed together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from billing.domain.renewals import LikelyLine, ending_together, renewal_from
from billing.forms.fields import CreditsField, DayField
from billing.forms.order_details import CURRENCIES
from billing.forms.order_lines import TYPED, Terms, line_from, typed_line
from billing.models import CreditRequest
from credits.models import License

MAX_LINES = 20


@dataclass(frozen=True)
class Around:
    """What the form must know of its customer: open licenses, its own address, today."""

    licenses: Sequence[License]
    url: str
    today: date
    currency: str = CURRENCIES[0]
    asked_for: CreditRequest | None = None
    """The request that the order is entered for."""
    terms: Terms = field(default_factory=Terms)
    """What the lengths on offer mean."""


def named(typed: Mapping[str, str], place: int) -> dict[str, str]:
    """What was typed for one license, under the names its form sends."""
    return {f"line-{place}-{name}": typed.get(name, "") for name in TYPED}


def number_of(text: Any) -> int | None:
    """The small whole number that a text is, or None."""
    typed = str(text)
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else None


def count_of(data: Mapping[str, Any]) -> int:
    """How many licenses were sent; one too many tells that it was more."""
    return min(max(number_of(data.get("lines", "")) or 1, 1), MAX_LINES + 1)


def added(asked: str, before: Mapping[str, str], around: Around) -> dict[str, str]:
    """One more license: as suggested (`day/credits/renews`), else a blank one of the same term."""
    day, _, rest = asked.partition("/")
    credits, _, renews = rest.partition("/")
    first_day = DayField(required=False).read(day)
    if first_day is None:
        first_day = DayField(required=False).read(before["first_day"].strip()) or around.today
    known = {str(license.public_id): license for license in around.licenses}
    amount = CreditsField(required=False).read(credits)
    return line_from(LikelyLine(first_day, amount, known.get(renews)), around.terms)


def from_old_end(typed: Mapping[str, str], around: Around) -> dict[str, str]:
    """The license begun where the one it renews stops, in place of today."""
    known = {str(license.public_id): license for license in around.licenses}
    renewed = known.get(typed["renews"])
    if renewed is None:
        return dict(typed)
    moved = {**typed, "first_day": renewed.ends_at.date().isoformat()}
    return typed_line(named(moved, 0), 0, around.terms)


def left_to_renew(renewed: Sequence[str], around: Around) -> list[License]:
    """Of those that end together with a renewed license, the ones that are not renewed here."""
    for license in around.licenses:
        if str(license.public_id) in renewed:
            others = ending_together(license, around.licenses)
            return [one for one in others if str(one.public_id) not in renewed]
    return []


def renewing_others(state: Sequence[Mapping[str, str]], around: Around) -> list[dict[str, str]]:
    """One more license for each that ends together with what is renewed already."""
    left = left_to_renew([typed["renews"] for typed in state], around)
    anchors = around.terms.anchors
    lines = (renewal_from(one, around.today, anchors.get(str(one.public_id))) for one in left)
    return [line_from(line, around.terms) for line in lines][: MAX_LINES - len(state)]


def live_on(url: str) -> dict[str, str]:
    """What lets a field outside of the licenses change the effect while it is typed."""
    return {
        "hx-post": url,
        "hx-trigger": "input changed delay:250ms",
        "hx-target": "#effect",
        "hx-swap": "outerHTML",
        "hx-sync": "#effect:replace",
        "hx-vals": '{"preview": "1"}',
    }
