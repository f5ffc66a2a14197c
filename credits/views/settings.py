"""Settings of a customer: allocating beyond the balance, and who gets notices."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from credits.domain.commands import Command
from credits.domain.customer_settings import SetOverAllocation, SetRecipients
from credits.domain.members import NoLongerAllowed, members_of
from credits.domain.people import Right
from credits.domain.post import post
from credits.domain.snapshot import one_snapshot
from credits.exceptions import CreditsError, KeyConflict
from credits.forms.settings import OverAllocationForm, RecipientsForm
from credits.models import Customer, OverAllocation, Role
from credits.web.access import CustomerRequest, customer_view
from credits.web.asking import FIELD, asked, mint_key
from credits.web.feedback import done
from credits.web.htmx import redirect, render_page

INVALID, CONFLICT = 422, 409
POLICY, RECIPIENTS = "policy", "recipients"


@require_http_methods(["GET", "HEAD", "POST"])
@customer_view(Right.VIEW)
def customer_settings(request: CustomerRequest) -> HttpResponse:
    """What is set: read by everybody who sees the customer, changed by its admins."""
    if request.method != "POST":
        return show(request)
    if Right.CHANGE_SETTINGS not in request.rights:
        raise PermissionDenied(Right.CHANGE_SETTINGS)
    act = request.POST.get("act", "")
    if act not in (POLICY, RECIPIENTS):
        return show(request, status=INVALID)
    form = form_of(request.customer, act, request.POST)
    status = INVALID
    if form.is_valid():
        try:
            post(command_of(request, act, form))
        except NoLongerAllowed as refusal:
            raise PermissionDenied(refusal.message) from None
        except CreditsError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
            status = CONFLICT if isinstance(error, KeyConflict) else INVALID
        else:
            done(request, sentence_of(act, form))
            return redirect(request, here(request.customer))
    return show(request, sent={act: form}, status=status)


def form_of(customer: Customer, act: str, data: Any = None) -> forms.Form:
    """One of the page's forms, filled with what is set or with what was sent."""
    if act == POLICY:
        initial = {"policy": customer.over_allocation}
        return OverAllocationForm(data, initial=initial, label_suffix="")
    admins = members_of(customer).filter(role=Role.ADMIN, user__is_active=True)
    return RecipientsForm(admins.order_by("user__email"), data)


def command_of(request: CustomerRequest, act: str, form: forms.Form) -> Command:
    """What a sent form asks for. Raises InvalidCommand if its key is not its own."""
    customer, ask = request.customer, asked(request, form_name(act))
    if act == POLICY:
        policy = form.cleaned_data["policy"]
        return SetOverAllocation(customer=customer, asked=ask, policy=policy)
    chosen = frozenset(form.cleaned_data["chosen"])
    return SetRecipients(customer=customer, asked=ask, chosen=chosen)


def sentence_of(act: str, form: forms.Form) -> str:
    """What a person is told after an act."""
    if act == RECIPIENTS:
        count = len(form.cleaned_data["chosen"])
        if not count:
            return _("Notices go to all admins from now on.")
        text = ngettext(
            "Notices go to %(count)d admin from now on.",
            "Notices go to %(count)d admins from now on.",
            count,
        )
        return text % {"count": count}
    if form.cleaned_data["policy"] == OverAllocation.REFUSE:
        return _("Allocating beyond the balance is refused from now on.")
    return _("Allocating beyond the balance asks for confirmation from now on.")


def show(
    request: CustomerRequest, *, sent: dict[str, forms.Form] | None = None, status: int = 200
) -> HttpResponse:
    """The page; the form that was sent keeps what was chosen, and its key."""
    customer, sent = request.customer, sent or {}
    with one_snapshot() if request.method == "POST" else nullcontext():
        context = {
            "may_change": Right.CHANGE_SETTINGS in request.rights,
            "policy": sent.get(POLICY) or form_of(customer, POLICY),
            "recipients": sent.get(RECIPIENTS) or form_of(customer, RECIPIENTS),
            "policy_key": key_of(request, POLICY, sent),
            "recipients_key": key_of(request, RECIPIENTS, sent),
            "here": here(customer),
        }
        return render_page(
            request, "credits/settings.html", context, fragment="forms", status=status
        )


def key_of(request: CustomerRequest, act: str, sent: dict[str, forms.Form]) -> str:
    """The key of one of the forms: the one it was sent with, else a new one."""
    kept = request.POST.get(FIELD, "") if act in sent else ""
    return kept or mint_key(request, form_name(act))


def form_name(act: str) -> str:
    return f"settings/{act}"


def here(customer: Customer) -> str:
    return reverse("credits:customer-settings", kwargs={"slug": customer.slug})
