"""The inbox: a customer's notices as its people read them, and how far each has (#r23).

A member has read a customer's notices through a certain one: that one and all older ones. What
was told before the person became a member is not unread. Staff of the vendor see the list as it
is, and have nothing to read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Func, IntegerField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from billing.models import InboxMark, Notice, NoticeKind
from credits.domain.people import BEGINNING
from credits.exceptions import NotAllowed, UnknownObject
from credits.models import Customer, License, Membership, User

MOST_COUNTED = 100
"""More unread notices than that are not counted: "99+" is all that is said of them."""

GROUPS: Mapping[str, tuple[NoticeKind, ...]] = {
    "licenses": (
        NoticeKind.LICENSE_90,
        NoticeKind.LICENSE_30,
        NoticeKind.LICENSE_7,
        NoticeKind.TRIAL_15,
        NoticeKind.LICENSE_ENDED,
    ),
    "balance": (
        NoticeKind.SHORT_AHEAD,
        NoticeKind.SHORT_AHEAD_OVER,
        NoticeKind.LOW_BALANCE,
        NoticeKind.LOW_BALANCE_OVER,
        NoticeKind.NEGATIVE,
        NoticeKind.NEGATIVE_OVER,
    ),
    "access": (NoticeKind.LOCKED, NoticeKind.PURGE_AHEAD, NoticeKind.PURGED),
    "usage": (NoticeKind.WEEKLY,),
}
"""What notices are about; each kind is in one group."""

GROUP_OF = {kind.value: group for group, kinds in GROUPS.items() for kind in kinds}


@dataclass(frozen=True)
class Reader:
    """How far one member has read."""

    since: datetime
    """When the person became a member; older notices are not unread."""
    read_through: int
    """The newest notice that was read, by its key; 0 for none."""

    def has_read(self, notice: Notice) -> bool:
        """Whether a notice is read, or was told before the person's time."""
        return notice.pk <= self.read_through or notice.created_at < self.since


@dataclass(frozen=True)
class Asking:
    """Which notices are wanted. `before` and `after` are public ids, exclusive."""

    group: str = ""
    is_unread: bool = False
    before: UUID | None = None
    after: UUID | None = None


@dataclass(frozen=True)
class Page:
    """Some notices, newest first, and those from which to go on."""

    notices: tuple[Notice, ...]
    older: UUID | None
    newer: UUID | None


def unread(user: User | F) -> Func:
    """For a queryset of customers: how many notices of each a member has not read.

    The member may be an expression: OuterRef(OuterRef(...)) of what the customers are read with.
    It is counted to `MOST_COUNTED`, and 0 for who is no member. The frame's one query carries it
    (settings.UNREAD_NOTICES), so that no page takes a query more for it.
    """
    own = {"customer": OuterRef(OuterRef("pk")), "user": user}
    marks = InboxMark.objects.filter(**own)
    members = Membership.objects.filter(**own).order_by()
    found = Notice.objects.filter(
        customer=OuterRef("pk"),
        pk__gt=Coalesce(Subquery(marks.values("read_through")), 0),
        created_at__gte=Subquery(members.values(joined=Coalesce("since", Value(BEGINNING)))),
    )
    keys = found.order_by().values("pk")[:MOST_COUNTED]
    return Func(ArraySubquery(keys), function="CARDINALITY", output_field=IntegerField())


def unread_count(customer: Customer, user: User) -> int:
    """How many notices of one customer a member has not read, counted to `MOST_COUNTED`."""
    found = Customer.objects.filter(pk=customer.pk).annotate(unread=unread(user))
    return int(found.values_list("unread", flat=True).get())


def reader_of(customer: Customer, user: User) -> Reader | None:
    """How far a member has read a customer's notices; None for who is no member."""
    marks = InboxMark.objects.filter(customer=OuterRef("customer"), user=user)
    found = (
        Membership.objects.filter(customer=customer, user=user)
        .annotate(read_through=Coalesce(Subquery(marks.values("read_through")), 0))
        .values_list("since", "read_through")
        .first()
    )
    return Reader(found[0] or BEGINNING, found[1]) if found else None


def notices(customer: Customer, wanted: Asking, reader: Reader | None, *, size: int) -> Page:
    """One page of a customer's notices, in one query at any depth."""
    found = matching(customer, wanted, reader)
    rising = wanted.after is not None
    if wanted.after is not None:
        found = found.filter(pk__gt=key_of(customer, wanted.after)).order_by("pk")
    elif wanted.before is not None:
        found = found.filter(pk__lt=key_of(customer, wanted.before))
    rows = list(found.select_related("customer", "license")[: size + 1])
    has_more = len(rows) > size
    rows = rows[:size][::-1] if rising else rows[:size]
    is_first = not rising and wanted.before is None
    return Page(
        notices=tuple(rows),
        older=rows[-1].public_id if rows and (rising or has_more) else None,
        newer=rows[0].public_id if rows and not is_first and (not rising or has_more) else None,
    )


def matching(customer: Customer, wanted: Asking, reader: Reader | None) -> QuerySet[Notice]:
    """The notices of a customer that a filter lets through, newest first."""
    found = Notice.objects.filter(customer=customer)
    if wanted.group:
        found = found.filter(kind__in=GROUPS[wanted.group])
    if wanted.is_unread and reader is not None:
        found = found.filter(pk__gt=reader.read_through, created_at__gte=reader.since)
    return found.order_by("-pk")


def key_of(customer: Customer, public_id: UUID) -> Subquery:
    """The place of a notice in the list; nothing for a notice of another customer."""
    return Subquery(Notice.objects.filter(customer=customer, public_id=public_id).values("pk"))


def mark_read(customer: Customer, user: User, through: UUID) -> None:
    """Note that a member has read a notice of the customer and all older ones.

    It never goes back, whoever comes first of two at once. Raises UnknownObject for a notice the
    customer does not have, NotAllowed for who is no member.
    """
    key = Notice.objects.filter(customer=customer, public_id=through).values("pk").first()
    if key is None:
        raise UnknownObject("There is no such notification.")
    if reader_of(customer, user) is None:
        raise NotAllowed("Only a customer's own people mark its notifications as read.")
    fresh = InboxMark(customer=customer, user=user, read_through=key["pk"])
    InboxMark.objects.bulk_create([fresh], ignore_conflicts=True)
    mine = InboxMark.objects.filter(customer=customer, user=user)
    mine.filter(read_through__lt=key["pk"]).update(read_through=key["pk"])


def newest(customer: Customer) -> UUID | None:
    """The newest notice of a customer: what "all" means to whoever looks at the list now."""
    found: QuerySet[Notice, UUID] = Notice.objects.filter(customer=customer).values_list(
        "public_id", flat=True
    )
    return found.order_by("-pk").first()


def told_of(license: License) -> list[Notice]:
    """What was told of one license, in the order it was."""
    found = Notice.objects.filter(license=license).select_related("customer")
    return list(found.order_by("pk"))
