"""Support that looks as a member: what the session holds, and that nothing is written meanwhile.

The session holds the id of the viewing and nothing else; whose it is and whether it runs is asked
of the database on each request (credits.domain.viewings).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext as _

from credits import clock
from credits.domain.view_as import end_viewing
from credits.domain.viewings import running_viewing
from credits.exceptions import CreditsError
from credits.models import User, Viewing
from credits.web.htmx import is_fragment, reload_to

logger = logging.getLogger(__name__)

Handler = Callable[[HttpRequest], HttpResponseBase]

KEY = "viewing"
FOUND = "viewing_found"
SAFE_METHODS = ("GET", "HEAD")
FORBIDDEN = 403

STAYS_OPEN = frozenset({"credits:logout", "credits:viewing-end"})
"""What is sent while looking as a member all the same: the ways out."""

DESK = "admin"
"""The support desk stays what it is: there everybody works under the own name."""


def hold_viewings(get_response: Handler) -> Handler:
    """Refuse whatever would write while the session looks as a member, wherever in the portal.

    Also once when it is over: what was typed was typed on the member's page.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        return get_response(request)

    def process_view(
        request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        match = request.resolver_match
        is_open = match is None or DESK in match.app_names or match.view_name in STAYS_OPEN
        if request.method in SAFE_METHODS or is_open or viewing_id(request) is None:
            return None
        viewing = current_viewing(request)
        if is_fragment(request):
            # Said where the form is: it stays as it was typed.
            said = _("You look as a member, reading only: nothing was changed.")
            if viewing is None:
                said = _("You no longer look as a member: nothing was changed. Reload the page.")
            return HttpResponse(said, status=FORBIDDEN, content_type="text/plain")
        back = resolve_url(settings.CUSTOMER_HOME, viewing.customer.slug) if viewing else ""
        context = {"viewing": viewing, "back_url": back}
        return render(request, "credits/viewing_only.html", context, status=FORBIDDEN)

    middleware.process_view = process_view  # type: ignore[attr-defined]
    return middleware


def viewing_id(request: HttpRequest) -> UUID | None:
    """The viewing that the session of a person holds; whether it runs is not known yet."""
    session = getattr(request, "session", None)
    text = session.get(KEY) if session is not None else None
    try:
        return UUID(text) if isinstance(text, str) else None
    except ValueError:
        return None


def hold(request: HttpRequest, viewing: Viewing) -> None:
    """Let the session look as a member from the next request on."""
    request.session[KEY] = str(viewing.public_id)


def let_go(request: HttpRequest) -> None:
    """Let the session be what it was."""
    request.session.pop(KEY, None)
    setattr(request, FOUND, None)


def note(request: Any, viewing: Viewing) -> None:
    """Keep what a page's own query found, and log what is looked at: pages and files alike."""
    setattr(request, FOUND, viewing)
    logger.info(
        "looked_as_member viewing=%s customer=%s page=%s file=%s",
        viewing.public_id,
        viewing.customer.label,
        request.path,
        request.GET.get("_export", "") or "no",
    )


def current_viewing(request: Any) -> Viewing | None:
    """The viewing of the session that runs; one that is over is forgotten.

    It is asked once a request, and of most requests never: only a session with an id asks.
    """
    if hasattr(request, FOUND):
        found: Viewing | None = getattr(request, FOUND)
        return found
    public_id = viewing_id(request)
    if public_id is None or not isinstance(request.user, User):
        return None
    found = running_viewing(request.user, public_id, clock.now())
    setattr(request, FOUND, found)
    if found is None:
        let_go(request)
    return found


def said_over(request: Any) -> HttpResponseBase | None:
    """The answer to the first page after a viewing is over: the same page, as support sees it.

    None while it runs, in another customer; and where the session holds none.
    """
    if viewing_id(request) is None or current_viewing(request) is not None:
        return None
    messages.info(
        request,
        _("You no longer look as a member: the time is over, or one of the two lost the way in."),
    )
    if is_fragment(request):
        return reload_to(request.htmx.current_url_abs_path or request.path)
    return redirect(request.get_full_path())


def end(request: Any) -> Viewing | None:
    """End the viewing of the session, if one runs. Answers with the one that was ended."""
    viewing = current_viewing(request)
    if viewing is not None:
        try:
            end_viewing(viewing, request.user)
        except CreditsError:
            # It is over by itself, or the customer was erased meanwhile: there is nothing to end.
            logger.info("viewing_over viewing=%s", viewing.public_id)
    let_go(request)
    return viewing


def hold_instead(request: Any, viewing: Viewing) -> None:
    """Let the session look as a member; what it held before is ended."""
    if viewing_id(request) != viewing.public_id:
        end(request)
    hold(request, viewing)
