"""Who looks after a customer: seen by sales, assigned and removed by sales managers."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from billing.views.sales import show_count
from credits.domain.commands import Asked
from credits.domain.members import NoLongerAllowed
from credits.domain.people import Right
from credits.domain.post import post
from credits.domain.representatives import (
    AssignAtDesk,
    UnassignRep,
    assign_rep,
    reps_of,
    reps_to_choose,
)
from credits.exceptions import CreditsError, InvalidCommand, KeyConflict
from credits.models import Customer, User
from credits.web.access import CustomerRequest, customer_view
from credits.web.asking import asked, form_key
from credits.web.feedback import done
from credits.web.htmx import redirect, render_page

INVALID, CONFLICT = 422, 409


@require_http_methods(["GET", "HEAD", "POST"])
@customer_view(Right.ENTER_PURCHASES)
def sales_reps(request: CustomerRequest) -> HttpResponseBase:
    """Who looks after the customer; sending it assigns a rep, or takes the customer from one."""
    request.desk = "sales"
    if request.method != "POST":
        return show(request)
    if Right.ASSIGN_REPS not in request.rights:
        raise PermissionDenied(Right.ASSIGN_REPS)
    try:
        ask = asked(request, form_name(request.customer))
        said = change(request, ask)
    except NoLongerAllowed as refusal:
        raise PermissionDenied(refusal.message) from None
    except CreditsError as error:
        return show(request, error)
    done(request, said)
    return redirect(request, page_url(request.customer))


def change(request: CustomerRequest, ask: Asked) -> str:
    """Do what was sent, and say what happened."""
    customer = request.customer
    if "remove" in request.POST:
        rep = chosen(request.POST.get("remove", ""))
        post(UnassignRep(customer=customer, asked=ask, email=rep.email))
        text = _("%(name)s does not look after %(customer)s any more.")
    else:
        rep = chosen(request.POST.get("rep", ""))
        assign_rep(AssignAtDesk(customer=customer, asked=ask, email=rep.email))
        text = _("%(name)s looks after %(customer)s now, and is told by mail.")
    return text % {"name": rep.name, "customer": customer.name}


def chosen(text: str) -> User:
    """The person that a form names. Raises InvalidCommand at the field for nobody."""
    try:
        public_id: UUID = forms.UUIDField().clean(text)
    except forms.ValidationError:
        raise InvalidCommand(_("Choose a sales rep."), field="rep") from None
    found = User.objects.filter(public_id=public_id).first()
    if found is None:
        raise InvalidCommand(_("There is no such sales rep."), field="rep")
    return found


def show(request: CustomerRequest, error: CreditsError | None = None) -> HttpResponse:
    """The page, with why nothing was changed where that is so."""
    show_count(request)
    may_assign = Right.ASSIGN_REPS in request.rights
    context = {
        "reps": reps_of([request.customer]).get(request.customer.pk, ()),
        "others": reps_to_choose(request.customer) if may_assign else (),
        "may_assign": may_assign,
        "error": error.message if error else "",
        "key": form_key(request, form_name(request.customer)),
    }
    status = 200
    if error is not None:
        status = CONFLICT if isinstance(error, KeyConflict) else INVALID
    return render_page(request, "billing/sales_reps.html", context, status=status)


def form_name(customer: Customer) -> str:
    """What the form's key is bound to, beside the person."""
    return f"sales-reps/{customer.public_id}"


def page_url(customer: Customer) -> str:
    """The page of a customer's reps."""
    return reverse("billing:sales-reps", kwargs={"slug": customer.slug})
