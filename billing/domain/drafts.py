"""Orders that are not recorded yet: saved, sent for a second look, refused, recorded, discarded.

Every write here holds the customer's lock, so that of two people the second sees what the first
did. A saved order grants nothing and takes no order number (docs/rules.md#drafts).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from billing.domain.order_mail import tell_refused, tell_second_look
from billing.domain.orders import Order, check_order, refuse_unusual
from billing.domain.purchase_files import attach_waiting, drop_waiting, hold_for_draft
from billing.domain.purchases import record_purchase, refuse_taken
from billing.domain.requests import check_right
from billing.domain.second_look import (
    DraftChanged,
    RefuseOrder,
    SubmitOrder,
    check_other,
    check_waiting,
    digest_of,
)
from billing.models import DraftState, Purchase, PurchaseDraft
from credits import clock
from credits.domain.commands import Asked, canonical
from credits.domain.judging import refuse_purged
from credits.domain.locks import lock_customers
from credits.domain.people import Right, customers_for
from credits.domain.post import answered, clean_key, post
from credits.exceptions import InvalidCommand, NotAllowed, UnknownObject
from credits.models import Customer, Operation, User

OPEN = (DraftState.DRAFT, DraftState.WAITING, DraftState.REFUSED)
"""The states in which a saved order can still be gone on with."""

MOST_TYPED = 20_000
"""Characters of what a form can hold."""


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A form as it was filled in; `credits` in sum, once every license says how many."""

    fields: Mapping[str, str]
    order_number: str = ""
    credits: int | None = None


@dataclass(frozen=True)
class Known:
    """The saved order that a form was opened from, and the version it showed."""

    public_id: UUID
    version: int


def drafts_of(customer: Customer) -> QuerySet[PurchaseDraft]:
    """A customer's saved orders, whatever became of them, newest first."""
    return PurchaseDraft.objects.filter(customer=customer).select_related(
        "customer",
        "saved_by",
        "submission__actor",
        "refusal__actor",
        "refusal__note",
        "purchase__customer",
        "purchase__operation",
    )


def open_drafts_for(user: User) -> QuerySet[PurchaseDraft]:
    """What is open at a person's desk, what waits for a second look leading.

    For customers the person may see as sales; membership gives no desk.
    """
    found = PurchaseDraft.objects.filter(customer__in=customers_for(user), state__in=OPEN)
    own = Q(customer__memberships__user=user)
    related = found.exclude(own).select_related("customer", "saved_by", "submission__actor")
    return related.order_by("-state", "-saved_at", "-pk")


def one_draft(customer: Customer, public_id: UUID) -> PurchaseDraft:
    """A customer's saved order. Raises UnknownObject for anybody else's."""
    found = drafts_of(customer).filter(public_id=public_id).first()
    if found is None:
        raise UnknownObject(_("There is no such draft."))
    return found


@transaction.atomic
def save_draft(
    customer: Customer, typed: Typed, asked: Asked, known: Known | None = None
) -> PurchaseDraft:
    """Keep an order as it was typed, however little of it, to go on with later.

    Saving the same twice saves once. Raises DraftChanged where another save came between, or the
    order is not open any more, and NoLongerAllowed for who may not enter purchases.
    """
    lock_customers([customer.pk])
    refuse_purged(customer)
    check_right(asked, customer, Right.ENTER_PURCHASES)
    if len(canonical(typed.fields)) > MOST_TYPED:
        raise InvalidCommand(_("This is more than a form can hold."))
    found = opened(customer, asked, known)
    if found is None:
        found = PurchaseDraft(customer=customer, form_key=form_of(asked), version=0)
    elif found.state == DraftState.DRAFT and is_saved(found, typed, asked):
        hold_for_draft(found, asked.key)
        return found
    elif not is_current(found, asked, known):
        raise changed(found)
    written(found, typed, asked)
    found.state = DraftState.DRAFT
    found.save()
    hold_for_draft(found, asked.key)
    return found


@transaction.atomic
def submit_order(
    customer: Customer, order: Order, typed: Typed, asked: Asked, known: Known | None = None
) -> PurchaseDraft:
    """Save a complete order and send it for a second look, exactly once per key, with the mails.

    Raises what record_purchase does about the order itself, so that nothing is sent that could
    not be recorded, and what save_draft does.
    """
    lock_customers([customer.pk])
    found = opened(customer, asked, known)
    if found is not None and answered(said(found, order, asked)):
        return found
    check_order(order)
    refuse_unusual(order)
    refuse_taken(order)
    found = save_draft(customer, typed, asked, known)
    answer = post(said(found, order, asked))
    found.state, found.submission = DraftState.WAITING, answer.operation
    found.save(update_fields=["state", "submission"])
    tell_second_look(found)
    return found


@transaction.atomic
def refuse_order(command: RefuseOrder) -> PurchaseDraft:
    """Send an order back with the reason, exactly once per key, and tell who submitted it."""
    answer = post(command)
    found = one_draft(command.customer, command.draft)
    if not answer.repeated:
        found.state, found.refusal = DraftState.REFUSED, answer.operation
        found.save(update_fields=["state", "refusal"])
        tell_refused(found, command.asked.reason)
    return found


