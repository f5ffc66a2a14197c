"""What changing the units of several features would do, put together for its page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _

from credits.domain.activity import Act, acts_since
from credits.domain.allocate_many import AllocateMany
from credits.domain.groups import FeatureSetting, GroupSettings, Layout, read_group
from credits.domain.preview import Draft, Preview, open_draft
from credits.domain.quantities import plain_units
from credits.exceptions import CreditsError, KeyConflict, ShortBalance, StaleView
from credits.forms.allocations import seen_seq
from credits.forms.units_many import (
    DRAWN,
    TOGETHER,
    UNITS,
    Number,
    UnitsManyForm,
    changed_by,
    drawn_numbers,
)
from credits.models import Customer, Feature, Side, Solution
from credits.tables.effects import EffectRow, act_label, effect_rows
from credits.tables.holdings import rate_text
from credits.views.allocation_reading import TRIED, next_key
from credits.web.access import CustomerRequest
from credits.web.asking import confirmed_shortfall, form_key
from credits.web.links import explain_at

MOST = 60
"""Features that one page changes; a file takes any number."""


@dataclass(frozen=True)
class Row:
    """One number of the page, with what it is about."""

    field: forms.BoundField
    setting: FeatureSetting
    name: str
    solution: str
    rate: str
    held: int
    explain_url: str
    """The rows of what is held: of a group priced together, those of all its features."""


@dataclass(frozen=True)
class ChangePage:
    """All that the page shows."""

    customer: Customer
    form: UnitsManyForm
    rows: Sequence[Row] = ()
    features: Sequence[Feature] = ()
    preview: Preview | None = None
    refusal: ShortBalance | None = None
    confirmed: int | None = None
    stale: Sequence[Act] = ()
    key: str = ""
    seen: int = 0

    @cached_property
    def effect(self) -> list[EffectRow]:
        """The features that change, and the sums, before and after."""
        if self.preview is None:
            return []
        changed = [f for f in self.features if self.preview.change(f.pk)]
        return effect_rows(self.preview, changed, self.customer)

    @property
    def judgment(self) -> ShortBalance | None:
        """What must be confirmed, or why it is refused."""
        return self.refusal or (self.preview.judgment if self.preview else None)

    @property
    def is_confirmed(self) -> bool:
        """Whether just this shortfall has been confirmed."""
        return self.judgment is not None and self.confirmed == self.judgment.shortfall

    @property
    def label(self) -> str:
        """The button, with its amount."""
        if self.preview is None:
            return _("Show effect")
        change = self.preview.after.figure.allocated - self.preview.before.figure.allocated
        short = self.judgment.shortfall if self.judgment else 0
        return act_label(change, is_stated=True, short=short)

    @property
    def problems(self) -> list[str]:
        """Every sentence that the form has to say, for the live preview."""
        labels = {row.field.name: row.name for row in self.rows}
        return [
            f"{labels[name]}: {sentence}" if name in labels else str(sentence)
            for name, found in self.form.errors.items()
            for sentence in found
        ]


def form_name(customer: Customer) -> str:
    """What the page's key is for."""
    return f"change/{customer.public_id}"


def numbers_of(settings: GroupSettings) -> Iterator[tuple[Number, FeatureSetting]]:
    """The numbers that state a group, each with the feature that it is about."""
    if settings.layout is Layout.SHARED:
        first = settings.features[0]
        on = frozenset(setting.feature.key for setting in settings.features if setting.is_on)
        name, label = TOGETHER + settings.group.key, settings.group.name
        was = plain_units(first.units)
        yield Number(name, settings.group.key, was, on, label, first.is_measured), first
        return
    for setting in settings.features:
        units = setting.units if setting.payg else setting.counted
        yield (
            Number(
                name=UNITS + setting.feature.key,
                group=settings.group.key,
                was=plain_units(units),
                label=setting.feature.name,
                measured=setting.is_measured,
            ),
            setting,
        )


