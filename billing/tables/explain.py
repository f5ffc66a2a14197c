"""The rows of an explanation as a file has them: every one, older ones included."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _
from django_tables2.data import TableData

from billing.domain.explanation import BALANCE, Explanation, Row
from credits.models import Side
from credits.web.tables import BaseTable, CreditsColumn, InstantColumn, NameColumn


class AllRows(TableData):  # type: ignore[misc]
    """Every row of an explanation, oldest first, read piece by piece."""

    def __init__(self, explanation: Explanation) -> None:
        super().__init__(explanation)

    def each(self) -> Iterator[Row]:
        return self.data.all_rows()  # type: ignore[no-any-return]


class RowTable(BaseTable):
    """Ledger rows with their causes. It is never drawn: the page shows its rows in groups."""

    key = "rows"
    is_paged = False

    row = tables.Column(verbose_name=_("Row"), accessor="entry__seq")
    side = tables.Column(verbose_name=_("Side"), accessor="entry__side")
    name = NameColumn(verbose_name=_("License or feature"), accessor="entry__pk")
    credits = CreditsColumn(verbose_name=_("Credits"), accessor="entry__credits")
    adds = CreditsColumn(verbose_name=_("Adds to the figure"), accessor="entry__credits")
    effective_at = InstantColumn(verbose_name=_("Counts from"), accessor="entry__effective_at")
    recorded_at = InstantColumn(verbose_name=_("Recorded"), accessor="entry__recorded_at")
    act = tables.Column(verbose_name=_("Act"), accessor="cause__act")
    who = tables.Column(verbose_name=_("By"), accessor="cause__who")
    fact = tables.Column(verbose_name=_("Fact"), accessor="cause__fact")
    order = tables.Column(verbose_name=_("Order number"), accessor="cause__order")
    reason = tables.Column(verbose_name=_("Reason"), accessor="cause__reason")
    operation = tables.Column(verbose_name=_("Operation"), accessor="entry__operation__public_id")

    def __init__(self, explanation: Explanation, **kwargs: Any) -> None:
        self.counts_down = explanation.question.side == BALANCE
        super().__init__(AllRows(explanation), **kwargs)

    def value_name(self, record: Row) -> str:
        """The license's number or the feature's name."""
        entry = record.entry
        if entry.license is not None:
            return entry.license.label
        return entry.feature.name if entry.feature is not None else ""

    def value_adds(self, record: Row) -> int:
        """Of a balance, allocated credits are taken away."""
        entry = record.entry
        takes = self.counts_down and entry.side == Side.ALLOCATED
        return -entry.credits if takes else entry.credits
