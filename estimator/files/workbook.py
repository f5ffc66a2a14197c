"""An estimate as a workbook that counts: what sales and customers send around.

Its cells are formulas that follow the product's own arithmetic, with what they come to written
beside them; the cells to change are marked. It holds what its statement holds, and neither a
balance nor a person (docs/rules.md#estimate-files).
"""

from __future__ import annotations

from datetime import UTC
from io import BytesIO

import xlsxwriter
from django.utils.translation import gettext as _

from estimator.domain.statement import Statement
from estimator.files import columns
from estimator.files.estimate_sheet import EstimateSheet
from estimator.files.help_sheet import write_help
from estimator.files.layout import LONGEST, Layout
from estimator.files.months_sheet import MonthsSheet
from estimator.files.page import Page, Styles
from estimator.files.rates_sheet import write_rates

OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


def write(statement: Statement) -> bytes:
    """A statement as a workbook. The same statement gives the same bytes."""
    return workbook(statement)


def workbook(statement: Statement, longest: int = LONGEST) -> bytes:
    """A workbook whose months cover the term, and so many years at least."""
    layout = Layout(statement, longest)
    file = BytesIO()
    with xlsxwriter.Workbook(file, OPTIONS) as book:
        # Without it the file would tell when it was written by the clock of the machine.
        made = statement.at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
        title = statement.name or _("Credit estimate")
        book.set_properties({"title": title, "subject": statement.label, "created": made})
        styles = Styles(book)
        pages = [
            Page(book, styles, name)
            for name in (
                columns.SHEET,
                columns.MONTHS_SHEET,
                columns.RATES_SHEET,
                columns.HELP_SHEET,
            )
        ]
        estimate, months, rates, words = pages
        EstimateSheet(estimate, layout).write()
        MonthsSheet(months, layout).write()
        write_rates(rates, layout)
        write_help(words, layout)
        estimate.sheet.activate()
    return file.getvalue()
