"""The form of a purchase: the order's details, and one or more licenses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _

from billing.domain.orders import LineOrder, Order
from billing.domain.renewals import LikelyLine
from billing.forms.fields import CreditsField, DayField
from billing.forms.order_details import CURRENCIES, DetailsForm
from billing.forms.order_lines import (
    FIELD_OF,
    TYPED,
    LineForm,
    line_from,
    typed_line,
    unusual_of,
)
from billing.models import Channel, CreditRequest
from credits.exceptions import CreditsError
from credits.models import License

MAX_LINES = 20
LINE_FIELD = re.compile(r"lines\.([0-9]+)\.([a-z]+)")


@dataclass(frozen=True)
class Around:
    """What the form must know of its customer: open licenses, its own address, today."""

    licenses: Sequence[License]
    url: str
    today: date
    currency: str = CURRENCIES[0]
    asked_for: CreditRequest | None = None
    """The request that the order is entered for."""


@dataclass(frozen=True)
class Named:
    """A field as the summary of errors names it."""

    label: str
    errors: Sequence[str]
    id_for_label: str

    @classmethod
    def of(cls, field: BoundField, label: str = "") -> Self:
        """A field under its own label, unless another one is given."""
        return cls(label or str(field.label), [str(e) for e in field.errors], field.id_for_label)


class PurchaseForm:
    """Details and licenses together: fresh, as typed so far, or sent."""

    def __init__(
        self,
        around: Around,
        details: DetailsForm,
        state: Sequence[Mapping[str, str]],
        *,
        sent: bool = False,
        focus: int | None = None,
        confirmed: str = "",
        settles: bool = True,
        touched: bool = True,
    ) -> None:
        self.around = around
        self.settles = settles and around.asked_for is not None
        self.details = details
        self.confirmed = confirmed
        self.touched = touched
        self.lines = [
            LineForm(
                _named(typed, place) if sent else None,
                place=place,
                licenses=around.licenses,
                live={"hx-post": around.url},
                initial=typed,
                focus=place == focus,
            )
            for place, typed in enumerate(state)
        ]
        self.complete = self._complete(state)
        self.total = self._total(state)

    @classmethod
    def fresh(cls, around: Around, likely: LikelyLine) -> Self:
        """The form with its likely answers."""
        details = DetailsForm(initial={"channel": Channel.SALES, "currency": around.currency})
        return cls(around, details, [line_from(likely)], touched=False)

    @classmethod
    def typed(cls, around: Around, data: Mapping[str, Any]) -> Self:
        """The form as it is being filled in, a license added or removed; nothing is judged yet."""
        details = DetailsForm(
            initial={name: data.get(name, "") for name in DetailsForm.base_fields}
        )
        state = [typed_line(data, place) for place in range(_count(data))]
        focus = None
        gone = _number(data.get("remove", ""))
        if gone is not None and gone < len(state) > 1:
            del state[gone]
        if "add" in data and len(state) < MAX_LINES:
            state.append(_added(str(data["add"]), state[-1], around))
            focus = len(state) - 1
        joined = _number(data.get("join", ""))
        if joined is not None and joined < len(state):
            state[joined] = _from_old_end(state[joined], around)
        confirmed, settles = str(data.get("unusual", "")), "settles" in data
        return cls(around, details, state, focus=focus, confirmed=confirmed, settles=settles)

    @classmethod
    def sent(cls, around: Around, data: Mapping[str, Any]) -> Self:
        """The form as it was sent to be recorded."""
        state = [typed_line(data, place) for place in range(_count(data))]
        details = DetailsForm(data, initial={})
        confirmed, settles = str(data.get("unusual", "")), "settles" in data
        form = cls(around, details, state, sent=True, confirmed=confirmed, settles=settles)
        if len(state) > MAX_LINES:
            details.add_error(None, _("An order takes up to %d licenses.") % MAX_LINES)
        return form

    def is_valid(self) -> bool:
        """Whether every part reads; each part is judged, so that all errors show at once."""
        return all([self.details.is_valid(), *(line.is_valid() for line in self.lines)])

    def order(self) -> Order:
        """What is ordered; of a valid form."""
        said, asked_for = self.details.cleaned_data, self.around.asked_for
        return Order(
            order_number=said["order_number"],
            channel=said["channel"],
            lines=[line.order() for line in self.lines],
            price=said["price"],
            currency=said["currency"],
            note=said["note"],
            settles=asked_for.public_id if asked_for and self.settles else None,
            unusual_confirmed=self.is_confirmed,
        )

    def refuse(self, refusal: CreditsError) -> None:
        """Put what the domain refused at the field it names."""
        named = LINE_FIELD.fullmatch(refusal.field or "")
        if named and named[2] in FIELD_OF and 0 < int(named[1]) <= len(self.lines):
            self.lines[int(named[1]) - 1].add_error(FIELD_OF[named[2]], refusal.message)
            return
        field = refusal.field if refusal.field in self.details.fields else None
        self.details.add_error(field, refusal.message)

    @property
    def unusual(self) -> dict[int, str]:
        """By place, what is unusual about a license's term."""
        return unusual_of(self.complete, self.around.today)

    @property
    def unusual_by_number(self) -> list[tuple[int, str]]:
        """The same, with the license's number as people count."""
        return [(place + 1, sentence) for place, sentence in self.unusual.items()]

    @property
    def unusual_token(self) -> str:
        """The very terms that are asked about: others have to be confirmed anew."""
        terms = (self.complete[place] for place in self.unusual)
        return ";".join(f"{line.first_day}/{line.last_day}" for line in terms)

    @property
    def is_confirmed(self) -> bool:
        """Whether just these unusual terms were confirmed."""
        return bool(self.confirmed) and self.confirmed == self.unusual_token

    @property
    def missing(self) -> int:
        """Licenses that are not complete yet, so that the effect leaves them out."""
        return len(self.lines) - len(self.complete)

    @property
    def may_grow(self) -> bool:
        """Whether one more license fits."""
        return len(self.lines) < MAX_LINES

    # What the summary of errors asks of a form.

    @property
    def errors(self) -> bool:
        """Whether anything is wrong."""
        return any(form.errors for form in (self.details, *self.lines))

    def non_field_errors(self) -> list[str]:
        """What concerns the whole."""
        return [str(error) for error in self.details.non_field_errors()]

    def hidden_fields(self) -> list[BoundField]:
        """No hidden field can be wrong."""
        return []

    def visible_fields(self) -> list[Named]:
        """Every field, in the order of the page; those of a license under its number."""
        number, channel, *rest = (Named.of(f) for f in self.details.visible_fields())
        lines = [
            Named.of(field, _("License %d") % line.number())
            for line in self.lines
            for field in line.visible_fields()
        ]
        return [number, channel, *lines, *rest]

    def _complete(self, state: Sequence[Mapping[str, str]]) -> dict[int, LineOrder]:
        probes = [
            LineForm(_named(typed, n), place=n, licenses=self.around.licenses, live={})
            for n, typed in enumerate(state)
        ]
        return {n: probe.order() for n, probe in enumerate(probes) if probe.is_valid()}

    @staticmethod
    def _total(state: Sequence[Mapping[str, str]]) -> int | None:
        """The credits of all licenses, once each says how many."""
        read = CreditsField(required=False).read
        amounts = [read(typed["credits"].strip()) for typed in state]
        return None if None in amounts else sum(amount or 0 for amount in amounts)


