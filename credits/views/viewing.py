"""The way out of looking at a customer's pages as one of its members."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from credits.web.access import PortalRequest, person_view
from credits.web.feedback import done
from credits.web.htmx import redirect
from credits.web.viewing import end


@require_POST
@person_view
def viewing_end(request: PortalRequest) -> HttpResponseBase:
    """End it and go back to the customer at the support desk; where none runs, to the start."""
    viewing = end(request)
    if viewing is None:
        return redirect(request, resolve_url("credits:home"))
    said = _("You no longer look as %(name)s.") % {"name": viewing.seen_as.name}
    done(request, said)
    return redirect(request, resolve_url("admin:credits_customer_change", viewing.customer.pk))
