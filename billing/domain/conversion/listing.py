"""A customer's seat licenses as its pages show them: each term, and codes not activated yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import TextChoices

from billing.domain.conversion.activating import why_not
from billing.domain.conversion.codes import masked
from billing.domain.conversion.seats import Conversion
from billing.models import ActivationCode, ConversionRate, EntitlementTerm, SeatKind
from credits import clock
from credits.models import Customer, License

DAY = timedelta(days=1)


class SeatState(TextChoices):
    """How a seat license stands."""

    ACTIVATED = "activated", "Activated"
    UPCOMING = "upcoming", "Not started"
    WAITING = "waiting", "Not activated"
    EXPIRED = "expired", "Expired"
    VOIDED = "voided", "Voided"


IN_ORDER = tuple(SeatState)
"""The states as a list has them, what is in force leading."""


@dataclass(frozen=True)
class SeatRow:
    """One term of a seat license, or a code that waits to be activated."""

    state: SeatState
    product: str
    number: str
    """EN-1001; empty before it is activated."""
    code: str
    """The activation code as this reader may see it; empty where there was none."""
    kind: str
    units: int
    unit: str
    first_day: date | None
    last_day: date | None
    rate: ConversionRate | None
    converted: int | None
    """Units x rate, rounded; None before it is activated."""
    license: License | None
    months: int | None = None
    entitlement: str = ""
    """The public id, where this is the term that a renewal would follow."""

    @property
    def kind_text(self) -> str:
        """Full or Trial."""
        return str(SeatKind(self.kind).label)

    @property
    def credits(self) -> int | None:
        """What the license holds; corrections of it included."""
        return self.license.credits if self.license else None

    @property
    def per_unit(self) -> Decimal | None:
        """Credits for one unit, without needless zeros."""
        return self.rate.credits.normalize() if self.rate else None

    @property
    def was_corrected(self) -> bool:
        """Whether the license holds something else than the term was converted to."""
        return self.license is not None and self.license.credits != self.converted

    @property
    def sort_day(self) -> date:
        """The last day, for sorting; what has none yet comes last."""
        return self.last_day or date.max

    @property
    def place(self) -> int:
        """The state's place."""
        return IN_ORDER.index(self.state)


def seat_rows(customer: Customer, now: datetime, *, shows_codes: bool) -> list[SeatRow]:
    """A customer's seat licenses, in the order of their states, what ends first leading.

    Codes are whole only with `shows_codes`; else but their last letters can be read.
    """
    rows = [*term_rows(customer, now, shows_codes), *code_rows(customer, now, shows_codes)]
    return sorted(rows, key=lambda row: (row.place, row.sort_day, row.number))


def term_rows(customer: Customer, now: datetime, shows_codes: bool) -> Iterable[SeatRow]:
    """Every term that was converted."""
    terms = EntitlementTerm.objects.filter(entitlement__customer=customer).select_related(
        "entitlement", "rate", "license", "code"
    )
    found = list(terms)
    last = {
        term.entitlement_id: term.pk
        for term in sorted(found, key=lambda one: (one.ends_at, -one.starts_at.timestamp()))
        if term.license.voided_at is None
    }
    for term in found:
        code = getattr(term, "code", None)
        yield SeatRow(
            state=state_of(term, now),
            product=term.rate.name,
            number=term.entitlement.label,
            code=shown_code(code, shows_codes),
            kind=term.entitlement.kind,
            units=term.units,
            unit=term.rate.unit if term.units == 1 else term.rate.unit_plural,
            first_day=clock.day_of(term.starts_at),
            last_day=clock.day_of(term.license.ends_at - DAY),
            rate=term.rate,
            converted=converted(term),
            license=term.license,
            entitlement=str(term.entitlement.public_id)
            if last.get(term.entitlement_id) == term.pk
            else "",
        )


def code_rows(customer: Customer, now: datetime, shows_codes: bool) -> Iterable[SeatRow]:
    """The codes that this customer alone may use, as long as it may."""
    waiting = ActivationCode.objects.filter(customer=customer, term__isnull=True)
    names = {rate.product: rate for rate in ConversionRate.objects.order_by("valid_from")}
    for code in waiting.select_related("renews"):
        if why_not(code, clock.day_of(now)):
            continue
        rate = names[code.product]
        yield SeatRow(
            state=SeatState.WAITING,
            product=rate.name,
            number=code.renews.label if code.renews else "",
            code=shown_code(code, shows_codes),
            kind=code.kind,
            units=code.units,
            unit=rate.unit if code.units == 1 else rate.unit_plural,
            first_day=code.first_day,
            last_day=code.last_day,
            rate=None,
            converted=None,
            license=None,
            months=code.months,
        )


def shown_code(code: ActivationCode | None, is_whole: bool) -> str:
    """A code as a reader may see it."""
    if code is None:
        return ""
    return code.code if is_whole else masked(code.code)


def converted(term: EntitlementTerm) -> int:
    """The credits that a term's units convert to."""
    return Conversion(term.rate, term.units).credits


def state_of(term: EntitlementTerm, now: datetime) -> SeatState:
    """How one term stands."""
    license = term.license
    if license.voided_at is not None:
        return SeatState.VOIDED
    if license.starts_at > now:
        return SeatState.UPCOMING
    return SeatState.EXPIRED if license.ends_at <= now else SeatState.ACTIVATED


def matching(rows: Iterable[SeatRow], words: str, state: str) -> list[SeatRow]:
    """Those in a state whose product, number, license or shown code holds what is searched for."""
    wanted = words.casefold()
    return [
        row
        for row in rows
        if (not state or row.state == state)
        and (not wanted or any(wanted in text.casefold() for text in searched(row)))
    ]


def searched(row: SeatRow) -> tuple[str, ...]:
    """What a search looks at."""
    return row.product, row.number, row.code, row.license.label if row.license else ""


def arithmetic_of(license: License) -> SeatRow | None:
    """How a license came out of units and rate; None for what was no seat license."""
    term = (
        EntitlementTerm.objects.filter(license=license)
        .select_related("entitlement", "rate", "license")
        .first()
    )
    if term is None:
        return None
    return SeatRow(
        state=SeatState.ACTIVATED,
        product=term.rate.name,
        number=term.entitlement.label,
        code="",
        kind=term.entitlement.kind,
        units=term.units,
        unit=term.rate.unit if term.units == 1 else term.rate.unit_plural,
        first_day=clock.day_of(term.starts_at),
        last_day=None,
        rate=term.rate,
        converted=converted(term),
        license=license,
    )
