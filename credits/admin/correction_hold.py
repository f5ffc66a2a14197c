"""A customer's legal hold, set and lifted by support."""

from __future__ import annotations

from typing import Any

from credits.admin.correcting import Correction
from credits.domain.commands import Asked, Command
from credits.domain.legal_hold import SetLegalHold
from credits.domain.preview import open_booked
from credits.models import Customer
from credits.templatetags.figures import NOTHING


class HoldCorrection(Correction):
    """A correction of whether a customer may be erased."""

    record: Customer
    open_draft = staticmethod(open_booked)

    @property
    def customer(self) -> Customer:
        return self.record

    @property
    def title(self) -> str:
        return f"{self.label}: {self.record.name}"


class SetHold(HoldCorrection):
    """Nothing of it may be erased."""

    name = "hold"
    label = "Set a legal hold"
    button = "Set the legal hold"
    done = "The legal hold is set: nothing of this customer is erased while it stands."
    sentence = (
        "While it stands nothing of this customer is marked for purge or erased, however long "
        "access has ended. It changes no credits and opens no pages."
    )

    @property
    def is_offered(self) -> bool:
        return self.record.held_at is None

    def command(self, form: Any, ask: Asked, seen: int | None) -> Command:
        return SetLegalHold(customer=self.record, asked=ask, is_held=True)


class LiftHold(HoldCorrection):
    """It may be erased once it is due."""

    name = "lift-hold"
    label = "Lift the legal hold"
    button = "Lift the legal hold"
    done = "The legal hold is lifted."

    @property
    def is_offered(self) -> bool:
        return self.record.held_at is not None

    @property
    def sentence(self) -> str:
        return (
            f"A legal hold: {hold_text(self.record)}. Once it is lifted, a customer whose access "
            "ended 30 days ago is marked for purge by the next run, and erased a day later."
        )

    def command(self, form: Any, ask: Asked, seen: int | None) -> Command:
        return SetLegalHold(customer=self.record, asked=ask, is_held=False)


def hold_text(customer: Customer) -> str:
    """Since when a legal hold stands."""
    return NOTHING if customer.held_at is None else f"since {customer.held_at:%Y-%m-%d %H:%M} UTC"
