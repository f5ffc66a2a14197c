"""Since when features have been held, as known at a position."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from billing.domain.annual.pending import entries_not_shown
from credits.domain.figures import Position, Standing
from credits.models import Customer, LedgerEntry, Side

RECALLED = timedelta(hours=2)
"""For so long before the boundary a standing is read with every entry (`standing(before=)`)."""


def features_since(customer: Customer, standing: Standing) -> dict[int, datetime | None]:
    """Since when the features of the shown position have been above zero.

    The stored instant counts unless a change that is not shown moved it. Then the entries in hand
    mostly tell: a report comes in minutes after its instant. Only where a feature was switched off
    or on since, or a report is late by hours, its whole course is read.
    """
    position = standing.shown
    since = {
        pk: level.held_since
        for (side, pk), level in standing.levels.items()
        if side == Side.ALLOCATED and pk in position.by_feature
    }
    not_shown = by_feature(entries_not_shown(standing))
    in_hand = by_feature(standing.beyond)
    untold = []
    for pk in since.keys() & not_shown.keys():
        late = [e.effective_at for e in not_shown[pk] if e.effective_at <= position.at]
        if not late and is_begun(since[pk], position.at):
            continue
        begun, is_told = recalled(position, pk, in_hand[pk], since[pk], late)
        if is_told:
            since[pk] = begun
        else:
            untold.append(pk)
    if untold:
        since.update(held_since(customer, position, sorted(untold)))
    return since


def by_feature(entries: Iterable[LedgerEntry]) -> dict[int, list[LedgerEntry]]:
    """The allocated side's entries, by feature."""
    found: dict[int, list[LedgerEntry]] = defaultdict(list)
    for entry in entries:
        if entry.feature_id is not None:
            found[entry.feature_id].append(entry)
    return found


def is_begun(since: datetime | None, at: datetime) -> bool:
    """Whether a stored instant can be the one known at a position."""
    return since is not None and since <= at


def recalled(
    position: Position,
    feature: int,
    entries: Sequence[LedgerEntry],
    stored: datetime | None,
    late: Sequence[datetime],
) -> tuple[datetime | None, bool]:
    """Since when a feature has been held, from the entries in hand; and whether they tell it.

    `late` are the instants at which entries that are not shown took effect before the position.
    Before the first of them the course is the stored one, so that the stored instant counts if
    it lies there and the level has been above zero from there on.
    """
    reach = position.at - RECALLED
    steps: Counter[datetime] = Counter()
    for entry in entries:
        if reach < entry.effective_at <= position.at and entry.recorded_at <= position.known:
            steps[entry.effective_at] += entry.credits
    level = position.by_feature[feature]
    for at in sorted(steps, reverse=True):
        level -= steps[at]
        if level <= 0:
            return at, True
    parted = min(late, default=position.at)
    return stored, stored is not None and stored < parted and reach < parted


def held_since(
    customer: Customer, position: Position, features: Sequence[int]
) -> Mapping[int, datetime]:
    """Since when features have been above zero, read from the ledger as known at a position."""
    entries = LedgerEntry.objects.filter(customer=customer, feature__in=features)
    counted = entries.counted(at=position.at, known=position.known).order_by("effective_at", "seq")
    changes: dict[int, Counter[datetime]] = defaultdict(Counter)
    for feature, at, credits in counted.values_list("feature_id", "effective_at", "credits"):
        changes[feature][at] += credits
    since: dict[int, datetime] = {}
    for feature, steps in changes.items():
        level = 0
        for at, credits in steps.items():
            before, level = level, level + credits
            if before <= 0 < level:
                since[feature] = at
    return since
