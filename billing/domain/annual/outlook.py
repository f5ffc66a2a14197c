"""When credits will be short, by how much and why; or since when they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.translation import gettext as _

from billing.domain.annual.words import (
    day_words,
    grouped,
    last_day_words,
    licenses_end,
    listed,
    rates_change,
)
from credits.domain.figures import Position, Step
from credits.models import LedgerEntry, Side

Name = Callable[[int], str]
RateChange = Callable[[int, datetime], str]
"""What a feature's rate, contract or reservation does at an instant, in words; empty: nothing."""
LISTED = 8
TOLD = 3
"""Rates that change at one instant and are told each by itself; more are counted."""


class State(StrEnum):
    """What can be said of the balance ahead."""

    SHORT = "short"
    FIRST_SHORT = "first_short"
    COVERED = "covered"
    NEVER = "never"


@dataclass(frozen=True)
class Outlook:
    """The one thing a spreadsheet cannot tell: the first short date, with its amount and cause."""

    state: State
    at: datetime | None = None
    balance: int = 0
    cause: str = ""
    worse: tuple[str, ...] = ()
    """What deepened a shortage later, in time order."""

    @property
    def newest_worse(self) -> tuple[str, ...]:
        """The newest few of them, the newest first."""
        return self.worse[: -LISTED - 1 : -1]

    @property
    def unlisted_worse(self) -> int:
        return max(0, len(self.worse) - LISTED)


def outlook(
    position: Position,
    license_name: Name,
    feature_name: Name,
    crossed: Sequence[Step] = (),
    rate_change: RateChange = lambda _feature, _at: "",
) -> Outlook:
    """What is ahead of a position; `crossed` is what made a balance below zero."""
    if position.figure.balance < 0:
        return shortage(position.figure.balance, crossed, known=position.known)
    if short := position.first_short:
        return Outlook(
            State.FIRST_SHORT,
            at=short.at,
            balance=short.figure.balance,
            cause=_("when %(cause)s")
            % {"cause": coming_words(short.entries, license_name, feature_name, rate_change)},
        )
    if position.covered_until:
        return covered(position, position.covered_until, license_name)
    return Outlook(State.NEVER)


def shortage(balance: int, crossed: Sequence[Step], *, known: datetime) -> Outlook:
    """A balance below zero with what made it so; what lies after `known` is still to come."""
    told = [told_step(step) if step.at <= known else coming_step(step) for step in crossed]
    return Outlook(
        State.SHORT,
        at=crossed[0].at if crossed else None,
        balance=balance,
        cause=told[0] if told else "",
        worse=tuple(told[1:]),
    )


def covered(position: Position, until: datetime, license_name: Name) -> Outlook:
    """No shortage before the instant at which nothing is valid any more."""
    last = next(step for step in position.ahead if step.at == until)
    again = next((s for s in position.ahead if s.at > until and s.figure.valid > 0), None)
    if again is None:
        cause = _("when the last license ends")
    else:
        ends = licenses_end(license_labels(last.entries, license_name, rising=False))
        starts = listed(license_labels(again.entries, license_name, rising=True))
        cause = _("when %(ends)s; %(starts)s starts on %(day)s") % {
            "ends": ends,
            "starts": starts,
            "day": day_words(again.at),
        }
    return Outlook(State.COVERED, at=until, balance=last.figure.balance, cause=cause)


def coming_words(
    entries: Iterable[LedgerEntry],
    license_name: Name,
    feature_name: Name,
    rate_change: RateChange = lambda _feature, _at: "",
) -> str:
    """What lowers the balance at an instant ahead: terms that end, rates that change."""
    entries = list(entries)
    said = []
    if ending := license_labels(entries, license_name, rising=False):
        said.append(licenses_end(ending))
    rising = totals(entries, Side.ALLOCATED)
    features = [pk for pk, credits in rising.items() if credits > 0]
    told = [rate_change(pk, entries[0].effective_at) for pk in features]
    if features and len(features) <= TOLD and all(told):
        said.extend(told)
    elif features:
        said.append(rates_change([feature_name(pk) for pk in features]))
    return listed(said)


def license_labels(
    entries: Iterable[LedgerEntry], license_name: Name, *, rising: bool
) -> list[str]:
    """The licenses whose credits rise, or fall, among entries."""
    changes = totals(entries, Side.VALID)
    return [license_name(pk) for pk, n in changes.items() if (n > 0 if rising else n < 0)]


def totals(entries: Iterable[LedgerEntry], side: str) -> Counter[int]:
    """The net change per license or feature."""
    found: Counter[int] = Counter()
    for entry in entries:
        if entry.side == side:
            found[(entry.license_id if side == Side.VALID else entry.feature_id) or 0] += (
                entry.credits
            )
    return found


def told_step(step: Step) -> str:
    """What lowered the balance at an instant that has passed, as a sentence without its end."""
    said = [told_license(entry) for entry in step.entries if is_fall(entry)]
    text = _("%(name)s rose by %(credits)s on %(day)s")
    return listed([*said, *(text % values for values in rises(step))])


def coming_step(step: Step) -> str:
    """What will lower the balance at an instant ahead, as a sentence without its end."""
    falling = [entry for entry in step.entries if is_fall(entry) and entry.license is not None]
    ends = _("license %(label)s with %(credits)s ends on %(day)s")
    said = [ends % ending(entry) for entry in falling]
    text = _("%(name)s rises by %(credits)s on %(day)s")
    return listed([*said, *(text % values for values in rises(step))])


def rises(step: Step) -> Iterator[dict[str, str]]:
    """The features that need more credits from a step on: name, credits and day."""
    names = {e.feature_id: e.feature.name for e in step.entries if e.feature is not None}
    for pk, credits in totals(step.entries, Side.ALLOCATED).items():
        if credits > 0:
            yield {"name": names[pk], "credits": grouped(credits), "day": day_words(step.at)}


def is_fall(entry: LedgerEntry) -> bool:
    """Whether an entry takes valid credits away."""
    return entry.side == Side.VALID and entry.credits < 0


def told_license(entry: LedgerEntry) -> str:
    """Why a license gave fewer credits from an instant on."""
    values = {
        "label": entry.license.label if entry.license is not None else "",
        "credits": grouped(-entry.credits),
        "day": day_words(entry.effective_at),
    }
    match entry.operation.kind:
        case "void":
            return _("%(label)s with %(credits)s was voided on %(day)s") % values
        case "restate-grant" if entry.effective_at <= entry.recorded_at:
            return _("%(label)s was amended by %(credits)s fewer from %(day)s on") % values
        case "reduce":
            return _("%(label)s was reduced by %(credits)s on %(day)s") % values
        case "undo" | "move-order":
            return _("%(credits)s of %(label)s were withdrawn on %(day)s") % values
    return _("license %(label)s with %(credits)s ended on %(day)s") % ending(entry)


def ending(entry: LedgerEntry) -> dict[str, str]:
    """A license that ends with an entry: its label, credits and last day."""
    return {
        "label": entry.license.label if entry.license is not None else "",
        "credits": grouped(-entry.credits),
        "day": last_day_words(entry.effective_at),
    }
