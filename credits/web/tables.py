"""Tables as they are worked in all day: sorted and paged by the URL, two-line cards on a phone."""

from collections.abc import Callable, Mapping
from typing import Any

import django_tables2 as tables
from django.core.paginator import EmptyPage
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django_tables2.data import TableData, TableQuerysetData

from credits.templatetags.figures import credits_text, day, instant

PAGE_SIZE = 50
PAGE_SIZES = (25, 50, 100, 200)


class StableRows(TableQuerysetData):  # type: ignore[misc]
    """Rows of a queryset with the key as last sort key, so that pages never skip a row."""

    data: Any

    def order_by(self, aliases: Any) -> None:
        super().order_by(aliases)
        order = self.data.query.order_by
        if order and "pk" not in order and "-pk" not in order:
            self.data = self.data.order_by(*order, "pk")


class BaseTable(tables.Table):  # type: ignore[misc]
    """Every table of the portal. Columns are not sortable unless they say `orderable=True`.

    `totals` are the sums over all filtered rows by column name; they make the footer. `region` is
    the id of the element that holds the table, which is also the name of the page's partial.
    """

    page_size = PAGE_SIZE

    def __init__(
        self,
        data: Any,
        *,
        totals: Mapping[str, int] | None = None,
        region: str = "table",
        caption: str = "",
        **kwargs: Any,
    ) -> None:
        if not isinstance(data, TableData) and TableQuerysetData.validate(data):
            data = StableRows(data)
        self.totals = dict(totals or {})
        self.region = region
        self.caption = caption
        # Django-tables2 does not hand a Meta down to subclasses.
        kwargs.setdefault("template_name", "tables/table.html")
        kwargs.setdefault("attrs", {"class": "cards"} | dict(self._meta.attrs))
        kwargs.setdefault("orderable", False)
        kwargs.setdefault("empty_text", self._meta.empty_text or _("There is nothing here."))
        super().__init__(data, **kwargs)

    def configure(self, request: HttpRequest) -> "BaseTable":
        """Sort and page as the URL says; what it can't mean is ignored."""
        self.configure_order(request)
        size = _number(request.GET.get(self.prefixed_per_page_field, ""), self.page_size)
        size = size if size in PAGE_SIZES else self.page_size
        try:
            number = _number(request.GET.get(self.prefixed_page_field, ""), 1)
            self.paginate(page=max(1, number), per_page=size)
        except EmptyPage:
            self.page = self.paginator.page(self.paginator.num_pages)
        return self

    def configure_order(self, request: HttpRequest) -> "BaseTable":
        """Sort as the URL says, for a table that shows all its rows."""
        self.request = request
        wanted = request.GET.get(self.prefixed_order_by_field, "")
        if wanted.removeprefix("-") in self.sortable:
            self.order_by = wanted
        return self

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
        return "" if total is None else credits_text(total)


class FigureLinkColumn(CreditsColumn):
    """Credits that lead to the rows they are the sum of.

    `url` makes the address from a record (None: no link), `explain` the accessible name.
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


class InstantColumn(tables.Column):  # type: ignore[misc]
    """An instant, in UTC, with the reader's zone in its title."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("attrs", cell("nb muted", header="nb"))
        kwargs.setdefault("initial_sort_descending", True)
        super().__init__(*args, **kwargs)

    def render(self, value: Any) -> str:
        return instant(value)

    def value(self, **kwargs: Any) -> Any:
        at = kwargs["value"]
        return at.isoformat() if at else ""


class DayColumn(InstantColumn):
    """A date, or the UTC day of an instant."""

    def render(self, value: Any) -> str:
        return day(value)


def _number(text: str, default: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default
