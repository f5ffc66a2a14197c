"""Links to estimates: made and revoked by those who may save, opened by anybody who has one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from credits import clock
from credits.domain import door
from credits.domain.activity_words import last_day_text
from credits.domain.members import NoLongerAllowed
from credits.domain.people import Right
from credits.exceptions import CreditsError
from credits.web.access import CustomerRequest, customer_view, public_view
from credits.web.address import client_address
from credits.web.asking import asked, form_key, mint_key
from credits.web.feedback import done
from credits.web.htmx import redirect, render_page
from estimator.domain.link_limit import visit
from estimator.domain.sharing import (
    LinkEnded,
    LinkRefused,
    LinkState,
    RevokeEstimateLink,
    ShareEstimate,
    revoke,
    share,
)
from estimator.domain.statement import version_statement
from estimator.files import FILES
from estimator.forms.sharing import ShareForm
from estimator.models import Estimate, EstimateLink
from estimator.views.estimates import edit_url
from estimator.views.hand_over import estimate_of, status_of
from estimator.web.files import file_response
from estimator.web.sharing import LinkRow, Links, Shared

PAGE, SHARED, CLOSED = (
    "estimator/links.html",
    "estimator/shared.html",
    "estimator/shared_closed.html",
)
UNKNOWN, GONE, INVALID, TOO_MANY = 404, 410, 422, 429

SecretView = Callable[..., HttpResponse]


@require_http_methods(["GET", "HEAD", "POST"])
@customer_view(Right.ESTIMATE)
def estimate_links(request: CustomerRequest, public_id: UUID) -> HttpResponse:
    """The links of an estimate, and the form that makes another."""
    page = Links(request.customer, estimate_of(request, public_id), clock.now())
    if request.method != "POST":
        chosen = request.GET.get("version", "")
        return show_links(request, page, ShareForm(page.versions, page.now, chosen=chosen))
    form = ShareForm(page.versions, page.now, request.POST)
    if not form.is_valid():
        return show_links(request, page, form, INVALID)
    try:
        link = share(
            ShareEstimate(
                customer=request.customer,
                asked=asked(request, share_form(page.estimate)),
                estimate=public_id,
                **form.cleaned_data,
            )
        )
    except NoLongerAllowed as refusal:
        raise PermissionDenied(refusal.message) from None
    except CreditsError as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        return show_links(request, page, form, status_of(error))
    said = {"version": form.cleaned_data["version"], "day": last_day_text(link.expires_at)}
    text = _("Version %(version)d can be read through %(day)s by whoever has the address below.")
    done(request, text % said)
    return redirect(request, links_url(request, page.estimate))


@require_POST
@customer_view(Right.ESTIMATE)
def estimate_link_revoke(request: CustomerRequest, public_id: UUID, link: UUID) -> HttpResponse:
    """Close a link for good."""
    estimate = estimate_of(request, public_id)
    found = EstimateLink.objects.filter(version__estimate=estimate, public_id=link).first()
    if found is None:
        raise Http404
    try:
        ask = asked(request, revoke_form(found))
        revoke(
            RevokeEstimateLink(customer=request.customer, asked=ask, estimate=public_id, link=link)
        )
    except NoLongerAllowed as refusal:
        raise PermissionDenied(refusal.message) from None
    except CreditsError as error:
        messages.error(request, error.message)
    else:
        done(request, _("The link is revoked: its address opens nothing any more."))
    return redirect(request, links_url(request, estimate))


def show_links(
    request: CustomerRequest, page: Links, form: ShareForm, status: int = 200
) -> HttpResponse:
    """The page of an estimate's links."""
    context = {
        "page": page,
        "rows": [link_row(request, page, link, state) for link, state in page.links],
        "form": form,
        "key": form_key(request, share_form(page.estimate)),
        "estimate_url": edit_url(request, page.estimate),
    }
    return render_page(request, PAGE, context, status=status)


def link_row(
    request: CustomerRequest, page: Links, link: EstimateLink, state: LinkState
) -> LinkRow:
    """One link of the list, with the key of the form that revokes it."""
    kwargs = {
        "slug": request.customer.slug,
        "public_id": page.estimate.public_id,
        "link": link.public_id,
    }
    return LinkRow(
        link=link,
        state=state,
        key=mint_key(request, revoke_form(link)),
        revoke_url=reverse("estimator:estimate-link-revoke", kwargs=kwargs),
    )


def links_url(request: CustomerRequest, estimate: Estimate) -> str:
    """Where the links of an estimate are."""
    kwargs = {"slug": request.customer.slug, "public_id": estimate.public_id}
    return reverse("estimator:estimate-links", kwargs=kwargs)


def share_form(estimate: Estimate) -> str:
    """What the key of the form that makes a link is bound to, beside the person."""
    return f"estimate-share/{estimate.public_id}"


def revoke_form(link: EstimateLink) -> str:
    return f"estimate-link/{link.public_id}"


def behind_a_secret(view: SecretView) -> SecretView:
    """Answers of an address that holds a secret: kept nowhere, found by nobody, told to nobody."""

    @require_safe
    def opened(request: HttpRequest, token: str, **kwargs: str) -> HttpResponse:
        try:
            link = visit(token, client_address(request), clock.now())
            return view(request, link, token, **kwargs)
        except door.Delayed as delayed:
            response = closed(request, delayed.message, TOO_MANY)
            response.headers["Retry-After"] = str(delayed.seconds)
            return response
        except LinkEnded as refusal:
            return closed(request, refusal.message, GONE)
        except LinkRefused as refusal:
            return closed(request, refusal.message, UNKNOWN)

    @wraps(view)
    def answer(request: HttpRequest, token: str, **kwargs: str) -> HttpResponse:
        response: HttpResponse = opened(request, token, **kwargs)
        add_never_cache_headers(response)
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return answer


@public_view(reason="The secret in its address was given out by somebody of the customer.")
@behind_a_secret
def shared_estimate(request: HttpRequest, link: EstimateLink, token: str) -> HttpResponse:
    """A version of an estimate, for whoever was given the address."""
    page = Shared(link, token, clock.now())
    return render(request, SHARED, {"page": page, "statement": page.statement})


@public_view(reason="The secret in its address was given out by somebody of the customer.")
@behind_a_secret
def shared_estimate_file(
    request: HttpRequest, link: EstimateLink, token: str, kind: str
) -> HttpResponse:
    """The same version as a file."""
    if kind not in FILES:
        return closed(request, _("There is no such file."), UNKNOWN)
    return file_response(version_statement(link.version), kind)


def closed(request: HttpRequest, sentence: str, status: int) -> HttpResponse:
    """The page of an address that opens nothing, with what to do."""
    return render(request, CLOSED, {"sentence": sentence}, status=status)