def _named(typed: Mapping[str, str], place: int) -> dict[str, str]:
    return {f"line-{place}-{name}": typed.get(name, "") for name in TYPED}


def _number(text: Any) -> int | None:
    typed = str(text)
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else None


def _count(data: Mapping[str, Any]) -> int:
    return min(max(_number(data.get("lines", "")) or 1, 1), MAX_LINES + 1)


def _added(asked: str, before: Mapping[str, str], around: Around) -> dict[str, str]:
    """One more license: as suggested (`day/credits/renews`), else a blank one of the same term."""
    day, _, rest = asked.partition("/")
    credits, _, renews = rest.partition("/")
    first_day = DayField(required=False).read(day)
    if first_day is None:
        first_day = DayField(required=False).read(before["first_day"].strip()) or around.today
    known = {str(license.public_id): license for license in around.licenses}
    amount = CreditsField(required=False).read(credits)
    return line_from(LikelyLine(first_day, amount, known.get(renews)))


def _from_old_end(typed: Mapping[str, str], around: Around) -> dict[str, str]:
    """The license begun where the one it renews stops, in place of today."""
    known = {str(license.public_id): license for license in around.licenses}
    renewed = known.get(typed["renews"])
    if renewed is None:
        return dict(typed)
    moved = {**typed, "first_day": renewed.ends_at.date().isoformat()}
    return typed_line(_named(moved, 0), 0)
