"""What is live and not shown yet: each change in words, its effect, and when it will be shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from billing.domain.annual.outlook import Name, totals
from billing.domain.annual.words import day_words, grouped, listed, read_quantities, signed
from credits.domain.boundaries import shown_from
from credits.domain.feature_names import told_apart
from credits.domain.figures import Standing
from credits.domain.pricing import Quantities, quantity_of, total
from credits.domain.quantities import unit_name
from credits.models import Feature, LedgerEntry, Operation, Side

LISTED = 5


@dataclass(frozen=True)
class Change:
    """One operation, or one thing booked ahead that came due, after the boundary."""

    at: datetime
    shown_from: datetime
    words: str
    valid: int
    """By how much it changes the valid credits now."""
    allocated: int
    """By how much it changes the allocated credits now."""
    is_late: bool = False
    """Its hour has come, and the update that will show it has not."""

    @property
    def effect(self) -> int:
        """What it makes of the balance now (credits)."""
        return self.valid - self.allocated


@dataclass(frozen=True)
class Pending:
    """All that is not shown yet. Shown + pending = live, on either side."""

    changes: tuple[Change, ...]

    @property
    def valid(self) -> int:
        return sum(change.valid for change in self.changes)

    @property
    def allocated(self) -> int:
        return sum(change.allocated for change in self.changes)

    @property
    def effect(self) -> int:
        return sum(change.effect for change in self.changes)

    @property
    def listed(self) -> tuple[Change, ...]:
        """The newest few."""
        return self.changes[-LISTED:]

    @property
    def unlisted(self) -> int:
        return len(self.changes) - len(self.listed)

    @property
    def unlisted_effect(self) -> int:
        return self.effect - sum(change.effect for change in self.listed)

    @property
    def last_shown_from(self) -> datetime:
        return max(change.shown_from for change in self.changes)


@dataclass
class Names:
    """What the words need: names, and where each feature stands as the changes go by."""

    license: Name
    features: Mapping[int, Feature]
    levels: dict[int, int]
    quantities: dict[int, Quantities] = field(default_factory=dict)
    """By allocation group, as reported at the boundary; a group that is missing is not known."""
    later: dict[int, list[tuple[int, Quantities]]] = field(default_factory=dict)
    """By allocation group, what operations have reported since."""

    def stated(self, group: int) -> Quantities:
        """What is reported of a group so far; empty where that is not known."""
        later = self.later.get(group)
        return later[-1][1] if later else self.quantities.get(group, {})

    def note(self, operation: Operation) -> None:
        """Go on past an operation: what it reported counts, what it undid does not."""
        for group, quantities in operation.stated.items():  # type: ignore[attr-defined]
            told = (operation.pk, read_quantities(quantities))
            self.later.setdefault(group, []).append(told)

    def withdraw(self, operation: Operation, groups: Iterable[int]) -> None:
        """Go on past an undo: what it withdrew of these groups is reported no more."""
        for group in groups:
            kept = [told for told in self.later.get(group, ()) if told[0] != operation.reverses_id]
            if len(kept) == len(self.later.get(group, ())):
                self.quantities.pop(group, None)
            self.later[group] = kept


def entries_not_shown(standing: Standing) -> list[LedgerEntry]:
    """Entries recorded after the boundary, and those booked ahead that came due after it."""
    boundary, now = standing.shown.at, standing.live.at
    if standing.unpublished:
        return []
    return [
        entry
        for entry in standing.beyond
        if entry.recorded_at > boundary or boundary < entry.effective_at <= now
    ]


def pending(standing: Standing, operations: Mapping[int, Operation], names: Names) -> Pending:
    """The changes not shown yet, oldest first, each with its own hour."""
    boundary, now = standing.shown.at, standing.live.at
    groups: dict[tuple[int, datetime], list[LedgerEntry]] = defaultdict(list)
    for entry in entries_not_shown(standing):
        at = entry.recorded_at if entry.recorded_at > boundary else entry.effective_at
        groups[entry.operation_id, at].append(entry)
    changes = []
    for (operation_id, at), own in sorted(groups.items(), key=lambda item: item[0][::-1]):
        felt = [entry for entry in own if entry.effective_at <= now]
        is_new = own[0].recorded_at > boundary
        words = new_words(operations[operation_id], own, names) if is_new else due_words(own, names)
        valid = sum(e.credits for e in felt if e.side == Side.VALID)
        allocated = sum(e.credits for e in felt if e.side == Side.ALLOCATED)
        hour = shown_from(at)
        changes.append(Change(at, hour, words, valid, allocated, is_late=hour <= now))
    return Pending(tuple(changes))


def due_words(entries: Sequence[LedgerEntry], names: Names) -> str:
    """What was booked ahead and has come due."""
    said = []
    for pk, credits in totals(entries, Side.VALID).items():
        text = _("%(label)s started") if credits > 0 else _("%(label)s ended")
        said.append(text % {"label": names.license(pk)})
    for pk, credits in totals(entries, Side.ALLOCATED).items():
        names.levels[pk] = names.levels.get(pk, 0) + credits
        said.append(_("%(name)s at its new rate") % {"name": names.features[pk].name})
    return listed(said)


def new_words(operation: Operation, entries: Sequence[LedgerEntry], names: Names) -> str:
    """What an operation did that nobody sees yet."""
    said = [license_words(operation, pk, own, names) for pk, own in by_license(entries).items()]
    changed = totals(entries, Side.ALLOCATED)
    features = [names.features[pk] for pk in changed]
    before = {feature.group_id: names.stated(feature.group_id) for feature in features}
    if operation.kind == "undo":
        names.withdraw(operation, before)
    names.note(operation)
    for feature, name in zip(features, told_apart(*features), strict=True):
        level = names.levels.get(feature.pk, 0)
        names.levels[feature.pk] = after = level + changed[feature.pk]
        if operation.kind == "apply-rates":
            said.append(_("new rate of %(name)s") % {"name": name})
        elif operation.kind == "undo":
            said.append(_("undone: %(name)s") % {"name": name})
        else:
            stated = names.stated(feature.group_id)
            words = feature_words(feature, before[feature.group_id], stated, level, after)
            said.append(f"{name} {words}".rstrip())
    return listed(said)


def by_license(entries: Iterable[LedgerEntry]) -> dict[int, list[LedgerEntry]]:
    """The valid side's entries, by license."""
    found: dict[int, list[LedgerEntry]] = defaultdict(list)
    for entry in entries:
        if entry.license_id is not None:
            found[entry.license_id].append(entry)
    return found


