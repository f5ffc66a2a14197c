"""A customer whose access begins and ends: what keeps it, and where it stands."""

from __future__ import annotations

from datetime import timedelta

from billing.domain.contracts import EnterContract
from billing.domain.contracts import enter_contract as enter
from billing.models import ContractChannel, PaygContract
from credits.domain.access_state import AccessState, access_state
from credits.models import LicenseKind
from tests.billing.story import Story, instant
from tests.factories import credits as make

TRIAL = LicenseKind.TRIAL
TICK = timedelta(microseconds=1)


def state(story: Story, when: str, *, before: bool = False) -> AccessState:
    """Where access stands at an instant, or a microsecond before it."""
    return access_state(story.customer, instant(when) - (TICK if before else timedelta(0)))


def contract(story: Story, when: str, first: str, end: str) -> PaygContract:
    """A pay-as-you-go contract over [first, end)."""
    command = EnterContract(
        customer=story.customer,
        asked=make.asked(reason="Accepted on the marketplace."),
        channel=ContractChannel.AWS,
        agreement=f"agmt-{first}",
        starts_at=instant(f"{first}T00:00"),
        ends_at=instant(f"{end}T00:00"),
    )
    found: PaygContract = story.at(when, lambda: enter(command))
    return found
