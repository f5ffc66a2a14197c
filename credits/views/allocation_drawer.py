"""The drawer of one allocation group: what it shows for what was typed, tried on open books."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from credits.domain.activity import Act, acts_since
from credits.domain.allocations import Allocate, Release
from credits.domain.arithmetic import Line, lines
from credits.domain.commands import Asked
from credits.domain.groups import GroupSettings, Saving, read_group, saving
from credits.domain.people import Right
from credits.domain.preview import Draft, Preview, open_draft
from credits.domain.pricing import SHARED, Quantities
from credits.domain.quantities import plain_units
from credits.exceptions import (
    CreditsError,
    InvalidCommand,
    KeyConflict,
    ShortBalance,
    StaleView,
    UnknownObject,
)
from credits.forms.allocations import AllocationForm, UnreadableForm, seen_seq
from credits.forms.drawn import drawn
from credits.models import Customer, Feature
from credits.tables.effects import EffectRow, act_label, effect_rows
from credits.templatetags.figures import credits_text
from credits.web.access import CustomerRequest
from credits.web.asking import asked, confirmed_shortfall, form_key, mint_key
from credits.web.links import LIST_STATE, with_state

TRIED = Asked(source="portal", key="preview")
"""Who tries an act: nobody yet, and nothing is kept."""


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
    def reader_note(self) -> str:
        """Why there is nothing to change here, and who can."""
        if not self.settings.is_open and Right.ALLOCATE in self.rights:
            return _("This takes no new allocations, and it holds no credits.")
        return _("You may look at this. Admins of %(customer)s allocate and release.") % {
            "customer": self.customer.name
        }

    @property
    def effect(self) -> list[EffectRow]:
        return effect_rows(self.preview, self.features)

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


def form_name(customer: Customer, group: str) -> str:
    """What a drawer's key is for."""
    return f"allocate/{customer.public_id}/{group}"


def list_url(request: CustomerRequest) -> str:
    """The allocate page as it was when the drawer opened."""
    path = reverse("credits:allocation-list", kwargs={"slug": request.customer.slug})
    return with_state(path, **listed_state(request))


def listed_state(request: CustomerRequest) -> dict[str, str]:
    """The filter of the allocate page, carried along in the address."""
    return {name: request.GET.get(name, "") for name in LIST_STATE}


def open_group(customer: Customer, group: str) -> tuple[Draft, GroupSettings]:
    """A customer's books and a group in them. An unknown group is not found."""
    draft = open_draft(customer)
    try:
        return draft, read_group(draft.books, group)
    except UnknownObject as unknown:
        raise Http404(unknown.message) from None


def open_drawer(request: CustomerRequest, group: str) -> Drawer:
    """The drawer as it opens: filled with what is in force."""
    draft, settings = open_group(request.customer, group)
    feature = request.GET.get("feature", "")
    may_change = Right.ALLOCATE in request.rights and (settings.is_open or settings.held > 0)
    on = {s.feature.key for s in settings.features if s.is_on or s.feature.key == feature}
    return Drawer(
        customer=request.customer,
        rights=request.rights,
        draft=draft,
        settings=settings,
        close_url=list_url(request),
        form=drawn(settings, feature=feature) if may_change else None,
        key=form_key(request, form_name(request.customer, group)),
        seen=draft.seq,
        stated=Stated({s.feature.key: s.quantity for s in settings.features}, frozenset(on)),
    )


def redraw(
    request: CustomerRequest,
    group: str,
    error: CreditsError | None = None,
    *,
    release: bool = False,
    more: bool = False,
) -> Drawer:
    """The drawer with all that was typed, what it would do, and what is wrong with it.

    A stale form gets the new seq, since its newer figures are shown beside what was typed.
    """
    draft, settings = open_group(request.customer, group)
    form = drawn(settings, request.POST, more=more)
    stated = Stated(form.quantities, form.on or frozenset()) if form.is_valid() else Stated()
    tried = None
    if form.is_valid() or release:
        try:
            tried = draft.preview(tried_command(request.customer, settings, form, release=release))
        except CreditsError as refused:
            error = error or refused
    if error is not None and not is_said(error, form):
        form.put(error)
    is_used = isinstance(error, KeyConflict)
    is_stale = isinstance(error, StaleView)
    seen = seen_seq(request.POST)
    features = [setting.feature.pk for setting in settings.all]
    return Drawer(
        customer=request.customer,
        rights=request.rights,
        draft=draft,
        settings=settings,
        close_url=list_url(request),
        form=form,
        key=next_key(request, form_name(request.customer, group), is_used=is_used),
        seen=draft.seq if is_stale or is_used else seen,
        stated=stated if not release else Stated(),
        tried=tried,
        refusal=error if isinstance(error, ShortBalance) else None,
        confirmed=confirmed_shortfall(request),
        stale=acts_since(request.customer, features, seen) if is_stale else (),
    )


def is_said(error: CreditsError, form: AllocationForm) -> bool:
    """Whether a refusal is said already: at a field, or where the shortfall is."""
    at_a_field = isinstance(error, UnreadableForm) and not form.is_valid()
    return at_a_field or isinstance(error, ShortBalance)


def next_key(request: CustomerRequest, form: str, *, is_used: bool) -> str:
    """The key to go on with: the same for the same act, a new one where it can't be used."""
    try:
        asked(request, form)
    except InvalidCommand:
        return mint_key(request, form)
    return mint_key(request, form) if is_used else form_key(request, form)


def tried_command(
    customer: Customer, settings: GroupSettings, form: AllocationForm, *, release: bool = False
) -> Allocate | Release:
    """What the form asks for, to be tried on open books."""
    if release:
        return Release(
            customer=customer,
            asked=TRIED,
            group=settings.group.key,
            features=settings.releasable,
        )
    return Allocate(
        customer=customer,
        asked=TRIED,
        group=settings.group.key,
        quantities=form.quantities,
        on=form.on,
    )
