"""A reader's choice of what a table shows, kept in one small cookie a table."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from credits.web.access import PortalRequest, person_view
from credits.web.htmx import redirect
from credits.web.table_choice import KEY, asked, cookie_name

A_YEAR = 365 * 24 * 60 * 60


@require_POST
@person_view
def table_choice(request: PortalRequest) -> HttpResponse:
    """Keep what was chosen for a table, or forget it, and go back to where it was chosen."""
    response = redirect(request, way_back(request))
    key = request.POST.get("table", "")
    if KEY.fullmatch(key) is None:
        return response
    name = cookie_name(key)
    if request.POST.get("reset"):
        response.delete_cookie(name, samesite="Lax")
        return response
    response.set_cookie(
        name,
        asked(request.POST).text,
        max_age=A_YEAR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def way_back(request: PortalRequest) -> str:
    """The page the choice was made on, if it is one of ours; else the start."""
    there = request.POST.get("next", "")
    is_ours = there.startswith("/") and url_has_allowed_host_and_scheme(
        there, allowed_hosts=None, require_https=request.is_secure()
    )
    return there if is_ours else reverse("credits:home")
