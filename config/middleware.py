"""Middleware that belongs to no app: what every answer says, and what no view may be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.core.exceptions import BadRequest
from django.db import OperationalError
from django.http import HttpRequest, UnreadablePostError
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django.views.defaults import bad_request
from psycopg import errors

Handler = Callable[[HttpRequest], HttpResponseBase]

BUSY = (errors.LockNotAvailable, errors.DeadlockDetected, errors.SerializationFailure)

# What Django's parsers put in place of bytes that are no UTF-8.
REPLACEMENT = "\ufffd"


def permissions_policy(get_response: Handler) -> Handler:
    """Tell the browser which of its powers no page asks for."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        return response

    return middleware


def refuse_undecodable_input(get_response: Handler) -> Handler:
    """Answer 400 to NUL characters and broken UTF-8, which the database would answer with a 500."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        try:
            is_text = all(_is_text(value) for value in _values(request))
        except UnreadablePostError:
            # The client went away before its form had arrived.
            is_text = False
        if is_text:
            return get_response(request)
        return bad_request(request, BadRequest("The request is no text."))

    return middleware


def keep_private(get_response: Handler) -> Handler:
    """Keep what a person has seen after log-in out of every cache, and fragments out of pages.

    It stands after AuthenticationMiddleware. A view that never looked at the session shows
    nobody's data, so asking who the person is would only cost it two queries.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if request.session.accessed and request.user.is_authenticated:
            add_never_cache_headers(response)
        patch_vary_headers(response, ["HX-Request"])
        return response

    return middleware


def in_readers_zone(get_response: Handler) -> Handler:
    """Let every page tell instants in the reader's own zone as well as in UTC."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        # Without a cookie nobody is logged in, and asking would only cost two queries.
        zone = "UTC"
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            zone = request.user.time_zone
        with timezone.override(zone):
            return get_response(request)

    return middleware


def answer_when_busy(get_response: Handler) -> Handler:
    """Answer 503 with a sentence where the database gave up waiting; nothing was written.

    Waiting for another writer has a limit, so that no page hangs. Sending the same form again is
    safe: its key makes it count once.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        return get_response(request)

    def process_exception(request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        if isinstance(error, OperationalError) and isinstance(error.__cause__, BUSY):
            response = render(request, "503.html", status=503)
            response.headers["Retry-After"] = "2"
            return response
        return None

    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware


def _values(request: HttpRequest) -> Iterator[bytes | str]:
    # Django writes a broken byte of the path back as its percent code.
    yield unquote_to_bytes(request.path_info)
    yield unquote_to_bytes(request.META.get("QUERY_STRING", ""))
    yield from request.COOKIES.values()
    if request.content_type == "application/x-www-form-urlencoded":
        yield unquote_to_bytes(request.body)
    elif request.content_type == "multipart/form-data":
        for name, values in request.POST.lists():
            yield from (name, *values)
        for name, files in request.FILES.lists():
            yield from (name, *(file.name or "" for file in files))


def _is_text(value: bytes | str) -> bool:
    if isinstance(value, str):
        return "\0" not in value and REPLACEMENT not in value
    try:
        return "\0" not in value.decode("utf-8")
    except UnicodeDecodeError:
        return False
