"""Log-in, log-out, the link of an invitation, and the way to one's own place."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import views as auth
from django.http import HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse_lazy
from django.views.decorators.http import require_safe

from credits.domain.people import customers_for, is_sales
from credits.web.access import PortalRequest, person_view, public_view

SHOWN = 50
"""Customers listed to choose from; with more than these, search at the sales desk is the way."""

login = public_view(reason="Nobody is logged in before.")(
    auth.LoginView.as_view(redirect_authenticated_user=True)
)
logout = public_view(reason="It only ends a session, by POST.")(auth.LogoutView.as_view())
set_password = public_view(reason="The link of an invitation carries its own secret.")(
    auth.PasswordResetConfirmView.as_view(
        template_name="registration/password_set.html",
        success_url=reverse_lazy("credits:login"),
    )
)


@require_safe
@person_view
def home(request: PortalRequest) -> HttpResponseBase:
    """To the one customer, to the sales desk or the admin, or a list to choose from."""
    if is_sales(request.user):
        return redirect(settings.SALES_HOME)
    customers = list(customers_for(request.user)[: SHOWN + 1])
    if len(customers) == 1:
        return redirect(settings.CUSTOMER_HOME, slug=customers[0].slug)
    if not customers and request.user.is_staff:
        return redirect("admin:index")
    listed = [
        (customer, resolve_url(settings.CUSTOMER_HOME, slug=customer.slug))
        for customer in customers[:SHOWN]
    ]
    context = {"customers": listed, "more": len(customers) > SHOWN}
    return render(request, "credits/home.html", context)
