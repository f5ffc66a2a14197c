"""The job that applies what marketplaces send: each minute, whatever is due.

A message is claimed, settled, looked up and marked. It may be killed anywhere, run twice or at
once, and meet messages in any order: what is applied is what the marketplace says when it is
asked, and that finds itself (docs/rules.md#marketplaces).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from billing.domain.marketplaces.agreements import agreement_of
from billing.domain.marketplaces.alarm import tell_late
from billing.domain.marketplaces.looking import Outcome, visit
from billing.domain.marketplaces.providers import (
    Message,
    Provider,
    Unavailable,
    UnknownAgreement,
    Unsettled,
    provider,
    providers,
)
from billing.models import (
    AgreementState,
    MarketplaceAgreement,
    MarketplaceMessage,
    MessageState,
)
from credits import clock

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
"""A claimed message is tried again after this: longer than its calls can take."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)

SYNCING = timedelta(hours=1)
"""So long the marketplace may not know yet an agreement that a message speaks of."""

AT_ONCE = 500
"""Messages of one run; the next begins within a minute."""

PROBLEM_LENGTH = 400


class NotAllApplied(Exception):
    """Something went wrong that is nobody's answer. Everything else was done."""


class Round:
    """One run of the job."""

    def __init__(self) -> None:
        self.counts = Counter(collected=0, applied=0, parked=0, later=0, agreements=0)
        self.failures = 0

    def collect(self) -> None:
        """Fetch what waits in the queues of the marketplaces."""
        for asks in providers():
            try:
                self.counts["collected"] += asks.collect()
            except Unavailable as problem:
                logger.warning("marketplace_unavailable name=%s problem=%s", asks.name, problem)
            except Exception:  # noqa: BLE001 - whatever it was, the others are asked.
                self.fail("collecting", asks.name)

    def apply(self, messages: Iterator[MarketplaceMessage]) -> None:
        """Apply the messages that are due."""
        for message in messages:
            try:
                self.counts[apply_message(message)] += 1
            except Exception as error:  # noqa: BLE001 - whatever it was, the next is applied.
                self.fail("applying", message.message_id)
                postpone(message, f"{type(error).__name__}: {error}")

    def visit_due(self) -> None:
        """Look at the agreements that wait for it though no message says so."""
        for agreement in due_agreements():
            asks = provider(agreement.marketplace)
            if asks is None:
                continue
            try:
                visit(agreement, asks)
                self.counts["agreements"] += 1
            except (Unavailable, UnknownAgreement) as problem:
                logger.warning(
                    "agreement_unavailable agreement=%s problem=%s", agreement.public_id, problem
                )
            except Exception:  # noqa: BLE001 - whatever it was, the next is looked at.
                self.fail("looking at", str(agreement.public_id))

    def fail(self, doing: str, what: str) -> None:
        """Note what went wrong, and go on; without a database there is nothing to go on with."""
        if not connection.is_usable():
            raise
        logger.exception("marketplace_failed doing=%s what=%s", doing, what)
        self.failures += 1


def apply_messages(as_of: datetime) -> dict[str, int]:
    """Collect, apply what is due, look at what waits, and tell what has waited too long.

    Raises NotAllApplied, after everything else, where something failed by no fault of a message.
    """
    run = Round()
    run.collect()
    run.apply(due_messages())
    run.visit_due()
    tell_late(clock.now())
    if run.failures:
        raise NotAllApplied(f"{run.failures} left undone; each is in the log with its error.")
    return dict(run.counts)


def due_messages() -> Iterator[MarketplaceMessage]:
    """The messages that are due, in the order in which they came, each claimed as it is given.

    The claim only keeps two workers from asking the same thing at the same time; one that died
    is free again after the lease.
    """
    now = clock.now()
    stored = MarketplaceMessage.objects.filter(state=MessageState.STORED)
    due = stored.filter(due_at__lte=now).order_by("received_at", "pk")
    for message in list(due[:AT_ONCE]):
        mine = stored.filter(pk=message.pk, due_at=message.due_at)
        if mine.update(due_at=clock.now() + LEASE, attempts=F("attempts") + 1):
            message.refresh_from_db()
            yield message


