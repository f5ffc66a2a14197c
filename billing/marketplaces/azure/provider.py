"""Azure Marketplace as the portal sees every marketplace: one provider among others."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from django.utils.translation import gettext as _

from billing.domain.marketplaces.changes import why_refused
from billing.domain.marketplaces.providers import (
    Item,
    Message,
    RefusedToken,
    Truth,
    Unavailable,
    UnknownAgreement,
    Unsettled,
)
from billing.marketplaces.azure import fulfillment, keys
from billing.marketplaces.azure.account import Account, account
from billing.marketplaces.azure.fulfillment import readable
from billing.marketplaces.azure.reading import (
    GUID,
    PENDING,
    Said,
    Unreadable,
    guid,
    quantity,
    said,
    truth_of,
)
from billing.marketplaces.azure.transport import Answer
from billing.marketplaces.azure.webhook import ACKNOWLEDGED, ASKS, OPEN
from billing.marketplaces.azure.webhook import message as message_of
from billing.models import Marketplace

logger = logging.getLogger(__name__)

GONE = "Gone"
"""As what we treat an operation that the marketplace has no more."""


def configured() -> AzureProvider | None:
    """Azure Marketplace, where this installation sells on it."""
    own = account()
    return AzureProvider(own) if own is not None else None


class AzureProvider:
    """Every call may raise Unavailable; each makes at most a few requests, each within its time."""

    name = str(Marketplace.AZURE)

    def __init__(self, account: Account) -> None:
        self.account = account

    def resolve(self, token: str) -> Truth:
        """The subscription that a landing token stands for; it is good for a day, and again.

        Raises RefusedToken.
        """
        answer = fulfillment.resolve(self.account, token)
        if answer.status in (400, 404):
            raise RefusedToken(
                _(
                    "We could not identify this purchase. Open the subscription in the Azure"
                    " portal or in the Microsoft 365 admin center again, and choose “Configure"
                    " account” or “Manage account” there."
                )
            )
        return self.truth(readable_id(answer), "", "")

    def truth(self, reference: str, account: str, product: str) -> Truth:
        """What holds of a subscription now. Raises UnknownAgreement."""
        if not GUID.fullmatch(reference):
            raise UnknownAgreement(_("No subscription of Azure Marketplace is called so."))
        answer = fulfillment.subscription(self.account, reference)
        if answer.status == 404:
            raise UnknownAgreement(_("Azure Marketplace knows no such subscription."))
        truth = readable_truth(readable(answer))
        if truth.reference != reference:
            raise Unavailable("The marketplace answered with another subscription.")
        if account and truth.account and truth.account != account.lower():
            raise UnknownAgreement(_("The subscription belongs to another buyer."))
        return truth

    def settle(self, message: Message) -> None:
        """Look the message's operation up, compare, and answer it if it waits for that.

        An operation that is over or gone is settled. Actions that only tell are compared and
        nothing else; so are actions that we do not know, since all that follows from a message
        is a look at the subscription. Raises Unsettled.
        """
        try:
            _message, told = message_of(message.body.encode())
        except Unreadable as error:
            raise Unsettled(f"The message cannot be read: {error}") from error
        operation = self.operation(told)
        if operation is None:
            return
        compare(told, operation)
        if operation.action in ACKNOWLEDGED:
            self.acknowledge(operation)

    def acknowledge(self, operation: Said) -> None:
        """Accept what an operation wants, or refuse what we do not sell, and see it through.

        Raises Unsettled for what was refused, so that a person sees that the buyer wanted it, and
        Unavailable until the operation is over: before that the subscription shows the old state.
        """
        reason = why_not(operation)
        if operation.status in OPEN:
            operation = self.answered(operation, is_accepted=not reason)
        if operation.status in OPEN:
            raise Unavailable("The operation was answered, and is not over yet.")
        if reason and operation.status != "Succeeded":
            raise Unsettled(reason)

    def answered(self, operation: Said, *, is_accepted: bool) -> Said:
        """Answer an operation; how it stands after that."""
        answer = fulfillment.answer_operation(
            self.account, operation.subscription, operation.operation, is_accepted=is_accepted
        )
        logger.info(
            "azure_operation_answered operation=%s accepted=%s status=%s",
            operation.operation,
            is_accepted,
            answer.status,
        )
        if answer.status == 404:
            return replace(operation, status=GONE)
        # 409: a newer one, or the marketplace itself, was quicker.
        if answer.status not in (200, 202, 204, 409):
            raise Unavailable(f"The marketplace answered {answer.status} to our answer.")
        return self.operation(operation) or replace(operation, status=GONE)

    def operation(self, told: Said) -> Said | None:
        """An operation as the marketplace has it; None if it has none of that id."""
        answer = fulfillment.operation(self.account, told.subscription, told.operation)
        if answer.status == 404:
            logger.info("azure_operation_gone operation=%s", told.operation)
            return None
        try:
            return said(readable(answer))
        except Unreadable as error:
            raise Unavailable(f"The operation cannot be read: {error}") from error

    def activate(self, reference: str, items: Sequence[Item]) -> None:
        """Say that the buyer was let in, if the marketplace still waits for that.

        The quantity is sent back as it was told: a flat plan has none, though it counts as one
        unit. Raises Unavailable if something else was bought meanwhile: then it is looked at anew.
        """
        found = readable(fulfillment.subscription(self.account, reference))
        truth = readable_truth(found)
        if not truth.must_activate:
            return
        if list(truth.items) != list(items):
            raise Unavailable("What was bought has changed; it is looked at again.")
        units = quantity(found.get("quantity"))
        answer = fulfillment.activate(self.account, reference, truth.items[0].plan, units)
        if answer.status in (200, 202, 204):
            return
        # Somebody else was quicker, or it was cancelled: then nobody waits any more.
        again = readable(fulfillment.subscription(self.account, reference))
        if again.get("saasSubscriptionStatus", "").strip() == PENDING:
            raise Unavailable(f"The marketplace answered {answer.status} to the activation.")

    def agreements(self) -> Iterator[Truth]:
        """Every subscription of our offers; ended ones stay on the list."""
        return (readable_truth(one) for one in fulfillment.subscriptions(self.account))

    def collect(self) -> int:
        """There is no queue: the marketplace posts. Keeps the keys fresh that it signs with."""
        keys.refresh(self.account)
        return 0


def why_not(operation: Said) -> str:
    """Why what an operation wants cannot be had; "" if it can."""
    if operation.action not in ASKS or not operation.offer or not operation.plan:
        return ""
    item = Item(operation.plan, operation.quantity or 1)
    return why_refused(Marketplace.AZURE, operation.offer, item)


def compare(told: Said, operation: Said) -> None:
    """Refuse a message that says other than its operation. Raises Unsettled.

    What one of the two leaves out is not compared.
    """
    differs: Iterable[str] = (
        name
        for name in ("operation", "subscription", "action", "offer", "plan", "quantity")
        if (ours := getattr(told, name)) and (theirs := getattr(operation, name)) and ours != theirs
    )
    if found := ", ".join(differs):
        raise Unsettled(f"The message says other than the marketplace does: {found}.")


def readable_truth(found: object) -> Truth:
    """A subscription of an answer. Raises Unavailable if it is none."""
    try:
        return truth_of(found if isinstance(found, dict) else {})
    except Unreadable as error:
        raise Unavailable(f"The subscription cannot be read: {error}") from error


def readable_id(answer: Answer) -> str:
    """The id of the subscription in an answer. Raises Unavailable if there is none."""
    try:
        return guid(readable(answer).get("id"))
    except Unreadable as error:
        raise Unavailable("The answer names no subscription.") from error
