"""What stands above a table: its files, and the reader's choice of columns, density and size."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from credits.templatetags.figures import grouped
from credits.web.table_choice import COMPACT, PAGE_SIZES, ROOMY

DENSITY_NAMES = {ROOMY: gettext_lazy("Roomy"), COMPACT: gettext_lazy("Compact")}
FORMATS = {"csv": "CSV", "xlsx": gettext_lazy("Excel")}


class TableBar:
    """The bar of one table (credits.web.tables.BaseTable) for the request it was configured by."""

    def __init__(self, table: Any) -> None:
        self.table = table
        self.request: HttpRequest = table.request
        self.key: str = table.key
        self.region: str = table.region
        self.is_adjustable: bool = table.is_adjustable

    @property
    def export_words(self) -> str:
        """What the button says: how many rows a file would have."""
        count, most = int(self.table.count), self.table.counted_to
        if most is not None and count > most:
            return _("Export more than %(count)s rows") % {"count": grouped(most)}
        words = ngettext("Export %(count)s row", "Export %(count)s rows", count)
        return words % {"count": grouped(count)}

    @cached_property
    def choosable(self) -> list[Any]:
        """The columns one may show or hide."""
        return list(self.table.choosable)

    @property
    def hidden(self) -> int:
        """How many columns are not shown."""
        return sum(not column.visible for column in self.choosable)

    @cached_property
    def files(self) -> list[tuple[str, str, str]]:
        """What one may take away: words, format and address."""
        if not self.table.may_export:
            return []
        shown = _("These columns") if self.hidden else _("The whole list")
        found = [(shown, str(name), self.address(key)) for key, name in FORMATS.items()]
        if self.hidden:
            found += [
                (_("All columns"), str(name), self.address(key, _columns="all"))
                for key, name in FORMATS.items()
            ]
        return found

    def address(self, kind: str, **more: str) -> str:
        """The page's own address, asking for a file."""
        return self._url(_export=kind, _table=self.key, **more)

    @property
    def here(self) -> str:
        """The page without its own choice of columns, density and size: the kept one counts."""
        return self._url()

    @property
    def densities(self) -> list[tuple[str, str, bool]]:
        """How close the rows may stand: value, words and whether it is so."""
        now = self.table.density or ROOMY
        return [(key, str(name), key == now) for key, name in DENSITY_NAMES.items()]

    @property
    def sizes(self) -> list[tuple[int, bool]]:
        """The sizes of a page one may choose, and which it is."""
        return [(size, size == self.table.per_page) for size in PAGE_SIZES]

    def _url(self, **more: str) -> str:
        query = self.request.GET.copy()
        dropped = {f"{self.table.prefix}{name}" for name in self.table.choice_names}
        if more:
            # A file has the columns that are shown, also where the address alone says so.
            dropped = {self.table.prefixed_page_field, self.table.prefixed_per_page_field}
        for name in [name for name in query if name in dropped or name.startswith("_")]:
            del query[name]
        for name, value in more.items():
            query[name] = value
        path: str = self.table.path
        return f"{path}?{query.urlencode(safe=':')}" if query else path
