"""A file of units from its bytes to its lines; nothing is kept (docs/rules.md#estimate-import)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from estimator.domain.importing.archive import damaged, locked, macros, other_kind
from estimator.domain.importing.cells import Grid, Problem, Unreadable
from estimator.domain.importing.columns import find_table
from estimator.domain.importing.lines import Lines, UnitsLine
from estimator.domain.importing.settings import Settings, SettingsReader
from estimator.domain.importing.texts import read_texts
from estimator.domain.price_list import PriceList
from estimator.files.columns import SHEET

MAX_BYTES = 2_000_000

ZIPPED, OLD = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How an archive begins, and the container of old workbooks and of those with a password."""

PASSWORD = "EncryptedPackage".encode("utf-16-le")
OTHER_WORKBOOKS = ("ods", "xlsb", "numbers")
NO_SETTINGS = Settings()
WITH_MACROS = ("xlsm", "xltm")


@dataclass(frozen=True)
class UnitsFile:
    """What a file says."""

    lines: Sequence[UnitsLine]
    """The lines without a problem, in their order."""
    problems: Sequence[Problem]
    """All of them, in the order of the file."""
    unread: Sequence[str] = ()
    """The names of columns that mean nothing here."""
    without_units: int = 0
    """Rows that name a feature and no units."""
    sheet: str = ""
    separator: str = ""
    settings: Settings = NO_SETTINGS
    """What an estimate's own workbook says beside its lines."""


def read_units_file(name: str, data: bytes, prices: PriceList) -> UnitsFile:
    """The lines of an XLSX or a CSV, and every problem by its cell.

    Raises Unreadable where nothing of it can be read at all. The name tells what it is meant to
    be; its bytes must say the same.
    """
    table = find_table(grids_of(name, data))
    settings = SettingsReader(table)
    said = settings.read()
    read = Lines(table, prices)
    if not read.lines and not read.problems:
        raise Unreadable(_("No line of the file has units. Fill the column Units in."))
    return UnitsFile(
        lines=read.whole,
        problems=[*settings.problems, *read.problems],
        unread=list(table.unread),
        without_units=read.without_units,
        sheet=table.grid.sheet,
        separator=table.grid.separator,
        settings=said,
    )


def grids_of(name: str, data: bytes) -> Iterator[Grid]:
    """The sheets of a workbook, or the ways to read a text. Raises Unreadable."""
    if len(data) > MAX_BYTES:
        raise Unreadable(too_large())
    if not data.strip():
        raise Unreadable(_("The file is empty."))
    ending = name.rpartition(".")[2].casefold() if "." in name else ""
    refuse_kind(ending, data)
    if ending == "csv":
        return read_texts(data)
    # The library behind it is loaded for the first workbook, not by every process at its start.
    from estimator.domain.importing.workbooks import read_sheets

    return read_sheets(data, SHEET)


def refuse_kind(ending: str, data: bytes) -> None:
    """Refuse what is neither an XLSX nor a CSV, each kind with what helps. Raises Unreadable."""
    if data.startswith(OLD):
        raise Unreadable(locked() if PASSWORD in data else old())
    if ending == "xls":
        raise Unreadable(old())
    if ending in WITH_MACROS:
        raise Unreadable(macros())
    if ending in OTHER_WORKBOOKS:
        raise Unreadable(other_kind())
    if ending not in ("xlsx", "csv"):
        raise Unreadable(_("Choose an XLSX or a CSV file."))
    if ending == "csv" and data.startswith(ZIPPED):
        raise Unreadable(_("The file is a workbook, though its name ends in .csv. Rename it."))
    if ending == "xlsx" and not data.startswith(ZIPPED):
        raise Unreadable(damaged())


def too_large() -> str:
    """What is said of a file that nobody reads."""
    most = {"most": MAX_BYTES // 1_000_000}
    return _("The file is larger than %(most)d MB. Keep only the columns with the units.") % most


def old() -> str:
    return _("The old format XLS is not read. Save the workbook as XLSX, or as CSV UTF-8.")