@transaction.atomic
def confirm_order(found: PurchaseDraft, version: int, order: Order, asked: Asked) -> Purchase:
    """Record an order that somebody else submitted, just as it was submitted, once per key.

    Raises DraftChanged where it waits no more in this version, NotAllowed for who submitted it,
    and what record_purchase raises.
    """
    lock_customers([found.customer_id])
    found = one_draft(found.customer, found.public_id)
    if not is_recorded_by(found, asked):
        check_right(asked, found.customer, Right.ENTER_PURCHASES)
        check_waiting(found, version)
        check_other(found, asked.actor)
        if found.submission and found.submission.answer.get("order") != digest_of(order):
            raise changed(found)
    seen_by = found.submission.actor if found.submission else None
    return kept(found, record_purchase(found.customer, replace(order, seen_by=seen_by), asked))


@transaction.atomic
def enter_order(
    customer: Customer, order: Order, asked: Asked, known: Known | None = None
) -> Purchase:
    """Record an order that needs no second look, with its files, and settle its draft.

    Raises DraftChanged where the draft is another one by now, NoLongerAllowed for who may not
    enter purchases, and what record_purchase raises.
    """
    lock_customers([customer.pk])
    found = opened(customer, asked, known)
    open_or_own = found is None or is_recorded_by(found, asked) or is_current(found, asked, known)
    if found is not None and not open_or_own:
        raise changed(found)
    if not was_asked(asked):
        check_right(asked, customer, Right.ENTER_PURCHASES)
    purchase = record_purchase(customer, order, asked)
    attach_waiting(purchase, asked.key)
    return kept(found, purchase) if found is not None else purchase


@transaction.atomic
def discard_draft(customer: Customer, known: Known, asked: Asked) -> PurchaseDraft:
    """Put a saved order away, with its files; a second time nothing happens.

    Raises DraftChanged where another save came between, or it is recorded.
    """
    lock_customers([customer.pk])
    check_right(asked, customer, Right.ENTER_PURCHASES)
    found = one_draft(customer, known.public_id)
    if found.state == DraftState.DISCARDED:
        return found
    if not is_current(found, asked, known):
        raise changed(found)
    found.state = DraftState.DISCARDED
    found.save(update_fields=["state"])
    drop_waiting(found)
    return found


def opened(customer: Customer, asked: Asked, known: Known | None) -> PurchaseDraft | None:
    """The draft that a form was opened from, or that this very form has made."""
    if known is not None:
        return one_draft(customer, known.public_id)
    return drafts_of(customer).filter(form_key=form_of(asked)).first()


def was_asked(asked: Asked) -> bool:
    """Whether this very request was carried out before."""
    return Operation.objects.filter(source=asked.source, key=clean_key(asked.key)).exists()


def form_of(asked: Asked) -> str:
    """The form that an order was saved from, as its draft remembers it."""
    return f"{asked.source}/{clean_key(asked.key)}"


def is_saved(found: PurchaseDraft, typed: Typed, asked: Asked) -> bool:
    """Whether just this was saved by the same person last."""
    return found.typed == dict(typed.fields) and found.saved_by == asked.actor


def is_current(found: PurchaseDraft, asked: Asked, known: Known | None) -> bool:
    """Whether nobody else came between: the version that was shown, or the own form's."""
    if found.state not in OPEN:
        return False
    return found.version == known.version if known else found.saved_by == asked.actor


def is_recorded_by(found: PurchaseDraft, asked: Asked) -> bool:
    """Whether this very request has recorded it before."""
    if found.purchase is None:
        return False
    operation = found.purchase.operation
    return (operation.source, operation.key) == (asked.source, clean_key(asked.key))


def changed(found: PurchaseDraft) -> DraftChanged:
    """The refusal to write over what somebody else did."""
    if found.state == DraftState.RECORDED:
        return DraftChanged(_("This order was recorded meanwhile, so nothing was changed."))
    if found.state == DraftState.DISCARDED:
        return DraftChanged(_("This draft was discarded meanwhile, so nothing was changed."))
    return DraftChanged(
        _(
            "%(name)s saved this draft meanwhile, so nothing was written over it. "
            "Open it again to see what it holds now."
        )
        % {"name": found.saved_by.name}
    )


def written(found: PurchaseDraft, typed: Typed, asked: Asked) -> None:
    """Put what was typed into a draft, as its next version."""
    if asked.actor is None:
        raise NotAllowed(_("A draft is somebody's."))
    found.typed, found.credits = dict(typed.fields), typed.credits
    found.order_number = typed.order_number.strip()[:60]
    found.saved_by, found.saved_at = asked.actor, clock.now()
    found.version += 1


def kept(found: PurchaseDraft, purchase: Purchase) -> Purchase:
    """The purchase, with its draft recorded and the draft's files attached."""
    if found.purchase is None:
        found.state, found.purchase = DraftState.RECORDED, purchase
        found.save(update_fields=["state", "purchase"])
        attach_waiting(purchase, draft=found)
    return purchase


def said(found: PurchaseDraft, order: Order, asked: Asked) -> SubmitOrder:
    """The command that sends an order for a second look."""
    return SubmitOrder(customer=found.customer, asked=asked, draft=found.public_id, order=order)
