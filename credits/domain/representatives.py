"""Who of sales looks after a customer: assigned and removed by those who lead sales.

A rep sees assigned customers only, and gets their requests by mail (docs/rules.md#r21).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from credits.domain.access import access_to
from credits.domain.books import Books
from credits.domain.commands import Answer, Asked, Command, Decision
from credits.domain.links import portal_url
from credits.domain.mail import draft_mail, save_mail
from credits.domain.members import NoLongerAllowed
from credits.domain.people import AssignRep, Right
from credits.domain.post import post
from credits.exceptions import InvalidCommand, UnknownObject
from credits.models import Assignment, Customer, OutgoingMail, User
from credits.roles import StaffRole


@dataclass(frozen=True, kw_only=True)
class AssignAtDesk(AssignRep):
    """Let a rep look after a customer, as a sales manager does.

    Raises InvalidCommand for a rep who does so already, NoLongerAllowed once the actor may not
    assign any more, and what AssignRep raises.
    """

    def decide(self, books: Books) -> Decision:
        check_assigns(self.asked, books.customer)
        if books.customer.assignments.filter(user__email=self.email.strip().lower()).exists():
            raise InvalidCommand(_("This rep looks after the customer already."), field="rep")
        return super().decide(books)


@dataclass(frozen=True, kw_only=True)
class UnassignRep(Command):
    """Let a person look after a customer no longer.

    Raises UnknownObject if the person does not look after it, NoLongerAllowed as above.
    """

    kind: ClassVar[str] = "unassign-rep"

    email: str

    def content(self) -> Mapping[str, Any]:
        return {"email": self.email.strip().lower()}

    def decide(self, books: Books) -> Decision:
        check_assigns(self.asked, books.customer)
        found = books.customer.assignments.filter(user__email=self.email.strip().lower())
        assignment = found.select_related("user").first()
        if assignment is None:
            raise UnknownObject(_("This person does not look after the customer."), field="rep")
        rep = assignment.user

        def save() -> None:
            found.delete()

        return Decision(save_rows=save, answer={"user": str(rep.public_id)}, subject=rep.name)


@transaction.atomic
def assign_rep(command: AssignAtDesk) -> Answer:
    """Let a rep look after a customer, exactly once per key, and write the mail to the rep."""
    answer = post(command)
    rep = User.objects.get(public_id=answer.data["user"])
    if not answer.repeated and rep.is_active:
        key = f"customer-assigned/{answer.operation.public_id}"
        save_mail(assigned_mail(command.customer, rep, command.asked.actor, key))
    return answer


def assigned_mail(customer: Customer, rep: User, by: User | None, key: str) -> OutgoingMail:
    """The mail to a rep who gets a customer, not written yet."""
    page = reverse(settings.CUSTOMER_HOME, kwargs={"slug": customer.slug})
    return draft_mail(
        key=key,
        kind="customer-assigned",
        recipient=rep,
        customer=customer,
        subject=_("You look after %(customer)s") % {"customer": customer.name},
        template="credits/mail/customer-assigned",
        context={
            "customer": customer,
            "assigned_by": by,
            "url": portal_url(page),
            "desk_url": portal_url(reverse(settings.SALES_HOME)),
        },
    )


def check_assigns(asked: Asked, customer: Customer) -> None:
    """Refuse an actor who may not assign reps, asked under the customer's lock.

    What a command asks for no person passes. Raises NoLongerAllowed.
    """
    if asked.actor is None:
        return
    access = access_to(asked.actor, customer.slug)
    if access is None or Right.ASSIGN_REPS not in access.rights:
        raise NoLongerAllowed(_("You may not do this any more, so nothing was changed."))


def reps_of(customers: Iterable[Customer]) -> dict[int, Sequence[User]]:
    """Per customer who looks after it, by name, in one query however many; active reps only."""
    found: dict[int, list[User]] = defaultdict(list)
    keys = [customer.pk for customer in customers]
    rows = looking_after().filter(customer__in=keys).select_related("user")
    for row in rows.order_by("user__name", "user__email"):
        found[row.customer_id].append(row.user)
    return dict(found)


def looking_after() -> QuerySet[Assignment]:
    """The assignments that count: of people who can log in and are sales reps."""
    return Assignment.objects.filter(
        user__is_active=True, user__groups__name=StaffRole.SALES_REP.value
    )


def without_rep(customers: QuerySet[Customer]) -> QuerySet[Customer]:
    """Those that nobody looks after."""
    return customers.exclude(Exists(looking_after().filter(customer=OuterRef("pk"))))


def reps_to_choose(customer: Customer) -> QuerySet[User]:
    """The reps who do not look after a customer, each with how many they look after."""
    reps = User.objects.filter(is_active=True, groups__name=StaffRole.SALES_REP.value)
    others = reps.exclude(Exists(customer.assignments.filter(user=OuterRef("pk"))))
    return others.annotate(looks_after=Count("assignments")).order_by("name", "email")