def due_agreements() -> QuerySet[MarketplaceAgreement]:
    """Linked agreements that were not looked at since, or whose buyer waits to be let in."""
    waits = Q(must_activate=True, problem="") & ~Q(state=AgreementState.ENDED)
    linked = MarketplaceAgreement.objects.filter(customer__isnull=False)
    return linked.filter(Q(applied_at__isnull=True) | waits).order_by("pk")


def apply_message(message: MarketplaceMessage) -> str:
    """Settle a message and apply what the marketplace says of its agreement; what it came to."""
    asks = provider(message.marketplace)
    if asks is None:
        return postpone(message, _("This installation sells nothing on this marketplace now."))
    attach_known(message)
    try:
        # Before any agreement is begun: the message may speak of none.
        settle(message, asks)
        return mark(message, visit(found(message), asks))
    except Unsettled as reason:
        return park(message, reason.message)
    except UnknownAgreement as reason:
        if clock.now() < message.received_at + SYNCING:
            return postpone(message, reason.message)
        return park(message, reason.message)
    except Unavailable as problem:
        return postpone(message, str(problem))


def settle(message: MarketplaceMessage, asks: Provider) -> None:
    """Do what the marketplace wants of a message, until it was done once."""
    if message.settled_at is None:
        asks.settle(as_sent(message))
        message.settled_at = clock.now()
        message.save(update_fields=["settled_at"])


def attach_known(message: MarketplaceMessage) -> None:
    """Note the agreement that a message speaks of, where it is known already."""
    if message.agreement_id is None:
        message.agreement = MarketplaceAgreement.objects.filter(
            marketplace=message.marketplace, reference=message.reference
        ).first()
        message.save(update_fields=["agreement"])


def found(message: MarketplaceMessage) -> MarketplaceAgreement:
    """The agreement that a message speaks of, begun if need be, with what the message knows."""
    agreement = agreement_of(message.marketplace, message.reference)
    if message.agreement_id is None:
        message.agreement = agreement
        message.save(update_fields=["agreement"])
    agreement.account = agreement.account or message.account
    agreement.product = agreement.product or message.product
    agreement.save(update_fields=["account", "product"])
    return agreement


def as_sent(message: MarketplaceMessage) -> Message:
    """A stored message in the shape in which it came."""
    return Message(
        marketplace=message.marketplace,
        message_id=message.message_id,
        action=message.action,
        reference=message.reference,
        account=message.account,
        product=message.product,
        said_at=message.said_at,
        body=message.body,
    )


def mark(message: MarketplaceMessage, outcome: Outcome) -> str:
    """Applied; or parked where it came to nothing that only a person can mend."""
    if outcome.problem:
        return park(message, outcome.words)
    stored(message).update(state=MessageState.APPLIED, problem="")
    return "applied"


def park(message: MarketplaceMessage, words: str) -> str:
    """Leave a message to a person, with the reason in words."""
    stored(message).update(state=MessageState.PARKED, problem=line(words))
    logger.warning(
        "marketplace_message_parked marketplace=%s message=%s problem=%s",
        message.marketplace,
        message.message_id,
        line(words),
    )
    return "parked"


def postpone(message: MarketplaceMessage, problem: str) -> str:
    """Try a message again later, after a pause that doubles, for ever."""
    doublings = min(max(message.attempts - 1, 0), 9)
    pause = min(FIRST_PAUSE * 2**doublings, LONGEST_PAUSE)
    stored(message).update(due_at=clock.now() + pause, problem=line(problem))
    return "later"


def stored(message: MarketplaceMessage) -> QuerySet[MarketplaceMessage]:
    """A message, unless another worker has brought it to its end meanwhile."""
    return MarketplaceMessage.objects.filter(pk=message.pk, state=MessageState.STORED)


def line(words: str) -> str:
    """A problem in one line that fits."""
    return " ".join(words.split())[:PROBLEM_LENGTH]


def replay(messages: QuerySet[MarketplaceMessage]) -> int:
    """Let parked messages be tried again at once; how many.

    One that was settled is not settled again: the marketplace has its answer.
    """
    return messages.filter(state=MessageState.PARKED).update(
        state=MessageState.STORED, due_at=clock.now(), attempts=0, problem=""
    )