def draw_page(
    request: CustomerRequest, groups: Sequence[GroupSettings], draft: Draft
) -> ChangePage:
    """The page as it opens: filled with what is in force."""
    numbers = [number for settings in groups for number, _setting in numbers_of(settings)]
    form = UnitsManyForm(numbers)
    return ChangePage(
        customer=request.customer,
        form=form,
        rows=rows_of(form, groups, draft),
        key=form_key(request, form_name(request.customer)),
        seen=draft.seq,
    )


def redraw_page(request: CustomerRequest, error: CreditsError | None = None) -> ChangePage:
    """The page with all that was typed, what it would do, and what is wrong with it.

    A number that nobody touched follows what is in force by now. Raises InvalidCommand for a
    form that does not say what it was drawn with, UnknownObject for groups that are none.
    """
    customer, draft = request.customer, open_draft(request.customer)
    before = drawn_numbers(request.POST.get(DRAWN, ""))[: 2 * MOST]
    groups = [read_group(draft.books, key) for key in dict.fromkeys(one.group for one in before)]
    numbers = [number for settings in groups for number, _setting in numbers_of(settings)]
    form = UnitsManyForm(numbers, typed_data(request.POST, before, numbers))
    preview, error = try_change(form, draft, error)
    if error is not None and not isinstance(error, ShortBalance) and not form.errors:
        form.put(error)
    is_new = isinstance(error, StaleView | KeyConflict)
    features = [setting.feature for settings in groups for setting in settings.all]
    seen = seen_seq(request.POST)
    is_stale = isinstance(error, StaleView)
    return ChangePage(
        customer=customer,
        form=form,
        rows=rows_of(form, groups, draft),
        features=features,
        preview=preview,
        refusal=error if isinstance(error, ShortBalance) else None,
        confirmed=confirmed_shortfall(request),
        stale=acts_since(customer, [f.pk for f in features], seen) if is_stale else (),
        key=next_key(request, form_name(customer), is_used=is_new),
        seen=draft.seq if is_new else seen,
    )


def try_change(
    form: UnitsManyForm, draft: Draft, error: CreditsError | None
) -> tuple[Preview | None, CreditsError | None]:
    """What the form states would do; what stands against a group is said at its fields."""
    if not form.is_valid() or not form.statements:
        return None, error
    command = AllocateMany(customer=draft.books.customer, asked=TRIED, statements=form.statements)
    found = command.tried(draft.books)[1]
    for group, refused in found:
        form.put(refused, group)
    return (None if found else draft.preview(command)), error


def typed_data(data: QueryDict, before: Sequence[Number], now: Sequence[Number]) -> QueryDict:
    """What was sent, with what nobody touched as it is now, or all changed by a percentage."""
    typed = data.copy()
    was = {number.name: number.was for number in before}
    for number in now:
        sent = data.get(number.name, "").strip()
        if number.name not in was or sent == was[number.name]:
            typed[number.name] = number.was
    percent = UnitsManyForm((), data).fields["percent"]
    if data.get("act") == "percent":
        try:
            by = percent.clean(data.get("percent", ""))
        except forms.ValidationError:
            return typed
        if by is not None:
            typed["percent"] = ""
            for number in now:
                measured = number.measured
                typed[number.name] = plain_units(changed_by(number.was, by, measured=measured))
    return typed


def rows_of(form: UnitsManyForm, groups: Sequence[GroupSettings], draft: Draft) -> list[Row]:
    """The numbers as the table shows them."""
    solutions, found = Solution.objects.in_bulk(), []
    now = draft.booked.now
    for settings in groups:
        solution = solutions[settings.group.solution_id].name
        for number, setting in numbers_of(settings):
            is_shared = settings.layout is Layout.SHARED
            held = settings.held if is_shared else setting.credits
            name = settings.group.name if is_shared else setting.feature.name
            rate = "" if is_shared else rate_text(setting.rate)
            subject = (
                {"group": settings.group.key} if is_shared else {"feature": setting.feature.key}
            )
            url = explain_at(draft.books.customer, now, now, Side.ALLOCATED.value, **subject)
            found.append(Row(form[number.name], setting, name, solution, rate, held, url))
    return found
