"""Parked books, opened again by support."""

from __future__ import annotations

from typing import Any

from django import forms

from credits.admin.correcting import Correction
from credits.admin.correction_forms import CorrectionForm
from credits.domain.commands import Asked, Command
from credits.domain.parking import Unpark, parked_by
from credits.domain.preview import open_booked
from credits.models import Balance, Customer
from credits.templatetags.figures import NOTHING


class OpenForm(CorrectionForm):
    """A reason, and the word for books that are still broken, or too large to be checked here."""

    although_broken = forms.BooleanField(
        required=False,
        label="Open them unchecked, although they are broken",
        help_text="The check of the next night parks broken books again. Books too large to be "
        "checked while this page waits are checked before by: manage.py verify_books --customer",
    )


class OpenBooks(Correction):
    """A person's writes are taken again."""

    record: Customer
    name = "unpark"
    label = "Open parked books"
    form = OpenForm
    button = "Open the books"
    done = "The books are open again."
    open_draft = staticmethod(open_booked)

    @property
    def customer(self) -> Customer:
        return self.record

    @property
    def is_offered(self) -> bool:
        return Balance.objects.filter(customer=self.record, parked_at__isnull=False).exists()

    @property
    def title(self) -> str:
        return f"{self.label}: {self.record.name}"

    @property
    def sentence(self) -> str:
        found = parking_text(self.record)
        if found == NOTHING:
            return "These books are not parked."
        return (
            f"Parked {found} Every invariant of them is checked before, unless you say otherwise."
        )

    def command(self, form: Any, ask: Asked, seen: int | None) -> Command:
        return Unpark(
            customer=self.record,
            asked=ask,
            although_broken=form.cleaned_data["although_broken"],
        )


def parking_text(customer: Customer) -> str:
    """Since when books are parked, and why."""
    balance = Balance.objects.filter(customer=customer).first()
    if balance is None or balance.parked_at is None:
        return NOTHING
    operation = parked_by(customer)
    note = getattr(operation, "note", None)
    return f"since {balance.parked_at:%Y-%m-%d %H:%M} UTC: {note.text if note else NOTHING}"
