"""Linking an agreement to a customer, by the claim that a buyer brings from the marketplace.

Rules: docs/rules.md#marketplaces.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, ClassVar

from django.db import transaction
from django.utils.translation import gettext as _

from billing.domain.first_purchase import (
    NewCustomer,
    check_new,
    free_slug,
    made_before,
    part,
)
from billing.domain.marketplaces.agreements import agreement_of, remember, short
from billing.domain.marketplaces.applying import replay
from billing.domain.marketplaces.linkable import check_customer, check_goes_on
from billing.domain.marketplaces.looking import Outcome, look, visit
from billing.domain.marketplaces.providers import (
    Truth,
    Unavailable,
    UnknownAgreement,
    provider,
)
from billing.models import LinkClaim, MarketplaceAgreement, MarketplaceMessage
from credits import clock
from credits.domain.access import access_to
from credits.domain.books import Books
from credits.domain.commands import Asked, Command, Decision
from credits.domain.locks import lock_office
from credits.domain.people import RIGHTS, CreateCustomer, Invite, Right, customers_for
from credits.domain.post import post, post_office
from credits.exceptions import CreditsError, NotAllowed
from credits.models import Customer, Operation, Role, User

logger = logging.getLogger(__name__)

VALID = timedelta(hours=24)
"""How long a buyer may take from the landing page to the linking."""

MOST_CHOICES = 50


class ClaimRefused(CreditsError):
    """The address is none of ours, is too old, or was used: it leads to no agreement."""

    code = "claim-refused"


@transaction.atomic
def claim(truth: Truth) -> str:
    """A buyer's right to link the agreement, as the secret part of an address.

    Valid for 24 hours and for one linking; only a digest of the secret is kept. The agreement is
    found or begun; nothing comes of it before it is linked.
    """
    found = agreement_of(truth.marketplace, truth.reference)
    agreement = MarketplaceAgreement.objects.select_for_update(no_key=True).get(pk=found.pk)
    if agreement.customer_id is None:
        remember(agreement, truth)
    secret = secrets.token_urlsafe(32)
    now = clock.now()
    LinkClaim.objects.create(
        digest=digest_of(secret), agreement=agreement, made_at=now, expires_at=now + VALID
    )
    return secret


def digest_of(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def claimed(secret: str) -> LinkClaim:
    """The claim of an address, used or not. Raises ClaimRefused for one too old, or none."""
    found = LinkClaim.objects.select_related("agreement__customer")
    row = found.filter(digest=digest_of(secret)).first()
    if row is None:
        raise ClaimRefused(
            _("This address leads to no purchase. Start again from the marketplace's page.")
        )
    if row.used_at is None and clock.now() >= row.expires_at:
        raise ClaimRefused(
            _(
                "This address was good for 24 hours, and they are over. Start again from the "
                "marketplace's page; what you bought is still there."
            )
        )
    return row


def linkable_by(user: User) -> list[Customer]:
    """The customers that a person may link an agreement to: those whose admin he or she is."""
    roles = [role for role in Role.values if Right.ADD_LICENSES in RIGHTS[role]]
    own = customers_for(user).filter(memberships__user=user, memberships__role__in=roles)
    return list(own.distinct().order_by("name", "pk")[:MOST_CHOICES])


@dataclass(frozen=True, kw_only=True)
class LinkAgreement(Command):
    """Say that a marketplace's agreement is this customer's, by a claim that is used up with it.

    Raises ClaimRefused for a claim that is no good any more, and NotAllowed with the reason why
    the agreement cannot be linked.
    """

    kind: ClassVar[str] = "link-agreement"

    claim: int

    def content(self) -> Mapping[str, Any]:
        return {"claim": self.claim}

    def decide(self, books: Books) -> Decision:
        claim = LinkClaim.objects.select_for_update(no_key=True).get(pk=self.claim)
        own = MarketplaceAgreement.objects.select_for_update(no_key=True)
        agreement = own.get(pk=claim.agreement_id)
        if claim.used_at is not None:
            raise ClaimRefused(
                _("This address was used before. Start again from the marketplace's page.")
            )
        if books.now >= claim.expires_at:
            raise ClaimRefused(
                _("The 24 hours of this address are over. Start again from the marketplace's page.")
            )
        check_goes_on(agreement)
        check_customer(agreement, books.customer)

        def save() -> None:
            claim.used_at, claim.used_by = books.now, self.asked.actor
            claim.save(update_fields=["used_at", "used_by"])

        return Decision(
            save_rows=save,
            answer={"agreement": str(agreement.public_id)},
            subject=f"{agreement.get_marketplace_display()} {short(agreement.reference)}",
        )


@transaction.atomic
def link(claim: LinkClaim, customer: Customer, asked: Asked) -> MarketplaceAgreement:
    """Link the agreement of a claim to a customer, exactly once per key.

    What was parked for it is tried again. Raises what LinkAgreement raises, and NotAllowed for
    somebody who may not add licenses to the customer.
    """
    if asked.actor is not None:
        access = access_to(asked.actor, customer.slug)
        if access is None or Right.ADD_LICENSES not in access.rights:
            raise NotAllowed(_("Only an admin of the customer links a purchase to it."))
    answer = post(LinkAgreement(customer=customer, asked=asked, claim=claim.pk))
    if not answer.repeated:
        keep(claim.agreement_id, customer, answer.operation)
    return MarketplaceAgreement.objects.get(pk=claim.agreement_id)


@transaction.atomic
def link_new(claim: LinkClaim, new: NewCustomer, asked: Asked) -> MarketplaceAgreement:
    """Make a new customer with its first admin, who is invited by mail, and link to it.

    Exactly once per key. Nothing of other customers is told: a name may be there twice. Raises
    InvalidCommand at `name` or `admin_email`, and what LinkAgreement raises; then there is no
    new customer either.
    """
    lock_office()
    customer = made_before(asked)
    if customer is None:
        check_new(new)
        customer = make(new, asked)
    return link(claim, customer, replace(part(asked, "link"), actor=None))


def make(new: NewCustomer, asked: Asked) -> Customer:
    """The customer with its first admin: who is there is no rep, and may be that admin."""
    create = CreateCustomer(
        asked=part(asked, "customer"),
        name=new.name.strip(),
        slug=free_slug(new.name),
        domain=new.mail_domain,
    )
    answer = post_office(create)
    customer = Customer.objects.get(public_id=answer.data["customer"])
    post(
        Invite(
            customer=customer,
            asked=replace(part(asked, "admin"), actor=None),
            email=new.admin_email,
            name=new.admin_name.strip(),
            role=Role.ADMIN,
        )
    )
    return customer


def keep(pk: int, customer: Customer, operation: Operation) -> None:
    """The agreement as linked; it is due to be looked at, and so are its parked messages."""
    MarketplaceAgreement.objects.filter(pk=pk).update(
        customer=customer, linking=operation, applied_at=None, problem=""
    )
    linked = MarketplaceAgreement.objects.filter(pk=pk)
    replay(
        MarketplaceMessage.objects.filter(
            marketplace__in=linked.values("marketplace"), reference__in=linked.values("reference")
        )
    )


def follow(agreement: MarketplaceAgreement) -> Outcome | None:
    """Look at an agreement that was just linked; None where the marketplace gives no answer now.

    Then the job does it within a minute or as soon as there is one.
    """
    asks = provider(agreement.marketplace)
    if asks is None:
        return None
    try:
        return visit(agreement, asks)
    except (Unavailable, UnknownAgreement) as problem:
        logger.warning(
            "agreement_unavailable agreement=%s problem=%s", agreement.public_id, problem
        )
        return None


def look_again(agreement: MarketplaceAgreement) -> None:
    """Ask the marketplace once more; without an answer nothing changes."""
    asks = provider(agreement.marketplace)
    if asks is None:
        return
    try:
        look(agreement, asks)
    except (Unavailable, UnknownAgreement) as problem:
        logger.info("agreement_unavailable agreement=%s problem=%s", agreement.public_id, problem)
