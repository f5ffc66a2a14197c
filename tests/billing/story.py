"""A customer whose acts happen at instants of their own, told under the movable clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from billing.domain.annual import AnnualCredits
from billing.domain.orders import LineOrder
from billing.models import Purchase
from credits import clock
from credits.domain.allocations import UNDONE_BY_CUSTOMERS, Allocate, Release, Undo
from credits.domain.boundaries import boundary_at
from credits.domain.commands import Answer
from credits.domain.licenses import ExtendLicense, ReduceLicense, VoidLicense
from credits.domain.post import post
from credits.models import Customer, Feature, License, LicenseKind, Role, User
from tests.billing.ordering import buy
from tests.factories import credits as make

SHORTFALL = 10**15
FOUNDED = "2025-11-01T08:00"


def instant(text: str) -> datetime:
    """An instant in UTC, written 2026-11-24T09:00 or with seconds."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass
class Story:
    """One customer with its admin; every act names its instant."""

    customer: Customer
    admin: User
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def buy(
        self,
        when: str,
        credits: int,
        first_day: str,
        last_day: str,
        number: str = "",
        kind: str = LicenseKind.BOUGHT,
        channel: str = "sales",
    ) -> License:
        """One order of one license."""
        line = LineOrder(
            credits=credits,
            first_day=date.fromisoformat(first_day),
            last_day=date.fromisoformat(last_day),
            kind=kind,
        )
        purchase: Purchase = self.at(
            when,
            lambda: buy(
                self.customer,
                number or f"SO-{next(self.numbers)}",
                line,
                actor=self.admin,
                channel=channel,
                unusual_confirmed=True,
            ),
        )
        return purchase.lines.get().license

    def allocate(self, when: str, feature: str, units: Any, *, group: str = "") -> Answer:
        """State a feature's units; per account as a mapping."""
        quantity = (
            {account: Decimal(n) for account, n in units.items()}
            if isinstance(units, dict)
            else Decimal(units)
        )
        return self.post(when, Allocate, group=group or feature, quantities={feature: quantity})

    def bundle(self, when: str, users: int) -> Answer:
        """Switch both parts of the bundle on for a number of users."""
        return self.post(
            when,
            Allocate,
            group="ztsa-internet-ai",
            quantities={"units": Decimal(users)},
            on=frozenset({"ztsa-internet-access", "ztsa-ai-access"}),
        )

    def release(self, when: str, feature: str, *, group: str = "") -> Answer:
        """Switch a feature off."""
        row = Feature.objects.get(key=feature)
        return self.post(when, Release, group=group or feature, features=[row])

    def undo(self, when: str, answer: Answer) -> Answer:
        """Reverse an allocation or a release."""
        operation = answer.operation.public_id
        return self.post(when, Undo, operation=operation, kinds=UNDONE_BY_CUSTOMERS)

    def extend(self, when: str, license: License, ends_at: str) -> Answer:
        return self.post(when, ExtendLicense, license=license, ends_at=instant(ends_at))

    def reduce(self, when: str, license: License, credits: int) -> Answer:
        return self.post(when, ReduceLicense, license=license, credits=credits)

    def void(self, when: str, license: License) -> Answer:
        return self.post(when, VoidLicense, license=license)

    def post(self, when: str, command: Any, **fields: Any) -> Answer:
        asked = make.asked(actor=self.admin, confirmed_shortfall=SHORTFALL)
        answer: Answer = self.at(
            when, lambda: post(command(customer=self.customer, asked=asked, **fields))
        )
        return answer

    def at(self, when: str, act: Callable[[], Any]) -> Any:
        with clock.moved_to(instant(when)):
            return act()

    def page(self, now: str) -> AnnualCredits:
        """Annual credits as it is shown at an instant."""
        moment = instant(now)
        return AnnualCredits(self.customer, now=moment, boundary=boundary_at(moment))


def found_story(name: str = "Halden Energy", when: str = FOUNDED) -> Story:
    """A customer that begins with empty books at an instant."""
    with clock.moved_to(instant(when)):
        customer = make.make_customer(name=name)
        admin = make.make_user(name="Maria Keller")
        make.make_member(customer, admin, Role.ADMIN)
    return Story(customer, admin)


def ordinary(story: Story) -> Story:
    """Three licenses, six features, an end that makes it short, and two changes not shown yet."""
    story.buy("2025-11-05T09:00", 15_000, "2025-11-05", "2027-03-31", "SO-117204")
    story.buy(
        "2025-11-10T09:00",
        7_000,
        "2025-11-10",
        "2027-12-31",
        "CV-20871",
        LicenseKind.CONVERTED,
        "conversion",
    )
    story.allocate("2025-11-20T09:00", "email-core", 250)
    story.allocate("2026-05-01T09:00", "sandbox-daily-reserve", 50)
    story.buy("2026-08-25T10:00", 30_000, "2026-09-01", "2027-08-31", "AWS-1", channel="aws")
    story.allocate("2026-09-02T09:00", "endpoint-essentials", 300, group="endpoint-packages")
    story.allocate("2026-10-14T09:00", "ztsa-private-access", 100)
    story.allocate("2026-11-03T09:00", "cloud-risk", {"production": 2_200})
    story.allocate("2026-11-19T09:00", "email-sensor", 40)
    story.allocate("2026-11-24T09:41", "endpoint-essentials", 310, group="endpoint-packages")
    story.allocate("2026-11-24T10:02", "email-sensor", 42)
    return story


NOON = "2026-11-24T11:20"
"""When the ordinary story is looked at: through 09:00."""
