"""The second pair of eyes: an order above a number of credits is recorded by two people.

The rule and its two commands; what they do to the order that waits is in `drafts`. It covers one
order a person enters, not several smaller ones (docs/rules.md#second-look).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from billing.domain.orders import Order
from billing.domain.requests import check_length, check_right
from billing.models import Channel, DraftState, PurchaseDraft
from credits.domain.books import Books
from credits.domain.commands import Command, Decision, canonical, digest
from credits.domain.people import Right
from credits.exceptions import CreditsError, InvalidCommand, NotAllowed
from credits.models import User

BY_PEOPLE = (Channel.SALES, Channel.SUPPORT)
"""Channels of orders that a person enters; conversions and marketplaces are nobody's typing."""


class NeedsSecondLook(CreditsError):
    """An order above the threshold, which nobody records alone."""

    code = "second-look"


class DraftChanged(CreditsError):
    """The saved order is another one by now: saved, sent, recorded or discarded meanwhile."""

    code = "draft-changed"


def needs_second_look(order: Order, actor: User | None) -> bool:
    """Whether an order that a person enters has to be confirmed by another one."""
    return actor is not None and is_above(order.credits, order.channel)


def is_above(credits: int, channel: str) -> bool:
    """Whether so many credits are more than one person alone enters through a channel."""
    most: int = settings.PURCHASE_SECOND_LOOK_CREDITS
    return bool(most) and channel in BY_PEOPLE and credits > most


def refuse_alone(order: Order, actor: User | None) -> None:
    """Raise NeedsSecondLook for an order that this person would record alone."""
    if needs_second_look(order, actor) and order.seen_by in (None, actor):
        raise NeedsSecondLook(
            _(
                "An order of more than %(most)s credits is confirmed by a second person. "
                "Send it for a second look."
            )
            % {"most": f"{settings.PURCHASE_SECOND_LOOK_CREDITS:,}"}
        )


def digest_of(order: Order) -> str:
    """What two people must have seen alike: all that an order says, price and note included."""
    lines = [
        [line.credits, line.first_day, line.last_day, str(line.kind), renewed(line.renews)]
        for line in order.lines
    ]
    said = [order.order_number.strip(), order.channel, order.price, order.currency]
    return digest(canonical([*said, order.note.strip(), order.settles, lines]))


def renewed(license: Any) -> str:
    """The license that is renewed, as a digest names it."""
    return str(license.public_id) if license else ""


@dataclass(frozen=True, kw_only=True)
class SubmitOrder(Command):
    """Send a saved order to a second person. It grants nothing yet.

    Raises NoLongerAllowed for who may not enter purchases for the customer.
    """

    kind: ClassVar[str] = "submit-order"

    draft: UUID
    order: Order

    def content(self) -> Mapping[str, Any]:
        return {"draft": self.draft, "order": digest_of(self.order)}

    def decide(self, books: Books) -> Decision:
        check_right(self.asked, books.customer, Right.ENTER_PURCHASES)
        told = {"credits": self.order.credits, "order": digest_of(self.order)}
        return Decision(
            answer={"draft": str(self.draft), **told}, subject=self.order.order_number.strip()
        )


@dataclass(frozen=True, kw_only=True)
class RefuseOrder(Command):
    """Send an order back to who submitted it. The reason of `asked` says why.

    Raises InvalidCommand at `reason` where none is given, DraftChanged where it waits no more or
    was changed since it was seen, NotAllowed for one's own, and NoLongerAllowed as above.
    """

    kind: ClassVar[str] = "refuse-order"

    draft: UUID
    version: int

    def content(self) -> Mapping[str, Any]:
        return {"draft": self.draft, "version": self.version}

    def decide(self, books: Books) -> Decision:
        check_right(self.asked, books.customer, Right.ENTER_PURCHASES)
        found = PurchaseDraft.objects.filter(customer=books.customer).get(public_id=self.draft)
        check_waiting(found, self.version)
        check_other(found, self.asked.actor)
        if not self.asked.reason.strip():
            raise InvalidCommand(_("Write why the order is sent back."), field="reason")
        check_length(self.asked.reason, "reason")
        return Decision(
            answer={"draft": str(self.draft), "credits": found.credits},
            subject=found.order_number,
        )


def check_waiting(found: PurchaseDraft, version: int) -> None:
    """Refuse what does not wait for a second look in just this version. Raises DraftChanged."""
    if found.state != DraftState.WAITING or found.version != version:
        raise DraftChanged(
            _(
                "The order was changed, or decided on, since you opened it, so nothing was done. "
                "This is how it stands now."
            )
        )


def check_other(found: PurchaseDraft, actor: User | None) -> None:
    """Refuse who submitted the order: the second pair of eyes is somebody else's."""
    submitted_by = found.submission.actor if found.submission else None
    if actor is None or submitted_by is None or actor.pk == submitted_by.pk:
        raise NotAllowed(
            _("You submitted this order yourself, so another person confirms or refuses it.")
        )
