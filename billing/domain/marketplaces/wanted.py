"""What an agreement comes to: from what the marketplace says to the credits and days it is worth.

Pure functions. Rules: docs/rules.md#marketplaces.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from billing.domain.marketplaces.providers import Truth
from billing.models import AgreementState, OfferKind
from credits import clock
from credits.domain.terms import last_day
from credits.exceptions import CreditsError

OPEN_MONTHS = 120
"""A pay-as-you-go agreement without an end stands for so long, and is ended when it is over."""


class UnknownOffer(CreditsError):
    """A plan that nobody has said the worth of."""

    code = "unknown-offer"


class NoEnd(CreditsError):
    """Credits without a last day: nobody can say what they are."""

    code = "no-end"


@dataclass(frozen=True)
class Worth:
    """What one unit of a plan is worth: so many credits, or a way to pay as one goes."""

    kind: str
    credits: int = 0


@dataclass(frozen=True)
class Wanted:
    """What should stand of an agreement, over whole UTC days [starts_at, ends_at).

    `credits` is 0 where it is not about credits; `starts_at` is None where the marketplace does not
    say when the term began. Of an agreement that is over, `ends_at` is where it ended.
    """

    credits: int
    is_payg: bool
    starts_at: datetime | None
    ends_at: datetime
    is_over: bool = False
    is_open: bool = False
    """Whether the marketplace names no end, so that `ends_at` is only far away."""


def wanted(truth: Truth, offers: Mapping[str, Worth], now: datetime) -> Wanted | None:
    """What should stand of an agreement now; None while there is nothing to say of it yet.

    A plan's worth is looked up only while the agreement goes on: what is over ends without it.
    Raises UnknownOffer for a plan without a worth, NoEnd for credits without a last day.
    """
    if truth.state == AgreementState.ENDED:
        return over(truth, now)
    if truth.state == AgreementState.PENDING and not truth.must_activate:
        return None
    credits, is_payg = worth(truth, offers)
    starts_at = cut_down(truth.starts_at) if truth.starts_at else None
    ends_at = cut_up(truth.ends_at) if truth.ends_at else None
    if ends_at is None and credits:
        if truth.state == AgreementState.PENDING:
            return None
        raise NoEnd("The marketplace names no last day, so nobody can say how long it lasts.")
    if ends_at is None:
        far = open_end(starts_at or cut_down(now))
        return Wanted(credits, is_payg, starts_at, far, is_open=True)
    return Wanted(credits, is_payg, starts_at, ends_at)


def over(truth: Truth, now: datetime) -> Wanted:
    """Of an agreement that is over: it ended where its term did, or else it is cancelled now.

    On its last day it has ended with its term: that day is usable to its end.
    """
    ends_at = cut_up(truth.ends_at) if truth.ends_at is not None else None
    is_due = ends_at is not None and ends_at - clock.DAY <= now
    return Wanted(0, False, None, ends_at if ends_at and is_due else now, is_over=True)


def worth(truth: Truth, offers: Mapping[str, Worth]) -> tuple[int, bool]:
    """The credits of all units, and whether they open pay-as-you-go. Raises UnknownOffer."""
    held = [item for item in truth.items if item.units > 0]
    for item in held:
        if item.plan not in offers:
            raise UnknownOffer(f"Nobody has said yet what a unit of {item.plan[:120]} is worth.")
    credits = sum(item.units * offers[item.plan].credits for item in held)
    return credits, any(offers[item.plan].kind == OfferKind.PAYG for item in held)


def cut_down(instant: datetime) -> datetime:
    """00:00 UTC of the day that holds an instant."""
    return clock.start_of(clock.day_of(instant))


def cut_up(end: datetime) -> datetime:
    """The end of the day that holds the last instant before an end."""
    return cut_down(end - timedelta(microseconds=1)) + clock.DAY


def open_end(starts_at: datetime) -> datetime:
    """The end of a contract for which the marketplace names none."""
    return clock.start_of(last_day(clock.day_of(starts_at), OPEN_MONTHS)) + clock.DAY


@dataclass(frozen=True)
class Held:
    """A license that an agreement has come to, as it stands; `license` is its key.

    In the order in which they were bought. `voided_at` is when it was taken back, if it was.
    """

    license: int
    credits: int
    starts_at: datetime
    ends_at: datetime
    voided_at: datetime | None = None
    is_renewed: bool = False


@dataclass(frozen=True)
class Buy:
    """One more order, over whole UTC days, perhaps the renewal of a license."""

    credits: int
    starts_at: datetime
    ends_at: datetime
    renews: int | None = None


@dataclass(frozen=True)
class Void:
    """End a license now."""

    license: int


@dataclass(frozen=True)
class Reduce:
    """Lower a license to fewer credits from now on."""

    license: int
    credits: int


@dataclass(frozen=True)
class MoveEnd:
    """Let a license end at another 00:00 UTC that lies ahead: later, or earlier."""

    license: int
    ends_at: datetime
    is_later: bool


Step = Buy | Void | Reduce | MoveEnd


def steps(held: Sequence[Held], want: Wanted, now: datetime) -> list[Step]:
    """What is missing between the licenses that stand and what is wanted; nothing: nothing.

    Only what lies ahead is changed: licenses that have ended stay as they were.
    """
    standing = [one for one in held if one.voided_at is None]
    late = [one for one in standing if one.ends_at > max(want.ends_at, now)]
    if want.is_over or want.ends_at <= now:
        return [Void(one.license) for one in late]
    cut, kept = shortened(standing, late, want)
    term = [one for one in kept if one.ends_at == want.ends_at]
    if term:
        return cut + units(term, want, now)
    before = [one for one in kept if one.ends_at == max(other.ends_at for other in kept)]
    if is_extension(before, want, now):
        moved = [replace(one, ends_at=want.ends_at) for one in before]
        later = [MoveEnd(one.license, want.ends_at, is_later=True) for one in before]
        return [*cut, *later, *units(moved, want, now)]
    return cut + first_of_term(held, before, want, now)


def shortened(
    standing: Sequence[Held], late: Sequence[Held], want: Wanted
) -> tuple[list[Step], list[Held]]:
    """An earlier end: what begins after it is taken back, the rest ends there."""
    cut: list[Step] = []
    kept = [one for one in standing if one not in late]
    for one in late:
        if one.starts_at >= want.ends_at:
            cut.append(Void(one.license))
        else:
            cut.append(MoveEnd(one.license, want.ends_at, is_later=False))
            kept.append(replace(one, ends_at=want.ends_at))
    return cut, kept


def is_extension(before: Sequence[Held], want: Wanted, now: datetime) -> bool:
    """Whether a later end makes the same term longer.

    It does where the marketplace says that the term began before the last day of the one that
    is known. Where it began then or later, or nothing is said of it, the term was renewed.
    """
    if not before or want.starts_at is None or before[0].ends_at <= now:
        return False
    return want.starts_at < before[0].ends_at - clock.DAY


def first_of_term(
    held: Sequence[Held], before: Sequence[Held], want: Wanted, now: datetime
) -> list[Step]:
    """The order that begins a term: the first, or one that starts where the last one stops."""
    if not want.credits:
        return []
    today = cut_down(now)
    if before:
        starts_at = max(before[0].ends_at, want.starts_at or before[0].ends_at)
        open_ones = [one.license for one in before if not one.is_renewed]
        renews = open_ones[-1] if open_ones else None
        return [Buy(want.credits, starts_at, want.ends_at, renews)]
    starts_at = want.starts_at or today
    if held:
        # Taken up again after everything was taken back: what is past stays as it was.
        starts_at = max(starts_at, today)
    return [Buy(want.credits, starts_at, want.ends_at)]


def units(term: Sequence[Held], want: Wanted, now: datetime) -> list[Step]:
    """More units: one more order until the same end. Fewer: from the newest order on."""
    missing = want.credits - sum(one.credits for one in term)
    if missing > 0:
        starts_at = max(cut_down(now), min(one.starts_at for one in term))
        return [Buy(missing, starts_at, want.ends_at)]
    found: list[Step] = []
    for one in reversed(term):
        if missing >= 0:
            break
        taken = min(one.credits, -missing)
        missing += taken
        left = one.credits - taken
        found.append(Reduce(one.license, left) if left else Void(one.license))
    return found
