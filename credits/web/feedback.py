"""What a person is told after an act, with the way back where there is one."""

from django.contrib import messages
from django.http import HttpRequest

UNDO = "undo:"


def done(request: HttpRequest, text: str, undo_url: str = "") -> None:
    """Say what happened; with `undo_url` the line carries a form that posts there."""
    messages.success(request, text, extra_tags=UNDO + undo_url if undo_url else "")


def undo_url(extra_tags: str) -> str:
    """The address kept in a message by `done`, or nothing."""
    return extra_tags.removeprefix(UNDO) if extra_tags.startswith(UNDO) else ""
