"""A customer's notices as rows: on the page, and as a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django_tables2.data import TableData

from billing.domain.notices.inbox import GROUP_OF, Asking, Reader, matching, notices
from billing.domain.notices.words import Told, told
from billing.forms.notices import GROUP_NAMES
from billing.models import Notice
from credits.models import Customer
from credits.web.tables import READ_AT_ONCE, BaseTable, InstantColumn

LONG = 180
"""A text of more signs is folded up, so that a screen holds more than a notice or two."""

CHIPS = {"bad": "short", "warn": "warn"}
"""How a tone is drawn: red for what is short or over, amber for what will be on a date."""


@dataclass(frozen=True)
class NoticeRow:
    """One notice as the page lists it."""

    notice: Notice
    told: Told
    is_unread: bool
    may_ask: bool = False
    """Whether the reader may ask for credits: other readers are not led to that form."""

    @property
    def url(self) -> str:
        """Where more is to be seen, if the reader may see it."""
        slug = {"slug": self.notice.customer.slug}
        asks = self.told.url.startswith(reverse("billing:request-new", kwargs=slug))
        return "" if asks and not self.may_ask else self.told.url

    @property
    def group(self) -> str:
        """What it is about, in a word."""
        return str(GROUP_NAMES[GROUP_OF[self.notice.kind]])

    @property
    def chip(self) -> str:
        """The color of that word."""
        return CHIPS.get(self.told.tone, "")

    @property
    def text(self) -> str:
        """All that it says below its title, as a file has it."""
        return " ".join(self.told.sentences)

    @property
    def is_long(self) -> bool:
        """Whether the page folds its text up; the title says the thing itself."""
        return len(self.text) > LONG


class AllNotices(TableData):  # type: ignore[misc]
    """Every notice that is wanted, newest first, read piece by piece."""

    def __init__(self, customer: Customer, wanted: Asking, reader: Reader | None) -> None:
        super().__init__(wanted)
        self.customer = customer
        self.reader = reader

    def each(self) -> Iterator[NoticeRow]:
        """The notices as rows, a page of them in memory at a time."""
        wanted: Asking | None = replace(self.data, before=None, after=None)
        while wanted is not None:
            page = notices(self.customer, wanted, self.reader, size=READ_AT_ONCE)
            yield from told_rows(page.notices, self.reader)
            wanted = replace(wanted, before=page.older) if page.older else None


class NoticeTable(BaseTable):
    """A customer's notices as a file has them, and the bar above the page's own table."""

    key = "notifications"
    is_adjustable = True
    is_paged = False
    counted_to = 1_000

    at = InstantColumn(verbose_name=gettext_lazy("When"), accessor="notice__at")
    about = tables.Column(verbose_name=gettext_lazy("About"), accessor="group")
    what = tables.Column(verbose_name=gettext_lazy("What"), accessor="told__title")
    text = tables.Column(verbose_name=gettext_lazy("Said"), accessor="text")

    def __init__(
        self, customer: Customer, wanted: Asking, reader: Reader | None, **kwargs: Any
    ) -> None:
        self.found = matching(customer, wanted, reader)
        super().__init__(AllNotices(customer, wanted, reader), **kwargs)

    @property
    def choosable(self) -> list[Any]:
        """None: the page draws its own columns."""
        return []

    @cached_property
    def count(self) -> int:
        """The notices that are wanted; at most one more than are counted."""
        return self.found.order_by()[: self.counted_to + 1].count()


def told_rows(
    found: Iterable[Notice], reader: Reader | None, *, may_ask: bool = False
) -> list[NoticeRow]:
    """Notices in words, each with whether it is unread; nothing is for who is no member."""
    return [
        NoticeRow(notice, told(notice), reader is not None and not reader.has_read(notice), may_ask)
        for notice in found
    ]
