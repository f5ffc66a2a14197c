"""Credit requests: asked by a customer's admin, answered by sales, settled by a purchase.

The three commands book nothing: each is an operation of the customer's chain, and the request's
row follows it in the same transaction. Rules: docs/rules.md#r22.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from django.db import transaction
from django.db.models import Case, Max, Value, When
from django.utils.translation import gettext as _

from billing.domain.request_lists import cause_text, one_request, state_text
from billing.domain.request_mail import tell_answer, tell_purchase, tell_sales
from billing.domain.shortages import shortage_on
from billing.models import CreditRequest, Purchase, RequestCause, RequestState
from credits import clock
from credits.domain.access import access_to
from credits.domain.books import Books
from credits.domain.commands import Asked, Command, Decision
from credits.domain.figures import standing
from credits.domain.licenses import check_credits
from credits.domain.members import NoLongerAllowed
from credits.domain.people import Right
from credits.domain.post import post
from credits.domain.terms import LAST_YEAR
from credits.exceptions import InvalidCommand, NotAllowed
from credits.models import Customer, License

MOST_OPEN = 20
"""Open requests of one customer at a time."""

MAX_TEXT = 500
"""Characters of what is said in own words, by either side."""

WAITING = (RequestState.OPEN, RequestState.ANSWERED)
"""The states from which a request may still be withdrawn, or settled by a purchase."""


@dataclass(frozen=True, kw_only=True)
class RequestCredits(Command):
    """Ask sales for credits by a UTC day. What is said in own words is the reason of `asked`.

    Raises InvalidCommand at `credits`, `on`, `cause` or `words`, NotAllowed where too many
    requests are open, and NoLongerAllowed for an actor who may not ask.
    """

    kind: ClassVar[str] = "request-credits"

    credits: int
    needed_on: date
    cause: str

    def content(self) -> Mapping[str, Any]:
        return {"credits": self.credits, "needed_on": self.needed_on, "cause": self.cause}

    def decide(self, books: Books) -> Decision:
        check_right(self.asked, books.customer, Right.REQUEST_CREDITS)
        check_credits(self.credits)
        check_day(self.needed_on, clock.day_of(books.now))
        check_words(self.cause, self.asked.reason)
        own = CreditRequest.objects.filter(customer=books.customer)
        if own.filter(state=RequestState.OPEN).count() >= MOST_OPEN:
            raise NotAllowed(
                _(
                    "%(count)d requests are open, and that is as many as there can be. "
                    "Withdraw one, or wait for an answer. Nothing was sent."
                )
                % {"count": MOST_OPEN}
            )
        number = (own.aggregate(last=Max("number"))["last"] or 0) + 1
        return Decision(
            answer={
                "number": number,
                "credits": self.credits,
                "needed_on": self.needed_on.isoformat(),
                **self.found(books),
            },
            subject=f"R-{number}",
        )

    def found(self, books: Books) -> dict[str, Any]:
        """The shortage as the portal knows it under the lock, where it is the cause."""
        if self.cause != RequestCause.SHORTAGE:
            return {}
        live = standing(books.customer, now=books.now).live
        shortage = shortage_on(live, self.needed_on)
        if shortage is None:
            raise InvalidCommand(
                _("No shortage is known any more. Choose another cause, or close this page."),
                field="cause",
            )
        return {
            "short_at": shortage.at.isoformat(),
            "shortfall": shortage.credits,
            "license": str(shortage.license.public_id) if shortage.license else None,
        }


@dataclass(frozen=True, kw_only=True)
class AnswerRequest(Command):
    """Answer an open request, as sales does. The answer is the reason of `asked`.

    Raises UnknownObject for another customer's request, InvalidCommand at `answer` where nothing
    is said, NotAllowed where it is not open any more, and NoLongerAllowed as above.
    """

    kind: ClassVar[str] = "answer-request"

    public_id: UUID

    def content(self) -> Mapping[str, Any]:
        return {"request": self.public_id}

    def decide(self, books: Books) -> Decision:
        check_right(self.asked, books.customer, Right.ENTER_PURCHASES)
        found = one_request(books.customer, self.public_id)
        if found.state != RequestState.OPEN:
            raise NotAllowed(_("%(state)s Nothing was changed.") % {"state": state_text(found)})
        if not self.asked.reason.strip():
            raise InvalidCommand(_("Write what the customer should know."), field="answer")
        check_length(self.asked.reason, "answer")
        return decided(found)


@dataclass(frozen=True, kw_only=True)
class WithdrawRequest(Command):
    """Take a request back that no purchase has settled. Raises as AnswerRequest does."""

    kind: ClassVar[str] = "withdraw-request"

    public_id: UUID

    def content(self) -> Mapping[str, Any]:
        return {"request": self.public_id}

    def decide(self, books: Books) -> Decision:
        check_right(self.asked, books.customer, Right.REQUEST_CREDITS)
        found = one_request(books.customer, self.public_id)
        if found.state not in WAITING:
            raise NotAllowed(_("%(state)s Nothing was changed.") % {"state": state_text(found)})
        return decided(found)


@transaction.atomic
def request_credits(command: RequestCredits) -> CreditRequest:
    """Ask for credits, exactly once per key, and write the mails to sales."""
    answer = post(command)
    if answer.repeated:
        return CreditRequest.objects.get(operation=answer.operation)
    told = answer.data
    ending: str = told.get("license") or ""
    made = CreditRequest.objects.create(
        customer=command.customer,
        number=told["number"],
        operation=answer.operation,
        credits=command.credits,
        needed_on=command.needed_on,
        cause=command.cause,
        short_at=told.get("short_at"),
        shortfall=told.get("shortfall"),
        license=License.objects.get(public_id=ending) if ending else None,
        asked_by=command.asked.actor,
        asked_at=answer.operation.recorded_at,
    )
    made.refresh_from_db()
    tell_sales(made, cause_text(made), command.asked.reason)
    return made


@transaction.atomic
def answer_request(command: AnswerRequest) -> CreditRequest:
    """Answer a request, exactly once per key, and write the mail to who asked."""
    answer = post(command)
    found = one_request(command.customer, command.public_id)
    if not answer.repeated:
        found.state, found.answer = RequestState.ANSWERED, answer.operation
        found.save(update_fields=["state", "answer"])
        tell_answer(found, answer.operation, command.asked.reason)
    return found


@transaction.atomic
def withdraw_request(command: WithdrawRequest) -> CreditRequest:
    """Take a request back, exactly once per key."""
    answer = post(command)
    found = one_request(command.customer, command.public_id)
    if not answer.repeated:
        found.state, found.withdrawal = RequestState.WITHDRAWN, answer.operation
        found.save(update_fields=["state", "withdrawal"])
    return found


def settle(public_id: UUID, purchase: Purchase) -> None:
    """Mark the request that a purchase was entered for, in the purchase's own transaction.

    Raises UnknownObject for another customer's, NotAllowed for one that waits no more.
    """
    found = one_request(purchase.customer, public_id)
    if found.state not in WAITING:
        raise NotAllowed(
            _("%(state)s Untick it to enter the order without it.") % {"state": state_text(found)},
            field="request",
        )
    found.state, found.purchase = RequestState.PURCHASED, purchase
    found.save(update_fields=["state", "purchase"])
    tell_purchase(found, purchase)


def reopen(purchase: Purchase) -> None:
    """Let the request of a purchase that was cancelled wait again, in the same transaction."""
    CreditRequest.objects.filter(purchase=purchase, state=RequestState.PURCHASED).update(
        state=Case(
            When(answer__isnull=False, then=Value(RequestState.ANSWERED)),
            default=Value(RequestState.OPEN),
        )
    )


def decided(row: CreditRequest) -> Decision:
    """What an act on a request leaves in its operation: enough to tell it for ever after."""
    told = {"credits": row.credits, "needed_on": row.needed_on.isoformat()}
    return Decision(answer={"request": str(row.public_id), **told}, subject=row.label)


def check_right(asked: Asked, customer: Customer, right: Right) -> None:
    """Refuse an actor without the right, asked under the customer's lock.

    What a command asks for no person passes. Raises NoLongerAllowed.
    """
    if asked.actor is None:
        return
    access = access_to(asked.actor, customer.slug)
    if access is None or right not in access.rights:
        raise NoLongerAllowed(_("You may not do this any more, so nothing was changed."))


def check_day(day: date, today: date) -> None:
    """Refuse a day that has passed, or that nobody means."""
    if day < today:
        raise InvalidCommand(_("The day has passed. Choose today or a later one."), field="on")
    if day.year > LAST_YEAR:
        raise InvalidCommand(
            _("The day must lie before the end of %(year)d.") % {"year": LAST_YEAR}, field="on"
        )


def check_words(cause: str, words: str) -> None:
    """A cause there is; and own words where no cause of the list says it."""
    if cause not in RequestCause.values:
        raise InvalidCommand(_("Choose one of the causes."), field="cause")
    if cause == RequestCause.OTHER and not words.strip():
        raise InvalidCommand(_("Say in your own words what the credits are for."), field="words")
    check_length(words, "words")


def check_length(words: str, field: str) -> None:
    """Refuse what is too long to be a note."""
    if len(words) > MAX_TEXT:
        raise InvalidCommand(
            _("This takes up to %(most)d characters. You entered %(count)d.")
            % {"most": MAX_TEXT, "count": len(words)},
            field=field,
        )
