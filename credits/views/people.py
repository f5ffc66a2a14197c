"""Log-in, log-out, setting a password, and the way to one's own place."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import views as auth
from django.contrib.auth.forms import SetPasswordForm
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse, reverse_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from credits.domain import door
from credits.domain.finding import customers_called
from credits.domain.links import holder_of
from credits.domain.people import customers_for, is_sales
from credits.forms.people import ForgotPasswordForm, LogInForm
from credits.models import SecurityEventKind, User
from credits.web.access import PortalRequest, person_view, public_view
from credits.web.address import client_address
from credits.web.search import words_of

SHOWN = 50
"""Customers listed to choose from; with more than these one searches."""

METHODS = ("get", "post", "head", "options")
TOO_MANY = 429


class LogIn(auth.LoginView):
    """The one log-in, of the portal and of the support desk."""

    authentication_form = LogInForm
    redirect_authenticated_user = True
    http_method_names = METHODS

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the page that needs no account, where there is one."""
        page = settings.VISITOR_PAGE if settings.ANONYMOUS_ESTIMATES else ""
        return super().get_context_data(visitor_url=reverse(page) if page else "", **kwargs)

    def form_invalid(self, form: Any) -> HttpResponse:
        response = super().form_invalid(form)
        return too_many(response, form.delayed) if form.delayed else response


class SetPassword(auth.PasswordResetConfirmView):
    """The page behind the link of an invitation or a reset; it works for one who sends it."""

    template_name = "registration/password_set.html"
    success_url = reverse_lazy("credits:login")
    http_method_names = METHODS

    def get_user(self, uidb64: str) -> Any:
        """The person of the link. Who was locked meanwhile has none."""
        user = super().get_user(uidb64)
        return user if user is not None and user.is_active else None

    def form_valid(self, form: SetPasswordForm[User]) -> HttpResponse:
        token = self.request.session.get(auth.INTERNAL_RESET_SESSION_TOKEN, "")
        with transaction.atomic():
            holder = holder_of(form.user, token)
            if holder is None:
                return self.ended()
            # What is saved is the person of this moment, not of the page's.
            form.user = holder
            response = super().form_valid(form)
            address = client_address(self.request)
            door.record(SecurityEventKind.PASSWORD_SET, user=holder, address=address)
        return response

    def ended(self) -> HttpResponse:
        """The page of a link that works no more."""
        self.validlink = False
        return self.render_to_response(self.get_context_data())


login = public_view(reason="Nobody is logged in before.")(LogIn.as_view())
logout = public_view(reason="It only ends a session, by POST.")(auth.LogoutView.as_view())
set_password = public_view(reason="The link sent by mail carries its own secret.")(
    SetPassword.as_view()
)


@public_view(reason="Who forgot the password cannot log in.")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def forgot_password(request: HttpRequest) -> HttpResponse:
    """Ask for a link by mail; the answer does not tell whether the address has an account."""
    form = ForgotPasswordForm(request.POST if request.method == "POST" else None)
    delayed = None
    if form.is_valid():
        try:
            door.ask_for_reset(door.visitor(form.cleaned_data["email"], client_address(request)))
        except door.Delayed as error:
            delayed = error
            form.add_error(None, ValidationError(error.message, code=error.code))
        else:
            return redirect("credits:forgot-password-sent")
    response = render(request, "registration/password_forgotten.html", {"form": form})
    return too_many(response, delayed) if delayed else response


@public_view(reason="It says the same to everybody.")
@require_safe
def forgot_password_sent(request: HttpRequest) -> HttpResponse:
    """What follows after asking for a link, account or none."""
    days = settings.PASSWORD_RESET_TIMEOUT // 86_400
    return render(request, "registration/password_mail_sent.html", {"days": days})


def too_many(response: HttpResponse, delayed: door.Delayed) -> HttpResponse:
    """The same page with the status that says why, and when to come again."""
    response.status_code = TOO_MANY
    response.headers["Retry-After"] = str(delayed.seconds)
    return response


@require_safe
@person_view
def home(request: PortalRequest) -> HttpResponseBase:
    """To the one customer, to the sales desk or the admin, or a list to choose from."""
    if is_sales(request.user):
        return redirect(settings.SALES_HOME)
    words = words_of(request.GET.get("q", ""))
    customers = list(customers_called(customers_for(request.user), words)[: SHOWN + 1])
    if len(customers) == 1:
        return redirect(settings.CUSTOMER_HOME, slug=customers[0].slug)
    if not customers and not words and request.user.is_staff:
        return redirect("admin:index")
    listed = [
        (customer, resolve_url(settings.CUSTOMER_HOME, slug=customer.slug))
        for customer in customers[:SHOWN]
    ]
    context = {"customers": listed, "more": len(customers) > SHOWN, "words": words}
    return render(request, "credits/home.html", context)
