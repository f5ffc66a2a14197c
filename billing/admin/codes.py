"""Activation codes at the support desk: issued, imported, found, withdrawn with a reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from billing.admin.conversion import plain_code
from billing.admin.seat_forms import EntitlementField, PlainDayField, ProductForm
from billing.domain.conversion.issuing import (
    MOST_CODES,
    MOST_MONTHS,
    IssueCodes,
    WithdrawCode,
    issue_codes,
    withdraw_code,
)
from billing.models import ActivationCode
from credits.admin.forms import CustomerField, MakingForm
from credits.admin.links import (
    add_url,
    customers_called,
    list_url,
    person_of,
    record_link,
    record_url,
    uuid_in,
)
from credits.admin.making import CONFLICT, UNPROCESSABLE, MakingAdmin
from credits.admin.people import portal_tools
from credits.admin.records import SHOWN, Chapter, add_chapter
from credits.domain.commands import Asked
from credits.exceptions import CreditsError, KeyConflict
from credits.models import Customer
from credits.templatetags.figures import NOTHING, day, grouped, instant
from credits.web.asking import FIELD, asked, form_key
from credits.web.htmx import SEE_OTHER


class CodesForm(ProductForm):
    """Codes that are to be made, or were made by another system."""

    taken = ("customer", "renews")

    customer = CustomerField(
        max_length=60,
        required=False,
        help_text="For whom they work, like C-1001. Left empty, for whoever enters one first.",
    )
    renews = EntitlementField(
        max_length=20, required=False, help_text="The seat license they renew, like EN-1001."
    )
    months = forms.IntegerField(
        label="Months from activation",
        min_value=1,
        max_value=MOST_MONTHS,
        required=False,
        help_text="Or the days below.",
    )
    starts = PlainDayField(
        label="First day", required=False, help_text="Left empty, the day of activation."
    )
    ends = PlainDayField(label="Last day", required=False, help_text="As YYYY-MM-DD, UTC.")
    use_by = PlainDayField(
        label="To be entered by", required=False, help_text="The last day, UTC; may be left empty."
    )
    count = forms.IntegerField(
        label="How many are made", min_value=1, max_value=MOST_CODES, initial=1, required=False
    )
    codes = forms.CharField(
        label="Codes to import",
        required=False,
        max_length=60 * MOST_CODES,
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"}),
        help_text="Of another system, one a line. Left empty, new ones are made.",
    )

    @property
    def imported(self) -> list[str]:
        """The codes that were pasted."""
        return [line for line in self.cleaned_data["codes"].splitlines() if line.strip()]


FIELD_OF = {"seats": "kind", "first_day": "starts", "last_day": "ends"}
"""The form's field for what the domain names otherwise."""


class WithdrawForm(MakingForm):
    """Nothing but a reason."""


def code_state(code: ActivationCode) -> str:
    """Used, withdrawn, or waiting."""
    if code.used_at is not None:
        return "used"
    return "withdrawn" if code.withdrawn_at is not None else "not activated"


