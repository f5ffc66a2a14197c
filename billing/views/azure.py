"""Where Azure Marketplace reaches the portal: a buyer's browser, and the marketplace's webhook."""

from __future__ import annotations

import logging
import re
from urllib.parse import unquote

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from billing.domain.marketplaces.inbox import store
from billing.domain.marketplaces.landing_limit import arrive
from billing.domain.marketplaces.providers import RefusedToken, Unavailable, UnknownAgreement
from billing.marketplaces.azure import bearer
from billing.marketplaces.azure.account import account
from billing.marketplaces.azure.keys import NoKeys
from billing.marketplaces.azure.provider import configured, why_not
from billing.marketplaces.azure.reading import Unreadable
from billing.marketplaces.azure.webhook import LONGEST, OPEN, message
from credits.domain import door
from credits.exceptions import CreditsError
from credits.web.access import public_view
from credits.web.address import client_address

logger = logging.getLogger(__name__)

LANDING_TOKEN = re.compile("[!-~]{1,4096}")
BAD, UNAUTHORIZED, TOO_LARGE, NO_JSON, TOO_MANY, LATER = 400, 401, 413, 415, 429, 503


@public_view(reason="A buyer comes from Azure with a token, before any log-in.")
@never_cache
@require_safe
def azure_landing(request: HttpRequest) -> HttpResponse:
    """Take a buyer from Azure Marketplace to the page where the subscription is linked."""
    marketplace = configured()
    if marketplace is None:
        raise Http404("nothing is sold there")
    token = landing_token(request.META.get("QUERY_STRING", ""))
    if token is None or request.method == "HEAD":
        # Whoever only looks whether the address is there spends no token.
        problem = _("The link from Azure Marketplace is not whole.") if request.GET else ""
        return landing_page(request, problem, BAD if problem else 200)
    try:
        secret = arrive(marketplace, token, client_address(request))
    except (RefusedToken, UnknownAgreement) as error:
        return landing_page(request, error.message, BAD)
    except Unavailable:
        sentence = _("Azure Marketplace does not answer at the moment. Try again in a few minutes.")
        return landing_page(request, sentence, LATER)
    except door.Delayed as error:
        page = landing_page(request, error.message, TOO_MANY)
        page.headers["Retry-After"] = str(error.seconds)
        return page
    return without_referrer(redirect("billing:marketplace-link", secret))


def landing_token(query: str) -> str | None:
    """The one token of an address, decoded once; a plus sign in it is a plus sign."""
    parts = [part.partition("=") for part in query.split("&")]
    found = [unquote(value) for name, _equals, value in parts if name == "token"]
    return found[0] if len(found) == 1 and LANDING_TOKEN.fullmatch(found[0]) else None


def landing_page(request: HttpRequest, problem: str, status: int) -> HttpResponse:
    """What this address is for, and why it did not lead on."""
    page = render(request, "billing/azure_landing.html", {"problem": problem}, status=status)
    return without_referrer(page)


def without_referrer(response: HttpResponse) -> HttpResponse:
    """The token stands in the address, which is told to nobody from here on."""
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@csrf_exempt
@public_view(reason="The marketplace has no account; it brings a token of its directory.")
@require_POST
def azure_webhook(request: HttpRequest) -> HttpResponse:
    """Keep what the marketplace tells; it is looked into later.

    Nothing is asked of anybody meanwhile. The answer is 200 for what was stored. A change of plan
    or quantity that we do not sell is stored as well and answered with 400: this refuses it, and
    there are ten seconds to do so before it is accepted for us.
    """
    own = account()
    if own is None:
        raise Http404("nothing is sold there")
    try:
        bearer.check(request.headers.get("Authorization", ""), own)
    except bearer.Forged as forged:
        return refused(request, str(forged), UNAUTHORIZED)
    except NoKeys:
        logger.error("azure_webhook_without_keys")
        return said("no keys yet", LATER)
    if request.content_type != "application/json":
        return refused(request, "no_json", NO_JSON)
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > LONGEST:
        return refused(request, "too_large", TOO_LARGE)
    try:
        told, what = message(request.body)
        stored = store(told)
    except (Unreadable, UnreadablePostError, CreditsError) as error:
        return refused(request, type(error).__name__, BAD)
    logger.info("azure_webhook action=%s repeated=%s", what.action, stored.repeated)
    reason = why_not(what) if what.status in OPEN else ""
    return said(reason, BAD) if reason else said("stored", 200)


def refused(request: HttpRequest, reason: str, status: int) -> HttpResponse:
    """One line in the log, and an answer that says no more than the status."""
    logger.warning("azure_webhook_refused reason=%s address=%s", reason, client_address(request))
    response = said("refused", status)
    if status == UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def said(words: str, status: int) -> HttpResponse:
    """An answer for a machine."""
    response = JsonResponse({"answer": words}, status=status)
    if status == LATER:
        response.headers["Retry-After"] = "60"
    return response
