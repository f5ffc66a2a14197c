"""One published hour checked because somebody asked (docs/rules.md#r11).

It changes nothing and is an operation of the office all the same: who asked, why, what came of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from billing.domain.publication_check import verify_publications
from credits.domain.commands import Asked, Decision, OfficeCommand
from credits.domain.job_hands import may_see_jobs
from credits.domain.post import post_office
from credits.exceptions import InvalidCommand, NotAllowed


@dataclass(frozen=True, kw_only=True)
class CheckPublication(OfficeCommand):
    """Note that what was published for one boundary was checked, and how much was wrong with it.

    Raises NotAllowed for whoever is neither support nor an operator, InvalidCommand without a
    reason.
    """

    kind: ClassVar[str] = "check-publication"

    boundary: datetime
    broken: int

    def content(self) -> Mapping[str, Any]:
        # What came of it is no part of what was asked.
        return {"boundary": self.boundary}

    def decide(self, now: datetime) -> Decision:
        if self.asked.actor is None or not may_see_jobs(self.asked.actor):
            raise NotAllowed(_("Only support and operators have a published hour checked."))
        if not self.asked.reason.strip():
            raise InvalidCommand(_("Say why; it is kept with the operation."), field="reason")
        subject = f"{self.boundary:%Y-%m-%d %H:%M} UTC"
        return Decision(answer={"broken": self.broken}, subject=subject)


def check_publication(boundary: datetime, asked: Asked) -> list[str]:
    """Make what was published for a boundary again from the ledger, and compare.

    A sentence for each difference. Raises what CheckPublication does.
    """
    broken = list(verify_publications(boundary))
    post_office(CheckPublication(asked=asked, boundary=boundary, broken=len(broken)))
    return broken
