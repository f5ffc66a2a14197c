"""Where AWS Marketplace reaches the portal: a buyer's browser, and the events of a seller's bus."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Iterable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from billing.domain.marketplaces.inbox import store
from billing.domain.marketplaces.landing_limit import arrive
from billing.domain.marketplaces.providers import RefusedToken, Unavailable, UnknownAgreement
from billing.marketplaces.aws import configured
from billing.marketplaces.aws.configuration import configuration
from billing.marketplaces.aws.events import Foreign, check_age, messages, read_event
from billing.marketplaces.aws.reading import LARGEST, Unreadable
from credits import clock
from credits.domain import door
from credits.exceptions import CreditsError, KeyConflict
from credits.web.access import public_view
from credits.web.address import client_address

logger = logging.getLogger(__name__)

TOKEN = "x-amzn-marketplace-token"  # noqa: S105 The field that AWS's page sends.
LANDING_TOKEN = re.compile("[!-~]{1,8000}")
"""As AWS writes them. Of another it would say only that it cannot be read, and be asked again."""
KEY = "X-Marketplace-Key"
SEE_OTHER, BAD, UNAUTHORIZED, CONFLICT, TOO_MANY, LATER = 303, 400, 401, 409, 429, 503


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@public_view(reason="A buyer comes from AWS with a token, before any log-in.")
def aws_landing(request: HttpRequest) -> HttpResponse:
    """Take a buyer from AWS Marketplace to the page where the agreement is linked."""
    marketplace = configured()
    if marketplace is None:
        raise Http404("nothing is sold there")
    if request.method != "POST":
        return landing_page(request)
    token = request.POST.get(TOKEN, "").strip()
    if not LANDING_TOKEN.fullmatch(token):
        return landing_page(
            request, _("There is no link from AWS Marketplace in this request."), BAD
        )
    try:
        secret = arrive(marketplace, token, client_address(request))
    except RefusedToken as error:
        return landing_page(request, error.message, BAD)
    except UnknownAgreement as error:
        return landing_page(request, error.message, LATER)
    except Unavailable:
        sentence = _("AWS Marketplace does not answer at the moment. Try again in a few minutes.")
        return landing_page(request, sentence, LATER)
    except door.Delayed as error:
        page = landing_page(request, error.message, TOO_MANY)
        page.headers["Retry-After"] = str(error.seconds)
        return page
    link = reverse("billing:marketplace-link", args=[secret])
    return HttpResponse(status=SEE_OTHER, headers={"Location": link})


def landing_page(request: HttpRequest, problem: str = "", status: int = 200) -> HttpResponse:
    """What this address is for, and why it did not lead on."""
    return render(request, "billing/aws_landing.html", {"problem": problem}, status=status)


@csrf_exempt
@never_cache
@require_POST
@public_view(reason="An event bus of AWS has no account; it brings a key.")
def aws_events(request: HttpRequest) -> HttpResponse:
    """Keep one event of the seller's event bus; it is looked into later.

    Who brings no key learns nothing, and nothing of the body is read.
    """
    found = configuration()
    if not found.products or not found.event_secrets:
        raise Http404("nothing is sold there")
    if not brings_key(request, found.event_secrets):
        logger.warning("aws_event_refused reason=key address=%s", client_address(request))
        return said("refused", UNAUTHORIZED)
    try:
        event = read_event(body_of(request), found)
        check_age(event, clock.now())
        stored = [store(message) for message in messages(event)]
    except (Unreadable, Foreign) as error:
        logger.warning("aws_event_refused reason=%s", str(error).replace(" ", "_"))
        return said(str(error), BAD)
    except KeyConflict:
        return said("another event had this id", CONFLICT)
    except CreditsError as error:
        logger.warning("aws_event_refused reason=%s", error.code)
        return said(error.code, BAD)
    logger.info("aws_event event=%s stored=%d", event.event_id, len(stored))
    return said("stored", 200)


def brings_key(request: HttpRequest, keys: Iterable[str]) -> bool:
    """Whether a request brings one of the keys; each is compared, in the same time for any."""
    given = request.headers.get(KEY, "").encode()
    matches = [secrets.compare_digest(given, key.encode()) for key in keys]
    return True in matches


def body_of(request: HttpRequest) -> bytes:
    """The text of an event, of a kind and size that events have. Raises Unreadable."""
    if request.content_type != "application/json":
        raise Unreadable("no JSON")
    if (request.content_params or {}).get("charset", "utf-8").lower() != "utf-8":
        raise Unreadable("no UTF-8")
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length[:9]) > LARGEST:
        raise Unreadable("too large")
    return request.body


def said(words: str, status: int) -> HttpResponse:
    """An answer for a machine."""
    return HttpResponse(f"{words}\n", status=status, content_type="text/plain; charset=utf-8")
