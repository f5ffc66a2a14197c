"""Members of a customer: the list, an invitation, and a drawer for each."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from credits.domain.commands import Asked, Command
from credits.domain.members import (
    InviteAgain,
    InviteMember,
    NoLongerAllowed,
    RemoveMember,
    SetRole,
    members_of,
)
from credits.domain.people import Right
from credits.domain.post import post
from credits.domain.snapshot import one_snapshot
from credits.exceptions import CreditsError, InvalidCommand, KeyConflict, UnknownObject
from credits.forms.members import InviteForm, RoleForm
from credits.models import Customer, Role, User
from credits.tables.members import MemberTable
from credits.web.access import CustomerRequest, customer_view
from credits.web.asking import asked, form_key
from credits.web.exports import export
from credits.web.feedback import done
from credits.web.htmx import announce, is_fragment, redirect, render_page

INVALID, CONFLICT = 422, 409
INVITE = "invite"


@require_safe
@customer_view(Right.VIEW)
def member_list(request: CustomerRequest) -> HttpResponseBase:
    """Everybody who may log in for the customer."""
    context = list_context(request)
    if file := export(request, context["table"]):
        return file
    response = render_page(request, "credits/members.html", context, fragment="table")
    return announce(response, context["table"].sorted_by) if is_fragment(request) else response


@require_http_methods(["GET", "HEAD", "POST"])
@customer_view(Right.MANAGE_MEMBERS)
def member_invite(request: CustomerRequest) -> HttpResponse:
    """The drawer for an invitation; sending it writes the mail."""
    form = InviteForm(request.POST if request.method == "POST" else None, label_suffix="")
    status = 200
    if form.is_bound:
        status = INVALID
        if form.is_valid():
            try:
                told = form.cleaned_data
                ask = asked(request, INVITE)
                post(InviteMember(customer=request.customer, asked=ask, **told))
            except NoLongerAllowed as refusal:
                raise PermissionDenied(refusal.message) from None
            except CreditsError as error:
                form.add_error(place_of(form, error), error.message)
                status = status_of(error)
            else:
                done(request, _("%(email)s is invited by mail.") % {"email": told["email"]})
                return redirect(request, list_url(request.customer))
    context = {"form": form, "key": form_key(request, INVITE)}
    return show(request, "credits/member_invite.html", context, status)


@require_http_methods(["GET", "HEAD", "POST"])
@customer_view(Right.MANAGE_MEMBERS)
def member_edit(request: CustomerRequest, member: UUID) -> HttpResponse:
    """The drawer of one member; sending it sets the role, invites again or removes."""
    form = RoleForm(request.POST if request.POST.get("act") == "role" else None, label_suffix="")
    if request.method != "POST":
        return show(request, "credits/member_edit.html", drawer_context(request, member))
    try:
        command = command_of(request, str(member), form)
        post(command)
    except UnknownObject as unknown:
        raise Http404(unknown.message) from None
    except NoLongerAllowed as refusal:
        raise PermissionDenied(refusal.message) from None
    except CreditsError as error:
        context = drawer_context(request, member, form=form, error=error)
        return show(request, "credits/member_edit.html", context, status_of(error))
    email = User.objects.values_list("email", flat=True).get(public_id=member)
    done(request, sentence_of(command) % {"email": email, "customer": request.customer.name})
    return redirect(request, list_url(request.customer))


def command_of(request: CustomerRequest, member: str, form: RoleForm) -> Command:
    """What a sent drawer asks for. Raises InvalidCommand for anything else."""
    act = request.POST.get("act", "")
    customer = request.customer
    if act == "role" and form.is_valid():
        role = form.cleaned_data["role"]
        return SetRole(customer=customer, asked=ask_of(request, member), member=member, role=role)
    if act == "again":
        return InviteAgain(customer=customer, asked=ask_of(request, member), member=member)
    if act == "remove":
        return RemoveMember(customer=customer, asked=ask_of(request, member), member=member)
    if act == "role":
        raise InvalidCommand(_("Choose one of the roles."), field="role")
    raise InvalidCommand(_("Choose what to do with one of the buttons."))


def ask_of(request: CustomerRequest, member: str) -> Asked:
    """Who asks, with the key of this member's drawer."""
    return asked(request, form_name(member))


def form_name(member: str) -> str:
    return f"member/{member}"


def sentence_of(command: Command) -> str:
    """What a person is told after an act."""
    if isinstance(command, InviteAgain):
        return _("The invitation is sent to %(email)s again.")
    if isinstance(command, RemoveMember):
        return _("%(email)s is no member of %(customer)s any more.")
    if isinstance(command, SetRole) and command.role == Role.ADMIN:
        return _("%(email)s is an admin from now on.")
    return _("%(email)s is a viewer from now on.")


def drawer_context(
    request: CustomerRequest,
    member: UUID,
    *,
    form: RoleForm | None = None,
    error: CreditsError | None = None,
) -> dict[str, Any]:
    """What the drawer of a member shows; 404 for who is none of this customer's."""
    with one_snapshot():
        found = members_of(request.customer).filter(user__public_id=member).first()
        if found is None:
            raise Http404("no such member")
    at_field = error is not None and error.field == "role"
    if form is None or not form.is_bound:
        form = RoleForm(initial={"role": found.role}, label_suffix="")
    elif error is not None and at_field and not form.errors:
        form.add_error("role", error.message)
    return {
        "member": found,
        "form": form,
        "error": "" if at_field or error is None else error.message,
        "is_self": found.user_id == request.reader.pk,
        "key": form_key(request, form_name(str(member))),
    }


def show(
    request: CustomerRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """A drawer over the list, or alone as a fragment."""
    context["close_url"] = list_url(request.customer)
    if not is_fragment(request):
        context |= list_context(request)
    return render_page(request, template, context, fragment="drawer", status=status)


def list_context(request: CustomerRequest) -> dict[str, Any]:
    """What the list shows."""
    may_manage = Right.MANAGE_MEMBERS in request.rights
    table = MemberTable(
        members_of(request.customer).select_related("user", "customer"),
        caption=_("Members"),
        home=list_url(request.customer),
        may_manage=may_manage,
    )
    return {"table": table.configure(request), "may_manage": may_manage}


def list_url(customer: Customer) -> str:
    return reverse("credits:member-list", kwargs={"slug": customer.slug})


def place_of(form: forms.Form, error: CreditsError) -> str | None:
    """The field at which a refusal is told, if the form has it."""
    return error.field if error.field in form.fields else None


def status_of(error: CreditsError) -> int:
    """The status of a page that says why nothing was changed."""
    return CONFLICT if isinstance(error, KeyConflict) else INVALID
