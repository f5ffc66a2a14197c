"""The pipeline of sales: estimates that customers handed over, those that wait first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import Case, Q, QuerySet, TextChoices, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import WITHDRAWN_STATES, Purchase
from credits.domain.people import customers_for
from credits.exceptions import UnknownObject
from credits.models import Customer, User
from estimator.models import Estimate, HandOver

ESTIMATES = "e"
"""The letter of the entry (settings.PORTAL_NAVIGATION)."""

RELATED = (
    "estimate__customer",
    "handed_by",
    "operation__note",
    "taken_back__actor",
    "purchase__entered_by",
)
"""What the pages of a hand-over show beside it, read with it."""


class Stage(TextChoices):
    """How a hand-over stands; an order that stands no more leaves it waiting again."""

    WAITING = "waiting", gettext_lazy("Waiting")
    PURCHASED = "purchased", gettext_lazy("Purchased")
    TAKEN_BACK = "taken-back", gettext_lazy("Taken back")


IS_WAITING = Q(taken_back__isnull=True) & (
    Q(purchase__isnull=True) | Q(purchase__state__in=WITHDRAWN_STATES)
)

STAGES: Mapping[Stage, Q] = {
    Stage.WAITING: IS_WAITING,
    Stage.PURCHASED: Q(taken_back__isnull=True, purchase__isnull=False)
    & ~Q(purchase__state__in=WITHDRAWN_STATES),
    Stage.TAKEN_BACK: Q(taken_back__isnull=False),
}
"""What the hand-overs of a stage have in common."""


def stage_of(found: HandOver) -> Stage:
    """How a hand-over stands; its purchase is read with it."""
    if found.taken_back_id is not None:
        return Stage.TAKEN_BACK
    if found.purchase is not None and found.purchase.state not in WITHDRAWN_STATES:
        return Stage.PURCHASED
    return Stage.WAITING


def stage_text(found: HandOver) -> str:
    """A sentence on how a hand-over stands."""
    stage = stage_of(found)
    words = {"number": found.estimate.label}
    if stage == Stage.TAKEN_BACK:
        return _("Estimate %(number)s was taken back.") % words
    if stage == Stage.PURCHASED and found.purchase is not None:
        words["order"] = found.purchase.order_number
        return _("Estimate %(number)s became order %(order)s.") % words
    return _("Estimate %(number)s waits for sales.") % words


def hand_overs() -> QuerySet[HandOver]:
    """Hand-overs with what their pages show, those that wait first, then the newest."""
    ranked = HandOver.objects.select_related(*RELATED).annotate(
        stage=Case(
            When(taken_back__isnull=False, then=Value(Stage.TAKEN_BACK)),
            When(IS_WAITING, then=Value(Stage.WAITING)),
            default=Value(Stage.PURCHASED),
        ),
        rank=Case(
            When(taken_back__isnull=False, then=Value(2)),
            When(IS_WAITING, then=Value(0)),
            default=Value(1),
        ),
    )
    return ranked.order_by("rank", "first_day", "pk")


def hand_overs_for(user: User, stage: str = "") -> QuerySet[HandOver]:
    """The hand-overs of every customer a person may see, in the order of the sales desk.

    Those that wait lead, the earliest needed first; then those purchased, then those taken back.
    `stage` keeps those of one stage.
    """
    found = hand_overs().filter(estimate__customer__in=customers_for(user))
    return found.filter(STAGES[Stage(stage)]) if stage else found


def matching(found: QuerySet[HandOver], words: str) -> QuerySet[HandOver]:
    """Those whose customer, estimate, person or order holds what was searched for."""
    if not words:
        return found
    meant = (
        Q(estimate__customer__name__icontains=words)
        | Q(estimate__name__icontains=words)
        | Q(handed_by__name__icontains=words)
        | Q(purchase__order_number__icontains=words)
    )
    number = words.lower().removeprefix("e-")
    if number.isascii() and number.isdigit() and len(number) < 10:
        meant |= Q(estimate__number=int(number))
    return found.filter(meant)


def counts(user: User, now: datetime) -> Mapping[str, int]:
    """How many estimates wait at a person's desk (settings.DESK_COUNTS)."""
    waiting = HandOver.objects.filter(IS_WAITING, estimate__customer__in=customers_for(user))
    return {ESTIMATES: waiting.count()}


def latest_of(estimate: Estimate) -> HandOver | None:
    """The newest hand-over of an estimate, whatever became of it."""
    return hand_overs().filter(estimate=estimate).order_by("-handed_at", "-pk").first()


def one_estimate(customer: Customer, public_id: UUID) -> Estimate:
    """A customer's estimate. Raises UnknownObject for anybody else's."""
    found = Estimate.objects.for_customer(customer).filter(public_id=public_id).first()
    if found is None:
        raise UnknownObject(_("There is no such estimate."))
    return found


def of_purchase(purchase: Purchase) -> HandOver | None:
    """The hand-over that a purchase was confirmed from."""
    return HandOver.objects.select_related("estimate__customer").filter(purchase=purchase).first()
