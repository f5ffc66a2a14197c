"""What an upload would do, put together for its page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from django.utils.translation import gettext as _

from credits.domain.allocate_many import AllocateMany, GroupStatement
from credits.domain.groups import FeatureSetting, GroupSettings, Layout, read_group
from credits.domain.preview import Draft, Preview, open_draft
from credits.domain.pricing import SHARED, quantity_of, total
from credits.domain.sources import reporting
from credits.domain.usage_file import Line, Problem, in_order
from credits.domain.usage_lines import Reading, match_lines
from credits.exceptions import CreditsError, ShortBalance
from credits.forms.allocations import seen_seq
from credits.forms.units_upload import PlanForm, write_plan
from credits.models import Customer, Feature, Side
from credits.tables.effects import EffectRow, act_label, effect_rows
from credits.views.allocation_reading import TRIED, next_key
from credits.web.access import CustomerRequest
from credits.web.asking import confirmed_shortfall, form_key
from credits.web.links import explain_url

MOST_PROBLEMS = 100


@dataclass(frozen=True)
class UnitsRow:
    """One feature that an upload changes."""

    feature: Feature
    before: Decimal
    after: Decimal
    was_on: bool
    is_on: bool
    credits_before: int
    credits_after: int
    before_url: str
    """The rows of what it holds now."""

    @property
    def switched(self) -> str:
        """That it is switched on or off by it, where it is."""
        if self.was_on == self.is_on:
            return ""
        return _("on") if self.is_on else _("off")


@dataclass(frozen=True)
class UploadPage:
    """All that the page of an upload shows."""

    customer: Customer
    error: str = ""
    problems: Sequence[Problem] = ()
    unchanged: int = 0
    is_read: bool = False
    """Whether a file was read and says only what is in force already."""
    preview: Preview | None = None
    rows: Sequence[UnitsRow] = ()
    plan: str = ""
    key: str = ""
    seen: int = 0
    form: PlanForm = field(default_factory=PlanForm)
    refusal: ShortBalance | None = None
    confirmed: int | None = None

    @property
    def listed(self) -> Sequence[Problem]:
        """The problems that are shown."""
        return self.problems[:MOST_PROBLEMS]

    @property
    def more(self) -> int:
        """How many more there are."""
        return max(0, len(self.problems) - MOST_PROBLEMS)

    @cached_property
    def effect(self) -> list[EffectRow]:
        """The figures before and after."""
        return effect_rows(self.preview, (), self.customer) if self.preview else []

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
        change = sum(row.credits_after - row.credits_before for row in self.rows)
        short = self.judgment.shortfall if self.judgment else 0
        return act_label(change, is_stated=True, short=short)


def try_lines(request: CustomerRequest, lines: Sequence[Line]) -> UploadPage:
    """What the lines of a file would do, or every problem they have."""
    customer = request.customer
    draft = open_draft(customer)
    reading = match_lines(lines, draft.books, reporting(customer))
    if not reading.problems and reading.statements:
        find_refusals(reading, draft, customer)
    if reading.problems:
        return UploadPage(customer, problems=list(in_order(reading.problems)))
    if not reading.statements:
        return UploadPage(customer, unchanged=reading.unchanged, is_read=True)
    return previewed(request, draft, reading.statements, unchanged=reading.unchanged, is_new=True)


def find_refusals(reading: Reading, draft: Draft, customer: Customer) -> None:
    """Note what the books refuse, at the lines it is about."""
    command = AllocateMany(customer=customer, asked=TRIED, statements=reading.statements)
    for group, error in command.tried(draft.books)[1]:
        reading.put(group, error)


def try_plan(
    request: CustomerRequest,
    statements: Sequence[GroupStatement],
    error: CreditsError,
    *,
    is_new: bool,
) -> UploadPage:
    """A plan as it would be done now, with why it was not."""
    return previewed(request, open_draft(request.customer), statements, error, is_new=is_new)


def previewed(
    request: CustomerRequest,
    draft: Draft,
    statements: Sequence[GroupStatement],
    error: CreditsError | None = None,
    *,
    unchanged: int = 0,
    is_new: bool,
) -> UploadPage:
    """The page of statements that can be confirmed. `is_new`: seen as they are for the first time.

    A form that was sent keeps its key and the seq it was drawn from, unless its figures are newer.
    """
    customer, name = request.customer, PlanForm.name(request.customer)
    command = AllocateMany(customer=customer, asked=TRIED, statements=statements)
    before = {one.group: read_group(draft.books, one.group) for one in statements}
    try:
        preview = draft.preview(command)
    except CreditsError as refused:
        return UploadPage(customer, error=(error or refused).message)
    is_sent = "plan" in request.POST
    return UploadPage(
        customer,
        error=error.message if error and not isinstance(error, ShortBalance) else "",
        unchanged=unchanged,
        preview=preview,
        rows=[
            row for one in statements for row in rows_of(one, before[one.group], preview, customer)
        ],
        plan=write_plan(request.user, customer, statements),
        key=next_key(request, name, is_used=is_new) if is_sent else form_key(request, name),
        seen=draft.seq if is_new else seen_seq(request.POST),
        form=PlanForm(request.POST) if is_sent else PlanForm(),
        refusal=error if isinstance(error, ShortBalance) else None,
        confirmed=confirmed_shortfall(request),
    )


def rows_of(
    statement: GroupStatement, settings: GroupSettings, preview: Preview, customer: Customer
) -> Iterable[UnitsRow]:
    """The features of a group that a statement changes."""
    is_shared = settings.layout is Layout.SHARED
    held, holds = preview.before.by_feature, preview.after.by_feature
    for setting in settings.all:
        key, pk = setting.feature.key, setting.feature.pk
        stated = SHARED if is_shared else key
        after = total(quantity_of(stated, statement.quantities))
        is_on = setting.is_on
        if is_shared:
            on = statement.on or frozenset()
            is_on = on.issuperset(setting.rate.parts or [key])
        elif after:
            is_on = True
        row = UnitsRow(
            feature=setting.feature,
            before=units_before(setting, settings),
            after=after if is_on else Decimal(0),
            was_on=setting.is_on,
            is_on=is_on,
            credits_before=held.get(pk, 0),
            credits_after=holds.get(pk, 0),
            before_url=explain_url(customer, preview.before, Side.ALLOCATED.value, feature=key),
        )
        if setting.rate.parts and not (row.credits_before or row.credits_after):
            continue
        if (row.before, row.credits_before) != (row.after, row.credits_after) or row.switched:
            yield row


def units_before(setting: FeatureSetting, settings: GroupSettings) -> Decimal:
    """The units that count now; a bundle's are those of its parts while it holds credits."""
    if setting.rate.parts:
        part = settings.by_key.get(setting.rate.parts[0])
        return part.counted if part is not None and setting.credits else Decimal(0)
    return setting.counted
