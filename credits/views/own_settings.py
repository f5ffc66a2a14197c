"""A person's own name, time zone and password."""

from __future__ import annotations

from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from credits.domain import door
from credits.domain.own_details import change_own_details, change_own_password
from credits.forms.settings import OwnForm, PasswordForm
from credits.models import SecurityEventKind, User
from credits.web.access import PortalRequest, person_view
from credits.web.address import client_address
from credits.web.feedback import done
from credits.web.htmx import redirect, render_page

INVALID, TOO_MANY = 422, 429
DETAILS, PASSWORD = "details", "password"


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@person_view
def own_settings(request: PortalRequest) -> HttpResponse:
    """What is one's own, on every desk and for every customer."""
    act = request.POST.get("act", "") if request.method == "POST" else ""
    # The form sets the password on its own copy: a refused one must not touch the session's.
    person = User.objects.get(pk=request.user.pk)
    own = OwnForm(person, request.POST if act == DETAILS else None)
    data = request.POST if act == PASSWORD else None
    password = PasswordForm(person, data, address=client_address(request))
    if act == DETAILS and own.is_valid():
        told = own.cleaned_data
        change_own_details(person, name=told["name"], time_zone=told["time_zone"])
        done(request, _("Your details are saved."))
        return redirect(request, reverse("credits:own-settings"))
    if act == PASSWORD and password.is_valid():
        change_password(request, password)
        done(request, _("Your password is changed. Elsewhere you are logged out."))
        return redirect(request, reverse("credits:own-settings"))
    status = 200 if request.method != "POST" else INVALID
    context = {"person": person, "own": own, "password": password}
    delayed = password.delayed
    response = render_page(
        request,
        "credits/own_settings.html",
        context,
        status=TOO_MANY if delayed else status,
    )
    if delayed:
        response.headers["Retry-After"] = str(delayed.seconds)
    return response


def change_password(request: PortalRequest, form: PasswordForm) -> None:
    """Save the new password; this session stays, all others of the person end."""
    with transaction.atomic():
        user = change_own_password(form.user, form.cleaned_data["new_password1"])
        address = client_address(request)
        door.record(SecurityEventKind.PASSWORD_SET, user=user, address=address)
    update_session_auth_hash(request, user)
