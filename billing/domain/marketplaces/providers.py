"""What the portal asks of a marketplace, in one shape for all of them.

The packages below `billing.marketplaces` answer it; nothing here knows a protocol. No call is
made inside a transaction, and every one ends within its time limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from credits.exceptions import CreditsError


class Unavailable(Exception):
    """The marketplace did not answer, or not in its own words: to be tried again later."""


class UnknownAgreement(CreditsError):
    """The marketplace says that there is no such agreement, or not with this buyer."""

    code = "unknown-agreement"


class Vanished(UnknownAgreement):
    """The marketplace says nothing any more of an agreement that it told of before.

    That is no proof that it ended: an answer may be empty for a moment. `ended` is what holds if
    a person says so.
    """

    code = "vanished"

    def __init__(self, message: str, ended: Truth) -> None:
        super().__init__(message)
        self.ended = ended


class RefusedToken(CreditsError):
    """The token that a buyer brought is none, has expired, or was used."""

    code = "refused-token"


class Unsettled(CreditsError):
    """The message cannot be acted on, however often: it is parked for a person, with the reason."""

    code = "unsettled"


@dataclass(frozen=True)
class Item:
    """So many units of one plan (AWS: of one dimension)."""

    plan: str
    units: int


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What a marketplace says of one agreement at the moment it was asked.

    `state` is one of AgreementState. Instants are UTC, `ends_at` the first one without; where the
    marketplace does not say one, it is None.
    """

    marketplace: str
    reference: str
    account: str
    product: str
    state: str
    items: Sequence[Item]
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    must_activate: bool = False
    """Whether it waits to be told that the buyer was let in."""
    buyer_email: str = field(default="", repr=False)
    """Where it says so: to fill in the form of a new customer, and kept nowhere."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message whose sender was verified. It says only where to look."""

    marketplace: str
    message_id: str
    action: str
    reference: str
    account: str = ""
    product: str = ""
    said_at: datetime | None = None
    body: str = ""
    """The raw text, as it came."""


class Provider(Protocol):
    """One marketplace. Every method may raise Unavailable."""

    @property
    def name(self) -> str:
        """One of Marketplace."""

    def resolve(self, token: str) -> Truth:
        """The agreement that a buyer's token from the landing page stands for.

        Raises RefusedToken.
        """

    def truth(self, reference: str, account: str, product: str) -> Truth:
        """What holds of an agreement now. Raises UnknownAgreement."""

    def settle(self, message: Message) -> None:
        """Do what the marketplace wants of a message before the truth is asked for.

        Azure: look the operation up, compare, and answer it. Doing it twice is as doing it once.
        Raises Unsettled.
        """

    def activate(self, reference: str, items: Sequence[Item]) -> None:
        """Tell the marketplace that the buyer was let in. Doing it twice is as doing it once."""

    def agreements(self) -> Iterable[Truth]:
        """Every agreement that the marketplace knows, for the nightly reconciliation."""

    def collect(self) -> int:
        """Fetch what waits in a queue of its own and store it; how many. 0 where there is none."""


def provider(name: str) -> Provider | None:
    """The marketplace of a name; None where this installation has none of it."""
    found: Mapping[str, str] = settings.MARKETPLACES
    made: Provider | None = import_string(found[name])() if name in found else None
    return made


def providers() -> list[Provider]:
    """Every marketplace that this installation sells on."""
    found = (provider(name) for name in settings.MARKETPLACES)
    return [one for one in found if one is not None]
