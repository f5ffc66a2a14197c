"""Who may see and do what: the one place that knows (docs/rules.md, roles)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar

from django.contrib.auth.models import Group
from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, validate_email
from django.db.models import Exists, Max, OuterRef, Q, QuerySet, Subquery
from django.utils.text import slugify

from credits import clock
from credits.domain.books import Books
from credits.domain.commands import Command, Decision, OfficeCommand
from credits.domain.invitations import invite_by_mail
from credits.exceptions import InvalidCommand, NotAllowed, UnknownObject
from credits.models import (
    Assignment,
    Balance,
    Customer,
    FeatureRate,
    Membership,
    OverAllocation,
    Role,
    User,
)
from credits.roles import StaffRole


class Right(StrEnum):
    """What can be allowed for one customer."""

    VIEW = "view"
    EXPORT = "export"
    ALLOCATE = "allocate"
    ESTIMATE = "estimate"
    REQUEST_CREDITS = "request_credits"
    MANAGE_MEMBERS = "manage_members"
    CHANGE_SETTINGS = "change_settings"
    SEE_PRICES = "see_prices"
    ADD_LICENSES = "add_licenses"
    ENTER_PURCHASES = "enter_purchases"
    CORRECT_PURCHASES = "correct_purchases"
    ASSIGN_REPS = "assign_reps"
    CORRECT = "correct"


READER = frozenset({Right.VIEW, Right.EXPORT})
SALES = READER | {
    Right.ESTIMATE,
    Right.SEE_PRICES,
    Right.ENTER_PURCHASES,
    Right.CORRECT_PURCHASES,
}

RIGHTS: Mapping[str, frozenset[Right]] = {
    Role.VIEWER.value: READER,
    Role.ADMIN.value: READER
    | {Right.ALLOCATE, Right.ESTIMATE, Right.REQUEST_CREDITS, Right.SEE_PRICES}
    | {Right.MANAGE_MEMBERS, Right.CHANGE_SETTINGS, Right.ADD_LICENSES},
    StaffRole.SALES_REP.value: SALES,
    StaffRole.SALES_MANAGER.value: SALES | {Right.ASSIGN_REPS},
    StaffRole.SUPPORT.value: READER | {Right.SEE_PRICES, Right.CORRECT},
}
"""The table role x action. Sales never allocates and corrects orders alone; support corrects
whatever is wrong. Both say why."""

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
"""Through this instant empty books are folded: nothing is older."""

LAST_ADMIN = "This is the only admin, so nothing was changed. Make another member an admin first."

MAX_EMAIL = 254
"""Longer addresses pass the syntax but no mail server."""

SEES_ALL = (StaffRole.SALES_MANAGER.value, StaffRole.SUPPORT.value)

MAKES_STAFF: Mapping[str, frozenset[StaffRole]] = {
    StaffRole.SUPPORT.value: frozenset({StaffRole.SALES_REP, StaffRole.SALES_MANAGER}),
}
"""Who may make staff of which roles: never of one's own role, or of one that opens more doors."""


def with_roles(user: User) -> QuerySet[Customer]:
    """All customers, each with the user's membership, assignment and staff groups."""
    mine = Membership.objects.filter(customer=OuterRef("pk"), user=user)
    staff = Group.objects.filter(user=user).order_by("name").values("name")
    return Customer.objects.annotate(
        member_role=Subquery(mine.values("role")[:1]),
        is_assigned=Exists(Assignment.objects.filter(customer=OuterRef("pk"), user=user)),
        staff_roles=ArraySubquery(staff),
    )


def customers_for(user: User) -> QuerySet[Customer]:
    """The customers a person may see: own memberships, assigned ones, or all of them."""
    if not user.is_active:
        return Customer.objects.none()
    sees_all = Exists(Group.objects.filter(user=user, name__in=SEES_ALL))
    is_rep = Exists(Group.objects.filter(user=user, name=StaffRole.SALES_REP.value))
    assigned = Exists(Assignment.objects.filter(customer=OuterRef("pk"), user=user))
    member = Exists(Membership.objects.filter(customer=OuterRef("pk"), user=user))
    return Customer.objects.filter(Q(sees_all) | Q(member) | (Q(is_rep) & Q(assigned)))


