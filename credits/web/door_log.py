"""What the door's log is told by signals, wherever in the portal it happened."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.http import HttpRequest

from credits.domain import door
from credits.models import SecurityEventKind, User
from credits.web import viewing
from credits.web.address import client_address


def note_log_out(request: HttpRequest, user: Any, **_: Any) -> None:
    """Log that a person left; a visitor who was never in leaves no row. A viewing ends with it."""
    if isinstance(user, User):
        viewing.end(request)
        address = client_address(request)
        door.record(SecurityEventKind.LOGGED_OUT, user=user, address=address)


def listen() -> None:
    user_logged_out.connect(note_log_out, dispatch_uid="credits.door_log")
