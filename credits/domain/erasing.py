"""What a purge erases of the books' own tables (settings.ERASERS, docs/rules.md#r13).

Numbers, days and ids stay, and so does every row that a hash covers. What is personal stands
beside them on purpose, and goes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.fields import CharField
from django.db.models.functions import Cast, Concat
from django.utils.html import escape

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

LAST_TRIES = timedelta(days=7)
"""So long the last mail to a former recipient is tried; then the address is given up."""

WORDS = ("subject", "text", "html", "calendar", "problem")
"""The columns of a mail that hold words."""


def erase(customer: Customer) -> None:
    """Erase what is personal of a customer, in the purge's transaction.

    Accounts go with their last customer; staff stay. Run again, it finds nothing.
    """
    lock_members(customer)
    people = list(people_of(customer))
    reword_mails(
        {customer.name: purged_name(customer), customer.slug: purged_slug(customer)}
        | {person.email: erased_email(person) for person in people}
    )
    OperationNote.objects.filter(operation__in=operations_about(customer)).delete()
    OutgoingMail.objects.filter(customer=customer).delete()
    Membership.objects.filter(customer=customer).delete()
    Assignment.objects.filter(customer=customer).delete()
    UsageSource.objects.filter(customer=customer).delete()
    erase_accounts(people)
    Customer.objects.filter(pk=customer.pk).update(
        name=purged_name(customer), slug=purged_slug(customer), domain=""
    )


def lock_members(customer: Customer) -> None:
    """Lock the members' accounts until the transaction ends.

    Of two customers with one member, purged at once, the second must see that the first is gone:
    else each would leave the account to the other.
    """
    members = User.objects.filter(memberships__customer=customer).order_by("pk")
    list(members.select_for_update(of=("self",), no_key=True).values_list("pk"))


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

    Whoever works for the vendor, or has worked for it as somebody's rep, is no one's alone; nor is
    who has acted in another customer's books, whose story goes on naming its people.
    """
    acted = Operation.objects.filter(customer=customer, actor__isnull=False)
    written_to = OutgoingMail.objects.filter(customer=customer, recipient__isnull=False)
    elsewhere = Membership.objects.exclude(customer=customer)
    acted_elsewhere = Operation.objects.filter(
        actor=OuterRef("pk"),
        customer__isnull=False,
        customer__standing__purged_at__isnull=True,
    ).exclude(customer=customer)
    known = (
        Q(memberships__customer=customer)
        | Q(pk__in=acted.values("actor"))
        | Q(pk__in=written_to.values("recipient"))
    )
    staff = Q(is_staff=True) | Q(is_superuser=True) | Q(groups__isnull=False)
    staff |= Q(assignments__isnull=False)
    others = User.objects.exclude(pk__in=User.objects.filter(staff).values("pk"))
    alone = others.filter(known).exclude(pk__in=elsewhere.values("user"))
    return alone.exclude(Exists(acted_elsewhere)).distinct().order_by("pk")


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
            email=erased_email(person),
            name=PERSON,
            password=make_password(None),
            time_zone="UTC",
            locale="en",
            is_active=False,
            last_login=None,
        )


def erased_email(person: User) -> str:
    """What stands for the address of an erased account."""
    return f"erased-{person.public_id}@{DOMAIN}"


def reword_mails(said: Mapping[str, str]) -> None:
    """Put other words for names and addresses in the mails that belong to no customer.

    Digests and alarms tell the vendor's people of many customers, so they stay, sent or not.
    """
    naming = Q()
    for word in said:
        naming |= Q(text__contains=word)
    for mail in OutgoingMail.objects.filter(naming, customer__isnull=True).iterator(chunk_size=100):
        words = {column: reworded(getattr(mail, column), said) for column in WORDS}
        OutgoingMail.objects.filter(pk=mail.pk).update(**words)


def reworded(text: str, said: Mapping[str, str]) -> str:
    """A text with other words, where they stand by themselves; as plain text and as HTML."""
    for before, after in said.items():
        for old, new in {before: after, escape(before): escape(after)}.items():
            alone = rf"(?<![\w-]){re.escape(old)}(?![\w-])"
            text = re.sub(alone, new.replace("\\", r"\\"), text)
    return text


def blank_mails(as_of: datetime) -> int:
    """Blank the mails to former people of purged customers that have been sent; how many.

    The purge is told by mail, so that one address is kept until that mail is out; or for a week,
    where it never goes out: then the mail is taken back.
    """
    mine = OutgoingMail.objects.filter(customer__standing__purged_at__isnull=False)
    mine.filter(sent_at__isnull=True, created_at__lt=as_of - LAST_TRIES).delete()
    return (
        mine.filter(sent_at__isnull=False)
        .exclude(text="")
        .update(
            to=Concat(Value("erased-"), Cast(F("public_id"), CharField()), Value(f"@{DOMAIN}")),
            subject="",
            text="",
            html="",
            calendar="",
            problem="",
        )
    )
