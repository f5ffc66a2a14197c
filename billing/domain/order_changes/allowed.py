"""What every correction of an order asks first: a right, a reason, an order that stands."""

from __future__ import annotations

from django.utils.translation import gettext as _

from billing.domain.second_look import BY_PEOPLE
from billing.models import WITHDRAWN_STATES, Purchase
from credits.domain.access import access_to, may_correct
from credits.domain.books import Books
from credits.domain.commands import Asked
from credits.domain.members import NoLongerAllowed
from credits.domain.people import Right
from credits.domain.restating import GrantChanged
from credits.exceptions import InvalidCommand, NotAllowed
from credits.models import Customer

MAX_REASON = 500
"""Characters of a reason, as long as any other note to an operation."""


def check_asked(asked: Asked, customer: Customer) -> None:
    """Refuse a person without the right, or without a reason, under the customer's lock.

    Sales corrects the orders of the customers it looks after, support all; what no person asks
    passes. Raises NoLongerAllowed, and InvalidCommand at `reason`.
    """
    if asked.actor is None:
        return
    check_right(asked, customer, Right.CORRECT_PURCHASES)
    if not asked.reason.strip():
        raise InvalidCommand(_("Write why. It is kept with the order."), field="reason")
    if len(asked.reason) > MAX_REASON:
        raise InvalidCommand(
            _("The reason takes up to %(most)d characters.") % {"most": MAX_REASON}, field="reason"
        )


def check_right(asked: Asked, customer: Customer, right: Right) -> None:
    """Refuse a person who has neither this right in a customer nor support's. NoLongerAllowed."""
    if asked.actor is None:
        return
    access = access_to(asked.actor, customer.slug)
    if access is not None and right in access.rights:
        return
    if not may_correct(asked.actor, customer):
        raise NoLongerAllowed(_("You may not do this any more, so nothing was changed."))


def standing_order(books: Books, purchase: Purchase) -> Purchase:
    """The customer's order as it is under the lock. Raises NotAllowed for one withdrawn."""
    found = Purchase.objects.select_related("operation").get(
        customer=books.customer, pk=purchase.pk
    )
    if found.state in WITHDRAWN_STATES:
        raise NotAllowed(
            _("Order %(number)s stands no more: it is %(state)s. Nothing was changed.")
            % {"number": found.order_number, "state": found.get_state_display().lower()}
        )
    return found


def check_typed(purchase: Purchase) -> None:
    """Refuse to change what a marketplace or a conversion said: it would say it again.

    Raises NotAllowed.
    """
    if purchase.channel not in BY_PEOPLE:
        raise NotAllowed(
            _("Order %(number)s came by %(channel)s and follows it. It is corrected there.")
            % {"number": purchase.order_number, "channel": purchase.get_channel_display()}
        )


__all__ = ["GrantChanged", "check_asked", "check_right", "check_typed", "standing_order"]
