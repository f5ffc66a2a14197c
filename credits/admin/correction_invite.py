"""An invitation sent again by support."""

from __future__ import annotations

from typing import Any

from credits.admin.acting import Act
from credits.domain.commands import Asked, Command
from credits.domain.members import InviteAgain
from credits.models import Membership


class SendInvitation(Act):
    """The mail with the link to set a password, or that tells of the membership, once more."""

    record: Membership
    name = "invite-again"
    label = "Send the invitation again"
    button = "Send it again"
    done = "The invitation is on its way."

    @property
    def is_offered(self) -> bool:
        return self.record.user.is_active and not self.record.has_come

    @property
    def title(self) -> str:
        return f"{self.label}: {self.record.user.email} of {self.record.customer.name}"

    @property
    def sentence(self) -> str:
        if self.record.has_come:
            return "This person has logged in since the invitation, so there is nothing to send."
        return (
            f"{self.record.user.email} has not logged in since the invitation. The link of the "
            "mail works for 3 days, and the one sent before no longer."
        )

    def command(self, form: Any, ask: Asked, seen: int | None) -> Command:
        return InviteAgain(
            customer=self.record.customer, asked=ask, member=str(self.record.user.public_id)
        )
