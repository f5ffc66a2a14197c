"""Links to a version of an estimate for people without an account: shared, revoked, opened.

Rules: docs/rules.md#estimate-links.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.db.models import QuerySet, TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.domain.requests import check_right
from credits import clock
from credits.domain.access_state import access_state
from credits.domain.activity_words import last_day_text
from credits.domain.books import Books
from credits.domain.commands import Command, Decision
from credits.domain.judging import ACCESS_ENDED
from credits.domain.people import Right
from credits.domain.post import post
from credits.exceptions import CreditsError, InvalidCommand, NotAllowed, UnknownObject
from estimator.domain.pipeline import one_estimate
from estimator.domain.saving import person
from estimator.models import Estimate, EstimateLink

SALT = "estimator.link"
SEPARATOR = "."
SHAPE = re.compile(r"[0-9a-f]{32}\.[A-Za-z0-9_-]{43}")
"""Which link, and a signature of 256 bits; whatever else is sent is not looked at."""

CHOICES = (7, 30, 90)
"""Days for which a link may be open."""

USUAL = 30
MOST_OPEN = 20
"""Links of one estimate that may be open at a time."""


class LinkRefused(CreditsError):
    """The address was never given out: forged, mistyped, or not whole."""

    code = "no-such-link"


class LinkEnded(LinkRefused):
    """The address was given out, and opens no more."""

    code = "link-ended"


class LinkState(TextChoices):
    """How a link stands."""

    OPEN = "open", gettext_lazy("Open")
    EXPIRED = "expired", gettext_lazy("Expired")
    REVOKED = "revoked", gettext_lazy("Revoked")


def state_of(link: EstimateLink, now: datetime) -> LinkState:
    """How a link stands at an instant; that it was revoked says more than that it has expired."""
    if link.revoked_id is not None:
        return LinkState.REVOKED
    return LinkState.OPEN if now < link.expires_at else LinkState.EXPIRED


def links_of(estimate: Estimate) -> QuerySet[EstimateLink]:
    """The links of an estimate, the newest first, with what a list shows of them."""
    found = EstimateLink.objects.filter(version__estimate=estimate)
    return found.select_related("version", "shared_by", "revoked__actor")


def last_day_of(days: int, now: datetime) -> date:
    """The last UTC day, usable to its end, of a link that is shared now for so many days."""
    return clock.day_of(now) + timedelta(days=days)


@dataclass(frozen=True, kw_only=True)
class ShareEstimate(Command):
    """Make a link to a version of an estimate, for a number of days.

    Raises UnknownObject for another customer's estimate and for a version it does not have,
    InvalidCommand for other days, where no person asks, and where many links are open, NotAllowed
    once access has ended, and NoLongerAllowed for an actor who may not save estimates.
    """

    kind: ClassVar[str] = "share-estimate"

    estimate: UUID
    version: int
    days: int

    def content(self) -> Mapping[str, Any]:
        return {"estimate": self.estimate, "version": self.version, "days": self.days}

    def decide(self, books: Books) -> Decision:
        person(self.asked)
        check_right(self.asked, books.customer, Right.ESTIMATE)
        found = one_estimate(books.customer, self.estimate)
        if not found.versions.filter(number=self.version).exists():
            text = _("Estimate %(number)s has no version %(version)d.")
            said = {"number": found.label, "version": self.version}
            raise UnknownObject(text % said, field="version")
        if self.days not in CHOICES:
            raise InvalidCommand(_("Choose for how many days."), field="days")
        if access_state(books.customer, books.now).is_locked:
            raise NotAllowed(_(ACCESS_ENDED))
        standing = links_of(found).filter(revoked=None, expires_at__gt=books.now)
        if standing.count() >= MOST_OPEN:
            text = _("%(count)d links are open, and that is as many as there can be. Revoke one.")
            raise InvalidCommand(text % {"count": MOST_OPEN})
        return Decision(
            answer={
                "estimate": str(found.public_id),
                "version": self.version,
                "last_day": last_day_of(self.days, books.now).isoformat(),
            },
            subject=found.label,
        )


@dataclass(frozen=True, kw_only=True)
class RevokeEstimateLink(Command):
    """Close a link for good. Parked books take it as well: what leads outside can be closed.

    Raises UnknownObject for another customer's link, NotAllowed for one that is not open, and
    NoLongerAllowed for an actor who may not save estimates.
    """

    kind: ClassVar[str] = "revoke-estimate-link"
    while_parked: ClassVar[bool] = True
    with_broken_books: ClassVar[bool] = True

    estimate: UUID
    link: UUID

    def content(self) -> Mapping[str, Any]:
        return {"estimate": self.estimate, "link": self.link}

    def decide(self, books: Books) -> Decision:
        check_right(self.asked, books.customer, Right.ESTIMATE)
        found = one_estimate(books.customer, self.estimate)
        link = links_of(found).filter(public_id=self.link).first()
        if link is None:
            raise UnknownObject(_("There is no such link."))
        refuse_ended(link, books.now)
        return Decision(
            answer={"estimate": str(found.public_id), "version": link.version.number},
            subject=found.label,
        )


def refuse_ended(link: EstimateLink, now: datetime) -> None:
    """Refuse what is for open links only. Raises NotAllowed."""
    if state_of(link, now) == LinkState.REVOKED:
        raise NotAllowed(_("This link was revoked before. Nothing was changed."))
    if state_of(link, now) == LinkState.EXPIRED:
        text = _("This link was open through %(day)s. Nothing was changed.")
        raise NotAllowed(text % {"day": last_day_text(link.expires_at)})


@transaction.atomic
def share(command: ShareEstimate) -> EstimateLink:
    """Make a link, exactly once per key; a repeat finds the first one."""
    answer = post(command)
    if answer.repeated:
        return EstimateLink.objects.get(operation=answer.operation)
    estimate = one_estimate(command.customer, command.estimate)
    last_day = date.fromisoformat(answer.data["last_day"])
    return EstimateLink.objects.create(
        version=estimate.versions.get(number=command.version),
        operation=answer.operation,
        shared_by=person(command.asked),
        shared_at=answer.operation.recorded_at,
        expires_at=clock.start_of(last_day + timedelta(days=1)),
    )


@transaction.atomic
def revoke(command: RevokeEstimateLink) -> None:
    """Close a link, exactly once per key. From then on it opens for nobody."""
    answer = post(command)
    if not answer.repeated:
        link = EstimateLink.objects.filter(public_id=command.link)
        link.update(revoked=answer.operation)


def secret_of(link: EstimateLink) -> str:
    """The secret part of a link's address: which link it is, signed. It is kept nowhere."""
    return signer().sign(link.public_id.hex)