@admin.register(ActivationCode)
class ActivationCodeAdmin(MakingAdmin):
    """Activation codes, with what became of each."""

    list_display = ("code", "of", "product", "kind", "amount", "state", "issued")
    list_filter = ("kind", "product", "issued_at", "used_at", "withdrawn_at")
    list_select_related = ("customer", "term__entitlement__customer")
    linked_by = ("customer", "used_by", "renews")
    ordering = ("-issued_at", "-pk")
    search_fields = ("code",)
    search_help_text = "The code, however it is typed, its product, or the customer."
    place_in_search = 5
    shelf = "Purchases and licenses"
    story = (
        "code",
        "of",
        "product",
        "kind",
        "amount",
        "lasts",
        "renewed",
        "enter_by",
        "state",
        "issued",
        "used",
        "who",
        "became",
        "withdrawn",
        "public_id",
    )
    making_form = CodesForm
    making_title = "Issue activation codes"
    making_sentence = (
        "Each stands for one seat license of these units, and works once. Codes of another system "
        "are pasted; else new ones are made."
    )
    making_button = "Issue the codes"

    @method_decorator(sensitive_post_parameters("codes"))
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return super().add_view(request, form_url, extra_context)

    def get_urls(self) -> list[URLPattern]:
        own = path(
            "<int:pk>/withdraw/",
            self.admin_site.admin_view(self.withdraw_view),
            name="billing_activationcode_withdraw",
        )
        return [own, *super().get_urls()]

    def words(self, word: str) -> Q:
        public_id = uuid_in(word)
        if public_id is not None:
            return Q(public_id=public_id) | Q(customer__public_id=public_id)
        own = Q(code__icontains=word.upper()) | Q(product__icontains=word.lower())
        if code := plain_code(word):
            own |= Q(code=code)
        used = customers_called(word, "term__entitlement__customer__")
        return own | customers_called(word, "customer__") | used

    def told(self, record: Any) -> tuple[str, str]:
        owner = owner_of(record)
        return record.code, f"{owner.name if owner else 'anybody'} · {code_state(record)}"

    def tools(self, request: HttpRequest, record: ActivationCode) -> list[tuple[str, str]]:
        owner = owner_of(record)
        found = list(portal_tools(request, owner)) if owner else []
        if not self.may_withdraw(request, record):
            return found
        return [(withdraw_url(record), "Withdraw"), *found]

    def carry_out(self, request: HttpRequest, form: Any, ask: Asked) -> Any:
        told = form.cleaned_data
        command = IssueCodes(
            asked=ask,
            product=told["product"],
            units=told["units"],
            seats=told["kind"],
            months=told["months"],
            first_day=told["starts"],
            last_day=told["ends"],
            use_by=told["use_by"],
            customer=told["customer"],
            renews=told["renews"],
            count=told["count"] or 1,
            imported=form.imported,
        )
        try:
            made = issue_codes(command)
        except CreditsError as error:
            error.field = FIELD_OF.get(error.field or "", error.field)
            raise
        if len(made) > 1:
            text = f"{len(made)} codes are issued. The list has them, the newest first."
            messages.success(request, text)
        return made[0]

    def may_withdraw(self, request: HttpRequest, code: ActivationCode) -> bool:
        """Whether a person may take a code back, and there is something to take back."""
        return self.has_add_permission(request) and code_state(code) == "not activated"

    def withdraw_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask for a reason, then withdraw."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        code = ActivationCode.objects.filter(pk=pk).first()
        if code is None:
            raise Http404("no such record")
        if request.method != "POST":
            return self.show_withdrawal(request, code, WithdrawForm(user=person_of(request)), 200)
        form = WithdrawForm(request.POST, user=person_of(request))
        if not form.is_valid():
            return self.show_withdrawal(request, code, form, UNPROCESSABLE)
        try:
            ask = asked(request, withdrawal(code), reason=form.cleaned_data["reason"])
            withdraw_code(WithdrawCode(asked=replace(ask, source="admin"), code=code.public_id))
        except CreditsError as error:
            form.add_error(None, error.message)
            status = CONFLICT if isinstance(error, KeyConflict) else UNPROCESSABLE
            return self.show_withdrawal(request, code, form, status)
        messages.success(request, "The code was withdrawn.")
        return HttpResponse(status=SEE_OTHER, headers={"Location": record_url(code)})

    def show_withdrawal(
        self, request: HttpRequest, code: ActivationCode, form: MakingForm, status: int
    ) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": f"Withdraw {code.code}",
            "sentence": "It cannot be entered any more. That is not undone: issue another one.",
            "button": "Withdraw the code",
            "form": form,
            "key_field": FIELD,
            "key": form_key(request, withdrawal(code)),
        }
        return TemplateResponse(request, "admin/making_form.html", context, status=status)

    @admin.display(description="customer")
    def of(self, code: ActivationCode) -> str:
        owner = owner_of(code)
        return record_link(owner) if owner else "anybody"

    @admin.display(description="units", ordering="units")
    def amount(self, code: ActivationCode) -> str:
        return grouped(code.units)

    @admin.display(description="term")
    def lasts(self, code: ActivationCode) -> str:
        if code.months is not None:
            return f"{code.months} months from activation"
        first = day(code.first_day) if code.first_day else "activation"
        return f"{first} to {day(code.last_day)}"

    @admin.display(description="renews")
    def renewed(self, code: ActivationCode) -> str:
        return record_link(code.renews)

    @admin.display(description="to be entered by")
    def enter_by(self, code: ActivationCode) -> str:
        return day(code.use_by)

    @admin.display(description="state")
    def state(self, code: ActivationCode) -> str:
        return code_state(code)

    @admin.display(description="issued", ordering="issued_at")
    def issued(self, code: ActivationCode) -> str:
        return instant(code.issued_at)

    @admin.display(description="used")
    def used(self, code: ActivationCode) -> str:
        return instant(code.used_at)

    @admin.display(description="by")
    def who(self, code: ActivationCode) -> str:
        return record_link(code.used_by)

    @admin.display(description="became")
    def became(self, code: ActivationCode) -> str:
        return record_link(code.term.entitlement) if code.term else NOTHING

    @admin.display(description="withdrawn")
    def withdrawn(self, code: ActivationCode) -> str:
        return instant(code.withdrawn_at)


def owner_of(code: ActivationCode) -> Customer | None:
    """Who used a code, or for whom it works."""
    return code.term.entitlement.customer if code.term else code.customer


def withdrawal(code: ActivationCode) -> str:
    """What the key of a withdrawal is for."""
    return f"admin/billing.activationcode/{code.pk}/withdraw"


def withdraw_url(code: ActivationCode) -> str:
    """Where a code is withdrawn."""
    return reverse("admin:billing_activationcode_withdraw", args=(code.pk,))


def customer_codes(request: HttpRequest, customer: Customer) -> Chapter:
    """The activation codes of a customer, and the way to issue one."""
    found = ActivationCode.objects.filter(
        Q(customer=customer) | Q(term__entitlement__customer=customer)
    ).select_related("used_by", "term__entitlement")
    return Chapter(
        title="Activation codes",
        columns=("Code", "Product", "Units", "State", "Became", "Issued"),
        figures=frozenset({2}),
        rows=[
            (
                record_link(code),
                code.product,
                grouped(code.units),
                code_state(code),
                record_link(code.term.entitlement) if code.term else NOTHING,
                instant(code.issued_at),
            )
            for code in found[:SHOWN]
        ],
        empty="No code was issued.",
        more_url=list_url(ActivationCode, customer__id__exact=customer.pk),
        add_url=add_url(ActivationCode, customer=customer.label)
        if request.user.has_perm("billing.add_activationcode")
        else "",
        add="Issue a code",
    )


add_chapter(Customer, 49, customer_codes)
