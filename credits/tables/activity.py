"""The rows of the activity page, and the ledger rows of one operation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_tables2.data import TableData

from credits.domain.activity import Act, Asking, acts, matching
from credits.domain.activity_words import actor_text, source_text
from credits.domain.booking import quantities_of
from credits.domain.quantities import unit_name
from credits.models import Customer, Feature, LedgerEntry
from credits.templatetags.figures import signed
from credits.web.links import with_state
from credits.web.tables import (
    READ_AT_ONCE,
    BaseTable,
    CreditsColumn,
    InstantColumn,
    NameColumn,
)


class ChangeColumn(CreditsColumn):
    """A signed change of credits."""

    def render(self, value: int) -> str:
        return signed(value)


class LedgerRowsTable(BaseTable):
    """What an operation booked: one signed difference a row."""

    key = "operation"

    seq = tables.Column(verbose_name=gettext_lazy("Row"), attrs={"td": {"class": "muted"}})
    subject = NameColumn(verbose_name=gettext_lazy("License or feature"), accessor="pk")
    side = tables.Column(verbose_name=gettext_lazy("Side"), accessor="get_side_display")
    credits = ChangeColumn(verbose_name=gettext_lazy("Credits"))
    effective_at = InstantColumn(verbose_name=gettext_lazy("Counts from"))
    recorded_at = InstantColumn(verbose_name=gettext_lazy("Recorded"))

    class Meta:
        sequence = ("subject", "side", "credits", "effective_at", "recorded_at", "seq")
        empty_text = gettext_lazy("It changed no credits, so nothing was booked.")

    def render_subject(self, record: LedgerEntry) -> str:
        """The name of what the row is about."""
        if record.license is not None:
            return record.license.label
        return record.feature.name if record.feature is not None else _("unknown")


@dataclass(frozen=True)
class Stated:
    """A number of units that was stated."""

    name: str
    account: str
    units: Decimal
    feature: Feature

    @property
    def unit(self) -> str:
        return unit_name(self.feature, self.units)


@dataclass(frozen=True)
class ActRow:
    """One operation as the activity page lists it."""

    act: Act
    customer: Customer
    may_undo: bool

    @property
    def url(self) -> str:
        kwargs = {"slug": self.customer.slug, "operation": self.act.operation.public_id}
        return reverse("credits:activity-detail", kwargs=kwargs)

    @property
    def who(self) -> str:
        """The person who asked, whether as support, and for whom."""
        operation = self.act.operation
        name = actor_text(operation) or _("System")
        if operation.on_behalf_of is None:
            return name
        # As the customer's people call the member: an account is told to nobody before it has come.
        other = self.act.facts.person or operation.on_behalf_of.name
        return _("%(name)s, for %(other)s") % {"name": name, "other": other}

    @property
    def source(self) -> str:
        return source_text(self.act.operation.source)

    @property
    def undo_url(self) -> str:
        """Where it can be undone, or nothing."""
        if not (self.may_undo and self.act.can_be_undone):
            return ""
        path = reverse("credits:allocation-undo", kwargs={"slug": self.customer.slug})
        operation = str(self.act.operation.public_id)
        return with_state(path, **{"operation": operation, "from": "activity"})

    @property
    def stated(self) -> list[Stated]:
        """The units that were stated, by feature and account."""
        found = []
        for change in self.act.facts.reports:
            for key, quantity in quantities_of(change.report).items():
                feature = change.features.get(key) or next(iter(change.features.values()))
                name = feature.name if key in change.features else change.report.group.name
                accounts = quantity if isinstance(quantity, Mapping) else {"": quantity}
                found += [Stated(name, account, n, feature) for account, n in accounts.items()]
        return found

    @property
    def reversed_url(self) -> str:
        """The operation that this one undid, or that undid this one."""
        other = self.act.operation.reverses or self.act.undone_by
        if other is None:
            return ""
        kwargs = {"slug": self.customer.slug, "operation": other.public_id}
        return reverse("credits:activity-detail", kwargs=kwargs)


class AllActs(TableData):  # type: ignore[misc]
    """Every operation that is wanted, newest first, read piece by piece."""

    def __init__(self, customer: Customer, wanted: Asking) -> None:
        super().__init__(wanted)
        self.customer = customer

    def each(self) -> Iterator[ActRow]:
        """The operations as rows, a page of them in memory at a time."""
        wanted: Asking | None = replace(self.data, before=None, after=None)
        while wanted is not None:
            page = acts(self.customer, wanted, size=READ_AT_ONCE)
            yield from told_rows(page.acts, self.customer, may_undo=False)
            wanted = replace(wanted, before=page.older) if page.older else None


class ActTable(BaseTable):
    """A customer's operations as a file has them, and the bar above the page's own table."""

    key = "activity"
    is_adjustable = True
    is_paged = False
    counted_to = 1_000

    at = InstantColumn(verbose_name=gettext_lazy("When"), accessor="act__operation__recorded_at")
    what = tables.Column(verbose_name=gettext_lazy("What"), accessor="act__words")
    who = tables.Column(verbose_name=gettext_lazy("Who"))
    source = tables.Column(verbose_name=gettext_lazy("By way of"))
    valid = CreditsColumn(verbose_name=gettext_lazy("Valid"), accessor="act__valid__credits")
    allocated = CreditsColumn(
        verbose_name=gettext_lazy("Allocated"), accessor="act__allocated__credits"
    )
    reason = tables.Column(verbose_name=gettext_lazy("Reason"), accessor="act__reason")
    undone = tables.Column(
        verbose_name=gettext_lazy("Undone by"), accessor="act__undone_by__public_id"
    )
    operation = tables.Column(
        verbose_name=gettext_lazy("Operation"), accessor="act__operation__public_id"
    )

    def __init__(self, customer: Customer, wanted: Asking, **kwargs: Any) -> None:
        self.found = matching(customer, wanted)
        super().__init__(AllActs(customer, wanted), **kwargs)

    @property
    def choosable(self) -> list[Any]:
        """None: the page draws its own columns."""
        return []

    @cached_property
    def count(self) -> int:
        """The operations that are wanted; at most one more than are counted."""
        return self.found.order_by()[: self.counted_to + 1].count()


def told_rows(acts: Iterable[Act], customer: Customer, *, may_undo: bool) -> list[ActRow]:
    """The operations as the activity page lists them."""
    return [ActRow(act, customer, may_undo) for act in acts]