def signed_id(secret: str) -> UUID:
    """Which link the secret part of an address stands for. Raises LinkRefused for a wrong one.

    Reads nothing. The signature is compared in constant time, and as text: a secret that only
    means the same is wrong.
    """
    if not SHAPE.fullmatch(secret):
        raise LinkRefused(unknown_sentence())
    try:
        return UUID(hex=signer().unsign(secret))
    except BadSignature:
        raise LinkRefused(unknown_sentence()) from None


def signer() -> Signer:
    """Signs links, and nothing else."""
    return Signer(salt=SALT, sep=SEPARATOR)


def open_link(secret: str, now: datetime) -> EstimateLink:
    """The link of an address at an instant, with its version, estimate and customer.

    Raises LinkRefused for a secret that was never given out, and LinkEnded for one that was and
    opens no more: expired, revoked, or of a customer whose access has ended
    (docs/rules.md#r13), which is told nobody.
    """
    return standing_link(signed_id(secret), now)


def standing_link(public_id: UUID, now: datetime) -> EstimateLink:
    """The link that a right secret stands for. Raises LinkEnded."""
    rows = EstimateLink.objects.select_related("version__estimate__customer")
    link = rows.filter(public_id=public_id).first()
    if link is None or link.revoked_id is not None:
        raise LinkEnded(closed_sentence())
    if now >= link.expires_at:
        text = _("This link was open through %(day)s, UTC. Ask whoever sent it for a new one.")
        raise LinkEnded(text % {"day": last_day_text(link.expires_at)})
    if access_state(link.version.estimate.customer, now).is_locked:
        raise LinkEnded(closed_sentence())
    return link


def unknown_sentence() -> str:
    return _(
        "This address opens nothing. It may have been copied only in part: ask whoever sent it "
        "for the whole address."
    )


def closed_sentence() -> str:
    return _("This link is no longer open. Ask whoever sent it for a new one.")
