"""Tables as they are worked in all day: sorted and paged by the URL, two-line cards on a phone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import Any

import django_tables2 as tables
from django.core.paginator import EmptyPage
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django_tables2.data import TableData, TableQuerysetData

from credits import clock
from credits.domain.people import Right
from credits.templatetags.figures import NOTHING, credits_text, day, instant
from credits.web.table_bar import TableBar
from credits.web.table_choice import COLUMNS, COMPACT, DENSITY, asked, kept

PAGE_SIZE = 50
READ_AT_ONCE = 500
"""So many rows of an export are in memory at a time."""
FILES = ("csv", "xlsx")
EXPORT, WHICH = "_export", "_table"
"""The names by which an address asks for a table as a file, and for which one."""


class StableRows(TableQuerysetData):  # type: ignore[misc]
    """Rows of a queryset with the key as last sort key, so that pages never skip a row.

    Of any page but the first, the keys are found first and only its rows are read: all that belongs
    to a row would else be looked up for every row that the page skips.
    """

    data: Any

    def __getitem__(self, key: int | slice) -> Any:
        if not isinstance(key, slice) or not key.start or key.stop is None:
            return super().__getitem__(key)
        keys = list(self.data.values_list("pk", flat=True)[key])
        rows = {row.pk: row for row in self.data.filter(pk__in=keys).order_by()}
        return [rows[pk] for pk in keys if pk in rows]

    def order_by(self, aliases: Any) -> None:
        super().order_by(aliases)
        order = self.data.query.order_by
        if order and "pk" not in order and "-pk" not in order:
            self.data = self.data.order_by(*order, "pk")

    def each(self) -> Iterator[Any]:
        """All rows, read piece by piece."""
        return iter(self.data.iterator(chunk_size=READ_AT_ONCE))


class BaseTable(tables.Table):  # type: ignore[misc]
    """Every table of the portal. Columns are not sortable unless they say `orderable=True`.

    `totals` are the sums over all filtered rows by column name; they make the footer, and
    `total_urls` lead to the rows behind them where there is such an address. `region` is the id of
    the element that holds the table, which is also the name of the page's partial.
    A table with a `key` is offered as a file by the view that shows it (credits/web/exports.py);
    `about` says in the file what the figures are, as pairs of words and value.
    """

    key = ""
    """Names the table in file names, addresses and in the cookie that keeps a reader's choice."""
    page_size = PAGE_SIZE
    default_columns: Sequence[str] = ()
    """The columns that are shown unless a reader chose others; empty: all."""
    is_adjustable = False
    """Whether a reader may choose columns, density and page size."""
    file_columns: Mapping[str, Sequence[str]] = {}
    """Columns that are in a file by others, which hold one value each, hidden or not."""
    counted_to: int | None = None
    """The most rows that `count` counts; None: all."""
    is_paged = True
    """Whether it is cut into pages here; else the view may do so by `per_page`."""
    draws_bar = True
    """Whether the bar stands right above the table; else the page places it."""

    def __init__(
        self,
        data: Any,
        *,
        totals: Mapping[str, int] | None = None,
        total_urls: Mapping[str, str] | None = None,
        region: str = "table",
        caption: str | Promise = "",
        home: str = "",
        about: Sequence[tuple[str, Any]] = (),
        **kwargs: Any,
    ) -> None:
        if not isinstance(data, TableData) and TableQuerysetData.validate(data):
            data = StableRows(data)
        self.totals = dict(totals or {})
        self.total_urls = dict(total_urls or {})
        self.region = region
        self.caption = caption
        self.home = home
        self.about = about
        self.may_export = False
        self.per_page = self.page_size
        self.density = ""
        self.is_chosen = False
        # Django-tables2 does not hand a Meta down to subclasses.
        kwargs.setdefault("template_name", "tables/table.html")
        kwargs.setdefault("attrs", {"class": "cards"} | dict(self._meta.attrs))
        kwargs.setdefault("orderable", False)
        kwargs.setdefault("empty_text", self._meta.empty_text or _("There is nothing here."))
        super().__init__(data, **kwargs)
        self.show_columns(())

    def configure(self, request: HttpRequest) -> "BaseTable":
        """Sort, page and show columns as the address and the reader's cookie say.

        What they can't mean is ignored. For a file nothing is paged, so nothing is counted.
        """
        self.configure_order(request)
        choice = asked(request.GET, self.prefix).over(kept(request, self.key))
        self.show_columns(choice.columns)
        if choice.columns and self.choosable:
            self.is_chosen = True
            self.attrs["class"] += " chosen"
        self.density = choice.density
        if self.density == COMPACT:
            self.attrs["class"] += " compact"
        self.per_page = choice.page_size or self.page_size
        if self.is_asked_for(request) or not self.is_paged:
            return self
        try:
            number = _number(request.GET.get(self.prefixed_page_field, ""), 1)
            self.paginate(page=max(1, number), per_page=self.per_page)
        except EmptyPage:
            self.page = self.paginator.page(self.paginator.num_pages)
        return self

    def configure_order(self, request: HttpRequest) -> "BaseTable":
        """Sort as the URL says, for a table that shows all its rows."""
        self.request = request
        self.may_export = bool(self.key) and may_export(request)
        wanted = request.GET.get(self.prefixed_order_by_field, "")
        if wanted.removeprefix("-") in self.sortable:
            self.order_by = wanted
        return self

    def is_asked_for(self, request: HttpRequest) -> bool:
        """Whether the address asks for this table as a file; without a name, for any."""
        wanted = request.GET.get(WHICH, "")
        return request.GET.get(EXPORT) in FILES and bool(self.key) and wanted in ("", self.key)

    # The columns that are shown.

    @property
    def choosable(self) -> list[Any]:
        """The columns one may show or hide: all but the first, and those without a heading."""
        return [column for column in list(self.columns.iterall())[1:] if str(column.header)]

    def show_columns(self, names: Sequence[str]) -> None:
        """Show these columns, or if none of them is known the default ones."""
        choosable = {column.name for column in self.choosable}
        wanted = choosable & set(names) or choosable & set(self.default_columns) or choosable
        for name in choosable:
            if name in wanted:
                self.columns.show(name)
            else:
                self.columns.hide(name)

    @property
    def is_wide(self) -> bool:
        """Whether a reader chose more columns than there is room for as a rule."""
        shown = sum(column.visible for column in self.choosable)
        return self.is_chosen and shown > len(self.default_columns or self.choosable)

    @property
    def count(self) -> int:
        """The number of filtered rows."""
        return self.paginator.count if hasattr(self, "paginator") else len(self.rows)

    @property
    def path(self) -> str:
        """The address of the page that the table is on."""
        return self.home or str(self.request.path)

    @property
    def choice_names(self) -> tuple[str, ...]:
        """What the address says of the choice, and the page number that hangs on it."""
        return (COLUMNS, DENSITY, self.per_page_field, self.page_field)

    @cached_property
    def bar(self) -> TableBar | None:
        """What stands above the table; None where there is nothing to do with it."""
        bar = TableBar(self) if self.key and hasattr(self, "request") else None
        return bar if bar and (bar.is_adjustable or bar.files) else None

    @property
    def sortable(self) -> list[str]:
        """The public names one may sort by."""
        return [column.name for column in self.columns if column.orderable]

    @property
    def sorted_by(self) -> str:
        """What the live region says after a sort."""
        for column in self.columns:
            if column.is_ordered:
                falls = column.order_by_alias.is_descending
                said = _("Sorted by %(name)s, falling.") if falls else _("Sorted by %(name)s.")
                return said % {"name": str(column.header).lower()}
        return ""

    def has_footer(self) -> bool:
        return bool(self.totals)


