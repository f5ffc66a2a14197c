"""Customers, members and people: found, read, and made by commands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet
from django.forms import BaseForm
from django.http import HttpRequest

from credits import clock
from credits.admin import chapters
from credits.admin.acting import ActingAdmin
from credits.admin.correction_chapters import customer_groups
from credits.admin.correction_check import CheckBooks
from credits.admin.correction_hold import LiftHold, SetHold, hold_text
from credits.admin.correction_invite import SendInvitation
from credits.admin.correction_parking import OpenBooks, parking_text
from credits.admin.corrections import OF_CUSTOMERS
from credits.admin.filters import CustomerStateFilter
from credits.admin.forms import CustomerForm, MemberForm, StaffForm
from credits.admin.links import (
    customers_called,
    list_url,
    person_of,
    portal_tool,
    record_link,
    uuid_in,
)
from credits.admin.making import MakingAdmin, tell_link
from credits.admin.records import RecordAdmin
from credits.admin.viewings import ViewAs, customer_viewings
from credits.domain.access import access_to
from credits.domain.commands import Asked
from credits.domain.overview import with_figures
from credits.domain.people import (
    AssignRep,
    CreateCustomer,
    Invite,
    MakeStaff,
    staff_made_by,
)
from credits.domain.post import post, post_office
from credits.models import (
    Assignment,
    Customer,
    LedgerEntry,
    Membership,
    Operation,
    OutgoingMail,
    SecurityEvent,
    User,
)
from credits.templatetags.figures import NOTHING, balance, credits_text, grouped, instant

# Rights are given by commands alone, never by editing a group.
admin.site.unregister(Group)


@admin.register(Customer)
class CustomerAdmin(ActingAdmin, MakingAdmin):
    """Customers with what they hold now, and the story of each on its own page."""

    corrections = (ViewAs, CheckBooks, *OF_CUSTOMERS, OpenBooks, SetHold, LiftHold)
    list_display = ("name", "label", "domain", "left", "valid", "allocated", "last_operation")
    list_filter = (CustomerStateFilter, "over_allocation", "created_at")
    list_select_related = ("standing",)
    ordering = ("name", "pk")
    shelf = "Customers and people"
    search_fields = ("name",)
    search_help_text = "Name, number (C-1001), address part, mail domain, or a member's address."
    place_in_search = 1
    story = (
        *("label", "address", "domain", "beyond_balance"),
        *("parked", "held", "created", "public_id"),
    )
    making_form = CustomerForm
    making_title = "Create a customer"
    making_sentence = "It starts with empty books; members and purchases follow."
    making_button = "Create the customer"

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.add_chapter(10, chapters.customer_balance)
        self.add_chapter(20, chapters.customer_members)
        self.add_chapter(30, chapters.customer_reps)
        self.add_chapter(40, chapters.customer_licenses)
        self.add_chapter(45, customer_groups)
        self.add_chapter(85, customer_viewings)
        self.add_chapter(90, chapters.customer_operations)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Customer]:
        return with_figures(super().get_queryset(request), clock.now())

    def words(self, word: str) -> Q:
        if "@" in word:
            members = Membership.objects.filter(user__email=word.lower())
            return Q(pk__in=members.values("customer")) | Q(domain=word.rpartition("@")[2].lower())
        return customers_called(word)

    def told(self, record: Any) -> tuple[str, str]:
        return record.name, f"{record.label} · balance {grouped(record.balance)}"

    def tools(self, request: HttpRequest, record: Customer) -> list[tuple[str, str]]:
        narrowed = {"customer__id__exact": record.pk}
        return [
            *self.correction_tools(request, record),
            *portal_tools(request, record),
            (list_url(Operation, **narrowed), "Operations"),
            (list_url(LedgerEntry, **narrowed), "Ledger"),
            (list_url(OutgoingMail, **narrowed), "Mail"),
        ]

    @admin.display(description="number", ordering="number")
    def label(self, customer: Customer) -> str:
        return customer.label

    @admin.display(description="address part")
    def address(self, customer: Customer) -> str:
        return customer.slug

    @admin.display(description="allocating beyond the balance")
    def beyond_balance(self, customer: Customer) -> str:
        return customer.get_over_allocation_display()

    @admin.display(description="parked")
    def parked(self, customer: Customer) -> str:
        return parking_text(customer)

    @admin.display(description="legal hold")
    def held(self, customer: Customer) -> str:
        return hold_text(customer)

    @admin.display(description="balance", ordering="balance")
    def left(self, customer: Any) -> str:
        return balance(customer.balance)

    @admin.display(description="valid", ordering="valid")
    def valid(self, customer: Any) -> str:
        return credits_text(customer.valid)

    @admin.display(description="allocated", ordering="allocated")
    def allocated(self, customer: Any) -> str:
        return credits_text(customer.allocated)

    @admin.display(description="last operation", ordering="standing__last_recorded_at")
    def last_operation(self, customer: Customer) -> str:
        return instant(customer.standing.last_recorded_at)

    @admin.display(description="created", ordering="created_at")
    def created(self, customer: Customer) -> str:
        return instant(customer.created_at)

    def carry_out(self, request: HttpRequest, form: BaseForm, ask: Asked) -> Customer:
        told = form.cleaned_data
        answer = post_office(
            CreateCustomer(
                asked=ask,
                name=told["name"],
                slug=told["slug"],
                domain=told["domain"],
                over_allocation=told["over_allocation"],
            )
        )
        self.message_user(request, f"{told['name']} was created. Add the first member next.")
        return Customer.objects.get(public_id=answer.data["customer"])


@admin.register(Membership)
class MembershipAdmin(ActingAdmin, MakingAdmin):
    """Who may log in for which customer."""

    corrections = (SendInvitation,)
    list_display = ("person", "mail", "of", "role")
    list_filter = ("role",)
    list_select_related = ("customer", "user")
    linked_by = ("customer", "user")
    shelf = "Customers and people"
    search_fields = ("user",)
    search_help_text = "Mail address or name of the person, or the customer."
    story = ("person", "mail", "of", "role")
    making_form = MemberForm
    making_title = "Add a member"
    making_sentence = "A new person gets an account, and you the address to set its password at."
    making_button = "Add the member"

    def words(self, word: str) -> Q:
        person = Q(user__email__icontains=word.lower()) | Q(user__name__icontains=word)
        return person | customers_called(word, "customer__")

    def tools(self, request: HttpRequest, record: Membership) -> list[tuple[str, str]]:
        return [*self.correction_tools(request, record), *portal_tools(request, record.customer)]

    @admin.display(description="person", ordering="user__name")
    def person(self, member: Membership) -> str:
        return record_link(member.user, member.user.name)

    @admin.display(description="mail address", ordering="user__email")
    def mail(self, member: Membership) -> str:
        return member.user.email

    @admin.display(description="customer", ordering="customer__name")
    def of(self, member: Membership) -> str:
        return record_link(member.customer)

    def carry_out(self, request: HttpRequest, form: BaseForm, ask: Asked) -> User:
        told = form.cleaned_data
        answer = post(
            Invite(
                customer=told["customer"],
                asked=ask,
                email=told["email"],
                name=told["name"],
                role=told["role"],
            )
        )
        person = User.objects.get(public_id=answer.data["user"])
        tell_link(request, person)
        return person


@admin.register(Assignment)
class AssignmentAdmin(RecordAdmin):
    """Which sales rep looks after which customer."""

    list_display = ("customer_name", "rep")
    list_select_related = ("customer", "user")
    linked_by = ("customer", "user")
    shelf = "Customers and people"
    search_fields = ("user",)
    story = ("customer_name", "rep")

    def words(self, word: str) -> Q:
        return Q(user__email__icontains=word.lower()) | customers_called(word, "customer__")

    @admin.display(description="customer", ordering="customer__name")
    def customer_name(self, assignment: Assignment) -> str:
        return record_link(assignment.customer)

    @admin.display(description="sales rep", ordering="user__email")
    def rep(self, assignment: Assignment) -> str:
        return record_link(assignment.user)


@admin.register(User)
class UserAdmin(MakingAdmin):
    """Everybody who may log in, as member or as staff; staff are made here by a command."""

    list_display = ("email", "name", "staff_roles", "member_of", "last_seen", "is_active")
    list_filter = ("is_active", "is_staff", "groups", "created_at")
    shelf = "Customers and people"
    search_fields = ("email",)
    search_help_text = "Mail address or name."
    place_in_search = 4
    story = (
        "email",
        "name",
        "staff_roles",
        "way_in",
        "is_active",
        "last_seen",
        "time_zone",
        "created",
        "public_id",
    )
    making_form = StaffForm
    making_title = "Make staff"
    making_sentence = "Gives a person of the vendor a role below one's own."
    making_button = "Make staff"

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.add_chapter(10, chapters.person_memberships)
        self.add_chapter(20, chapters.person_assignments)
        self.add_chapter(90, chapters.person_operations)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(staff_made_by(person_of(request)))

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups", "memberships__customer")

    def words(self, word: str) -> Q:
        public_id = uuid_in(word)
        if public_id is not None:
            return Q(public_id=public_id)
        return Q(email__icontains=word.lower()) | Q(name__icontains=word)

    def told(self, record: Any) -> tuple[str, str]:
        places = [self.staff_roles(record), self.member_of(record)]
        return record.email, " · ".join([record.name, *(p for p in places if p != NOTHING)])

    def tools(self, request: HttpRequest, record: User) -> list[tuple[str, str]]:
        return [
            (list_url(OutgoingMail, recipient__id__exact=record.pk), "Mail"),
            (list_url(SecurityEvent, user__id__exact=record.pk), "Log-ins"),
        ]

    @admin.display(description="staff roles")
    def staff_roles(self, person: User) -> str:
        roles = [group.name for group in person.groups.all()]
        return ", ".join(["superuser"] * person.is_superuser + roles) or NOTHING

    @admin.display(description="member of")
    def member_of(self, person: User) -> str:
        names = [member.customer.name for member in person.memberships.all()[:3]]
        return ", ".join(names) or NOTHING

    @admin.display(description="way in")
    def way_in(self, person: User) -> str:
        return "password" if person.has_usable_password() else "waits for the first password"

    @admin.display(description="last log-in", ordering="last_login")
    def last_seen(self, person: User) -> str:
        return instant(person.last_login)

    @admin.display(description="created", ordering="created_at")
    def created(self, person: User) -> str:
        return instant(person.created_at)

    def carry_out(self, request: HttpRequest, form: BaseForm, ask: Asked) -> User:
        told = form.cleaned_data
        made = MakeStaff(asked=ask, email=told["email"], role=told["role"], name=told["name"])
        answer = post_office(made)
        for customer in told["customers"]:
            # Each in its own transaction: the customer's lock comes before the office's.
            own = replace(ask, key=f"{ask.key}/{customer.slug}")
            post(AssignRep(customer=customer, asked=own, email=told["email"]))
        person = User.objects.get(public_id=answer.data["user"])
        tell_link(request, person)
        return person


def portal_tools(request: HttpRequest, customer: Customer) -> list[tuple[str, str]]:
    """The way to a customer's page in the portal, for those who may open it."""
    may_open = access_to(person_of(request), customer.slug)
    return [portal_tool(customer)] if may_open else []
