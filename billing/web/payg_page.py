"""What the pages of pay-as-you-go show: the contract, the features, and the review of a switch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from django.utils.translation import gettext as _

from billing.domain.billing_model import Hindrance, PaygFeature
from billing.forms.payg import Switches, UnitsForm
from billing.models import PaygContract
from billing.web.links import Explain
from credits.domain.activity_words import day_text
from credits.domain.figures import Position
from credits.domain.preview import Draft, Preview
from credits.domain.pricing import total
from credits.domain.quantities import plain_units, unit_name
from credits.exceptions import ShortBalance
from credits.models import BillingModel, Customer, Feature, Side
from credits.tables.effects import EffectRow, effect_rows
from credits.templatetags.figures import credits_text


@dataclass(frozen=True)
class Contracts:
    """A customer's contracts around an instant."""

    current: PaygContract | None
    following: PaygContract | None
    """The next one, if it was entered ahead."""
    last: PaygContract | None
    """The one that ended last."""

    @classmethod
    def around(cls, contracts: Sequence[PaygContract], now: datetime) -> Contracts:
        """Sort contracts, the latest first, by an instant."""
        current = next((c for c in contracts if c.starts_at <= now < c.ends_at), None)
        ahead = [c for c in contracts if c.starts_at > now]
        over = [c for c in contracts if c.ends_at <= now]
        return cls(current, ahead[-1] if ahead else None, over[0] if over else None)


@dataclass(frozen=True)
class FeatureRow:
    """One feature as the tables show it."""

    one: PaygFeature
    explain: Explain
    has_contract: bool
    wanted: str = ""
    """What was chosen for it, if that is another model than now."""

    @property
    def feature(self) -> Feature:
        return self.one.feature

    @property
    def field(self) -> str:
        """The name of its choice."""
        return f"m.{self.feature.key}"

    @property
    def model_text(self) -> str:
        return str(self.one.model.label)

    @property
    def picked(self) -> str:
        """The choice that is ticked: what was chosen, where one may choose."""
        return self.wanted if self.wanted and self.is_open else self.one.model.value

    @property
    def explain_url(self) -> str:
        """The ledger rows that make what it holds."""
        return self.explain(Side.ALLOCATED.value, feature=self.feature.key)

    @property
    def explain_text(self) -> str:
        return _("Explain %(credits)s credits held by %(name)s") % {
            "credits": credits_text(self.one.credits),
            "name": self.feature.name,
        }

    @property
    def units_text(self) -> str:
        """The units that are kept; off ones are named so."""
        units = total(self.one.quantity)
        if not units:
            return _("none")
        text = f"{plain_units(units, grouped=True)} {unit_name(self.feature, units)}"
        return text if self.one.is_on else _("%(units)s, off") % {"units": text}

    @property
    def reason(self) -> str:
        """Why its billing model cannot be changed now, as a sentence; nothing: it can."""
        found = self.one.hindrance
        if found is Hindrance.RESTING and self.one.may_change_from is not None:
            return _("may change from %(day)s, 00:00 UTC") % {
                "day": day_text(self.one.may_change_from)
            }
        if found is Hindrance.RESERVED:
            return _("holds a reservation; may change when its period has ended")
        if found is Hindrance.CLOSED:
            return _("takes no new allocations; comes back on credits when its contract ends")
        if not self.one.is_payg and not self.has_contract:
            return _("needs a contract")
        return ""

    @property
    def refusal(self) -> str:
        """The sentence for a choice that was made all the same."""
        return f"{self.feature.name} {self.reason}." if self.reason else ""

    @property
    def is_open(self) -> bool:
        """Whether another billing model may be chosen."""
        return not self.reason


def rows_of(
    features: Sequence[PaygFeature],
    customer: Customer,
    live: Position,
    contracts: Contracts,
    wanted: Switches | None = None,
) -> list[FeatureRow]:
    """The features with what the tables say of each."""
    explain = Explain.of(customer, live)
    has_contract = contracts.current is not None
    chosen = wanted or Switches()
    return [
        FeatureRow(one, explain, has_contract, chosen.model_of(one.feature.key)) for one in features
    ]


@dataclass(frozen=True)
class Change:
    """One feature that changes, in words."""

    row: FeatureRow
    to: BillingModel
    after: int
    """Credits it holds from now on."""
    at_end: int
    """Credits it holds from the contract's end on, as far as is known."""

    @property
    def text(self) -> str:
        """What the switch does to it."""
        words = {
            "before": credits_text(self.row.one.credits),
            "after": credits_text(self.after),
            "end": credits_text(self.at_end),
        }
        if self.to == BillingModel.PAYG:
            now = _("It holds nothing from now on (%(before)s now).") % words
            return now + " " + _("When the contract ends it holds %(end)s again.") % words
        return _("It holds %(after)s from now on, whether or not the contract goes on.") % words


