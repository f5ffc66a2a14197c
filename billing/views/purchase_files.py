"""Files of an order: handed out as they came, added and removed with the order's history."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from billing.domain.purchase_files import (
    MOST_BYTES,
    AttachFile,
    DetachFile,
    Upload,
    attach_file,
    detach_file,
    one_file,
    one_purchase,
)
from billing.web.links import purchase_url
from credits.domain.people import Right
from credits.exceptions import CreditsError, InvalidCommand, UnknownObject
from credits.web.access import CustomerRequest, customer_view
from credits.web.asking import asked
from credits.web.feedback import done
from credits.web.htmx import redirect


@require_safe
@customer_view(Right.SEE_PRICES)
def purchase_file(request: CustomerRequest, public_id: UUID, file: UUID) -> HttpResponseBase:
    """One file, to be saved: never shown by the portal as a page of its own."""
    try:
        found = one_file(request.customer, public_id, file)
    except UnknownObject as error:
        raise Http404("no such file") from error
    disposition = content_disposition_header(as_attachment=True, filename=found.name)
    return HttpResponse(
        bytes(found.content),
        content_type=found.content_type,
        headers={
            "Content-Disposition": disposition or "attachment",
            "X-Content-Type-Options": "nosniff",
        },
    )


@require_POST
@customer_view(Right.CORRECT_PURCHASES)
def purchase_file_add(request: CustomerRequest, public_id: UUID) -> HttpResponseBase:
    """Add a file to an order that is recorded."""
    chosen = request.FILES.get("files")
    try:
        if chosen is None:
            raise InvalidCommand(_("Choose a file first."))
        upload = Upload(chosen.name or "", chosen.read(MOST_BYTES + 1))
        ask = asked(request, f"file/{public_id}")
        command = AttachFile(
            customer=request.customer, asked=ask, purchase=public_id, upload=upload
        )
        attach_file(command)
    except UnknownObject as error:
        raise Http404("no such order") from error
    except CreditsError as refusal:
        return back(request, public_id, refusal)
    done(request, _("The file is added."))
    return back(request, public_id)


@require_POST
@customer_view(Right.CORRECT_PURCHASES)
def purchase_file_remove(request: CustomerRequest, public_id: UUID, file: UUID) -> HttpResponseBase:
    """Remove a file of an order."""
    try:
        ask = asked(request, f"file/{public_id}")
        detach_file(DetachFile(customer=request.customer, asked=ask, purchase=public_id, file=file))
    except UnknownObject as error:
        raise Http404("no such file") from error
    except CreditsError as refusal:
        return back(request, public_id, refusal)
    done(request, _("The file is removed."))
    return back(request, public_id)


def back(
    request: CustomerRequest, public_id: UUID, refusal: CreditsError | None = None
) -> HttpResponseBase:
    """To the order's page, with what was refused."""
    try:
        purchase = one_purchase(request.customer, public_id)
    except UnknownObject as error:
        raise Http404("no such order") from error
    if refusal is not None:
        messages.error(request, refusal.message)
    return redirect(request, purchase_url(purchase))
