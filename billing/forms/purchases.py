"""The form of a purchase: the order's details, and one or more licenses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _

from billing.domain.drafts import Typed
from billing.domain.orders import LineOrder, Order
from billing.domain.renewals import LikelyLine
from billing.domain.second_look import is_above
from billing.forms.fields import CreditsField, PriceField
from billing.forms.new_customer import NewCustomerForm
from billing.forms.order_details import DetailsForm
from billing.forms.order_lines import (
    FIELD_OF,
    TYPED,
    LineForm,
    line_from,
    typed_line,
    unusual_of,
)
from billing.forms.purchase_state import (
    MAX_LINES,
    Around,
    added,
    count_of,
    from_old_end,
    left_to_renew,
    live_on,
    named,
    number_of,
    renewing_others,
)
from billing.models import Channel
from credits.exceptions import CreditsError
from credits.models import License

KEPT_BESIDE = ("lines", "unusual", "request", "settles")
MOST_KEPT = 600
"""Characters of one field that a draft keeps; no field takes more."""

LINE_FIELD = re.compile(r"lines\.([0-9]+)\.([a-z]+)")


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
        customer: NewCustomerForm | None = None,
    ) -> None:
        self.around = around
        self.customer = customer
        self.settles = settles and around.asked_for is not None
        self.details = details
        self.confirmed = confirmed
        self.touched = touched
        self.problems: list[str] = []
        self.lines = [
            LineForm(
                named(typed, place) if sent else None,
                place=place,
                licenses=around.licenses,
                live={"hx-post": around.url},
                initial=typed,
                focus=place == focus,
                terms=around.terms,
            )
            for place, typed in enumerate(state)
        ]
        yearly = PriceField(required=False).read(str(details["price"].value() or "").strip())
        for line in self.lines:
            line.yearly = yearly
        if customer is None and not touched:
            # Where typing begins; a new customer's own fields come first.
            details.fields["order_number"].widget.attrs["data-focus"] = ""
        details.fields["price"].widget.attrs |= live_on(around.url)
        self.complete = self._complete(state)
        self.total = self._total(state)

    @classmethod
    def fresh(
        cls,
        around: Around,
        *likely: LikelyLine,
        number: str = "",
        customer: NewCustomerForm | None = None,
    ) -> Self:
        """The form with its likely answers."""
        known = {"channel": Channel.SALES, "currency": around.currency, "order_number": number}
        lines = [line_from(line, around.terms) for line in likely[:MAX_LINES]]
        details = DetailsForm(initial=known)
        return cls(around, details, lines, touched=False, customer=customer)

    @classmethod
    def typed(
        cls, around: Around, data: Mapping[str, Any], customer: NewCustomerForm | None = None
    ) -> Self:
        """The form as it is being filled in, a license added or removed; nothing is judged yet."""
        details = DetailsForm(
            initial={name: data.get(name, "") for name in DetailsForm.base_fields}
        )
        state = [typed_line(data, place, around.terms) for place in range(count_of(data))]
        focus = None
        gone = number_of(data.get("remove", ""))
        if gone is not None and gone < len(state) > 1:
            del state[gone]
        if "add" in data and len(state) < MAX_LINES:
            state.append(added(str(data["add"]), state[-1], around))
            focus = len(state) - 1
        joined = number_of(data.get("join", ""))
        if joined is not None and joined < len(state):
            state[joined] = from_old_end(state[joined], around)
        if "also" in data:
            state += renewing_others(state, around)
        return cls(
            around,
            details,
            state,
            focus=focus,
            confirmed=str(data.get("unusual", "")),
            settles="settles" in data,
            customer=customer,
        )

    @classmethod
    def sent(
        cls, around: Around, data: Mapping[str, Any], customer: NewCustomerForm | None = None
    ) -> Self:
        """The form as it was sent to be recorded."""
        state = [typed_line(data, place, around.terms) for place in range(count_of(data))]
        details = DetailsForm(data, initial={})
        form = cls(
            around,
            details,
            state,
            sent=True,
            confirmed=str(data.get("unusual", "")),
            settles="settles" in data,
            customer=customer,
        )
        if len(state) > MAX_LINES:
            details.add_error(None, _("An order takes up to %d licenses.") % MAX_LINES)
        return form

    def is_valid(self) -> bool:
        """Whether every part reads; each part is judged, so that all errors show at once."""
        whom = self.customer is None or self.customer.is_valid()
        return all([whom, self.details.is_valid(), *(line.is_valid() for line in self.lines)])

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
        if not self.details.is_bound:
            self.problems.append(refusal.message)
            return
        if self.customer is not None and refusal.field in self.customer.fields:
            self.customer.add_error(refusal.field, refusal.message)
            return
        field = refusal.field if refusal.field in self.details.fields else None
        self.details.add_error(field, refusal.message)

    @property
    def needs_second_look(self) -> bool:
        """Whether as much as this is confirmed by a second person."""
        channel = str(self.details["channel"].value() or Channel.SALES)
        return self.total is not None and is_above(self.total, channel)

    @property
    def also(self) -> list[License]:
        """The licenses that end when a renewed one does, and are not renewed here yet."""
        return left_to_renew(
            [str(line["renews"].value() or "") for line in self.lines], self.around
        )

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
        whom = (self.customer,) if self.customer is not None else ()
        parts = (*whom, self.details, *self.lines)
        return bool(self.problems) or any(form.errors for form in parts)

    def non_field_errors(self) -> list[str]:
        """What concerns the whole."""
        return [*self.problems, *(str(error) for error in self.details.non_field_errors())]

    def hidden_fields(self) -> list[BoundField]:
        """No hidden field can be wrong."""
        return []

    def visible_fields(self) -> list[Named]:
        """Every field, in the order of the page; those of a license under its number."""
        whom = [Named.of(f) for f in self.customer.visible_fields()] if self.customer else []
        number, channel, *rest = (Named.of(f) for f in self.details.visible_fields())
        lines = [
            Named.of(field, _("License %d") % line.number())
            for line in self.lines
            for field in line.visible_fields()
        ]
        return [*whom, number, channel, *lines, *rest]

    def _complete(self, state: Sequence[Mapping[str, str]]) -> dict[int, LineOrder]:
        probes = [
            LineForm(
                named(typed, n),
                place=n,
                licenses=self.around.licenses,
                live={},
                terms=self.around.terms,
            )
            for n, typed in enumerate(state)
        ]
        return {n: probe.order() for n, probe in enumerate(probes) if probe.is_valid()}

    @staticmethod
    def _total(state: Sequence[Mapping[str, str]]) -> int | None:
        """The credits of all licenses, once each says how many."""
        read = CreditsField(required=False).read
        amounts = [read(typed["credits"].strip()) for typed in state]
        return None if None in amounts else sum(amount or 0 for amount in amounts)


def typed_of(data: Mapping[str, Any], form: PurchaseForm) -> Typed:
    """What a form holds, as a draft keeps it: its own fields and nothing else."""
    lines = range(min(count_of(data), MAX_LINES))
    names = [
        *DetailsForm.base_fields,
        *KEPT_BESIDE,
        *(f"line-{place}-{name}" for place in lines for name in TYPED),
    ]
    fields = {name: str(data[name])[:MOST_KEPT] for name in names if name in data}
    return Typed(fields=fields, order_number=fields.get("order_number", ""), credits=form.total)