def role_in(member_role: str | None, staff_roles: list[str], *, is_assigned: bool) -> str | None:
    """The one role that counts: membership, then support, sales manager, assigned rep."""
    if member_role:
        return member_role
    for role in (StaffRole.SUPPORT, StaffRole.SALES_MANAGER):
        if role.value in staff_roles:
            return role.value
    if StaffRole.SALES_REP.value in staff_roles and is_assigned:
        return StaffRole.SALES_REP.value
    return None


def is_sales(user: User) -> bool:
    """Whether a person works at the sales desk."""
    desk = (StaffRole.SALES_REP.value, StaffRole.SALES_MANAGER.value)
    return user.is_active and user.groups.filter(name__in=desk).exists()


def leads_sales(user: User) -> bool:
    """Whether a person sees the customers of all reps, and assigns them."""
    return user.is_active and user.groups.filter(name=StaffRole.SALES_MANAGER.value).exists()


def staff_made_by(user: User) -> frozenset[StaffRole]:
    """The staff roles a person may give to others; a superuser all of them."""
    if not user.is_active:
        return frozenset()
    if user.is_superuser:
        return frozenset(StaffRole)
    names = user.groups.filter(name__in=MAKES_STAFF).values_list("name", flat=True)
    return frozenset().union(*(MAKES_STAFF[name] for name in names))


def may_hand_link(user: User, person: User) -> bool:
    """Whether one may be shown the link by which another person sets the first password.

    Whoever opens it becomes that person, so it is shown for nobody who has a password, and for
    no staff of a role that one could not have given.
    """
    if person.has_usable_password() or person.is_superuser or not person.is_active:
        return False
    return set(person.groups.values_list("name", flat=True)) <= set(staff_made_by(user))


@dataclass(frozen=True, kw_only=True)
class CreateCustomer(OfficeCommand):
    """Make a customer with empty books. Answers with its public id.

    Raises InvalidCommand for a name or slug that is missing, too long or taken.
    """

    kind: ClassVar[str] = "create-customer"

    name: str
    slug: str = ""
    domain: str = ""
    over_allocation: str = OverAllocation.CONFIRM

    def content(self) -> Mapping[str, Any]:
        return {
            "name": self.name,
            "slug": self.slug,
            "domain": self.domain,
            "over_allocation": str(self.over_allocation),
        }

    def decide(self, now: datetime) -> Decision:
        name = self.name.strip()
        slug = self.slug or slugify(name)[:60]
        if not name or len(name) > 120:
            raise InvalidCommand("A customer needs a name of 1 to 120 characters.", field="name")
        if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?", slug):
            raise InvalidCommand(
                "The address part takes small letters, digits and hyphens, 1 to 60 characters.",
                field="slug",
            )
        if self.over_allocation not in OverAllocation.values:
            raise InvalidCommand(
                f"The setting is one of: {', '.join(OverAllocation.values)}.",
                field="over_allocation",
            )
        if Customer.objects.filter(slug=slug).exists():
            raise InvalidCommand(f"The address part {slug!r} is taken.", field="slug")
        newest = Customer.objects.aggregate(newest=Max("number"))["newest"] or 1000
        customer = Customer(
            number=newest + 1,
            slug=slug,
            name=name,
            domain=self.domain.strip().lower(),
            over_allocation=self.over_allocation,
            created_at=min(now, clock.now()),
        )

        def save() -> None:
            customer.save(force_insert=True)
            rates = FeatureRate.objects.aggregate(newest=Max("operation_id"))["newest"] or 0
            Balance.objects.create(customer=customer, folded_until=now, rates_through=rates)

        return Decision(
            save_rows=save,
            # Never the name or the slug: what a hash covers cannot be erased.
            answer={"customer": str(customer.public_id)},
            subject=customer.label,
        )