@dataclass(frozen=True)
class Review:
    """All that the review shows for what was chosen and typed."""

    customer: Customer
    draft: Draft
    rows: Sequence[FeatureRow]
    switches: Switches
    form: UnitsForm
    ends_at: datetime | None
    """The end of the contract that the switches are about."""
    key: str = ""
    seen: int = 0
    tried: Preview | None = None
    refusal: ShortBalance | None = None
    confirmed: int | None = None
    error: str = ""
    """Why nothing can be or was changed."""
    reported: Mapping[int, str] = field(default_factory=dict)
    """The systems that report units, by group id."""

    @property
    def changed(self) -> list[FeatureRow]:
        return [row for row in self.rows if row.feature.key in self.switches.all]

    @cached_property
    def preview(self) -> Preview:
        """What would be, or what is while nothing was tried."""
        return self.tried or self.draft.unchanged()

    @property
    def changes(self) -> list[Change]:
        """Each feature that changes, with what it does."""
        after = self.preview.after
        return [
            Change(
                row,
                BillingModel(self.switches.model_of(row.feature.key)),
                after.by_feature.get(row.feature.pk, 0),
                held_at(after, row.feature.pk, self.ends_at),
            )
            for row in self.changed
        ]

    @property
    def effect(self) -> list[EffectRow]:
        """What changes now."""
        return effect_rows(self.preview, [row.feature for row in self.changed], self.customer)

    @property
    def effect_at_end(self) -> list[EffectRow]:
        """What is changed at the contract's end, and what is not."""
        if self.ends_at is None:
            return []
        before, after, end = self.preview.before, self.preview.after, self.ends_at
        features = [row.feature for row in self.changed]
        explain = Explain(self.customer, end, before.known)
        held = Side.ALLOCATED.value
        rows = [
            EffectRow(
                feature.name,
                held_at(before, feature.pk, end),
                held_at(after, feature.pk, end),
                before_url=explain(held, feature=feature.key),
            )
            for feature in features
        ]
        then, new = before.figure_at(end), after.figure_at(end)
        balance = EffectRow(_("Balance then"), then.balance, new.balance, total=True)
        return [
            *rows,
            EffectRow(_("Allocated"), then.allocated, new.allocated, before_url=explain(held)),
            replace(balance, before_url=explain("balance")),
        ]

    @property
    def told(self) -> list[str]:
        """Units of features that go back which are not typed here, and why."""
        return [
            _("%(name)s: %(units)s, reported by %(system)s.")
            % {
                "name": row.feature.name,
                "units": row.units_text,
                "system": self.reported[row.feature.group_id],
            }
            for row in self.changed
            if row.feature.key in self.switches.to_credits and row.feature.group_id in self.reported
        ]

    @property
    def judgment(self) -> ShortBalance | None:
        """What must be confirmed, or why it is refused."""
        return self.refusal or self.preview.judgment

    @property
    def is_confirmed(self) -> bool:
        """Whether just this shortfall has been confirmed."""
        return self.judgment is not None and self.confirmed == self.judgment.shortfall

    @property
    def label(self) -> str:
        """The button, which says what happens."""
        change = self.preview.after.figure.allocated - self.preview.before.figure.allocated
        amount = credits_text(abs(change))
        if len(self.changed) == 1:
            model = self.changed[0].wanted
            where = BillingModel(model).label.lower() if model else ""
            words = _("Switch %(name)s to %(model)s") % {
                "name": self.changed[0].feature.name,
                "model": where,
            }
        else:
            words = _("Switch %(count)d features") % {"count": len(self.changed)}
        if change > 0:
            return _("%(words)s, allocate %(amount)s") % {"words": words, "amount": amount}
        if change < 0:
            return _("%(words)s, release %(amount)s") % {"words": words, "amount": amount}
        return words

    @property
    def problems(self) -> list[str]:
        """Every sentence the form has to say, for the live preview."""
        found = [str(sentence) for own in self.form.errors.values() for sentence in own]
        return [*found, *([self.error] if self.error else [])]

    @property
    def said(self) -> str:
        """The effect in a line, for the live region."""
        if self.problems:
            return self.problems[0]
        left = str(credits_text(self.preview.after.figure.balance))
        return _("%(act)s. Balance then: %(left)s.") % {"act": self.label, "left": left}


def held_at(position: Position, feature: int, at: datetime | None) -> int:
    """What a feature holds at an instant from the position's own on, as far as is known."""
    ahead = (
        entry.credits
        for step in position.ahead
        if at is not None and step.at <= at
        for entry in step.entries
        if entry.side == Side.ALLOCATED and entry.feature_id == feature
    )
    return position.by_feature.get(feature, 0) + sum(ahead)
