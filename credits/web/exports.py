"""Any table as a file, from the address of the page that shows it.

`?_export=csv` or `?_export=xlsx`; `_columns=all` for all columns instead of the visible ones;
`_table=<key>` where a page has several tables. The rest of the address is the page's own, so that
the file holds the whole filtered and sorted list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import django_tables2 as tables
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django_tables2.rows import BoundRow

from credits import clock
from credits.domain.people import Right
from credits.web.cells import Value, plain, without_markup
from credits.web.spreadsheets import Sheet, csv_file, xlsx_file
from credits.web.tables import EXPORT, BaseTable, may_export

FORMATS: Mapping[str, Callable[[Sheet, str], HttpResponseBase]] = {
    "csv": csv_file,
    "xlsx": xlsx_file,
}
COLUMNS, ALL = "_columns", "all"


def export(request: HttpRequest, *found: BaseTable) -> HttpResponseBase | None:
    """The table that the address asks for as a file; None where it asks for the page.

    Raises PermissionDenied inside a customer without the right to export.
    """
    written = FORMATS.get(request.GET.get(EXPORT, ""))
    table = next((table for table in found if table.is_asked_for(request)), None)
    if written is None or table is None:
        return None
    if not may_export(request):
        raise PermissionDenied(Right.EXPORT)
    sheet = sheet_of(request, table, every_column=request.GET.get(COLUMNS) == ALL)
    return written(sheet, file_name(request, table))


def wants_file(request: HttpRequest) -> bool:
    """Whether the address asks for a file: a page with costly tables makes them only then."""
    return request.GET.get(EXPORT, "") in FORMATS


def file_name(request: HttpRequest, table: BaseTable) -> str:
    """halden-licenses-2026-11-24.csv: whose, what, and the UTC day."""
    customer = getattr(request, "customer", None)
    owner = customer.slug if customer else "sales"
    day = clock.day_of(clock.now())
    return f"{owner}-{table.key}-{day}.{request.GET[EXPORT]}"


def sheet_of(request: HttpRequest, table: BaseTable, *, every_column: bool) -> Sheet:
    """A table as it goes into a file."""
    columns = exported_columns(table, every_column=every_column)
    customer = getattr(request, "customer", None)
    name = str(table.caption) or table.key.replace("-", " ").capitalize()
    about: list[tuple[str, Value]] = [(_("Table"), name)]
    if customer:
        about.append((_("Customer"), f"{customer.name}, {customer.label}"))
    about += [(str(words), plain(value)) for words, value in table.about]
    about.append((_("Address"), address(request)))
    about.append((_("Exported, UTC as all times"), clock.now()))
    return Sheet(
        name=name,
        header=[str(column.header) for column in columns],
        lines=lines(table, columns),
        about=about,
        has_sums=bool(table.totals),
    )


def address(request: HttpRequest) -> str:
    """The page that shows the same list."""
    query = request.GET.copy()
    for name in [name for name in query if name.startswith("_")]:
        del query[name]
    there = f"{request.path}?{query.urlencode(safe=':')}" if query else request.path
    return request.build_absolute_uri(there)


def exported_columns(table: BaseTable, *, every_column: bool) -> list[Any]:
    """The columns of a file: those with a heading, visible or all, each once.

    A column that shows several values for the eye is replaced by those that hold one each.
    """
    shown = table.columns.iterall() if every_column else iter(table.columns)
    names: dict[str, None] = {}
    for column in shown:
        names |= dict.fromkeys(table.file_columns.get(column.name, (column.name,)))
    return [table.columns[name] for name in names if is_exported(table.columns[name])]


def is_exported(column: Any) -> bool:
    """Whether a column holds something for a file."""
    return bool(str(column.header)) and not column.column.exclude_from_export


def lines(table: BaseTable, columns: list[Any]) -> Iterator[list[Value]]:
    """The rows as cells, each read when it is asked for, and the sums where the page has them.

    The sums are taken from the rows as they pass: whatever is booked meanwhile, a file adds up.
    """
    sums = {column.name: 0 for column in columns if column.name in table.totals}
    for record in records(table):
        row = BoundRow(record, table=table)
        cells = [value_of(row, column) for column in columns]
        for column, cell in zip(columns, cells, strict=True):
            if column.name in sums and isinstance(cell, int):
                sums[column.name] += cell
        yield cells
    if table.totals:
        ends = [sums.get(column.name) for column in columns]
        yield [_("Sum") if n == 0 and end is None else end for n, end in enumerate(ends)]


def records(table: BaseTable) -> Iterator[Any]:
    """All rows of a table in its order, piece by piece where they come from the database."""
    each = getattr(table.data, "each", None)
    return iter(each() if each else table.data)


def value_of(row: BoundRow, column: Any) -> Value:
    """What a cell holds: `value_<column>` of the table, else what its column makes of it."""
    value = row.get_cell_value(column.name)
    is_markup = isinstance(column.column, tables.TemplateColumn) and isinstance(value, str)
    return plain(without_markup(value) if is_markup else value)
