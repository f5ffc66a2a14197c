"""What the templates of credit requests ask for: the effect while typing, and a request's story."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from django.urls import reverse
from django.utils.dateformat import format as date_text
from django.utils.translation import gettext as _

from billing.domain.order_effect import Effect, effect_of
from billing.domain.orders import LineOrder
from billing.domain.request_lists import cause_text, requests_of
from billing.domain.shortages import Shortage, shortage_on
from billing.forms.requests import RequestForm
from billing.models import (
    WITHDRAWN_STATES,
    CreditRequest,
    PurchaseState,
    RequestCause,
    RequestState,
)
from billing.web.links import Explain
from credits import clock
from credits.domain.contacts import sales_contacts
from credits.domain.figures import Position
from credits.domain.terms import LAST_YEAR, YEAR, last_day
from credits.models import Customer, Operation, User
from credits.tables.effects import EffectRow
from credits.templatetags.figures import DAY, last_day_text


class Asking:
    """The form of a request with what it stands on: the customer live, and whom it goes to."""

    def __init__(
        self,
        customer: Customer,
        form: RequestForm,
        position: Position,
        *,
        key: str,
        is_shut: bool,
    ) -> None:
        self.customer = customer
        self.form = form
        self.position = position
        self.key = key
        self.is_shut = is_shut
        """Whether the person may open no rows, because access has ended."""

    @cached_property
    def sales(self) -> list[User]:
        """Who gets the request."""
        return sales_contacts(self.customer)

    @property
    def sales_named(self) -> str:
        """The same people, by name and mail address."""
        return ", ".join(f"{person.name} ({person.email})" for person in self.sales)

    @cached_property
    def waiting(self) -> list[CreditRequest]:
        """The open requests, so that nothing is asked for twice."""
        found = requests_of(self.customer).filter(state=RequestState.OPEN)
        return list(found.order_by("needed_on", "pk"))

    @cached_property
    def wanted(self) -> tuple[int | None, date | None]:
        """Credits and day as far as they were typed."""
        return self.form.typed()

    @cached_property
    def shortage(self) -> Shortage | None:
        """The shortage that the portal knows for the day that is typed, else from today on."""
        day = self.wanted[1] or clock.day_of(self.position.at)
        return shortage_on(self.position, min(day, date(LAST_YEAR, 1, 1)))

    @property
    def short_url(self) -> str:
        """The rows of the balance that is short, from now on at the earliest."""
        if self.shortage is None or self.is_shut:
            return ""
        return self.explain("balance", at=max(self.shortage.at, self.position.at))

    @cached_property
    def effect(self) -> Effect | None:
        """The known course with the credits held for a year; None while they are not typed."""
        credits, day = self.wanted
        if credits is None or day is None or not self.first_possible <= day.year < LAST_YEAR:
            return None
        line = LineOrder(credits=credits, first_day=day, last_day=last_day(day, YEAR))
        return effect_of({0: line}, self.position, [])

    @property
    def first_possible(self) -> int:
        """The year before which no day can be meant."""
        return clock.day_of(self.position.at).year

    @property
    def rows(self) -> list[EffectRow]:
        """The balance on the day, before and after."""
        credits, day = self.wanted
        if credits is None or day is None or self.effect is None:
            return []
        at = max(clock.start_of(day), self.position.at)
        before = self.position.figure_at(at).balance
        return [
            EffectRow(
                label=_("Balance"),
                before=before,
                after=before + credits,
                detail=date_text(day, DAY),
                total=True,
                before_url="" if self.is_shut else self.explain("balance", at=at),
            )
        ]

    @property
    def explain(self) -> Explain:
        """The rows behind the live figures."""
        return Explain.of(self.customer, self.position)

    @property
    def outlook(self) -> str:
        """Whether credits are short with what is asked for, and from when."""
        effect = self.effect
        if effect is None:
            return _("Enter credits and day to see what they would do.")
        if effect.short_now:
            return _("Still short until then, from today on.")
        if effect.short is not None:
            words = {"day": date_text(effect.short.at, DAY), "credits": f"{-effect.short.after:,}"}
            return _("Still %(credits)s short from %(day)s.") % words
        if effect.covered_until is not None:
            return _("Not short before %(day)s.") % {"day": last_day_text(effect.covered_until)}
        return _("Not short on any known date.")


def likely(position: Position) -> dict[str, object]:
    """The likely answers where a link brings none: the shortage that is known, from its day on."""
    today = clock.day_of(position.at)
    shortage = shortage_on(position, today)
    if shortage is None:
        return {"on": today.isoformat(), "cause": RequestCause.MORE}
    return {
        "credits": f"{shortage.credits:,}",
        "on": shortage.first_day.isoformat(),
        "cause": RequestCause.SHORTAGE,
    }


@dataclass(frozen=True)
class Chapter:
    """One thing that happened to a request."""

    at: datetime
    who: str
    title: str
    words: str = ""
    """What was said in own words, unless a purge has erased it."""
    url: str = ""
    link: str = ""


def story_of(row: CreditRequest) -> list[Chapter]:
    """What happened to a request, oldest first."""
    asked_for = _("Asked for %(credits)s credits by %(day)s. Cause: %(cause)s.") % {
        "credits": f"{row.credits:,}",
        "day": date_text(row.needed_on, DAY),
        "cause": cause_text(row),
    }
    found = [chapter(row.operation, asked_for, row.asked_by)]
    if row.answer is not None:
        found.append(chapter(row.answer, _("Answered by sales.")))
    if row.withdrawal is not None:
        found.append(chapter(row.withdrawal, _("Withdrawn.")))
    found += bought(row)
    return sorted(found, key=lambda one: one.at)


def bought(row: CreditRequest) -> list[Chapter]:
    """The purchase that was entered for a request, and its cancellation."""
    purchase = row.purchase
    if purchase is None:
        return []
    number = {"number": purchase.order_number}
    entered = Chapter(
        at=purchase.recorded_at,
        who=purchase.entered_by.name if purchase.entered_by else "",
        title=_("Purchased."),
        url=reverse("billing:purchase-detail", args=[row.customer.slug, purchase.public_id]),
        link=_("Order %(number)s") % number,
    )
    undone: Operation | None = getattr(purchase.operation, "reversal", None)
    if purchase.state not in WITHDRAWN_STATES or undone is None:
        return [entered]
    text = _("Order %(number)s was cancelled, so the request waits again.") % number
    if purchase.state == PurchaseState.MOVED:
        text = _("Order %(number)s was another customer's, so the request waits again.") % number
    return [entered, chapter(undone, text)]


def chapter(operation: Operation, title: str, who: User | None = None) -> Chapter:
    """An operation as a chapter."""
    note = getattr(operation, "note", None)
    person = who or operation.actor
    return Chapter(
        at=operation.recorded_at,
        who=person.name if person else "",
        title=title,
        words=note.text if note else "",
    )
