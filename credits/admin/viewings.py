"""Looking at a customer's pages as one of its members, and the record of who did."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import F, Q, QuerySet
from django.forms import BaseForm
from django.http import HttpRequest
from django.shortcuts import resolve_url

from credits import clock
from credits.admin.acting import Act
from credits.admin.chapters import why
from credits.admin.correction_forms import WHY, CorrectionForm
from credits.admin.links import customers_called, list_url, record_link, uuid_in
from credits.admin.records import SHOWN, Chapter, RecordAdmin
from credits.domain.commands import Asked
from credits.domain.preview import Draft
from credits.domain.view_as import is_support, start_viewing
from credits.models import Customer, User, Viewing
from credits.templatetags.figures import NOTHING, instant
from credits.web import viewing as held

RUNNING, OVER = "running", "over"


class MemberChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One of a customer's people, told by name, address and role."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name}, {obj.role} ({obj.email})"


class ViewingForm(CorrectionForm):
    """As whom, and why."""

    member = MemberChoice(
        queryset=User.objects.none(),
        to_field_name="public_id",
        label="As whom",
        empty_label="Choose a member",
        help_text="The pages show what this person may see, and nothing can be changed there.",
        error_messages={"invalid_choice": "Choose one of the customer's members."},
    )

    def __init__(self, *args: Any, members: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["member"]
        if isinstance(choice, MemberChoice):
            choice.queryset = members
        self.fields["reason"].help_text = WHY


class ViewAs(Act):
    """The customer's pages as one of its members sees them."""

    record: Customer
    name = "view-as"
    label = "View as a member"
    form = ViewingForm
    button = "Look at the pages"

    @property
    def customer(self) -> Customer:
        return self.record

    @property
    def is_offered(self) -> bool:
        return is_support(self.user, self.record) and self.members.exists()

    @property
    def title(self) -> str:
        return f"{self.label}: {self.record.name}"

    @property
    def sentence(self) -> str:
        return (
            f"For {settings.VIEWING_MINUTES} minutes you see this customer's pages as that member "
            "does, reading only. The customer sees in its Activity who looked, as whom, and why."
        )

    @property
    def members(self) -> QuerySet[User]:
        """The customer's people who can log in, admins first."""
        own = User.objects.filter(memberships__customer=self.record, is_active=True)
        return own.annotate(role=F("memberships__role")).order_by("role", "name", "pk")

    def draw(self, draft: Draft, data: Any = None, *, more: bool = False) -> BaseForm:
        initial = {"member": self.given.get("member", "")}
        return ViewingForm(data, user=self.user, initial=initial, members=self.members)

    def sent(self, data: Any) -> BaseForm:
        return ViewingForm(data, user=self.user, members=self.members)

    def act(self, request: HttpRequest, form: Any, ask: Asked) -> str:
        """Start it; one that the session holds already ends first."""
        member = form.cleaned_data["member"]
        viewing = start_viewing(self.record, member, ask)
        held.hold_instead(request, viewing)
        return resolve_url(settings.CUSTOMER_HOME, slug=self.record.slug)


class ViewingStateFilter(admin.SimpleListFilter):
    """Viewings that go on, and those that are over."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(RUNNING, "Going on"), (OVER, "Over")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        running = Q(ended_at__isnull=True, ends_at__gt=clock.now())
        if self.value() == RUNNING:
            return queryset.filter(running)
        return queryset.exclude(running) if self.value() == OVER else queryset


@admin.register(Viewing)
class ViewingAdmin(RecordAdmin):
    """Who of support looked at whose pages, as whom, when, and why."""

    list_display = ("of", "who", "seen", "began", "over", "reason")
    list_filter = (ViewingStateFilter, "started_at")
    list_select_related = ("customer", "viewer", "seen_as", "operation__note")
    linked_by = ("customer", "viewer", "seen_as")
    ordering = ("-started_at", "-pk")
    shelf = "Security"
    search_fields = ("customer",)
    search_help_text = "Customer, or the mail address or name of either person."
    story = ("of", "who", "seen", "began", "until", "ended", "reason", "by", "public_id")

    def words(self, word: str) -> Q:
        public_id = uuid_in(word)
        if public_id is not None:
            return Q(public_id=public_id) | Q(operation__public_id=public_id)
        people = Q(viewer__email__icontains=word) | Q(viewer__name__icontains=word)
        people |= Q(seen_as__email__icontains=word) | Q(seen_as__name__icontains=word)
        return people | customers_called(word, "customer__")

    def told(self, record: Any) -> tuple[str, str]:
        return f"{record.viewer.name} as {record.seen_as.name}", record.customer.name

    @admin.display(description="customer", ordering="customer__name")
    def of(self, viewing: Viewing) -> str:
        return record_link(viewing.customer)

    @admin.display(description="who looked", ordering="viewer__name")
    def who(self, viewing: Viewing) -> str:
        return record_link(viewing.viewer, viewing.viewer.name)

    @admin.display(description="as", ordering="seen_as__name")
    def seen(self, viewing: Viewing) -> str:
        return record_link(viewing.seen_as, viewing.seen_as.name)

    @admin.display(description="began", ordering="started_at")
    def began(self, viewing: Viewing) -> str:
        return instant(viewing.started_at)

    @admin.display(description="over at", ordering="ends_at")
    def over(self, viewing: Viewing) -> str:
        return over_text(viewing)

    @admin.display(description="time is over at")
    def until(self, viewing: Viewing) -> str:
        return instant(viewing.ends_at)

    @admin.display(description="ended before")
    def ended(self, viewing: Viewing) -> str:
        return instant(viewing.ended_at) if viewing.ended_at else NOTHING

    @admin.display(description="why")
    def reason(self, viewing: Viewing) -> str:
        return why(viewing.operation)

    @admin.display(description="operation")
    def by(self, viewing: Viewing) -> str:
        return record_link(viewing.operation, viewing.operation.kind)


def over_text(viewing: Viewing) -> str:
    """When a viewing was over, or will be."""
    return instant(viewing.ended_at or viewing.ends_at)


def customer_viewings(request: HttpRequest, customer: Customer) -> Chapter:
    """Who of support looked at a customer's pages."""
    found = customer.viewings.select_related("viewer", "seen_as", "operation__note")
    return Chapter(
        title="Looked at as a member",
        columns=("Who looked", "As", "Began", "Over at", "Why"),
        rows=[
            (
                record_link(viewing.viewer, viewing.viewer.name),
                record_link(viewing.seen_as, viewing.seen_as.name),
                instant(viewing.started_at),
                over_text(viewing),
                why(viewing.operation),
            )
            for viewing in found[:SHOWN]
        ],
        empty="Nobody of support has.",
        more_url=list_url(Viewing, customer__id__exact=customer.pk),
    )
