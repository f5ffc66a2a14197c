"""What the drawer of one allocation group shows for what was typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from django.urls import reverse
from django.utils.translation import gettext as _

from credits.domain.activity import Act
from credits.domain.arithmetic import Line, lines
from credits.domain.groups import FeatureSetting, GroupSettings, Layout, Saving, saving
from credits.domain.people import Right
from credits.domain.preview import Draft, Preview
from credits.domain.pricing import SHARED, Quantities, quantity_of
from credits.domain.quantities import plain_units
from credits.domain.sources import Reporting
from credits.exceptions import ShortBalance
from credits.forms.allocations import AllocationForm
from credits.models import Customer, Feature, Side
from credits.tables.effects import EffectRow, act_label, effect_rows
from credits.templatetags.figures import credits_text
from credits.views.allocation_words import payg_text, reservation_text
from credits.web.links import explain_url, with_state


@dataclass(frozen=True)
class Stated:
    """What a form states: units by feature, and the features that are to be on."""

    quantities: Quantities = field(default_factory=dict)
    on: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Drawer:
    """All that the drawer's template shows."""

    customer: Customer
    rights: frozenset[Right]
    draft: Draft
    settings: GroupSettings
    close_url: str
    form: AllocationForm | None = None
    """None: there is nothing the person may change here."""
    key: str = ""
    seen: int = 0
    stated: Stated = Stated()
    tried: Preview | None = None
    refusal: ShortBalance | None = None
    confirmed: int | None = None
    stale: Sequence[Act] = ()
    source: Reporting | None = None
    """The system that reports the units; then a person may only release and switch on."""
    error: str = ""
    """Why nothing was changed, where there is no form to say it."""

    @property
    def may_act(self) -> bool:
        """Whether the person may release or switch on what a system reports."""
        return self.source is not None and Right.ALLOCATE in self.rights

    @property
    def is_silent(self) -> bool:
        """Whether the system has been silent for longer than is expected of it."""
        return self.source is not None and self.source.is_stale(self.draft.booked.now)

    @property
    def moves(self) -> list[tuple[str, str]]:
        """The features whose credits can be moved elsewhere from here, each with the address."""
        apart = self.settings.layout in (Layout.ONE, Layout.EACH)
        if self.form is None or not apart:
            return []
        path = reverse("credits:allocation-move", kwargs={"slug": self.customer.slug})
        return [
            (setting.feature.name, with_state(path, f=setting.feature.key))
            for setting in self.settings.features
            if setting.credits and not setting.reserved and isinstance(setting.quantity, Decimal)
        ]

    @property
    def off(self) -> list[Feature]:
        """What can be switched on: it is off, and holds credits once it is on."""
        return [
            s.feature for s in self.settings.features if not s.is_on and s.is_open and not s.payg
        ]

    @cached_property
    def preview(self) -> Preview:
        """What would be, or what is while nothing was tried."""
        return self.tried or self.draft.unchanged()

    @property
    def sentence(self) -> str:
        """Where the group belongs and how it is priced."""
        model = self.settings.features[0].rate.get_model_display().lower()
        parts = [self.settings.group.solution.name, model]
        if len(self.settings.all) > 1:
            parts.insert(1, _("priced together"))
        return " · ".join(parts)

    @property
    def has_effect(self) -> bool:
        """Whether what is shown after is what would be: not while the form cannot be read."""
        return self.tried is not None or self.form is None or not self.form.is_bound

    @cached_property
    def lines(self) -> list[Line]:
        """The arithmetic of what the group would hold."""
        if not self.has_effect:
            return []
        return lines(self.settings, self.stated.quantities, self.preview.after.by_feature)

    @property
    def features(self) -> list[Feature]:
        return [setting.feature for setting in self.settings.all]

    @property
    def held(self) -> list[tuple[FeatureSetting, str]]:
        """Every feature's setting, with the rows of what it holds now."""
        now, side = self.draft.position, Side.ALLOCATED.value
        return [
            (one, explain_url(self.customer, now, side, feature=one.feature.key))
            for one in self.settings.all
        ]

    @property
    def total(self) -> int:
        """What the group would hold."""
        return sum(self.preview.after.by_feature.get(f.pk, 0) for f in self.features)

    @property
    def change(self) -> int:
        """By how much that is more than it holds now."""
        return sum(self.preview.change(feature.pk) for feature in self.features)

    @cached_property
    def saving(self) -> Saving | None:
        """What the whole bundle would cost, where only a part of it is on."""
        return saving(self.settings, self.stated.quantities, self.stated.on)

    @property
    def saving_text(self) -> str:
        """With AI Secure Access on, the bundle costs 85 per user instead of 110."""
        found = self.saving
        if found is None:
            return ""
        text = _(
            "With %(missing)s on, the bundle costs %(bundle)s per %(unit)s instead of %(apart)s"
        ) % {
            "missing": ", ".join(feature.name for feature in found.missing),
            "bundle": plain_units(found.bundle.credits, grouped=True),
            "unit": found.bundle.feature.unit,
            "apart": plain_units(found.apart, grouped=True),
        }
        together = _(": %(credits)s credits in all") % {"credits": credits_text(found.credits)}
        return f"{text}{together if found.credits else ''}."

    @property
    def is_off(self) -> bool:
        """Whether units are stated while nothing of the group is switched on."""
        units = self.stated.quantities.get(SHARED)
        return isinstance(units, Decimal) and units > 0 and not self.stated.on

    @property
    def covered_until(self) -> datetime | None:
        """When the last license ends, if credits are not short before."""
        if self.preview.first_short or not self.has_effect:
            return None
        return self.preview.after.covered_until

    @property
    def told(self) -> list[str]:
        """What a number alone does not tell of features on pay-as-you-go and of reservations."""
        found = [payg_text(s) for s in self.settings.features if s.payg]
        typed = self.stated.quantities if self.tried is not None else None
        return found + [
            reservation_text(s, quantity_of(s.feature.key, typed) if typed is not None else None)
            for s in self.settings.features
            if s.reserved is not None
        ]

    @property
    def reader_note(self) -> str:
        """Why there is nothing to change here, and who can."""
        if self.form is None and all(s.payg for s in self.settings.features):
            return _("There is nothing to allocate while it is on pay-as-you-go.")
        if self.source is not None and Right.ALLOCATE in self.rights:
            return _(
                "The units come from %(name)s, so they are not typed here. Ask support to enter "
                "them by hand. You can release them, and switch on what is off."
            ) % {"name": self.source.name}
        if not self.settings.is_open and Right.ALLOCATE in self.rights:
            return _("This takes no new allocations, and it holds no credits.")
        return _("You may look at this. Admins of %(customer)s allocate and release.") % {
            "customer": self.customer.name
        }

    @property
    def effect(self) -> list[EffectRow]:
        return effect_rows(self.preview, self.features, self.customer)

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
        """The button, with its amount."""
        short = self.judgment.shortfall if self.judgment else 0
        return act_label(self.change, is_stated=self.tried is not None, short=short)

    @property
    def problems(self) -> list[str]:
        """Every sentence that the form has to say, for the live preview."""
        errors = self.form.errors if self.form is not None else {}
        return [str(sentence) for found in errors.values() for sentence in found]

    @property
    def said(self) -> str:
        """The effect in a line, for the live region."""
        if self.problems:
            return self.problems[0]
        left = str(credits_text(self.preview.after.figure.balance))
        return _("%(act)s. Balance then: %(left)s.") % {"act": self.label, "left": left}
