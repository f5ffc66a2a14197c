"""A person's act that raises allocated, judged on its net effect (docs/rules.md, increases)."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from credits.domain.access_state import access_state
from credits.domain.books import Booking, Books
from credits.domain.commands import Asked, Command
from credits.exceptions import ConfirmationNeeded, NotAllowed, ShortBalance
from credits.models import Balance, Customer, Membership, OverAllocation, Side

ACCESS_ENDED = gettext_noop(
    "Access has ended, so nothing was changed. Open the page again to see what helps."
)

PARKED = gettext_noop(
    "These books are parked until support has looked at them, so nothing was changed. "
    "What you see is complete; what connected systems report is kept."
)
PURGED = gettext_noop("This customer's data was erased for good, so nothing can be changed.")


def refuse_shut(balance: Balance, command: Command) -> None:
    """Refuse what parked or purged books do not take, under the lock (docs/rules.md#r24).

    Raises NotAllowed.
    """
    if balance.purged_at:
        raise NotAllowed(_(PURGED))
    if balance.parked_at and not command.passes_parked:
        raise NotAllowed(_(PARKED))


def refuse_purged(customer: Customer) -> None:
    """Refuse to keep anything more of a purged customer, under its lock. Raises NotAllowed."""
    if Balance.objects.filter(customer=customer, purged_at__isnull=False).exists():
        raise NotAllowed(_(PURGED))


def net_effect(books: Books, bookings: Sequence[Booking]) -> tuple[int, int]:
    """The balance at the act's own instant, before and after it (credits)."""
    valid, allocated = books.totals()
    before = valid - allocated
    change = sum(
        b.credits if b.subject[0] == Side.VALID else -b.credits
        for b in bookings
        if b.at <= books.now
    )
    return before, before + change


def raises_allocated(books: Books, bookings: Sequence[Booking]) -> bool:
    """Whether features hold more credits in sum after the act than before it."""
    rise = sum(b.credits for b in bookings if b.subject[0] == Side.ALLOCATED and b.at <= books.now)
    return rise > 0


def refuse_locked(books: Books, asked: Asked) -> None:
    """Refuse what a member asks after access has ended (docs/rules.md#r13), under the lock.

    Whoever has valid credits has access, so only the others are looked up; one whose credits are
    suspended is kept out by the pages, and a look at that here would cost every act a query.
    Systems' reports are kept, and support corrects all the same. Raises NotAllowed.
    """
    if books.totals()[0] or asked.actor is None:
        return
    if not access_state(books.customer, books.now).is_locked:
        return
    if Membership.objects.filter(customer=books.customer, user=asked.actor).exists():
        raise NotAllowed(_(ACCESS_ENDED))


def judge(books: Books, bookings: Sequence[Booking], asked: Asked) -> None:
    """Let an act that raises allocated pass unless it takes the balance below zero, and lower.

    Taking back a license raises nothing and is never judged. Raises ShortBalance where the
    customer refuses that, and ConfirmationNeeded where it was not confirmed, or confirmed for a
    smaller shortfall than it has become.
    """
    before, after = net_effect(books, bookings)
    if not raises_allocated(books, bookings) or after >= 0 or after >= before:
        return
    shortfall = -after
    if books.customer.over_allocation == OverAllocation.REFUSE:
        raise ShortBalance(
            f"This would take the balance to \N{MINUS SIGN}{shortfall:,} credits, and the settings "
            f"of {books.customer.name} refuse that. Nothing was changed.",
            shortfall=shortfall,
        )
    if asked.confirmed_shortfall is None or shortfall > asked.confirmed_shortfall:
        raise ConfirmationNeeded(
            f"This takes the balance to \N{MINUS SIGN}{shortfall:,} credits. "
            "Nothing is switched off for that. Confirm to go on.",
            shortfall=shortfall,
        )
