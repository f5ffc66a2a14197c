"""Who may open a view: the decorators that every view carries exactly one of."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django_htmx.middleware import HtmxDetails

from credits.domain.access import Access, access_to
from credits.domain.people import Right, is_sales
from credits.domain.snapshot import one_snapshot
from credits.models import Customer, User
from credits.web.access_notice import locked_page
from credits.web.viewing import note, said_over, viewing_id

P = ParamSpec("P")
ACCESS = "portal_access"
SAFE_METHODS = ("GET", "HEAD")


class PortalRequest(HttpRequest):
    """A request of a person who is logged in."""

    user: User
    htmx: HtmxDetails
    desk: str | None


class CustomerRequest(PortalRequest):
    """A request inside one customer that the person may see."""

    customer: Customer
    access: Access
    rights: frozenset[Right]
    role: str
    acting_as_staff: bool
    reader: User
    """Through whose eyes it is looked: the person, or the member whom support looks as."""


def customer_view(
    right: Right,
    *,
    open_when_locked: bool = False,
) -> Callable[
    [Callable[Concatenate[CustomerRequest, P], HttpResponseBase]],
    Callable[..., HttpResponseBase],
]:
    """A view inside a customer, named by the slug in its path.

    Anonymous: to the log-in. A stranger: 404, as if the customer did not exist. A member without
    the right: 403. Every look-up after this starts from `request.customer`. Support that looks as
    a member meets what that member would (docs/rules.md#r21).

    Once access has ended (docs/rules.md#r13) members meet the page that says so, on every view
    but those that are `open_when_locked`: what helps to renew. Staff still get in to help.
    """

    def decorate(
        view: Callable[Concatenate[CustomerRequest, P], HttpResponseBase],
    ) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: Any, slug: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return to_login(request)
            access = access_to(request.user, slug, viewing_id(request))
            if access is None:
                raise Http404("no such customer")
            if access.viewing is not None:
                note(request, access.viewing)
            elif over := said_over(request):
                return over
            request.reader = access.viewing.seen_as if access.viewing else request.user
            request.customer, request.access = access.customer, access
            request.rights, request.role = access.rights, access.role
            request.acting_as_staff, request.desk = access.is_staff, "customer"
            if access.is_shut and not open_when_locked:
                return locked_page(request)
            if right not in access.rights:
                raise PermissionDenied(right)
            with reading(request):
                return view(request, *args, **kwargs)

        setattr(guarded, ACCESS, f"customer:{right}")
        return guarded

    return decorate


def sales_view(
    view: Callable[Concatenate[PortalRequest, P], HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """A view of the sales desk. Anonymous: to the log-in; anybody but sales: 404."""

    @wraps(view)
    def guarded(request: Any, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return to_login(request)
        if not is_sales(request.user):
            raise Http404("no such page")
        request.desk = "sales"
        with reading(request):
            return view(request, *args, **kwargs)

    setattr(guarded, ACCESS, "sales")
    return guarded


def reading(request: HttpRequest) -> AbstractContextManager[None]:
    """A page that is only read comes from one snapshot, and cannot write."""
    return one_snapshot() if request.method in SAFE_METHODS else nullcontext()


def person_view(
    view: Callable[Concatenate[PortalRequest, P], HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """A view for anybody who is logged in; it shows what is the person's own."""

    @wraps(view)
    def guarded(request: Any, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return to_login(request)
        request.desk = None
        return view(request, *args, **kwargs)

    setattr(guarded, ACCESS, "person")
    return guarded


def public_view(
    reason: str,
) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """A view that anybody may open, with the reason why."""

    def decorate(
        view: Callable[..., HttpResponseBase],
    ) -> Callable[..., HttpResponseBase]:
        setattr(view, ACCESS, f"public: {reason}")
        return view

    return decorate


def to_login(request: Any) -> HttpResponseBase:
    """The way to the log-in: a redirect, or for a fragment a whole new page."""
    if getattr(request, "htmx", None):
        current = request.htmx.current_url_abs_path or request.get_full_path()
        login = redirect_to_login(current, resolve_url(settings.LOGIN_URL)).url
        return HttpResponse(status=204, headers={"HX-Redirect": login})
    return redirect_to_login(request.get_full_path(), resolve_url(settings.LOGIN_URL))
