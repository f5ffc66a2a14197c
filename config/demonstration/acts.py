"""What can happen in a story of the demonstration, as data.

Days count from the day of the first start: -200 is 200 days before it, +90 lies ahead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from billing.models import Channel
from credits.models import LicenseKind
from estimator.domain.plans import NO_RESERVE, Plan, Reserve

Units = Mapping[str, int | Mapping[str, int]]
"""Units by feature key, or under "units" where features share one number; by account as well."""


@dataclass(frozen=True)
class Act:
    """Something that happens on a day."""

    day: int


@dataclass(frozen=True)
class Buy(Act):
    """A purchase of one or more licenses: (credits, first day, last day)."""

    order: str
    lots: tuple[tuple[int, int, int], ...]
    channel: str = Channel.SALES
    kind: str = LicenseKind.BOUGHT
    price: int | None = None
    note: str = ""
    settles: int | None = None
    """The number of the customer's request that it was entered for."""
    renews: int | None = None
    """Which of the customer's licenses it renews, counted from its first."""


@dataclass(frozen=True)
class Converted(Act):
    """A term of a seat license becomes credits; days as dates where a rate of old is wanted."""

    product: str
    units: int
    first: int | date
    last: int
    renews: bool = False
    """Whether it is a further term of the customer's newest seat license."""


@dataclass(frozen=True)
class CodeIssued(Act):
    """Support issues an activation code for the customer, which nobody has entered yet."""

    product: str
    units: int
    months: int


@dataclass(frozen=True)
class Requested(Act):
    """The customer asks sales for credits, needed by another day."""

    credits: int
    needed: int
    cause: str
    words: str = ""


@dataclass(frozen=True)
class Answered(Act):
    """Sales answers a customer's request, by its number."""

    number: int
    words: str


@dataclass(frozen=True)
class Set(Act):
    """A group's quantities from a day on; `on` where its features share one number."""

    group: str
    quantities: Units
    on: tuple[str, ...] = ()
    note: str = ""
    minutes_ago: int = 0


@dataclass(frozen=True)
class SetMany(Act):
    """Several groups stated in one act; `on` names what is on where features share one number."""

    groups: Mapping[str, Units]
    on: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Off(Act):
    """A feature is released."""

    group: str
    feature: str
    note: str = ""


@dataclass(frozen=True)
class Moved(Act):
    """Units of one feature make room for as many of another as they pay for."""

    source: str
    units: int
    target: str
    note: str = ""


@dataclass(frozen=True)
class Undone(Act):
    """The newest act on a group is undone."""

    group: str
    note: str = ""


@dataclass(frozen=True)
class Reporter(Act):
    """From a day on a system reports a group; without a name people type it again."""

    group: str
    name: str = ""


@dataclass(frozen=True)
class Reported(Act):
    """The system of a group reports."""

    group: str
    quantities: Units


@dataclass(frozen=True)
class Corrected(Act):
    """Support enters what a system reports wrongly."""

    group: str
    quantities: Units
    reason: str


@dataclass(frozen=True)
class Contracted(Act):
    """Support enters a pay-as-you-go contract from that day on, up to another day."""

    agreement: str
    until: int


@dataclass(frozen=True)
class AsYouGo(Act):
    """A feature goes on pay-as-you-go, up to the end of the contract in force."""

    feature: str
    note: str = ""


@dataclass(frozen=True)
class NewRate(Act):
    """The catalogue manager enters what a feature costs from a day on, for everybody."""

    feature: str
    credits: int
    first_day: int
    source: str
    note: str


@dataclass(frozen=True)
class Estimated:
    """A saved estimate: units by feature, how they change, and what is kept on top."""

    name: str
    years: int
    units: Mapping[str, int]
    plans: Mapping[str, Plan] = field(default_factory=dict)
    later: Mapping[str, int] = field(default_factory=dict)
    """Features that are needed only from the month of a day ahead."""
    reserve: Reserve = NO_RESERVE


@dataclass(frozen=True)
class Saved(Act):
    """An estimate is saved on a day of the past."""

    estimate: Estimated


@dataclass(frozen=True)
class HandedOver(Act):
    """The customer hands an estimate over to sales, by its number."""

    number: int


@dataclass(frozen=True)
class Confirmed(Act):
    """Sales makes an estimate that was handed over a purchase."""

    number: int


@dataclass(frozen=True)
class Shared(Act):
    """A link to the newest version of an estimate is made, for so many days."""

    number: int
    days: int


@dataclass(frozen=True)
class Story:
    """One customer: who may see it and what happened there."""

    slug: str
    name: str
    domain: str
    since: int
    people: tuple[tuple[str, str, str], ...]
    """Mail address, name and role; the first one is the admin who acts."""
    acts: tuple[Act, ...] = ()
    estimates: tuple[Estimated, ...] = ()
