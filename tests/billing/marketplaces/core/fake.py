"""A marketplace in memory: what it says changes when a test says so, and it can be silent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from billing.domain.marketplaces.inbox import Stored, store
from billing.domain.marketplaces.linking import claim, claimed, link
from billing.domain.marketplaces.offers import EnterOffer, enter_offer
from billing.domain.marketplaces.providers import (
    Item,
    Message,
    RefusedToken,
    Truth,
    Unavailable,
    UnknownAgreement,
    Unsettled,
)
from billing.models import MarketplaceAgreement
from credits.models import Customer
from tests.factories import credits as make

PRODUCT, PLAN, PAYG, OTHER = "trailhead", "credits-1k", "as-you-go", "nobody-knows"
WORTH = 1_000
"""Credits of one unit of the plan."""

ACCOUNT = "111122223333"


@dataclass
class Market:
    """One marketplace. `said` is the truth of each agreement, by reference."""

    name: str = "aws"
    said: dict[str, Truth] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    waiting: list[Message] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    """Why a message cannot be settled, by its id."""
    is_silent: bool = False
    fails: bool = False
    settled: list[str] = field(default_factory=list)
    activated: list[str] = field(default_factory=list)
    asked: int = 0

    def resolve(self, token: str) -> Truth:
        if token not in self.tokens:
            raise RefusedToken("This token is none of ours.")
        return self.said[self.tokens[token]]

    def truth(self, reference: str, account: str, product: str) -> Truth:
        self.asked += 1
        self.answer()
        if reference not in self.said:
            raise UnknownAgreement("There is no such agreement.")
        return self.said[reference]

    def settle(self, message: Message) -> None:
        self.answer()
        if reason := self.refused.get(message.message_id):
            raise Unsettled(reason)
        self.settled.append(message.message_id)

    def activate(self, reference: str, items: Sequence[Item]) -> None:
        self.answer()
        self.activated.append(reference)
        self.change(reference, must_activate=False, state="active")

    def agreements(self) -> Iterable[Truth]:
        self.answer()
        return list(self.said.values())

    def collect(self) -> int:
        self.answer()
        found, self.waiting = self.waiting, []
        for one in found:
            store(one)
        return len(found)

    def answer(self) -> None:
        if self.fails:
            raise RuntimeError("It fell over.")
        if self.is_silent:
            raise Unavailable("It does not answer.")

    def change(self, reference: str, **fields: Any) -> Truth:
        """From now on something else holds of an agreement."""
        self.said[reference] = replace(self.said[reference], **fields)
        return self.said[reference]


MARKETS = {"aws": Market("aws"), "azure": Market("azure")}


def aws() -> Market:
    """What settings.MARKETPLACES names."""
    return MARKETS["aws"]


def azure() -> Market:
    """What settings.MARKETPLACES names."""
    return MARKETS["azure"]


def start_afresh() -> None:
    """Both marketplaces, empty."""
    for name in MARKETS:
        MARKETS[name] = Market(name)


def offers() -> None:
    """What the plans are worth, on both marketplaces."""
    for name in MARKETS:
        for plan, kind, credits in ((PLAN, "credits", WORTH), (PAYG, "payg", 0)):
            enter_offer(
                EnterOffer(
                    asked=make.asked(f"{name}/{plan}"),
                    marketplace=name,
                    product=PRODUCT,
                    plan=plan,
                    kind_of_offer=kind,
                    credits=credits,
                )
            )


def day(text: str) -> datetime:
    """An instant by its ISO text, UTC unless said otherwise."""
    return datetime.fromisoformat(text if "T" in text else f"{text}T00:00:00+00:00")


def agreement(reference: str = "arn:aws:license-manager::1:license:l-1", **fields: Any) -> Truth:
    """The truth of an agreement: ten units for a year, active, said on the marketplace."""
    said = {
        "marketplace": "aws",
        "reference": reference,
        "account": ACCOUNT,
        "product": PRODUCT,
        "state": "active",
        "items": [Item(PLAN, 10)],
        "starts_at": day("2026-11-10T13:37:00+00:00"),
        "ends_at": day("2027-11-10T13:37:00+00:00"),
        **fields,
    }
    truth = Truth(**said)
    MARKETS[truth.marketplace].said[reference] = truth
    return truth


def message(truth: Truth, message_id: str = "m-1", **fields: Any) -> Message:
    """A message that speaks of an agreement."""
    said = {
        "marketplace": truth.marketplace,
        "message_id": message_id,
        "action": "changed",
        "reference": truth.reference,
        "account": truth.account,
        "product": truth.product,
        "body": f'{{"id": "{message_id}"}}',
        **fields,
    }
    return Message(**said)


def send(truth: Truth, message_id: str = "m-1", **fields: Any) -> Stored:
    """A message that came in."""
    return store(message(truth, message_id, **fields))


def linked(truth: Truth, customer: Customer) -> MarketplaceAgreement:
    """The agreement, linked to a customer and not looked at yet."""
    return link(claimed(claim(truth)), customer, make.asked())
