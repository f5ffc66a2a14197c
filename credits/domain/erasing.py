"""What a purge erases of the books' own tables (settings.ERASERS, docs/rules.md#r13).

Numbers, days and ids stay, and so does every row that a hash covers. What is personal stands
beside them on purpose, and goes.
"""

from __future__ import annotations

from django.contrib.auth.hashers import make_password
from django.db.models import F, Q, QuerySet, Value
from django.db.models.fields import CharField
from django.db.models.functions import Cast, Concat

from credits.models import (
    Assignment,
    Customer,
    Membership,
    Operation,
    OperationNote,
    OutgoingMail,
    SecurityEvent,
    UsageSource,
    User,
)

DOMAIN = "erased.invalid"
"""A mail domain that can never exist (RFC 2606)."""

PERSON = "Erased person"


def erase(customer: Customer) -> None:
    """Erase what is personal of a customer, in the purge's transaction.

    Accounts go with their last customer; staff stay. Run again, it finds nothing.
    """
    people = list(people_of(customer))
    OperationNote.objects.filter(operation__in=operations_about(customer)).delete()
    OutgoingMail.objects.filter(customer=customer).delete()
    Membership.objects.filter(customer=customer).delete()
    Assignment.objects.filter(customer=customer).delete()
    UsageSource.objects.filter(customer=customer).delete()
    erase_accounts(people)
    Customer.objects.filter(pk=customer.pk).update(
        name=purged_name(customer), slug=purged_slug(customer), domain=""
    )


def purged_name(customer: Customer) -> str:
    """What a purged customer is called."""
    return f"Purged customer {customer.label}"


def purged_slug(customer: Customer) -> str:
    """A purged customer's part of an address; with its id where the plain one is taken."""
    plain = f"purged-{customer.label.lower()}"
    others = Customer.objects.exclude(pk=customer.pk)
    return f"{plain}-{customer.public_id.hex}" if others.filter(slug=plain).exists() else plain


def operations_about(customer: Customer) -> QuerySet[Operation]:
    """A customer's operations, and the office's one that made it."""
    made = Q(customer__isnull=True, answer__customer=str(customer.public_id))
    return Operation.objects.filter(Q(customer=customer) | made)


def people_of(customer: Customer) -> QuerySet[User]:
    """Everybody who was a customer's alone: members, and former ones, without another customer.

    Whoever works for the vendor, or has worked for it as somebody's rep, is no one's alone.
    """
    acted = Operation.objects.filter(customer=customer, actor__isnull=False)
    written_to = OutgoingMail.objects.filter(customer=customer, recipient__isnull=False)
    elsewhere = Membership.objects.exclude(customer=customer)
    known = (
        Q(memberships__customer=customer)
        | Q(pk__in=acted.values("actor"))
        | Q(pk__in=written_to.values("recipient"))
    )
    staff = Q(is_staff=True) | Q(is_superuser=True) | Q(groups__isnull=False)
    staff |= Q(assignments__isnull=False)
    others = User.objects.exclude(pk__in=User.objects.filter(staff).values("pk"))
    return others.filter(known).exclude(pk__in=elsewhere.values("user")).distinct().order_by("pk")


def erase_accounts(people: list[User]) -> None:
    """Take name, address and way in from accounts, and both addresses from the security log."""
    ids = [person.pk for person in people]
    accounts = [person.email for person in people]
    OutgoingMail.objects.filter(recipient__in=ids).delete()
    SecurityEvent.objects.filter(Q(user__in=ids) | Q(account__in=accounts)).update(
        account="", address=None
    )
    for person in people:
        User.objects.filter(pk=person.pk).update(
            email=f"erased-{person.public_id}@{DOMAIN}",
            name=PERSON,
            password=make_password(None),
            time_zone="UTC",
            locale="en",
            is_active=False,
            last_login=None,
        )


def blank_mails() -> int:
    """Blank the mails to former people of purged customers that have been sent; how many.

    The purge is told by mail, so that one address is kept until that mail is out.
    """
    sent = OutgoingMail.objects.filter(
        customer__standing__purged_at__isnull=False, sent_at__isnull=False
    )
    return sent.exclude(text="").update(
        to=Concat(Value("erased-"), Cast(F("public_id"), CharField()), Value(f"@{DOMAIN}")),
        subject="",
        text="",
        html="",
        calendar="",
        problem="",
    )