@dataclass(frozen=True, kw_only=True)
class Invite(Command):
    """Make a person a member of a customer; a new person gets an account without password.

    Inviting a member again changes the role. Who has no password yet gets a mail with the link to
    set one, and a new member with a password a mail that says so. Answers with the user's public
    id and whether the account is new. Raises InvalidCommand for a bad address or role, or for
    one's own.
    """

    kind: ClassVar[str] = "invite"

    email: str
    name: str = ""
    role: str = Role.VIEWER

    def content(self) -> Mapping[str, Any]:
        return {
            "email": self.email.strip().lower(),
            "role": str(self.role),
            "name": self.name,
        }

    def decide(self, books: Books) -> Decision:
        email = checked_email(self.email)
        if self.role not in Role.values:
            raise InvalidCommand(f"The role is one of: {', '.join(Role.values)}.", field="role")
        if self.asked.actor is not None and self.asked.actor.email == email:
            raise InvalidCommand("Nobody changes his own role.", field="email")
        if self.role != Role.ADMIN and email == last_admin(books.customer):
            raise NotAllowed(LAST_ADMIN, field="role")
        user = User.objects.filter(email=email).first()
        is_new = user is None
        person = user or User(email=email, name=self.name.strip()[:120] or email)

        def save() -> None:
            if is_new:
                person.set_unusable_password()
                person.save(force_insert=True)
            known: dict[str, Any] = {"role": self.role}
            if self.role != Role.ADMIN:
                known["gets_notices"] = False
            invited = {"since": books.now, "invited_as": self.name.strip()[:120]}
            _, is_added = Membership.objects.update_or_create(
                customer=books.customer,
                user=person,
                defaults=known,
                create_defaults=known | invited,
            )
            if is_added or not person.has_usable_password():
                invite_by_mail(person, books.customer, self.role, self.asked)

        return Decision(
            save_rows=save,
            answer={"user": str(person.public_id), "new": is_new},
            subject=f"{self.role}",
        )


@dataclass(frozen=True, kw_only=True)
class MakeStaff(OfficeCommand):
    """Give a person a staff role, making the account where there is none yet.

    Support, operators and catalogue managers may open the admin. Raises InvalidCommand for a bad
    address or role and for one's own, NotAllowed for a role the actor may not give.
    """

    kind: ClassVar[str] = "make-staff"

    email: str
    role: str
    name: str = ""

    def content(self) -> Mapping[str, Any]:
        return {
            "email": self.email.strip().lower(),
            "role": str(self.role),
            "name": self.name,
        }

    def decide(self, now: datetime) -> Decision:
        email = checked_email(self.email)
        if self.role not in set(StaffRole):
            raise InvalidCommand(f"The role is one of: {', '.join(StaffRole)}.", field="role")
        actor = self.asked.actor
        if actor is not None and actor.email == email:
            raise InvalidCommand("Nobody raises his own rights.", field="email")
        if actor is not None and self.role not in staff_made_by(actor):
            raise NotAllowed(f"You may not make a {self.role}.", field="role")
        user = User.objects.filter(email=email).first()
        is_new = user is None
        person = user or User(email=email, name=self.name.strip()[:120] or email)
        opens_admin = self.role not in (StaffRole.SALES_REP, StaffRole.SALES_MANAGER)

        def save() -> None:
            person.is_staff = person.is_staff or opens_admin
            if is_new or not person.has_usable_password():
                # It also ends the links that were handed out for fewer rights.
                person.set_unusable_password()
            person.save()
            person.groups.add(Group.objects.get(name=self.role))

        return Decision(
            save_rows=save,
            answer={"user": str(person.public_id), "new": is_new},
            subject=self.role,
        )


@dataclass(frozen=True, kw_only=True)
class AssignRep(Command):
    """Let a sales rep look after a customer. Raises UnknownObject if the person is no rep."""

    kind: ClassVar[str] = "assign-rep"

    email: str

    def content(self) -> Mapping[str, Any]:
        return {"email": self.email.strip().lower()}

    def decide(self, books: Books) -> Decision:
        rep = User.objects.filter(
            email=self.email.strip().lower(), groups__name=StaffRole.SALES_REP.value
        ).first()
        if rep is None:
            raise UnknownObject("There is no sales rep with this address.", field="email")

        def save() -> None:
            Assignment.objects.get_or_create(customer=books.customer, user=rep)

        return Decision(save_rows=save, answer={"user": str(rep.public_id)}, subject=rep.name)


def last_admin(customer: Customer) -> str | None:
    """The mail address of a customer's only admin who can log in; None if there are more."""
    admins = Membership.objects.filter(customer=customer, role=Role.ADMIN, user__is_active=True)
    addresses = list(admins.values_list("user__email", flat=True)[:2])
    return addresses[0] if len(addresses) == 1 else None


def checked_email(email: str) -> str:
    """A mail address in lower case. Raises InvalidCommand if it is none."""
    cleaned = email.strip().lower()
    try:
        validate_email(cleaned)
        MaxLengthValidator(MAX_EMAIL)(cleaned)
    except ValidationError:
        raise InvalidCommand("Enter a mail address like name@example.org.", field="email") from None
    return cleaned