def cell(css: str, *, header: str = "", **extra: Any) -> dict[str, Any]:
    """Column attributes: a class for its cells and footer, another for its heading."""
    return {"td": {"class": css}, "tf": {"class": css}, "th": {"class": header or css}} | extra


class NameColumn(tables.Column):  # type: ignore[misc]
    """What the row is about: the first line of its card."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("attrs", cell("name"))
        super().__init__(*args, **kwargs)


class CreditsColumn(tables.Column):  # type: ignore[misc]
    """Whole credits, right-aligned; the figure beside the name on a card; summed in the footer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("attrs", cell("n amount", header="n"))
        kwargs.setdefault("initial_sort_descending", True)
        super().__init__(*args, **kwargs)

    def render(self, value: int) -> str:
        return credits_text(value)

    def value(self, **kwargs: Any) -> Any:
        """Exports carry the bare number."""
        return kwargs["value"]

    def render_footer(self, bound_column: Any, table: Any) -> str:
        total = table.totals.get(bound_column.name)
        if total is None:
            return ""
        url = table.total_urls.get(bound_column.name)
        return figure_link(total, url) if url else credits_text(total)


def figure_link(total: int, url: str) -> str:
    """A sum that leads to the rows it is the sum of."""
    return format_html('<a class="fig" data-drawer href="{}">{}</a>', url, credits_text(total))


class FigureLinkColumn(CreditsColumn):
    """Credits that lead to the rows they are the sum of.

    `url` makes the address from a record (None: no link), `explain` the accessible name. What
    holds nothing and leads nowhere is no figure: a dash stands there.
    """

    def __init__(
        self,
        *args: Any,
        url: Callable[[Any], str | None],
        explain: Callable[[Any], str] | None = None,
        **kwargs: Any,
    ) -> None:
        link: dict[str, Any] = {"class": "fig"}
        if explain:
            link["aria-label"] = lambda record: explain(record)
        attrs = cell("n amount", header="n", a=link)
        super().__init__(*args, linkify=lambda record: url(record), attrs=attrs, **kwargs)
        self._url = url

    def render(self, value: int, record: Any = None) -> str:
        return credits_text(value) if value or self._url(record) else NOTHING


class InstantColumn(tables.Column):  # type: ignore[misc]
    """An instant, in UTC, with the reader's zone in its title."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("attrs", cell("nb muted", header="nb"))
        kwargs.setdefault("initial_sort_descending", True)
        super().__init__(*args, **kwargs)

    def render(self, value: Any) -> str:
        return instant(value)

    def value(self, **kwargs: Any) -> Any:
        """Exports carry the instant itself."""
        return kwargs["value"]


class DayColumn(InstantColumn):
    """A date, or the UTC day of an instant."""

    def render(self, value: Any) -> str:
        return day(value)

    def value(self, **kwargs: Any) -> Any:
        """Exports carry the date."""
        return day_of(kwargs["value"])


def day_of(value: date) -> date:
    """A date as it is, or the UTC day of an instant."""
    return clock.day_of(value) if isinstance(value, datetime) else value


def may_export(request: HttpRequest) -> bool:
    """Whether a person may take files away: inside a customer by right, at a desk always."""
    rights = getattr(request, "rights", None)
    return rights is None or Right.EXPORT in rights


def _number(text: str, default: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default
