"""Mail as it would be written to real people about real customers, and is not.

Every kind of mail has its preview in a list that the settings name (settings.MAIL_PREVIEWS). A
preview drafts the mail by the same function as the act that writes it, fills it from what the
customer's books hold, and saves nothing; a link that sets a password stays a placeholder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy

from credits.domain.alarm_mail import Alarm, Parked, alarm_mail
from credits.domain.door_mail import delay_mail, reset_mail
from credits.domain.invitations import INVITATIONS, membership_mail
from credits.domain.members import members_of
from credits.domain.parking import SOURCE
from credits.domain.representatives import assigned_mail
from credits.models import Customer, Membership, Operation, OutgoingMail, Role, User
from credits.roles import StaffRole

Draft = Callable[[Customer, User, datetime], OutgoingMail | None]
"""A mail about a customer to a person as of an instant, not saved; None where nothing fits."""

KEY = "preview"
"""The key of a mail that is never saved."""

MOST_PEOPLE = 200
"""People that are offered as recipients."""


class Audience(StrEnum):
    """Whom a kind of mail goes to."""

    MEMBERS = "members"
    SALES = "sales"
    DESK = "desk"
    """Support and operators."""


@dataclass(frozen=True)
class Preview:
    """How one kind of mail is previewed."""

    label: Any
    """What the mail tells, as a list to choose from names it."""
    draft: Draft
    audience: Audience = Audience.MEMBERS


def previews() -> dict[str, Preview]:
    """Every kind of mail with its preview, in the order in which they are offered."""
    return {
        kind: preview
        for path in settings.MAIL_PREVIEWS
        for kind, preview in import_string(path).items()
    }


def people_of(customer: Customer, audience: Audience) -> list[User]:
    """Those a kind of mail may go to: the most likely first."""
    if audience is Audience.MEMBERS:
        members = members_of(customer).order_by("role", "user__email")
        return [member.user for member in members[:MOST_PEOPLE]]
    active = User.objects.filter(is_active=True)
    if audience is Audience.SALES:
        assigned = Q(groups__name=StaffRole.SALES_REP.value, assignments__customer=customer)
        found = active.filter(assigned | Q(groups__name=StaffRole.SALES_MANAGER.value))
    else:
        desk = (StaffRole.SUPPORT.value, StaffRole.OPERATOR.value)
        found = active.filter(groups__name__in=desk)
    return list(found.distinct().order_by("-groups__name", "email")[:MOST_PEOPLE])


def preview_membership(kind: str) -> Draft:
    """How one of the two mails of a membership is drafted."""

    def draft(customer: Customer, person: User, as_of: datetime) -> OutgoingMail | None:
        member = Membership.objects.filter(customer=customer, user=person).first()
        role = member.role if member else Role.VIEWER
        return membership_mail(kind, KEY, person, customer, role, inviter_of(customer, person))

    return draft


def inviter_of(customer: Customer, person: User) -> User | None:
    """Who invited a person to a customer last; None where a command did."""
    invited = Operation.objects.filter(customer=customer, answer__user=str(person.public_id))
    newest = invited.select_related("actor").order_by("-position").first()
    return newest.actor if newest else None


def preview_reset(customer: Customer, person: User, as_of: datetime) -> OutgoingMail | None:
    """The mail with the link to set a password."""
    return reset_mail(person, KEY)


def preview_delay(customer: Customer, person: User, as_of: datetime) -> OutgoingMail | None:
    """The mail that a try at this instant would cause after too many."""
    until = as_of + timedelta(minutes=settings.DOOR_WINDOW_MINUTES)
    return delay_mail(person, KEY, until)


def preview_alarm(customer: Customer, person: User, as_of: datetime) -> OutgoingMail | None:
    """The alarm about a customer that the nightly check has parked; none about a sound one."""
    parked = Operation.objects.filter(
        source=SOURCE, customer=customer, customer__standing__parked_at__isnull=False
    )
    newest = parked.select_related("note").order_by("-position").first()
    if newest is None:
        return None
    told = [Parked(customer, newest.note.text)]
    return alarm_mail(Alarm(slot=newest.recorded_at), told, person)


def preview_assigned(customer: Customer, person: User, as_of: datetime) -> OutgoingMail | None:
    """The mail to a sales rep who gets the customer."""
    return assigned_mail(customer, person, None, KEY)


LABELS: Mapping[str, Any] = {
    "invitation": gettext_lazy("Invitation of somebody without a password"),
    "membership": gettext_lazy("Invitation of somebody with a password"),
}

PREVIEWS: Mapping[str, Preview] = {
    **{kind: Preview(LABELS[kind], preview_membership(kind)) for kind in INVITATIONS},
    "password-reset": Preview(gettext_lazy("Link to set a new password"), preview_reset),
    "log-in-delayed": Preview(gettext_lazy("Log-ins are delayed"), preview_delay),
    "customer-assigned": Preview(
        gettext_lazy("A sales rep gets a customer"), preview_assigned, Audience.SALES
    ),
    "books-alarm": Preview(gettext_lazy("Books are broken"), preview_alarm, Audience.DESK),
}
