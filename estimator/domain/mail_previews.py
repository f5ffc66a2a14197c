"""How the mail of the estimator is previewed: hand-overs of a real customer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext_lazy

from credits.domain.mail_previews import Audience, Preview
from credits.models import Customer, OutgoingMail, User
from estimator.domain.hand_over_mail import handed_mail, purchased_mail
from estimator.domain.pipeline import hand_overs


def preview_handed(customer: Customer, person: User, as_of: datetime) -> OutgoingMail | None:
    """The mail to sales about a customer's newest hand-over."""
    mine = hand_overs().filter(estimate__customer=customer)
    found = mine.order_by("-handed_at", "-pk").first()
    return handed_mail(found, person) if found else None


def preview_purchased(customer: Customer, person: User, as_of: datetime) -> OutgoingMail | None:
    """The mail about the newest hand-over that became a purchase."""
    mine = hand_overs().filter(estimate__customer=customer, purchase__isnull=False)
    found = mine.select_related("purchase__operation").order_by("-handed_at", "-pk").first()
    if found is None or found.purchase is None:
        return None
    return purchased_mail(found, found.purchase, person)


PREVIEWS: Mapping[str, Preview] = {
    "estimate-handed-over": Preview(
        gettext_lazy("An estimate is handed over"), preview_handed, Audience.SALES
    ),
    "estimate-purchased": Preview(
        gettext_lazy("An estimate that was handed over is purchased"), preview_purchased
    ),
}
