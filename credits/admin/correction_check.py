"""A customer's books checked when support asks."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest

from credits.admin.acting import Act
from credits.admin.links import record_url
from credits.domain.checking import check_books, checked_text
from credits.domain.commands import Asked
from credits.models import Customer


class CheckBooks(Act):
    """Every invariant of the books, now and not tonight."""

    record: Customer
    name = "check"
    label = "Check the books"
    button = "Check them now"
    sentence = (
        "Every figure of this customer is made again from the facts and compared, as each night. "
        "It changes nothing; what came of it is kept with your reason."
    )

    @property
    def customer(self) -> Customer:
        return self.record

    @property
    def title(self) -> str:
        return f"{self.label}: {self.record.name}"

    def act(self, request: HttpRequest, form: Any, ask: Asked) -> str:
        """Check them, and say what came of it."""
        broken = check_books(self.record, ask)
        level = messages.ERROR if broken else messages.SUCCESS
        messages.add_message(request, level, checked_text(broken))
        return record_url(self.record)
