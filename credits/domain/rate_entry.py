"""Enter a dated rate (docs/rules.md#r7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from credits.domain.catalogue import rate_fields, rate_of
from credits.domain.catalogue_file import RateRow
from credits.domain.catalogue_file.checks import TOGETHER, changes_reservation, fit_together
from credits.domain.catalogue_file.single import cells_of, read_single, wish
from credits.domain.commands import Decision, OfficeCommand
from credits.domain.in_force import newest
from credits.exceptions import InvalidCommand, NotAllowed, UnknownObject
from credits.models import Feature, FeatureRate

AHEAD = timedelta(hours=48)
"""How long before its first day a change is known at the latest."""


@dataclass(frozen=True, kw_only=True)
class EnterRate(OfficeCommand):
    """State what a feature costs from a day on, for everybody. Booked customer by customer.

    A further rate for a day that has one corrects it. A start less than 48 hours ahead is a
    correction and needs a reason, except for a feature's first rate. Raises UnknownObject for a
    feature that does not exist, InvalidCommand for what the catalogue's file would refuse too,
    and NotAllowed for a change to or from a usage reservation; the error names the field.
    """

    kind: ClassVar[str] = "enter-rate"

    row: RateRow

    def content(self) -> Mapping[str, Any]:
        return {
            "feature": self.row.feature,
            "model": self.row.model,
            "credits": self.row.credits,
            "block": self.row.block,
            "cap": self.row.cap,
            "parts": list(self.row.parts),
            "valid_from": self.row.valid_from,
            "valid_to": self.row.valid_to,
            "assumed": self.row.assumed,
            "source": self.row.source,
            "note": self.row.note,
        }

    def decide(self, now: datetime) -> Decision:
        actor = self.asked.actor
        if actor is not None and not actor.has_perm("credits.add_featurerate"):
            raise NotAllowed("Rates are entered by catalogue managers.")
        rate, is_correction = self.checked(now)
        return Decision(
            facts=[rate],
            answer={"feature": self.row.feature, "correction": is_correction},
            subject=f"{rate.feature.key} from {rate.at:%Y-%m-%d}",
        )

    def checked(self, now: datetime) -> tuple[FeatureRate, bool]:
        """The rate as it would be stated now, and whether it is a correction."""
        feature = Feature.objects.filter(key=self.row.feature).first()
        if feature is None:
            raise UnknownObject("There is no such feature.", field="feature")
        _, problems = read_single(cells_of(self.row))
        for problem in problems:
            raise InvalidCommand(wish(problem), field=problem.column)
        rate = rate_of(self.row)
        rate.feature = feature
        stated = FeatureRate.objects.standing().filter(feature__group=feature.group_id)
        group = list(stated.select_related("feature").order_by("operation_id", "pk"))
        own = [other for other in group if other.feature_id == feature.pk]
        refuse_repeated(rate, own)
        is_correction = bool(own) and rate.at < now + AHEAD
        if is_correction and not self.asked.reason:
            raise InvalidCommand(
                f"A rate that starts less than {AHEAD // timedelta(hours=1)} hours ahead is a "
                "correction: say why it is entered so late.",
                field="reason",
            )
        refuse_reservation(rate, own)
        refuse_parts(rate, group)
        refuse_mixed(rate, group)
        return rate, is_correction


def refuse_repeated(rate: FeatureRate, own: Sequence[FeatureRate]) -> None:
    """The same rate from the same day says nothing new."""
    same_day = [other for other in own if other.at == rate.at]
    if same_day and rate_fields(same_day[-1]) == rate_fields(rate):
        raise InvalidCommand("This rate has been entered before.", field="valid_from")


def refuse_reservation(rate: FeatureRate, own: Sequence[FeatureRate]) -> None:
    """A reservation's period cannot be carried over to or from another model."""
    if any(changes_reservation(other.model, rate.model) for other in own):
        raise NotAllowed(
            "A feature does not change between a usage reservation and another model. "
            "Add a new feature instead.",
            field="model",
        )


def refuse_parts(rate: FeatureRate, group: Sequence[FeatureRate]) -> None:
    """A bundle stands in for other features of its group, none of them a bundle itself."""
    others = {r.feature.key: r for r in group if r.feature_id != rate.feature_id and not r.parts}
    unknown = [key for key in rate.parts if key not in others]
    if unknown:
        named = ", ".join(unknown)
        raise InvalidCommand(f"Enter other features of the same group, not {named}.", field="parts")


def refuse_mixed(rate: FeatureRate, group: Sequence[FeatureRate]) -> None:
    """From its day on the group's rates in force must go on being priced together."""
    stated = [*group, rate]
    features = {other.feature_id for other in stated}
    for at in sorted({other.at for other in stated if other.at >= rate.at}):
        found = (newest([r for r in stated if r.feature_id == pk], at) for pk in features)
        members = [(r.feature.key, r.model, r.parts) for r in found if r is not None]
        if not fit_together(members):
            raise InvalidCommand(f"Enter a model that fits its group: {TOGETHER}.", field="model")