def license_words(
    operation: Operation, license_id: int, entries: Sequence[LedgerEntry], names: Names
) -> str:
    """What an operation did to one license."""
    first = min(entries, key=lambda entry: entry.effective_at)
    values = {
        "label": names.license(license_id),
        "credits": grouped(abs(first.credits)),
        "day": day_words(max(entry.effective_at for entry in entries)),
    }
    match operation.kind:
        case "extend":
            return _("%(label)s extended") % values
        case "reduce":
            return _("%(label)s reduced by %(credits)s") % values
        case "void":
            return _("%(label)s voided") % values
        case "restate-grant":
            return _("%(label)s amended") % values
        case "undo" | "move-order":
            return _("undone: %(label)s") % values
    if first.effective_at > operation.recorded_at:
        values["day"] = day_words(first.effective_at)
        return _("%(label)s with %(credits)s, from %(day)s") % values
    return _("%(label)s with %(credits)s") % values


def feature_words(
    feature: Feature, before: Quantities, stated: Quantities, level: int, after: int
) -> str:
    """+10 endpoints; 310 endpoints where none were held, or unknown how many; off; or nothing."""
    if after <= 0:
        return _("off")
    units = total(quantity_of(feature.key, stated))
    is_change = level > 0 and bool(before)
    change = units - total(quantity_of(feature.key, before)) if is_change else units
    if not change:
        return ""
    text = signed(change) if is_change else grouped(change)
    return f"{text} {unit_name(feature, abs(change))}"
